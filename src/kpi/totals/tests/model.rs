//! The slow, obvious totals: what every fact says about every KPI as a list, and each row a sum over all of it.
//! Days and months are counted by hand, eight hours ahead of UTC.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use super::super::*;
use crate::kpi::Kpis;
use crate::model::{Fact, FactKind, Medium, Name, Outcome, Output, Posted, Sla, WithdrawnSample};

const DAY: i64 = 86_400_000;
const SETTLE: i64 = 7 * DAY;

/// One thing that a fact says about one KPI.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// A sample of so many ms, or its withdrawal.
    Sample(i64, bool),
    /// So many more of so many more.
    Ratio(i64, i64),
    /// The same of times.
    TimeRatio(i64, i64),
    Sum(i64),
    Count(i64),
}

/// It, with everything that decides where it counts.
struct Said {
    clock: i64,
    day: i64,
    agent: Option<Name>,
    team: Option<Name>,
    medium: Option<Medium>,
    kpi: &'static str,
    part: Part,
}

/// Period, scope, id, KPI, medium (empty for none), corrects (empty for none): in the order of printing.
type RowKey = (String, &'static str, String, &'static str, &'static str, String);

pub fn day_of(ms: i64) -> i64 {
    (ms + 8 * 3_600_000).div_euclid(DAY)
}

fn civil(day: i64) -> Date {
    date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap()
}

fn month(day: i64) -> String {
    civil(day).strftime("%Y-%m").to_string()
}

fn next_month(day: i64) -> i64 {
    let first = civil(day).first_of_month().checked_add(jiff::Span::new().months(1)).unwrap();
    i64::from(first.since(date(1970, 1, 1)).unwrap().get_days())
}

/// The first instant at which the month of a day is closed.
pub fn closes(day: i64) -> i64 {
    next_month(day) * DAY - 8 * 3_600_000 + SETTLE
}

fn state(day: i64, clock: i64) -> &'static str {
    match clock {
        _ if clock >= closes(day) => "closed",
        _ if clock >= closes(day) - SETTLE => "settling",
        _ => "open",
    }
}

/// Every row as a line: the key, state, team, numbers.
pub fn rows(list: &[Posted], kind: PeriodKind, clock: Time) -> Vec<String> {
    let said: Vec<Said> = list.iter().flat_map(said).collect();
    let mut rows: BTreeMap<RowKey, (i64, Vec<Part>)> = BTreeMap::new();
    for said in &said {
        let closed = said.clock >= closes(said.day);
        let day = if closed { day_of(said.clock) } else { said.day };
        let corrects = if closed { month(said.day) } else { String::new() };
        let period = if kind == PeriodKind::Month { month(day) } else { civil(day).to_string() };
        let to = [("agent", said.agent.clone()), ("team", said.team.clone()), ("all", Some(Name::default()))];
        for (scope, id) in to.into_iter().filter_map(|(scope, id)| Some((scope, id?))) {
            let only_teams = ["service_level", "abandonment", "conversations", "auto_closed", "complaint_ratio"].contains(&said.kpi);
            if scope != "agent" || !only_teams {
                let medium = said.medium.map_or("", Medium::word);
                let key = (period.clone(), scope, id.to_string(), said.kpi, medium, corrects.clone());
                rows.entry(key).or_insert((day, Vec::new())).1.push(said.part);
            }
        }
    }
    let teams = |agent: &str, day: i64| {
        let end = if kind == PeriodKind::Month { next_month(day) } else { day + 1 };
        team(list, agent, end)
    };
    rows.iter()
        .filter_map(|(key, (day, parts))| {
            let numbers = numbers(parts, key.5.is_empty())?;
            let team = match key.1 {
                "agent" => teams(&key.2, *day),
                "team" => key.2.clone(),
                _ => String::new(),
            };
            Some(format!("{key:?} {} {team} {numbers}", state(*day, clock.0)))
        })
        .collect()
}

/// The same line of a printed row.
pub fn line(row: &TotalRow) -> String {
    let corrects = row.corrects.map(|month| month.to_string()).unwrap_or_default();
    let medium = row.medium.map_or("", Medium::word);
    let key: RowKey = (row.period.to_string(), row.scope.word(), row.id.to_string(), row.kpi.id, medium, corrects);
    let numbers = match row.numbers {
        Numbers::Duration { count, sum, p50, p90, p99 } => format!("{count}x{} {:?}", sum.0, [p50, p90, p99].map(|p| p.map(|p| p.0))),
        Numbers::Sum { sum } => sum.0.to_string(),
        Numbers::Ratio { numerator, denominator } => format!("{numerator}/{denominator}"),
        Numbers::TimeRatio { numerator, denominator } => format!("{}/{} ms", numerator.0, denominator.0),
        Numbers::Count { value } => format!("{value} times"),
    };
    format!("{key:?} {} {} {numbers}", row.state.word(), row.team.as_deref().unwrap_or_default())
}

fn numbers(parts: &[Part], ordinary: bool) -> Option<String> {
    let (mut samples, mut sides) = (Vec::new(), (0, 0));
    let (mut sum, mut count) = (0, 0);
    for part in parts {
        match *part {
            Part::Sample(ms, true) => (samples.push(ms), sum += ms, count += 1).0,
            Part::Sample(ms, false) => {
                (sum, count) = (sum - ms, count - 1);
                samples.iter().position(|sample| *sample == ms).map(|found| samples.remove(found));
            }
            Part::Ratio(numerator, denominator) | Part::TimeRatio(numerator, denominator) => {
                sides = (sides.0 + numerator, sides.1 + denominator);
            }
            Part::Sum(more) | Part::Count(more) => sum += more,
        }
    }
    samples.sort_unstable();
    let histogram = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 42, 3).unwrap();
    let rank = |percent: usize| {
        let exact = samples.get((samples.len() * percent).div_ceil(100).max(1) - 1).filter(|_| ordinary);
        exact.map(|exact| histogram.lowest_equivalent(*exact as u64))
    };
    match parts[0] {
        Part::Sample(..) => (count != 0 || sum != 0).then(|| format!("{count}x{sum} {:?}", [50, 90, 99].map(rank))),
        Part::Ratio(..) => (sides != (0, 0)).then(|| format!("{}/{}", sides.0, sides.1)),
        Part::TimeRatio(..) => (sides != (0, 0)).then(|| format!("{}/{} ms", sides.0, sides.1)),
        Part::Sum(_) => (sum != 0).then(|| sum.to_string()),
        Part::Count(_) => (sum != 0).then(|| format!("{sum} times")),
    }
}

/// The team that rows of a period before the day `end` print: of all that he came to, the one he came to last.
/// What became known after its month closed counts from the first month on that was not closed then.
fn team(list: &[Posted], agent: &str, end: i64) -> String {
    let mut found: Vec<(i64, usize, &Name)> = Vec::new();
    for (order, posted) in list.iter().enumerate() {
        if let Output::Tally(tally) = &posted.output
            && let Tally::Team { agent: of, team, at } = &**tally
            && of == agent
        {
            let mut day = day_of(at.0);
            while posted.clock.0 >= closes(day) {
                day = next_month(day);
            }
            if day < end {
                found.push((at.0, order, team));
            }
        }
    }
    found.into_iter().max().map(|(_, _, team)| team.to_string()).unwrap_or_default()
}

fn said(posted: &Posted) -> Vec<Said> {
    match &posted.output {
        Output::Fact(fact) => said_by_fact(posted.clock.0, fact),
        Output::Tally(tally) => said_by_tally(posted.clock.0, tally),
    }
}

fn said_by_tally(clock: i64, tally: &Tally) -> Vec<Said> {
    let (agent, team, day, medium, parts) = match tally {
        Tally::Handled { agent, team, medium, at, time } => {
            (agent, team, day_of(at.0), Some(*medium), vec![("average_handling_time", Part::Sample(time.0, true))])
        }
        Tally::Spent { agent, team, day, time } => {
            let (work, busy, idle) = (time.work.0, time.busy.0, time.idle.0);
            let parts = vec![
                ("work_time", Part::Sum(work)),
                ("handling_time", Part::Sum(busy)),
                ("utilization", Part::TimeRatio(busy, work)),
                ("occupancy", Part::TimeRatio(busy, busy + idle)),
                ("concurrency", Part::TimeRatio(time.handling.0, time.handled.0)),
            ];
            (agent, team, i64::from(day.0), None, parts)
        }
        Tally::LimitExceeded { agent, team, at } => (agent, team, day_of(at.0), None, vec![("waiting_limit_breaches", Part::Count(1))]),
        Tally::OverLimit { agent, team, day, time } => {
            (agent, team, i64::from(day.0), None, vec![("waiting_over_limit_time", Part::Sum(time.0))])
        }
        _ => return Vec::new(),
    };
    let said = |(kpi, part)| Said { clock, day, agent: Some(agent.clone()), team: team.clone(), medium, kpi, part };
    parts.into_iter().map(said).collect()
}

fn said_by_fact(clock: i64, fact: &Fact) -> Vec<Said> {
    let medium = fact.conversation.as_ref().map(|conversation| conversation.medium);
    let mut judged = None;
    let mut day = day_of(fact.at.0);
    let mut parts: Vec<(&'static str, Part)> = Vec::new();
    let mut late = false;
    match &fact.kind {
        FactKind::Started { .. } => parts.extend([("conversations", Part::Count(1)), ("complaint_ratio", Part::Ratio(0, 1))]),
        FactKind::Complained => parts.push(("complaint_ratio", Part::Ratio(1, 0))),
        FactKind::Response { .. } => parts = about_a_response(&fact.kind),
        FactKind::Unanswered { first, wait, judged_agent, judged_team, .. } => {
            late = wait.within == Some(false);
            judged = Some((judged_agent.clone(), judged_team.clone(), *first));
            parts = about_an_unanswered_wait(&fact.kind);
        }
        FactKind::Breach { sla: Sla::Resolution, .. } => parts.push(("resolution_breaches", Part::Count(1))),
        FactKind::Breach { .. } => parts.push(("response_breaches", Part::Count(1))),
        FactKind::Resolved { counts, first, cycle_seconds, judged_active, within, complaint, .. } => {
            if *counts {
                parts.push(("cycle_resolution_time", Part::Sample(cycle_seconds.0, true)));
            }
            if *counts && *first {
                parts.extend([("resolutions", Part::Count(1)), ("reopen_ratio", Part::Ratio(0, 1))]);
                parts.push(("resolution_time", Part::Sample(judged_active.0, true)));
                parts.extend(within.map(|within| ("resolution_within_target", Part::Ratio(within.into(), 1))));
            }
            parts.extend(complaint.map(|handling| ("complaint_handling_time", Part::Sample(handling.0, true))));
            parts.extend(within.filter(|_| complaint.is_some()).map(|within| ("complaint_within_target", Part::Ratio(within.into(), 1))));
        }
        FactKind::Ended { outcome: Outcome::Auto, .. } => parts.push(("auto_closed", Part::Count(1))),
        FactKind::Reopened { counts: true, .. } => parts.push(("reopen_ratio", Part::Ratio(1, 0))),
        FactKind::Withdrawn { of, counted_at, .. } => {
            day = day_of(counted_at.0);
            match of {
                WithdrawnSample::ResponseBreach { .. } => parts.push(("response_breaches", Part::Count(-1))),
                WithdrawnSample::ResolutionBreach => parts.push(("resolution_breaches", Part::Count(-1))),
                WithdrawnSample::ComplaintHandlingTime { seconds, within } => {
                    parts.push(("complaint_handling_time", Part::Sample(seconds.0, false)));
                    parts.extend(within.map(|within| ("complaint_within_target", Part::Ratio(-i64::from(within), -1))));
                }
                WithdrawnSample::FirstContactResolution => {}
            }
        }
        _ => {}
    }
    let of = |(kpi, part): (&'static str, Part), agent: &Option<Name>, team: &Option<Name>| Said {
        clock,
        day,
        agent: agent.clone(),
        team: team.clone(),
        medium: medium.filter(|_| !kpi.starts_with("complaint")),
        kpi,
        part,
    };
    let mut all: Vec<Said> = parts.into_iter().map(|part| of(part, &fact.agent, &fact.team)).collect();
    if let Some((agent, team, first)) = judged.filter(|_| late) {
        let missed = Part::Ratio(0, 1);
        all.push(of(("response_within_target", missed), &agent, &team));
        all.extend(first.then(|| of(("first_response_within_target", missed), &agent, &team)));
    }
    all
}

fn about_a_response(kind: &FactKind) -> Vec<(&'static str, Part)> {
    let FactKind::Response { first, wait, own } = kind else { return Vec::new() };
    let response = Part::Sample(wait.business.unwrap_or(wait.seconds).0, true);
    let mut parts = vec![("response_time", response), ("customer_wait_time", Part::Sample(wait.wait.0, true))];
    parts.push(("own_response_time", Part::Sample(own.0, true)));
    parts.extend(first.then_some(("first_response_time", response)));
    if let (Some(within), Some(target)) = (wait.within, wait.target) {
        let share = Part::Ratio(within.into(), 1);
        parts.extend([("response_within_target", share), ("own_response_within_target", Part::Ratio((*own <= target).into(), 1))]);
        parts.extend(first.then_some(("first_response_within_target", share)));
        parts.extend(wait.offered.then_some(("service_level", share)));
    }
    parts.extend(wait.offered.then_some(("abandonment", Part::Ratio(0, 1))));
    parts
}

fn about_an_unanswered_wait(kind: &FactKind) -> Vec<(&'static str, Part)> {
    let FactKind::Unanswered { wait, reason, .. } = kind else { return Vec::new() };
    let mut parts = vec![("unanswered", Part::Count(1))];
    let abandoned = reason == "abandoned";
    if wait.offered && !(abandoned && wait.seconds.0 <= 5_000) {
        parts.push(("abandonment", Part::Ratio(abandoned.into(), 1)));
        parts.extend(wait.target.map(|_| ("service_level", Part::Ratio(0, 1))));
    }
    parts
}

/// The lines of the periods that were closed at `clock`.
pub fn closed_at(totals: &mut Kpis, kind: PeriodKind, now: Time, clock: Time, open: &[Tally]) -> BTreeSet<String> {
    let closed = |row: &TotalRow| {
        let day = match row.period {
            Period::Month(month) => month.first_day(),
            Period::Day(day) => day,
        };
        closes(i64::from(day.0)) <= clock.0
    };
    totals.rows(kind, now, open).filter(closed).map(|row| line(&row)).collect()
}
