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
    /// A partition that is found later has its first time to be confirmed, and takes nothing back.
    is_caught_up: bool,
}

#[derive(Debug)]
struct Known {
    assigned_at: Time,
    confirmed_at: Option<Time>,
    /// When the broker has given something of it last, or was not asked to.
    heard_at: Time,
    trouble: Option<String>,
}

impl Known {
    fn since(at: Time) -> Self {
        Self { assigned_at: at, confirmed_at: None, heard_at: at, trouble: None }
    }
}

impl Readiness {
    /// Nothing is known yet; the service started at this instant.
    #[must_use]
    pub fn new(topics: Topics, started_at: Time) -> Self {
        Self { topics, started_at, partitions: BTreeMap::new(), trouble: None, is_assigned: false, is_caught_up: false }
    }

    /// The partition is read from this instant on.
    pub fn assigned(&mut self, partition: PartitionId, at: Time) {
        self.is_assigned = true;
        let known = self.known(partition, at);
        if known.confirmed_at.is_none() {
            (known.assigned_at, known.heard_at) = (at, at);
        }
    }

    /// At this instant the broker has given records of the partition, or is not asked for any.
    pub fn heard(&mut self, partition: PartitionId, at: Time) {
        self.known(partition, at).heard_at = at;
    }

    /// The broker confirmed at this instant that the partition is read to its end.
    pub fn confirmed(&mut self, partition: PartitionId, at: Time) {
        let known = self.known(partition, at);
        (known.confirmed_at, known.trouble) = (Some(at), None);
        self.trouble = None;
        let started_at = self.started_at;
        self.is_caught_up |= self.is_assigned && self.partitions.values().all(|known| known.confirmed_at >= Some(started_at));
    }

    /// At this instant something keeps a partition, or all, from being confirmed.
    pub fn trouble(&mut self, partition: Option<PartitionId>, at: Time, reason: String) {
        match partition {
            Some(partition) => self.known(partition, at).trouble = Some(reason),
            None => self.trouble = Some(reason),
        }
    }

    /// Whether every partition has been read to where its end stood at the start.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.is_caught_up
    }

    /// Whether no number is current: a partition could not be confirmed for [`STALE_AFTER`], or, before the log is caught up with, nothing was
    /// heard of it for so long.
    #[must_use]
    pub fn is_stale(&self, now: Time) -> bool {
        if self.is_caught_up {
            return !self.reasons(now).is_empty();
        }
        let is_silent = |since: Time| now.since(since) > STALE_AFTER;
        if self.is_assigned { self.partitions.values().any(|known| is_silent(known.heard_at)) } else { is_silent(self.started_at) }
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
        if !self.is_caught_up && known.confirmed_at < Some(self.started_at) {
            let seconds = now.since(self.started_at).0 / 1_000;
            return Some(format!("{name} has not caught up with its end yet, {seconds} s after the start{trouble}"));
        }
        let unconfirmed = now.since(known.confirmed_at.unwrap_or(known.assigned_at));
        (unconfirmed > STALE_AFTER).then(|| {
            format!("{name} has not been confirmed by the broker for {} s, the clock stands still{trouble}", unconfirmed.0 / 1_000)
        })
    }

    fn known(&mut self, partition: PartitionId, at: Time) -> &mut Known {
        self.partitions.entry(partition).or_insert_with(|| Known::since(at))
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
        readiness.assigned(part(0), AT);
        readiness.assigned(part(1), AT);
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
        readiness.trouble(Some(part(1)), AT + Span(29_000), "no broker answers".to_owned());
        assert!(readiness.reasons(AT + STALE_AFTER).is_empty());
        let reasons = readiness.reasons(AT + Span(31_000));
        assert_eq!(reasons, ["chat.events/1 has not been confirmed by the broker for 31 s, the clock stands still: no broker answers"]);
        assert!(readiness.is_caught_up(), "it was, once");
        assert!(readiness.is_stale(AT + Span(31_000)) && !readiness.is_stale(AT + STALE_AFTER));
    }

    #[test]
    fn a_partition_that_is_found_later_takes_nothing_back_and_is_missed_after_a_while() {
        let mut readiness = readiness();
        readiness.confirmed(part(0), AT);
        readiness.confirmed(part(1), AT);
        let later = AT + Span(3_600_000);
        (0..2).for_each(|known| readiness.confirmed(part(known), later - Span(90_000)));
        readiness.trouble(Some(part(2)), later - Span(90_000), "it has no leader".to_owned());
        assert!(!readiness.is_stale(later - Span(90_000)), "it was not there before");
        readiness.assigned(part(2), later);
        (0..2).for_each(|known| readiness.confirmed(part(known), later + Span(31_000)));
        assert!(readiness.is_caught_up());
        assert!(readiness.reasons(later + STALE_AFTER).is_empty());
        let reasons = readiness.reasons(later + Span(31_000));
        assert_eq!(reasons, ["chat.events/2 has not been confirmed by the broker for 31 s, the clock stands still: it has no leader"]);
        assert!(readiness.is_stale(later + Span(31_000)));
    }

    #[test]
    fn before_all_is_caught_up_with_silence_is_stale_and_reading_is_not() {
        let alone = Readiness::new(vec!["chat.events".to_owned()].into(), AT);
        assert!(!alone.is_stale(AT + STALE_AFTER) && alone.is_stale(AT + Span(30_001)), "no broker");
        let mut readiness = readiness();
        readiness.confirmed(part(0), AT);
        (0..2).for_each(|partition| readiness.heard(part(partition), AT + Span(29_000)));
        assert!(!readiness.is_stale(AT + Span(59_000)), "a long log is read");
        readiness.heard(part(0), AT + Span(59_000));
        assert!(!readiness.is_caught_up() && readiness.is_stale(AT + Span(59_001)), "nobody gives the other partition");
    }
}
