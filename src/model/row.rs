//! Rows: state as flat tables, so that durability is a writer of rows.
//!
//! Every row is self-contained and begins with the version of its encoding. [`Row::value`] `None` removes the row.

use serde::{Serialize, de::DeserializeOwned};

use super::time::Time;

/// Room for a key or a row while it is encoded: nearly all fit, and are copied once they have their size.
const ROOM: usize = 1_024;

/// The tables of state. The number is part of what is stored: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// The clock and other single values.
    Clock = 1,
    /// Partitions: newest event.
    Partition = 2,
    /// Events that wait in the order buffer.
    Pending = 3,
    /// Slices of remembered event ids.
    Remembered = 4,
    /// Conversations.
    Conversation = 5,
    /// Agents.
    Agent = 6,
    /// Totals of one day, scope and medium.
    Total = 7,
    /// Corrections of closed months.
    Correction = 8,
    /// Teams of agents, by day.
    AgentTeam = 9,
    /// Slices of the rolling windows, as older programs kept them.
    Window = 10,
    /// Counters for Prometheus.
    Counter = 11,
    /// What became of records, by topic.
    Outcome = 12,
    /// Ended conversations: found by key when an event is about them, never read at a start. Their content begins with the instant of
    /// the last touch.
    Ended = 13,
    /// Samples of the rolling windows, in the order in which they came.
    Sample = 14,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 14] = [
        Self::Clock,
        Self::Partition,
        Self::Pending,
        Self::Remembered,
        Self::Conversation,
        Self::Agent,
        Self::Total,
        Self::Correction,
        Self::AgentTeam,
        Self::Window,
        Self::Counter,
        Self::Outcome,
        Self::Ended,
        Self::Sample,
    ];

    /// The table with this number, if this version knows it.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| *table as u8 == number)
    }
}

/// One changed row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Its table.
    pub table: Table,
    /// Its key in the table.
    pub key: Vec<u8>,
    /// Its encoding, or `None` when it is gone.
    pub value: Option<Vec<u8>>,
}

/// Why a row could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Written by a newer version.
    #[error("row of version {found} in table {table:?}, this version reads up to {known}: use the newer deskpulse again")]
    Version {
        /// Where.
        table: Table,
        /// Version of the row.
        found: u8,
        /// Newest version that this program reads.
        known: u8,
    },
    /// Not what was written.
    #[error("damaged row in table {table:?}: restore a backup")]
    Damaged {
        /// Where.
        table: Table,
    },
}

impl Row {
    /// A row with this content, in version `version` of its table's encoding.
    #[must_use]
    pub fn put(table: Table, version: u8, key: &impl Serialize, value: &impl Serialize) -> Self {
        Self { table, key: encode(key), value: Some(encode(&(version, value))) }
    }

    /// The removal of a row.
    #[must_use]
    pub fn remove(table: Table, key: &impl Serialize) -> Self {
        Self { table, key: encode(key), value: None }
    }

    /// The clock of the last event that named what a row of [`Table::Ended`] is about; `None` of other rows.
    #[must_use]
    pub fn touched(&self) -> Option<Time> {
        let content = self.value.as_ref().filter(|_| self.table == Table::Ended)?;
        content.get(1..)?.first_chunk().map(|touched| Time(i64::from_le_bytes(*touched)))
    }

    /// The version of its encoding, if it is there.
    #[must_use]
    pub fn version(&self) -> Option<u8> {
        self.value.as_deref()?.first().copied()
    }

    /// The key alone, in a table whose keys say what kind of content a row has.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn read_key<K: DeserializeOwned>(&self) -> Result<K, RowError> {
        postcard::from_bytes(&self.key).map_err(|_| RowError::Damaged { table: self.table })
    }

    /// Key and content of a row that is there, of version `version`.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn read<K: DeserializeOwned, V: DeserializeOwned>(&self, version: u8) -> Result<(K, V), RowError> {
        let damaged = RowError::Damaged { table: self.table };
        let bytes = self.content(version)?;
        let key = postcard::from_bytes(&self.key).map_err(|_| damaged.clone())?;
        let value = postcard::from_bytes(bytes).map_err(|_| damaged)?;
        Ok((key, value))
    }

    /// The content of a row that is there, of version `version`, as bytes.
    ///
    /// # Errors
    /// When it was written by a newer version, or is not there.
    pub fn content(&self, version: u8) -> Result<&[u8], RowError> {
        match self.value.as_deref().and_then(<[u8]>::split_first) {
            Some((found, bytes)) if *found == version => Ok(bytes),
            Some((found, _)) => Err(RowError::Version { table: self.table, found: *found, known: version }),
            None => Err(RowError::Damaged { table: self.table }),
        }
    }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    if let Ok(bytes) = postcard::to_slice(value, &mut [0; ROOM]) {
        return bytes.to_vec();
    }
    #[expect(clippy::expect_used, reason = "writing to a vector cannot fail, and our types have no unsized sequences")]
    postcard::to_extend(value, Vec::with_capacity(2 * ROOM)).expect("rows are encodable")
}
