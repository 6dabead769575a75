//! Where a record stands in its log, and what became of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One partition of a topic, or one file of a replay. Ordered as ties at one instant are: topic as configured, then partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionId {
    /// Index of the topic in the configuration; of a file, its position on the command line.
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

/// The position of one record: its partition, and its offset there (of a file, its line from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The partition or file.
    pub partition: PartitionId,
    /// Offset in the partition, or line in the file.
    pub offset: i64,
}

/// The names behind [`PartitionId::topic`], in the order of the configuration.
pub type Topics = Arc<[String]>;
