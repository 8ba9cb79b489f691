//! What a plugin in Rust is written with. A plugin, whole:
//!
//! ```ignore
//! sopool::plugin! { hello, "1.0";
//!     /// Greets.
//!     fn greet(name: &str, times: u32) -> Result<String, String> {
//!         if times > 1000 {
//!             return Err(format!("{times} times are too many"));
//!         }
//!         Ok(format!("hello {name}\n").repeat(times as usize))
//!     }
//! }
//! ```
//!
//! in a crate of the type `cdylib`. The functions in it are the plugin's tasks:
//! what they take and give is read off their types, what they do off the
//! comments that document them. The types:
//!
//! | Rust | sopool |
//! |---|---|
//! | `bool` | bool |
//! | `i8` to `i64`, `isize` | i64 |
//! | `u8` to `u64`, `usize` | u64 |
//! | `f32`, `f64` | f64 |
//! | `String`, `&str` | str |
//! | `Vec<u8>`, `&[u8]` | bytes |
//! | `Vec` of other types | list |
//! | `BTreeMap<String, T>` | map |
//! | `Value`, which may be any of these; `Option<T>`: the value or null | any |
//! | `()`, as a result | any, always null |
//!
//! They may stand in one another. `&str` and `&[u8]` point to the argument
//! itself, others are copies.
//!
//! Arguments. The pool has checked their sopool types before the function runs.
//! What Rust narrows further is checked here: the range of smaller numbers, and
//! what stands in lists and maps. The call fails then, without the function
//! being called.
//!
//! Errors. A task whose result is a `Result` fails with what `Display` makes of
//! the error. A panic fails the call, too, and says where it was; the worker
//! lives on, unless the plugin is built with `panic = "abort"`.
//!
//! The call. A parameter `&Call` is the running call, and no argument.
//!
//! Flags stand before a function as attributes: `#[idempotent]` lets a pool run
//! a call again after its worker died, `#[pure]` says that the result depends on
//! the arguments alone, `#[no_fork]` keeps the plugin to the start method spawn.
//! Other attributes are not understood.
//!
//! `plugin! { hello, "1.0", load = start; ... }` has a load hook,
//! `fn start(call: &Call) -> Result<(), String>`, which runs once in each
//! process that opens the plugin, before any task.

mod abi;
mod call;
mod cbor;
mod manifest;
mod run;
mod types;

pub use call::{Call, Level};
pub use types::Value;

/// What `plugin!` is made of; not for authors.
#[doc(hidden)]
pub mod parts {
    pub use crate::abi::{Plugin, Task};
    pub use crate::manifest::{padded, PluginText, Record, TaskText};
    pub use crate::run::{load, Body, Done, Outcome, Parameter, Source};
}

/// A plugin with its tasks; see the top of this crate.
#[macro_export]
macro_rules! plugin {
    ($plugin:ident, $version:expr $(, load = $load:path)? ;
     $($(#[$attr:ident $($more:tt)*])*
       fn $task:ident($($param:ident: $type:ty),* $(,)?) $(-> $result:ty)?
       $body:block)+) => {
        $(#[allow(clippy::too_many_arguments)]
        fn $task($($param: $type),*) $(-> $result)? $body)+

        // What is defined here must not be called as anything of the author's.
        const _: () = {
            static SOPOOL_TASKS: &[&$crate::parts::Task] = &[$({
                struct SopoolTask;

                impl $crate::parts::Body for SopoolTask {
                    fn run(
                        source: &mut $crate::parts::Source<'_>,
                    ) -> $crate::parts::Done {
                        let task = $task;
                        $(let $param =
                            <$type as $crate::parts::Parameter>::take(
                                source, stringify!($param))?;)*
                        source.give(task($($param),*))
                    }
                }

                const SOPOOL_TEXT: $crate::parts::TaskText =
                    $crate::parts::TaskText {
                        name: stringify!($task),
                        params: &[$((
                            stringify!($param),
                            <$type as $crate::parts::Parameter>::TYPE,
                        )),*],
                        result: <$crate::__result!($($result)?)
                            as $crate::parts::Outcome>::TYPE,
                        doc: &[$($crate::__doc!($attr $($more)*)),*],
                        flags: 0 $(| $crate::__flag!($attr $($more)*))*,
                    };
                #[link_section = "sopool_manifest"]
                static SOPOOL_RECORD: $crate::parts::Record<{
                    $crate::parts::padded(SOPOOL_TEXT.size())
                }> = SOPOOL_TEXT.record();
                static SOPOOL_TASK: $crate::parts::Task =
                    SOPOOL_TEXT.task::<SopoolTask, {
                        $crate::parts::padded(SOPOOL_TEXT.size())
                    }>(&SOPOOL_RECORD);
                &SOPOOL_TASK
            }),+];

            const SOPOOL_TEXT: $crate::parts::PluginText =
                $crate::parts::PluginText {
                    name: stringify!($plugin),
                    version: $version,
                    tasks: &[$(stringify!($task)),+],
                };
            #[link_section = "sopool_manifest"]
            static SOPOOL_RECORD: $crate::parts::Record<{
                $crate::parts::padded(SOPOOL_TEXT.size())
            }> = SOPOOL_TEXT.record();
            #[no_mangle]
            #[allow(non_upper_case_globals)]
            pub static sopool_plugin_v1: $crate::parts::Plugin =
                SOPOOL_TEXT.plugin(
                    &SOPOOL_RECORD, SOPOOL_TASKS, $crate::__load!($($load)?));
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __load {
    () => {
        ::core::option::Option::None
    };
    ($load:path) => {{
        struct SopoolLoad;

        impl $crate::parts::Body for SopoolLoad {
            fn run(
                source: &mut $crate::parts::Source<'_>,
            ) -> $crate::parts::Done {
                $crate::parts::Outcome::outcome($load(source.call()))
            }
        }
        ::core::option::Option::Some($crate::parts::load::<SopoolLoad>)
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __result {
    () => {
        ()
    };
    ($result:ty) => {
        $result
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __doc {
    (doc = $line:expr) => {
        $line
    };
    ($flag:ident) => {
        ""
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __flag {
    (doc = $line:expr) => {
        0
    };
    (idempotent) => {
        1
    };
    (pure) => {
        2
    };
    (no_fork) => {
        4
    };
}
