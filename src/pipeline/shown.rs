//! The service's own numbers, given to its metrics. Counters are those of the last commit, so that none goes down after a restart.

use crate::engine::Engine;
use crate::model::Time;
use crate::telemetry::ServiceMetrics;
use crate::view::metrics::{Reading, catalogue};

use super::commits::Kept;

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
    metrics.shows(&catalogue::INGESTION_STALE, &[], f64::from(u8::from(is_caught_up && is_stale)));
    metrics.shows(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
    if let Some(newest) = engine.newest_of_all() {
        metrics.shows(&catalogue::LAST_EVENT, &[], newest.0 as f64 / 1_000.0);
    }
}
