//! What the pipeline wants of the reading thread. Kept as a state, not a queue, so that it is bounded by the number of partitions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::model::{NextOffset, PartitionId};

use super::reader::Reader;
use super::survey::add;

/// Shared between the source and its reading thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    shared: Arc<Mutex<Wanted>>,
}

#[derive(Debug, Default)]
struct Wanted {
    /// Partitions that should be paused.
    paused: BTreeSet<PartitionId>,
    /// Newest positions to be shown to lag tools, since the last time they were.
    commit: BTreeMap<PartitionId, NextOffset>,
    /// The label of those positions: our store's id.
    store: Arc<str>,
    closing: bool,
}

impl Wishes {
    pub(super) fn new(store: &str) -> Self {
        let wishes = Self::default();
        wishes.lock().store = store.into();
        wishes
    }

    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pause(&self, partition: PartitionId, paused: bool) {
        let mut wanted = self.lock();
        if paused {
            wanted.paused.insert(partition);
        } else {
            wanted.paused.remove(&partition);
        }
    }

    pub(super) fn commit(&self, positions: &BTreeMap<PartitionId, NextOffset>) {
        self.lock().commit.extend(positions);
    }

    pub(super) fn close(&self) {
        self.lock().closing = true;
    }

    pub(super) fn closing(&self) -> bool {
        self.lock().closing
    }
}

impl Reader {
    /// Makes the client do what is wanted now.
    pub(super) fn obey(&mut self) {
        let (pause, resume, commit, store) = {
            let mut wanted = self.wishes.lock();
            let changed = |want: bool| {
                let differs = self.standings.iter().filter(|(partition, standing)| wanted.paused.contains(partition) != standing.paused);
                differs.map(|(partition, _)| *partition).filter(|partition| wanted.paused.contains(partition) == want).collect()
            };
            let (pause, resume): (Vec<PartitionId>, Vec<PartitionId>) = (changed(true), changed(false));
            (pause, resume, std::mem::take(&mut wanted.commit), Arc::clone(&wanted.store))
        };
        self.set_paused(&pause, true);
        self.set_paused(&resume, false);
        if !commit.is_empty() {
            self.label(&commit, &store, CommitMode::Async);
        }
    }

    /// At the end: shows the last positions, as far as the broker answers.
    pub(super) fn label_last(&self) {
        let (commit, store) = {
            let mut wanted = self.wishes.lock();
            (std::mem::take(&mut wanted.commit), Arc::clone(&wanted.store))
        };
        if !commit.is_empty() {
            self.label(&commit, &store, CommitMode::Sync);
        }
    }

    fn set_paused(&mut self, partitions: &[PartitionId], paused: bool) {
        if partitions.is_empty() {
            return;
        }
        let list = self.list(partitions.iter().map(|partition| (*partition, Offset::Invalid)));
        let done = if paused { self.client.pause(&list) } else { self.client.resume(&list) };
        match done {
            Ok(()) => partitions.iter().for_each(|partition| {
                if let Some(standing) = self.standings.get_mut(partition) {
                    standing.paused = paused;
                }
            }),
            Err(error) => tracing::warn!(%error, paused, "the Kafka client did not pause or resume; it is asked again"),
        }
    }

    /// Shows our positions under the group's name. Nothing depends on whether that works.
    fn label(&self, positions: &BTreeMap<PartitionId, NextOffset>, store: &str, mode: CommitMode) {
        let list = self.list(positions.iter().map(|(partition, next)| (*partition, Offset::Offset(next.0))));
        for partition in positions.keys() {
            let number = i32::try_from(partition.partition).unwrap_or(-1);
            if let Some(mut element) = self.topics.get(usize::from(partition.topic)).and_then(|topic| list.find_partition(topic, number)) {
                element.set_metadata(store);
            }
        }
        if let Err(error) = self.client.commit(&list, mode) {
            tracing::debug!(%error, "positions for lag tools were not accepted");
        }
    }

    /// A list in the client's words; partitions that it cannot express are left out.
    pub(super) fn list(&self, partitions: impl Iterator<Item = (PartitionId, Offset)>) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in partitions {
            if let Err(error) = add(&mut list, &self.topics, partition, offset) {
                tracing::warn!(%error, ?partition, "the Kafka client has no word for this partition");
            }
        }
        list
    }
}
