//! Asking the broker: which partitions there are, where their logs begin and end. It has a thread and a client of its own, because answers
//! may take seconds and because a question on the reader's connection would wait behind its long fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::clock::Clock;
use crate::model::{NextOffset, PartitionId, Time, Topics};

use super::client::{Client, Complaints};
use super::wishes::Wishes;

/// One question waits at most this long; an answer that is older than this is of little use.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the reader wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Where every log begins and ends.
    Ends,
    /// That, and which partitions there are now.
    Layout,
}

/// What one topic looks like at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TopicState {
    /// It has this many partitions.
    Partitions(u32),
    /// It is not to be read.
    Unread,
    /// The broker knows no such topic.
    Missing,
    /// No answer, with the reason.
    Unknown(String),
}

/// Where a log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Offset of the first record still kept.
    pub(super) low: NextOffset,
    /// The end: the next offset to be written, or of an open transaction its begin.
    pub(super) end: NextOffset,
}

/// The broker's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Survey {
    /// When the question for the ends was sent.
    pub(super) asked: Time,
    /// Each topic in the order of the settings, as it was at the last [`Question::Layout`].
    pub(super) topics: Vec<TopicState>,
    /// Whether `topics` is news.
    pub(super) layout: bool,
    /// Each partition of those topics.
    pub(super) extents: BTreeMap<PartitionId, Result<Extent, String>>,
}

/// Answers questions until nobody asks any more.
pub(super) struct Surveyor {
    client: Client,
    topics: Topics,
    complaints: Complaints,
    clock: Clock,
    wishes: Wishes,
    known: Vec<TopicState>,
    unread: BTreeSet<String>,
    /// Partitions by the broker that leads them; -1 for none. Questions go out by leader, so that one broker that is away delays and
    /// fails only its own.
    leaders: BTreeMap<i32, Vec<PartitionId>>,
}

impl Surveyor {
    pub(super) fn new(client: Client, topics: Topics, complaints: Complaints, clock: Clock, wishes: Wishes) -> Self {
        let known = vec![TopicState::Unknown("not asked yet".to_owned()); topics.len()];
        Self { client, topics, complaints, clock, wishes, known, unread: BTreeSet::new(), leaders: BTreeMap::new() }
    }

    /// The same, but nothing is asked about these topics.
    pub(super) fn without(self, unread: BTreeSet<String>) -> Self {
        Self { unread, ..self }
    }

    /// The thread's work.
    pub(super) fn run(mut self, questions: &Receiver<Question>, answers: &SyncSender<Survey>) {
        let mut layout = true;
        while let Ok(question) = questions.recv() {
            layout |= question == Question::Layout;
            if layout {
                self.ask_layout();
            }
            let asked = self.clock.now();
            let extents = self.ask_extents();
            self.hear();
            let failed = extents.values().any(Result::is_err)
                || self.known.iter().any(|state| !matches!(state, TopicState::Partitions(_) | TopicState::Unread));
            if !failed {
                self.complaints.clear();
            }
            let survey = Survey { asked, topics: self.known.clone(), layout, extents };
            // After a failure leaders may have moved.
            layout = failed;
            if answers.send(survey).is_err() {
                break;
            }
        }
    }

    /// Lets the client deliver its complaints and log lines.
    fn hear(&self) {
        while self.client.poll(Duration::ZERO).is_some() {}
    }

    fn ask_layout(&mut self) {
        let mut leaders: BTreeMap<i32, Vec<PartitionId>> = BTreeMap::new();
        let mut known = Vec::with_capacity(self.topics.len());
        for (topic, name) in (0_u16..).zip(self.topics.iter()) {
            if self.unread.contains(name) {
                known.push(TopicState::Unread);
                continue;
            }
            // One broker that does not answer is enough to know for all.
            let silent = known.iter().rev().find(|state| matches!(state, TopicState::Unknown(_))).cloned();
            known.push(silent.unwrap_or_else(|| self.ask_topic(topic, name, &mut leaders)));
        }
        if known.iter().all(|state| !matches!(state, TopicState::Unknown(_))) {
            self.leaders = leaders;
        }
        self.known = known;
    }

    fn ask_topic(&self, topic: u16, name: &str, leaders: &mut BTreeMap<i32, Vec<PartitionId>>) -> TopicState {
        let metadata = match self.client.fetch_metadata(Some(name), PATIENCE) {
            Ok(metadata) => metadata,
            Err(error) => return topic_error(error.rdkafka_error_code(), self.explain(&error)),
        };
        let Some(found) = metadata.topics().iter().find(|found| found.name() == name) else { return TopicState::Missing };
        if let Some(error) = found.error() {
            let error = KafkaError::MetadataFetch(error.into());
            return topic_error(error.rdkafka_error_code(), self.explain(&error));
        }
        for partition in found.partitions() {
            if let Ok(number) = u32::try_from(partition.id()) {
                leaders.entry(partition.leader()).or_default().push(PartitionId { topic, partition: number });
            }
        }
        match u32::try_from(found.partitions().len()) {
            Ok(count) if count > 0 => TopicState::Partitions(count),
            _ => TopicState::Missing,
        }
    }

    fn ask_extents(&self) -> BTreeMap<PartitionId, Result<Extent, String>> {
        let mut extents = BTreeMap::new();
        for (leader, partitions) in &self.leaders {
            if self.wishes.closing() {
                break;
            }
            let answer = if *leader < 0 { Err("no broker leads it at present".to_owned()) } else { self.ask_group(partitions) };
            match answer {
                Ok(found) => extents.extend(partitions.iter().map(|partition| {
                    let extent = found.get(partition).copied().ok_or_else(|| "the broker left it out of its answer".to_owned());
                    (*partition, extent)
                })),
                Err(reason) => extents.extend(partitions.iter().map(|partition| (*partition, Err(reason.clone())))),
            }
        }
        extents
    }

    /// Begin and end of the logs of one leader: two questions for all of them.
    fn ask_group(&self, partitions: &[PartitionId]) -> Result<BTreeMap<PartitionId, Extent>, String> {
        let ends = self.ask_offsets(partitions, Offset::End)?;
        let lows = self.ask_offsets(partitions, Offset::Beginning)?;
        Ok(ends.into_iter().filter_map(|(partition, end)| lows.get(&partition).map(|low| (partition, Extent { low: *low, end }))).collect())
    }

    /// The list of the answer is dropped before anything else is done with the client: a client with a living list never ends.
    fn ask_offsets(&self, partitions: &[PartitionId], which: Offset) -> Result<BTreeMap<PartitionId, NextOffset>, String> {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            add(&mut list, &self.topics, *partition, which).map_err(|error| error.to_string())?;
        }
        // Begin and end are the two moments that this question knows by name.
        let answer = self.client.offsets_for_times(list, PATIENCE).map_err(|error| self.explain(&error))?;
        let mut offsets = BTreeMap::new();
        for element in answer.elements() {
            let topic = self.topics.iter().position(|name| name == element.topic()).and_then(|index| u16::try_from(index).ok());
            let (Some(topic), Ok(partition)) = (topic, u32::try_from(element.partition())) else { continue };
            if let (Offset::Offset(offset), Ok(())) = (element.offset(), element.error()) {
                offsets.insert(PartitionId { topic, partition }, NextOffset(offset));
            }
        }
        Ok(offsets)
    }

    /// The client's standing complaint says more than "timed out".
    fn explain(&self, error: &KafkaError) -> String {
        self.hear();
        match (self.complaints.latest(), error.rdkafka_error_code()) {
            (Some(complaint), _) => complaint.sentence,
            (None, Some(code)) => format!("the broker does not answer ({code})"),
            (None, None) => error.to_string(),
        }
    }
}

fn topic_error(code: Option<RDKafkaErrorCode>, reason: String) -> TopicState {
    match code {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => TopicState::Missing,
        Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
            TopicState::Unknown("the broker forbids it: allow this user Read and Describe on the topic".to_owned())
        }
        _ => TopicState::Unknown(reason),
    }
}

/// Adds a partition of ours to a list of the client's.
pub(super) fn add(list: &mut TopicPartitionList, topics: &Topics, partition: PartitionId, offset: Offset) -> Result<(), KafkaError> {
    let topic = topics.get(usize::from(partition.topic)).ok_or(KafkaError::Canceled)?;
    let number = i32::try_from(partition.partition).map_err(|_| KafkaError::Canceled)?;
    list.add_partition_offset(topic, number, offset)
}
