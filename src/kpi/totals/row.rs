//! What totals print: one row per period, scope, id, KPI and medium.

use std::fmt;
use std::ops::Range;

use crate::kpi::Kpi;
use crate::model::{Day, Medium, Month, Name, Span};

/// One printed row.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalRow {
    /// Its day or month. For a correction the one in which it was made.
    pub period: Period,
    /// Whether that month still changes.
    pub state: State,
    /// Whose number.
    pub scope: Scope,
    /// The agent or team; empty for [`Scope::All`].
    pub id: Name,
    /// Of an agent his latest team in the period, or the last one before it; of a team itself; of all `None`.
    pub team: Option<Name>,
    /// Chat or ticket, for the KPIs that are per medium.
    pub medium: Option<Medium>,
    /// Which number.
    pub kpi: &'static Kpi,
    /// The number.
    pub numbers: Numbers,
    /// The closed month that this row corrects: it holds differences only (ruling 61).
    pub corrects: Option<Month>,
}

/// The sums behind one value. A mean or ratio is made of them only where it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numbers {
    /// Samples of a duration. The value is sum ÷ count, of a correction none.
    Duration {
        /// How many samples.
        count: i64,
        /// Their sum.
        sum: Span,
        /// Half of the samples are at most this long (nearest rank, up to 0.1 % too short). `None` in corrections and quick figures.
        p50: Option<Span>,
        /// Nine of ten samples are at most this long.
        p90: Option<Span>,
        /// 99 of 100 samples are at most this long.
        p99: Option<Span>,
    },
    /// A length of time that only adds up. The value is the sum, of a correction the difference.
    Sum {
        /// The sum.
        sum: Span,
    },
    /// Counts over counts. There is no value without a denominator, nor in a correction.
    Ratio {
        /// How many of them.
        numerator: i64,
        /// Of how many.
        denominator: i64,
    },
    /// Time over time, both sides shown in seconds. There is no value without a denominator, nor in a correction.
    TimeRatio {
        /// How much of it.
        numerator: Span,
        /// Of how much.
        denominator: Span,
    },
    /// A count. Of a correction the difference.
    Count {
        /// How many.
        value: i64,
    },
}

impl Numbers {
    /// Whether there is nothing to print: no sample, a count or sum of 0, a ratio with both sides 0 (ruling 78).
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match *self {
            Self::Duration { count, sum, .. } => count == 0 && sum.is_zero(),
            Self::Sum { sum } => sum.is_zero(),
            Self::Ratio { numerator, denominator } => numerator == 0 && denominator == 0,
            Self::TimeRatio { numerator, denominator } => numerator.is_zero() && denominator.is_zero(),
            Self::Count { value } => value == 0,
        }
    }

    /// The same without percentiles, as corrections print it.
    #[must_use]
    pub(super) fn without_percentiles(self) -> Self {
        match self {
            Self::Duration { count, sum, .. } => Self::Duration { count, sum, p50: None, p90: None, p99: None },
            other => other,
        }
    }
}

/// Whose number. Ordered as printed: agent, all, team (ruling 92).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Scope {
    /// One agent's.
    Agent,
    /// Everybody's.
    All,
    /// One team's.
    Team,
}

impl Scope {
    /// The word in rows and labels.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::All => "all",
            Self::Team => "team",
        }
    }
}

/// The lengths of period that totals are printed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodKind {
    /// Calendar months in the reporting zone.
    Month,
    /// Calendar days in the reporting zone.
    Day,
}

/// A day or month in the reporting zone. Shown as `2026-11-23` or `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A month.
    Month(Month),
    /// A day.
    Day(Day),
}

impl Period {
    /// The month itself, or the month of the day: it decides the state.
    #[must_use]
    pub fn month(self) -> Month {
        match self {
            Self::Month(month) => month,
            Self::Day(day) => day.month(),
        }
    }

    /// Its days, half-open.
    pub(super) fn days(self) -> Range<Day> {
        match self {
            Self::Month(month) => month.first_day()..month.next().first_day(),
            Self::Day(day) => day..day.next(),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Day(day) => day.fmt(f),
        }
    }
}

/// Whether a month still changes (ruling 62).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not ended.
    Open,
    /// It has ended; withdrawals and late events still change it.
    Settling,
    /// It never changes again.
    Closed,
}

impl State {
    /// The word in rows.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settling => "settling",
            Self::Closed => "closed",
        }
    }
}
