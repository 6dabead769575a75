//! Is it the log that we have read? Before anything is read on, the last record of each partition is looked at again: a topic that was
//! deleted and created anew may be long enough for our position, but it holds another record there.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::Offset;

use crate::model::{Mark, NextOffset, PartitionId, Topics};

use super::super::{Assignment, RECORD_LIMIT, SourceEvent};
use super::layout;
use super::reader::{Ended, Reader, heed, identify};
use super::survey::Extent;

/// How long one turn waits for a record.
const TURN: Duration = Duration::from_millis(50);
/// Records that are looked at in one turn.
const PER_TURN: usize = 10_000;

/// What is known about the logs that we are about to read on.
#[derive(Debug, Default)]
pub(super) enum Proof {
    /// Nothing yet.
    #[default]
    Open,
    /// These records are being looked at.
    Looking(BTreeMap<PartitionId, Mark>),
    /// They are ours, as far as their records are still there.
    Done,
}

/// What a record says about its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is the record that we have read.
    Same,
    /// It is another one.
    Other,
    /// The log has no record there any more.
    Gone,
}

fn verdict(mark: Mark, offset: i64, value: &[u8]) -> Option<Verdict> {
    match offset {
        before if before < mark.offset => None,
        same if same == mark.offset => {
            let found = Mark::of(offset, &value[..value.len().min(RECORD_LIMIT + 1)]);
            Some(if found == mark { Verdict::Same } else { Verdict::Other })
        }
        _ => Some(Verdict::Gone),
    }
}

/// The sentence for a log that holds other records than those that we have read.
fn replaced(topics: &Topics, partition: PartitionId, mark: Mark) -> String {
    let name = layout::name(topics, partition.topic);
    format!(
        "{name}/{}: offset {} holds another record than the one that was read there: the topic was deleted and created anew, or this is another \
         broker; read it under another name, or begin anew with a new store and --bootstrap",
        partition.partition, mark.offset
    )
}

impl Reader {
    /// Finds the leaders of partitions that are about to be read on, and begins to look at their last records; false until all have been seen.
    pub(super) fn prove(&mut self, assignments: &[Assignment], extents: &BTreeMap<PartitionId, Extent>) -> Result<bool, Ended> {
        match &mut self.proof {
            Proof::Done => return Ok(true),
            // What retention has deleted meanwhile cannot be looked at.
            Proof::Looking(marks) => {
                marks.retain(|partition, mark| extents.get(partition).is_none_or(|extent| is_there(*mark, *extent)));
                let is_done = marks.is_empty();
                if is_done {
                    self.proof = Proof::Done;
                }
                return Ok(is_done);
            }
            Proof::Open => {}
        }
        self.find_leaders(assignments);
        let mark = |assignment: &Assignment| {
            let mark = self.positions.get(&assignment.partition)?.last?;
            extents.get(&assignment.partition).filter(|extent| is_there(mark, **extent)).map(|_| (assignment.partition, mark))
        };
        let marks: BTreeMap<PartitionId, Mark> = assignments.iter().filter_map(mark).collect();
        if marks.is_empty() {
            self.proof = Proof::Done;
            return Ok(true);
        }
        let list = self.list(marks.iter().map(|(partition, mark)| (*partition, Offset::Offset(mark.offset))));
        self.client.assign(&list).map_err(|error| Ended::Fatal(format!("the Kafka client does not take the partitions: {error}")))?;
        self.proof = Proof::Looking(marks);
        Ok(false)
    }

    /// Looks at records, if any are to be looked at: one turn in place of reading.
    pub(super) fn look(&mut self) -> Result<bool, Ended> {
        if !matches!(self.proof, Proof::Looking(_)) {
            return Ok(false);
        }
        let mut patience = TURN;
        for _ in 0..PER_TURN {
            let found = match self.client.poll(patience) {
                None => break,
                Some(Ok(message)) => self.judge(&message),
                Some(Err(error)) => {
                    heed(&error, &mut self.rounds, &self.standings, &self.complaints, &self.clock)?;
                    None
                }
            };
            patience = Duration::ZERO;
            if let Some((partition, mark, verdict)) = found {
                self.take_verdict(partition, mark, verdict)?;
            }
        }
        self.look_past_marks();
        if matches!(&self.proof, Proof::Looking(marks) if marks.is_empty()) {
            self.proof = Proof::Done;
            // The logs may have moved meanwhile: their ends are asked for before they are read.
            self.rounds.layout = None;
            self.rounds.soon = true;
        }
        Ok(true)
    }

    /// What a record says about its log, if it is one that is looked for, or comes in its place.
    fn judge(&self, message: &BorrowedMessage<'_>) -> Option<(PartitionId, Mark, Verdict)> {
        let Proof::Looking(marks) = &self.proof else { return None };
        let partition = identify(&self.topics, message.topic(), message.partition())?;
        let mark = *marks.get(&partition)?;
        Some((partition, mark, verdict(mark, message.offset(), message.payload().unwrap_or_default())?))
    }

    fn take_verdict(&mut self, partition: PartitionId, mark: Mark, verdict: Verdict) -> Result<(), Ended> {
        if let Proof::Looking(marks) = &mut self.proof {
            marks.remove(&partition);
        }
        match verdict {
            Verdict::Same => Ok(()),
            Verdict::Other => {
                self.failed.insert(partition);
                let reason = replaced(&self.topics, partition, mark);
                self.tell(SourceEvent::Failed { partition, reason })
            }
            Verdict::Gone => {
                let (name, offset) = (layout::name(&self.topics, partition.topic), mark.offset);
                tracing::warn!(
                    "{name}/{}: no record stands at offset {offset} any more: whether it is the same log is not known",
                    partition.partition
                );
                Ok(())
            }
        }
    }

    /// Offsets after the mark that hold no records (transaction marks) are passed without a word.
    fn look_past_marks(&mut self) {
        let Proof::Looking(marks) = &mut self.proof else { return };
        let Ok(list) = self.client.position() else { return };
        for element in list.elements() {
            if let (Some(partition), Offset::Offset(next)) =
                (identify(&self.topics, element.topic(), element.partition()), element.offset())
                && marks.get(&partition).is_some_and(|mark| next > mark.offset)
            {
                marks.remove(&partition);
            }
        }
    }
}

/// Whether the log still has the record's offset.
fn is_there(mark: Mark, extent: Extent) -> bool {
    extent.low <= NextOffset(mark.offset) && NextOffset(mark.offset) < extent.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_its_offset_and_value_as_far_as_it_was_read() {
        let mark = Mark::of(7, b"value");
        assert_eq!(verdict(mark, 6, b"value"), None);
        assert_eq!(verdict(mark, 7, b"value"), Some(Verdict::Same));
        assert_eq!(verdict(mark, 7, b"other"), Some(Verdict::Other));
        assert_eq!(verdict(mark, 8, b"value"), Some(Verdict::Gone));
        let long = vec![b'x'; 2 * RECORD_LIMIT];
        assert_eq!(verdict(Mark::of(7, &long[..=RECORD_LIMIT]), 7, &long), Some(Verdict::Same));
    }

    #[test]
    fn what_retention_has_deleted_is_not_looked_for() {
        let extent = Extent { low: NextOffset(5), end: NextOffset(8) };
        assert!(!is_there(Mark::of(4, b""), extent) && is_there(Mark::of(5, b""), extent));
        assert!(is_there(Mark::of(7, b""), extent) && !is_there(Mark::of(8, b""), extent));
    }
}
