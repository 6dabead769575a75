//! Faults: a clean stream spoiled as real producers and networks spoil it.
//!
//! Duplicates, malformed records and unknown types are *added*, and disorder within the bound moves records only: a reader that copes
//! gets the same numbers as from the clean stream. Late and future-dated records do change what can be known.

use super::SimulatedRecord;
use super::agenda::Agenda;
use super::chance::Chance;
use super::draft::stamp;
use crate::model::{Span, Time};

/// How much goes wrong. Shares are of the clean records, 0 to 1; by default nothing does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultSettings {
    /// Chooses what goes wrong.
    pub seed: u64,
    /// Share of records that are sent a second time, up to 30 s later.
    pub duplicates: f64,
    /// Records are delayed by up to this much each, so that they come out of order by at most this much.
    pub disorder: Span,
    /// Share of records that are delayed by up to a minute beyond `disorder`.
    pub late: f64,
    /// Share of records beside which a broken copy is sent: each reason of rejection that a producer's mistake leads to.
    pub malformed: f64,
    /// Share of records beside which one of a type is sent that nobody knows.
    pub unknown: f64,
    /// Share of records whose own time is ahead of their sending, by 10 s to an hour.
    pub future: f64,
}

/// The fault layer: it holds back what is delayed.
#[derive(Debug)]
pub struct Faults {
    settings: FaultSettings,
    chance: Chance,
    held: Agenda<SimulatedRecord>,
    /// The instant of the newest clean record, and how long its records are held back.
    shuffled: (Time, Span),
}

impl Faults {
    /// A layer that has seen nothing yet.
    #[must_use]
    pub fn new(settings: FaultSettings) -> Self {
        Self { chance: Chance::new(settings.seed ^ 0xFA17), settings, held: Agenda::new(), shuffled: (Time::MIN, Span::ZERO) }
    }

    /// The next record when it is sent before `until`; `clean` gives the next clean record before an instant, in order of time.
    pub fn next_before(&mut self, until: Time, mut clean: impl FnMut(Time) -> Option<SimulatedRecord>) -> Option<SimulatedRecord> {
        loop {
            // What is sent is never sent before its clean time: once no clean record is earlier, the first one held is next.
            let horizon = self.held.next_at().map_or(until, |at| at.min(until));
            match clean(horizon) {
                Some(record) => self.spoil(record),
                None => return self.held.next_before(until).map(|(_, record)| record),
            }
        }
    }

    fn spoil(&mut self, mut record: SimulatedRecord) {
        // Records of one instant stay in their order, on which it depends what they mean: no reader could restore it by their times.
        if record.time != self.shuffled.0 {
            let disorder = self.settings.disorder.max(Span::ZERO);
            self.shuffled = (record.time, self.chance.between(Span::ZERO, disorder));
        }
        if self.chance.share(self.settings.malformed) {
            let broken = SimulatedRecord { value: self.malformed(&record), ..record.clone() };
            self.send_delayed(broken, Span::ZERO);
        }
        if self.chance.share(self.settings.unknown) {
            let value = replace_member(&record.value, "type", "\"chat.typing\"");
            self.send_delayed(SimulatedRecord { value, ..record.clone() }, Span::ZERO);
        }
        if self.chance.share(self.settings.future) {
            let ahead = self.chance.between(Span(10_000), Span::HOUR);
            record.value = replace_member(&record.value, "time", &stamp(record.time + ahead));
        }
        let late = if self.chance.share(self.settings.late) {
            self.settings.disorder + self.chance.between(Span(1_000), Span(60_000))
        } else {
            Span::ZERO
        };
        if self.chance.share(self.settings.duplicates) {
            let again = late + self.settings.disorder + self.chance.between(Span::ZERO, Span(30_000));
            self.send_delayed(record.clone(), again);
        }
        self.send_delayed(record, late);
    }

    fn send_delayed(&mut self, mut record: SimulatedRecord, delay: Span) {
        record.time = record.time + delay + self.shuffled.1;
        self.held.plan(record.time, record);
    }

    fn malformed(&mut self, record: &SimulatedRecord) -> Vec<u8> {
        let value = &record.value;
        match self.chance.below(7) {
            0 => value[..value.len() / 2].to_vec(),
            1 => [b"[".as_slice(), value, b"]"].concat(),
            2 => replace_member(value, "id", "null"),
            3 => replace_member(value, "type", "7"),
            4 => replace_member(value, "time", &(record.time.0 / 1_000).to_string()),
            5 => replace_member(value, "id", &format!("\"{}\"", "9".repeat(200))),
            _ => value.iter().map(|&byte| if byte == b':' { 0xFF } else { byte }).collect(),
        }
    }
}

/// Replaces the value of one of the first members of a record that the simulation wrote: `id`, `type` and `time` hold no comma.
fn replace_member(value: &[u8], name: &str, json: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    let member = format!("\"{name}\":");
    let Some((before, rest)) = text.split_once(&member) else { return value.to_vec() };
    let Some((_, after)) = rest.split_once(',') else { return value.to_vec() };
    format!("{before}{member}{json},{after}").into_bytes()
}
