//! Why a record is no event: one reason of a closed list, and a sentence for the people who look after its producer.

use std::fmt;
use std::ops::Range;

use super::table::Key;

/// The first check that a record failed (rulings 9 and 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not JSON in valid UTF-8.
    NotJson,
    /// JSON, but no object.
    NotAnObject,
    /// A required field is absent or null.
    MissingField,
    /// Another JSON type than the table's.
    WrongType,
    /// A word outside a closed list, an empty required string, a number out of bounds, a malformed amount or month.
    BadValue,
    /// No time, or one before 2000 or after 2100.
    BadTime,
    /// An id, name or word with too many bytes.
    TooLong,
    /// A record with too many bytes.
    TooLarge,
}

impl Reason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::NotJson,
        Self::NotAnObject,
        Self::MissingField,
        Self::WrongType,
        Self::BadValue,
        Self::BadTime,
        Self::TooLong,
        Self::TooLarge,
    ];

    /// The word in the summary and in labels.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::BadTime => "bad_time",
            Self::TooLong => "too_long",
            Self::TooLarge => "too_large",
        }
    }
}

/// Why a record is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The first check that failed.
    pub reason: Reason,
    /// What was found and what is allowed, on one line; never the text of a message.
    pub message: String,
    /// Where a text of the record stands in the message.
    words: Range<usize>,
}

impl Reject {
    pub(super) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), words: 0..0 }
    }

    /// A text that was found in a field is not what is wanted there.
    pub(super) fn found(reason: Reason, name: &str, found: &str, wanted: impl fmt::Display) -> Self {
        let found = shown(found);
        let begin = name.len() + 1;
        Self { reason, message: format!("{name} {found}: {wanted}"), words: begin..begin + found.len() }
    }

    /// The message with the length of the text that was found in the text's place: what may be kept.
    #[must_use]
    pub fn without_words(&self) -> String {
        let Some(words) = self.message.get(self.words.clone()).filter(|words| !words.is_empty()) else { return self.message.clone() };
        let (before, after) = (&self.message[..self.words.start], &self.message[self.words.end..]);
        format!("{before}({} characters){after}", words.chars().count())
    }

    /// A required field is absent.
    pub(super) fn missing(key: Key) -> Self {
        Self::new(Reason::MissingField, format!("{} is missing: it is required", key.name()))
    }

    /// All of several fields are absent.
    pub(super) fn missing_one_of(keys: &[Key]) -> Self {
        let names: Vec<_> = keys.iter().map(|key| key.name()).collect();
        Self::new(Reason::MissingField, format!("{} are missing: one of them is required", names.join(" and ")))
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A found value as messages show it: at most 40 characters, on one line.
pub(super) fn shown(found: &str) -> String {
    let mut shown: String = found.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if found.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}
