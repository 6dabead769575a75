//! Logs, and the service's own metrics with cached handles. It takes plain values; names come from the catalogue in `view`.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use metrics::{Counter, Gauge, Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tracing_subscriber::EnvFilter;

use crate::view::metrics::catalogue::{Kind, Metric, SERVICE_SERIES};

/// Edges of the buckets of durations, in seconds.
const EDGES: [f64; 19] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0];

const METADATA: Metadata<'static> = Metadata::new("deskpulse", Level::INFO, None);

/// Starts logging to standard error: `RUST_LOG` filters, `NO_COLOR` is honoured.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rdkafka=error,librdkafka=error"));
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(color).with_target(false);
    // A second start in one process (tests) keeps the first.
    let _started_before = logging.try_init().is_err();
}

/// The service's own series. Handles are made once for each set of labels.
pub struct ServiceMetrics {
    recorder: PrometheusRecorder,
    counters: BTreeMap<(&'static str, Vec<String>), Counter>,
    gauges: BTreeMap<(&'static str, Vec<String>), Gauge>,
}

impl std::fmt::Debug for ServiceMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceMetrics").finish_non_exhaustive()
    }
}

impl Default for ServiceMetrics {
    fn default() -> Self {
        let recorder = PrometheusBuilder::new().set_buckets(&EDGES).unwrap_or_default().build_recorder();
        for metric in SERVICE_SERIES {
            let (name, help) = (KeyName::from_const_str(metric.name), SharedString::const_str(metric.help));
            match metric.kind {
                Kind::Counter => recorder.describe_counter(name, None::<Unit>, help),
                Kind::Gauge => recorder.describe_gauge(name, None::<Unit>, help),
                Kind::Histogram | Kind::Summary => recorder.describe_histogram(name, None::<Unit>, help),
            }
        }
        Self { recorder, counters: BTreeMap::new(), gauges: BTreeMap::new() }
    }
}

impl ServiceMetrics {
    /// What renders the series.
    #[must_use]
    pub fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }

    /// Sets a counter to what was counted so far. `labels` in the order of the catalogue.
    pub fn counted(&mut self, metric: &'static Metric, labels: &[&str], count: u64) {
        let recorder = &self.recorder;
        let handle = self
            .counters
            .entry((metric.name, labels.iter().map(|label| (*label).to_owned()).collect()))
            .or_insert_with(|| recorder.register_counter(&key(metric, labels), &METADATA));
        handle.absolute(count);
    }

    /// Sets a gauge. `labels` in the order of the catalogue.
    pub fn shows(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        let recorder = &self.recorder;
        let handle = self
            .gauges
            .entry((metric.name, labels.iter().map(|label| (*label).to_owned()).collect()))
            .or_insert_with(|| recorder.register_gauge(&key(metric, labels), &METADATA));
        handle.set(value);
    }

    /// Adds a duration to a histogram without labels.
    pub fn took(&mut self, metric: &'static Metric, seconds: f64) {
        self.recorder.register_histogram(&key(metric, &[]), &METADATA).record(seconds);
        // Samples lie in a list until somebody asks for the page; nobody may ever.
        self.recorder.handle().run_upkeep();
    }
}

fn key(metric: &'static Metric, labels: &[&str]) -> Key {
    let named = metric.labels.iter().zip(labels).map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, named.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::metrics::catalogue::COMMIT_SECONDS;

    #[test]
    fn a_duration_counts_in_every_bucket_that_it_fits_into() {
        let mut metrics = ServiceMetrics::default();
        metrics.took(&COMMIT_SECONDS, 0.12);
        metrics.took(&COMMIT_SECONDS, 60.0);
        let page = metrics.handle().render();
        let count = |series: &str| page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let bucket = |edge: &str| count(&format!("deskpulse_commit_seconds_bucket{{le=\"{edge}\"}}"));
        assert_eq!(["0.1", "0.15", "10", "+Inf"].map(bucket), [Some("0"), Some("1"), Some("1"), Some("2")], "{page}");
        assert_eq!(count("deskpulse_commit_seconds_sum"), Some("60.12"));
    }
}
