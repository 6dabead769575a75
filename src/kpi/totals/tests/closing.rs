//! Months that close, corrections, and the team that an agent's rows print.

use super::super::*;
use super::support::*;
use crate::kpi::Kpis;
use crate::model::{FactKind, Medium::Chat, Name, Posted, Span};

/// April 1st is 30 days after that Monday; March closes on April 8th.
const APRIL: i64 = 30;
const CLOSE: i64 = APRIL + 7;

fn response_at(at: Time, agent: &str) -> crate::model::Fact {
    fact(at, agent, "presale", Chat, FactKind::Response { first: false, wait: wait(20), own: seconds(20) })
}

fn team(team: &str, at: Time, clock: Time) -> Posted {
    tallied(clock, Tally::Team { agent: Name::new("amy"), team: Name::new(team), at })
}

fn response_times(totals: &mut Kpis, kind: PeriodKind, clock: Time) -> Vec<String> {
    let rows = totals.rows(kind, clock, &[]).filter(|row| row.scope == Scope::Agent && row.kpi.id == "response_time");
    rows.map(|row| format!("{} {} {}", row.period, row.state.word(), line(&row))).collect()
}

#[test]
fn a_month_settles_from_its_end_and_is_closed_from_the_end_of_settling() {
    let mut totals = totals_of([response_at(day_at(0, 9), "amy")]);
    let states = [day_at(APRIL, 0) - Span(1), day_at(APRIL, 0), day_at(CLOSE, 0) - Span(1), day_at(CLOSE, 0)]
        .map(|clock| totals.rows(PeriodKind::Day, clock, &[]).next().unwrap().state);
    assert_eq!(states, [State::Open, State::Settling, State::Settling, State::Closed]);
}

#[test]
fn the_last_millisecond_of_settling_still_changes_the_month_and_the_next_one_corrects_it() {
    for (clock, wanted) in [
        (day_at(CLOSE, 0) - Span(1), vec!["2026-03 closed agent amy chat response_time 1x20000"]),
        (day_at(CLOSE, 0), vec!["2026-04 open agent amy chat response_time 1x20000 corrects 2026-03"]),
    ] {
        let mut totals = Kpis::new(&settings());
        totals.post(&[posted(clock, response_at(day_at(0, 9), "amy"))]);
        assert_eq!(response_times(&mut totals, PeriodKind::Month, day_at(CLOSE, 1)), wanted);
    }
}

#[test]
fn a_correction_stands_after_the_ordinary_row_without_percentiles() {
    let mut totals = Kpis::new(&settings());
    totals.post(&[posted(day_at(CLOSE, 0), response_at(day_at(CLOSE, 0), "amy"))]);
    totals.post(&[posted(day_at(CLOSE, 1), response_at(day_at(0, 9), "amy"))]);
    let by_day =
        ["2026-04-08 open agent amy chat response_time 1x20000", "2026-04-08 open agent amy chat response_time 1x20000 corrects 2026-03"];
    assert_eq!(response_times(&mut totals, PeriodKind::Day, day_at(CLOSE, 1)), by_day);
    let row = totals.rows(PeriodKind::Month, day_at(CLOSE, 1), &[]).find(|row| row.corrects.is_some() && row.kpi.id == "response_time");
    let numbers = Numbers::Duration { count: 1, sum: seconds(20), p50: None, p90: None, p99: None };
    assert_eq!(row.unwrap().numbers, numbers);
}

fn teams(totals: &mut Kpis, kind: PeriodKind, clock: Time) -> Vec<String> {
    let rows = totals.rows(kind, clock, &[]).filter(|row| row.scope == Scope::Agent && row.kpi.id == "response_time");
    rows.map(|row| format!("{} {}", row.period, row.team.as_deref().unwrap_or("none"))).collect()
}

#[test]
fn an_agents_row_prints_his_latest_team_in_the_period_or_the_last_before() {
    let mut totals = totals_of([0, 1, 2].map(|day| response_at(day_at(day, 9), "amy")));
    totals.post(&[team("presale", day_at(1, 8), day_at(2, 9))]);
    totals.post(&[team("aftersale", day_at(1, 12), day_at(2, 9))]);
    assert_eq!(teams(&mut totals, PeriodKind::Day, day_at(2, 10)), ["2026-03-02 none", "2026-03-03 aftersale", "2026-03-04 aftersale"]);
    assert_eq!(teams(&mut totals, PeriodKind::Month, day_at(2, 10)), ["2026-03 aftersale"]);
}

#[test]
fn a_team_that_becomes_known_after_the_close_is_printed_from_the_first_open_month_on() {
    let mut totals = totals_of([response_at(day_at(0, 9), "amy"), response_at(day_at(APRIL, 9), "amy")]);
    totals.post(&[team("presale", day_at(0, 8), day_at(CLOSE, 0))]);
    assert_eq!(teams(&mut totals, PeriodKind::Month, day_at(CLOSE, 0)), ["2026-03 none", "2026-04 presale"]);
}

#[test]
fn a_team_that_becomes_known_after_the_close_does_not_replace_a_later_one() {
    let mut totals = totals_of([response_at(day_at(0, 9), "amy"), response_at(day_at(APRIL, 9), "amy")]);
    totals.post(&[team("presale", day_at(5, 8), day_at(5, 8))]);
    totals.post(&[team("aftersale", day_at(0, 8), day_at(CLOSE, 0))]);
    assert_eq!(teams(&mut totals, PeriodKind::Month, day_at(CLOSE, 0)), ["2026-03 presale", "2026-04 presale"]);
}

#[test]
fn the_month_to_date_is_the_month_without_percentiles_and_without_agents_unless_asked() {
    let mut totals = totals_of([response_at(day_at(0, 9), "amy"), response_at(day_at(APRIL, 9), "amy")]);
    totals.post(&[team("presale", day_at(0, 8), day_at(APRIL, 9))]);
    let clock = day_at(APRIL, 10);
    let whole: Vec<String> =
        totals.rows(PeriodKind::Month, clock, &[]).filter(|row| row.period.to_string() == "2026-04").map(|row| line(&row)).collect();
    let mut rows = |agents| totals.month_to_date(clock, &[], agents);
    assert!(rows(false).iter().all(|row| row.scope != Scope::Agent && row.period.to_string() == "2026-04"));
    assert_eq!(rows(true).iter().map(line).collect::<Vec<_>>(), whole);
    assert!(rows(true).iter().all(|row| !matches!(row.numbers, Numbers::Duration { p50: Some(_), .. })));
}

#[test]
fn before_the_first_event_there_are_no_rows() {
    let mut totals = Kpis::new(&settings());
    assert_eq!(totals.rows(PeriodKind::Month, Time::MIN, &[]).count(), 0);
    assert!(totals.month_to_date(Time::MIN, &[], true).is_empty());
}
