//! From bytes to an event, or to the reason why not. The only place that knows inbound JSON; total: it never panics.

mod reject;

pub use reject::{Reason, Reject};

use crate::model::{Event, Time};

/// Turns records into events. Holds the banned phrases and automatic texts, so that no event carries a text.
#[derive(Debug)]
pub struct Decoder {}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// An event.
    Event(Event),
    /// A record without content, of which Kafka's compaction makes use.
    Tombstone,
    /// A valid envelope around a type that is not ours: at most 40 characters of it.
    UnknownType(String),
    /// No event.
    Rejected(Reject),
}

/// Why phrases or automatic texts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DecoderError {
    /// A phrase or text of nothing would be found in every message.
    #[error("`{setting}` contains an empty text, which every message would match: remove it")]
    Empty {
        /// `phrases` or `auto_texts`.
        setting: &'static str,
    },
    /// A phrase is the name of a rule, and names have a limit.
    #[error("a phrase in `phrases` has {bytes} bytes, at most {limit} are allowed: shorten it", limit = 256)]
    Long {
        /// Its length.
        bytes: usize,
    },
    /// More phrases than can be searched for.
    #[error("`phrases` cannot be searched for: {0}")]
    Phrases(#[from] aho_corasick::BuildError),
}

/// A field that the type of its record does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownField {
    /// Its name, at most 40 characters of it.
    pub name: String,
    /// The known field that was probably meant.
    pub nearest: Option<&'static str>,
}

impl Decoder {
    /// A decoder that looks for these banned phrases (ruling 82) and knows these automatic texts (ruling 105).
    ///
    /// # Errors
    /// When a phrase or text is empty, or a phrase longer than a name may be.
    pub fn new(phrases: &[String], auto_texts: &[String]) -> Result<Self, DecoderError> {
        for (setting, texts) in [("phrases", phrases), ("auto_texts", auto_texts)] {
            if texts.iter().any(String::is_empty) {
                return Err(DecoderError::Empty { setting });
            }
        }
        Ok(Self {})
    }

    /// What a record says. The checks come in the order of ruling 9; the first that fails is the reason.
    #[must_use]
    pub fn decode(&self, record: &[u8]) -> Decoded {
        if record.trim_ascii().is_empty() {
            return Decoded::Tombstone;
        }
        Decoded::Rejected(Reject::new(Reason::NotJson, "not JSON"))
    }
}

/// A time as `--until` takes it: RFC 3339 with offset, or integer milliseconds since the epoch (ruling 25).
///
/// # Errors
/// A sentence that says what was found and what is allowed.
pub fn parse_time(text: &str) -> Result<Time, String> {
    Err(format!("time {}: not read yet", reject::shown(text)))
}

/// The fields of a record that its type does not have, in the record's order. Empty for a record that is no known event.
#[must_use]
pub fn unknown_fields(_record: &[u8]) -> Vec<UnknownField> {
    Vec::new()
}

/// The JSON Schema of all events.
#[must_use]
pub fn schema() -> serde_json::Value {
    serde_json::Value::Null
}
