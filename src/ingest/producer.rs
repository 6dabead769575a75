//! Writing records to Kafka: for the simulator and the demo. What is delivered and what is not is counted; nothing is lost silently.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

use super::kafka::{apply_settings, create, log_line};
use super::{KafkaSettings, SettingsError};

/// How long one wait for room in the client's queue lasts.
const BREATH: Duration = Duration::from_millis(20);

/// Why records were not written.
#[derive(Debug, thiserror::Error)]
pub enum ProducerError {
    /// The settings are not allowed, or the Kafka client refuses them.
    #[error("configuration kafka.{0}")]
    Settings(#[from] SettingsError),
    /// The broker did not take records.
    #[error("{count} records were not delivered, the first because of: {first}; look after the broker and send them again")]
    Undelivered {
        /// How many so far.
        count: u64,
        /// What happened to the first of them.
        first: String,
    },
}

/// Writes records; the key decides the partition, as with every Kafka client.
pub struct Producer {
    client: BaseProducer<Deliveries>,
}

#[derive(Default)]
struct Deliveries {
    failed: Mutex<Option<(u64, String)>>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log_line(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "the Kafka client reports an error that may pass");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _: ()) {
        if let Err((error, _)) = result {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert_with(|| (0, error.to_string())).0 += 1;
        }
    }
}

impl Producer {
    /// A producer for the brokers and options of the settings.
    ///
    /// # Errors
    /// When a setting is not allowed.
    pub fn new(settings: &KafkaSettings) -> Result<Self, ProducerError> {
        let mut config = ClientConfig::new();
        let defaults =
            [("client.id", "deskpulse"), ("acks", "all"), ("enable.idempotence", "true"), ("linger.ms", "10"), ("compression.type", "lz4")];
        for (key, value) in defaults {
            config.set(key, value);
        }
        apply_settings(&mut config, settings)?;
        Ok(Self { client: create(&config, Deliveries::default())? })
    }

    /// Hands a record to the client; waits while its queue is full.
    ///
    /// # Errors
    /// When this record, or one sent earlier, could not be delivered.
    pub fn send(&self, topic: &str, key: &str, value: &[u8]) -> Result<(), ProducerError> {
        let mut record = BaseRecord::to(topic).key(key).payload(value);
        loop {
            self.client.poll(Duration::ZERO);
            match self.client.send(record) {
                Ok(()) => return self.delivered(),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    self.client.poll(BREATH);
                    self.delivered()?;
                }
                Err((error, _)) => return Err(ProducerError::Undelivered { count: 1, first: error.to_string() }),
            }
        }
    }

    /// Waits until everything sent has been delivered.
    ///
    /// # Errors
    /// When something was not, within the limit or at all.
    pub fn flush(&self, limit: Duration) -> Result<(), ProducerError> {
        let flushed = self.client.flush(limit);
        self.delivered()?;
        flushed.map_err(|error| ProducerError::Undelivered {
            count: u64::try_from(self.client.in_flight_count()).unwrap_or(0),
            first: error.to_string(),
        })
    }

    fn delivered(&self) -> Result<(), ProducerError> {
        match &*self.client.context().failed.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some((count, first)) => Err(ProducerError::Undelivered { count: *count, first: first.clone() }),
        }
    }
}
