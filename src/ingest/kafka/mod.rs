//! Records from Kafka, at least once from the positions of our store, without joining a group.
//!
//! * One instance reads every partition of every topic: it assigns them to itself from the positions that it is given, and from the
//!   beginning where there is none. Metadata refreshes find new partitions. The group's name only labels positions for lag tools.
//! * A position outside its log is never moved: that partition fails with a sentence.
//! * **Confirmation.** Four times a second the broker is asked for the ends; a partition that has been read up to the end named is confirmed
//!   as of the moment of the question.
//! * **Arrival** (kpis.md 1, "From the future"): the broker's append time with `LogAppendTime`. With `CreateTime` our receipt, while the last
//!   confirmation of the partition is at most 5 s old; otherwise it is not known, because a backlog tells nothing about when it was written.
//! * Two threads: one polls the consumer and nothing else does, one asks questions that may take seconds.

mod client;
mod identity;
mod layout;
mod owner;
mod proof;
mod reader;
mod retention;
mod rounds;
mod single;
mod standing;
mod survey;
#[cfg(test)]
mod tests;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::model::{NextOffset, PartitionId, Reached, Span, Topics};

use super::{KafkaSettings, SettingsError, Source, SourceEvent};
use client::{Client, Complaints, Listener};
use identity::Identities;
use proof::Proof;
use reader::{Reader, Rounds};
use survey::Surveyor;
use wishes::Wishes;

pub use single::single_record;

pub use owner::Owner;
pub use retention::{Retention, RetentionError, Retentions, retentions};

pub(super) use client::{apply_settings, create, log_line};

/// Events that wait for the pipeline at most: some batches of a megabyte each.
const EVENTS_WAITING: usize = 8;
/// How often new partitions are looked for, unless `topic.metadata.refresh.interval.ms` says otherwise.
const LAYOUT_EVERY: Span = Span(30_000);

/// Why the source cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum KafkaSourceError {
    /// The settings are not allowed, or the Kafka client refuses them.
    #[error("configuration kafka.{0}")]
    Settings(#[from] SettingsError),
    /// No thread could be started.
    #[error("cannot start a thread to read from Kafka: {0}")]
    Thread(#[from] std::io::Error),
    /// The broker does not give a record.
    #[error("{topic}/{partition} cannot be read: {reason}; see that kafka.brokers names brokers that answer")]
    Silent {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// Why.
        reason: String,
    },
}

/// From where a source reads, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beginning {
    /// Positions of our store, by topic and partition. What has none is read from its beginning.
    pub positions: BTreeMap<(String, u32), Reached>,
    /// Topics of the settings that have a number and are not read.
    pub unread: BTreeSet<String>,
    /// Our store. Without one nothing is held against what the broker keeps for the group.
    pub owner: Option<Owner>,
}

/// How many records a source has handed on since its start.
#[derive(Debug, Clone, Default)]
pub struct Taken(Arc<AtomicU64>);

impl Taken {
    /// The number by now.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn add(&self, records: u64) {
        self.0.fetch_add(records, Ordering::AcqRel);
    }
}

/// The [`Source`] that reads from Kafka.
pub struct KafkaSource {
    events: mpsc::Receiver<SourceEvent>,
    wishes: Wishes,
    taken: Taken,
    threads: Vec<JoinHandle<()>>,
}

impl KafkaSource {
    /// Makes sure that the Kafka client takes the settings, without reading anything.
    ///
    /// # Errors
    /// When a setting is not allowed, or a file that it names cannot be read.
    pub fn check(settings: &KafkaSettings) -> Result<(), KafkaSourceError> {
        let complaints = Complaints::new(Clock::start());
        let _unused: Client = create(&client::consumer_config(settings, false)?, Listener::new(complaints))?;
        Ok(())
    }

    /// Starts reading. Returns at once: whether the broker answers, and what it says, comes as events.
    ///
    /// # Errors
    /// When a setting is not allowed, or a file that it names cannot be read.
    pub fn start(settings: &KafkaSettings, beginning: Beginning, clock: Clock) -> Result<Self, KafkaSourceError> {
        let complaints = Complaints::new(clock);
        let config = client::consumer_config(settings, true)?;
        let layout_every = config.get("topic.metadata.refresh.interval.ms").and_then(|value| value.parse().ok()).filter(|every| *every > 0);
        let identities = Identities::default();
        let reading: Client = create(&config, Listener::of(complaints.clone(), identities.clone()))?;
        let asking: Client = create(&client::consumer_config(settings, false)?, Listener::new(complaints.clone()))?;
        let topics: Topics = settings.topics.as_slice().into();
        let Beginning { positions, unread, owner } = beginning;
        let wishes = Wishes::new(owner.as_ref().map_or("", |owner| &owner.store));
        let taken = Taken::default();
        let (events, receiver) = mpsc::channel(EVENTS_WAITING);
        let (questions, asked) = sync_channel(1);
        let (replies, answers) = sync_channel(1);
        let surveyor = Surveyor::new(asking, topics.clone(), complaints.clone(), clock, wishes.clone()).without(unread);
        let reader = Reader {
            client: reading,
            topics,
            clock,
            complaints,
            positions: rounds::known_positions(&settings.topics, &positions),
            owner,
            group: settings.group.clone(),
            proof: Proof::default(),
            identities,
            layout_every: layout_every.map_or(LAYOUT_EVERY, Span),
            wishes: wishes.clone(),
            events,
            questions,
            answers,
            rounds: Rounds::default(),
            standings: BTreeMap::new(),
            failed: BTreeSet::new(),
            usual: (0, 0),
            taken: taken.clone(),
        };
        let asking = thread::Builder::new().name("kafka-ask".to_owned()).spawn(move || surveyor.run(&asked, &replies))?;
        let reading = thread::Builder::new().name("kafka-read".to_owned()).spawn(move || reader.run())?;
        Ok(Self { events: receiver, wishes, taken, threads: vec![asking, reading] })
    }

    /// Counts the records that were handed on.
    #[must_use]
    pub fn taken(&self) -> Taken {
        self.taken.clone()
    }
}

impl Source for KafkaSource {
    async fn next(&mut self) -> Option<SourceEvent> {
        self.events.recv().await
    }

    fn pause(&mut self, partition: PartitionId) {
        self.wishes.pause(partition, true);
    }

    fn resume(&mut self, partition: PartitionId) {
        self.wishes.pause(partition, false);
    }

    fn commit(&mut self, positions: &BTreeMap<PartitionId, NextOffset>) {
        self.wishes.commit(positions);
    }

    async fn close(mut self, limit: Duration) -> bool {
        self.wishes.close();
        self.events.close();
        let threads = std::mem::take(&mut self.threads);
        let ended = async {
            while !threads.iter().all(JoinHandle::is_finished) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(limit, ended).await.is_ok()
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.wishes.close();
    }
}
