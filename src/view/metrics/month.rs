//! Gauges of the month to date: value, and what it is made of, so that groups are never averages of averages.

use super::catalogue as names;
use super::or_empty;
use super::roster::Roster;
use super::text::{Page, Ratio, Value};
use crate::kpi::{Numbers, Scope, TotalRow};
use crate::model::{Medium, Span};
use crate::view::number;

/// One side of a number.
enum Shown {
    Count(i64),
    Time(Span),
    Ratio(i64, i64),
}

/// Takes a side out of a number, if it has it.
type Side = fn(&Numbers) -> Option<Shown>;

/// Writes them all. Corrections of closed months are no part of the month in which they were made.
pub fn write(page: &mut Page, rows: &[TotalRow], roster: &Roster<'_>) {
    let parts: [(_, Side); 3] =
        [(&names::MONTH_VALUE, value), (&names::MONTH_NUMERATOR, numerator), (&names::MONTH_DENOMINATOR, denominator)];
    for (metric, part) in parts {
        let mut family = page.family(metric);
        for row in rows.iter().filter(|row| row.corrects.is_none()) {
            let agent = if row.scope == Scope::Agent { row.id.as_str() } else { "" };
            if let Some(shown) = part(&row.numbers).filter(|_| row.scope != Scope::Agent || roster.shows_months(agent)) {
                let (medium, period) = (row.medium.map_or("", Medium::word), row.period.to_string());
                family.sample(&[row.kpi.id, row.scope.word(), agent, or_empty(&row.team), medium, &period], shown);
            }
        }
    }
}

fn value(numbers: &Numbers) -> Option<Shown> {
    match *numbers {
        Numbers::Duration { count, sum, .. } => number::mean(sum, count).map(Shown::Time),
        Numbers::Sum { sum } => Some(Shown::Time(sum)),
        Numbers::Ratio { numerator, denominator } => (denominator != 0).then_some(Shown::Ratio(numerator, denominator)),
        Numbers::TimeRatio { numerator, denominator } => (!denominator.is_zero()).then_some(Shown::Ratio(numerator.0, denominator.0)),
        Numbers::Count { value } => Some(Shown::Count(value)),
    }
}

fn numerator(numbers: &Numbers) -> Option<Shown> {
    match *numbers {
        Numbers::Duration { sum, .. } => Some(Shown::Time(sum)),
        Numbers::Ratio { numerator, .. } => Some(Shown::Count(numerator)),
        Numbers::TimeRatio { numerator, .. } => Some(Shown::Time(numerator)),
        Numbers::Sum { .. } | Numbers::Count { .. } => None,
    }
}

fn denominator(numbers: &Numbers) -> Option<Shown> {
    match *numbers {
        Numbers::Duration { count, .. } => Some(Shown::Count(count)),
        Numbers::Ratio { denominator, .. } => Some(Shown::Count(denominator)),
        Numbers::TimeRatio { denominator, .. } => Some(Shown::Time(denominator)),
        Numbers::Sum { .. } | Numbers::Count { .. } => None,
    }
}

impl Value for Shown {
    fn write(&self, out: &mut String) {
        match self {
            Self::Count(count) => number::put(out, format_args!("{count}")),
            Self::Time(span) => span.write(out),
            Self::Ratio(numerator, denominator) => Ratio(*numerator, *denominator).write(out),
        }
    }
}
