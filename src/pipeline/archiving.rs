//! What goes into the archive: the loop lays whole batches aside, and the thread that writes commits turns their records into lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::archive::{Archive, ArchiveError, Lines};
use crate::decode::Decoder;
use crate::ingest::{Batch, Record};
use crate::model::{PartitionId, Reached, Time};

/// Batches taken since the last commit, each with the decoder that read it.
#[derive(Debug)]
pub struct PendingArchive {
    is_kept: bool,
    batches: Vec<(Batch, Arc<Decoder>)>,
    bytes: usize,
    /// Where the clock stood at the commit before.
    clock: Time,
}

impl PendingArchive {
    /// Nothing yet, and nothing ever unless there is an archive.
    pub(super) fn new(is_kept: bool) -> Self {
        Self { is_kept, batches: Vec::new(), bytes: 0, clock: Time::MIN }
    }

    /// Takes a batch that was read.
    pub(super) fn add(&mut self, batch: Batch, decoder: &Arc<Decoder>) {
        if self.is_kept {
            self.bytes += batch.size();
            self.batches.push((batch, Arc::clone(decoder)));
        }
    }

    /// Bytes that wait for a commit.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Everything since the last time. `clock` is that of the commit before.
    pub(super) fn take(&mut self, clock: Time) -> Self {
        Self { clock, ..std::mem::replace(self, Self::new(self.is_kept)) }
    }

    /// Writes the events in it, before the commit with these positions. Those that are in the archive since before the end of an earlier process
    /// are left out.
    pub(super) fn write(&self, archive: &mut Archive, now: Time, positions: &BTreeMap<PartitionId, Reached>) -> Result<(), ArchiveError> {
        let mut lines: BTreeMap<PartitionId, Lines> = BTreeMap::new();
        for (batch, decoder) in &self.batches {
            for record in batch.iter() {
                let partition = record.position.partition;
                if record.position.offset >= archive.next(partition).0 {
                    line(decoder, &record, lines.entry(partition).or_default());
                }
            }
        }
        archive.write((self.clock, now), positions, lines)
    }
}

/// Adds a record's event to the lines of its partition. Duplicates are events too: which of two came first is known only over all partitions.
fn line(decoder: &Decoder, record: &Record<'_>, lines: &mut Lines) {
    if let Some(time) = decoder.archive(record.value, &mut lines.text) {
        lines.note(record.position.offset, record.arrived.filter(|arrived| *arrived < time));
    }
}
