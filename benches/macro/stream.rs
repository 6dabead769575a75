//! The simulated load, through a core as the service would run it.

use std::sync::Arc;

use deskpulse::engine::{Dedup, EventKey, Reach, Settings};
use deskpulse::ingest::Batch;
use deskpulse::model::{Name, PartitionId, Position, Posted, Span, Time};
use deskpulse::pipeline::{Core, CoreSettings};
use deskpulse::simulate::load::{Load, LoadSettings};

/// Records between two moves of the clock.
const STEP: usize = 1_000;
/// Records made at once.
pub const ROUND: usize = 100_000;
/// Ids in one row of remembered ids.
const SLICE: usize = 1 << 17;

/// A load and the core that it goes through.
pub struct Stream {
    /// The core.
    pub core: Core,
    /// Records so far.
    pub records: u64,
    /// Conversations that ended so far.
    pub ended: u64,
    load: Load,
    newest: Time,
}

/// A core with default settings.
pub fn core() -> Core {
    let windows = vec![Span(5 * Span::MINUTE.0), Span::HOUR];
    let settings =
        CoreSettings { engine: Arc::new(Settings::default()), phrases: Vec::new(), auto_texts: Vec::new(), windows, shows_agents: true };
    Core::new(&settings).expect("the defaults are good")
}

impl Stream {
    /// A core that remembers so many ids, and a load that starts.
    pub fn new(agents: u32, conversations: u32, ids: usize) -> Self {
        let start = Time(1_795_000_000_000);
        let mut core = core();
        remember(&mut core, ids, start);
        let load = Load::new(&LoadSettings { seed: 1, agents, conversations, start });
        Self { core, load, records: 0, ended: 0, newest: start }
    }

    /// The next records of the load.
    pub fn next_batch(&mut self, records: usize) -> Batch {
        let mut batch = Batch::with_capacity(records, records * 300);
        for _ in 0..records {
            let record = self.load.next_record();
            let partition = PartitionId { topic: record.topic as u16, partition: 0 };
            let ends = [&br#""type":"chat.ended""#[..], br#""status":"resolved""#];
            self.ended += u64::from(ends.iter().any(|end| record.value.windows(end.len()).any(|part| part == *end)));
            batch.push(Position { partition, offset: self.records as i64 }, Some(record.time), record.value);
            self.records += 1;
            self.newest = record.time;
        }
        batch
    }

    /// Takes records and moves the clock as it goes.
    pub fn take(&mut self, batch: &Batch) {
        self.decide(batch, drop);
    }

    /// The same; `decided` is given what was.
    pub fn decide(&mut self, batch: &Batch, mut decided: impl FnMut(Vec<Posted>)) {
        let mut records = batch.iter().peekable();
        while records.peek().is_some() {
            let mut newest = None;
            self.core.take_all(records.by_ref().take(STEP), |record, _| newest = record.arrived);
            newest.into_iter().for_each(|newest| decided(self.core.advance(Reach::Before(newest - Span(2_000)))));
        }
    }

    /// Goes on until something is reached.
    pub fn go_on_until(&mut self, is_reached: impl Fn(&Self) -> bool) {
        while !is_reached(self) {
            let batch = self.next_batch(ROUND);
            self.take(&batch);
        }
    }
}

/// Fills the memory of ids with those of the hour before the start, as a restart would.
fn remember(core: &mut Core, ids: usize, start: Time) {
    let settings = Settings::default();
    let mut memory = Dedup::new(settings.duplicate_window, SLICE);
    let (mut rows, source) = (Vec::new(), Name::new("before"));
    for number in 0..ids {
        let time = start - Span::HOUR + Span((number * 3_600_000 / ids) as i64);
        memory.seen(EventKey::of(Some(&source), &Name::new(format!("id-{number}"))), time, time);
        if (number + 1) % SLICE == 0 || number + 1 == ids {
            memory.changes(&mut rows);
            rows.retain(|row| row.value.is_some());
            core.restore(&rows).expect("rows just written");
            rows.clear();
            memory.forget(time);
        }
    }
}
