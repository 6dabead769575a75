//! A broker inside the process, for `demo`: librdkafka's imitation of a cluster. It keeps records in memory, a few megabytes for each
//! partition, and drops the oldest silently; so the feed never gets more than some thousand records ahead of the reader.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::mocking::MockCluster;

use super::kafka::Taken;
use super::{KafkaOption, KafkaSettings, Producer, ProducerError};

/// So many records may be on their way: far less than what the broker keeps, and many milliseconds of the fastest demo.
const AHEAD: u64 = 5_000;
/// How long a new broker may take to come up.
const START: Duration = Duration::from_secs(10);

/// Why there is no embedded broker.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The imitation did not start.
    #[error("the embedded broker did not start: {0}; it needs a free port on 127.0.0.1")]
    Start(String),
    /// The producer for it was refused.
    #[error(transparent)]
    Producer(#[from] ProducerError),
}

/// The broker. It listens on a free port of 127.0.0.1, and ends when this is dropped.
pub struct EmbeddedBroker {
    brokers: String,
    topics: Vec<String>,
    /// Its end tells the keeper to stop.
    stop: Option<mpsc::Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl EmbeddedBroker {
    /// Starts a broker with these topics, of so many partitions each.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(topics: &[String], partitions: u16) -> Result<Self, EmbeddedError> {
        let (stop, stopped) = mpsc::channel();
        let (up, is_up) = mpsc::sync_channel(1);
        let names = topics.to_vec();
        // The cluster may not leave the thread that made it; so a thread is made for it.
        let keep = move || {
            let cluster = match open(&names, partitions) {
                Ok(cluster) => cluster,
                Err(reason) => return drop(up.send(Err(reason))),
            };
            if up.send(Ok(cluster.bootstrap_servers())).is_ok() {
                while stopped.recv_timeout(Duration::from_secs(3_600)) == Err(RecvTimeoutError::Timeout) {}
            }
        };
        let keeper = std::thread::Builder::new().name("kafka-embedded".to_owned()).spawn(keep);
        let keeper = keeper.map_err(|error| EmbeddedError::Start(error.to_string()))?;
        let brokers = is_up.recv_timeout(START).map_err(|error| EmbeddedError::Start(error.to_string()))?.map_err(EmbeddedError::Start)?;
        Ok(Self { brokers, topics: topics.to_vec(), stop: Some(stop), keeper: Some(keeper) })
    }

    /// What a [`super::KafkaSource`] needs to read it.
    #[must_use]
    pub fn settings(&self) -> KafkaSettings {
        // The imitation answers a waiting fetch only when its time is over, whatever has come meanwhile.
        let options = [("fetch.wait.max.ms", 10), ("fetch.error.backoff.ms", 50)];
        KafkaSettings {
            brokers: vec![self.brokers.clone()],
            topics: self.topics.clone(),
            options: options.map(|(key, value)| (key.to_owned(), KafkaOption::Number(value))).into(),
            ..KafkaSettings::default()
        }
    }

    /// A feed of records for the source that counts what it has `taken`.
    ///
    /// # Errors
    /// When no producer can be made.
    pub fn feed(&self, taken: Taken) -> Result<Feed, EmbeddedError> {
        let settings = KafkaSettings { brokers: vec![self.brokers.clone()], ..KafkaSettings::default() };
        Ok(Feed { producer: Producer::new(&settings)?, sent: 0, taken })
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(keeper) = self.keeper.take()
            && keeper.join().is_err()
        {
            tracing::warn!("the embedded broker ended in a panic");
        }
    }
}

fn open(topics: &[String], partitions: u16) -> Result<MockCluster<'static, rdkafka::producer::DefaultProducerContext>, String> {
    let cluster = MockCluster::new(1).map_err(|error| error.to_string())?;
    for topic in topics {
        cluster.create_topic(topic, i32::from(partitions), 1).map_err(|error| format!("topic {topic}: {error}"))?;
    }
    Ok(cluster)
}

/// Writes to the embedded broker, never too far ahead of the reader.
pub struct Feed {
    producer: Producer,
    sent: u64,
    taken: Taken,
}

impl Feed {
    /// How many records may be sent now. With 0, come back some milliseconds later.
    #[must_use]
    pub fn room(&self) -> u64 {
        AHEAD.saturating_sub(self.sent.saturating_sub(self.taken.records()))
    }

    /// Sends a record; the caller keeps to [`Feed::room`].
    ///
    /// # Errors
    /// When a record could not be delivered.
    pub fn send(&mut self, topic: &str, key: &str, value: &[u8]) -> Result<(), ProducerError> {
        self.producer.send(topic, key, value)?;
        self.sent += 1;
        Ok(())
    }

    /// Waits until everything sent has been delivered.
    ///
    /// # Errors
    /// When something was not.
    pub fn flush(&self, limit: Duration) -> Result<(), ProducerError> {
        self.producer.flush(limit)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clock::Clock;
    use crate::ingest::{Beginning, KafkaSource, Source, SourceEvent};
    use crate::model::{NextOffset, PartitionId};

    #[tokio::test]
    async fn what_is_fed_is_read_in_order_and_confirmed_and_the_feed_stays_near() {
        let topics = ["chat.events".to_owned(), "agent.events".to_owned()];
        let broker = EmbeddedBroker::start(&topics, 2).unwrap();
        let mut source = KafkaSource::start(&broker.settings(), Beginning::default(), Clock::start()).unwrap();
        let mut feed = broker.feed(source.taken()).unwrap();
        assert_eq!(feed.room(), AHEAD);
        for number in 0..3_000 {
            feed.send(&topics[number % 2], &format!("k{}", number % 7), number.to_string().as_bytes()).unwrap();
        }
        assert_eq!(feed.room(), AHEAD - 3_000);
        feed.flush(Duration::from_secs(10)).unwrap();
        let mut next: BTreeMap<PartitionId, i64> = BTreeMap::new();
        let mut last: BTreeMap<PartitionId, usize> = BTreeMap::new();
        let mut count = 0;
        let mut confirmed: BTreeMap<PartitionId, NextOffset> = BTreeMap::new();
        let read = async {
            while count < 3_000 || next.iter().any(|(partition, next)| confirmed.get(partition) != Some(&NextOffset(*next))) {
                match source.next().await.unwrap() {
                    SourceEvent::Batch(batch) => {
                        for record in batch.iter() {
                            let next = next.entry(record.position.partition).or_default();
                            assert_eq!(record.position.offset, *next);
                            *next += 1;
                            let number = std::str::from_utf8(record.value).unwrap().parse().unwrap();
                            assert!(last.insert(record.position.partition, number).is_none_or(|last| last < number));
                            count += 1;
                        }
                    }
                    SourceEvent::Confirmed { partition, next, .. } => drop(confirmed.insert(partition, next)),
                    SourceEvent::Fatal(reason) | SourceEvent::Failed { reason, .. } => panic!("{reason}"),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), read).await.unwrap();
        assert_eq!(confirmed.len(), 4);
        assert_eq!(feed.room(), AHEAD);
        assert!(source.close(Duration::from_secs(10)).await);
    }
}
