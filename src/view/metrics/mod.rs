//! Prometheus: the KPI series of one snapshot, and the catalogue of all metrics.
//!
//! Same snapshot and moment, same bytes: families in the order of the catalogue, series in the order of their labels. A series that
//! the snapshot lacks is gone.

pub mod catalogue;
mod history;
mod markdown;
mod month;
mod now;
mod roster;
mod text;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::{LiveView, TargetNow};
use crate::kpi::{CounterReadings, SpentReading, TotalRow, WindowReadings};
use crate::model::{Name, Time};

use catalogue::Metric;
pub use markdown::markdown;
use roster::Roster;
use text::Page;

/// Everything that is shown, as of one moment. Never changed; the next one takes its place.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Whether the log is caught up with: before, there are no KPI series.
    pub caught_up: bool,
    /// Who waits, what agents do; the engine's clock.
    pub live: LiveView,
    /// Rolling windows.
    pub windows: WindowReadings,
    /// Time of the agents on duty in the same windows.
    pub spent: Vec<SpentReading>,
    /// Cumulative counters.
    pub counters: CounterReadings,
    /// Rows of the month to date, in the order of the totals.
    pub months: Vec<TotalRow>,
    /// Targets in force.
    pub targets: Arc<[TargetNow]>,
    /// Names of agents for display, by id.
    pub names: Arc<BTreeMap<Name, Name>>,
    /// Which series there are.
    pub options: Arc<SeriesOptions>,
}

/// Section `[metrics]` of the configuration, and the words that may be labels.
#[derive(Debug, Clone)]
pub struct SeriesOptions {
    /// Which agents have series of their own.
    pub agents: AgentOption,
    /// At most so many agents have; the others' series are left out and counted.
    pub max_agents: usize,
    /// The configured status words; any other is shown as `other`.
    pub statuses: BTreeSet<Name>,
}

/// Which agents have series of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentOption {
    /// Those on duty; breaches of all.
    #[default]
    Live,
    /// Counters and months of all.
    All,
    /// None.
    Off,
}

impl Default for SeriesOptions {
    fn default() -> Self {
        Self { agents: AgentOption::Live, max_agents: 20_000, statuses: BTreeSet::new() }
    }
}

/// The KPI series in the text exposition format. Empty until caught up.
#[must_use]
pub fn render(snapshot: &Snapshot, now: Time) -> String {
    if !snapshot.caught_up {
        return String::new();
    }
    let roster = Roster::of(snapshot);
    // About three kilobytes an agent: growing by copies would cost more than writing.
    let mut page = Page::with_capacity(64 * 1024 + 3 * 1024 * snapshot.live.agents.len().min(snapshot.options.max_agents));
    history::write(&mut page, snapshot, &roster);
    window::write(&mut page, snapshot, &roster);
    now::write(&mut page, snapshot, &roster, now);
    month::write(&mut page, &snapshot.months, &roster);
    page.family(&catalogue::SERIES_LEFT_OUT).sample(&[], roster.left_out());
    page.into_text()
}

/// What one of the service's own counters has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which one.
    pub metric: &'static Metric,
    /// Values of its labels, in its order.
    pub labels: Vec<String>,
    /// What was counted so far.
    pub count: u64,
}

/// The service's own counters for a page without the metrics recorder, that of a replay. Readings of one metric stand together.
#[must_use]
pub fn counters(readings: &[Reading]) -> String {
    let mut page = Page::with_capacity(128 * readings.len());
    for family in readings.chunk_by(|a, b| a.metric == b.metric) {
        let Some(Reading { metric, .. }) = family.first() else { continue };
        let mut series = page.family(metric);
        for reading in family {
            series.sample(&reading.labels.iter().map(String::as_str).collect::<Vec<_>>(), reading.count);
        }
    }
    page.into_text()
}

fn or_empty(name: &Option<Name>) -> &str {
    name.as_deref().unwrap_or("")
}

#[cfg(test)]
mod tests;
