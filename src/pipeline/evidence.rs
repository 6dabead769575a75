//! What is kept beside the numbers: facts as receipts, and records that are no events. Collected here between two commits.

use crate::decode::Reject;
use crate::ingest::Record;
use crate::model::{Output, Posted, Time};
use crate::store::{Commit, PendingReceipts, PendingRejects, kept};
use crate::view;

/// Receipts and rejected records since the last commit. Nothing is collected for a store that forgets them.
#[derive(Debug, Default)]
pub struct Evidence {
    is_kept: bool,
    receipts: PendingReceipts,
    rejects: PendingRejects,
}

impl Evidence {
    /// Nothing yet, and nothing ever unless the store is durable.
    #[must_use]
    pub fn new(is_kept: bool) -> Self {
        Self { is_kept, ..Self::default() }
    }

    /// Takes the facts out of what was decided.
    pub fn posted(&mut self, posted: &[Posted]) {
        if !self.is_kept {
            return;
        }
        for one in posted {
            if let Output::Fact(fact) = &one.output
                && let (Some(kind), Some(line)) = (view::fact::word(&fact.kind), view::fact::line(fact))
            {
                self.receipts.add(fact, kind, &line);
            }
        }
    }

    /// Takes a record that is no event, read from `topic` at `now`.
    pub fn rejected(&mut self, record: &Record<'_>, reject: &Reject, topic: &str, now: Time) {
        if self.is_kept {
            let why = (reject.reason.word(), reject.without_words());
            let position = record.position;
            self.rejects.add(&kept(topic, (position.partition.partition, position.offset), record.value, why, now));
        }
    }

    /// Bytes of receipts that wait for a commit.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.receipts.bytes()
    }

    /// Puts everything into a commit.
    pub fn give(&mut self, commit: &mut Commit) {
        commit.receipts = std::mem::take(&mut self.receipts);
        commit.rejects = std::mem::take(&mut self.rejects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Decoded, Decoder};
    use crate::model::{Fact, FactKind, PartitionId, Position, Tally};

    fn facts() -> Vec<Posted> {
        let fact = |kind| Fact { at: Time(5), by_deadline: false, team: None, agent: Some("amy".into()), conversation: None, kind };
        let output = [
            Output::Fact(Box::new(fact(FactKind::Rated { score: 4.0, scale: 5.0 }))),
            Output::Tally(Box::new(Tally::Clamped)),
            Output::Fact(Box::new(fact(FactKind::Complained))),
        ];
        output.into_iter().map(|output| Posted { clock: Time(6), output }).collect()
    }

    fn reject(evidence: &mut Evidence) {
        let value = br#"{"id":"e1","type":"chat.message","time":"2026-11-23T09:00:00Z","chat":"c1","from":"I am Mary"}"#;
        let Decoded::Rejected(reject) = Decoder::new(&[], &[]).unwrap().decode(value) else { panic!("an event") };
        let position = Position { partition: PartitionId { topic: 0, partition: 2 }, offset: 9 };
        evidence.rejected(&Record { position, arrived: None, value }, &reject, "chat.events", Time(7));
    }

    #[test]
    fn what_was_collected_goes_into_one_commit() {
        let mut evidence = Evidence::new(true);
        evidence.posted(&facts());
        reject(&mut evidence);
        assert!(evidence.bytes() > 0);
        let mut commit = Commit::default();
        evidence.give(&mut commit);
        assert!(!commit.receipts.is_empty() && !commit.rejects.is_empty());
        let mut next = Commit::default();
        evidence.give(&mut next);
        assert_eq!(next, Commit::default());
    }

    #[test]
    fn a_store_that_forgets_is_given_nothing() {
        let mut evidence = Evidence::new(false);
        evidence.posted(&facts());
        reject(&mut evidence);
        let mut commit = Commit::default();
        evidence.give(&mut commit);
        assert_eq!(commit, Commit::default());
    }
}
