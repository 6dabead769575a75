use std::collections::BTreeMap;

use proptest::prelude::*;

use super::ring::Ring;
use super::*;
use crate::kpi::Kpis;
use crate::model::{ConversationRef, Fact, FactKind, Outcome, Output, Posted, RowError, Wait, WithdrawnSample};

const MINUTES_5: Span = Span(300_000);

fn settings() -> KpiSettings {
    KpiSettings { windows: vec![MINUTES_5, Span::HOUR], track_changes: true, ..KpiSettings::default() }
}

fn windows() -> Kpis {
    Kpis::new(&settings())
}

fn fact(at: i64, agent: &str, kind: FactKind) -> Posted {
    let conversation = ConversationRef { medium: Medium::Chat, id: "c1".into(), cycle: 1, channel: Some("web".into()) };
    let fact = Fact {
        at: Time(at),
        by_deadline: false,
        team: Some("presale".into()),
        agent: (!agent.is_empty()).then(|| agent.into()),
        conversation: Some(conversation),
        kind,
    };
    Posted { clock: Time(at), output: Output::Fact(Box::new(fact)) }
}

fn wait(ms: i64, within: Option<bool>, offered: bool) -> Wait {
    Wait {
        opened_at: Time(0),
        wait: Span(ms),
        seconds: Span(ms),
        business: None,
        target: within.map(|_| Span(30_000)),
        within,
        held: Vec::new(),
        people: true,
        offered,
    }
}

fn response(at: i64, agent: &str, ms: i64) -> Posted {
    fact(at, agent, FactKind::Response { first: true, wait: wait(ms, Some(ms <= 30_000), true), own: Span(ms) })
}

fn unanswered(at: i64, owner: &str, judged: Option<&str>, reason: &str, ms: i64) -> Posted {
    let kind = FactKind::Unanswered {
        first: true,
        reason: reason.into(),
        wait: wait(ms, Some(ms <= 30_000), true),
        judged_agent: judged.map(Name::from),
        judged_team: Some("presale".into()),
    };
    fact(at, owner, kind)
}

fn complaint(at: i64, seconds: i64) -> Posted {
    let kind = FactKind::Resolved {
        outcome: Outcome::Resolved,
        seconds: Span(seconds * 1_000),
        active: Span(seconds * 1_000),
        cycle_seconds: Span(seconds * 1_000),
        business: None,
        target: None,
        within: None,
        judged_active: Span(seconds * 1_000),
        first: true,
        counts: true,
        complaint: Some(Span(seconds * 1_000)),
    };
    fact(at, "amy", kind)
}

fn answers(readings: &WindowReadings, agent: &str) -> Vec<Reading> {
    let of = |series: &AgentSeries| series.agent == agent && series.measure == Measure::Answers;
    readings.agents.iter().find(|(series, _)| of(series)).map_or_else(Vec::new, |(_, readings)| readings.to_vec())
}

fn service_level(readings: &WindowReadings) -> Vec<(u64, u64)> {
    let team = readings.groups.iter().find(|(series, _)| matches!(series, GroupSeries::Team { .. }));
    team.map_or_else(Vec::new, |(_, readings)| readings.iter().map(|reading| (reading.met, reading.judged)).collect())
}

#[test]
fn a_window_is_half_open_and_slides_without_events() {
    let mut windows = windows();
    windows.post(&[response(1_000, "amy", 20_000)]);
    let at = |windows: &mut Kpis, clock| answers(&windows.windows(Time(clock)), "amy").first().and_then(|first| first.quantiles);
    assert_eq!(at(&mut windows, 1_000), Some([Span(20_000); 3]));
    assert_eq!(at(&mut windows, 1_000 + MINUTES_5.0 - 1), Some([Span(20_000); 3]));
    assert_eq!(at(&mut windows, 1_000 + MINUTES_5.0), None);
    assert_eq!(windows.windows(Time(1_000 + Span::HOUR.0)).agents.iter().count(), 0);
}

#[test]
fn nothing_is_worked_out_again_when_nothing_changed_or_expired() {
    let mut windows = windows();
    windows.post(&[response(1_000, "amy", 20_000)]);
    let first = windows.windows(Time(2_000));
    let second = windows.windows(Time(3_000));
    let readings = |of: &WindowReadings| of.agents.iter().next().map(|(_, readings)| Arc::clone(readings)).unwrap();
    assert!(Arc::ptr_eq(&readings(&first), &readings(&second)));
}

#[test]
fn a_late_unanswered_customer_counts_against_the_owner_at_the_deadline() {
    let mut windows = windows();
    windows.post(&[response(1_000, "amy", 20_000)]);
    windows.post(&[unanswered(2_000, "bob", Some("amy"), "closed", 40_000)]);
    windows.post(&[unanswered(3_000, "bob", None, "closed", 10_000)]);
    let readings = windows.windows(Time(4_000));
    let amy = answers(&readings, "amy")[0];
    assert_eq!((amy.met, amy.judged, amy.quantiles), (1, 2, Some([Span(20_000); 3])));
    assert!(answers(&readings, "bob").is_empty());
}

#[test]
fn who_abandons_within_five_seconds_was_not_offered() {
    let mut windows = windows();
    windows.post(&[unanswered(1_000, "", None, "abandoned", 5_000)]);
    assert!(service_level(&windows.windows(Time(1_000))).is_empty());
    windows.post(&[unanswered(2_000, "", None, "abandoned", 5_001)]);
    windows.post(&[unanswered(3_000, "", None, "closed", 1_000)]);
    windows.post(&[response(4_000, "amy", 30_000)]);
    windows.post(&[response(5_000, "amy", 30_001)]);
    assert_eq!(service_level(&windows.windows(Time(6_000)))[0], (1, 4));
}

#[test]
fn a_reopened_complaint_leaves_the_window() {
    let mut windows = windows();
    windows.post(&[complaint(1_000, 600)]);
    windows.post(&[complaint(1_000, 900)]);
    let of = WithdrawnSample::ComplaintHandlingTime { seconds: Span(600_000), within: None };
    let because = crate::model::Because::Reopened;
    windows.post(&[fact(2_000, "amy", FactKind::Withdrawn { of, because, counted_at: Time(1_000) })]);
    let readings = windows.windows(Time(3_000));
    let complaints = readings.agents.iter().find(|(series, _)| series.measure == Measure::Complaint).unwrap().1;
    let found = complaints[0].quantiles.unwrap()[0];
    assert!((found.0 - 900_000).abs() <= 900, "{found:?}");
}

#[test]
fn times_of_months_are_kept_to_the_second() {
    let mut ring = Ring::default();
    for days in [1, 6, 7, 400] {
        let value = Span(days * Span::DAY.0 + 1_234);
        let index = ring.insert(Point { at: Time(days), mark: Mark::Met, value }, Span::HOUR).unwrap();
        let kept = ring.get(index).unwrap();
        assert_eq!((kept.at, kept.mark), (Time(days), Mark::Met));
        assert!(value.0 - kept.value.0 <= if days <= 6 { 0 } else { 234 });
    }
}

#[test]
fn what_took_weeks_or_decades_leaves_a_teams_window_as_it_has_entered() {
    let mut windows = windows();
    // Whole seconds of these lie in other steps of the histogram than their milliseconds, and the last is longer than can be kept.
    let lengths: Vec<i64> = (1_024..1_034).map(|step| step * 524_288 + 1).chain([26 * 366 * Span::DAY.0]).collect();
    for (at, ms) in (0..).zip(&lengths) {
        windows.post(&[response(at, "amy", *ms)]);
    }
    assert_eq!(service_level(&windows.windows(Time(1_000)))[0], (0, lengths.len() as u64));
    assert_eq!(service_level(&windows.windows(Time(MINUTES_5.0 + 1_000)))[0], (0, 0));
}

#[test]
fn a_full_ring_lets_its_oldest_go_and_says_so() {
    let mut windows = windows();
    for index in 0..3_000 {
        windows.post(&[response(index, "amy", index)]);
    }
    assert_eq!(answers(&windows.windows(Time(3_000)), "amy")[0].judged, 2_048);
    assert_eq!(windows.left_out(), 3_000 - 2_048);
    assert_eq!(service_level(&windows.windows(Time(3_000)))[0].1, 3_000);
}

#[test]
fn a_full_window_of_a_team_shows_the_newest_samples_before_and_after_a_start() {
    let (mut windows, mut rows) = (windows(), BTreeMap::new());
    let (fits, more) = (group::CAPACITY as i64, 100_000);
    let of = |numbers: std::ops::Range<i64>| numbers.map(|number| response(number * 3, "amy", if number < more { 40_000 } else { 20_000 }));
    for begin in (0..fits + more).step_by(50_000) {
        windows.post(&of(begin..(begin + 50_000).min(fits + more)).collect::<Vec<_>>());
        store(&mut windows, &mut rows);
    }
    let mut restored = restored(&rows);
    for kpis in [&mut windows, &mut restored] {
        let clock = (fits + more) * 3;
        assert_eq!(service_level(&kpis.windows(Time(clock)))[1], (fits as u64, fits as u64));
        kpis.post(&[response(clock, "bob", 40_000)]);
        assert_eq!(service_level(&kpis.windows(Time(clock)))[1], (fits as u64 - 1, fits as u64));
    }
    // Two groups were full; in the agent's window are as many as fit.
    let of_agent = fits as u64 + more as u64 - 2_048;
    assert_eq!(
        (windows.left_out() - of_agent, restored.left_out()),
        (2 * (more as u64 + 1), 2),
        "what was left out before was counted then"
    );
}

/// What a window must hold: all samples, sorted.
fn model(samples: &[(i64, i64)], clock: i64, length: Span) -> (Option<[i64; 3]>, u64, u64) {
    let inside = samples.iter().filter(|(at, _)| clock - length.0 < *at && *at <= clock);
    let mut values: Vec<i64> = inside.map(|(_, ms)| *ms).collect();
    values.sort_unstable();
    let rank = |percent: usize| values[(values.len() * percent).div_ceil(100) - 1];
    let quantiles = (!values.is_empty()).then(|| [rank(50), rank(90), rank(99)]);
    (quantiles, values.iter().filter(|ms| **ms <= 30_000).count() as u64, values.len() as u64)
}

fn assert_equals(reading: Option<Reading>, model: (Option<[i64; 3]>, u64, u64)) {
    let reading = reading.unwrap_or_default();
    assert_eq!((reading.met, reading.judged), (model.1, model.2));
    assert_eq!(reading.quantiles.is_some(), model.0.is_some());
    for (found, wanted) in reading.quantiles.into_iter().flatten().zip(model.0.into_iter().flatten()) {
        assert!(found.0 <= wanted && wanted - found.0 <= wanted / 1_000 + 1, "found {found:?}, wanted {wanted}");
    }
}

/// Reads all windows, and holds them against the samples so far.
fn check(windows: &mut Kpis, samples: &BTreeMap<&str, Vec<(i64, i64)>>, clock: i64) {
    let readings = windows.windows(Time(clock));
    let everybody: Vec<(i64, i64)> = samples.values().flatten().copied().collect();
    for (index, length) in settings().windows.into_iter().enumerate() {
        for (agent, own) in samples {
            assert_equals(answers(&readings, agent).get(index).copied(), model(own, clock, length));
        }
        let team = readings.groups.iter().find(|(series, _)| matches!(series, GroupSeries::Team { .. }));
        assert_equals(team.map(|(_, readings)| readings[index]), model(&everybody, clock, length));
    }
}

/// Carries the changes into the store.
fn store(windows: &mut Kpis, rows: &mut BTreeMap<Vec<u8>, Row>) {
    let mut changes = Vec::new();
    windows.changes(&mut changes);
    for row in changes.into_iter().filter(|row| row.table == Table::Sample) {
        rows.insert(row.key.clone(), row);
    }
    rows.retain(|_, row| row.value.is_some());
}

fn restored(rows: &BTreeMap<Vec<u8>, Row>) -> Kpis {
    let mut windows = windows();
    rows.values().for_each(|row| windows.restore(row).unwrap());
    windows
}

#[test]
fn a_sample_is_written_once_however_many_there_are() {
    let (mut windows, mut rows) = (windows(), BTreeMap::new());
    let mut written = 0;
    for second in 0..3 * 3_600 {
        windows.post(&[response(second * 1_000, ["amy", "bob"][second as usize % 2], second % 90_000)]);
        if second % 300 == 0 || second % 77 == 0 {
            let mut changes = Vec::new();
            windows.changes(&mut changes);
            changes.retain(|row| row.table == Table::Sample);
            written += changes.iter().filter_map(|row| row.value.as_ref()).map(Vec::len).sum::<usize>();
            rows.extend(changes.into_iter().map(|row| (row.key.clone(), row)));
            rows.retain(|_, row: &mut Row| row.value.is_some());
        }
    }
    assert!(written < 3 * 3_600 * 40, "{written} bytes");
    assert!((3_600 / 512..3_600 / 128).contains(&(rows.len() as i64)), "{} rows of an hour", rows.len());
    let clock = Time(3 * 3_600_000);
    let shown = |kpis: &mut Kpis| format!("{:?}", kpis.windows(clock).agents);
    store(&mut windows, &mut rows);
    assert_eq!(shown(&mut restored(&rows)), shown(&mut windows));
}

#[test]
fn a_row_goes_when_all_of_it_has_expired_and_not_before() {
    let (mut windows, mut rows) = (windows(), BTreeMap::new());
    windows.post(&(0..300).map(|_| response(1_000, "amy", 20_000)).collect::<Vec<_>>());
    store(&mut windows, &mut rows);
    for (at, wanted) in [(Span::HOUR.0 + 999, (2, 301)), (Span::HOUR.0 + 1_000, (1, 2))] {
        windows.post(&[response(at, "amy", 20_000)]);
        store(&mut windows, &mut rows);
        let judged = service_level(&restored(&rows).windows(Time(at)))[1].1;
        assert_eq!((rows.len(), judged), wanted, "at {at}");
    }
}

#[test]
fn a_sample_does_not_come_back_when_its_half_of_an_instant_does() {
    let mut windows = windows();
    let later = 1_000 + (1 << 32) + 600_000;
    windows.post(&[response(1_000, "amy", 20_000), response(later, "amy", 20_000)]);
    assert_eq!(answers(&windows.windows(Time(later)), "amy")[1].judged, 1);
}

#[test]
fn every_kind_of_sample_comes_back() {
    let (mut windows, mut rows) = (windows(), BTreeMap::new());
    let of = WithdrawnSample::ComplaintHandlingTime { seconds: Span(600_000), within: None };
    let withdrawn = FactKind::Withdrawn { of, because: crate::model::Because::Reopened, counted_at: Time(1_000) };
    let plain = |offered| FactKind::Response { first: true, wait: wait(7_000, None, offered), own: Span(7_000) };
    let posted = [
        response(1_000, "amy", 20_000),
        response(1_000, "bob", 40_000),
        fact(1_000, "bob", plain(true)),
        fact(1_000, "amy", plain(false)),
        unanswered(1_000, "bob", Some("amy"), "closed", 40_000),
        complaint(1_000, 600),
        complaint(1_000, 900),
        fact(2_000, "amy", withdrawn),
    ];
    for some in posted.chunks(3) {
        windows.post(some);
        store(&mut windows, &mut rows);
        windows = restored(&rows);
    }
    let mut whole = self::windows();
    whole.post(&posted);
    let [found, wanted] = [&mut windows, &mut whole].map(|kpis| kpis.windows(Time(3_000)));
    assert_eq!((found.agents, found.groups), (wanted.agents, wanted.groups));
}

#[test]
fn agents_without_windows_have_them_as_soon_as_a_start_wants_them() {
    let (mut without, mut rows) = (Kpis::new(&KpiSettings { shows_agents: false, ..settings() }), BTreeMap::new());
    let mut whole = windows();
    for number in 0..500 {
        let one = response(number * 1_000, ["amy", "bob"][number as usize % 2], number * 7_919 % 60_000);
        [&mut without, &mut whole].into_iter().for_each(|kpis| kpis.post(std::slice::from_ref(&one)));
    }
    store(&mut without, &mut rows);
    let [without, restored, wanted] = [&mut without, &mut restored(&rows), &mut whole].map(|kpis| kpis.windows(Time(500_000)));
    assert_eq!((without.agents.iter().count(), &without.groups), (0, &wanted.groups));
    assert_eq!((restored.agents, restored.groups), (wanted.agents, wanted.groups));
}

#[test]
fn a_row_that_is_damaged_is_refused() {
    let (mut windows, mut rows) = (windows(), BTreeMap::new());
    windows.post(&[response(1_000, "amy", 20_000)]);
    store(&mut windows, &mut rows);
    let row = rows.values().next().unwrap();
    let whole = row.value.as_ref().unwrap();
    // The code of what it is a sample of, and the place of a name that is not there.
    for (at, value) in [(whole.len() - 7, 200), (whole.len() - 6, 9)] {
        let mut value_of = whole.clone();
        value_of[at] = value;
        let damaged = Row { value: Some(value_of), ..row.clone() };
        assert_eq!(self::windows().restore(&damaged), Err(RowError::Damaged { table: Table::Sample }), "{at} of {whole:?}");
    }
}

/// The key of a row as older programs had it.
#[derive(Serialize)]
enum Slice {
    Agent(AgentSeries, i64),
    Group(GroupSeries, i64),
}

/// And its content.
type Samples = Vec<(u32, u8, Span)>;

/// Rows as older programs had them, of these answers, of which each has met its target.
fn slices(answers: &[(i64, i64)]) -> BTreeMap<Vec<u8>, Row> {
    let (team, medium) = (Some(Name::from("presale")), Medium::Chat);
    let agent = AgentSeries { measure: Measure::Answers, agent: "amy".into(), team: team.clone(), medium: Some(medium) };
    let group = GroupSeries::Team { team, medium };
    let mut samples: BTreeMap<Vec<u8>, (Slice, Samples)> = BTreeMap::new();
    for (at, ms) in answers {
        for (slice, length) in [(Slice::Agent(agent.clone(), at / 300_000), 300_000), (Slice::Group(group.clone(), at / 10_000), 10_000)] {
            let key = Row::remove(Table::Window, &slice).key;
            samples.entry(key).or_insert((slice, Vec::new())).1.push(((at % length) as u32, 1, Span(*ms)));
        }
    }
    samples.into_iter().map(|(key, (slice, samples))| (key, Row::put(Table::Window, 1, &slice, &samples))).collect()
}

#[test]
fn rows_of_older_programs_are_read_and_go_when_they_have_expired() {
    let answered: Vec<(i64, i64)> = (0..400).map(|number| (number * 7_000, number * 7_919 % 30_000)).collect();
    let mut rows = slices(&answered);
    let (mut read, mut whole) = (restored(&rows), windows());
    answered.iter().for_each(|(at, ms)| whole.post(&[response(*at, "amy", *ms)]));
    let mut check = |read: &mut Kpis, clock: i64| {
        let [found, wanted] = [read, &mut whole].map(|kpis| kpis.windows(Time(clock)));
        assert_eq!((answers(&found, "amy"), service_level(&found)), (answers(&wanted, "amy"), service_level(&wanted)), "{clock}");
    };
    let (first, last) = (2_800_000, 2_800_000 + Span::HOUR.0);
    check(&mut read, first);
    let mut before = rows.len();
    for clock in (first..last).step_by(400_000) {
        let mut changes = Vec::new();
        read.changes(&mut changes);
        assert!(changes.iter().all(|row| row.value.is_none() && row.table == Table::Window));
        changes.iter().for_each(|row| _ = rows.remove(&row.key).unwrap());
        assert!(clock < Span::HOUR.0 + 700_000 || rows.len() < before, "some go after an hour");
        before = rows.len();
        read = restored(&rows);
        check(&mut read, clock);
    }
    read.windows(Time(last + 200_000));
    let mut changes = Vec::new();
    read.changes(&mut changes);
    assert_eq!(changes.len(), rows.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn windows_equal_a_slow_model_and_survive_a_cut(
        steps in prop::collection::vec((0_i64..400_000, 0_i64..3_000_000, 0_usize..3, 0_i64..200_000, prop::bool::weighted(0.3)), 1..80),
        cut in 0_usize..80,
    ) {
        let (mut windows, mut rows) = (windows(), BTreeMap::new());
        let mut samples: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
        let mut clock = 1_700_000_000_000;
        for (index, (step, late, who, ms, read)) in steps.into_iter().enumerate() {
            clock += step;
            let agent = ["amy", "bob", "eve"][who];
            let at = if late < 300_000 { clock - late } else { clock };
            windows.post(&[response(at, agent, ms)]);
            samples.entry(agent).or_default().push((at, ms));
            if read {
                check(&mut windows, &samples, clock);
            }
            store(&mut windows, &mut rows);
            if index == cut {
                windows = restored(&rows);
                let before = rows.clone();
                store(&mut windows, &mut rows);
                prop_assert!(rows.iter().all(|(key, row)| before[key] == *row), "nothing is written again");
            }
        }
        check(&mut windows, &samples, clock);
        check(&mut windows, &samples, clock + Span::HOUR.0);
        store(&mut windows, &mut rows);
        prop_assert!(rows.is_empty(), "what has expired is gone from the store");
    }
}
