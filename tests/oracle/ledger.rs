//! Contributions to the totals, each written down by itself (kpis.md 3 *Corrections* and 5, rulings 61, 62).

use std::collections::BTreeMap;

use deskpulse::model::{Day, Month, Span, Time, Zone};

use super::Ms;

/// The rows of the catalogue that the oracle knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kpi {
    ResponseTime,
    FirstResponseTime,
    ResponseWithinTarget,
    FirstResponseWithinTarget,
    CustomerWaitTime,
    OwnResponseTime,
    OwnResponseWithinTarget,
    ResponseBreaches,
    ResolutionBreaches,
    Unanswered,
    WaitingLimitBreaches,
    WaitingOverLimitTime,
    Conversations,
    Resolutions,
    ResolutionTime,
    ResolutionWithinTarget,
    CycleResolutionTime,
    ReopenRatio,
    AutoClosed,
    ComplaintHandlingTime,
    ComplaintWithinTarget,
    ComplaintRatio,
    WorkTime,
    HandlingTime,
    Utilization,
    Occupancy,
    Concurrency,
    AverageHandlingTime,
}

/// What kind of number a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Samples of a length of time.
    Duration,
    /// A sum of time.
    Sum,
    /// One count out of another.
    Ratio,
    /// One time out of another.
    TimeRatio,
    /// A count.
    Count,
}

impl Kpi {
    /// All of them.
    pub const ALL: [Self; 28] = [
        Self::ResponseTime,
        Self::FirstResponseTime,
        Self::ResponseWithinTarget,
        Self::FirstResponseWithinTarget,
        Self::CustomerWaitTime,
        Self::OwnResponseTime,
        Self::OwnResponseWithinTarget,
        Self::ResponseBreaches,
        Self::ResolutionBreaches,
        Self::Unanswered,
        Self::WaitingLimitBreaches,
        Self::WaitingOverLimitTime,
        Self::Conversations,
        Self::Resolutions,
        Self::ResolutionTime,
        Self::ResolutionWithinTarget,
        Self::CycleResolutionTime,
        Self::ReopenRatio,
        Self::AutoClosed,
        Self::ComplaintHandlingTime,
        Self::ComplaintWithinTarget,
        Self::ComplaintRatio,
        Self::WorkTime,
        Self::HandlingTime,
        Self::Utilization,
        Self::Occupancy,
        Self::Concurrency,
        Self::AverageHandlingTime,
    ];

    /// Its id in the catalogue.
    pub fn id(self) -> String {
        let name = format!("{self:?}");
        let words = name.char_indices().map(|(index, letter)| match letter {
            letter if index > 0 && letter.is_uppercase() => format!("_{}", letter.to_lowercase()),
            letter => letter.to_lowercase().to_string(),
        });
        words.collect()
    }

    /// Whether agents have rows.
    pub fn has_agents(self) -> bool {
        !matches!(self, Self::Conversations | Self::AutoClosed | Self::ComplaintRatio)
    }

    /// The kind of number.
    pub fn kind(self) -> Kind {
        match self {
            Self::WaitingOverLimitTime | Self::WorkTime | Self::HandlingTime => Kind::Sum,
            Self::Utilization | Self::Occupancy | Self::Concurrency => Kind::TimeRatio,
            Self::ResponseTime
            | Self::FirstResponseTime
            | Self::CustomerWaitTime
            | Self::OwnResponseTime
            | Self::ResolutionTime
            | Self::CycleResolutionTime
            | Self::ComplaintHandlingTime
            | Self::AverageHandlingTime => Kind::Duration,
            Self::ResponseBreaches
            | Self::ResolutionBreaches
            | Self::Unanswered
            | Self::WaitingLimitBreaches
            | Self::Conversations
            | Self::Resolutions
            | Self::AutoClosed => Kind::Count,
            _ => Kind::Ratio,
        }
    }
}

/// Whom a number counts for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credit {
    /// The agent, if anybody.
    pub agent: Option<String>,
    /// The team, if any.
    pub team: Option<String>,
    /// The medium, of rows that are per medium.
    pub medium: Option<&'static str>,
}

/// How much.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// A sample, and whether it comes (1) or goes (−1).
    Sample(Ms, i64),
    /// Numerator and denominator.
    Ratio(i64, i64),
    /// A count or a sum of time.
    Number(i64),
}

impl Amount {
    /// A part of an agent's time.
    pub fn of_time(kpi: Kpi, (a, b): (Ms, Ms)) -> Self {
        if kpi.kind() == Kind::Sum { Self::Number(a) } else { Self::Ratio(a, b) }
    }
}

/// Agents' time by credit, day and KPI; of ratios both sides.
pub type Snapshot = BTreeMap<(Credit, Day, Kpi), (Ms, Ms)>;

/// One contribution.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Of which row.
    pub kpi: Kpi,
    /// For whom.
    pub credit: Credit,
    /// In which day.
    pub day: Day,
    /// The closed month that it corrects.
    pub corrects: Option<Month>,
    /// How much.
    pub amount: Amount,
}

/// All contributions.
pub struct Ledger {
    /// In the order of posting.
    pub entries: Vec<Entry>,
    zone: Zone,
    settle: Ms,
}

impl Ledger {
    /// An empty one.
    pub fn new(zone: Zone, settle: Ms) -> Self {
        Self { entries: Vec::new(), zone, settle }
    }

    /// The instant from which a month is closed.
    pub fn close_of(&self, month: Month) -> Ms {
        (self.zone.month_start(month.next()) + Span(self.settle)).0
    }

    /// The first instant after a month.
    pub fn end_of(&self, month: Month) -> Ms {
        self.zone.month_start(month.next()).0
    }

    /// A contribution at an instant, posted at a clock: to its own day, or to the present one when its month is closed.
    fn post(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, at: Ms, amount: Amount) {
        let (day, month) = (self.zone.day(Time(at)), self.zone.month(Time(at)));
        if clock >= self.close_of(month) {
            self.correct(kpi, credit, clock, month, amount);
        } else {
            self.put(kpi, credit, day, amount);
        }
    }

    /// A contribution to a day that is known to be open.
    pub fn put(&mut self, kpi: Kpi, credit: &Credit, day: Day, amount: Amount) {
        self.entries.push(Entry { kpi, credit: credit.clone(), day, corrects: None, amount });
    }

    /// A correction of a closed month, in the present day.
    pub fn correct(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, month: Month, amount: Amount) {
        let day = self.zone.day(Time(clock));
        self.entries.push(Entry { kpi, credit: credit.clone(), day, corrects: Some(month), amount });
    }

    /// A sample.
    pub fn sample(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, at: Ms, span: Ms) {
        self.samples(kpi, credit, clock, at, span, 1);
    }

    /// A sample that comes or goes.
    pub fn samples(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, at: Ms, span: Ms, sign: i64) {
        self.post(kpi, credit, clock, at, Amount::Sample(span, sign));
    }

    /// One more in the denominator, and in the numerator when within; nothing without a target.
    pub fn judged(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, at: Ms, within: Option<bool>) {
        if let Some(within) = within {
            self.ratio(kpi, credit, clock, at, (i64::from(within), 1));
        }
    }

    /// More on both sides of a ratio.
    pub fn ratio(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, at: Ms, (numerator, denominator): (i64, i64)) {
        self.post(kpi, credit, clock, at, Amount::Ratio(numerator, denominator));
    }

    /// More of a count.
    pub fn count(&mut self, kpi: Kpi, credit: &Credit, clock: Ms, at: Ms, count: i64) {
        self.post(kpi, credit, clock, at, Amount::Number(count));
    }
}
