use proptest::prelude::*;

use super::*;
use crate::kpi::Kpis;
use crate::model::{Because, ConversationRef, Day, Fact, FactKind, Output, Posted, Row, Time, Wait, WithdrawnSample};

fn counters() -> Kpis {
    Kpis::new(&KpiSettings { track_changes: true, ..KpiSettings::default() })
}

fn fact(agent: Option<&str>, kind: FactKind) -> Posted {
    let conversation = ConversationRef { medium: Medium::Chat, id: "c1".into(), cycle: 1, channel: Some("web".into()) };
    let fact = Fact {
        at: Time(0),
        by_deadline: false,
        team: Some("presale".into()),
        agent: agent.map(Name::from),
        conversation: Some(conversation),
        kind,
    };
    Posted { clock: Time(0), output: Output::Fact(Box::new(fact)) }
}

fn response(ms: i64) -> Posted {
    let wait = Wait {
        opened_at: Time(0),
        wait: Span(ms),
        seconds: Span(ms),
        business: None,
        target: Some(Span(30_000)),
        within: Some(ms <= 30_000),
        held: Vec::new(),
        people: true,
        offered: true,
    };
    fact(Some("amy"), FactKind::Response { first: true, wait, own: Span(ms) })
}

fn breach(agent: Option<&str>) -> Posted {
    let kind = FactKind::Breach { sla: Sla::FirstResponse, opened_at: Time(0), target: Span(30_000), inherited: Span::ZERO };
    fact(agent, kind)
}

fn spent(agent: &str, team: &str, ms: i64) -> Tally {
    let time = SpentTime { work: Span(ms), busy: Span(ms / 2), idle: Span(ms - ms / 2), handling: Span(ms), handled: Span(ms / 2) };
    Tally::Spent { agent: agent.into(), team: Some(team.into()), day: Day(0), time }
}

fn post_tally(counters: &mut Kpis, tally: Tally) {
    counters.post(&[Posted { clock: Time(0), output: Output::Tally(Box::new(tally)) }]);
}

fn work(readings: &CounterReadings) -> Vec<(String, i64)> {
    let show = |(key, seconds): (&TimeKey, &Seconds)| (key.team.as_deref().unwrap_or_default().to_owned(), seconds.work.0);
    readings.time.iter().map(show).collect()
}

#[test]
fn where_no_agent_is_shown_his_counters_are_stored_as_otherwise_and_not_read() {
    let read = |shows_agents: bool| {
        let mut counters = Kpis::new(&KpiSettings { track_changes: true, shows_agents, ..KpiSettings::default() });
        counters.post(&[response(10_000), response(40_000), breach(Some("amy")), breach(None)]);
        post_tally(&mut counters, spent("amy", "presale", 60_000));
        let (readings, mut rows) = (counters.counters(&[spent("bob", "vip", 1_000)]), Vec::new());
        counters.changes(&mut rows);
        rows.sort_unstable_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
        (readings, rows)
    };
    let ((with, rows), (without, stored)) = (read(true), read(false));
    assert_eq!(stored, rows);
    assert_eq!((without.histograms, without.breaches, without.withdrawn), (with.histograms, with.breaches, with.withdrawn));
    assert_eq!((with.answers.iter().count(), with.time.iter().count()), (2, 2));
    assert_eq!((without.answers.iter().count(), without.time.iter().count()), (0, 0));
}

#[test]
fn open_time_is_shown_of_whoever_has_any_in_whatever_order_it_comes() {
    let mut counters = counters();
    let mut shown = |open: &[Tally]| work(&counters.counters(open));
    let [one, two, three] =
        [("bob", "presale", 1_000), ("amy", "vip", 2_000), ("bob", "after", 3_000)].map(|(agent, team, ms)| spent(agent, team, ms));
    assert_eq!(shown(std::slice::from_ref(&one)), [("presale".to_owned(), 1_000)]);
    let wanted = [("vip".to_owned(), 2_000), ("after".to_owned(), 3_000), ("presale".to_owned(), 1_000)];
    assert_eq!(shown(&[two.clone(), three.clone(), one.clone()]), wanted);
    assert_eq!(shown(&[one, three, two]), wanted);
}

#[test]
fn a_sample_on_an_edge_is_in_its_bucket() {
    let mut counters = counters();
    counters.post(&[response(30_000)]);
    counters.post(&[response(30_001)]);
    let readings = counters.counters(&[]);
    let histogram = readings.histograms.iter().next().unwrap().1;
    let up_to = |seconds: i64| histogram.up_to().find(|(edge, _)| *edge == Span(seconds * 1_000)).unwrap().1;
    assert_eq!([up_to(20), up_to(30), up_to(45), histogram.total()], [0, 1, 2, 2]);
    assert_eq!(histogram.sum(), Span(60_001));
}

#[test]
fn at_most_eight_targets_become_edges_and_none_twice() {
    let targets: Vec<_> = (0..20).map(|index| (Sla::NextResponse, Span(30_000 + index * 1_000))).collect();
    let (plain, edges) = (Edges::default(), Edges::new(&targets));
    let of = |edges: &Edges, family| edges.of(family).to_vec();
    assert_eq!(of(&edges, Family::Response).len(), of(&plain, Family::Response).len() + CONFIGURED);
    assert!(of(&edges, Family::Response).contains(&Span(38_000)) && !of(&edges, Family::Response).contains(&Span(39_000)));
    assert!(of(&edges, Family::Response).is_sorted());
    assert_eq!(of(&edges, Family::Complaint), of(&plain, Family::Complaint));
}

#[test]
fn a_team_shows_zero_breaches_before_its_first() {
    let mut counters = counters();
    counters.post(&[fact(Some("amy"), FactKind::Started { kind: None, in_scope: true, implicit: false })]);
    let readings = counters.counters(&[]);
    let shown: Vec<_> = readings.breaches.iter().map(|(key, count)| (key.sla, key.agent.clone(), *count)).collect();
    assert_eq!(shown, [(Sla::FirstResponse, None, 0), (Sla::NextResponse, None, 0)]);
}

#[test]
fn a_withdrawn_breach_is_counted_apart() {
    let mut counters = counters();
    counters.post(&[breach(Some("amy"))]);
    let of = WithdrawnSample::ResponseBreach { sla: Sla::FirstResponse };
    counters.post(&[fact(Some("amy"), FactKind::Withdrawn { of, because: Because::LateEvent, counted_at: Time(0) })]);
    let readings = counters.counters(&[]);
    assert_eq!(readings.breaches, readings.withdrawn);
    assert_eq!(readings.breaches.iter().map(|(_, count)| *count).sum::<u64>(), 1);
}

#[test]
fn open_time_is_shown_once_when_it_is_posted() {
    let mut counters = counters();
    assert_eq!(work(&counters.counters(&[spent("amy", "a", 5_000)])), [("a".to_owned(), 5_000)]);
    post_tally(&mut counters, spent("amy", "a", 6_000));
    assert_eq!(work(&counters.counters(&[spent("amy", "a", 1_000)])), [("a".to_owned(), 7_000)]);
}

#[test]
fn time_that_moves_to_another_team_is_made_up_for_before_that_team_counts() {
    let mut counters = counters();
    counters.counters(&[spent("amy", "a", 5_000)]);
    post_tally(&mut counters, spent("amy", "b", 6_000));
    assert_eq!(work(&counters.counters(&[])), [("a".to_owned(), 5_000), ("b".to_owned(), 1_000)]);
}

#[test]
fn buckets_keep_their_counts_when_the_edges_change() {
    let edges = Edges::new(&[(Sla::NextResponse, Span(33_000))]);
    let mut old = Kpis::new(&KpiSettings { edges, track_changes: true, ..KpiSettings::default() });
    for ms in [29_000, 32_000, 44_000, 999_999_999] {
        old.post(&[response(ms)]);
    }
    let mut rows = Vec::new();
    old.changes(&mut rows);
    let mut new = counters();
    rows.iter().for_each(|row| new.restore(row).unwrap());
    let (old, new) = (old.counters(&[]), new.counters(&[]));
    let (old, new) = (old.histograms.iter().next().unwrap().1, new.histograms.iter().next().unwrap().1);
    let old: Vec<_> = old.up_to().filter(|(edge, _)| *edge != Span(33_000)).collect();
    assert_eq!(old, new.up_to().collect::<Vec<_>>());
    assert_eq!(new.total(), 4);
}

/// Every number of a reading, by name.
fn numbers(readings: &CounterReadings) -> Vec<(String, i64)> {
    let mut numbers = Vec::new();
    for (key, histogram) in readings.histograms.iter() {
        numbers.extend(histogram.up_to().map(|(edge, count)| (format!("{key:?} {edge:?}"), count as i64)));
        numbers.push((format!("{key:?} sum"), histogram.sum().0));
    }
    numbers.extend(readings.answers.iter().map(|(key, count)| (format!("answers {key:?}"), *count as i64)));
    numbers.extend(readings.breaches.iter().map(|(key, count)| (format!("breaches {key:?}"), *count as i64)));
    numbers.extend(readings.withdrawn.iter().map(|(key, count)| (format!("withdrawn {key:?}"), *count as i64)));
    for (key, seconds) in readings.time.iter() {
        let parts = [seconds.work, seconds.busy, seconds.idle, seconds.handling];
        numbers.extend(parts.iter().enumerate().map(|(part, span)| (format!("time {key:?} {part}"), span.0)));
    }
    numbers
}

fn assert_never_down(before: &[(String, i64)], after: &[(String, i64)]) {
    for (name, number) in before {
        let now = after.iter().find(|(other, _)| other == name).map(|(_, number)| *number);
        assert!(now.is_some_and(|now| now >= *number), "{name} was {number} and is {now:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_counter_ever_goes_down_not_even_over_a_restart(
        steps in prop::collection::vec((0_u8..5, 0_usize..2, 0_usize..2, -20_000_i64..100_000), 1..60),
        cut in 0_usize..60,
    ) {
        let mut counters = counters();
        let mut rows = std::collections::BTreeMap::<Vec<u8>, Row>::new();
        let mut open: Vec<Tally> = Vec::new();
        let mut before = numbers(&counters.counters(&open));
        for (index, (what, who, team, ms)) in steps.into_iter().enumerate() {
            let (who, team) = (["amy", "bob"][who], ["a", "b"][team]);
            match what {
                0 => counters.post(&[response(ms.abs())]),
                1 => counters.post(&[breach(Some(who))]),
                2 => post_tally(&mut counters, spent(who, team, ms)),
                3 => open = vec![spent(who, team, ms.abs())],
                _ => open.clear(),
            }
            let now = numbers(&counters.counters(&open));
            assert_never_down(&before, &now);
            let mut changed = Vec::new();
            counters.changes(&mut changed);
            rows.extend(changed.into_iter().map(|row| (row.key.clone(), row)));
            before = now;
            if index == cut {
                counters = super::tests::counters();
                rows.values().for_each(|row| counters.restore(row).unwrap());
                let again = numbers(&counters.counters(&open));
                prop_assert!(before.iter().filter(|(_, number)| *number != 0).all(|number| again.contains(number)));
            }
        }
    }

    #[test]
    fn teams_of_an_agent_together_show_his_highest_sum(
        steps in prop::collection::vec((0_usize..2, -20_000_i64..100_000), 1..40),
    ) {
        let (mut counters, mut sum, mut highest) = (counters(), 0, 0);
        for (team, ms) in steps {
            post_tally(&mut counters, spent("amy", ["a", "b"][team], ms));
            sum += ms;
            highest = sum.max(highest);
            let shown: i64 = work(&counters.counters(&[])).iter().map(|(_, work)| work).sum();
            prop_assert_eq!(shown, highest);
        }
    }
}
