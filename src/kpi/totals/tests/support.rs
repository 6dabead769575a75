//! Facts in few words, and rows as short lines.

use super::super::*;
use crate::kpi::Kpis;
use crate::model::{ConversationRef, Fact, FactKind, Medium, Name, Outcome, Output, Posted, Span, Tally, Time, Wait};

/// 2026-03-02T00:00:00Z, a Monday.
pub const MONDAY: Time = Time(1_772_409_600_000);

pub fn seconds(count: i64) -> Span {
    Span(count * 1_000)
}

/// An instant on that Monday, or so many days later.
pub fn day_at(days: i64, hour: i64) -> Time {
    MONDAY + Span(days * Span::DAY.0 + hour * Span::HOUR.0)
}

pub fn settings() -> KpiSettings {
    KpiSettings { settle: Span(7 * Span::DAY.0), short_abandon: seconds(5), ..KpiSettings::default() }
}

pub fn name(text: &str) -> Option<Name> {
    (!text.is_empty()).then(|| Name::new(text))
}

/// A fact about cycle 1 of a chat or ticket. An empty agent or team is none.
pub fn fact(at: Time, agent: &str, team: &str, medium: Medium, kind: FactKind) -> Fact {
    let conversation = ConversationRef { medium, id: Name::new("c1"), cycle: 1, channel: None };
    Fact { at, by_deadline: false, team: name(team), agent: name(agent), conversation: Some(conversation), kind }
}

/// A wait of so many seconds, judged against 30 s.
pub fn wait(judged: i64) -> Wait {
    Wait {
        opened_at: MONDAY,
        wait: seconds(judged),
        seconds: seconds(judged),
        business: None,
        target: Some(seconds(30)),
        within: Some(judged <= 30),
        held: Vec::new(),
        people: true,
        offered: false,
    }
}

/// A first resolution of so many active seconds.
pub fn resolved(active: i64) -> FactKind {
    FactKind::Resolved {
        outcome: Outcome::Resolved,
        seconds: seconds(active),
        active: seconds(active),
        cycle_seconds: seconds(active),
        business: None,
        target: None,
        within: None,
        judged_active: seconds(active),
        first: true,
        counts: true,
        complaint: None,
    }
}

pub fn posted(clock: Time, fact: Fact) -> Posted {
    Posted { clock, output: Output::Fact(Box::new(fact)) }
}

pub fn tallied(clock: Time, tally: Tally) -> Posted {
    Posted { clock, output: Output::Tally(Box::new(tally)) }
}

/// Totals of these facts, each posted at its own time.
pub fn totals_of(facts: impl IntoIterator<Item = Fact>) -> Kpis {
    let mut totals = Kpis::new(&settings());
    facts.into_iter().for_each(|fact| totals.post(&[posted(fact.at, fact)]));
    totals
}

/// A row as `scope id medium kpi numbers`, in milliseconds, with what it corrects.
pub fn line(row: &TotalRow) -> String {
    let medium = row.medium.map_or("-", Medium::word);
    let numbers = match row.numbers {
        Numbers::Duration { count, sum, .. } => format!("{count}x{}", sum.0),
        Numbers::Sum { sum } => sum.0.to_string(),
        Numbers::Ratio { numerator, denominator } => format!("{numerator}/{denominator}"),
        Numbers::TimeRatio { numerator, denominator } => format!("{}/{}", numerator.0, denominator.0),
        Numbers::Count { value } => value.to_string(),
    };
    let corrects = row.corrects.map(|month| format!(" corrects {month}")).unwrap_or_default();
    format!("{} {} {medium} {} {numbers}{corrects}", row.scope.word(), row.id, row.kpi.id)
}

/// The month rows, as lines, of these KPIs.
pub fn lines(totals: &mut Kpis, kpis: &[&str]) -> Vec<String> {
    let rows = totals.rows(PeriodKind::Month, day_at(0, 23), &[]);
    rows.filter(|row| kpis.contains(&row.kpi.id)).map(|row| line(&row)).collect()
}
