//! Gauges over rolling windows.

use super::Snapshot;
use super::catalogue::{self as names, Metric};
use super::or_empty;
use super::roster::Roster;
use super::text::{Page, Ratio, Series};
use crate::kpi::{AgentSeries, GroupSeries, Measure, Reading, SpentReading};
use crate::model::{Medium, Span, SpentTime};

const QUANTILES: [&str; 3] = ["0.5", "0.9", "0.99"];

/// Writes them all.
pub fn write(page: &mut Page, snapshot: &Snapshot, roster: &Roster<'_>) {
    let windows: Vec<String> = snapshot.windows.windows.iter().map(|length| label(*length)).collect();
    agents(page, snapshot, roster, &windows);
    let mut spent: Vec<&SpentReading> = snapshot.spent.iter().collect();
    spent.sort_unstable_by_key(|spent| (&spent.agent, &spent.team));
    let ratios: [(_, Sides); 3] = [
        (&names::AGENT_UTILIZATION, |time| (time.busy, time.work)),
        (&names::AGENT_OCCUPANCY, |time| (time.busy, time.busy + time.idle)),
        (&names::AGENT_CONCURRENCY, |time| (time.handling, time.handled)),
    ];
    for (metric, sides) in ratios {
        let mut family = page.family(metric);
        for spent in spent.iter().filter(|spent| roster.shows_now(&spent.agent)) {
            for (window, time) in windows.iter().zip(&spent.windows) {
                let (numerator, denominator) = sides(time);
                if denominator > Span::ZERO {
                    family.sample(&[&spent.agent, or_empty(&spent.team), window], Ratio(numerator.0, denominator.0));
                }
            }
        }
    }
    groups(page, snapshot, &windows);
}

/// Numerator and denominator of a ratio of times.
type Sides = fn(&SpentTime) -> (Span, Span);

/// The name of a window: `5m`, `1h`.
fn label(length: Span) -> String {
    let units = [(Span::HOUR, "h"), (Span::MINUTE, "m"), (Span::SECOND, "s"), (Span(1), "ms")];
    let fits = units.into_iter().find(|(unit, _)| length.0 % unit.0 == 0);
    fits.map_or_else(String::new, |(unit, name)| format!("{}{name}", length.0 / unit.0))
}

fn agents(page: &mut Page, snapshot: &Snapshot, roster: &Roster<'_>, windows: &[String]) {
    let of = |measure: Measure| {
        let shown = move |(series, _): &(&AgentSeries, _)| series.measure == measure && roster.shows_now(&series.agent);
        snapshot.windows.agents.iter().filter(shown)
    };
    let mut responses = page.family(&names::AGENT_RESPONSE_SECONDS);
    for (series, readings) in of(Measure::Answers) {
        let medium = series.medium.map_or("", Medium::word);
        for (window, reading) in windows.iter().zip(readings.iter()) {
            quantiles(&mut responses, reading, |quantile| [&series.agent, or_empty(&series.team), medium, window, quantile]);
        }
    }
    let mut within = page.family(&names::AGENT_RESPONSE_WITHIN_TARGET);
    for (series, readings) in of(Measure::Answers) {
        let medium = series.medium.map_or("", Medium::word);
        for (window, reading) in windows.iter().zip(readings.iter()) {
            share(&mut within, reading, &[&series.agent, or_empty(&series.team), medium, window]);
        }
    }
    for (measure, metric) in
        [(Measure::Resolution, &names::AGENT_RESOLUTION_SECONDS), (Measure::Complaint, &names::AGENT_COMPLAINT_HANDLING_SECONDS)]
    {
        let mut family = page.family(metric);
        for (series, readings) in of(measure) {
            for (window, reading) in windows.iter().zip(readings.iter()) {
                quantiles(&mut family, reading, |quantile| [&series.agent, or_empty(&series.team), window, quantile]);
            }
        }
    }
}

fn groups(page: &mut Page, snapshot: &Snapshot, windows: &[String]) {
    let mut each = |metric: &'static Metric, wanted: fn(&GroupSeries) -> Option<(&str, Medium)>, write: Write| {
        let mut family = page.family(metric);
        for (series, readings) in snapshot.windows.groups.iter() {
            let Some((name, medium)) = wanted(series) else { continue };
            for (window, reading) in windows.iter().zip(readings.iter()) {
                write(&mut family, reading, [name, medium.word(), window]);
            }
        }
    };
    let of_group: Write = |family, reading, [name, medium, window]| {
        quantiles(family, reading, |quantile| [name, medium, window, quantile]);
    };
    each(&names::TEAM_RESPONSE_SECONDS, team, of_group);
    each(&names::CHANNEL_RESPONSE_SECONDS, channel, of_group);
    each(&names::SERVICE_LEVEL, team, |family, reading, labels| share(family, reading, &labels));
}

/// Writes what one window of a group holds; the labels are its name, medium and window.
type Write = fn(&mut Series<'_>, &Reading, [&str; 3]);

fn team(series: &GroupSeries) -> Option<(&str, Medium)> {
    match series {
        GroupSeries::Team { team, medium } => Some((or_empty(team), *medium)),
        GroupSeries::Channel { .. } => None,
    }
}

fn channel(series: &GroupSeries) -> Option<(&str, Medium)> {
    match series {
        GroupSeries::Channel { channel, medium } => Some((or_empty(channel), *medium)),
        GroupSeries::Team { .. } => None,
    }
}

fn quantiles<'a, const N: usize>(family: &mut Series<'_>, reading: &Reading, labels: impl Fn(&'a str) -> [&'a str; N]) {
    for (quantile, value) in QUANTILES.into_iter().zip(reading.quantiles.into_iter().flatten()) {
        family.sample(&labels(quantile), value);
    }
}

fn share(family: &mut Series<'_>, reading: &Reading, labels: &[&str]) {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    if reading.judged > 0 {
        family.sample(labels, Ratio(count(reading.met), count(reading.judged)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_named_by_the_largest_unit_that_fits() {
        let table = [(300_000, "5m"), (3_600_000, "1h"), (86_400_000, "24h"), (5_400_000, "90m"), (90_000, "90s"), (1_500, "1500ms")];
        for (ms, wanted) in table {
            assert_eq!(label(Span(ms)), wanted);
        }
    }
}
