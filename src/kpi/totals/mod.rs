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

use std::ops::Range;

use count::count;
use figures::Depth;
use ledger::{Calendar, Ledger};
use read::Reading;
use teams::Teams;

use super::counted::{Accounts, Counted};
use super::kpis::KpiSettings;
use super::names::Names;
use crate::model::{Day, Month, Name, Row, RowError, Table, Tally, Time};

/// All totals, or those of some days.
#[derive(Debug)]
pub struct Totals {
    ledger: Ledger,
    teams: Teams,
    /// The days that are held.
    held: Range<Day>,
    /// When the month of the first of them is closed.
    next_close: Time,
}

impl Totals {
    /// Totals of nothing yet.
    #[must_use]
    pub fn new(settings: &KpiSettings) -> Self {
        let calendar = Calendar { zone: settings.zone.clone(), settle: settings.settle };
        let (ledger, teams) = (Ledger::new(calendar, settings.track_changes), Teams::new(settings.track_changes));
        Self { ledger, teams, held: Day(i32::MIN)..Day(i32::MAX), next_close: Time::MIN }
    }

    /// Counts for the agent or for the team, in any order: each has its own clock.
    pub fn count(&mut self, counted: &Counted, scope: Scope) {
        count(&mut self.ledger, counted, scope);
    }

    /// Notes an agent's team since an instant, as it became known at `clock`.
    pub fn note_team(&mut self, agent: &Name, team: &Name, since: Time, clock: Time) {
        self.teams.note(agent, team, since, clock, self.ledger.calendar());
    }

    /// Every row of days or months as the totals stand at `clock`, in the order of ruling 92, made a period at a time.
    /// `open` is what still open intervals would give now.
    pub fn rows<'a>(
        &'a self,
        kind: PeriodKind,
        clock: Time,
        open: &[Tally],
        accounts: &'a mut Accounts,
    ) -> impl Iterator<Item = TotalRow> + use<'a> {
        let reading = self.reading(clock, open, accounts, Depth::Whole, true);
        reading.periods(kind).into_iter().flat_map(move |period| reading.rows(period))
    }

    /// The rows of the month that `clock` lies in, quickly: without percentiles, and of agents only when asked.
    pub fn month_to_date(&self, clock: Time, open: &[Tally], accounts: &mut Accounts, agents: bool) -> Vec<TotalRow> {
        let reading = self.reading(clock, open, accounts, Depth::Sums, agents);
        // Before the first event the clock lies in no month.
        if reading.periods(PeriodKind::Month).is_empty() {
            return Vec::new();
        }
        reading.rows(Period::Month(self.ledger.calendar().zone.month(clock)))
    }

    /// Each row changed since the last call, once.
    pub fn changes(&mut self, names: &Names, rows: &mut Vec<Row>) {
        self.ledger.changes(names, rows);
        self.teams.changes(rows);
    }

    /// Whether a month may have been closed at `clock` since the last [`Totals::evict_closed`].
    pub fn has_closed(&self, clock: Time) -> bool {
        // Before the first event the clock lies in no month.
        clock > Time::MIN && clock >= self.next_close
    }

    /// Lets days of months that are closed at `clock` go, once [`Totals::changes`] has given out everything; stored rows of such days are
    /// passed over from then on. Nothing ever changes them again, and nothing but [`Totals::rows`] reads them.
    pub fn evict_closed(&mut self, clock: Time) {
        if self.has_closed(clock) && self.ledger.is_given_out() && self.teams.is_given_out() {
            let calendar = self.ledger.calendar();
            let first = calendar.first_open_day(clock);
            self.next_close = calendar.closes(first.month());
            self.held.start = first;
            self.ledger.evict_before(first);
            self.teams.evict_before(first);
        }
    }

    /// Holds these days only, when nothing was taken over or counted yet.
    pub fn hold(&mut self, days: Range<Day>) {
        self.held = days;
    }

    /// The first day that is held.
    pub fn held_from(&self) -> Day {
        self.held.start
    }

    /// Takes over one stored row. Rows of tables that are not its own, and of days that are not held, are passed over.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, row: &Row, names: &mut Names) -> Result<(), RowError> {
        match row.table {
            Table::Total | Table::Correction if self.held.contains(&Ledger::day(row)?) => self.ledger.restore(row, names),
            Table::AgentTeam => self.teams.restore(row, &self.held),
            _ => Ok(()),
        }
    }

    fn reading<'a>(&'a self, clock: Time, open: &[Tally], accounts: &'a mut Accounts, depth: Depth, agents: bool) -> Reading<'a> {
        let mut overlay = Ledger::new(self.ledger.calendar().clone(), false);
        let mut counted = Vec::new();
        open.iter().for_each(|tally| accounts.tally(clock, tally, &mut counted));
        for counted in counted {
            [Scope::Agent, Scope::Team].iter().for_each(|scope| count(&mut overlay, &counted, *scope));
        }
        Reading { ledger: &self.ledger, open: overlay, names: &accounts.names, teams: &self.teams, clock, depth, agents }
    }
}

/// The month that a stored row has figures of; `None` of other rows.
///
/// # Errors
/// When it is damaged.
pub fn month_of(row: &Row) -> Result<Option<Month>, RowError> {
    match row.table {
        Table::Total | Table::Correction => Ok(Some(Ledger::day(row)?.month())),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
