//! The service's own numbers, given to its metrics. Counters are those of the last commit, so that none goes down after a restart.

use crate::engine::Engine;
use crate::model::{Span, Time};
use crate::telemetry::ServiceMetrics;
use crate::view::metrics::{Reading, catalogue};

use super::commits::Kept;

/// A snapshot is made at least this long after the one before…
pub(super) const PAUSE_MIN: Span = Span(100);
/// …and after so many times as long as the one before took, so that making them stays a small part of the work…
const COST: i64 = 10;
/// …but never longer: a process that stood still in the midst of one must not keep silent for ten times that.
const PAUSE_MAX: Span = Span(5_000);

/// How long to wait for the next snapshot after one that took so long.
pub(super) fn pause(took: Span) -> Span {
    Span(took.0.saturating_mul(COST)).clamp(PAUSE_MIN, PAUSE_MAX)
}

/// Gives what was committed: what became of records, and the clock up to which counters count.
pub(super) fn kept(metrics: &mut ServiceMetrics, kept: &Kept, topics: &[String]) {
    if kept.clock != Time::MIN {
        metrics.shows(&catalogue::CLOCK, &[], kept.clock.0 as f64 / 1_000.0);
    }
    for Reading { metric, labels, count } in kept.outcomes.readings(topics) {
        metrics.counted(metric, &labels.iter().map(String::as_str).collect::<Vec<_>>(), count);
    }
}

/// Gives the gauges of how the service stands.
pub(super) fn standing(metrics: &mut ServiceMetrics, engine: &Engine, is_caught_up: bool, is_stale: bool) {
    metrics.shows(&catalogue::CAUGHT_UP, &[], f64::from(u8::from(is_caught_up)));
    metrics.shows(&catalogue::INGESTION_STALE, &[], f64::from(u8::from(is_stale)));
    metrics.shows(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
    if let Some(newest) = engine.newest_of_all() {
        metrics.shows(&catalogue::LAST_EVENT, &[], newest.0 as f64 / 1_000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_stay_a_small_part_of_the_work_and_a_standstill_keeps_none_back_for_long() {
        for (took, pause_ms) in [(0, 100), (20, 200), (400, 4_000), (90_000, 5_000)] {
            assert_eq!(pause(Span(took)), Span(pause_ms), "{took}");
        }
    }
}
