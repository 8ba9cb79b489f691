//! The running call.

use crate::abi::{Host, RawCall};
use std::fmt::Display;
use std::os::raw::c_char;

/// What a task can say to the pool that runs it, from any of its threads.
pub struct Call {
    raw: *mut RawCall,
}

// `should_stop` and `log`, all that is public, may be called from any thread.
unsafe impl Sync for Call {}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
    Info,
    Debug,
}

impl Call {
    /// `raw`: of the host, until the task returns.
    pub(crate) unsafe fn new(raw: *mut RawCall) -> Call {
        Call { raw }
    }

    fn host(&self) -> &Host {
        unsafe { &*(*self.raw).host }
    }

    /// True once the caller wants the task to end early: a long task looks now
    /// and then, and fails.
    pub fn should_stop(&self) -> bool {
        unsafe { (self.host().should_stop)(self.raw) != 0 }
    }

    /// A line for the pool's log.
    pub fn log(&self, level: Level, line: impl Display) {
        let line = line.to_string();
        let text = line.as_ptr() as *const c_char;

        unsafe {
            (self.host().log)(self.raw, level as u32, text, line.len() as u64)
        }
    }

    pub(crate) fn fail(&self, why: &str) {
        let text = why.as_ptr() as *const c_char;

        unsafe { (self.host().fail)(self.raw, text, why.len() as u64) }
    }

    /// Room of the host's for a result; the older room is gone, and what was
    /// written there has moved. Null: no memory.
    pub(crate) fn reserve(&self, size: usize) -> *mut u8 {
        unsafe { (self.host().reserve)(self.raw, size as u64) as *mut u8 }
    }

    /// The result stands in the room reserved last. What `result` of the host
    /// returns.
    pub(crate) fn result(&self, start: *const u8, size: usize) -> i32 {
        unsafe { (self.host().result)(self.raw, start.cast(), size as u64) }
    }
}
