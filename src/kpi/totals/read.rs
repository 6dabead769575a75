//! Reading rows out of the ledger: one period at a time, one agent, team or all after the other.

use std::collections::BTreeSet;

use super::figures::{Depth, Figures};
use super::ledger::{Book, Key, Ledger, NO_TEAM, total};
use super::row::{Period, PeriodKind, Scope, TotalRow};
use super::teams::Teams;
use crate::kpi::CATALOGUE;
use crate::kpi::hashed::{Hashed, NumberedKey};
use crate::kpi::names::{Names, Number};
use crate::model::{Name, Time};

/// Everything that rows are read from.
pub(super) struct Reading<'a> {
    /// What was posted.
    pub ledger: &'a Ledger,
    /// What still open intervals would give now.
    pub open: Ledger,
    /// The names of agents and teams.
    pub names: &'a Names,
    /// Agents' teams.
    pub teams: &'a Teams,
    /// The clock, which decides the state of the months.
    pub clock: Time,
    /// Whether percentiles are wanted.
    pub depth: Depth,
    /// Whether agents' rows are wanted.
    pub agents: bool,
}

impl Reading<'_> {
    /// The periods that may have rows, in order.
    pub fn periods(&self, kind: PeriodKind) -> BTreeSet<Period> {
        let days = self.ledger.days().chain(self.open.days());
        days.map(|day| match kind {
            PeriodKind::Month => Period::Month(day.month()),
            PeriodKind::Day => Period::Day(day),
        })
        .collect()
    }

    /// The rows of one period, in the order of ruling 92.
    pub fn rows(&self, period: Period) -> Vec<TotalRow> {
        let days = period.days();
        let books: Vec<&Book> = self.ledger.books(days.clone()).chain(self.open.books(days)).collect();
        let mut keys: Hashed<Key, ()> = Hashed::default();
        for key in books.iter().flat_map(|book| book.keys()) {
            keys.get_or_insert_with(key, || ());
        }
        let teams: Vec<Key> = keys.keys().filter(|key| key.scope == Scope::Team).collect();
        for key in &teams {
            keys.get_or_insert_with(Key { scope: Scope::All, id: Number::EMPTY, ..*key }, || ());
        }
        let wanted = keys.keys().filter(|key| self.is_wanted(*key));
        let mut keys: Vec<(Key<Name>, Key)> = wanted.map(|key| (key.named(self.names), key)).collect();
        keys.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut rows = Vec::new();
        for keys in keys.chunk_by(|(_, a), (_, b)| (a.scope, a.id) == (b.scope, b.id)) {
            let first = rows.len();
            for (named, key) in keys {
                let figures = match key.scope {
                    Scope::All => total(&books, &alike(&teams, *key), self.depth),
                    _ => total(&books, &[*key], self.depth),
                };
                self.read(period, named, &figures, &mut rows);
            }
            rows[first..].sort_by_key(|row| (row.kpi.id, row.medium, row.corrects));
        }
        rows
    }

    fn is_wanted(&self, key: Key) -> bool {
        match key.scope {
            Scope::Agent => self.agents,
            Scope::All => true,
            Scope::Team => key.id != NO_TEAM,
        }
    }

    /// The rows of one key.
    fn read(&self, period: Period, key: &Key<Name>, figures: &Figures, rows: &mut Vec<TotalRow>) {
        let state = self.ledger.calendar().state(period.month(), self.clock);
        let team = self.team(period, key);
        for kpi in CATALOGUE {
            if kpi.per_medium != key.medium.is_some() || !kpi.scopes.include(key.scope) {
                continue;
            }
            let Some(numbers) = (kpi.read)(figures).filter(|numbers| !numbers.is_nothing()) else { continue };
            let numbers = if key.corrects.is_some() { numbers.without_percentiles() } else { numbers };
            rows.push(TotalRow {
                period,
                state,
                scope: key.scope,
                id: key.id.clone(),
                team: team.cloned(),
                medium: key.medium,
                kpi,
                numbers,
                corrects: key.corrects,
            });
        }
    }

    fn team<'a>(&'a self, period: Period, key: &'a Key<Name>) -> Option<&'a Name> {
        match key.scope {
            Scope::Agent => self.teams.before(&key.id, period.days().end),
            Scope::Team => Some(&key.id),
            Scope::All => None,
        }
    }
}

/// The teams' keys that add up to a key of all.
fn alike(teams: &[Key], all: Key) -> Vec<Key> {
    teams.iter().copied().filter(|team| (team.medium, team.corrects) == (all.medium, all.corrects)).collect()
}
