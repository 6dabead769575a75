//! The service's own counters, as the core knows them.

use crate::decode::Reason;
use crate::view::metrics::Reading;
use crate::view::metrics::catalogue::{self, Metric};

use super::core::Core;
use super::outcomes::{Outcomes, TopicOutcomes};

impl Core {
    /// Every counter of the service that follows from records alone, family by family; `topics` are the names to show, in their order.
    #[must_use]
    pub fn own_counters(&self, topics: &[String]) -> Vec<Reading> {
        self.outcomes().readings(topics)
    }
}

/// What became of the records of one topic.
struct Topic<'a> {
    name: &'a str,
    outcomes: TopicOutcomes,
}

impl Outcomes {
    /// See [`Core::own_counters`].
    pub(super) fn readings(&self, topics: &[String]) -> Vec<Reading> {
        let of = |index: usize| self.topics.get(index).cloned().unwrap_or_default();
        let topics: Vec<Topic<'_>> = topics.iter().enumerate().map(|(index, name)| Topic { name, outcomes: of(index) }).collect();
        let mut readings = Vec::new();
        for topic in &topics {
            let rejected = topic.outcomes.losses.rejected.iter().sum();
            for (outcome, count) in [
                ("applied", topic.outcomes.counts.applied),
                ("duplicate", topic.outcomes.counts.duplicate),
                ("rejected", rejected),
                ("unknown_type", topic.outcomes.losses.unknown_type),
                ("tombstone", topic.outcomes.losses.tombstone),
            ] {
                readings.push(reading(&catalogue::EVENTS, &[topic.name, outcome], count));
            }
        }
        let mut of_applied = |metric, count: fn(&Topic<'_>) -> u64| {
            readings.extend(topics.iter().map(|topic| reading(metric, &[topic.name], count(topic))));
        };
        of_applied(&catalogue::LATE_EVENTS, |topic| topic.outcomes.counts.late);
        of_applied(&catalogue::SKEWED_EVENTS, |topic| topic.outcomes.counts.skewed);
        of_applied(&catalogue::IMPLICIT_STARTS, |topic| topic.outcomes.counts.implicit);
        of_applied(&catalogue::FORGOTTEN, |topic| topic.outcomes.counts.forgotten);
        for topic in &topics {
            let by_reason = Reason::ALL.into_iter().zip(topic.outcomes.losses.rejected);
            readings.extend(by_reason.map(|(reason, count)| reading(&catalogue::REJECTED, &[topic.name, reason.word()], count)));
        }
        readings.push(reading(&catalogue::CLAMPED_DURATIONS, &[], self.clamped));
        readings.push(reading(&catalogue::WINDOW_SAMPLES_LEFT_OUT, &[], self.samples_left_out));
        readings
    }
}

fn reading(metric: &'static Metric, labels: &[&str], count: u64) -> Reading {
    Reading { metric, labels: labels.iter().map(|label| (*label).to_owned()).collect(), count }
}
