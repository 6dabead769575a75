//! The ledger: figures by day, scope, id and medium, and by the closed month that they correct.
//!
//! A month takes changes until the clock reaches its end plus `settle`. From then on a change goes to the day of the clock, into a
//! row of its own that names the month: so nothing ever touches the rows of a closed month.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::figures::{Depth, Figures};
use super::row::{Scope, State};
use crate::kpi::hashed::{Hashed, Lookup, looked_up_by_borrowed_names};
use crate::model::{Day, Medium, Month, Name, Row, RowError, Span, Table, Time, Zone};

/// Version of the encoding of rows of [`Table::Total`] and [`Table::Correction`].
const VERSION: u8 = 1;

/// The id under which the figures without a team are kept. No team has it: names are not empty.
pub(super) static NO_TEAM: Name = Name::new_static("");

/// What figures are of, within a day. Ordered as printed, but for the KPI.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Key<N = Name> {
    /// Whose.
    pub scope: Scope,
    /// The agent or team; empty for all, which is only read, and for what has no team.
    pub id: N,
    /// Chat or ticket; `None` for what is counted over both.
    pub medium: Option<Medium>,
    /// The closed month that they correct.
    pub corrects: Option<Month>,
}

looked_up_by_borrowed_names!(Key);

impl<N> Key<N> {
    fn with<'a, M>(&'a self, name: impl Fn(&'a N) -> M) -> Key<M> {
        Key { scope: self.scope, id: name(&self.id), medium: self.medium, corrects: self.corrects }
    }
}

/// The figures of one day.
#[derive(Debug)]
pub(super) struct Book {
    closes: Time,
    rows: Hashed<Key, Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    figures: Figures,
    /// Whether it is in the list of changes.
    noted: bool,
}

/// All figures.
#[derive(Debug)]
pub(super) struct Ledger {
    calendar: Calendar,
    days: BTreeMap<Day, Book>,
    changed: Option<Vec<(Day, Key)>>,
}

/// Which day and month an instant belongs to, and until when a month changes.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    /// The reporting zone.
    pub zone: Zone,
    /// How long after its end a month still changes.
    pub settle: Span,
}

/// Where a change goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    day: Day,
    corrects: Option<Month>,
}

/// To whom a change is credited: to the agent, if there is one, and to the team, and with it to all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Credit<'a> {
    /// Where.
    pub place: Place,
    /// Whose work it is.
    pub agent: Option<&'a Name>,
    /// Whose team's.
    pub team: Option<&'a Name>,
    /// Chat or ticket; `None` for what is counted over both.
    pub medium: Option<Medium>,
}

impl Credit<'_> {
    /// The same for team and all only.
    pub fn of_nobody(self) -> Self {
        Self { agent: None, ..self }
    }

    /// The same where both media count together.
    pub fn of_all_media(self) -> Self {
        Self { medium: None, ..self }
    }
}

impl Calendar {
    /// The state of a month at `clock` (ruling 62).
    pub fn state(&self, month: Month, clock: Time) -> State {
        let end = self.zone.month_start(month.next());
        if clock < end {
            State::Open
        } else if clock < end + self.settle {
            State::Settling
        } else {
            State::Closed
        }
    }

    /// The first instant at which a month is closed.
    pub fn closes(&self, month: Month) -> Time {
        self.zone.month_start(month.next()) + self.settle
    }

    /// The first day of the first month that is not closed at `clock`.
    pub fn first_open_day(&self, clock: Time) -> Day {
        let mut month = self.zone.month(clock);
        while clock < self.closes(Month(month.0 - 1)) {
            month = Month(month.0 - 1);
        }
        month.first_day()
    }
}

impl Ledger {
    /// An empty one.
    pub fn new(calendar: Calendar, track_changes: bool) -> Self {
        Self { calendar, days: BTreeMap::new(), changed: track_changes.then(Vec::new) }
    }

    /// Days and months.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Where a change of `day` goes at `clock`.
    pub fn place(&self, clock: Time, day: Day) -> Place {
        let closes = self.days.get(&day).map_or_else(|| self.calendar.closes(day.month()), |book| book.closes);
        if clock < closes {
            Place { day, corrects: None }
        } else {
            Place { day: self.calendar.zone.day(clock), corrects: Some(day.month()) }
        }
    }

    /// Where a change of the day of `at` goes at `clock`.
    pub fn place_of(&self, clock: Time, at: Time) -> Place {
        self.place(clock, self.calendar.zone.day(at))
    }

    /// Changes the figures of everybody who is credited. Those of all are not kept: they are the sum over teams and of what has none.
    pub fn credit(&mut self, to: &Credit<'_>, mut change: impl FnMut(&mut Figures, Scope)) {
        let calendar = &self.calendar;
        let new_book = || Book { closes: calendar.closes(to.place.day.month()), rows: Hashed::default() };
        let book = self.days.entry(to.place.day).or_insert_with(new_book);
        for (scope, id) in [(Scope::Agent, to.agent), (Scope::Team, Some(to.team.unwrap_or(&NO_TEAM)))] {
            let Some(id) = id else { continue };
            let key = Key { scope, id, medium: to.medium, corrects: to.place.corrects };
            let (kept, _) = book.rows.get_or_insert_with(&key, Kept::default);
            change(&mut kept.figures, scope);
            if let Some(changed) = &mut self.changed
                && !std::mem::replace(&mut kept.noted, true)
            {
                changed.push((to.place.day, key.to_key()));
            }
        }
    }

    /// Figures of agents that these credits probably change; see [`Hashed::look_ahead`].
    pub fn look_ahead<'a>(&self, credits: impl Iterator<Item = Credit<'a>>) -> Vec<&Figures> {
        let mut by_day: BTreeMap<Day, Vec<Key<&Name>>> = BTreeMap::new();
        for to in credits {
            let Some(agent) = to.agent else { continue };
            let key = Key { scope: Scope::Agent, id: agent, medium: to.medium, corrects: to.place.corrects };
            by_day.entry(to.place.day).or_default().push(key);
        }
        let near = by_day.into_iter().filter_map(|(day, keys)| Some(self.days.get(&day)?.rows.look_ahead(keys.into_iter())));
        near.flatten().map(|kept| &kept.figures).collect()
    }

    /// The days that have figures.
    pub fn days(&self) -> impl Iterator<Item = Day> + '_ {
        self.days.keys().copied()
    }

    /// The books of these days, in order.
    pub fn books(&self, days: Range<Day>) -> impl Iterator<Item = &Book> {
        self.days.range(days).map(|(_, book)| book)
    }

    /// The rows changed since the last call.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        for (day, key) in self.changed.iter_mut().flat_map(std::mem::take) {
            if let Some(kept) = self.days.get_mut(&day).and_then(|book| book.rows.get_mut(&key)) {
                kept.noted = false;
                let table = if key.corrects.is_some() { Table::Correction } else { Table::Total };
                rows.push(Row::put(table, VERSION, &(day, key), &kept.figures));
            }
        }
    }

    /// Takes over one stored row.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        let ((day, key), figures): ((Day, Key), Figures) = row.read(VERSION)?;
        let closes = self.calendar.closes(day.month());
        let book = self.days.entry(day).or_insert_with(|| Book { closes, rows: Hashed::default() });
        book.rows.get_or_insert_with(&key, Kept::default).0.figures = figures;
        Ok(())
    }
}

impl Book {
    /// What it has figures of, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.rows.keys()
    }
}

/// The figures of several days and keys together.
pub(super) fn total<'a>(books: &[&'a Book], keys: &[&Key], depth: Depth) -> Cow<'a, Figures> {
    let of_days = keys.iter().flat_map(|key| books.iter().filter_map(|book| book.rows.get(*key))).map(|kept| &kept.figures);
    if depth == Depth::Sums {
        let mut sums = Figures::default();
        of_days.for_each(|figures| sums.add(figures, depth));
        return Cow::Owned(sums);
    }
    let mut parts: Vec<Cow<'a, Figures>> = of_days.map(Cow::Borrowed).collect();
    // Adding in pairs keeps distributions short while they are merged: a month costs five passes, not thirty.
    while parts.len() > 1 {
        parts = parts.chunks(2).map(both).collect();
    }
    let mut whole = parts.pop().unwrap_or_default();
    if whole.responses.is_some() {
        whole.to_mut().responses().settle();
    }
    whole
}

fn both<'a>(pair: &[Cow<'a, Figures>]) -> Cow<'a, Figures> {
    let mut sum = pair[0].clone();
    for other in &pair[1..] {
        sum.to_mut().add(other, Depth::Whole);
    }
    sum
}
