//! Random facts at random clocks, many of them late, some of them into closed months.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;
use super::model;
use super::support::{fact, name, posted, resolved, tallied, wait};
use crate::kpi::Kpis;
use crate::model::{Because, Day, Fact, FactKind, Medium, Name, Outcome, Posted, Sla, Span, SpentTime, Wait, WithdrawnSample, Zone};

const DAY: i64 = 86_400_000;
/// 2026-01-20T00:00:00Z.
const START: i64 = 1_768_867_200_000;

/// One random fact or tally, before it is known what came before it.
#[derive(Debug, Clone)]
struct Random {
    /// How far the clock goes on.
    gap: i64,
    /// How far before the clock it is dated.
    back: i64,
    what: u8,
    agent: &'static str,
    team: &'static str,
    chat: bool,
    long: i64,
    short: i64,
    yes: bool,
    maybe: Option<bool>,
}

fn random() -> impl Strategy<Value = Random> {
    let gap = prop_oneof![3 => 0..10_000_i64, 3 => 0..DAY, 1 => 0..25 * DAY];
    let back = prop_oneof![3 => Just(0_i64), 2 => 0..2 * DAY, 2 => 0..70 * DAY];
    let agent = prop::sample::select(vec!["", "amy", "bob", "carol"]);
    let team = prop::sample::select(vec!["", "presale", "aftersale"]);
    let times = (prop_oneof![0..60_000_i64, 0..40 * DAY], 0..60_000_i64);
    (gap, back, 0..17_u8, (agent, team, any::<bool>()), times, any::<bool>(), any::<Option<bool>>()).prop_map(
        |(gap, back, what, (agent, team, chat), (long, short), yes, maybe)| Random {
            gap,
            back,
            what,
            agent,
            team,
            chat,
            long,
            short,
            yes,
            maybe,
        },
    )
}

impl Random {
    fn wait(&self) -> Wait {
        let target = self.maybe.map(|_| Span(30_000));
        let business = self.yes.then_some(Span(self.short / 2));
        let base = Wait { wait: Span(self.long), seconds: Span(self.short), business, target, within: self.maybe, ..wait(0) };
        Wait { offered: self.long % 3 == 0, ..base }
    }

    fn tally(&self, at: Time) -> Option<Tally> {
        let agent = Name::new(if self.agent.is_empty() { "amy" } else { self.agent });
        let (team, time) = (name(self.team), Span(self.long));
        let day = Day(model::day_of(at.0) as i32);
        let spent = SpentTime { work: time, busy: Span(self.short), idle: Span(7), handling: Span(9), handled: Span(-self.short) };
        match self.what {
            0 => Some(Tally::Handled { agent, team, medium: self.medium(), at, time }),
            1 => Some(Tally::Spent { agent, team, day, time: spent }),
            2 => Some(Tally::LimitExceeded { agent, team, at }),
            3 => Some(Tally::OverLimit { agent, team, day, time }),
            4 | 5 => Some(Tally::Team { agent, team: team.unwrap_or_default(), at }),
            _ => None,
        }
    }

    fn medium(&self) -> Medium {
        if self.chat { Medium::Chat } else { Medium::Ticket }
    }

    fn kind(&self) -> FactKind {
        let span = Span(self.long);
        match self.what {
            6 => FactKind::Started { kind: None, in_scope: true, implicit: false },
            7 => FactKind::Complained,
            8 | 9 => FactKind::Response { first: self.yes, wait: self.wait(), own: Span(self.short / 3) },
            10 => {
                let reason = Name::new(if self.chat { "abandoned" } else { "closed" });
                FactKind::Unanswered { first: self.yes, reason, wait: self.wait(), judged_agent: name("bob"), judged_team: name(self.team) }
            }
            11 => {
                let sla = [Sla::FirstResponse, Sla::NextResponse, Sla::Resolution][self.long as usize % 3];
                FactKind::Breach { sla, opened_at: Time(0), target: span, inherited: span }
            }
            12 | 13 => {
                let mut kind = resolved(self.long / 1_000);
                if let FactKind::Resolved { first, counts, within, complaint, .. } = &mut kind {
                    (*counts, *first, *within) = (self.chat, self.chat && self.yes, self.maybe);
                    *complaint = (self.long % 2 == 0).then_some(Span(self.short));
                }
                kind
            }
            14 => FactKind::Ended { outcome: if self.yes { Outcome::Auto } else { Outcome::Bot }, first: true },
            _ => FactKind::Reopened { after: span, counts: self.yes },
        }
    }
}

/// What could be withdrawn of a fact.
fn withdrawable(fact: &Fact) -> Option<WithdrawnSample> {
    match &fact.kind {
        FactKind::Breach { sla: Sla::Resolution, .. } => Some(WithdrawnSample::ResolutionBreach),
        FactKind::Breach { sla, .. } => Some(WithdrawnSample::ResponseBreach { sla: *sla }),
        FactKind::Resolved { complaint: Some(seconds), within, .. } => {
            Some(WithdrawnSample::ComplaintHandlingTime { seconds: *seconds, within: *within })
        }
        _ => None,
    }
}

/// A list of what an engine might post.
fn list(randoms: &[Random]) -> Vec<Posted> {
    let mut clock = START;
    let mut samples: Vec<Fact> = Vec::new();
    let mut list = Vec::new();
    for random in randoms {
        clock += random.gap;
        let (now, at) = (Time(clock), Time(clock - random.back));
        if let Some(tally) = random.tally(at) {
            list.push(tallied(now, tally));
        } else if let Some(sample) = samples.pop_if(|_| random.what == 16) {
            let of = withdrawable(&sample).unwrap();
            let kind = FactKind::Withdrawn { of, because: Because::LateEvent, counted_at: sample.at };
            list.push(posted(now, Fact { at, kind, ..sample }));
        } else {
            let fact = fact(at, random.agent, random.team, random.medium(), random.kind());
            samples.extend(withdrawable(&fact).map(|_| fact.clone()));
            list.push(posted(now, fact));
        }
    }
    list
}

/// Intervals still open at the clock, on the day of the clock and the one before.
fn open_at(clock: Time) -> Vec<Tally> {
    let time = SpentTime { work: Span(50_000), busy: Span(20_000), ..SpentTime::default() };
    [clock, clock - Span(DAY)]
        .map(|at| Tally::Spent { agent: Name::new("amy"), team: name("presale"), day: Day(model::day_of(at.0) as i32), time })
        .into()
}

fn totals(track_changes: bool) -> Kpis {
    let zone = Zone::new("Asia/Shanghai").unwrap();
    Kpis::new(&KpiSettings { zone, settle: Span(7 * DAY), short_abandon: Span(5_000), track_changes, ..KpiSettings::default() })
}

fn lines(totals: &mut Kpis, kind: PeriodKind, clock: Time, open: &[Tally]) -> Vec<String> {
    totals.rows(kind, clock, open).map(|row| model::line(&row)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn totals_are_the_sums_over_all_facts_in_the_order_of_ruling_92(randoms in prop::collection::vec(random(), 1..80)) {
        let mut list = list(&randoms);
        let mut totals = totals(false);
        totals.post(&list);
        let clock = list.last().unwrap().clock;
        let open = open_at(clock);
        list.extend(open.iter().map(|tally| tallied(clock, tally.clone())));
        for kind in [PeriodKind::Month, PeriodKind::Day] {
            prop_assert_eq!(lines(&mut totals, kind, clock, &open), model::rows(&list, kind, clock));
        }
    }

    #[test]
    fn rows_of_closed_months_never_change_again(randoms in prop::collection::vec(random(), 1..60)) {
        let mut totals = totals(false);
        let mut seen: BTreeMap<bool, (Time, BTreeSet<String>)> = BTreeMap::new();
        for posted in list(&randoms) {
            totals.post(std::slice::from_ref(&posted));
            let open = open_at(posted.clock);
            for (by_day, kind) in [(false, PeriodKind::Month), (true, PeriodKind::Day)] {
                if let Some((clock, before)) = seen.get(&by_day) {
                    prop_assert_eq!(&model::closed_at(&mut totals, kind, posted.clock, *clock, &open), before);
                }
                seen.insert(by_day, (posted.clock, model::closed_at(&mut totals, kind, posted.clock, posted.clock, &open)));
            }
        }
    }

    #[test]
    fn totals_restored_from_changes_anywhere_go_on_the_same(randoms in prop::collection::vec((random(), 0..3_u8), 1..60)) {
        let (randoms, cuts): (Vec<Random>, Vec<u8>) = randoms.into_iter().unzip();
        let list = list(&randoms);
        let (mut uncut, mut cut) = (totals(false), totals(true));
        let mut stored = BTreeMap::new();
        for (posted, what) in list.iter().zip(cuts) {
            uncut.post(std::slice::from_ref(posted));
            cut.post(std::slice::from_ref(posted));
            if what > 0 {
                let rows = changes(&mut cut);
                let keys: BTreeSet<_> = rows.iter().map(|row| (row.table, row.key.clone())).collect();
                prop_assert_eq!(keys.len(), rows.len());
                stored.extend(rows.into_iter().map(|row| ((row.table, row.key.clone()), row)));
            }
            if what > 1 {
                cut = totals(true);
                stored.values().try_for_each(|row| cut.restore(row)).unwrap();
            }
        }
        let clock = list.last().unwrap().clock;
        prop_assert_eq!(lines(&mut cut, PeriodKind::Day, clock, &[]), lines(&mut uncut, PeriodKind::Day, clock, &[]));
        prop_assert_eq!(lines(&mut cut, PeriodKind::Month, clock, &[]), lines(&mut uncut, PeriodKind::Month, clock, &[]));
    }

    #[test]
    fn without_closed_months_in_memory_the_same_is_shown_and_stored(randoms in prop::collection::vec((random(), 0..5_u8), 1..80)) {
        let (randoms, steps): (Vec<Random>, Vec<u8>) = randoms.into_iter().unzip();
        let list = list(&randoms);
        let (mut whole, mut some) = (totals(false), totals(true));
        let mut stored: BTreeMap<(Table, Vec<u8>), Row> = BTreeMap::new();
        let mut committed = Time::MIN;
        for (posted, step) in list.iter().zip(steps) {
            let clock = posted.clock;
            whole.post(std::slice::from_ref(posted));
            some.post(std::slice::from_ref(posted));
            if step > 0 {
                for row in changes(&mut some) {
                    let before = stored.insert((row.table, row.key.clone()), row.clone());
                    prop_assert!(!is_closed(&row, committed), "{row:?} after {before:?}");
                }
                committed = clock;
            }
            if step > 3 {
                some = totals(true);
                some.evict_closed(clock);
                stored.values().try_for_each(|row| some.restore(row)).unwrap();
            } else if step != 2 {
                // When nothing was given out, nothing may be lost.
                some.evict_closed(clock);
            }
            if step == 0 {
                // Reading would count what waits for its agents.
                continue;
            }
            prop_assert_eq!(some.month_to_date(clock, &[], true), whole.month_to_date(clock, &[], true));
            let held = open_rows(&mut some, clock);
            prop_assert_eq!(&held, &open_rows(&mut whole, clock));
            if step > 2 {
                prop_assert_eq!(lines(&mut some, PeriodKind::Day, clock, &[]), held, "only those are held");
            }
        }
        stored.extend(changes(&mut some).into_iter().map(|row| ((row.table, row.key.clone()), row)));
        let mut all = totals(false);
        stored.values().try_for_each(|row| all.restore(row)).unwrap();
        let clock = list.last().unwrap().clock;
        for kind in [PeriodKind::Day, PeriodKind::Month] {
            prop_assert_eq!(lines(&mut all, kind, clock, &[]), lines(&mut whole, kind, clock, &[]));
        }
    }
}

/// The rows of totals that changed.
fn changes(totals: &mut Kpis) -> Vec<Row> {
    let mut rows = Vec::new();
    totals.changes(&mut rows);
    rows.retain(|row| matches!(row.table, Table::Total | Table::Correction | Table::AgentTeam));
    rows
}

/// Whether a stored row is of a month that was closed at `clock`.
fn is_closed(row: &Row, clock: Time) -> bool {
    let day = match row.table {
        Table::AgentTeam => row.read_key::<(Name, Day)>().unwrap().1,
        _ => row.read_key::<Day>().unwrap(),
    };
    clock.0 >= model::closes(day.0.into())
}

/// The rows of days whose months are not closed.
fn open_rows(totals: &mut Kpis, clock: Time) -> Vec<String> {
    totals.rows(PeriodKind::Day, clock, &[]).filter(|row| row.state != State::Closed).map(|row| model::line(&row)).collect()
}

#[test]
fn nothing_is_noted_unless_changes_are_tracked_and_nothing_twice() {
    let fact = fact(Time(START), "amy", "presale", Medium::Chat, FactKind::Complained);
    let (mut tracked, mut untracked) = (totals(true), totals(false));
    for totals in [&mut tracked, &mut untracked] {
        totals.post(&[posted(Time(START), fact.clone())]);
        totals.post(&[posted(Time(START), fact.clone())]);
    }
    let mut count = |tracks: bool| changes(if tracks { &mut tracked } else { &mut untracked }).len();
    assert_eq!([count(true), count(true), count(false)], [1, 0, 0]);
}
