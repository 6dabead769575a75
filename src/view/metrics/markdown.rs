//! The catalogue as a page of documentation.

use super::catalogue::{KPI_SERIES, Metric, SERVICE_SERIES};

/// `docs/metrics.md`.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    page.push_str("\n## KPIs\n\n");
    page.push_str(ABOUT_KPIS);
    table(&mut page, KPI_SERIES);
    page.push_str("\n## The service itself\n\n");
    table(&mut page, SERVICE_SERIES);
    page
}

fn table(page: &mut String, metrics: &[&Metric]) {
    page.push_str("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    for Metric { name, kind, labels, help } in metrics {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        page.push_str(&format!("| `{name}` | {} | {} | {help} |\n", kind.word(), labels.join(", ")));
    }
}

const HEAD: &str = "# Metrics

Everything that `/metrics` shows. This page is generated from the catalogue in the program; a test holds the two against each other.

* Times are seconds, ratios go from 0 to 1, counters end in `_total`.
* An empty label stands for none: no team, the queue instead of an agent, any in a target.
* `within` is `true`, `false` or `none` (no target). `status` is a configured word, else `other`. `window` is one of the configured windows.
* A summary has quantiles of a rolling window, no sum and no count: use its series like gauges. For a group of agents take the histograms.
* No conversation, customer or free text is ever a label.
";

const ABOUT_KPIS: &str = "Absent until deskpulse has caught up with the log. Counters and histograms show the last committed state and never go down. \
Every target that is configured at the start is a bucket edge, written `30.0` (at most 8 besides the fixed list). With `agents = \"live\"` an agent's series are there while he \
is on duty, but his breaches always; a queue holds all customers of a team who wait for a person, on whomever.

";
