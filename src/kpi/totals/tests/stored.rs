//! Distributions of responses are stored apart from their figures.

use std::collections::BTreeMap;

use super::super::*;
use super::model::line;
use super::support::{day_at, fact, posted, seconds, settings, wait};
use crate::kpi::Kpis;
use crate::model::{Fact, FactKind, Medium::Chat, Posted, Row};

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

/// Stores what has changed; gives how many rows were of distributions.
fn store(kpis: &mut Kpis, stored: &mut Stored) -> usize {
    let mut rows = Vec::new();
    kpis.changes(&mut rows);
    rows.retain(|row| row.table == Table::Total);
    let distributions = rows.iter().filter(|row| row.version() == Some(2)).count();
    stored.extend(rows.into_iter().map(|row| (row.key.clone(), row)));
    distributions
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
        whole.post(&[response(number)]);
        cut.post(&[response(number)]);
        changed += store(&mut cut, &mut stored);
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
    assert!((2 * 20..2 * 32).contains(&changed), "with {changed} of 4,000 rows of figures");
    assert!((250..800).contains(&longest), "figures and the responses that wait take {longest} bytes, however many there were");
}

#[test]
fn a_reading_stores_nothing_and_loses_nothing() {
    let (mut kpis, mut stored) = (kpis(), Stored::new());
    (0..100).for_each(|number| kpis.post(&[response(number)]));
    lines(&mut kpis);
    assert_eq!(store(&mut kpis, &mut stored), 2);
    lines(&mut kpis);
    kpis.post(&[response(100)]);
    assert_eq!(store(&mut kpis, &mut stored), 0);
    assert_eq!(lines(&mut restored(&stored)), lines(&mut kpis));
}

/// Older programs have them within the figures: after the other parts of responses, before the five other parts of figures, which are not there.
#[test]
fn distributions_that_stand_within_the_figures_are_read_and_stored_apart_when_these_change() {
    let (mut kpis, mut stored) = (kpis(), Stored::new());
    (0..100).for_each(|number| kpis.post(&[response(number)]));
    store(&mut kpis, &mut stored);
    let mut before = Stored::new();
    for (key, row) in stored.iter().filter(|(_, row)| row.version() == Some(1)) {
        let (apart, figures) = (&stored[&[&key[..], &[2]].concat()], row.value.as_ref().unwrap());
        let (head, tail) = figures.split_at(figures.len() - 6);
        assert_eq!(tail, [0; 6]);
        let value = [head, &[1], &apart.value.as_ref().unwrap()[1..], &tail[1..]].concat();
        before.insert(key.clone(), Row { value: Some(value), ..row.clone() });
    }
    let mut read = restored(&before);
    assert_eq!(lines(&mut read), lines(&mut kpis));
    assert_eq!(store(&mut read, &mut before), 0, "nothing has changed");
    for kpis in [&mut read, &mut kpis] {
        kpis.post(&[response(100)]);
    }
    assert_eq!(store(&mut read, &mut before), 2);
    assert_eq!(lines(&mut restored(&before)), lines(&mut kpis));
}
