//! Closed months leave memory once their rows were given out.

use super::super::*;
use super::support::*;
use crate::kpi::Kpis;
use crate::model::{Fact, FactKind, Medium::Chat, Posted, Row, Span};

/// April 1st is 30 days after that Monday; March closes on April 8th, unless it settles for another time.
const APRIL: i64 = 30;
const CLOSE: i64 = APRIL + 7;

fn kpis(settle_days: i64) -> Kpis {
    Kpis::new(&KpiSettings { settle: Span(settle_days * Span::DAY.0), track_changes: true, ..settings() })
}

/// A response, `late` days before the clock.
fn response(day: i64, late: i64) -> Posted {
    let kind = FactKind::Response { first: false, wait: wait(20), own: seconds(20) };
    let fact = Fact { at: day_at(day - late, 9), ..fact(day_at(day, 9), "amy", "presale", Chat, kind) };
    posted(day_at(day, 9), fact)
}

fn changes(kpis: &mut Kpis) -> Vec<Row> {
    let mut rows = Vec::new();
    kpis.changes(&mut rows);
    rows.retain(|row| row.table != Table::Sample && row.table != Table::Counter);
    rows
}

/// The agent's days, with how many responses they have.
fn held(kpis: &mut Kpis, clock: Time) -> Vec<String> {
    let rows = kpis.rows(PeriodKind::Day, clock, &[]).filter(|row| row.scope == Scope::Agent && row.kpi.id == "response_time");
    rows.map(|row| format!("{} {}", row.period, line(&row).rsplit_once("response_time ").unwrap().1)).collect()
}

#[test]
fn days_leave_at_the_close_of_their_month_and_not_before_their_rows_are_given_out() {
    let mut kpis = kpis(7);
    kpis.post(&[response(0, 0), response(APRIL, 0)]);
    let before_close = day_at(CLOSE, 0) - Span(1);
    let [march, april] = ["2026-03-02 1x20000", "2026-04-01 1x20000"];
    let steps = [
        ("nothing was given out", day_at(CLOSE, 0), false, vec![march, april]),
        ("it was, and March is not closed", before_close, true, vec![march, april]),
        ("March is closed", day_at(CLOSE, 0), true, vec![april]),
        ("April is closed", day_at(CLOSE + 30, 0), true, vec![]),
    ];
    for (why, clock, given_out, wanted) in steps {
        if given_out {
            changes(&mut kpis);
        }
        kpis.evict_closed(clock);
        assert_eq!(held(&mut kpis, clock), wanted, "{why}");
    }
}

#[test]
fn what_waits_for_its_agent_is_counted_before_its_day_leaves() {
    let mut kpis = kpis(7);
    kpis.post(&[response(0, 0)]);
    changes(&mut kpis);
    // Of a team and of an agent: his waits.
    kpis.post(&[response(0, 0)]);
    kpis.evict_closed(day_at(CLOSE, 0));
    assert_eq!(changes(&mut kpis).len(), 2);
    kpis.evict_closed(day_at(CLOSE, 0));
    assert_eq!(held(&mut kpis, day_at(CLOSE, 0)), [""; 0]);
}

#[test]
fn nothing_leaves_where_no_changes_are_noted() {
    let mut kpis = Kpis::new(&settings());
    kpis.post(&[response(0, 0)]);
    kpis.evict_closed(day_at(CLOSE, 0));
    assert_eq!(held(&mut kpis, day_at(CLOSE, 0)), ["2026-03-02 1x20000"]);
}

#[test]
fn the_settings_of_a_start_decide_what_is_held() {
    let mut before = kpis(7);
    before.post(&[response(0, 0), response(APRIL, 0), response(CLOSE, 0)]);
    let clock = day_at(CLOSE, 10);
    let mut stored = changes(&mut before);
    // Rows come by table, and in the order of their keys' bytes.
    stored.sort_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
    let [march, april, close] = ["2026-03-02 1x20000", "2026-04-01 1x20000", "2026-04-08 1x20000"];
    let twice = "2026-03-02 2x40000";
    let corrected = "2026-04-08 1x20000 corrects 2026-03";
    let starts = [
        (7, vec![april, close], vec![april, close, corrected]),
        (8, vec![march, april, close], vec![twice, april, close]),
        (60, vec![march, april, close], vec![twice, april, close]),
        (0, vec![april, close], vec![april, close, corrected]),
    ];
    for (settle, wanted, after) in starts {
        let mut kpis = kpis(settle);
        kpis.evict_closed(clock);
        stored.iter().try_for_each(|row| kpis.restore(row)).unwrap();
        assert_eq!(held(&mut kpis, clock), wanted, "{settle} days");
        kpis.post(&[Posted { clock, ..response(CLOSE, CLOSE) }]);
        assert_eq!(held(&mut kpis, clock), after, "{settle} days");
    }
}
