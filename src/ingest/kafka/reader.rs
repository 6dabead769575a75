//! The reading thread: the only one that polls the consumer. Each turn obeys wishes, asks and hears about ends, reads one batch, and confirms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

use rdkafka::Timestamp;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::Offset;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::model::{NextOffset, PartitionId, Position, Reached, Span, Time, Topics};

use super::super::{Batch, SourceEvent};
use super::Taken;
use super::client::{Client, Complaints};
use super::identity::Identities;
use super::layout;
use super::owner::Owner;
use super::proof::Proof;
use super::standing::Standing;
use super::survey::{Question, Survey};
use super::wishes::Wishes;

/// A batch is full at this many records…
const BATCH_RECORDS: usize = 1_000;
/// …or this many bytes.
const BATCH_BYTES: usize = 1 << 20;
/// How long one turn waits for a first record; wishes and answers wait as long at most.
const TURN: Duration = Duration::from_millis(50);
/// Ends are asked about once in this time.
const ROUND: Span = Span(150);
/// An end that was just reached is asked about at most once in this time.
const QUICK_ROUND: Span = Span(100);
/// A pipeline that makes us wait this long is why no record has come; no partition is to blame.
const BLOCKED: Span = Span(1_000);
/// The client's own positions are looked up at most once in this time: they go past offsets that hold no record.
const LOOK_UP: Span = Span(100);

/// Why the thread ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nobody listens any more.
    Closed,
    /// Going on makes no sense.
    Fatal(String),
}

/// State of the reading thread.
pub(super) struct Reader {
    pub(super) client: Client,
    pub(super) topics: Topics,
    pub(super) clock: Clock,
    pub(super) complaints: Complaints,
    /// Where our store stands, from before the start.
    pub(super) positions: BTreeMap<PartitionId, Reached>,
    /// Our store; without one nobody has to be asked.
    pub(super) owner: Option<Owner>,
    /// Under whose name positions are shown.
    pub(super) group: String,
    /// Whether the logs are those that we have read.
    pub(super) proof: Proof,
    /// Whether they still are.
    pub(super) identities: Identities,
    /// How often to look for new partitions.
    pub(super) layout_every: Span,
    pub(super) wishes: Wishes,
    pub(super) events: mpsc::Sender<SourceEvent>,
    pub(super) questions: SyncSender<Question>,
    pub(super) answers: Receiver<Survey>,
    pub(super) rounds: Rounds,
    /// Partitions that are read.
    pub(super) standings: BTreeMap<PartitionId, Standing>,
    /// Partitions that must not be read.
    pub(super) failed: BTreeSet<PartitionId>,
    /// Records and bytes of the last batch: what the next one will need, about.
    pub(super) usual: (usize, usize),
    /// Records handed on since the start.
    pub(super) taken: Taken,
}

/// When what was asked and looked up last.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    pub(super) asked: Option<Time>,
    pub(super) layout: Option<Time>,
    pub(super) outstanding: bool,
    /// It is known whose log it is, or will not be.
    pub(super) owner_checked: bool,
    /// The client has said that we may not know of the group.
    pub(super) group_forbidden: bool,
    /// Since when that is asked.
    pub(super) owner_asked: Option<Time>,
    pub(super) looked_up: Option<Time>,
    /// Ask again soon: a partition seems to be read to its end, or something is odd.
    pub(super) soon: bool,
    /// A position was refused by a broker: when, and where all partitions stood.
    pub(super) refused: Option<(Time, BTreeMap<PartitionId, NextOffset>)>,
    /// For how many layouts in a row a topic was missing or smaller.
    pub(super) vanished: BTreeMap<u16, u32>,
}

impl Reader {
    /// The thread's work.
    pub(super) fn run(mut self) {
        let ended = loop {
            if let Err(ended) = self.turn() {
                break ended;
            }
        };
        self.label_last();
        if let Ended::Fatal(sentence) = ended
            && self.events.blocking_send(SourceEvent::Fatal(sentence)).is_err()
        {
            tracing::debug!("closed before the fatal error was heard");
        }
    }

    fn turn(&mut self) -> Result<(), Ended> {
        if self.wishes.closing() {
            return Err(Ended::Closed);
        }
        self.obey();
        self.ask()?;
        if let Ok(survey) = self.answers.try_recv() {
            self.rounds.outstanding = false;
            self.take_survey(survey)?;
        }
        if self.look()? {
            return Ok(());
        }
        self.read()?;
        self.confirm()
    }

    /// Sends an event; waits while the pipeline has enough.
    pub(super) fn tell(&self, event: SourceEvent) -> Result<(), Ended> {
        self.events.blocking_send(event).map_err(|_| Ended::Closed)
    }

    fn ask(&mut self) -> Result<(), Ended> {
        let now = self.clock.now();
        let pause = if self.rounds.soon { QUICK_ROUND } else { ROUND };
        if self.rounds.outstanding || self.rounds.asked.is_some_and(|asked| now - asked < pause) {
            return Ok(());
        }
        let layout = self.rounds.layout.is_none_or(|asked| now - asked >= self.layout_every);
        let question = if layout { Question::Layout } else { Question::Ends };
        match self.questions.try_send(question) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Ok(()),
            Err(TrySendError::Disconnected(_)) => return Err(Ended::Fatal("the thread that asks the broker has ended".to_owned())),
        }
        if layout {
            self.rounds.layout = Some(now);
        }
        self.rounds.asked = Some(now);
        self.rounds.outstanding = true;
        self.rounds.soon = false;
        self.standings.values_mut().for_each(Standing::question_sent);
        Ok(())
    }

    /// Reads what is there, up to a full batch, and hands it on.
    fn read(&mut self) -> Result<(), Ended> {
        let mut batch = Batch::default();
        let mut patience = TURN;
        while batch.len() < BATCH_RECORDS && batch.size() < BATCH_BYTES {
            match self.client.poll(patience) {
                None => break,
                Some(Ok(message)) => {
                    if batch.is_empty() {
                        batch = Batch::with_capacity(self.usual.0, self.usual.1);
                    }
                    take(&message, &mut batch, &self.topics, &mut self.standings, &self.clock);
                }
                Some(Err(error)) => heed(&error, &mut self.rounds, &self.standings, &self.complaints, &self.clock)?,
            }
            patience = Duration::ZERO;
        }
        // Some of what was read may be of the new one.
        if let Some(topic) = self.identities.replaced() {
            return Err(Ended::Fatal(layout::replaced(&topic)));
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.usual = (batch.len(), batch.size());
        let before = self.clock.now();
        self.tell(SourceEvent::Batch(batch))?;
        self.taken.add(self.usual.0 as u64);
        let after = self.clock.now();
        if after - before >= BLOCKED {
            self.standings.values_mut().for_each(|standing| standing.excuse(after));
        }
        Ok(())
    }

    /// Tells which partitions are read to an end that the broker has named. Called when everything read has been handed on.
    fn confirm(&mut self) -> Result<(), Ended> {
        let now = self.clock.now();
        if self.standings.values().any(Standing::is_behind) && self.rounds.looked_up.is_none_or(|at| now - at >= LOOK_UP) {
            self.rounds.looked_up = Some(now);
            self.look_up(now);
        }
        let earned: Vec<_> = self
            .standings
            .iter_mut()
            .filter_map(|(partition, standing)| standing.take_confirmation().map(|(at, next)| (*partition, at, next)))
            .collect();
        for (partition, at, next) in earned {
            self.tell(SourceEvent::Confirmed { partition, at, next })?;
        }
        Ok(())
    }

    /// The client's positions pass transaction marks, which are no records: without them such a partition would never reach its end.
    fn look_up(&mut self, now: Time) {
        let Ok(list) = self.client.position() else { return };
        for element in list.elements() {
            if let (Some(partition), Offset::Offset(next)) =
                (identify(&self.topics, element.topic(), element.partition()), element.offset())
                && let Some(standing) = self.standings.get_mut(&partition)
            {
                standing.advance(NextOffset(next), now);
            }
        }
    }
}

/// Puts a record into the batch.
fn take(message: &BorrowedMessage<'_>, batch: &mut Batch, topics: &Topics, standings: &mut BTreeMap<PartitionId, Standing>, clock: &Clock) {
    let Some(partition) = identify(topics, message.topic(), message.partition()) else { return };
    let now = clock.now();
    // A partition that has failed may still have records on their way; they are not ours to count.
    let Some(standing) = standings.get_mut(&partition) else { return };
    if message.offset() < standing.next().0 {
        return;
    }
    // Where the broker did not note when it was appended, our receipt is never before that: at the end of the log it is that, and in a
    // backlog it still keeps an event that is dated after the present from moving the clock there.
    let arrived = match message.timestamp() {
        Timestamp::LogAppendTime(at) => Time(at),
        Timestamp::CreateTime(_) | Timestamp::NotAvailable => now,
    };
    batch.push(Position { partition, offset: message.offset() }, Some(arrived), message.payload().unwrap_or_default());
    standing.advance(NextOffset::after(message.offset()), now);
}

/// What an error in place of a record means.
pub(super) fn heed(
    error: &KafkaError,
    rounds: &mut Rounds,
    standings: &BTreeMap<PartitionId, Standing>,
    complaints: &Complaints,
    clock: &Clock,
) -> Result<(), Ended> {
    use RDKafkaErrorCode as Code;
    let now = clock.now();
    match error {
        KafkaError::PartitionEOF(number) => {
            // The client does not say of which topic. One that is not known to be at its end is worth a question.
            let number = u32::try_from(*number).unwrap_or(u32::MAX);
            rounds.soon |= standings.iter().any(|(partition, standing)| partition.partition == number && !standing.at_end(now));
        }
        KafkaError::MessageConsumptionFatal(code) => return Err(Ended::Fatal(format!("the Kafka client cannot go on ({code})"))),
        KafkaError::MessageConsumption(code) => match code {
            Code::Fatal => return Err(Ended::Fatal(format!("the Kafka client cannot go on ({code})"))),
            Code::AutoOffsetReset | Code::OffsetOutOfRange => {
                let stood = || (now, standings.iter().map(|(partition, standing)| (*partition, standing.next())).collect());
                rounds.refused.get_or_insert_with(stood);
                rounds.soon = true;
            }
            // It is said once; who asks for the group's positions is left waiting.
            Code::GroupAuthorizationFailed => {
                rounds.group_forbidden = true;
                rounds.soon = true;
            }
            // Before anything is read it can only be an answer to a question.
            Code::BadMessage if standings.is_empty() => complaints.note(*code, ""),
            Code::BadMessage | Code::BadCompression | Code::NotImplemented | Code::MessageSizeTooLarge => {
                return Err(Ended::Fatal(complaints.why_bad(*code)));
            }
            // Connections come and go; the surveys tell what lasts.
            _ => tracing::debug!(%code, "the Kafka client reports an error that may pass"),
        },
        other => tracing::debug!(error = %other, "the Kafka client reports an error that may pass"),
    }
    Ok(())
}

/// The client's name of a partition in our words.
pub(super) fn identify(topics: &Topics, topic: &str, partition: i32) -> Option<PartitionId> {
    let topic = topics.iter().position(|name| name == topic).and_then(|index| u16::try_from(index).ok())?;
    Some(PartitionId { topic, partition: u32::try_from(partition).ok()? })
}
