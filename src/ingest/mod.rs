//! Where records come from: the broker, files, the embedded broker of the demo. It carries bytes and positions and never looks inside.

mod batch;
mod embedded;
pub mod file;
mod kafka;
mod producer;
mod settings;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use crate::model::{NextOffset, PartitionId, Time};

pub use batch::{Batch, RECORD_LIMIT, Record};
pub use embedded::{EmbeddedBroker, EmbeddedError, Feed};
pub use kafka::{Beginning, KafkaSource, KafkaSourceError, Owner, Retention, RetentionError, Retentions, Taken, retentions, single_record};
pub use producer::{Producer, ProducerError};
pub use settings::{KafkaOption, KafkaSettings, SettingsError};

/// A log that is read from given positions on. [`Source::next`] gives what happened, in order; the other methods say what is wanted and
/// return at once.
///
/// Back-pressure is part of the contract: the source holds a small, fixed number of events and waits until they are taken.
pub trait Source {
    /// The next event; `None` after [`SourceEvent::Fatal`] and after the source was closed. May be dropped while it waits (as in `select!`)
    /// without losing an event.
    fn next(&mut self) -> impl Future<Output = Option<SourceEvent>> + Send;

    /// Stops reading one partition, because it is too far ahead of the others. Records already on their way still come; so does the lag.
    fn pause(&mut self, partition: PartitionId);

    /// Goes on reading a paused partition, without a gap.
    fn resume(&mut self, partition: PartitionId);

    /// Labels positions that our store has committed, for tools that show lag. Nothing depends on it: errors are logged.
    fn commit(&mut self, positions: &BTreeMap<PartitionId, NextOffset>);

    /// Ends reading and lets go of the broker. True when that was done within the limit; otherwise the process should simply exit.
    fn close(self, limit: Duration) -> impl Future<Output = bool> + Send;
}

/// What a [`Source`] reports. Of one partition: first `Assigned` or `Failed`, then the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceEvent {
    /// These partitions are read from now on. The first one names every partition there is; later ones name partitions that were added.
    Assigned(Vec<Assignment>),
    /// Records, in the order of each partition.
    Batch(Batch),
    /// The broker has confirmed that the partition is read to its end: everything appended before `at` has been given out in batches before
    /// this event. Comes some times a second for a partition that keeps up, quiet or busy.
    Confirmed {
        /// The partition.
        partition: PartitionId,
        /// When the question was sent that the broker answered, by our clock.
        at: Time,
        /// The end of the log as the broker named it. It may be past the last record by some offsets that hold none (transaction marks).
        next: NextOffset,
    },
    /// How far the partition is behind its end, some times a second.
    Lag {
        /// The partition.
        partition: PartitionId,
        /// Offsets between our position and the end of the log.
        records: u64,
    },
    /// Something keeps the source from confirming or reading; it goes on trying, and a later `Confirmed` is the all-clear.
    Trouble {
        /// The partition, or `None` when it concerns all (no broker answers, a topic is missing).
        partition: Option<PartitionId>,
        /// One sentence for people.
        reason: String,
    },
    /// The partition is not read any more until somebody has looked at it: going on would lose or invent records.
    Failed {
        /// The partition.
        partition: PartitionId,
        /// One sentence that says what was found and what to do.
        reason: String,
    },
    /// Nothing can be read any more; the process should end. It is the last event.
    Fatal(String),
}

/// A partition at the moment when reading it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// The partition.
    pub partition: PartitionId,
    /// The first offset that will be read.
    pub from: NextOffset,
    /// The end of the log at that moment: the service has caught up when it has read up to here.
    pub end: NextOffset,
}
