//! The order buffer: events wait here until nothing earlier can come any more, and are applied by time.
//!
//! At one instant on-time events come before late ones, then by topic, partition, offset (kpis.md 1, ruling 23).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Event, PartitionId, Position, Row, RowError, Span, Table, Time};

const ROW_VERSION: u8 = 1;
/// Emptied lists that are kept.
const SPARE: usize = 64;

/// Events that wait, and what decides how long: each partition's newest event and the clock.
#[derive(Debug)]
pub struct Order {
    allowed_lateness: Span,
    pending: BTreeMap<Time, Vec<Waiting>>,
    /// Lists that were emptied, to be filled again: growing new ones costs more than all else here.
    spare: Vec<Vec<Waiting>>,
    count: usize,
    waiting_of: BTreeMap<PartitionId, usize>,
    newest: BTreeMap<PartitionId, Time>,
    clock: Time,
    told_pending: BTreeSet<Position>,
    told_newest: BTreeMap<PartitionId, Time>,
    told_clock: Time,
}

/// An event in its place. Ordered as events of one instant are applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Whether it came too late for the place of its own time.
    pub late: bool,
    /// Where its record stands.
    pub position: Position,
    /// The event.
    pub event: Event,
}

#[derive(Debug, Serialize, Deserialize)]
struct PendingRow {
    place: Time,
    waiting: Waiting,
}

impl Order {
    /// An empty buffer.
    #[must_use]
    pub fn new(allowed_lateness: Span) -> Self {
        Self {
            allowed_lateness,
            pending: BTreeMap::new(),
            spare: Vec::new(),
            count: 0,
            waiting_of: BTreeMap::new(),
            newest: BTreeMap::new(),
            clock: Time::MIN,
            told_pending: BTreeSet::new(),
            told_newest: BTreeMap::new(),
            told_clock: Time::MIN,
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
        self.newest.get(&partition).copied()
    }

    /// The newest event of all.
    #[must_use]
    pub fn newest_of_all(&self) -> Option<Time> {
        self.newest.values().max().copied()
    }

    /// How many events wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.count
    }

    /// How many events of a partition wait.
    #[must_use]
    pub fn waiting_of(&self, partition: PartitionId) -> usize {
        self.waiting_of.get(&partition).copied().unwrap_or(0)
    }

    /// Puts an event in its place and says whether it is late. `reach` is what its partition's newest may move to at most: its arrival.
    pub fn push(&mut self, event: Event, position: Position, reach: Time) -> bool {
        let newest = self.newest.get(&position.partition).copied().unwrap_or(Time::MIN);
        let earliest = (newest - self.allowed_lateness).max(self.clock);
        let late = event.time < earliest;
        let place = event.time.max(earliest);
        let moved = newest.max(event.time.min(reach));
        if moved > newest {
            self.newest.insert(position.partition, moved);
        }
        let list = self.pending.entry(place).or_insert_with(|| self.spare.pop().unwrap_or_default());
        list.push(Waiting { late, position, event });
        self.count += 1;
        *self.waiting_of.entry(position.partition).or_default() += 1;
        late
    }

    /// The instant of the first waiting event.
    #[must_use]
    pub fn first(&self) -> Option<Time> {
        self.pending.first_key_value().map(|(place, _)| *place)
    }

    /// Takes the events of the first instant, in the order in which they are applied.
    pub fn take_first(&mut self) -> Vec<Waiting> {
        let Some((_, mut events)) = self.pending.pop_first() else { return Vec::new() };
        self.count -= events.len();
        for waiting in &events {
            if let Some(count) = self.waiting_of.get_mut(&waiting.position.partition) {
                *count -= 1;
            }
        }
        if events.len() > 1 {
            events.sort_by_key(|waiting| (waiting.late, waiting.position));
        }
        events
    }

    /// Takes back a list of [`Order::take_first`], to be used again.
    pub fn give_back(&mut self, mut list: Vec<Waiting>) {
        list.clear();
        if self.spare.len() < SPARE {
            self.spare.push(list);
        }
    }

    /// The rows that changed since the last call: waiting events, newest events, the clock.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let now: BTreeSet<Position> = self.pending.values().flatten().map(|waiting| waiting.position).collect();
        rows.extend(self.told_pending.difference(&now).map(|position| Row::remove(Table::Pending, position)));
        for (place, waiting) in self.pending.iter().flat_map(|(place, all)| all.iter().map(move |waiting| (place, waiting))) {
            if !self.told_pending.contains(&waiting.position) {
                let row = PendingRow { place: *place, waiting: waiting.clone() };
                rows.push(Row::put(Table::Pending, ROW_VERSION, &waiting.position, &row));
            }
        }
        self.told_pending = now;
        for (partition, newest) in &self.newest {
            if self.told_newest.insert(*partition, *newest) != Some(*newest) {
                rows.push(Row::put(Table::Partition, ROW_VERSION, partition, newest));
            }
        }
        if self.told_clock != self.clock {
            rows.push(Row::put(Table::Clock, ROW_VERSION, &(), &self.clock));
            self.told_clock = self.clock;
        }
    }

    /// Takes a row of [`Order::changes`] back.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        match row.table {
            Table::Pending => {
                let (position, PendingRow { place, waiting }): (Position, _) = row.read(ROW_VERSION)?;
                self.pending.entry(place).or_default().push(waiting);
                self.count += 1;
                *self.waiting_of.entry(position.partition).or_default() += 1;
                self.told_pending.insert(position);
            }
            Table::Partition => {
                let (partition, newest) = row.read(ROW_VERSION)?;
                self.newest.insert(partition, newest);
                self.told_newest.insert(partition, newest);
            }
            _ => {
                let ((), clock) = row.read(ROW_VERSION)?;
                self.clock = clock;
                self.told_clock = clock;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Name};

    fn event(id: &str, ms: i64) -> Event {
        let body = Body::AgentStatus { agent: Name::new("amy"), status: Name::new("busy"), team: None };
        Event { id: Name::new(id), source: None, time: Time(ms), body }
    }

    fn push(order: &mut Order, partition: u32, offset: i64, ms: i64) -> bool {
        let position = Position { partition: PartitionId { topic: 0, partition }, offset };
        order.push(event(&format!("{partition}-{offset}"), ms), position, Time::MAX)
    }

    fn taken(order: &mut Order) -> Vec<String> {
        std::iter::from_fn(|| order.first().map(|_| order.take_first())).flatten().map(|waiting| waiting.event.id.to_string()).collect()
    }

    #[test]
    fn events_come_out_by_time_then_partition_then_offset() {
        let mut order = Order::new(Span(2_000));
        for (partition, offset, ms) in [(1, 0, 5_000), (0, 0, 5_000), (0, 1, 4_000), (0, 2, 5_000)] {
            assert!(!push(&mut order, partition, offset, ms));
        }
        assert_eq!(taken(&mut order), ["0-1", "0-0", "0-2", "1-0"]);
        assert_eq!(order.waiting(), 0);
    }

    #[test]
    fn exactly_the_allowed_lateness_behind_is_not_late() {
        let mut order = Order::new(Span(2_000));
        push(&mut order, 0, 0, 10_000);
        assert!(!push(&mut order, 0, 1, 8_000));
        assert!(push(&mut order, 0, 2, 7_999));
    }

    #[test]
    fn a_late_event_stands_after_everything_of_the_instant_that_it_was_due_by() {
        let mut order = Order::new(Span(2_000));
        push(&mut order, 0, 0, 10_000);
        assert!(push(&mut order, 0, 1, 3_000));
        push(&mut order, 0, 2, 8_000);
        assert_eq!(taken(&mut order), ["0-2", "0-1", "0-0"]);
    }

    #[test]
    fn behind_the_clock_is_late_whatever_its_own_partition_says() {
        let mut order = Order::new(Span(2_000));
        order.set_clock(Time(20_000));
        assert!(push(&mut order, 1, 0, 19_999));
        assert!(!push(&mut order, 2, 0, 20_000));
        assert_eq!(order.first(), Some(Time(20_000)));
    }

    #[test]
    fn no_event_moves_its_partitions_newest_beyond_its_arrival() {
        let mut order = Order::new(Span(2_000));
        let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset: 0 };
        order.push(event("e", 11_500), position, Time(10_000));
        assert_eq!(order.newest(position.partition), Some(Time(10_000)));
    }

    #[test]
    fn rows_carry_waiting_events_over() {
        let mut order = Order::new(Span(2_000));
        push(&mut order, 0, 0, 5_000);
        push(&mut order, 0, 1, 6_000);
        let mut rows = Vec::new();
        order.changes(&mut rows);
        order.take_first();
        let mut later = Vec::new();
        order.changes(&mut later);
        assert_eq!(later.iter().filter(|row| row.value.is_none()).count(), 1, "the applied one is removed");
        let mut restored = Order::new(Span(2_000));
        rows.iter()
            .filter(|row| !later.iter().any(|gone| gone.key == row.key && gone.table == row.table))
            .for_each(|row| restored.restore(row).unwrap());
        assert_eq!(taken(&mut restored), ["0-1"]);
        assert_eq!(restored.newest(PartitionId { topic: 0, partition: 0 }), Some(Time(6_000)));
    }
}
