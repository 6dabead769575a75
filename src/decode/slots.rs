//! The values of one record by field, whatever order they were written in.

use std::borrow::Cow;

use super::reject::Reject;
use super::table::Key;
use crate::model::{Name, Time};

/// The value of one field, first as it was written, then as it was checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Value<'a> {
    /// Not there.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number written as an integer; beyond 64 bits the nearest that there is, which no field allows.
    Integer(i64),
    /// A number in any other notation, as it was written.
    Decimal(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// An array or object, by name.
    Compound(&'static str),
    /// Checked: an instant.
    Time(Time),
    /// Checked: a number.
    Number(f64),
    /// Checked: hundredths of a currency.
    Cents(i64),
}

/// One place per name of a field.
#[derive(Debug)]
pub(super) struct Slots<'a> {
    values: [Value<'a>; Key::COUNT],
}

impl<'a> Slots<'a> {
    /// Slots without values.
    pub(super) fn new() -> Self {
        Self { values: [const { Value::Absent }; Key::COUNT] }
    }

    /// The value of a field.
    pub(super) fn get(&self, key: Key) -> &Value<'a> {
        &self.values[key as usize]
    }

    /// The value of a field, to be replaced.
    pub(super) fn get_mut(&mut self, key: Key) -> &mut Value<'a> {
        &mut self.values[key as usize]
    }

    /// A string, if there is one.
    pub(super) fn text(&self, key: Key) -> Option<&str> {
        match self.get(key) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An id, name or word, if there is one.
    pub(super) fn name(&self, key: Key) -> Option<Name> {
        self.text(key).map(Name::new)
    }

    /// An id, name or word that must be there.
    pub(super) fn required(&self, key: Key) -> Result<Name, Reject> {
        self.name(key).ok_or_else(|| Reject::missing(key))
    }

    /// Whether a flag is there and true.
    pub(super) fn flag(&self, key: Key) -> bool {
        *self.get(key) == Value::Flag(true)
    }

    /// An instant that must be there.
    pub(super) fn time(&self, key: Key) -> Result<Time, Reject> {
        match self.get(key) {
            Value::Time(time) => Ok(*time),
            _ => Err(Reject::missing(key)),
        }
    }

    /// A number that must be there.
    pub(super) fn number(&self, key: Key) -> Result<f64, Reject> {
        match self.get(key) {
            Value::Number(number) => Ok(*number),
            _ => Err(Reject::missing(key)),
        }
    }

    /// An integer that must be there.
    pub(super) fn integer(&self, key: Key) -> Result<i64, Reject> {
        match self.get(key) {
            Value::Integer(integer) => Ok(*integer),
            _ => Err(Reject::missing(key)),
        }
    }

    /// An amount, if there is one.
    pub(super) fn cents(&self, key: Key) -> Option<i64> {
        match self.get(key) {
            Value::Cents(cents) => Some(*cents),
            _ => None,
        }
    }
}
