//! Events that wait, as rows. Those that came between two calls of `changes` and still wait are one row together, a slice: nearly every event
//! waits for a moment only, and a row for each would be most of what is written.
//!
//! A slice is written once. Which of its events still wait is known from the clock: those whose place lies after it, and of those that
//! stand at it the ones that came since that instant was applied. The latter is the number in the clock's row: slices before it hold
//! nothing of that instant any more. A slice of which few wait is removed, and what waits of it joins the next one, so that the rows never hold
//! more than some times what waits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Waiting;
use crate::model::{Position, Row, RowError, Table, Time};

const SLICE_VERSION: u8 = 2;
/// The version that had a row for each event, by its position. It is read, and written anew.
const ROW_EACH: u8 = 1;
const CLOCK_VERSION: u8 = 2;
/// The version that had nothing but the clock in its row.
const CLOCK_ALONE: u8 = 1;
/// Events of one slice at most, so that no row is large.
const SLICE_EVENTS: usize = 1 << 16;
/// When less than one in so many of its events wait, a slice is given up.
const SPARSE: usize = 4;
/// Where events are that no row tells of yet.
const UNTOLD: u64 = u64::MAX;
/// Where those are that have been taken.
const TAKEN: u64 = u64::MAX - 1;

/// Which row tells of which event.
#[derive(Debug, Default)]
pub(super) struct Slices {
    /// By slot: the event's place, and the number of its slice.
    homes: Vec<(Time, u64)>,
    /// Slots that were filled since the last call; emptied ones too, and one that was filled twice stands here twice.
    untold: Vec<u32>,
    told: BTreeMap<u64, Slice>,
    next: u64,
    /// The instant applied last, and the first slice from then on.
    applied: Option<(Time, u64)>,
    /// Keys of rows of [`ROW_EACH`].
    outdated: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Slice {
    slots: Vec<u32>,
    /// How many events are in the row.
    written: usize,
    /// How many of them wait.
    waiting: usize,
}

/// An event in a row.
#[derive(Debug, Serialize, Deserialize)]
struct Entry<W> {
    place: Time,
    waiting: W,
}

/// The clock's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClockRow {
    pub(super) clock: Time,
    /// The first slice that may hold events of the clock's instant which wait.
    from: u64,
}

/// What a row told of events that wait.
#[derive(Debug)]
pub(super) struct Told {
    /// The slice and how many events are written in it; `None` when the row is of one event.
    pub(super) slice: Option<(u64, usize)>,
    /// Those that still wait, with their places.
    pub(super) waiting: Vec<(Time, Waiting)>,
}

impl Default for ClockRow {
    fn default() -> Self {
        Self { clock: Time::MIN, from: 0 }
    }
}

impl ClockRow {
    pub(super) fn row(self) -> Row {
        Row::put(Table::Clock, CLOCK_VERSION, &(), &self)
    }

    /// Whether an event in this place of this slice was not applied yet.
    fn waits(self, place: Time, slice: u64) -> bool {
        place > self.clock || (place == self.clock && slice >= self.from)
    }
}

/// Takes the clock's row back.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read_clock(row: &Row) -> Result<ClockRow, RowError> {
    if row.version() == Some(CLOCK_ALONE) {
        let ((), clock) = row.read(CLOCK_ALONE)?;
        return Ok(ClockRow { clock, from: 0 });
    }
    let ((), clock) = row.read(CLOCK_VERSION)?;
    Ok(clock)
}

/// Reads a row of events, leaving out those that have been applied.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(row: &Row, clock: ClockRow) -> Result<Told, RowError> {
    if row.version() == Some(ROW_EACH) {
        let (_, Entry { place, waiting }): (Position, _) = row.read(ROW_EACH)?;
        return Ok(Told { slice: None, waiting: vec![(place, waiting)] });
    }
    let (key, entries): ([u8; 8], Vec<Entry<Waiting>>) = row.read(SLICE_VERSION)?;
    let slice = u64::from_be_bytes(key);
    let written = entries.len();
    let waiting = entries.into_iter().filter(|entry| clock.waits(entry.place, slice)).map(|entry| (entry.place, entry.waiting));
    Ok(Told { slice: Some((slice, written)), waiting: waiting.collect() })
}

impl Slices {
    /// An event came into this slot.
    pub(super) fn inserted(&mut self, slot: u32, place: Time) {
        self.enter(slot, place, UNTOLD);
        self.untold.push(slot);
    }

    /// The event in this slot was taken.
    pub(super) fn taken(&mut self, slot: u32) {
        let (_, home) = &mut self.homes[slot as usize];
        if let Some(slice) = self.told.get_mut(&std::mem::replace(home, TAKEN)) {
            slice.waiting -= 1;
        }
    }

    /// All events of this instant were taken.
    pub(super) fn applied(&mut self, place: Time) {
        self.applied = Some((place, self.next));
    }

    /// What the clock's row says when it stands here.
    pub(super) fn clock_row(&self, clock: Time) -> ClockRow {
        ClockRow { clock, from: self.applied.filter(|(place, _)| *place == clock).map_or(0, |(_, from)| from) }
    }

    /// Goes on from a clock.
    pub(super) fn go_on(&mut self, from: ClockRow) {
        self.applied = Some((from.clock, from.from));
        self.next = self.next.max(from.from);
    }

    /// The rows that changed since the last call.
    pub(super) fn changes(&mut self, slots: &[Option<Waiting>], rows: &mut Vec<Row>) {
        rows.extend(self.outdated.drain(..).map(|key| Row { table: Table::Pending, key, value: None }));
        for (number, sparse) in self.told.extract_if(.., |_, slice| slice.waiting * SPARSE < slice.written) {
            rows.push(Row::remove(Table::Pending, &number.to_be_bytes()));
            for slot in sparse.slots {
                let home = &mut self.homes[slot as usize].1;
                if *home == number {
                    *home = UNTOLD;
                    self.untold.push(slot);
                }
            }
        }
        let mut untold = std::mem::take(&mut self.untold);
        untold.retain(|slot| self.homes[*slot as usize].1 == UNTOLD);
        untold.sort_unstable();
        untold.dedup();
        for some in untold.chunks(SLICE_EVENTS) {
            self.tell(some, slots, rows);
        }
    }

    fn tell(&mut self, some: &[u32], slots: &[Option<Waiting>], rows: &mut Vec<Row>) {
        let number = self.next;
        self.next += 1;
        let mut entries = Vec::with_capacity(some.len());
        for slot in some {
            let home = &mut self.homes[*slot as usize];
            home.1 = number;
            entries.extend(slots[*slot as usize].as_ref().map(|waiting| Entry { place: home.0, waiting }));
        }
        rows.push(Row::put(Table::Pending, SLICE_VERSION, &number.to_be_bytes(), &entries));
        self.told.insert(number, Slice { slots: some.to_vec(), written: some.len(), waiting: some.len() });
    }

    /// What waits of this row came back into these slots.
    pub(super) fn restored(&mut self, row: &Row, slice: Option<(u64, usize)>, waiting: Vec<(u32, Time)>) {
        let Some((number, written)) = slice else {
            self.outdated.push(row.key.clone());
            return waiting.into_iter().for_each(|(slot, place)| self.inserted(slot, place));
        };
        waiting.iter().for_each(|(slot, place)| self.enter(*slot, *place, number));
        self.next = self.next.max(number + 1);
        let slots: Vec<u32> = waiting.into_iter().map(|(slot, _)| slot).collect();
        self.told.insert(number, Slice { written, waiting: slots.len(), slots });
    }

    fn enter(&mut self, slot: u32, place: Time, number: u64) {
        let slot = slot as usize;
        if slot >= self.homes.len() {
            self.homes.resize(slot + 1, (Time::MIN, TAKEN));
        }
        self.homes[slot] = (place, number);
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::super::Order;
    use super::*;
    use crate::model::{Body, Event, Name, PartitionId, Span};

    const PART: PartitionId = PartitionId { topic: 0, partition: 0 };

    /// An order whose rows are kept, as a store keeps them.
    struct Kept {
        order: Order,
        rows: BTreeMap<(Table, Vec<u8>), Row>,
        offset: i64,
    }

    impl Kept {
        fn new() -> Self {
            Self { order: Order::new(Span(2_000), true), rows: BTreeMap::new(), offset: 0 }
        }

        /// Takes an event of this time, named by the number that it gives back.
        fn push(&mut self, ms: i64) -> i64 {
            self.push_at(PART, ms)
        }

        fn push_at(&mut self, partition: PartitionId, ms: i64) -> i64 {
            let offset = self.offset;
            self.offset += 1;
            let body = Body::AgentStatus { agent: Name::new("amy"), status: Name::new("busy"), team: None };
            let event = Box::new(Event { id: Name::new(offset.to_string()), source: None, time: Time(ms), body });
            let rank = self.order.rank(event.time, partition, Time::MAX);
            self.order.insert(rank.at, Waiting { late: rank.late, position: Position { partition, offset }, event });
            offset
        }

        /// Moves the clock as the engine does, and gives the numbers of the events that were applied.
        fn advance(&mut self, to: i64, through: bool) -> Vec<i64> {
            let (to, mut all) = (Time(to), Vec::new());
            if to < self.order.clock() {
                return all;
            }
            while let Some(place) = self.order.first().filter(|place| *place < to || (through && *place == to)) {
                self.order.set_clock(place);
                let mut instant = Vec::new();
                self.order.take_first(&mut instant);
                all.extend(instant.iter().map(|waiting| waiting.position.offset));
            }
            self.order.set_clock(to);
            all
        }

        /// Keeps what has changed, and says how many rows of events were put and removed.
        fn keep(&mut self) -> (usize, usize) {
            let (mut rows, mut counts) = (Vec::new(), (0, 0));
            self.order.changes(&mut rows);
            for row in rows {
                let (puts, removals) = if row.table == Table::Pending { (&mut counts.0, &mut counts.1) } else { (&mut 0, &mut 0) };
                let key = (row.table, row.key.clone());
                match row.value {
                    Some(_) => {
                        *puts += 1;
                        self.rows.insert(key, row);
                    }
                    None => {
                        *removals += 1;
                        assert!(self.rows.remove(&key).is_some(), "a row that is not there is removed");
                    }
                }
            }
            counts
        }

        /// A process ends and another one begins with what was kept.
        fn restart(&mut self) {
            self.order = Order::new(Span(2_000), true);
            self.rows.values().for_each(|row| self.order.restore(row).unwrap());
            let (mut rows, of_part) = (Vec::new(), self.order.waiting_of(PART));
            self.order.changes(&mut rows);
            assert_eq!(rows, [], "nothing has changed");
            assert_eq!(of_part, self.order.coming().filter(|waiting| waiting.position.partition == PART).count());
        }

        fn keep_and_restart(&mut self) -> (usize, usize) {
            let counts = self.keep();
            self.restart();
            counts
        }

        fn written(&self) -> usize {
            let rows = self.rows.values().filter(|row| row.table == Table::Pending);
            rows.map(|row| row.read::<[u8; 8], Vec<Entry<Waiting>>>(SLICE_VERSION).unwrap().1.len()).sum()
        }
    }

    #[test]
    fn what_waits_is_one_row_and_comes_back() {
        let mut kept = Kept::new();
        let first = [5_000, 6_000, 7_000].map(|ms| kept.push(ms));
        assert_eq!(kept.keep_and_restart(), (1, 0));
        assert_eq!(kept.order.newest(PART), Some(Time(7_000)));
        assert_eq!(kept.advance(6_000, false), first[..1]);
        assert_eq!(kept.keep_and_restart(), (0, 0), "what was applied is known from the clock");
        assert_eq!(kept.advance(9_000, false), first[1..]);
        assert_eq!(kept.keep_and_restart(), (0, 1));
        assert_eq!(kept.order.waiting(), 0);
    }

    #[test]
    fn what_came_and_went_between_two_calls_is_in_no_row() {
        let mut kept = Kept::new();
        kept.push(1_000);
        assert_eq!(kept.advance(2_000, false), [0]);
        assert_eq!(kept.keep(), (0, 0));
        kept.push(3_000);
        assert_eq!(kept.advance(4_000, false), [1]);
        kept.push(5_000);
        assert_eq!(kept.keep(), (1, 0));
        assert_eq!(kept.written(), 1, "a place that was used twice is told once");
    }

    #[test]
    fn an_event_at_the_clock_waits_when_the_clock_only_came_there() {
        let mut kept = Kept::new();
        let events = [5_000, 5_000].map(|ms| kept.push(ms));
        assert_eq!(kept.advance(5_000, false), [0; 0]);
        kept.keep_and_restart();
        assert_eq!(kept.advance(5_000, false), [0; 0]);
        assert_eq!(kept.advance(5_000, true), events);
    }

    #[test]
    fn an_event_at_the_clock_is_not_applied_again_when_the_clock_went_through() {
        let mut kept = Kept::new();
        kept.push(5_000);
        let later = kept.push(6_000);
        kept.keep_and_restart();
        assert_eq!(kept.advance(5_000, true), [0]);
        assert_eq!(kept.keep_and_restart(), (0, 0));
        assert_eq!(kept.advance(5_000, true), [0; 0]);
        assert_eq!(kept.advance(7_000, false), [later]);
    }

    #[test]
    fn a_late_event_at_a_clock_that_went_through_waits_beside_those_applied_there() {
        let mut kept = Kept::new();
        kept.push(5_000);
        let far = kept.push(9_000);
        kept.keep_and_restart();
        assert_eq!(kept.advance(5_000, true), [0]);
        let late = [4_000, 5_000].map(|ms| kept.push(ms));
        kept.keep_and_restart();
        assert_eq!(kept.order.first(), Some(Time(7_000)), "two seconds behind the newest of their partition");
        let other = PartitionId { partition: 1, ..PART };
        let at_the_clock = [4_000, 5_000].map(|ms| kept.push_at(other, ms));
        kept.keep_and_restart();
        assert_eq!(kept.order.first(), Some(Time(5_000)));
        assert_eq!(kept.advance(5_000, false), [0; 0]);
        kept.keep_and_restart();
        assert_eq!(kept.advance(5_000, true), [at_the_clock[1], at_the_clock[0]], "on time, then late");
        kept.keep_and_restart();
        assert_eq!(kept.advance(5_000, true), [0; 0], "each time the clock goes through, what stood there is done");
        assert_eq!(kept.advance(9_001, false), [late[0], late[1], far]);
    }

    #[test]
    fn after_a_restart_without_rows_of_events_late_ones_at_the_clock_wait() {
        let mut kept = Kept::new();
        kept.push(5_000);
        kept.keep_and_restart();
        kept.push(5_000);
        kept.keep_and_restart();
        assert_eq!(kept.advance(5_000, true), [0, 1]);
        assert_eq!(kept.keep_and_restart(), (0, 2));
        let late = kept.push(5_000);
        assert_eq!(kept.keep_and_restart(), (1, 0));
        assert_eq!(kept.advance(5_000, true), [late], "its slice has a number that was never used");
    }

    #[test]
    fn one_event_far_in_the_future_does_not_keep_all_that_came_with_it() {
        let mut kept = Kept::new();
        let far = kept.push_at(PartitionId { partition: 1, ..PART }, 1_000_000);
        for ms in 0..1_000 {
            kept.push(ms);
        }
        assert_eq!(kept.keep_and_restart(), (1, 0));
        kept.advance(750, false);
        assert_eq!(kept.keep_and_restart(), (0, 0), "a quarter waits");
        kept.advance(752, false);
        let fresh = kept.push(1_000);
        assert_eq!(kept.keep_and_restart(), (1, 1), "what waits of it joins the next");
        assert_eq!(kept.written(), 250);
        assert_eq!(kept.advance(1_000, true).last(), Some(&fresh));
        assert_eq!(kept.keep_and_restart(), (1, 1));
        assert_eq!(kept.written(), 1);
        assert_eq!(kept.keep_and_restart(), (0, 0));
        assert_eq!(kept.advance(1_000_001, false), [far]);
    }

    #[test]
    fn no_slice_is_larger_than_a_row_should_be() {
        let mut kept = Kept::new();
        (0..=SLICE_EVENTS).for_each(|_| _ = kept.push(1_000));
        assert_eq!(kept.keep_and_restart(), (2, 0));
        assert_eq!(kept.advance(1_000, true).len(), SLICE_EVENTS + 1);
        assert_eq!(kept.keep(), (0, 2));
    }

    #[test]
    fn rows_of_the_version_before_are_read_and_written_anew() {
        let mut kept = Kept::new();
        kept.push(5_000);
        kept.push(6_000);
        kept.advance(5_000, false);
        let put = |waiting: &Waiting| {
            let entry = Entry { place: waiting.event.time, waiting };
            Row::put(Table::Pending, ROW_EACH, &waiting.position, &entry)
        };
        let old = kept.order.coming().map(put).chain([Row::put(Table::Clock, CLOCK_ALONE, &(), &Time(5_000))]);
        kept.rows = old.map(|row| ((row.table, row.key.clone()), row)).collect();
        kept.order = Order::new(Span(2_000), true);
        kept.rows.values().for_each(|row| kept.order.restore(row).unwrap());
        assert_eq!((kept.order.clock(), kept.order.waiting_of(PART)), (Time(5_000), 2));
        assert_eq!(kept.keep_and_restart(), (1, 2));
        assert_eq!(kept.advance(7_000, false), [0, 1]);
    }

    #[test]
    fn a_row_of_a_later_version_is_refused() {
        let mut order = Order::new(Span(2_000), true);
        for table in [Table::Clock, Table::Pending] {
            let row = Row::put(table, SLICE_VERSION + 1, &[0_u8; 8], &0_u8);
            assert!(matches!(order.restore(&row), Err(RowError::Version { found: 3, known: 2, .. })), "{table:?}");
        }
    }

    #[test]
    fn where_nobody_asks_nothing_is_noted() {
        let mut kept = Kept { order: Order::new(Span(2_000), false), ..Kept::new() };
        kept.push(5_000);
        assert_eq!(kept.keep(), (0, 0));
        assert!(kept.order.slices.is_none());
    }

    #[test]
    fn whenever_it_is_restarted_the_same_is_applied_in_the_same_order() {
        for seed in 0..500 {
            let mut chance = SmallRng::seed_from_u64(seed);
            let (mut whole, mut cut) = (Kept::new(), Kept::new());
            let mut now = 10_000;
            for _ in 0..200 {
                now += chance.random_range(0..3);
                match chance.random_range(0..8) {
                    0..=3 => {
                        let partition = PartitionId { topic: 0, partition: chance.random_range(0..2) };
                        let ms = now + [0, 0, 1, 2, 5, 3_000, -1, -2_500][chance.random_range(0..8)];
                        assert_eq!(whole.push_at(partition, ms), cut.push_at(partition, ms));
                    }
                    4 | 5 => {
                        let (to, through) = (now - chance.random_range(0..4), chance.random_bool(0.5));
                        assert_eq!(whole.advance(to, through), cut.advance(to, through), "seed {seed}");
                    }
                    keep => {
                        let _counts = if keep == 6 { cut.keep() } else { cut.keep_and_restart() };
                        let waiting = whole.order.waiting();
                        assert!(cut.written() <= SPARSE * waiting, "seed {seed}: {} written, {waiting} wait", cut.written());
                    }
                }
                assert_eq!(whole.order.waiting(), cut.order.waiting(), "seed {seed}");
            }
            assert_eq!(whole.advance(now + 10_000, true), cut.advance(now + 10_000, true), "seed {seed}");
        }
    }
}
