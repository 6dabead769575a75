//! One test per counting rule.

use super::super::*;
use super::support::*;
use crate::kpi::Kpis;
use crate::model::{Because, FactKind, Medium::Chat, Medium::Ticket, Name, Outcome, Sla, Span, SpentTime, Wait, WithdrawnSample, Zone};

fn response(agent: &str, team: &str, first: bool, wait: Wait, own: i64) -> crate::model::Fact {
    fact(day_at(0, 9), agent, team, Chat, FactKind::Response { first, wait, own: seconds(own) })
}

fn unanswered(reason: &str, wait: Wait, judged: (&str, &str)) -> crate::model::Fact {
    let (judged_agent, judged_team) = (name(judged.0), name(judged.1));
    let kind = FactKind::Unanswered { first: true, reason: Name::new(reason), wait, judged_agent, judged_team };
    fact(day_at(0, 9), "bob", "aftersale", Chat, kind)
}

#[test]
fn a_response_counts_for_its_agent_his_team_and_all() {
    let mut totals = totals_of([response("amy", "presale", true, wait(20), 16)]);
    let kpis = ["response_time", "first_response_time", "response_within_target", "customer_wait_time", "own_response_time"];
    let mut wanted = Vec::new();
    for (scope, id) in [("agent", "amy"), ("all", ""), ("team", "presale")] {
        for numbers in ["customer_wait_time 1x20000", "first_response_time 1x20000", "own_response_time 1x16000", "response_time 1x20000"] {
            wanted.push(format!("{scope} {id} chat {numbers}"));
        }
        wanted.push(format!("{scope} {id} chat response_within_target 1/1"));
    }
    assert_eq!(lines(&mut totals, &kpis), wanted);
}

#[test]
fn a_fact_without_agent_counts_for_team_and_all_and_without_team_for_the_others() {
    let mut totals = totals_of([response("", "presale", false, wait(20), 0), response("amy", "", false, wait(10), 0)]);
    assert_eq!(
        lines(&mut totals, &["response_time"]),
        ["agent amy chat response_time 1x10000", "all  chat response_time 2x30000", "team presale chat response_time 1x20000"]
    );
}

#[test]
fn business_time_is_what_response_time_sums() {
    let business = Wait { business: Some(seconds(7)), wait: seconds(90), seconds: seconds(80), ..wait(80) };
    let mut totals = totals_of([response("amy", "", false, business, 40)]);
    let kpis = ["response_time", "customer_wait_time", "own_response_time"];
    assert_eq!(
        lines(&mut totals, &kpis)[..3],
        ["agent amy chat customer_wait_time 1x90000", "agent amy chat own_response_time 1x40000", "agent amy chat response_time 1x7000"]
    );
}

#[test]
fn percentiles_of_first_and_later_responses_are_taken_together() {
    let waits = [12, 12, 23, 33].into_iter().enumerate();
    let mut totals = totals_of(waits.map(|(index, judged)| response("amy", "", index == 0, wait(judged), 0)));
    let row = totals.rows(PeriodKind::Day, day_at(0, 23), &[]).find(|row| row.kpi.id == "response_time").unwrap();
    let [p50, p90, p99] = [12_000, 32_992, 32_992].map(|ms| Some(Span(ms)));
    assert_eq!(row.numbers, Numbers::Duration { count: 4, sum: seconds(80), p50, p90, p99 });
}

#[test]
fn a_response_without_target_is_no_part_of_the_rates() {
    let none = Wait { target: None, within: None, ..wait(20) };
    let mut totals = totals_of([response("amy", "", true, none, 5), response("amy", "", true, wait(31), 30)]);
    let kpis = ["response_within_target", "first_response_within_target", "own_response_within_target"];
    assert_eq!(
        lines(&mut totals, &kpis)[..3],
        [
            "agent amy chat first_response_within_target 0/1",
            "agent amy chat own_response_within_target 1/1",
            "agent amy chat response_within_target 0/1"
        ]
    );
}

#[test]
fn a_late_unanswered_period_counts_against_owner_and_team_of_the_deadline() {
    let mut totals = totals_of([unanswered("closed", wait(40), ("amy", "presale"))]);
    assert_eq!(
        lines(&mut totals, &["unanswered", "response_within_target", "first_response_within_target"]),
        [
            "agent amy chat first_response_within_target 0/1",
            "agent amy chat response_within_target 0/1",
            "agent bob chat unanswered 1",
            "all  chat first_response_within_target 0/1",
            "all  chat response_within_target 0/1",
            "all  chat unanswered 1",
            "team aftersale chat unanswered 1",
            "team presale chat first_response_within_target 0/1",
            "team presale chat response_within_target 0/1",
        ]
    );
}

#[test]
fn an_unanswered_period_within_its_target_is_not_judged() {
    let mut totals = totals_of([unanswered("closed", wait(30), ("", ""))]);
    assert_eq!(lines(&mut totals, &["unanswered", "response_within_target"])[..1], ["agent bob chat unanswered 1"]);
    assert!(!lines(&mut totals, &["response_within_target"]).iter().any(|line| line.contains("within")));
}

#[test]
fn only_a_conversations_first_peoples_period_is_offered() {
    let offered = |judged| Wait { offered: true, ..wait(judged) };
    let mut totals = totals_of([
        response("amy", "presale", true, offered(30), 0),
        response("amy", "presale", false, wait(90), 0),
        unanswered("abandoned", offered(40), ("", "")),
        unanswered("closed", offered(20), ("", "")),
    ]);
    assert_eq!(
        lines(&mut totals, &["service_level", "abandonment"]),
        [
            "all  chat abandonment 1/3",
            "all  chat service_level 1/3",
            "team aftersale chat abandonment 1/2",
            "team aftersale chat service_level 0/2",
            "team presale chat abandonment 0/1",
            "team presale chat service_level 1/1",
        ]
    );
}

#[test]
fn abandoned_after_exactly_the_short_time_is_not_offered_and_a_millisecond_more_is() {
    let after = |ms| Wait { offered: true, seconds: Span(ms), ..wait(5) };
    let mut totals = totals_of([unanswered("abandoned", after(5_000), ("", "")), unanswered("abandoned", after(5_001), ("", ""))]);
    assert_eq!(lines(&mut totals, &["abandonment"])[0], "all  chat abandonment 1/1");
}

#[test]
fn without_a_target_there_is_abandonment_and_no_service_level() {
    let none = Wait { target: None, within: None, offered: true, ..wait(8) };
    let mut totals = totals_of([response("amy", "", true, none, 0)]);
    assert_eq!(lines(&mut totals, &["service_level", "abandonment"]), ["all  chat abandonment 0/1"]);
}

fn breach(sla: Sla) -> FactKind {
    FactKind::Breach { sla, opened_at: MONDAY, target: seconds(30), inherited: Span::ZERO }
}

fn withdrawn(of: WithdrawnSample) -> FactKind {
    FactKind::Withdrawn { of, because: Because::LateEvent, counted_at: day_at(0, 9) }
}

#[test]
fn breaches_count_by_target_until_they_are_withdrawn() {
    let facts = |kinds: Vec<FactKind>| totals_of(kinds.into_iter().map(|kind| fact(day_at(0, 9), "amy", "", Ticket, kind)));
    let breaches = vec![breach(Sla::FirstResponse), breach(Sla::NextResponse), breach(Sla::Resolution)];
    let kpis = ["response_breaches", "resolution_breaches"];
    let standing = ["agent amy ticket resolution_breaches 1", "agent amy ticket response_breaches 2"];
    assert_eq!(lines(&mut facts(breaches.clone()), &kpis)[..2], standing);
    let taken_back = [withdrawn(WithdrawnSample::ResponseBreach { sla: Sla::NextResponse }), withdrawn(WithdrawnSample::ResolutionBreach)];
    let mut left = facts(breaches.into_iter().chain(taken_back).collect());
    assert_eq!(lines(&mut left, &kpis), ["agent amy ticket response_breaches 1", "all  ticket response_breaches 1"]);
}

#[test]
fn a_withdrawal_changes_the_day_of_its_sample() {
    let taken_back = fact(day_at(3, 9), "amy", "", Chat, withdrawn(WithdrawnSample::ResponseBreach { sla: Sla::NextResponse }));
    let mut totals = totals_of([fact(day_at(0, 9), "amy", "", Chat, breach(Sla::NextResponse)), taken_back]);
    assert_eq!(totals.rows(PeriodKind::Day, day_at(4, 0), &[]).count(), 0);
}

#[test]
fn conversations_and_complaints_are_teams_and_never_agents() {
    let started = |medium| FactKind::Started { kind: None, in_scope: true, implicit: medium == Chat };
    let start = |medium| fact(day_at(0, 9), "amy", "aftersale", medium, started(medium));
    let mut totals =
        totals_of([start(Chat), start(Chat), start(Ticket), fact(day_at(0, 9), "amy", "aftersale", Ticket, FactKind::Complained)]);
    let of = |scope: &str| {
        ["chat conversations 2", "ticket conversations 1"].map(|line| format!("{scope} {line}")).into_iter().fold(
            vec![format!("{scope} - complaint_ratio 1/3")],
            |mut lines, line| {
                lines.push(line);
                lines
            },
        )
    };
    assert_eq!(lines(&mut totals, &["conversations", "complaint_ratio"]), [of("all "), of("team aftersale")].concat());
}

#[test]
fn a_month_without_complaints_prints_their_ratio_as_zero() {
    let start = FactKind::Started { kind: None, in_scope: true, implicit: false };
    let mut totals = totals_of([fact(day_at(0, 9), "", "", Chat, start)]);
    assert_eq!(lines(&mut totals, &["complaint_ratio"]), ["all  - complaint_ratio 0/1"]);
}

#[test]
fn resolutions_are_of_first_cycles_and_cycle_times_of_all_that_count() {
    let change = |change: fn(&mut FactKind)| {
        let mut kind = resolved(600);
        change(&mut kind);
        fact(day_at(0, 9), "amy", "", Ticket, kind)
    };
    let mut totals = totals_of([
        change(|kind| {
            if let FactKind::Resolved { within, target, .. } = kind {
                (*within, *target) = (Some(true), Some(seconds(600)));
            }
        }),
        change(|_| {}),
        change(|kind| {
            if let FactKind::Resolved { first, cycle_seconds, within, .. } = kind {
                (*first, *cycle_seconds, *within) = (false, seconds(60), Some(false));
            }
        }),
        change(|kind| {
            if let FactKind::Resolved { counts, first, .. } = kind {
                (*counts, *first) = (false, false);
            }
        }),
    ]);
    let kpis = ["resolutions", "resolution_time", "resolution_within_target", "cycle_resolution_time"];
    assert_eq!(
        lines(&mut totals, &kpis)[..4],
        [
            "agent amy ticket cycle_resolution_time 3x1260000",
            "agent amy ticket resolution_time 2x1200000",
            "agent amy ticket resolution_within_target 1/1",
            "agent amy ticket resolutions 2",
        ]
    );
}

#[test]
fn reopenings_that_count_are_held_against_first_resolutions() {
    let reopened = |counts| fact(day_at(0, 10), "amy", "", Chat, FactKind::Reopened { after: seconds(5), counts });
    let mut totals = totals_of([fact(day_at(0, 9), "amy", "", Chat, resolved(60)), reopened(true), reopened(false)]);
    assert_eq!(lines(&mut totals, &["reopen_ratio"])[0], "agent amy chat reopen_ratio 1/1");
    let mut only_reopened = totals_of([reopened(true)]);
    assert_eq!(lines(&mut only_reopened, &["reopen_ratio"])[0], "agent amy chat reopen_ratio 1/0");
}

#[test]
fn only_ends_by_the_clock_are_auto_closed() {
    let ended = |outcome| fact(day_at(0, 9), "amy", "presale", Chat, FactKind::Ended { outcome, first: true });
    let mut totals = totals_of([Outcome::Auto, Outcome::Abandoned, Outcome::Bot, Outcome::Merged].map(ended));
    assert_eq!(lines(&mut totals, &["auto_closed"]), ["all  chat auto_closed 1", "team presale chat auto_closed 1"]);
}

#[test]
fn a_complaints_time_stands_until_it_is_reopened() {
    let handled = |handling| {
        let mut kind = resolved(10);
        if let FactKind::Resolved { complaint, within, .. } = &mut kind {
            (*complaint, *within) = (Some(seconds(handling)), Some(handling <= 100));
        }
        fact(day_at(0, 9), "amy", "", Ticket, kind)
    };
    let sample = WithdrawnSample::ComplaintHandlingTime { seconds: seconds(90), within: Some(true) };
    let mut totals = totals_of([handled(90), fact(day_at(0, 9), "amy", "", Ticket, withdrawn(sample)), handled(120)]);
    assert_eq!(
        lines(&mut totals, &["complaint_handling_time", "complaint_within_target"])[..2],
        ["agent amy - complaint_handling_time 1x120000", "agent amy - complaint_within_target 0/1"]
    );
    let row = totals.rows(PeriodKind::Month, day_at(0, 23), &[]).find(|row| row.kpi.id == "complaint_handling_time").unwrap();
    assert!(matches!(row.numbers, Numbers::Duration { p50: Some(p50), .. } if p50 >= seconds(119)));
}

fn spent(work: i64, busy: i64, idle: i64) -> SpentTime {
    SpentTime { work: seconds(work), busy: seconds(busy), idle: seconds(idle), handling: seconds(2 * busy), handled: seconds(busy) }
}

fn time(day: i64, time: SpentTime) -> Tally {
    Tally::Spent { agent: Name::new("amy"), team: name("presale"), day: Zone::utc().day(day_at(day, 0)), time }
}

#[test]
fn time_adds_up_over_agents_and_days_and_ratios_are_of_the_sums() {
    let mut totals = Kpis::new(&settings());
    totals.post(&[tallied(day_at(0, 18), time(0, spent(28_800, 10_800, 14_400)))]);
    totals.post(&[tallied(day_at(1, 18), time(1, spent(3_600, 0, 3_600)))]);
    let kpis = ["work_time", "handling_time", "utilization", "occupancy", "concurrency"];
    assert_eq!(
        lines(&mut totals, &kpis)[..5],
        [
            "agent amy - concurrency 21600000/10800000",
            "agent amy - handling_time 10800000",
            "agent amy - occupancy 10800000/28800000",
            "agent amy - utilization 10800000/32400000",
            "agent amy - work_time 32400000",
        ]
    );
    assert_eq!(lines(&mut totals, &kpis).len(), 15);
}

#[test]
fn open_intervals_count_up_to_the_clock_and_leave_no_trace() {
    let mut totals = Kpis::new(&settings());
    totals.post(&[tallied(day_at(0, 18), time(0, spent(100, 0, 0)))]);
    let mut work = |open: &[Tally]| -> Vec<String> {
        totals.rows(PeriodKind::Month, day_at(1, 9), open).filter(|row| row.scope == Scope::Agent).map(|row| line(&row)).collect()
    };
    let before = work(&[]);
    assert_eq!(work(&[time(1, spent(50, 0, 0))])[1], "agent amy - work_time 150000");
    assert_eq!(work(&[]), before);
}

#[test]
fn exceeding_the_limit_counts_at_its_begin_and_its_time_by_day() {
    let (agent, team) = (Name::new("amy"), name("presale"));
    let mut totals = Kpis::new(&settings());
    totals.post(&[tallied(day_at(0, 23), Tally::LimitExceeded { agent: agent.clone(), team: team.clone(), at: day_at(0, 23) })]);
    for day in [0, 1] {
        let day = Zone::utc().day(day_at(day, 0));
        totals.post(&[tallied(day_at(1, 1), Tally::OverLimit { agent: agent.clone(), team: team.clone(), day, time: seconds(3_600) })]);
    }
    let rows = totals.rows(PeriodKind::Day, day_at(1, 2), &[]).filter(|row| row.scope == Scope::Team);
    let lines: Vec<String> = rows.map(|row| format!("{} {}", row.period, line(&row))).collect();
    assert_eq!(
        lines,
        [
            "2026-03-02 team presale - waiting_limit_breaches 1",
            "2026-03-02 team presale - waiting_over_limit_time 3600000",
            "2026-03-03 team presale - waiting_over_limit_time 3600000",
        ]
    );
}

#[test]
fn two_agents_on_one_chat_are_two_samples_of_their_team() {
    let mut totals = Kpis::new(&settings());
    for (agent, time) in [("amy", 0), ("bob", 60)] {
        let tally = Tally::Handled { agent: Name::new(agent), team: name("presale"), medium: Chat, at: MONDAY, time: seconds(time) };
        totals.post(&[tallied(MONDAY, tally)]);
    }
    assert_eq!(
        lines(&mut totals, &["average_handling_time"]),
        [
            "agent amy chat average_handling_time 1x0",
            "agent bob chat average_handling_time 1x60000",
            "all  chat average_handling_time 2x60000",
            "team presale chat average_handling_time 2x60000",
        ]
    );
}

#[test]
fn every_kpi_has_an_id_of_its_own_and_a_definition() {
    let mut ids: Vec<&str> = crate::kpi::CATALOGUE.iter().map(|kpi| kpi.id).collect();
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|before, after| before < after));
    assert!(crate::kpi::CATALOGUE.iter().all(|kpi| kpi.formula.ends_with('.')));
}
