//! The types of arguments and results.

use crate::cbor::{Item, Read, Reader, Unfit, Writer, DEPTH};
use std::collections::BTreeMap;

/// What the type is in a signature, and what a list of it is.
pub trait Typed {
    const TYPE: &'static str;
    const MANY: &'static str = "list";
}

pub trait Argument<'a>: Typed + Sized {
    fn read(from: &mut Reader<'a>) -> Read<Self>;

    /// Of a number, as a task gets it that is called without serialization.
    fn of_word(_word: u64) -> Read<Self> {
        Err(Unfit::new("is not a number"))
    }

    fn read_many(from: &mut Reader<'a>) -> Read<Vec<Self>> {
        match from.item()? {
            Item::List(count) => items(from, count),
            _ => Err(Unfit::new("is not a list")),
        }
    }
}

pub trait Give: Typed {
    fn write(&self, to: &mut Writer<'_>);

    fn to_word(&self) -> u64 {
        0
    }

    fn write_many(items: &[Self], to: &mut Writer<'_>)
    where
        Self: Sized,
    {
        to.list(items.len());
        for item in items {
            item.write(to);
        }
    }
}

// ---- numbers

/// An integer type, and what differs from the others in each of its impls.
macro_rules! integer {
    ($type:ident $wide:ident [$($typed:item)*] [$($read:item)*]
     [$($write:item)*]) => {
        impl Typed for $type {
            const TYPE: &'static str = stringify!($wide);
            $($typed)*
        }

        impl Argument<'_> for $type {
            fn read(from: &mut Reader<'_>) -> Read<Self> {
                match from.item()? {
                    Item::Integer(value) => value
                        .try_into()
                        .map_err(|_| outside(stringify!($type))),
                    _ => Err(Unfit::new("is not an integer")),
                }
            }

            fn of_word(word: u64) -> Read<Self> {
                (word as $wide)
                    .try_into()
                    .map_err(|_| outside(stringify!($type)))
            }

            $($read)*
        }

        impl Give for $type {
            fn write(&self, to: &mut Writer<'_>) {
                to.integer(*self as i128);
            }

            fn to_word(&self) -> u64 {
                *self as $wide as u64
            }

            $($write)*
        }
    };
}

macro_rules! integers {
    ($($type:ident $wide:ident),*) => { $(integer!($type $wide [] [] []);)* };
}

integers!(i8 i64, i16 i64, i32 i64, i64 i64, isize i64);
integers!(u16 u64, u32 u64, u64 u64, usize u64);

// Many of these are no list.
integer!(u8 u64
    [const MANY: &'static str = "bytes";]
    [fn read_many(from: &mut Reader<'_>) -> Read<Vec<u8>> {
        Ok(<&[u8]>::read(from)?.to_vec())
    }]
    [fn write_many(items: &[u8], to: &mut Writer<'_>) {
        to.bytes(items);
    }]
);

fn outside(name: &str) -> Unfit {
    Unfit::new(format!("is outside the range of {name}"))
}

impl Typed for f64 {
    const TYPE: &'static str = "f64";
}

impl Argument<'_> for f64 {
    fn read(from: &mut Reader<'_>) -> Read<f64> {
        match from.item()? {
            Item::Float(value) => Ok(value),
            Item::Integer(value) => Ok(value as f64),
            _ => Err(Unfit::new("is not a number")),
        }
    }

    fn of_word(word: u64) -> Read<f64> {
        Ok(f64::from_bits(word))
    }
}

impl Give for f64 {
    fn write(&self, to: &mut Writer<'_>) {
        to.float(*self);
    }

    fn to_word(&self) -> u64 {
        self.to_bits()
    }
}

impl Typed for f32 {
    const TYPE: &'static str = "f64";
}

/// One between two floats is rounded; beyond them all it is refused.
fn single(value: f64) -> Read<f32> {
    if value.is_finite() && value.abs() > f32::MAX.into() {
        return Err(outside("f32"));
    }
    Ok(value as f32)
}

impl Argument<'_> for f32 {
    fn read(from: &mut Reader<'_>) -> Read<f32> {
        single(f64::read(from)?)
    }

    fn of_word(word: u64) -> Read<f32> {
        single(f64::from_bits(word))
    }
}

impl Give for f32 {
    fn write(&self, to: &mut Writer<'_>) {
        f64::from(*self).write(to);
    }

    fn to_word(&self) -> u64 {
        f64::from(*self).to_word()
    }
}

// ---- what is no number

impl Typed for bool {
    const TYPE: &'static str = "bool";
}

impl Argument<'_> for bool {
    fn read(from: &mut Reader<'_>) -> Read<bool> {
        match from.item()? {
            Item::Bool(value) => Ok(value),
            _ => Err(Unfit::new("is not a bool")),
        }
    }
}

impl Give for bool {
    fn write(&self, to: &mut Writer<'_>) {
        to.bool(*self);
    }
}

impl Typed for str {
    const TYPE: &'static str = "str";
}

impl<'a> Argument<'a> for &'a str {
    fn read(from: &mut Reader<'a>) -> Read<&'a str> {
        match from.item()? {
            Item::Text(text) => Ok(text),
            _ => Err(Unfit::new("is not text")),
        }
    }
}

impl Give for str {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(self);
    }
}

impl Typed for String {
    const TYPE: &'static str = str::TYPE;
}

impl Argument<'_> for String {
    fn read(from: &mut Reader<'_>) -> Read<String> {
        Ok(<&str>::read(from)?.to_string())
    }
}

impl Give for String {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(self);
    }
}

impl<'a> Argument<'a> for &'a [u8] {
    fn read(from: &mut Reader<'a>) -> Read<&'a [u8]> {
        match from.item()? {
            Item::Bytes(bytes) => Ok(bytes),
            _ => Err(Unfit::new("is not bytes")),
        }
    }
}

impl Typed for () {
    const TYPE: &'static str = "any";
}

impl Give for () {
    fn write(&self, to: &mut Writer<'_>) {
        to.null();
    }
}

// ---- what others stand in

impl<T: Typed + ?Sized> Typed for &T {
    const TYPE: &'static str = T::TYPE;
}

impl<T: Give + ?Sized> Give for &T {
    fn write(&self, to: &mut Writer<'_>) {
        (**self).write(to);
    }

    fn to_word(&self) -> u64 {
        (**self).to_word()
    }
}

impl<T> Typed for Option<T> {
    const TYPE: &'static str = "any";
}

impl<'a, T: Argument<'a>> Argument<'a> for Option<T> {
    fn read(from: &mut Reader<'a>) -> Read<Option<T>> {
        if from.null() {
            Ok(None)
        } else {
            T::read(from).map(Some)
        }
    }
}

impl<T: Give> Give for Option<T> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Some(value) => value.write(to),
            None => to.null(),
        }
    }
}

impl<T: Typed> Typed for [T] {
    const TYPE: &'static str = T::MANY;
}

impl<T: Give> Give for [T] {
    fn write(&self, to: &mut Writer<'_>) {
        T::write_many(self, to);
    }
}

impl<T: Typed> Typed for Vec<T> {
    const TYPE: &'static str = T::MANY;
}

impl<'a, T: Argument<'a>> Argument<'a> for Vec<T> {
    fn read(from: &mut Reader<'a>) -> Read<Vec<T>> {
        T::read_many(from)
    }
}

impl<T: Give> Give for Vec<T> {
    fn write(&self, to: &mut Writer<'_>) {
        T::write_many(self, to);
    }
}

fn items<'a, T: Argument<'a>>(
    from: &mut Reader<'a>,
    count: usize,
) -> Read<Vec<T>> {
    (0..count).map(|i| T::read(from).map_err(|e| e.within(i))).collect()
}

impl<T> Typed for BTreeMap<String, T> {
    const TYPE: &'static str = "map";
}

impl<'a, T: Argument<'a>> Argument<'a> for BTreeMap<String, T> {
    fn read(from: &mut Reader<'a>) -> Read<Self> {
        match from.item()? {
            Item::Map(count) => pairs(from, count),
            _ => Err(Unfit::new("is not a map")),
        }
    }
}

fn pairs<'a, T: Argument<'a>>(
    from: &mut Reader<'a>,
    count: usize,
) -> Read<BTreeMap<String, T>> {
    let mut map = BTreeMap::new();
    let mut last = None;

    for _ in 0..count {
        let key = from.key(last)?;
        let value = T::read(from).map_err(|e| e.within(format!("{key:?}")))?;
        map.insert(key.to_string(), value);
        last = Some(key);
    }
    Ok(map)
}

impl<T: Give> Give for BTreeMap<String, T> {
    /// In the order of the profile: the shorter key first.
    fn write(&self, to: &mut Writer<'_>) {
        let mut pairs: Vec<_> = self.iter().collect();

        pairs.sort_by_key(|(key, _)| key.len());
        to.map(pairs.len());
        for (key, value) in pairs {
            to.text(key);
            value.write(to);
        }
    }
}

// ---- any of them

/// A value of any type: the type `any` of a signature.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// From -2^64 to 2^64 - 1.
    Int(i128),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl Typed for Value {
    const TYPE: &'static str = "any";
}

impl<'a> Argument<'a> for Value {
    fn read(from: &mut Reader<'a>) -> Read<Value> {
        Ok(match from.item()? {
            Item::Null => Value::Null,
            Item::Bool(value) => Value::Bool(value),
            Item::Integer(value) => Value::Int(value),
            Item::Float(value) => Value::Float(value),
            Item::Text(text) => Value::Str(text.to_string()),
            Item::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Item::List(count) => {
                Value::List(deeper(from, |r| items(r, count))?)
            }
            Item::Map(count) => Value::Map(deeper(from, |r| pairs(r, count))?),
        })
    }
}

/// What stands in a list or map.
fn deeper<'a, T>(
    from: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Read<T>,
) -> Read<T> {
    if from.depth == DEPTH {
        return Err(Unfit::new("is nested too deeply (32 at most)"));
    }
    from.depth += 1;
    let got = read(from);
    from.depth -= 1;
    got
}

impl Give for Value {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Value::Null => to.null(),
            Value::Bool(value) => to.bool(*value),
            Value::Int(value) => to.integer(*value),
            Value::Float(value) => to.float(*value),
            Value::Str(text) => to.text(text),
            Value::Bytes(bytes) => to.bytes(bytes),
            Value::List(items) => items.write(to),
            Value::Map(pairs) => pairs.write(to),
        }
    }
}
