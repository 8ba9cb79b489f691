//! rusty.rs - tasks in Rust: each type there and back, and each way to fail.
use sopool::{Call, Level, Value};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

static STARTED: AtomicI64 = AtomicI64::new(0);

fn start(call: &Call) -> std::result::Result<(), String> {
    if call.should_stop() {
        return Err("stopped".to_string());
    }
    STARTED.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

// The macro must not take this for the one of the standard library.
type Result<T> = std::result::Result<T, Odd>;

struct Odd(i64);

impl std::fmt::Display for Odd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is odd, by 100%", self.0)
    }
}

sopool::plugin! { rusty, env!("CARGO_PKG_VERSION"), load = start;
    fn yes(x: bool) -> bool { x }
    fn i8(x: i8) -> i8 { x }
    fn i16(x: i16) -> i16 { x }
    fn i32(x: i32) -> i32 { x }
    fn i64(x: i64) -> i64 { x }
    fn isize(x: isize) -> isize { x }
    fn u8(x: u8) -> u8 { x }
    fn u16(x: u16) -> u16 { x }
    fn u32(x: u32) -> u32 { x }
    fn u64(x: u64) -> u64 { x }
    fn usize(x: usize) -> usize { x }
    fn f32(x: f32) -> f32 { x }
    fn f64(x: f64) -> f64 { x }
    fn owned(x: String) -> String { x }
    fn text(x: &str) -> &str { x }
    fn blob(x: Vec<u8>) -> Vec<u8> { x }
    fn bytes(x: &[u8]) -> &[u8] { x }
    fn list(x: Vec<i32>) -> Vec<i32> { x }
    fn flags(x: Vec<bool>) -> Vec<bool> { x }
    fn floats(x: Vec<f64>) -> Vec<f64> { x }
    fn words(x: Vec<&str>) -> Vec<&str> { x }
    fn pieces(x: Vec<Vec<u8>>) -> Vec<Vec<u8>> { x }
    fn map(x: BTreeMap<String, i16>) -> BTreeMap<String, i16> { x }
    fn deep(x: BTreeMap<String, Vec<Option<f32>>>)
        -> BTreeMap<String, Vec<Option<f32>>> { x }
    fn may(x: Option<i32>) -> Option<i32> { x }
    fn any(x: Value) -> Value { x }

    /// Null.
    fn nothing() {}

    /// The sum
    /// of eight.
    ///
    /// In two paragraphs.
    #[pure]
    #[idempotent]
    fn eight(a: i8, b: u32, c: f32, d: f64, e: i64, f: u64, g: i16, h: u8,)
        -> f64
    {
        let whole = i64::from(a) + i64::from(b) + e + i64::from(g) + i64::from(h);
        f64::from(c) + d + whole as f64 + f as f64
    }

    /// How often the load hook has run.
    fn starts() -> i64 { STARTED.load(Ordering::Relaxed) }

    /// What is called as what the crate is made of.
    fn run(body: &str, source: &str, call: &Call, task: &str) -> String {
        call.log(Level::Warning, format_args!("{body} from Rust"));
        format!("{body} {source} {task} {}", call.should_stop())
    }
    fn task(task: u64) -> u64 { task }
    fn keyword(r#type: i8) -> i8 { r#type }
    fn direct(call: &Call, x: i64) -> i64 {
        if call.should_stop() { 0 } else { x }
    }

    /// What the task says from a thread of its own.
    fn threads(call: &Call) -> i64 {
        std::thread::scope(|s| {
            s.spawn(|| call.log(Level::Warning, "from another thread"));
            s.spawn(|| panic!("in another thread")).join().is_err() as i64
        })
    }

    /// x by 2.
    fn half(x: i64) -> Result<i64> {
        if x % 2 == 0 { Ok(x / 2) } else { Err(Odd(x)) }
    }
    fn parse(x: &str) -> std::result::Result<f64, Box<dyn std::error::Error>> {
        Ok(x.parse()?)
    }
    fn sink(x: i64) -> std::result::Result<(), &'static str> {
        if x > 0 { Ok(()) } else { Err("") }
    }
    fn sum(x: Vec<f64>) -> f64 { x.iter().fold(0.0, |sum, x| sum + x) }
    fn item(of: Vec<i64>, at: u64) -> i64 { of[at as usize] }
    fn leave(how: &str) -> i64 {
        match how {
            "unwrap" => "x".parse().unwrap(),
            "format" => panic!("no {how}: {}%", 100),
            "payload" => std::panic::panic_any(7),
            "caught" => {
                std::panic::catch_unwind(|| panic!("it is caught")).is_err() as i64
            }
            _ => 0,
        }
    }
    fn wide(x: i64) -> Value { Value::Int(i128::from(x) << 64) }
    fn nested(levels: u64) -> Value {
        (1..levels).fold(Value::List(vec![]), |x, _| Value::List(vec![x]))
    }
    fn repeat(piece: &str, times: u64) -> String { piece.repeat(times as usize) }
}
