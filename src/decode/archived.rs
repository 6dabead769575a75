//! An event as it is archived: one line of JSON with the fields that its type has and nothing else, each in its shortest form, without its
//! text. What is read in the text stands in its place, so that the line decodes to the same event.

use serde::Serialize;

use super::slots::{Slots, Value};
use super::table::{ENVELOPE, EventType, Field, Key, Preset};
use super::{Checked, Decoder, checked};
use crate::model::{Action, Body, Time};

impl Decoder {
    /// Adds the line of a record to others, its end included, and gives the event's time; `None`, and nothing added, when it is no event.
    ///
    /// This decoder reads the same event in the line as in the record. Another one, with more phrases, may not: the text is gone.
    #[must_use]
    pub fn archive(&self, record: &[u8], lines: &mut Vec<u8>) -> Option<Time> {
        let mut slots = Slots::new();
        let Ok(Checked::Known(kind)) = checked(record, &mut slots) else { return None };
        let body = (kind.build)(&slots).ok()?;
        let text = match (&body, slots.text(Key::Text)) {
            (Body::Conversation { action: Action::Message(message), .. }, Some(text)) => Some(self.speech.kept(text, message)),
            _ => None,
        };
        if let Some(text) = text {
            *slots.get_mut(Key::Text) = Value::Text(text.into());
        }
        let time = slots.time(Key::Time).ok()?;
        let begin = lines.len();
        if write(&slots, kind, lines).is_none() {
            lines.truncate(begin);
            return None;
        }
        Some(time)
    }
}

fn write(slots: &Slots<'_>, kind: &EventType, lines: &mut Vec<u8>) -> Option<()> {
    let mut before = b'{';
    for field in ENVELOPE.iter().chain(kind.fields) {
        let value = slots.get(field.key);
        if is_said(field, value) {
            lines.push(before);
            before = b',';
            json(field.key.name(), lines)?;
            lines.push(b':');
            write_value(value, lines)?;
        }
    }
    lines.extend_from_slice(b"}\n");
    Some(())
}

fn json(value: &(impl Serialize + ?Sized), lines: &mut Vec<u8>) -> Option<()> {
    serde_json::to_writer(lines, value).ok()
}

/// Whether a checked field says something that its absence does not.
fn is_said(field: &Field, value: &Value<'_>) -> bool {
    match (field.preset, value) {
        (_, Value::Absent) => false,
        (Preset::Flag(preset), Value::Flag(flag)) => preset != *flag,
        (Preset::Word(preset), Value::Text(word)) => preset != word,
        (_, Value::Text(text)) => field.key == Key::Text || !text.is_empty(),
        _ => true,
    }
}

fn write_value(value: &Value<'_>, lines: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => json(&(), lines),
        Value::Flag(flag) => json(flag, lines),
        Value::Integer(integer) => json(integer, lines),
        Value::Time(time) => json(&time.0, lines),
        Value::Text(text) => json(&**text, lines),
        // Within the limit of numbers; a zero below zero keeps its sign.
        Value::Number(number) if number.fract() == 0.0 && number.is_sign_positive() => json(&(*number as i64), lines),
        Value::Number(number) => json(number, lines),
        Value::Cents(cents) => json(&format!("{}.{:02}", cents / 100, cents % 100), lines),
        // What is checked is none of these.
        Value::Absent | Value::Decimal(_) | Value::Compound(_) => None,
    }
}
