//! The demo's source: the broker's confirmations, told in simulated time for as long as the simulation is behind the clock.
//!
//! A simulated past is written much faster than it happened. That the log is read to its end then means: everything up to the instant
//! that had been simulated has come, not everything up to now.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ingest::{Source, SourceEvent};
use crate::model::{NextOffset, PartitionId, Time};

/// Marks that are kept: confirmations come many times as often.
const MARKS_KEPT: usize = 10_000;

/// How far the simulation had come, by the wall clock: shared by who writes and who reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<VecDeque<(Time, Time)>>>);

impl Progress {
    /// At `now`, everything up to `simulated` has been delivered.
    pub(crate) fn mark(&self, now: Time, simulated: Time) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.push_back((now, simulated));
        if marks.len() > MARKS_KEPT {
            marks.pop_front();
        }
    }

    /// How far it had come at `now`.
    fn at(&self, now: Time) -> Option<Time> {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while marks.get(1).is_some_and(|(marked, _)| *marked <= now) {
            marks.pop_front();
        }
        marks.front().filter(|(marked, _)| *marked <= now).map(|(_, simulated)| *simulated)
    }
}

/// A source whose confirmations are those of the simulation.
pub(crate) struct Simulated<S> {
    pub(crate) source: S,
    pub(crate) progress: Progress,
}

impl<S: Source + Send> Source for Simulated<S> {
    async fn next(&mut self) -> Option<SourceEvent> {
        loop {
            match self.source.next().await {
                Some(SourceEvent::Confirmed { partition, at, next }) => {
                    if let Some(at) = self.progress.at(at) {
                        return Some(SourceEvent::Confirmed { partition, at, next });
                    }
                }
                other => return other,
            }
        }
    }

    fn pause(&mut self, partition: PartitionId) {
        self.source.pause(partition);
    }

    fn resume(&mut self, partition: PartitionId) {
        self.source.resume(partition);
    }

    fn commit(&mut self, positions: &BTreeMap<PartitionId, NextOffset>) {
        self.source.commit(positions);
    }

    fn close(self, limit: Duration) -> impl Future<Output = bool> + Send {
        self.source.close(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_means_what_had_been_delivered_when_it_was_asked_for() {
        let progress = Progress::default();
        assert_eq!(progress.at(Time(5)), None);
        progress.mark(Time(10), Time(1));
        progress.mark(Time(20), Time(2));
        assert_eq!(progress.at(Time(9)), None);
        assert_eq!(progress.at(Time(19)), Some(Time(1)));
        assert_eq!(progress.at(Time(20)), Some(Time(2)));
        assert_eq!(progress.at(Time(1_000)), Some(Time(2)));
    }
}
