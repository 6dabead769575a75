//! From bytes of JSON to slots. Whatever is not JSON in the strict sense, or no object, ends here (rulings 9 and 17).
//!
//! Most records hold nothing but strings, flags, null and integers: those are read in one pass that borrows from the record.
//! Anything else, from a decimal number to a syntax error, makes a second, exact pass, which tells them apart.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::reject::{Reason, Reject};
use super::slots::{Slots, Value};
use super::table::Key;

/// Fills empty slots with the fields that we know, of a record that is one JSON object. Of a name given twice the last one counts.
pub(super) fn parse<'a>(text: &'a str, slots: &mut Slots<'a>) -> Result<(), Reject> {
    if quick(text, slots).is_ok() {
        return Ok(());
    }
    *slots = Slots::new();
    exact(text, slots)
}

/// Every field of a record that is one JSON object, as it was written.
pub(super) fn entries(text: &str) -> Result<Entries<'_>, Reject> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error.to_string()))?;
    if lone_surrogate(text) {
        return Err(not_json("half of a surrogate pair"));
    }
    if !text.trim_start().starts_with('{') {
        return Err(Reject::new(Reason::NotAnObject, "another JSON value found, one object wanted"));
    }
    serde_json::from_str(text).map_err(|error| not_json(&error.to_string()))
}

fn not_json(found: &str) -> Reject {
    Reject::new(Reason::NotJson, format!("{found}: one JSON object wanted"))
}

fn quick<'a>(text: &'a str, slots: &mut Slots<'a>) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Quick(slots))?;
    json.end()
}

fn exact<'a>(text: &'a str, slots: &mut Slots<'a>) -> Result<(), Reject> {
    for (name, written) in entries(text)?.0 {
        if let Some(key) = Key::of(&name) {
            *slots.get_mut(key) = exact_value(written).map_err(|error| not_json(&error.to_string()))?;
        }
    }
    Ok(())
}

fn exact_value(written: &str) -> Result<Value<'_>, serde_json::Error> {
    Ok(match written.as_bytes() {
        [b'"', ..] => Value::Text(Cow::Owned(serde_json::from_str(written)?)),
        [b'[', ..] => Value::Compound("an array"),
        [b'{', ..] => Value::Compound("an object"),
        b"null" => Value::Null,
        b"true" => Value::Flag(true),
        b"false" => Value::Flag(false),
        [b'-', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Value::Integer(written.parse().unwrap_or(i64::MIN)),
        digits if digits.iter().all(u8::is_ascii_digit) => Value::Integer(written.parse().unwrap_or(i64::MAX)),
        _ => Value::Decimal(written),
    })
}

/// Whether a text of valid JSON has an escape that is half of a surrogate pair: serde_json does not look into what it skips.
fn lone_surrogate(json: &str) -> bool {
    let mut rest = json.as_bytes();
    let mut half = false;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let Some(([_, kind], after)) = rest[at..].split_first_chunk::<2>() else { return half };
        let unit = match after.first_chunk::<4>() {
            Some(digits) if *kind == b'u' => std::str::from_utf8(digits).ok().and_then(|hex| u16::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        let low = matches!(unit, Some(0xDC00..=0xDFFF));
        if low != (half && at == 0) || (half && at != 0) {
            return true;
        }
        half = matches!(unit, Some(0xD800..=0xDBFF));
        rest = if unit.is_some() { &after[4..] } else { after };
    }
    half
}

/// All fields in the order of the record.
pub(super) struct Entries<'a>(pub(super) Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((name, written)) = map.next_entry::<String, &RawValue>()? {
                    entries.push((name, written.get()));
                }
                Ok(Entries(entries))
            }
        }
        json.deserialize_map(All)
    }
}

/// Reads an object in one pass; fails at whatever needs the exact one.
struct Quick<'s, 'a>(&'s mut Slots<'a>);

impl<'de> Visitor<'de> for Quick<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(QuickKey(key)) = map.next_key()? {
            match key {
                Some(key) => *self.0.get_mut(key) = map.next_value()?,
                None if lone_surrogate(map.next_value::<&RawValue>()?.get()) => return Err(A::Error::custom("lone surrogate")),
                None => {}
            }
        }
        Ok(())
    }
}

struct QuickKey(Option<Key>);

impl<'de> Deserialize<'de> for QuickKey {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = QuickKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<QuickKey, E> {
                Ok(QuickKey(Key::of(name)))
            }
        }
        json.deserialize_identifier(Named)
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Simple;
        impl<'de> Visitor<'de> for Simple {
            type Value = Value<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, flag, null or integer")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Value::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Value::Flag(flag))
            }
            fn visit_i64<E: Error>(self, integer: i64) -> Result<Self::Value, E> {
                Ok(Value::Integer(integer))
            }
            fn visit_u64<E: Error>(self, integer: u64) -> Result<Self::Value, E> {
                Ok(Value::Integer(i64::try_from(integer).unwrap_or(i64::MAX)))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Value::Null)
            }
        }
        json.deserialize_any(Simple)
    }
}
