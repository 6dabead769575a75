//! Totals: what was posted, added up by day, scope, id and medium; months are added up when they are read.
//!
//! `count` says what each fact adds, `figures` and `responses` what it is added to, `ledger` where: in the day of the sample, or in
//! a correction once its month is closed. `read` makes rows of it by the catalogue.

mod count;
mod figures;
mod ledger;
mod read;
mod responses;
mod row;
mod teams;

pub use figures::{Counts, Figures, Resolutions, Share};
pub use responses::Responses;
pub use row::{Numbers, Period, PeriodKind, Scope, State, TotalRow};

use std::hint::black_box;

use count::Counting;
use figures::Depth;
use ledger::{Calendar, Credit, Ledger};
use read::Reading;
use teams::Teams;

use crate::model::{Output, Posted, Row, RowError, Span, Table, Tally, Time, Zone};

/// What totals are told.
#[derive(Debug, Clone)]
pub struct TotalsSettings {
    /// The reporting zone.
    pub zone: Zone,
    /// How long after its end a month still changes.
    pub settle: Span,
    /// Abandoned up to this long after the people's clock started: not offered (ruling 81).
    pub short_abandon: Span,
    /// Whether `changes()` will be asked for: otherwise nothing is noted.
    pub track_changes: bool,
}

/// All totals.
#[derive(Debug)]
pub struct Totals {
    ledger: Ledger,
    teams: Teams,
    short_abandon: Span,
}

impl Totals {
    /// Totals of nothing yet.
    #[must_use]
    pub fn new(settings: TotalsSettings) -> Self {
        let calendar = Calendar { zone: settings.zone, settle: settings.settle };
        Self {
            ledger: Ledger::new(calendar, settings.track_changes),
            teams: Teams::new(settings.track_changes),
            short_abandon: settings.short_abandon,
        }
    }

    /// Brings the figures near that these outputs will change. Changes nothing. Goes step by step over all, so that what is far away is
    /// fetched for many at once.
    pub fn look_ahead(&self, posted: &[Posted]) {
        let figures = self.ledger.look_ahead(posted.iter().filter_map(|one| {
            let Output::Fact(fact) = &one.output else { return None };
            let medium = fact.conversation.as_ref().map(|conversation| conversation.medium);
            Some(Credit { place: self.ledger.place_of(one.clock, fact.at), agent: fact.agent.as_ref(), team: None, medium })
        }));
        let responses = || figures.iter().filter_map(|figures| figures.responses.as_deref());
        black_box(responses().fold(0, |all, responses| all ^ responses.glance()));
        black_box(responses().fold(0, |all, responses| all ^ responses.glance_further()));
    }

    /// Counts one output of the engine. Its clock is not before that of the one before it.
    pub fn post(&mut self, posted: &Posted) {
        let mut counting = Counting { ledger: &mut self.ledger, clock: posted.clock, short_abandon: self.short_abandon };
        match &posted.output {
            Output::Fact(fact) => counting.fact(fact),
            Output::Tally(tally) => counting.tally(tally),
        }
        if let Output::Tally(tally) = &posted.output
            && let Tally::Team { agent, team, at } = &**tally
        {
            self.teams.note(agent, team, *at, posted.clock, self.ledger.calendar());
        }
    }

    /// Every row of days or months as the totals stand at `clock`, in the order of ruling 92, made a period at a time.
    /// `open` is what still open intervals would give now.
    pub fn rows(&self, kind: PeriodKind, clock: Time, open: &[Tally]) -> impl Iterator<Item = TotalRow> + '_ {
        let reading = self.reading(clock, open, Depth::Whole, true);
        reading.periods(kind).into_iter().flat_map(move |period| reading.rows(period))
    }

    /// The rows of the month that `clock` lies in, quickly: without percentiles, and of agents only when asked.
    #[must_use]
    pub fn month_to_date(&self, clock: Time, open: &[Tally], agents: bool) -> Vec<TotalRow> {
        let reading = self.reading(clock, open, Depth::Sums, agents);
        // Before the first event the clock lies in no month.
        if reading.periods(PeriodKind::Month).is_empty() {
            return Vec::new();
        }
        reading.rows(Period::Month(self.ledger.calendar().zone.month(clock)))
    }

    /// Each row changed since the last call, once.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        self.ledger.changes(rows);
        self.teams.changes(rows);
    }

    /// Takes over one stored row. Rows of tables that are not its own are passed over.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        match row.table {
            Table::Total | Table::Correction => self.ledger.restore(row),
            Table::AgentTeam => self.teams.restore(row),
            _ => Ok(()),
        }
    }

    fn reading(&self, clock: Time, open: &[Tally], depth: Depth, agents: bool) -> Reading<'_> {
        let mut overlay = Ledger::new(self.ledger.calendar().clone(), false);
        let mut counting = Counting { ledger: &mut overlay, clock, short_abandon: self.short_abandon };
        open.iter().for_each(|tally| counting.tally(tally));
        Reading { ledger: &self.ledger, open: overlay, teams: &self.teams, clock, depth, agents }
    }
}

#[cfg(test)]
mod tests;
