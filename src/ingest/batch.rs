//! Many records in one piece of memory.

use crate::model::{Position, Time};

/// The largest record that counts, in bytes without a line's end. Longer ones are cut to one byte more, which is enough to know that they
/// are too large.
pub const RECORD_LIMIT: usize = 262_144;

/// Records in the order in which they were read: one arena of bytes and one list of entries, however many records there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    position: Position,
    arrived: Option<Time>,
    /// End of the value in the arena; it begins where the one before ends.
    end: usize,
}

/// One record of a [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it stands.
    pub position: Position,
    /// When it arrived, or was received where the broker did not note that; `None` in files.
    pub arrived: Option<Time>,
    /// Its value; empty for a tombstone; at most [`RECORD_LIMIT`] + 1 bytes.
    pub value: &'a [u8],
}

impl Batch {
    /// An empty batch with room for so many records and bytes.
    #[must_use]
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), entries: Vec::with_capacity(records) }
    }

    /// Adds a record; of a value over the limit only the first [`RECORD_LIMIT`] + 1 bytes are kept.
    pub fn push(&mut self, position: Position, arrived: Option<Time>, value: &[u8]) {
        self.bytes.extend_from_slice(&value[..value.len().min(RECORD_LIMIT + 1)]);
        self.entries.push(Entry { position, arrived, end: self.bytes.len() });
    }

    /// The records, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        let mut begin = 0;
        self.entries.iter().map(move |entry| {
            let value = &self.bytes[begin..entry.end];
            begin = entry.end;
            Record { position: entry.position, arrived: entry.arrived, value }
        })
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all values together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Removes all records and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PartitionId;

    fn at(offset: i64) -> Position {
        Position { partition: PartitionId { topic: 1, partition: 2 }, offset }
    }

    #[test]
    fn records_come_back_in_order_with_their_values() {
        let mut batch = Batch::with_capacity(3, 16);
        batch.push(at(4), Some(Time(9)), b"one");
        batch.push(at(5), None, b"");
        batch.push(at(7), None, b"three");
        let read: Vec<_> = batch.iter().collect();
        assert_eq!(read[0], Record { position: at(4), arrived: Some(Time(9)), value: b"one" });
        assert_eq!(read[1], Record { position: at(5), arrived: None, value: b"" });
        assert_eq!(read[2].value, b"three");
        assert_eq!((batch.len(), batch.size(), batch.is_empty()), (3, 8, false));
        batch.clear();
        assert!(batch.is_empty() && batch.iter().next().is_none());
    }

    #[test]
    fn a_value_over_the_limit_is_cut_to_one_byte_more() {
        let mut batch = Batch::default();
        batch.push(at(0), None, &vec![b'x'; RECORD_LIMIT]);
        batch.push(at(1), None, &vec![b'x'; 2 * RECORD_LIMIT]);
        let lengths: Vec<_> = batch.iter().map(|record| record.value.len()).collect();
        assert_eq!(lengths, [RECORD_LIMIT, RECORD_LIMIT + 1]);
    }
}
