//! From the host's call to the function that is the task, and back.

use crate::abi::{RawCall, FAILED, OK};
use crate::call::Call;
use crate::cbor::{Read, Reader, Unfit, Writer};
use crate::manifest::plain;
use crate::types::{Argument, Give};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe};
use std::slice;
use std::sync::Once;

/// What becomes of a call: its result is given, or why it fails.
pub type Done = Result<(), String>;

/// Where a task's arguments come from, and where its result goes.
pub struct Source<'a> {
    call: &'a Call,
    /// Of the next argument.
    index: usize,
    way: Way<'a>,
}

enum Way<'a> {
    Cbor(Reader<'a>),
    /// Numbers, one a word: as many as the task has parameters.
    Words(*const u64, *mut u64),
}

impl<'a> Source<'a> {
    pub fn call(&self) -> &'a Call {
        self.call
    }

    fn next<T: Argument<'a>>(&mut self) -> Read<T> {
        let index = self.index;

        self.index += 1;
        match &mut self.way {
            Way::Cbor(reader) => T::read(reader),
            Way::Words(args, _) => T::of_word(unsafe { *args.add(index) }),
        }
    }

    /// The task's result, for the host.
    pub fn give(&mut self, result: impl Outcome) -> Done {
        let value = result.outcome()?;

        match &mut self.way {
            Way::Cbor(_) => {
                let mut to = Writer::new(self.call);
                value.write(&mut to);
                return to.finish();
            }
            Way::Words(_, out) => unsafe { **out = value.to_word() },
        }
        Ok(())
    }
}

/// What a parameter may be; without a type it is no argument.
pub trait Parameter<'a>: Sized {
    const TYPE: &'static str;

    fn take(from: &mut Source<'a>, name: &str) -> Result<Self, String>;
}

impl<'a, T: Argument<'a>> Parameter<'a> for T {
    const TYPE: &'static str = T::TYPE;

    fn take(from: &mut Source<'a>, name: &str) -> Result<T, String> {
        from.next().map_err(|Unfit { why, path }| {
            let name = plain(name);
            format!("argument {} ({name}{path}) {why}", from.index)
        })
    }
}

impl<'a> Parameter<'a> for &'a Call {
    const TYPE: &'static str = "";

    fn take(from: &mut Source<'a>, _name: &str) -> Result<&'a Call, String> {
        Ok(from.call)
    }
}

/// What a task may return.
pub trait Outcome {
    type Value: Give;
    const TYPE: &'static str;

    fn outcome(self) -> Result<Self::Value, String>;
}

impl<T: Give> Outcome for T {
    type Value = T;
    const TYPE: &'static str = T::TYPE;

    fn outcome(self) -> Result<T, String> {
        Ok(self)
    }
}

impl<T: Give, E: Display> Outcome for Result<T, E> {
    type Value = T;
    const TYPE: &'static str = T::TYPE;

    fn outcome(self) -> Result<T, String> {
        self.map_err(|e| e.to_string())
    }
}

// ---- what the host calls

/// A task, or a load hook: takes its arguments and gives its result.
pub trait Body {
    fn run(source: &mut Source<'_>) -> Done;
}

/// # Safety
/// As `<sopool/abi.h>` says: all that is pointed to is the host's, until this
/// returns.
pub unsafe extern "C" fn run<B: Body>(
    call: *mut RawCall,
    args: *const u8,
    size: u64,
) -> i32 {
    let args = match size {
        0 => &[],
        _ => slice::from_raw_parts(args, size as usize),
    };
    let mut reader = Reader::new(args);

    // How many there are has been checked: those that are missing cannot be
    // read, others are not.
    let _ = reader.item();
    guarded::<B>(&Call::new(call), Way::Cbor(reader))
}

/// # Safety
/// As `run`; `args` points to a number for each parameter.
pub unsafe extern "C" fn direct<B: Body>(
    call: *mut RawCall,
    args: *const u64,
    out: *mut u64,
) -> i32 {
    guarded::<B>(&Call::new(call), Way::Words(args, out))
}

/// # Safety
/// As `run`.
pub unsafe extern "C" fn load<B: Body>(call: *mut RawCall) -> i32 {
    guarded::<B>(&Call::new(call), Way::Cbor(Reader::new(&[])))
}

/// Nothing that the body does may unwind into the host.
fn guarded<B: Body>(call: &Call, way: Way<'_>) -> i32 {
    let mut source = Source { call, index: 0, way };

    HEARING.call_once(hear_panics);
    IN_TASK.with(|is| is.set(true));
    let got = panic::catch_unwind(AssertUnwindSafe(|| B::run(&mut source)));
    IN_TASK.with(|is| is.set(false));
    let why = match got {
        Ok(Ok(())) => return OK,
        Ok(Err(why)) => why,
        Err(_) => PANIC.with(|said| said.take()),
    };
    call.fail(&why);
    FAILED
}

static HEARING: Once = Once::new();

thread_local! {
    /// Does this thread run a task?
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
    /// What its last panic said.
    static PANIC: RefCell<String> = RefCell::new(String::new());
}

/// From now on a task's panic is told by the call that fails, rather than
/// printed, unless a backtrace is asked for. Other threads print theirs.
fn hear_panics() {
    let print = panic::take_hook();
    let backtrace = std::env::var_os("RUST_BACKTRACE").is_some();

    panic::set_hook(Box::new(move |info| {
        let in_task = IN_TASK.with(Cell::get);

        if in_task {
            let place = info.location().map(|at| format!(" at {at}"));
            let place = place.unwrap_or_default();
            let text = text_of(info.payload());
            PANIC.with(|said| said.replace(format!("panicked{place}: {text}")));
        }
        if !in_task || backtrace {
            print(info);
        }
    }));
}

fn text_of(payload: &(dyn std::any::Any + Send)) -> &str {
    match payload.downcast_ref::<String>() {
        Some(text) => text,
        None => payload.downcast_ref::<&str>().unwrap_or(&"no text"),
    }
}
