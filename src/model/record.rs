//! Where a record stands in its log, and what became of it.

use std::hash::Hasher;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

/// One partition of a topic, or one file of a replay. Ordered as ties at one instant are: topic as configured, then partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionId {
    /// The topic's number: its place in the configuration, or the one that a store gave it; of a file, its position on the command line.
    pub topic: u16,
    /// The partition's number; 0 for a file.
    pub partition: u32,
}

/// The offset of the next record to read, as Kafka counts them: one after the last one taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct NextOffset(pub i64);

impl NextOffset {
    /// The position after a record that stands at `offset`.
    #[must_use]
    pub fn after(offset: i64) -> Self {
        Self(offset + 1)
    }
}

/// How far a partition has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reached {
    /// The next record to read.
    pub next: NextOffset,
    /// The last record that was taken, if any was.
    pub last: Option<Mark>,
}

/// What a record is known by again: a log that holds another one at this offset is not the log that we have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its offset.
    pub offset: i64,
    /// A hash of its value, of as many bytes as are read of it.
    pub hash: u64,
}

impl Mark {
    /// The mark of a record with this value at this offset.
    #[must_use]
    pub fn of(offset: i64, value: &[u8]) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write_i64(offset);
        hasher.write(value);
        Self { offset, hash: hasher.finish() }
    }
}

/// The position of one record: its partition, and its offset there (of a file, its line from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The partition or file.
    pub partition: PartitionId,
    /// Offset in the partition, or line in the file.
    pub offset: i64,
}

/// How the id of every store begins: a label beside positions at the broker is known by it.
pub const STORE_ID_PREFIX: &str = "deskpulse-";

/// The names behind [`PartitionId::topic`], by their numbers: the order of the configuration, or the one that a store keeps.
pub type Topics = Arc<[String]>;
