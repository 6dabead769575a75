//! Distributions of responses, and figures of cycles that ended, are stored apart from the figures that change with each response.

use std::collections::BTreeMap;

use super::super::*;
use super::model::line;
use super::support::{day_at, fact, posted, resolved, seconds, settings, tallied, wait};
use crate::kpi::Kpis;
use crate::model::{Fact, FactKind, Medium::Chat, Posted, Row, Tally};

/// The rows of totals by their keys, as a store has them.
type Stored = BTreeMap<Vec<u8>, Row>;

fn kpis() -> Kpis {
    Kpis::new(&KpiSettings { track_changes: true, ..settings() })
}

fn response(number: i64) -> Posted {
    let (at, long) = (day_at(0, 9) + seconds(number), number * 7_919 % 300);
    let kind = FactKind::Response { first: number % 3 == 0, wait: wait(long), own: seconds(long / 2) };
    posted(at, Fact { at, ..fact(at, "amy", "presale", Chat, kind) })
}

/// The end of a cycle, and the agent's part in it.
fn cycle(number: i64) -> [Posted; 2] {
    let at = day_at(0, 9) + seconds(number);
    let tally = Tally::Handled { agent: "amy".into(), team: Some("presale".into()), medium: Chat, at, time: seconds(number % 70) };
    [posted(at, Fact { at, ..fact(at, "amy", "presale", Chat, resolved(number % 90)) }), tallied(at, tally)]
}

/// Stores what has changed; gives how many rows were of distributions, and of cycles that ended.
fn store(kpis: &mut Kpis, stored: &mut Stored) -> [usize; 2] {
    let mut rows = Vec::new();
    kpis.changes(&mut rows);
    rows.retain(|row| row.table == Table::Total);
    let apart = [2, 3].map(|version| rows.iter().filter(|row| row.version() == Some(version)).count());
    stored.extend(rows.into_iter().map(|row| (row.key.clone(), row)));
    apart
}

fn restored(stored: &Stored) -> Kpis {
    let mut kpis = kpis();
    stored.values().try_for_each(|row| kpis.restore(row)).unwrap();
    kpis
}

fn lines(kpis: &mut Kpis) -> Vec<String> {
    kpis.rows(PeriodKind::Day, day_at(1, 0), &[]).map(|row| line(&row)).collect()
}

#[test]
fn they_are_given_out_when_they_have_changed_and_come_back_wherever_it_is_cut() {
    let (mut whole, mut cut, mut stored) = (kpis(), kpis(), Stored::new());
    let (mut changed, mut longest) = (0, 0);
    for number in 0..2_000 {
        let ends = number % 100 == 50;
        for kpis in [&mut whole, &mut cut] {
            kpis.post(&[response(number)]);
            kpis.post(&cycle(number)[..2 * usize::from(ends)]);
        }
        let [distributions, cycles] = store(&mut cut, &mut stored);
        assert_eq!(cycles, 2 * usize::from(ends), "of the agent and of the team, when one has ended");
        changed += distributions;
        let figures = stored.values().filter(|row| row.version() == Some(1));
        longest = longest.max(figures.filter_map(|row| row.value.as_ref()).map(Vec::len).max().unwrap());
        if number % 83 == 0 {
            cut = restored(&stored);
        }
        if number % 250 == 0 {
            assert_eq!(lines(&mut cut), lines(&mut whole), "{number}");
        }
    }
    assert_eq!(lines(&mut restored(&stored)), lines(&mut whole));
    // Of the agent and of the team.
    assert!((2 * 30..2 * 63).contains(&changed), "with {changed} of 4,000 rows of figures");
    assert!((250..600).contains(&longest), "figures and the responses that wait take {longest} bytes, however many there were");
}

#[test]
fn a_reading_stores_nothing_and_loses_nothing() {
    let (mut kpis, mut stored) = (kpis(), Stored::new());
    (0..100).for_each(|number| kpis.post(&[response(number)]));
    lines(&mut kpis);
    kpis.post(&cycle(100));
    assert_eq!(store(&mut kpis, &mut stored), [2, 2]);
    lines(&mut kpis);
    kpis.post(&[response(100)]);
    assert_eq!(store(&mut kpis, &mut stored), [0, 0]);
    assert_eq!(lines(&mut restored(&stored)), lines(&mut kpis));
}

/// Older programs have them within the figures: distributions after the other parts of responses, the three parts of cycles behind them, then
/// two other parts, which are not there.
#[test]
fn what_stands_within_the_figures_is_read_and_stored_apart_when_it_changes() {
    let (mut kpis, mut stored) = (kpis(), Stored::new());
    (0..100).for_each(|number| kpis.post(&[response(number)]));
    kpis.post(&cycle(100));
    store(&mut kpis, &mut stored);
    let mut before = Stored::new();
    for (key, row) in stored.iter().filter(|(_, row)| row.version() == Some(1)) {
        let apart = |version: u8| &stored[&[&key[..], &[version]].concat()].value.as_ref().unwrap()[1..];
        let (head, tail) = row.value.as_ref().unwrap().split_last_chunk::<6>().unwrap();
        assert_eq!(*tail, [0; 6]);
        let value = [head, &[1], apart(2), apart(3), &tail[4..]].concat();
        before.insert(key.clone(), Row { value: Some(value), ..row.clone() });
    }
    let mut read = restored(&before);
    assert_eq!(lines(&mut read), lines(&mut kpis));
    assert_eq!(store(&mut read, &mut before), [0, 0], "nothing has changed");
    for kpis in [&mut read, &mut kpis] {
        kpis.post(&[response(101)]);
    }
    assert_eq!(store(&mut read, &mut before), [2, 2]);
    assert_eq!(lines(&mut restored(&before)), lines(&mut kpis));
}
