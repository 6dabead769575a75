//! A page of metrics, read back.

/// The samples of a page, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub text: String,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

impl Page {
    /// Reads a page. No label value in these tests holds a comma or a quote.
    pub fn read(text: String) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(Sample::read).collect();
        Self { text, samples }
    }

    /// The sum over all series of this name with these labels; `None` when there is no such series.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let values: Vec<f64> = self.samples.iter().filter(|sample| sample.is(name, labels)).map(|sample| sample.value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// The same, 0 without a series.
    pub fn count(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.sum(name, labels).unwrap_or(0.0)
    }

    /// The clock in milliseconds.
    pub fn clock(&self) -> Option<i64> {
        self.sum("deskpulse_clock_timestamp_seconds", &[]).map(milliseconds)
    }

    /// The lines of the KPI series that are as of the engine's clock: not waits, which go on by the wall clock.
    pub fn kpi_lines(&self) -> Vec<&str> {
        let by_wall_clock = ["_longest_wait_seconds", "_over_target_customers", "_oldest_open_complaint_seconds"];
        let kpis = deskpulse::view::metrics::catalogue::KPI_SERIES;
        let lines = self.text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter(|line| {
                let name = line.split(['{', ' ']).next().unwrap_or_default();
                kpis.iter().any(|metric| name.starts_with(metric.name)) && !by_wall_clock.iter().any(|end| name.ends_with(end))
            })
            .collect()
    }
}

impl Sample {
    fn read(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
        let labels = labels.map(|label| {
            let (name, value) = label.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('"').to_owned())
        });
        Self { name: name.to_owned(), labels: labels.collect(), value: value.parse().unwrap() }
    }

    fn is(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.name == name && labels.iter().all(|(name, value)| self.labels.iter().any(|(own, is)| own == name && is == value))
    }
}

/// Seconds of a page as whole milliseconds: sums of them are exact again.
pub fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0).round() as i64
}
