//! The simulated load on its way to a real broker.

use std::time::Duration;

use deskpulse::ingest::{KafkaSettings, Producer};
use deskpulse::model::Time;
use deskpulse::simulate::load::Load;

use crate::support::broker::Broker;

/// How long the broker may take for what was sent last.
const FLUSH_LIMIT: Duration = Duration::from_secs(60);

/// The settings of a client of one topic.
pub fn settings(broker: &Broker, topic: &str) -> KafkaSettings {
    KafkaSettings { brokers: vec![broker.address()], topics: vec![topic.to_owned()], ..KafkaSettings::default() }
}

/// A load and the topic that it goes to.
pub struct Sending {
    producer: Producer,
    topic: &'static str,
    load: Load,
    /// Records sent so far.
    pub records: usize,
    /// Bytes of their values.
    pub bytes: usize,
}

impl Sending {
    /// Nothing is sent yet.
    pub fn new(broker: &Broker, topic: &'static str, load: Load) -> Self {
        Self { producer: Producer::new(&settings(broker, topic)).unwrap(), topic, load, records: 0, bytes: 0 }
    }

    /// Sends the next record; gives its time.
    pub fn send(&mut self) -> Time {
        let record = self.load.next_record();
        self.records += 1;
        self.bytes += record.value.len();
        self.producer.send(self.topic, std::str::from_utf8(record.key).unwrap(), record.value).unwrap();
        record.time
    }

    /// Waits until the broker has all of it.
    pub fn flush(&self) {
        self.producer.flush(FLUSH_LIMIT).unwrap();
    }
}
