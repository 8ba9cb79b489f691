//! What a sopool host and a plugin agree on: `<sopool/abi.h>`, which says what
//! each member means, in Rust.

use std::mem::size_of;
use std::os::raw::{c_char, c_void};

pub const MAJOR: u32 = 1;
pub const MINOR: u32 = 1;
pub const PLUGIN_MAGIC: u32 = 0x4c50_5053;
pub const RECORD_MAGIC: u32 = 0x4352_5053;
pub const RECORD_PLUGIN: u32 = 1;
pub const RECORD_TASK: u32 = 2;
pub const OK: i32 = 0;
pub const FAILED: i32 = -1;

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub minor: u32,
    pub reserve: unsafe extern "C" fn(*mut RawCall, u64) -> *mut c_void,
    pub result: unsafe extern "C" fn(*mut RawCall, *const c_void, u64) -> i32,
    pub scratch: unsafe extern "C" fn(*mut RawCall, u64) -> *mut c_void,
    pub fail: unsafe extern "C" fn(*mut RawCall, *const c_char, u64),
    pub should_stop: unsafe extern "C" fn(*mut RawCall) -> u32,
    pub log: unsafe extern "C" fn(*mut RawCall, u32, *const c_char, u64),
    pub reserved: unsafe extern "C" fn(*mut RawCall, *const c_void, u64) -> i32,
}

/// `sopool_call`.
#[repr(C)]
pub struct RawCall {
    pub host: *const Host,
}

pub type Entry = unsafe extern "C" fn(*mut RawCall, *const u8, u64) -> i32;
pub type Direct =
    unsafe extern "C" fn(*mut RawCall, *const u64, *mut u64) -> i32;
pub type Load = unsafe extern "C" fn(*mut RawCall) -> i32;

#[repr(C)]
pub struct Task {
    pub size: u32,
    pub flags: u32,
    pub name: *const u8,
    pub signature: *const u8,
    pub doc: *const u8,
    pub run: Entry,
    pub record: *const c_void,
    pub direct: Direct,
}

#[repr(C)]
pub struct Plugin {
    pub magic: u32,
    pub size: u32,
    pub minor: u32,
    pub task_count: u32,
    pub name: *const u8,
    pub version: *const u8,
    pub tasks: *const &'static Task,
    pub load: Option<Load>,
    pub record: *const c_void,
}

/// `sopool_record`, which texts follow.
#[repr(C)]
pub struct Head {
    pub magic: u32,
    pub size: u32,
    pub kind: u32,
    pub flags: u32,
}

// Nobody writes to them, and what they point to is static.
unsafe impl Sync for Task {}
unsafe impl Sync for Plugin {}

// As large as their members: there is no gap, so each member stands where the
// sizes of those before it put it, as in C.
const _: () = {
    let pointer = size_of::<usize>();

    assert!(size_of::<Host>() == 2 * 4 + 7 * pointer);
    assert!(size_of::<RawCall>() == pointer);
    assert!(size_of::<Task>() == 2 * 4 + 6 * pointer);
    assert!(size_of::<Plugin>() == 4 * 4 + 5 * pointer);
    assert!(size_of::<Head>() == 4 * 4);
};
