//! The service's own counters, as the core knows them.

use crate::decode::Reason;
use crate::view::metrics::Reading;
use crate::view::metrics::catalogue::{self, Metric};

use super::core::{Core, Losses};

/// What became of the records of one topic.
struct Topic<'a> {
    name: &'a str,
    counts: crate::engine::Counts,
    losses: Losses,
}

impl Core {
    /// Every counter of the service that follows from records alone, family by family; `topics` are the names to show, in their order.
    #[must_use]
    pub fn own_counters(&self, topics: &[String]) -> Vec<Reading> {
        let topics: Vec<Topic<'_>> = topics.iter().enumerate().map(|(index, name)| self.topic(index, name)).collect();
        let mut readings = Vec::new();
        for topic in &topics {
            let rejected = topic.losses.rejected.iter().sum();
            for (outcome, count) in [
                ("applied", topic.counts.applied),
                ("duplicate", topic.counts.duplicate),
                ("rejected", rejected),
                ("unknown_type", topic.losses.unknown_type),
                ("tombstone", topic.losses.tombstone),
            ] {
                readings.push(reading(&catalogue::EVENTS, &[topic.name, outcome], count));
            }
        }
        let mut of_applied = |metric, count: fn(&Topic<'_>) -> u64| {
            readings.extend(topics.iter().map(|topic| reading(metric, &[topic.name], count(topic))));
        };
        of_applied(&catalogue::LATE_EVENTS, |topic| topic.counts.late);
        of_applied(&catalogue::SKEWED_EVENTS, |topic| topic.counts.skewed);
        of_applied(&catalogue::IMPLICIT_STARTS, |topic| topic.counts.implicit);
        of_applied(&catalogue::FORGOTTEN, |topic| topic.counts.forgotten);
        for topic in &topics {
            let by_reason = Reason::ALL.into_iter().zip(topic.losses.rejected);
            readings.extend(by_reason.map(|(reason, count)| reading(&catalogue::REJECTED, &[topic.name, reason.word()], count)));
        }
        readings.push(reading(&catalogue::CLAMPED_DURATIONS, &[], self.clamped()));
        readings.push(reading(&catalogue::WINDOW_SAMPLES_LEFT_OUT, &[], self.window_samples_left_out()));
        readings
    }

    fn topic<'a>(&self, index: usize, name: &'a str) -> Topic<'a> {
        let counts = self.engine().counts().get(index).copied().unwrap_or_default();
        Topic { name, counts, losses: self.losses().get(index).cloned().unwrap_or_default() }
    }
}

fn reading(metric: &'static Metric, labels: &[&str], count: u64) -> Reading {
    Reading { metric, labels: labels.iter().map(|label| (*label).to_owned()).collect(), count }
}
