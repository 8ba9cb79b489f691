//! CBOR in sopool's strict profile, which `<sopool/cbor.h>` tells.

use crate::call::Call;

/// How deep lists and maps may stand in one another.
pub const DEPTH: u32 = 32;

/// Why an argument is refused: the rest of a sentence, and which item of the
/// argument it is about ("[3]").
pub struct Unfit {
    pub why: String,
    pub path: String,
}

impl Unfit {
    pub fn new(why: impl Into<String>) -> Unfit {
        Unfit { why: why.into(), path: String::new() }
    }

    /// The item stands in another one.
    pub fn within(mut self, place: impl std::fmt::Display) -> Unfit {
        self.path.insert_str(0, &format!("[{place}]"));
        self
    }
}

pub type Read<T> = Result<T, Unfit>;

fn unfit<T>(why: &str) -> Read<T> {
    Err(Unfit::new(why))
}

/// One item. The items of a list and the pairs of a map are read next.
pub enum Item<'a> {
    Integer(i128),
    Float(f64),
    Bool(bool),
    Null,
    Text(&'a str),
    Bytes(&'a [u8]),
    List(usize),
    Map(usize),
}

/// A cursor over the arguments. The host has checked them: what is not looked at
/// here (the depth of types that are not recursive) does no harm.
pub struct Reader<'a> {
    rest: &'a [u8],
    /// What remains of the typed array that is being read, and its tag.
    typed: &'a [u8],
    tag: u64,
    pub depth: u32,
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8]) -> Reader<'a> {
        Reader { rest, typed: &[], tag: 0, depth: 0 }
    }

    pub fn item(&mut self) -> Read<Item<'a>> {
        if !self.typed.is_empty() {
            return Ok(self.element());
        }
        let (major, width, value) = self.head()?;
        match major {
            0 => Ok(Item::Integer(value.into())),
            1 => Ok(Item::Integer(-1 - i128::from(value))),
            2 => Ok(Item::Bytes(self.take(value)?)),
            3 => self.text(value),
            4 => Ok(Item::List(self.count(value, 1)?)),
            5 => Ok(Item::Map(self.count(value, 2)?)),
            6 => self.typed_array(value),
            _ => simple(width, value),
        }
    }

    /// Reads null, if that is next.
    pub fn null(&mut self) -> bool {
        let is = self.typed.is_empty() && self.rest.first() == Some(&0xf6);

        if is {
            self.rest = &self.rest[1..];
        }
        is
    }

    /// The key of a map's next pair: behind the last one.
    pub fn key(&mut self, last: Option<&str>) -> Read<&'a str> {
        let key = match self.item()? {
            Item::Text(key) => key,
            _ => return unfit("has a map key that is not text"),
        };
        match last {
            Some(last) if (last.len(), last) >= (key.len(), key) => {
                unfit("has a map whose keys are not sorted")
            }
            _ => Ok(key),
        }
    }

    fn take(&mut self, size: u64) -> Read<&'a [u8]> {
        if size > self.rest.len() as u64 {
            return unfit("ends too early");
        }
        let (taken, rest) = self.rest.split_at(size as usize);
        self.rest = rest;
        Ok(taken)
    }

    /// The major type, how many bytes the number has that follows it, and that.
    fn head(&mut self) -> Read<(u8, usize, u64)> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);

        if info < 24 {
            return Ok((major, 0, info.into()));
        }
        if info > 27 {
            return unfit("has a head that the profile does not know");
        }
        let width = 1 << (info - 24);
        let value = big_endian(self.take(width as u64)?);
        if major != 7 && head_width(value) != width {
            return unfit("has a head not in its shortest form");
        }
        Ok((major, width, value))
    }

    /// So many items of at least `least` bytes follow, if there are as many.
    fn count(&self, count: u64, least: usize) -> Read<usize> {
        if count > (self.rest.len() / least) as u64 {
            return unfit("ends within a list or a map");
        }
        Ok(count as usize)
    }

    fn text(&mut self, size: u64) -> Read<Item<'a>> {
        match std::str::from_utf8(self.take(size)?) {
            Ok(text) => Ok(Item::Text(text)),
            Err(_) => unfit("has text that is not UTF-8"),
        }
    }

    /// Numbers that lie in memory (RFC 8746): a list, to those who read it.
    fn typed_array(&mut self, tag: u64) -> Read<Item<'a>> {
        if !(64..=87).contains(&tag) || tag == 76 {
            return unfit("has a tag other than of a typed array");
        }
        let (major, _, size) = self.head()?;
        let bytes = self.take(size)?;
        let element = element_size(tag);
        if major != 2 || bytes.len() % element != 0 {
            return unfit("has a typed array that is not whole elements");
        }
        if element > 8 {
            return unfit("is of floats of 128 bits");
        }
        self.typed = bytes;
        self.tag = tag;
        Ok(Item::List(bytes.len() / element))
    }

    /// The next number of a typed array.
    fn element(&mut self) -> Item<'a> {
        let size = element_size(self.tag);
        let (bytes, rest) = self.typed.split_at(size);
        let little = self.tag & 4 != 0;
        let unused = 64 - 8 * size as u32;
        let value = if little {
            bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
        } else {
            big_endian(bytes)
        };

        self.typed = rest;
        if is_float(self.tag) {
            Item::Float(float_of(size, value))
        } else if self.tag & 8 != 0 {
            Item::Integer(((value << unused) as i64 >> unused).into())
        } else {
            Item::Integer(value.into())
        }
    }
}

fn simple<'a>(width: usize, value: u64) -> Read<Item<'a>> {
    match (width, value) {
        (0, 20 | 21) => Ok(Item::Bool(value == 21)),
        (0, 22) => Ok(Item::Null),
        (0 | 1, _) => {
            unfit("has a simple value other than false, true and null")
        }
        _ => {
            let number = float_of(width, value);
            if shortest(number) != (width, value) {
                return unfit("has a float not in its shortest form");
            }
            Ok(Item::Float(number))
        }
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

fn is_float(tag: u64) -> bool {
    tag & 16 != 0
}

fn element_size(tag: u64) -> usize {
    (if is_float(tag) { 2 } else { 1 }) << (tag & 3)
}

/// How many bytes a number takes behind the first one.
fn head_width(value: u64) -> usize {
    match value {
        0..=23 => 0,
        24..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

// ---- floats

/// The number that stands in so many bytes.
fn float_of(width: usize, bits: u64) -> f64 {
    match width {
        2 => float_of_half(bits),
        4 => f32::from_bits(bits as u32).into(),
        _ => f64::from_bits(bits),
    }
}

/// What a subnormal of 16 bits counts.
const HALF_UNIT: f64 = 1.0 / 16_777_216.0;

fn float_of_half(half: u64) -> f64 {
    let (exponent, fraction) = (half >> 10 & 0x1f, half & 0x3ff);
    let value = match exponent {
        0 => fraction as f64 * HALF_UNIT,
        0x1f => f64::from_bits(0x7ff << 52 | fraction << 42),
        _ => f64::from_bits((exponent + 1023 - 15) << 52 | fraction << 42),
    };

    if half >> 15 != 0 {
        -value
    } else {
        value
    }
}

/// The fewest bytes that keep the value, and what stands in them.
fn shortest(value: f64) -> (usize, u64) {
    let single = value as f32;

    if value.is_nan() {
        return (2, 0x7e00);
    }
    if f64::from(single) != value {
        return (8, value.to_bits());
    }
    let half = nearly_half(value);
    if float_of_half(half) == value {
        return (2, half);
    }
    (4, single.to_bits().into())
}

/// The number cut to 16 bits: another one, if it does not fit.
fn nearly_half(value: f64) -> u64 {
    let bits = value.to_bits();
    let sign = bits >> 63 << 15;
    let size = value.abs();

    if size < 1024.0 * HALF_UNIT {
        return sign | (size / HALF_UNIT) as u64;
    }
    if size >= 65536.0 {
        return sign | 0x1f << 10;
    }
    sign | ((bits >> 52 & 0x7ff) + 15 - 1023) << 10 | bits >> 42 & 0x3ff
}

// ---- writing

/// Writes a result where the pool will read it. What goes wrong is told at the
/// end.
pub struct Writer<'a> {
    call: &'a Call,
    at: *mut u8,
    size: usize,
    room: usize,
    wrong: Option<&'static str>,
}

impl<'a> Writer<'a> {
    pub fn new(call: &'a Call) -> Writer<'a> {
        let at = std::ptr::null_mut();

        Writer { call, at, size: 0, room: 0, wrong: None }
    }

    pub fn finish(self) -> Result<(), String> {
        match self.wrong {
            Some(why) => Err(why.to_string()),
            None if self.call.result(self.at, self.size) == 0 => Ok(()),
            None => Err("the pool refuses the result".to_string()),
        }
    }

    pub fn integer(&mut self, value: i128) {
        let (major, value) =
            if value < 0 { (1, -1 - value) } else { (0, value) };

        match u64::try_from(value) {
            Ok(value) => self.head(major, value),
            Err(_) => {
                self.wrong = Some("the result has an integer of over 64 bits")
            }
        }
    }

    pub fn float(&mut self, value: f64) {
        let (width, bits) = shortest(value);

        self.number(7, width, bits);
    }

    pub fn bool(&mut self, value: bool) {
        self.head(7, if value { 21 } else { 20 });
    }

    pub fn null(&mut self) {
        self.head(7, 22);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.put(bytes);
    }

    pub fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.put(text.as_bytes());
    }

    pub fn list(&mut self, count: usize) {
        self.head(4, count as u64);
    }

    pub fn map(&mut self, pairs: usize) {
        self.head(5, pairs as u64);
    }

    fn head(&mut self, major: u8, value: u64) {
        self.number(major, head_width(value), value);
    }

    /// A first byte and a number of `width` bytes; of none, it is in the first.
    fn number(&mut self, major: u8, width: usize, value: u64) {
        let info = match width {
            0 => value as u8,
            _ => 24 + width.trailing_zeros() as u8,
        };

        self.put(&[major << 5 | info]);
        self.put(&value.to_be_bytes()[8 - width..]);
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.room - self.size < bytes.len() && !self.grow(bytes.len()) {
            self.wrong = Some("no memory for the result");
            return;
        }
        unsafe {
            let to = self.at.add(self.size);
            to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.size += bytes.len();
    }

    fn grow(&mut self, more: usize) -> bool {
        let room = (self.size + more).max(2 * self.room).max(256);
        let at = self.call.reserve(room);

        if at.is_null() {
            return false;
        }
        self.at = at;
        self.room = room;
        true
    }
}
