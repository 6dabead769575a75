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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{self, PieceReader};
    use crate::model::{NextOffset, Position};

    const PART: PartitionId = PartitionId { topic: 0, partition: 0 };
    const NOW: Time = Time(1_764_061_200_000);

    fn decoder(phrase: &str) -> Arc<Decoder> {
        Arc::new(Decoder::new(&[phrase.to_owned()], &[]).unwrap())
    }

    /// A batch of an agent's message, a record that is no event, and the message once more.
    fn batch(from: i64, arrived: Option<Time>) -> Batch {
        let message = format!(
            r#"{{"id":"e{from}","type":"chat.message","time":{},"chat":"c","from":"agent","agent":"amy","text":"no, not mine"}}"#,
            NOW.0
        );
        let mut batch = Batch::default();
        for (offset, value) in (from..).zip([message.as_str(), "{", &message]) {
            batch.push(Position { partition: PART, offset }, arrived, value.as_bytes());
        }
        batch
    }

    fn write(pending: &PendingArchive, folder: &std::path::Path, read: i64, next: i64) -> Vec<(i64, Option<Time>, String)> {
        let reached = |next| BTreeMap::from([(PART, Reached { next: NextOffset(next), last: None })]);
        let topics = Arc::from(["chats".to_owned()]);
        let mut archive = Archive::open(folder, "deskpulse-1", topics, &reached(read), |_| ()).unwrap();
        pending.write(&mut archive, NOW, &reached(next)).unwrap();
        let file = archive::files(folder).unwrap().remove(0);
        let mut reader = PieceReader::open(&file).unwrap().unwrap();
        let mut found = Vec::new();
        while let Some(piece) = reader.next_piece().unwrap() {
            assert_eq!(piece.clock, Time(7));
            let text = |place: std::ops::Range<usize>| String::from_utf8(piece.lines.text[place].to_vec()).unwrap();
            found.extend(piece.lines.iter().map(|line| (line.offset, line.arrived, text(line.place))));
        }
        found
    }

    #[test]
    fn each_batch_is_archived_as_the_decoder_that_read_it_has_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut pending = PendingArchive::new(true);
        pending.add(batch(0, Some(NOW)), &decoder("not mine"));
        pending.add(batch(3, Some(Time(NOW.0 - 1))), &decoder("no"));
        assert!(pending.bytes() > 0);
        let taken = pending.take(Time(7));
        assert_eq!(pending.bytes(), 0);
        let lines = write(&taken, folder.path(), 0, 6);
        let said: Vec<_> =
            lines.iter().map(|(offset, arrived, line)| (*offset, *arrived, line.contains("␞not mine␞"), line.contains("␞no␞"))).collect();
        let before = Some(Time(NOW.0 - 1));
        assert_eq!(said, [(0, None, true, false), (2, None, true, false), (3, before, false, true), (5, before, false, true)]);
    }

    #[test]
    fn what_is_in_the_archive_already_is_left_out_and_without_one_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut pending = PendingArchive::new(true);
        pending.add(batch(0, None), &decoder("no"));
        assert_eq!(write(&pending.take(Time(7)), folder.path(), 1, 3).iter().map(|line| line.0).collect::<Vec<_>>(), [2]);
        let mut none = PendingArchive::new(false);
        none.add(batch(0, None), &decoder("no"));
        assert_eq!(none.bytes(), 0);
    }
}
