//! Readiness: caught up with the log as it stood at the start, and still confirmed since. A quiet night is ready; a silent broker is not.

use std::collections::BTreeMap;

use crate::model::{PartitionId, Span, Time, Topics};

/// A partition that the broker has not confirmed for this long is stale.
pub const STALE_AFTER: Span = Span(30_000);

/// What is known of every partition that is read.
#[derive(Debug)]
pub struct Readiness {
    topics: Topics,
    started_at: Time,
    partitions: BTreeMap<PartitionId, Known>,
    trouble: Option<String>,
    is_assigned: bool,
}

#[derive(Debug, Default)]
struct Known {
    confirmed_at: Option<Time>,
    trouble: Option<String>,
}

impl Readiness {
    /// Nothing is known yet; the service started at this instant.
    #[must_use]
    pub fn new(topics: Topics, started_at: Time) -> Self {
        Self { topics, started_at, partitions: BTreeMap::new(), trouble: None, is_assigned: false }
    }

    /// The partition is read from now on.
    pub fn assigned(&mut self, partition: PartitionId) {
        self.is_assigned = true;
        self.partitions.entry(partition).or_default();
    }

    /// The broker confirmed at this instant that the partition is read to its end.
    pub fn confirmed(&mut self, partition: PartitionId, at: Time) {
        let known = self.partitions.entry(partition).or_default();
        known.confirmed_at = Some(at);
        known.trouble = None;
        self.trouble = None;
    }

    /// Something keeps a partition, or all, from being confirmed.
    pub fn trouble(&mut self, partition: Option<PartitionId>, reason: String) {
        match partition {
            Some(partition) => self.partitions.entry(partition).or_default().trouble = Some(reason),
            None => self.trouble = Some(reason),
        }
    }

    /// Whether every partition has been read to where its end stood at the start.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.is_assigned && self.partitions.values().all(|known| known.confirmed_at >= Some(self.started_at))
    }

    /// Why the service is not ready at this instant, a sentence each; none when it is.
    #[must_use]
    pub fn reasons(&self, now: Time) -> Vec<String> {
        if !self.is_assigned {
            return vec![self.trouble.clone().unwrap_or_else(|| "no partition is read yet: waiting for the brokers".to_owned())];
        }
        let mut reasons: Vec<String> =
            self.partitions.iter().filter_map(|(partition, known)| self.reason(*partition, known, now)).collect();
        if !reasons.is_empty() {
            reasons.extend(self.trouble.clone());
        }
        reasons
    }

    fn reason(&self, partition: PartitionId, known: &Known, now: Time) -> Option<String> {
        let name = format!("{}/{}", self.topics.get(usize::from(partition.topic)).map_or("?", String::as_str), partition.partition);
        let trouble = known.trouble.as_deref().map_or_else(String::new, |trouble| format!(": {trouble}"));
        let Some(confirmed_at) = known.confirmed_at.filter(|at| *at >= self.started_at) else {
            let seconds = now.since(self.started_at).0 / 1_000;
            return Some(format!("{name} has not caught up with its end yet, {seconds} s after the start{trouble}"));
        };
        let unconfirmed = now.since(confirmed_at);
        (unconfirmed > STALE_AFTER).then(|| {
            format!("{name} has not been confirmed by the broker for {} s, the clock stands still{trouble}", unconfirmed.0 / 1_000)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time(1_800_000_000_000);

    fn part(partition: u32) -> PartitionId {
        PartitionId { topic: 0, partition }
    }

    fn readiness() -> Readiness {
        let mut readiness = Readiness::new(vec!["chat.events".to_owned()].into(), AT);
        readiness.assigned(part(0));
        readiness.assigned(part(1));
        readiness
    }

    #[test]
    fn nothing_is_ready_before_every_partition_was_confirmed() {
        let mut readiness = readiness();
        readiness.confirmed(part(0), AT);
        assert!(!readiness.is_caught_up());
        assert_eq!(readiness.reasons(AT + Span(5_000)), ["chat.events/1 has not caught up with its end yet, 5 s after the start"]);
        readiness.confirmed(part(1), AT);
        assert!(readiness.is_caught_up() && readiness.reasons(AT + Span(5_000)).is_empty());
    }

    #[test]
    fn a_partition_that_nobody_confirms_is_named_with_the_trouble() {
        let mut readiness = readiness();
        readiness.confirmed(part(0), AT);
        readiness.confirmed(part(1), AT);
        readiness.confirmed(part(0), AT + Span(29_000));
        readiness.trouble(Some(part(1)), "no broker answers".to_owned());
        assert!(readiness.reasons(AT + STALE_AFTER).is_empty());
        let reasons = readiness.reasons(AT + Span(31_000));
        assert_eq!(reasons, ["chat.events/1 has not been confirmed by the broker for 31 s, the clock stands still: no broker answers"]);
        assert!(readiness.is_caught_up(), "it was, once");
    }
}
