//! Records on their way to the broker, keyed as producers do it: by conversation, or by agent.

use std::time::Duration;

use deskpulse::simulate::SimulatedRecord;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use serde_json::Value;

use crate::support::broker::Broker;

/// How long the broker may take for everything that was sent.
const FLUSH_LIMIT: Duration = Duration::from_secs(300);

/// Sends records; the client's own hash of the key chooses the partition.
pub struct Sender {
    producer: ThreadedProducer<DefaultProducerContext>,
}

impl Sender {
    /// A sender that knows these topics, so that the first record does not wait for them.
    pub fn new(broker: &Broker, topics: &[&str]) -> Self {
        let mut config = broker.client();
        config
            .set("linger.ms", "2")
            .set("message.timeout.ms", "300000")
            .set("enable.idempotence", "true")
            .set("message.max.bytes", "134217728");
        let producer: ThreadedProducer<_> = config.create().unwrap();
        for topic in topics {
            producer.client().fetch_metadata(Some(topic), FLUSH_LIMIT).unwrap();
        }
        Self { producer }
    }

    /// Sends a record, without a value as a tombstone. Waits while the client has enough.
    pub fn send(&self, topic: &str, key: &str, value: Option<&[u8]>) {
        let mut record = BaseRecord::<str, [u8]>::to(topic).key(key);
        record.payload = value;
        let mut result = self.producer.send(record);
        while let Err((error, record)) = result {
            assert_eq!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::QueueFull), "{error}");
            std::thread::sleep(Duration::from_millis(5));
            result = self.producer.send(record);
        }
    }

    /// Sends an event of a conversation or agent to a topic.
    pub fn event(&self, topic: &str, event: &Value) {
        self.send(topic, &key(event), Some(event.to_string().as_bytes()));
    }

    /// Sends what the simulation wants sent.
    pub fn simulated(&self, record: &SimulatedRecord) {
        self.send(record.topic.name(), &record.key, Some(&record.value));
    }

    /// Waits until the broker has everything.
    pub fn flush(&self) {
        self.producer.flush(FLUSH_LIMIT).unwrap();
    }
}

/// The key of an event: its conversation, or its agent.
pub fn key(event: &Value) -> String {
    let id = ["chat", "ticket", "agent"].iter().find_map(|field| event[field].as_str());
    id.unwrap_or_default().to_owned()
}

/// The topic of an event.
pub fn topic(event: &Value) -> &'static str {
    match event["type"].as_str().unwrap_or_default().split('.').next() {
        Some("chat") => "chat.events",
        Some("ticket") => "ticket.events",
        _ => "agent.events",
    }
}

/// The time of an event in milliseconds.
pub fn time(event: &Value) -> i64 {
    deskpulse::decode::parse_time(event["time"].as_str().unwrap()).unwrap().0
}
