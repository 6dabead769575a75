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
use crate::kpi::hashed::{Hashed, NumberedKey};
use crate::kpi::names::{Names, Number, packed};
use crate::model::{Day, Medium, Month, Name, Row, RowError, Span, Table, Time, Zone};

/// Version of the encoding of figures in [`Table::Total`] and [`Table::Correction`].
const FIGURES: u8 = 1;
/// That of the distributions of their responses, in rows of their own behind those of their figures: these change with each response, they with
/// each fiftieth. Figures of older programs have them within.
const DISTRIBUTIONS: u8 = 2;
/// That of the figures of cycles that ended, in rows of their own: one cycle has several responses. Figures of older programs have them within.
const CYCLES: u8 = 3;

/// The id under which the figures without a team are kept: no team has it.
pub(super) const NO_TEAM: Number = Number::EMPTY;

/// What figures are of, within a day. Ordered as printed, but for the KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key<N = Number> {
    /// Whose.
    pub scope: Scope,
    /// The agent or team; empty for all, which is only read, and for what has no team.
    pub id: N,
    /// Chat or ticket; `None` for what is counted over both.
    pub medium: Option<Medium>,
    /// The closed month that they correct.
    pub corrects: Option<Month>,
}

impl NumberedKey for Key {
    type Named = Key<Name>;

    #[inline(always)]
    fn packed(self) -> u128 {
        let corrects = self.corrects.map_or(0, |month| 1 << 32 | u64::from(month.0.cast_unsigned()));
        let medium = self.medium.map_or(2, |medium| medium as u64);
        packed([Some(self.id), None], corrects << 4 | (self.scope as u64) << 2 | medium)
    }

    fn named(self, names: &Names) -> Key<Name> {
        Key { scope: self.scope, id: names.name(self.id).clone(), medium: self.medium, corrects: self.corrects }
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
    latest: Latest,
    changed: Option<Vec<(Day, Key)>>,
}

/// The day that was asked for last: the next is almost always the same.
#[derive(Debug)]
struct Latest {
    day: Day,
    /// Its instants.
    instants: Range<Time>,
    /// When its month is closed.
    closes: Time,
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

/// To whom a change is credited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Credit {
    /// Where.
    pub place: Place,
    /// To an agent or to a team.
    pub scope: Scope,
    /// To which.
    pub id: Number,
    /// Chat or ticket; `None` for what is counted over both.
    pub medium: Option<Medium>,
}

impl Credit {
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
        let latest = Latest { day: Day(0), instants: Time::MAX..Time::MAX, closes: Time::MAX };
        Self { calendar, days: BTreeMap::new(), latest, changed: track_changes.then(Vec::new) }
    }

    /// Days and months.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Where a change of `day` goes at `clock`.
    pub fn place(&self, clock: Time, day: Day) -> Place {
        let closes = self.days.get(&day).map_or_else(|| self.calendar.closes(day.month()), |book| book.closes);
        self.place_before(closes, clock, day)
    }

    /// Where a change of the day of `at` goes at `clock`.
    #[inline(always)]
    pub fn place_of(&mut self, clock: Time, at: Time) -> Place {
        if !self.latest.instants.contains(&at) {
            self.turn_to(self.calendar.zone.day(at));
        }
        self.place_before(self.latest.closes, clock, self.latest.day)
    }

    fn turn_to(&mut self, day: Day) {
        let zone = &self.calendar.zone;
        self.latest = Latest { day, instants: zone.start(day)..zone.start(day.next()), closes: self.calendar.closes(day.month()) };
    }

    #[inline(always)]
    fn place_before(&self, closes: Time, clock: Time, day: Day) -> Place {
        if clock < closes {
            Place { day, corrects: None }
        } else {
            Place { day: self.calendar.zone.day(clock), corrects: Some(day.month()) }
        }
    }

    /// The figures of whom is credited, to be changed.
    #[inline(always)]
    pub fn figures(&mut self, to: &Credit) -> &mut Figures {
        let (Place { day, corrects }, calendar) = (to.place, &self.calendar);
        let book = self.days.entry(day).or_insert_with(|| Book { closes: calendar.closes(day.month()), rows: Hashed::default() });
        let key = Key { scope: to.scope, id: to.id, medium: to.medium, corrects };
        let (kept, _) = book.rows.get_or_insert_with(key, Kept::default);
        if let Some(changed) = &mut self.changed
            && !std::mem::replace(&mut kept.noted, true)
        {
            changed.push((day, key));
        }
        &mut kept.figures
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
    pub fn changes(&mut self, names: &Names, rows: &mut Vec<Row>) {
        for (day, key) in self.changed.iter_mut().flat_map(std::mem::take) {
            if let Some(kept) = self.days.get_mut(&day).and_then(|book| book.rows.get_mut(key)) {
                kept.noted = false;
                let table = if key.corrects.is_some() { Table::Correction } else { Table::Total };
                let (key, figures) = ((day, key.named(names)), &mut kept.figures);
                figures.responses.iter_mut().for_each(|responses| responses.settle_to_be_stored());
                rows.push(Row::put(table, FIGURES, &key, figures));
                if let Some(distributions) = figures.responses.as_mut().and_then(|responses| responses.changed_distributions()) {
                    rows.push(Row::put(table, DISTRIBUTIONS, &(&key, DISTRIBUTIONS), distributions));
                }
                if let Some(cycles) = figures.changed_cycles() {
                    rows.push(Row::put(table, CYCLES, &(key, CYCLES), &cycles));
                }
            }
        }
    }

    /// Whether changes are noted, and all of them given out.
    pub fn is_given_out(&self) -> bool {
        self.changed.as_ref().is_some_and(Vec::is_empty)
    }

    /// Lets the days before this one go.
    pub fn evict_before(&mut self, first: Day) {
        self.days = self.days.split_off(&first);
    }

    /// The day of a stored row.
    pub fn day(row: &Row) -> Result<Day, RowError> {
        row.read_key()
    }

    /// Takes over one stored row; those of a key after its figures.
    pub fn restore(&mut self, row: &Row, names: &mut Names) -> Result<(), RowError> {
        match row.version() {
            Some(FIGURES) => {
                let (key, figures) = row.read(FIGURES)?;
                *self.restored(key, names) = figures;
            }
            Some(DISTRIBUTIONS) => {
                let ((key, _), distributions): ((_, u8), _) = row.read(DISTRIBUTIONS)?;
                self.restored(key, names).responses().restore(distributions);
            }
            _ => {
                let ((key, _), cycles): ((_, u8), _) = row.read(CYCLES)?;
                self.restored(key, names).restore_cycles(cycles);
            }
        }
        Ok(())
    }

    /// The figures that a stored row is about.
    fn restored(&mut self, (day, key): (Day, Key<Name>), names: &mut Names) -> &mut Figures {
        let key = Key { scope: key.scope, id: names.number(&key.id), medium: key.medium, corrects: key.corrects };
        let closes = self.calendar.closes(day.month());
        let book = self.days.entry(day).or_insert_with(|| Book { closes, rows: Hashed::default() });
        &mut book.rows.get_or_insert_with(key, Kept::default).0.figures
    }
}

impl Book {
    /// What it has figures of, in no order.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.rows.keys()
    }
}

/// The figures of several days and keys together.
pub(super) fn total<'a>(books: &[&'a Book], keys: &[Key], depth: Depth) -> Cow<'a, Figures> {
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
