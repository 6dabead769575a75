//! The checks of one record's fields against the table, in the order of ruling 9.
//!
//! A check leaves in its slot what the field means: the instant, the number, the preset of an absent one.

use std::borrow::Cow;

use super::amount;
use super::reject::{Reason, Reject};
use super::slots::{Slots, Value};
use super::table::{EventType, Field, Key, Least, NAME_LIMIT, NUMBER_LIMIT, Need, Preset, Shape};
use super::time;

/// The fields of a type: each by itself, then the missing one of two, then the bounds.
pub(super) fn fields(slots: &mut Slots<'_>, kind: &EventType) -> Result<(), Reject> {
    let mut last = None;
    let mut bounded = false;
    for field in kind.fields {
        bounded |= matches!(field.shape, Shape::Number(_) | Shape::Count | Shape::Amount);
        if field.need == Need::FromAgent && slots.text(Key::From) == Some("agent") {
            last = Some(Field { need: Need::Required, ..*field });
        } else {
            self::field(slots, field)?;
        }
    }
    if let Some(field) = last {
        self::field(slots, &field)?;
    }
    if !kind.one_of.is_empty() && kind.one_of.iter().all(|key| slots.text(*key).is_none()) {
        return Err(Reject::missing_one_of(kind.one_of));
    }
    if bounded {
        kind.fields.iter().try_for_each(|field| bounds(field, slots.get(field.key)))?;
    }
    Ok(())
}

/// One field: whether it is there, its JSON type, and whether it says something.
pub(super) fn field(slots: &mut Slots<'_>, field: &Field) -> Result<(), Reject> {
    let value = slots.get_mut(field.key);
    let name = field.key.name();
    let checked = match (field.shape, &*value) {
        (_, Value::Absent | Value::Null) => absent(field, value)?,
        (Shape::Name { limit }, Value::Text(text)) => {
            short(name, text, limit)?;
            if !text.is_empty() {
                return Ok(());
            }
            if matches!(field.need, Need::Required | Need::RequiredOrNull) {
                let message = format!("{name}: an empty string found, 1 to {limit} bytes wanted");
                return Err(Reject::new(Reason::BadValue, message));
            }
            absent(field, value)?
        }
        (Shape::Word(words), Value::Text(text)) => {
            short(name, text, NAME_LIMIT)?;
            if words.contains(&&**text) {
                return Ok(());
            }
            return Err(Reject::found(Reason::BadValue, name, text, format_args!("one of {} wanted", words.join(", "))));
        }
        (Shape::Text, Value::Text(_)) | (Shape::Flag, Value::Flag(_)) | (Shape::Count, Value::Integer(_)) => return Ok(()),
        (Shape::Time, Value::Text(text)) => Value::Time(time::rfc3339(text).map_err(|error| bad_time(name, text, error))?),
        (Shape::Time, Value::Integer(ms)) => Value::Time(time::milliseconds(*ms).map_err(|error| bad_time(name, &ms.to_string(), error))?),
        (Shape::Number(_), Value::Integer(number)) => Value::Number(*number as f64),
        (Shape::Number(_), Value::Decimal(number)) => Value::Number(number.parse().unwrap_or(f64::INFINITY)),
        (Shape::Amount, Value::Integer(units)) => Value::Cents(units.saturating_mul(100)),
        (Shape::Amount, Value::Decimal(number)) => Value::Cents(amount::number(number).map_err(|error| bad_amount(name, error))?),
        (Shape::Amount, Value::Text(digits)) => Value::Cents(amount::digits(digits).map_err(|error| bad_amount(name, error))?),
        (Shape::Month, Value::Text(month)) if is_month(month) => return Ok(()),
        (Shape::Month, Value::Text(month)) => {
            return Err(Reject::found(Reason::BadValue, name, month, "a month like 2026-11 wanted"));
        }
        (shape, found) => {
            let message = format!("{name}: {} found, {} wanted", type_of(found), wanted(shape));
            return Err(Reject::new(Reason::WrongType, message));
        }
    };
    *value = checked;
    Ok(())
}

/// What stands for a field that is not there, or null, or an empty name.
fn absent<'a>(field: &Field, value: &Value<'a>) -> Result<Value<'a>, Reject> {
    match field.need {
        Need::Required => Err(Reject::missing(field.key)),
        Need::RequiredOrNull if *value != Value::Null => Err(Reject::new(
            Reason::MissingField,
            format!("{} is missing: it is required, null puts it back to the queue", field.key.name()),
        )),
        Need::RequiredOrNull => Ok(Value::Null),
        Need::Optional | Need::FromAgent => Ok(match field.preset {
            Preset::None => Value::Absent,
            Preset::Flag(flag) => Value::Flag(flag),
            Preset::Number(number) => Value::Number(f64::from(number)),
            Preset::Word(word) => Value::Text(Cow::Borrowed(word)),
        }),
    }
}

fn short(name: &str, text: &str, limit: usize) -> Result<(), Reject> {
    if text.len() <= limit {
        return Ok(());
    }
    Err(Reject::new(Reason::TooLong, format!("{name}: {} bytes found, at most {limit} wanted", text.len())))
}

/// The bounds of a number that is not a time (ruling 15).
fn bounds(field: &Field, value: &Value<'_>) -> Result<(), Reject> {
    let (holds, least) = match (field.shape, value) {
        (Shape::Number(least), Value::Number(number)) => {
            let floor = match least {
                Least::Any => true,
                Least::Zero => *number >= 0.0,
                Least::Positive => *number > 0.0,
            };
            (floor && number.abs() <= NUMBER_LIMIT as f64, least)
        }
        (Shape::Count, Value::Integer(count)) => ((0..=NUMBER_LIMIT).contains(count), Least::Zero),
        (Shape::Amount, Value::Cents(cents)) => ((0..=NUMBER_LIMIT * 100).contains(cents), Least::Zero),
        _ => return Ok(()),
    };
    if holds {
        return Ok(());
    }
    let wanted = match least {
        Least::Any => format!("a number from -{NUMBER_LIMIT}"),
        Least::Zero => "a number from 0".to_owned(),
        Least::Positive => "a number above 0 and up".to_owned(),
    };
    Err(Reject::new(Reason::BadValue, format!("{}: out of bounds, {wanted} to {NUMBER_LIMIT} wanted", field.key.name())))
}

fn bad_time(name: &str, found: &str, error: time::TimeError) -> Reject {
    Reject::found(Reason::BadTime, name, found, error)
}

fn bad_amount(name: &str, error: amount::AmountError) -> Reject {
    Reject::new(Reason::BadValue, format!("{name}: {error}"))
}

fn is_month(text: &str) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    match text.as_bytes() {
        [year @ .., b'-', tens, units] if year.len() == 4 && digits(year) => {
            matches!((tens, units), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
        }
        _ => false,
    }
}

fn type_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::Absent | Value::Null => "null",
        Value::Flag(_) => "true or false",
        Value::Integer(_) => "an integer",
        Value::Decimal(_) | Value::Number(_) | Value::Cents(_) => "a decimal number",
        Value::Text(_) | Value::Time(_) => "a string",
        Value::Compound(name) => name,
    }
}

fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Name { limit } => format!("a string of 1 to {limit} bytes"),
        Shape::Text => "a string".to_owned(),
        Shape::Word(words) => format!("one of {}", words.join(", ")),
        Shape::Flag => "true or false".to_owned(),
        Shape::Time => "RFC 3339 with an offset or an integer of milliseconds".to_owned(),
        Shape::Number(_) => "a number".to_owned(),
        Shape::Count => "an integer".to_owned(),
        Shape::Amount => "a number or a string of digits".to_owned(),
        Shape::Month => "a month like 2026-11".to_owned(),
    }
}
