//! What a commit brings: the records rejected since the one before.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Rejected, Time};

use super::KEPT;
use super::outline;
use crate::store::sqlite::checksum::fingerprint;
use crate::store::sqlite::packing::{encoded, packed};

/// Records of a block.
const BLOCK: u32 = 1_000;
/// Names of sources that are told apart in one commit; further ones are counted as of none.
const SOURCES_MAX: usize = 200;

/// A rejected record as it is kept: only of what can be an event's JSON there is an outline.
#[must_use]
pub fn kept(topic: &str, position: (u32, i64), record: &[u8], why: (&str, String), at: Time) -> Rejected {
    let outline = outline::of(record);
    Rejected {
        topic: topic.to_owned(),
        partition: position.0,
        offset: position.1,
        reason: why.0.to_owned(),
        message: why.1,
        source: outline.as_ref().and_then(|_| outline::source(record)),
        size: record.len() as u64,
        hash: fingerprint(record),
        at,
        outline,
    }
}

/// Whether a record that was fetched again is the one that was rejected, as far as that was read.
#[must_use]
pub fn is_same(rejected: &Rejected, record: &[u8]) -> bool {
    let read = usize::try_from(rejected.size).unwrap_or(usize::MAX);
    record.get(..read).is_some_and(|record| fingerprint(record) == rejected.hash)
}

/// How many records of one kind were rejected, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub records: u64,
    pub first: Time,
    pub last: Time,
}

/// A block of rejected records, compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub records: u32,
    pub data: Vec<u8>,
}

/// Records rejected since the last commit: the newest of them, and the number of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingRejects {
    pub(super) blocks: VecDeque<Block>,
    /// By topic, source and reason.
    pub(super) counts: BTreeMap<(String, String, String), Counted>,
    open: Vec<u8>,
    in_open: u32,
}

impl PendingRejects {
    /// Adds a record.
    pub fn add(&mut self, rejected: &Rejected) {
        self.count(rejected);
        self.open = encoded(std::mem::take(&mut self.open), rejected);
        self.in_open += 1;
        if self.in_open == BLOCK {
            self.close_block();
            // Older ones would be dropped by the store anyway.
            while self.blocks.iter().skip(1).map(|block| u64::from(block.records)).sum::<u64>() >= KEPT {
                self.blocks.pop_front();
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// All blocks, the open one included.
    pub(super) fn closed(&self) -> impl Iterator<Item = Block> + '_ {
        let open = (self.in_open > 0).then(|| Block { records: self.in_open, data: packed(&self.open) });
        self.blocks.iter().cloned().chain(open)
    }

    fn count(&mut self, rejected: &Rejected) {
        let source = rejected.source.as_deref().filter(|_| self.counts.len() < SOURCES_MAX).unwrap_or_default();
        let key = (rejected.topic.clone(), source.to_owned(), rejected.reason.clone());
        let counted = self.counts.entry(key).or_insert(Counted { records: 0, first: rejected.at, last: rejected.at });
        counted.records += 1;
        counted.last = rejected.at;
    }

    fn close_block(&mut self) {
        self.blocks.push_back(Block { records: self.in_open, data: packed(&self.open) });
        self.open.clear();
        self.in_open = 0;
    }
}
