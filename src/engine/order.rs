//! The order buffer: events wait here until nothing earlier can come any more, and are applied by time.
//!
//! At one instant on-time events come before late ones, then by topic, partition, offset (kpis.md 1, ruling 23).

mod slices;

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::frontier::Reach;
use crate::model::{Event, PartitionId, Position, Row, RowError, Span, Table, Time};
use slices::{ClockRow, Slices};

const PARTITION_VERSION: u8 = 1;
/// No slot.
const NONE: u32 = u32::MAX;

/// Events that wait, and what decides how long: each partition's newest event and the clock.
#[derive(Debug)]
pub struct Order {
    allowed_lateness: Span,
    /// The slot of one event of each instant; the others of that instant hang behind it.
    instants: BTreeMap<Time, u32>,
    /// The instant that an event was put into last: the next one often belongs there too.
    latest: Option<(Time, u32)>,
    /// Places for events, used again once they are empty.
    slots: Vec<Option<Waiting>>,
    /// For each slot the next one of the same instant. Apart from the events, so that a walk does not wait for those.
    next: Vec<u32>,
    free: Vec<u32>,
    partitions: BTreeMap<PartitionId, Partition>,
    clock: Time,
    /// Which row tells of which event; `None` when nobody will ask.
    slices: Option<Slices>,
    told_newest: BTreeMap<PartitionId, Time>,
    told_clock: ClockRow,
}

/// Where an event belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// Its place in the order.
    pub at: Time,
    /// Whether it came too late for the place of its own time.
    pub late: bool,
}

/// What is known of a partition.
#[derive(Debug, Clone, Copy)]
struct Partition {
    newest: Time,
    waiting: usize,
}

impl Default for Partition {
    fn default() -> Self {
        Self { newest: Time::MIN, waiting: 0 }
    }
}

/// An event in its place. Ordered as events of one instant are applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Whether it came too late for the place of its own time.
    pub late: bool,
    /// Where its record stands.
    pub position: Position,
    /// The event.
    pub event: Box<Event>,
}

impl Order {
    /// An empty buffer. `track_changes`: whether [`Order::changes`] will be asked for.
    #[must_use]
    pub fn new(allowed_lateness: Span, track_changes: bool) -> Self {
        Self {
            allowed_lateness,
            instants: BTreeMap::new(),
            latest: None,
            slots: Vec::new(),
            next: Vec::new(),
            free: Vec::new(),
            partitions: BTreeMap::new(),
            clock: Time::MIN,
            slices: track_changes.then(Slices::default),
            told_newest: BTreeMap::new(),
            told_clock: ClockRow::default(),
        }
    }

    /// The engine's one instant; it never goes back.
    #[must_use]
    pub fn clock(&self) -> Time {
        self.clock
    }

    /// Moves the clock forward.
    pub fn set_clock(&mut self, to: Time) {
        self.clock = self.clock.max(to);
    }

    /// The newest event of a partition, if it had any.
    #[must_use]
    pub fn newest(&self, partition: PartitionId) -> Option<Time> {
        self.partitions.get(&partition).map(|partition| partition.newest).filter(|newest| *newest > Time::MIN)
    }

    /// The newest event of all.
    #[must_use]
    pub fn newest_of_all(&self) -> Option<Time> {
        self.partitions.values().map(|partition| partition.newest).max().filter(|newest| *newest > Time::MIN)
    }

    /// How many events wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many events of a partition wait.
    #[must_use]
    pub fn waiting_of(&self, partition: PartitionId) -> usize {
        self.partitions.get(&partition).map_or(0, |partition| partition.waiting)
    }

    /// Says where an event belongs, and counts it among those that wait: [`Order::insert`] must follow. `reach` is what its partition's
    /// newest may move to at most: its arrival.
    pub fn rank(&mut self, time: Time, partition: PartitionId, reach: Time) -> Rank {
        let partition = self.partitions.entry(partition).or_default();
        let earliest = (partition.newest - self.allowed_lateness).max(self.clock);
        partition.newest = partition.newest.max(time.min(reach));
        partition.waiting += 1;
        Rank { at: time.max(earliest), late: time < earliest }
    }

    /// The instant of the first waiting event.
    #[must_use]
    pub fn first(&self) -> Option<Time> {
        self.instants.first_key_value().map(|(place, _)| *place)
    }

    /// Takes the events of the first instant, in the order in which they are applied, into an empty list.
    pub fn take_first(&mut self, into: &mut Vec<Waiting>) {
        let Some((place, mut slot)) = self.instants.pop_first() else { return };
        self.latest.take_if(|(latest, _)| *latest == place);
        let mut slices = self.slices.as_mut();
        while slot != NONE {
            if let Some(waiting) = self.slots[slot as usize].take() {
                if let Some(partition) = self.partitions.get_mut(&waiting.position.partition) {
                    partition.waiting -= 1;
                }
                into.push(waiting);
            }
            if let Some(slices) = &mut slices {
                slices.taken(slot);
            }
            self.free.push(slot);
            slot = self.next[slot as usize];
        }
        if let Some(slices) = slices {
            slices.applied(place);
        }
        if into.len() > 1 {
            into.sort_unstable_by_key(|waiting| (waiting.late, waiting.position));
        }
    }

    /// The events that come next, instant by instant, in no order within one.
    pub fn coming(&self) -> impl Iterator<Item = &Waiting> {
        self.instants.values().flat_map(|first| self.of_instant(*first))
    }

    /// The events up to there, alike.
    pub fn coming_until(&self, reach: Reach) -> impl Iterator<Item = &Waiting> {
        let end = match reach {
            Reach::Before(at) => Bound::Excluded(at),
            Reach::Through(at) => Bound::Included(at),
        };
        self.instants.range((Bound::Unbounded, end)).flat_map(|(_, first)| self.of_instant(*first))
    }

    fn of_instant(&self, first: u32) -> impl Iterator<Item = &Waiting> {
        let slots = std::iter::successors(Some(first), |slot| Some(self.next[*slot as usize]).filter(|next| *next != NONE));
        slots.filter_map(|slot| self.slots[slot as usize].as_ref())
    }

    /// Puts an event where it belongs.
    pub fn insert(&mut self, place: Time, waiting: Waiting) {
        let slot = self.put(place, waiting);
        if let Some(slices) = &mut self.slices {
            slices.inserted(slot, place);
        }
    }

    fn put(&mut self, place: Time, waiting: Waiting) -> u32 {
        let index = match self.free.pop() {
            Some(free) => {
                self.slots[free as usize] = Some(waiting);
                self.next[free as usize] = NONE;
                free
            }
            None => {
                self.slots.push(Some(waiting));
                self.next.push(NONE);
                (self.slots.len() - 1) as u32
            }
        };
        let first = match self.latest {
            Some((latest, first)) if latest == place => first,
            _ => *self.instants.entry(place).or_insert(index),
        };
        self.latest = Some((place, first));
        if first != index {
            self.next[index as usize] = std::mem::replace(&mut self.next[first as usize], index);
        }
        index
    }

    /// The rows that changed since the last call: slices of waiting events, newest events, the clock.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let Some(slices) = &mut self.slices else { return };
        slices.changes(&self.slots, rows);
        for (partition, Partition { newest, .. }) in self.partitions.iter().filter(|(_, known)| known.newest > Time::MIN) {
            if self.told_newest.insert(*partition, *newest) != Some(*newest) {
                rows.push(Row::put(Table::Partition, PARTITION_VERSION, partition, newest));
            }
        }
        let clock = slices.clock_row(self.clock);
        if self.told_clock != clock {
            rows.push(clock.row());
            self.told_clock = clock;
        }
    }

    /// Takes a row of [`Order::changes`] back; the clock's must have come before those of events.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        match row.table {
            Table::Pending => self.restore_waiting(row)?,
            Table::Partition => {
                let (partition, newest) = row.read(PARTITION_VERSION)?;
                self.partitions.entry(partition).or_default().newest = newest;
                self.told_newest.insert(partition, newest);
            }
            _ => {
                let clock = slices::read_clock(row)?;
                self.told_clock = clock;
                self.clock = clock.clock;
                if let Some(slices) = &mut self.slices {
                    slices.go_on(clock);
                }
            }
        }
        Ok(())
    }

    fn restore_waiting(&mut self, row: &Row) -> Result<(), RowError> {
        let told = slices::read(row, self.told_clock)?;
        let mut slots = Vec::with_capacity(told.waiting.len());
        for (place, waiting) in told.waiting {
            self.partitions.entry(waiting.position.partition).or_default().waiting += 1;
            slots.push((self.put(place, waiting), place));
        }
        if let Some(slices) = &mut self.slices {
            slices.restored(row, told.slice, slots);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Name};

    fn event(id: &str, ms: i64) -> Box<Event> {
        let body = Body::AgentStatus { agent: Name::new("amy"), status: Name::new("busy"), team: None };
        Box::new(Event { id: Name::new(id), source: None, time: Time(ms), body })
    }

    fn push(order: &mut Order, partition: u32, offset: i64, ms: i64) -> bool {
        let position = Position { partition: PartitionId { topic: 0, partition }, offset };
        put(order, event(&format!("{partition}-{offset}"), ms), position, Time::MAX)
    }

    fn put(order: &mut Order, event: Box<Event>, position: Position, reach: Time) -> bool {
        let place = order.rank(event.time, position.partition, reach);
        order.insert(place.at, Waiting { late: place.late, position, event });
        place.late
    }

    fn taken(order: &mut Order) -> Vec<String> {
        let mut taken = Vec::new();
        while order.first().is_some() {
            let mut instant = Vec::new();
            order.take_first(&mut instant);
            taken.extend(instant.iter().map(|waiting| waiting.event.id.to_string()));
        }
        taken
    }

    #[test]
    fn events_come_out_by_time_then_partition_then_offset() {
        let mut order = Order::new(Span(2_000), false);
        for (partition, offset, ms) in [(1, 0, 5_000), (0, 0, 5_000), (0, 1, 4_000), (0, 2, 5_000)] {
            assert!(!push(&mut order, partition, offset, ms));
        }
        assert_eq!(taken(&mut order), ["0-1", "0-0", "0-2", "1-0"]);
        assert_eq!(order.waiting(), 0);
    }

    #[test]
    fn exactly_the_allowed_lateness_behind_is_not_late() {
        let mut order = Order::new(Span(2_000), false);
        push(&mut order, 0, 0, 10_000);
        assert!(!push(&mut order, 0, 1, 8_000));
        assert!(push(&mut order, 0, 2, 7_999));
    }

    #[test]
    fn a_late_event_stands_after_everything_of_the_instant_that_it_was_due_by() {
        let mut order = Order::new(Span(2_000), false);
        push(&mut order, 0, 0, 10_000);
        assert!(push(&mut order, 0, 1, 3_000));
        push(&mut order, 0, 2, 8_000);
        assert_eq!(taken(&mut order), ["0-2", "0-1", "0-0"]);
    }

    #[test]
    fn behind_the_clock_is_late_whatever_its_own_partition_says() {
        let mut order = Order::new(Span(2_000), false);
        order.set_clock(Time(20_000));
        assert!(push(&mut order, 1, 0, 19_999));
        assert!(!push(&mut order, 2, 0, 20_000));
        assert_eq!(order.first(), Some(Time(20_000)));
    }

    #[test]
    fn no_event_moves_its_partitions_newest_beyond_its_arrival() {
        let mut order = Order::new(Span(2_000), false);
        let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset: 0 };
        put(&mut order, event("e", 11_500), position, Time(10_000));
        assert_eq!(order.newest(position.partition), Some(Time(10_000)));
    }
}
