//! All KPIs: totals, windows and counters, made of the same things that count.
//!
//! What counts for a team is counted at once: there are few teams, and all is near. Agents are many, and what is kept of one lies in a
//! dozen places of a large memory. So what counts for them waits until there is much of a few of them, or until somebody asks.

use std::hint::black_box;
use std::ops::Range;

use super::counted::{Accounts, Counted};
use super::counter::{CounterReadings, Counters, Edges};
use super::names::{Names, Number};
use super::totals::{PeriodKind, Scope, TotalRow, Totals};
use super::window::{WindowReadings, Windows};
use crate::model::{Month, Output, Posted, Row, RowError, Span, Table, Tally, Time, Zone};

/// Agents are counted for in so many groups.
const GROUPS: usize = 64;
/// So many things wait for a group at most: of 10,000 agents six each.
const WAITING: usize = 1_024;
/// Outputs whose names are looked up at a time, so that no look-up waits for the memory of the one before it.
const AT_A_TIME: usize = 48;

/// What the KPIs are told.
#[derive(Debug, Clone)]
pub struct KpiSettings {
    /// The reporting zone.
    pub zone: Zone,
    /// How long after its end a month still changes.
    pub settle: Span,
    /// Abandoned up to this long after the people's clock started: not offered (ruling 81).
    pub short_abandon: Span,
    /// Lengths of the rolling windows, each from 1 ms to [`LONGEST`](super::LONGEST).
    pub windows: Vec<Span>,
    /// Whether single agents are shown: only then each has such windows, too, and his counters are read.
    pub shows_agents: bool,
    /// Edges of the counters' histograms.
    pub edges: Edges,
    /// Whether `changes()` will be asked for: otherwise nothing is noted.
    pub track_changes: bool,
}

impl Default for KpiSettings {
    fn default() -> Self {
        let (settle, short_abandon) = (Span(7 * Span::DAY.0), Span(5 * Span::SECOND.0));
        Self {
            zone: Zone::utc(),
            settle,
            short_abandon,
            windows: vec![Span::HOUR],
            shows_agents: true,
            edges: Edges::default(),
            track_changes: false,
        }
    }
}

/// All KPIs.
#[derive(Debug)]
pub struct Kpis {
    accounts: Accounts,
    totals: Totals,
    windows: Windows,
    counters: Counters,
    /// What is not yet counted for its agents: a list for each group of them.
    waiting: Vec<Vec<Counted>>,
}

impl Kpis {
    /// KPIs of nothing yet.
    #[must_use]
    pub fn new(settings: &KpiSettings) -> Self {
        Self {
            accounts: Accounts { names: Names::default(), short_abandon: settings.short_abandon },
            totals: Totals::new(settings),
            windows: Windows::new(settings),
            counters: Counters::new(settings),
            waiting: vec![Vec::new(); GROUPS],
        }
    }

    /// Takes in what was decided, in its order. No clock is before that of the one before it.
    pub fn post(&mut self, posted: &[Posted]) {
        self.windows.settle();
        let mut counted = Vec::with_capacity(2 * AT_A_TIME);
        for some in posted.chunks(AT_A_TIME) {
            self.look_ahead(some);
            for one in some {
                self.accounts.add(one, &mut counted);
                self.note_by_name(one);
            }
            self.count(&mut counted);
        }
    }

    /// Brings facts and names near. Changes nothing. Goes step by step over all, so that what is far away is fetched for many at once.
    fn look_ahead(&self, posted: &[Posted]) {
        let facts = || posted.iter().filter_map(|one| if let Output::Fact(fact) = &one.output { Some(fact) } else { None });
        black_box(facts().fold(0, |all, fact| all ^ fact.at.0 ^ i64::from(fact.agent.is_some())));
        black_box(facts().filter_map(|fact| fact.agent.as_ref()).fold(0, |all, agent| all ^ self.accounts.names.glance(agent)));
    }

    fn note_by_name(&mut self, posted: &Posted) {
        let Output::Tally(tally) = &posted.output else { return };
        match &**tally {
            Tally::Team { agent, team, at } => self.totals.note_team(agent, team, *at, posted.clock),
            Tally::Spent { agent, team, time, .. } => self.counters.spend(agent, team, time, &mut self.accounts.names),
            _ => {}
        }
    }

    /// Counts for teams, and lets wait what is an agent's.
    fn count(&mut self, counted: &mut Vec<Counted>) {
        for one in counted.iter() {
            self.totals.count(one, Scope::Team);
            self.windows.count_for_group(one);
            self.counters.count_for_group(one);
        }
        for one in counted.drain(..) {
            let group = one.agent.map_or(0, Number::index) % GROUPS;
            self.waiting[group].push(one);
            if self.waiting[group].len() == WAITING {
                self.count_for_agents(group);
            }
        }
    }

    fn count_for_agents(&mut self, group: usize) {
        // Reads a little of each, so that all are fetched at once.
        black_box(self.waiting[group].iter().fold(0, |all, counted| all ^ counted.at.0));
        for counted in self.waiting[group].drain(..) {
            self.totals.count(&counted, Scope::Agent);
            self.windows.count_for_agent(&counted);
            self.counters.count_for_agent(&counted);
        }
    }

    /// Leaves nothing waiting.
    fn count_all(&mut self) {
        (0..GROUPS).for_each(|group| self.count_for_agents(group));
    }

    /// Every row of days or months as the totals stand at `clock`, in the order of ruling 92, made a period at a time.
    /// `open` is what still open intervals would give now.
    pub fn rows<'a>(&'a mut self, kind: PeriodKind, clock: Time, open: &[Tally]) -> impl Iterator<Item = TotalRow> + use<'a> {
        self.count_all();
        self.totals.rows(kind, clock, open, &mut self.accounts)
    }

    /// The rows of the month that `clock` lies in, quickly: without percentiles, and of agents only when asked.
    pub fn month_to_date(&mut self, clock: Time, open: &[Tally], agents: bool) -> Vec<TotalRow> {
        self.count_all();
        self.totals.month_to_date(clock, open, &mut self.accounts, agents)
    }

    /// All windows at this clock, which never goes back.
    pub fn windows(&mut self, clock: Time) -> WindowReadings {
        self.count_all();
        self.windows.read(clock, &self.accounts.names)
    }

    /// Samples of windows that were left out because a ring was full, as of the last time that somebody asked for windows or changes.
    /// Totals and counters have them.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.windows.left_out()
    }

    /// All counters. `open` are the [`Tally::Spent`] of intervals still open, up to the clock. To be read once right after
    /// `restore`, so that what late events take back from then on is noticed.
    pub fn counters(&mut self, open: &[Tally]) -> CounterReadings {
        self.count_all();
        self.counters.read(open, &mut self.accounts.names)
    }

    /// Each row changed since the last call, once.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        self.count_all();
        self.totals.changes(&self.accounts.names, rows);
        self.windows.changes(&self.accounts.names, rows);
        self.counters.changes(&self.accounts.names, rows);
    }

    /// Lets the totals of months that are closed at `clock`, up to which everything was posted, leave memory; [`Kpis::rows`] has none of them
    /// from then on. To be called right after [`Kpis::changes`], whose rows are kept elsewhere: what it has not given out yet stays.
    pub fn evict_closed(&mut self, clock: Time) {
        if self.totals.has_closed(clock) {
            self.count_all();
            self.totals.evict_closed(clock);
        }
    }

    /// Holds totals of these months only, when nothing was taken over or posted yet: [`Kpis::restore`] passes over all others.
    pub fn hold(&mut self, months: Range<Month>) {
        self.totals.hold(months.start.first_day()..months.end.first_day());
    }

    /// The first month whose totals are held.
    #[must_use]
    pub fn held_from(&self) -> Month {
        self.totals.held_from().month()
    }

    /// Takes over one stored row. Rows of tables that are not its own, and of months that are not held, are passed over.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        match row.table {
            Table::Total | Table::Correction | Table::AgentTeam => self.totals.restore(row, &mut self.accounts.names),
            Table::Sample | Table::Window => self.windows.restore(row, &mut self.accounts.names),
            Table::Counter => self.counters.restore(row, &mut self.accounts.names),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConversationRef, Fact, FactKind, Medium, Wait};

    /// January 1970 is closed.
    const CLOSE: Time = Time(38 * Span::DAY.0);

    /// Posted one after the other around the close; every fifth is of January.
    fn response(number: usize) -> Posted {
        let clock = CLOSE + Span((number as i64 - 2 * WAITING as i64) * 700);
        let at = if number.is_multiple_of(5) { clock - Span(10 * Span::DAY.0) } else { clock };
        let length = Span(number as i64 * 37 % 60_000);
        let wait = Wait {
            opened_at: at,
            wait: length,
            seconds: length,
            business: None,
            target: Some(Span(30_000)),
            within: Some(length <= Span(30_000)),
            held: Vec::new(),
            people: true,
            offered: number.is_multiple_of(3),
        };
        let conversation = ConversationRef { medium: Medium::Chat, id: "c1".into(), cycle: 1, channel: None };
        let (agent, team) = (["amy", "bob", "cy"][number % 3].into(), ["presale", "vip"][number % 2].into());
        let kind = FactKind::Response { first: number.is_multiple_of(2), wait, own: length };
        let fact = Fact { at, by_deadline: false, team: Some(team), agent: Some(agent), conversation: Some(conversation), kind };
        Posted { clock, output: Output::Fact(Box::new(fact)) }
    }

    #[test]
    fn it_is_the_same_however_often_somebody_asks_and_however_much_waits() {
        let posted: Vec<Posted> = (0..4 * WAITING).map(response).collect();
        let clock = CLOSE + Span(2 * WAITING as i64 * 700);
        let shown = |asked_after: usize| {
            let mut kpis = Kpis::new(&KpiSettings::default());
            for some in posted.chunks(asked_after) {
                kpis.post(some);
                kpis.windows(some[some.len() - 1].clock);
                kpis.counters(&[]);
            }
            let rows: Vec<TotalRow> = kpis.rows(PeriodKind::Day, clock, &[]).collect();
            format!("{rows:?} {:?} {:?}", kpis.windows(clock), kpis.counters(&[]))
        };
        let whole = shown(posted.len());
        assert!(whole.contains("amy") && whole.contains("corrects: Some"));
        for asked_after in [1, 100, WAITING + 1] {
            assert_eq!(shown(asked_after), whole, "{asked_after}");
        }
    }
}
