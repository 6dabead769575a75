//! What is kept beside the numbers: facts as receipts, and records that are no events. The loop lays outputs aside between two commits, and
//! the thread that writes them turns facts into receipts.

use crate::decode::Reject;
use crate::ingest::Record;
use crate::model::{Fact, Output, Posted, Time};
use crate::store::{Commit, PendingReceipts, PendingRejects, kept};
use crate::view;

/// Bytes of an output: nearly all are facts, and names are short or shared.
const OUTPUT_BYTES: usize = size_of::<Posted>() + size_of::<Fact>();

/// What was decided and rejected since the last commit. Nothing is collected for a store that forgets it.
#[derive(Debug, Default)]
pub struct Evidence {
    is_kept: bool,
    outputs: usize,
    collected: Collected,
}

/// What belongs to one commit.
#[derive(Debug, Default)]
pub struct Collected {
    posted: Vec<Vec<Posted>>,
    rejects: PendingRejects,
}

impl Evidence {
    /// Nothing yet, and nothing ever unless the store is durable.
    #[must_use]
    pub fn new(is_kept: bool) -> Self {
        Self { is_kept, ..Self::default() }
    }

    /// Takes what was decided.
    pub fn posted(&mut self, posted: Vec<Posted>) {
        if self.is_kept && !posted.is_empty() {
            self.outputs += posted.len();
            self.collected.posted.push(posted);
        }
    }

    /// Takes a record that is no event, read from `topic` at `now`.
    pub fn rejected(&mut self, record: &Record<'_>, reject: &Reject, topic: &str, now: Time) {
        if self.is_kept {
            let why = (reject.reason.word(), reject.without_words());
            let position = record.position;
            self.collected.rejects.add(&kept(topic, (position.partition.partition, position.offset), record.value, why, now));
        }
    }

    /// Bytes of outputs that wait for a commit, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.outputs * OUTPUT_BYTES
    }

    /// Everything since the last time.
    pub fn take(&mut self) -> Collected {
        self.outputs = 0;
        std::mem::take(&mut self.collected)
    }
}

impl Collected {
    /// Puts it into its commit.
    pub fn put_into(self, commit: &mut Commit) {
        commit.receipts = receipts(self.posted);
        commit.rejects = self.rejects;
    }
}

fn receipts(posted: Vec<Vec<Posted>>) -> PendingReceipts {
    let mut receipts = PendingReceipts::default();
    for one in posted.into_iter().flatten() {
        if let Output::Fact(fact) = &one.output
            && let (Some(kind), Some(line)) = (view::fact::word(&fact.kind), view::fact::line(fact))
        {
            receipts.add(fact, kind, &line);
        }
    }
    receipts
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
        evidence.posted(facts());
        reject(&mut evidence);
        assert_eq!(evidence.bytes(), 3 * OUTPUT_BYTES);
        let mut commit = Commit::default();
        evidence.take().put_into(&mut commit);
        assert!(!commit.receipts.is_empty() && !commit.rejects.is_empty());
        assert_eq!(evidence.bytes(), 0);
        let mut next = Commit::default();
        evidence.take().put_into(&mut next);
        assert_eq!(next, Commit::default());
    }

    #[test]
    fn a_store_that_forgets_is_given_nothing() {
        let mut evidence = Evidence::new(false);
        evidence.posted(facts());
        reject(&mut evidence);
        let mut commit = Commit::default();
        evidence.take().put_into(&mut commit);
        assert_eq!(commit, Commit::default());
    }
}
