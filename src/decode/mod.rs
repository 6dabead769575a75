//! From bytes to an event, or to the reason why not. The only place that knows inbound JSON; total: it never panics.
//!
//! > **bytes → `json` → slots → `check` against the `table` → `build` → event**
//!
//! The table says which fields a type has and in which order they are checked; the first check that fails is the reason (ruling 9).

mod amount;
mod archived;
mod build;
mod check;
mod json;
mod reject;
mod schema;
mod slots;
mod speech;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod unknown;

pub use reject::{Reason, Reject};
pub use schema::schema;
pub use time::{TimeError, parse_time};
pub use unknown::{UnknownField, unknown_fields};

use crate::model::{Action, Body, Event};
use slots::Slots;
use speech::Speech;
use table::{ENVELOPE, EventType, Key};

/// Most bytes of a record, without the end of its line.
pub const RECORD_LIMIT: usize = 262_144;

/// Turns records into events. Holds the banned phrases and automatic texts, so that no event carries a text.
#[derive(Debug)]
pub struct Decoder {
    speech: Speech,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// An event. Boxed, since it is handed on several times.
    Event(Box<Event>),
    /// A record of nothing, or nothing but white space.
    Tombstone,
    /// A valid envelope around a type that is not ours: at most 40 characters of it.
    UnknownType(String),
    /// No event.
    Rejected(Reject),
}

/// Why phrases or automatic texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DecoderError {
    /// A phrase or text of nothing would be found everywhere.
    #[error("an empty text would be found everywhere: take it out")]
    Empty {
        /// `phrases` or `auto_texts`.
        setting: &'static str,
    },
    /// A phrase is the name of a rule, and names have a limit.
    #[error("a phrase has {bytes} bytes, at most {limit} are allowed: shorten it", limit = table::NAME_LIMIT)]
    Long {
        /// Its length.
        bytes: usize,
    },
    /// More phrases than can be searched for.
    #[error("they cannot be searched for ({0}): leave some out")]
    Phrases(#[from] aho_corasick::BuildError),
}

impl DecoderError {
    /// Which of the two is wrong: `phrases` or `auto_texts`.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        match self {
            Self::Empty { setting } => setting,
            Self::Long { .. } | Self::Phrases(_) => "phrases",
        }
    }
}

impl Decoder {
    /// A decoder that looks for these banned phrases (ruling 82) and knows these automatic texts (ruling 105).
    ///
    /// # Errors
    /// When a phrase or text is empty, or a phrase longer than a name may be.
    pub fn new(phrases: &[String], auto_texts: &[String]) -> Result<Self, DecoderError> {
        Ok(Self { speech: Speech::new(phrases, auto_texts)? })
    }

    /// What a record says, given without the end of its line.
    #[must_use]
    pub fn decode(&self, record: &[u8]) -> Decoded {
        self.decode_into(record, &mut None)
    }

    /// The same. An event takes the place of a spent one, if there is one: that is quicker than new memory.
    #[must_use]
    pub fn decode_into(&self, record: &[u8], spent: &mut Option<Box<Event>>) -> Decoded {
        self.read(record, spent).unwrap_or_else(Decoded::Rejected)
    }

    fn read(&self, record: &[u8], spent: &mut Option<Box<Event>>) -> Result<Decoded, Reject> {
        let mut slots = Slots::new();
        let kind = match checked(record, &mut slots)? {
            Checked::Tombstone => return Ok(Decoded::Tombstone),
            Checked::Unknown(name) => return Ok(Decoded::UnknownType(name)),
            Checked::Known(kind) => kind,
        };
        let mut body = (kind.build)(&slots)?;
        if let (Body::Conversation { action: Action::Message(message), .. }, Some(text)) = (&mut body, slots.text(Key::Text)) {
            self.speech.read(text, message);
        }
        let (id, source, time) = (slots.required(Key::Id)?, slots.name(Key::Source), slots.time(Key::Time)?);
        let event = Event { id, source, time, body };
        Ok(Decoded::Event(match spent.take() {
            Some(mut place) => {
                *place = event;
                place
            }
            None => Box::new(event),
        }))
    }
}

/// A record whose fields are checked one by one.
enum Checked {
    /// Nothing, or nothing but white space.
    Tombstone,
    /// Of a type that is not ours.
    Unknown(String),
    /// Of one of ours.
    Known(&'static EventType),
}

/// Fills empty slots with the checked fields of a record.
#[inline]
fn checked<'a>(record: &'a [u8], slots: &mut Slots<'a>) -> Result<Checked, Reject> {
    if record.len() > RECORD_LIMIT {
        return Err(Reject::new(Reason::TooLarge, format!("a record of {} bytes: at most {RECORD_LIMIT} wanted", record.len())));
    }
    if record.trim_ascii_start().is_empty() {
        return Ok(Checked::Tombstone);
    }
    let text = std::str::from_utf8(record)
        .map_err(|error| Reject::new(Reason::NotJson, format!("byte {} is not UTF-8: one JSON object wanted", error.valid_up_to() + 1)))?;
    json::parse(text, slots)?;
    for field in &ENVELOPE {
        check::field(slots, field)?;
    }
    let name = slots.text(Key::Type).unwrap_or_default();
    let Some(kind) = EventType::of(name) else { return Ok(Checked::Unknown(reject::shown(name))) };
    check::fields(slots, kind)?;
    Ok(Checked::Known(kind))
}
