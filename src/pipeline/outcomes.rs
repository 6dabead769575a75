//! What became of the records of each topic, over the life of the store: counters that go on after a restart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decode::Reason;
use crate::engine::Counts;
use crate::model::{Row, RowError, Table};

const ROW_VERSION: u8 = 1;
/// The key of the row of what belongs to no topic.
const OF_NONE: u16 = u16::MAX;

/// Records of one topic that are no events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losses {
    /// Of a type that is not ours.
    pub unknown_type: u64,
    /// Empty.
    pub tombstone: u64,
    /// Rejected, by [`Reason::ALL`].
    pub rejected: [u64; Reason::ALL.len()],
}

/// What became of the records of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicOutcomes {
    /// Of those that are events.
    pub counts: Counts,
    /// Of the others.
    pub losses: Losses,
}

/// What became of all records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// By the topic's number.
    pub topics: Vec<TopicOutcomes>,
    /// Durations that came out negative and were counted as zero.
    pub clamped: u64,
    /// Samples dropped from full rolling windows.
    pub samples_left_out: u64,
}

/// The row of one topic.
#[derive(Debug, Serialize, Deserialize)]
struct TopicRow {
    applied: u64,
    duplicate: u64,
    late: u64,
    skewed: u64,
    implicit: u64,
    forgotten: u64,
    unknown_type: u64,
    tombstone: u64,
    rejected: BTreeMap<String, u64>,
}

/// The row of what belongs to no topic.
#[derive(Debug, Serialize, Deserialize)]
struct OtherRow {
    clamped: u64,
    samples_left_out: u64,
}

impl Outcomes {
    /// The rows in which these differ from what was told before.
    pub(super) fn changes(&self, told: &Self, rows: &mut Vec<Row>) {
        for (number, topic) in (0_u16..).zip(&self.topics) {
            if told.topics.get(usize::from(number)) != Some(topic) {
                rows.push(Row::put(Table::Outcome, ROW_VERSION, &number, &TopicRow::of(topic)));
            }
        }
        if (self.clamped, self.samples_left_out) != (told.clamped, told.samples_left_out) {
            let row = OtherRow { clamped: self.clamped, samples_left_out: self.samples_left_out };
            rows.push(Row::put(Table::Outcome, ROW_VERSION, &OF_NONE, &row));
        }
    }

    /// Takes a row of [`Table::Outcome`] back.
    pub(super) fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        let number: u16 = row.read_key()?;
        if number == OF_NONE {
            let (_, other): (u16, OtherRow) = row.read(ROW_VERSION)?;
            (self.clamped, self.samples_left_out) = (other.clamped, other.samples_left_out);
            return Ok(());
        }
        let (_, topic): (u16, TopicRow) = row.read(ROW_VERSION)?;
        let index = usize::from(number);
        if self.topics.len() <= index {
            self.topics.resize(index + 1, TopicOutcomes::default());
        }
        self.topics[index] = topic.outcomes();
        Ok(())
    }
}

impl TopicRow {
    fn of(topic: &TopicOutcomes) -> Self {
        let TopicOutcomes { counts, losses } = topic;
        let rejected = Reason::ALL.into_iter().zip(losses.rejected).filter(|(_, count)| *count > 0);
        Self {
            applied: counts.applied,
            duplicate: counts.duplicate,
            late: counts.late,
            skewed: counts.skewed,
            implicit: counts.implicit,
            forgotten: counts.forgotten,
            unknown_type: losses.unknown_type,
            tombstone: losses.tombstone,
            rejected: rejected.map(|(reason, count)| (reason.word().to_owned(), count)).collect(),
        }
    }

    fn outcomes(&self) -> TopicOutcomes {
        let counts = Counts {
            applied: self.applied,
            duplicate: self.duplicate,
            late: self.late,
            skewed: self.skewed,
            implicit: self.implicit,
            forgotten: self.forgotten,
        };
        let rejected = Reason::ALL.map(|reason| self.rejected.get(reason.word()).copied().unwrap_or(0));
        TopicOutcomes { counts, losses: Losses { unknown_type: self.unknown_type, tombstone: self.tombstone, rejected } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_back_from_the_rows_that_changed() {
        let mut now = Outcomes { clamped: 3, ..Outcomes::default() };
        let mut topic = TopicOutcomes { counts: Counts { applied: 5, late: 1, ..Counts::default() }, losses: Losses::default() };
        topic.losses.rejected[2] = 7;
        now.topics = vec![TopicOutcomes::default(), topic];
        let mut rows = Vec::new();
        now.changes(&Outcomes::default(), &mut rows);
        let mut restored = Outcomes::default();
        rows.iter().for_each(|row| restored.restore(row).unwrap());
        assert_eq!(restored, now);
        rows.clear();
        now.changes(&restored, &mut rows);
        assert!(rows.is_empty());
        now.topics[0].losses.tombstone = 1;
        now.changes(&restored, &mut rows);
        assert_eq!(rows.len(), 1);
    }
}
