//! Records that are no events, as they are kept: without a word that a person wrote.

use serde::{Deserialize, Serialize};

use super::Time;

/// A record that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: u32,
    /// Its offset there.
    pub offset: i64,
    /// The word of the reason.
    pub reason: String,
    /// What was found and what is allowed, without texts of the record.
    pub message: String,
    /// What the producing system calls itself, if the record says so in a word.
    pub source: Option<String>,
    /// Bytes of the record; of one too large, as many as were read of it.
    pub size: u64,
    /// Fingerprint of these bytes, 32 hexadecimal digits.
    pub hash: String,
    /// When it was taken, wall time.
    pub at: Time,
    /// Its JSON with the length of every text in the place of the text, cut with `…` if it is long; `None` of what is no JSON.
    pub outline: Option<String>,
}

/// How many records of one topic, source and reason were rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectCount {
    /// The topic's name.
    pub topic: String,
    /// What the producing system calls itself; empty when the records do not say.
    pub source: String,
    /// The word of the reason.
    pub reason: String,
    /// How many, over the life of the store.
    pub records: u64,
    /// When the first was taken, wall time.
    pub first: Time,
    /// When the last was taken, wall time.
    pub last: Time,
}
