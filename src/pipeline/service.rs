//! The one loop: whatever happens comes in as one value, is handled synchronously, and then acted on.
//!
//! The task that runs it owns the core. Every other task feeds it values or reads the immutable snapshot that it publishes.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::engine::{ClockMode, Frontier};
use crate::ingest::{Assignment, Batch, Source, SourceEvent};
use crate::model::{NextOffset, PartitionId, Reached, Span, Time, Topics};
use crate::store::{Commit, Store, StoreError};
use crate::telemetry::ServiceMetrics;
use crate::view::metrics::{Reading, catalogue};
use crate::view::{Published, Snapshot};

use super::core::{Core, Display, Taken};
use super::readiness::Readiness;

/// How often the loop looks around when nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// A snapshot is made at least this long after the one before…
const SNAPSHOT_PAUSE_MIN: Span = Span(100);
/// …and after so many times as long as the one before took, so that making them stays a small part of the work.
const SNAPSHOT_COST: i64 = 10;
/// Commits follow each other at this distance.
const COMMIT_PAUSE: Span = Span(250);
/// A partition this far ahead of the slowest, in event time or records that wait, is paused…
const AHEAD_TIME: Span = Span(60_000);
/// …see [`AHEAD_TIME`].
const AHEAD_RECORDS: usize = 100_000;
/// Rejected records that are logged each second at most; all are counted.
const LOGGED_REJECTS_PER_SECOND: u32 = 5;
/// How long closing the source may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(8);

/// What the service is told.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// What moves the clock.
    pub clock_mode: ClockMode,
    /// With [`ClockMode::Events`]: after this long at its end a partition holds nobody back.
    pub idle_after: Span,
    /// How far behind the newest event of its partition an event takes its place.
    pub allowed_lateness: Span,
    /// The topics, in the order of the configuration.
    pub topics: Topics,
    /// How snapshots are shown.
    pub display: Display,
}

/// Why the service ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The source cannot go on.
    #[error("{0}")]
    Source(String),
    /// The operating system.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The store cannot go on.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The loop and what it owns.
#[derive(Debug)]
pub struct Service<S, T> {
    settings: ServiceSettings,
    clock: Clock,
    core: Core,
    source: S,
    store: T,
    metrics: ServiceMetrics,
    frontier: Frontier,
    readiness: Readiness,
    positions: BTreeMap<PartitionId, NextOffset>,
    last_record_at: BTreeMap<PartitionId, Time>,
    paused: BTreeSet<PartitionId>,
    publish: watch::Sender<Published>,
    snapshot_at: Time,
    commit_at: Time,
    log_budget: (Time, u32),
}

impl<S: Source, T: Store> Service<S, T> {
    /// A service over these parts. The receiver sees every snapshot from then on.
    #[must_use]
    pub fn new(
        settings: ServiceSettings,
        clock: Clock,
        mut core: Core,
        source: S,
        store: T,
        metrics: ServiceMetrics,
    ) -> (Self, watch::Receiver<Published>) {
        let now = clock.now();
        let readiness = Readiness::new(Arc::clone(&settings.topics), now);
        let snapshot = Arc::new(core.snapshot(false, &settings.display));
        let (publish, published) = watch::channel(Published { at: now, snapshot, not_ready: readiness.reasons(now) });
        let service = Self {
            frontier: Frontier::new(settings.clock_mode, settings.allowed_lateness, []),
            settings,
            clock,
            core,
            source,
            store,
            metrics,
            readiness,
            positions: BTreeMap::new(),
            last_record_at: BTreeMap::new(),
            paused: BTreeSet::new(),
            publish,
            snapshot_at: now,
            commit_at: now,
            log_budget: (now, 0),
        };
        (service, published)
    }

    /// Runs until `shutdown` is done, then drains: commits what was applied and lets go of the source.
    ///
    /// # Errors
    /// When source or store cannot go on.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServiceError> {
        let outcome = match self.work(shutdown).await {
            Ok(()) => {
                info!("draining");
                self.commit()
            }
            failed => failed,
        };
        // The client's threads end first in every case, so that the last thing said is why the service ended.
        if !self.source.close(CLOSE_LIMIT).await {
            warn!("the connection to the brokers did not close within {CLOSE_LIMIT:?}; nothing is lost by that");
        }
        outcome
    }

    async fn work(&mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServiceError> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tokio::pin!(shutdown);
        loop {
            let event = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                event = self.source.next() => Some(event.unwrap_or_else(|| SourceEvent::Fatal("the source has ended: start again".to_owned()))),
                _ = tick.tick() => None,
            };
            if let Some(event) = event {
                self.handle(event)?;
            }
            self.act()?;
        }
    }

    fn handle(&mut self, event: SourceEvent) -> Result<(), ServiceError> {
        match event {
            SourceEvent::Assigned(partitions) => self.assigned(&partitions),
            SourceEvent::Batch(batch) => self.take(&batch),
            SourceEvent::Confirmed { partition, at, next } => self.confirmed(partition, at, next),
            SourceEvent::Lag { partition, records } => {
                let labels = [&*self.topic(partition).to_owned(), &*partition.partition.to_string()];
                self.metrics.shows(&catalogue::CONSUMER_LAG, &labels, records as f64);
            }
            SourceEvent::Trouble { partition, reason } => {
                warn!("{reason}");
                self.readiness.trouble(partition, reason);
            }
            SourceEvent::Failed { partition, reason } => {
                error!("{}/{} is not read any more: {reason}", self.topic(partition), partition.partition);
                self.readiness.failed(partition, reason);
            }
            SourceEvent::Fatal(reason) => return Err(ServiceError::Source(reason)),
        }
        Ok(())
    }

    fn assigned(&mut self, partitions: &[Assignment]) {
        for assignment in partitions {
            info!("reading {}/{} from offset {}", self.topic(assignment.partition), assignment.partition.partition, assignment.from.0);
            self.frontier.add(assignment.partition);
            self.readiness.assigned(assignment.partition);
        }
    }

    fn take(&mut self, batch: &Batch) {
        let now = self.clock.now();
        let mut touched = BTreeSet::new();
        for record in batch.iter() {
            let position = record.position;
            if let Taken::Rejected(reject) = self.core.take(record) {
                self.log_reject(now, position.partition, position.offset, &format!("{}: {}", reject.reason.word(), reject.message));
            }
            self.positions.insert(position.partition, NextOffset::after(position.offset));
            touched.insert(position.partition);
        }
        for partition in touched {
            self.last_record_at.insert(partition, now);
            match self.core.engine().newest(partition) {
                Some(newest) => self.frontier.newest(partition, newest),
                None => self.frontier.busy(partition),
            }
        }
    }

    fn confirmed(&mut self, partition: PartitionId, at: Time, next: NextOffset) {
        let was_caught_up = self.readiness.is_caught_up();
        self.frontier.confirmed(partition, at);
        self.readiness.confirmed(partition, at);
        self.positions.insert(partition, next);
        let quiet_since = self.last_record_at.get(&partition).copied().unwrap_or(self.clock.started_at());
        if self.settings.clock_mode == ClockMode::Events && at.since(quiet_since) >= self.settings.idle_after {
            self.frontier.idle(partition);
        }
        if !was_caught_up && self.readiness.is_caught_up() {
            info!("caught up with all partitions");
        }
    }

    /// What follows from what was handled: the clock moves, partitions are paused, state is committed, a snapshot published.
    fn act(&mut self) -> Result<(), ServiceError> {
        let posted = self.core.advance(self.frontier.reach());
        self.balance();
        let now = self.clock.now();
        if now >= self.commit_at {
            self.commit()?;
        }
        if now >= self.snapshot_at && (!posted.is_empty() || now >= self.snapshot_at + SNAPSHOT_PAUSE_MIN) {
            self.publish_snapshot(now);
        }
        Ok(())
    }

    /// Pauses partitions that are far ahead of the slowest, and lets them go on when it has come near.
    fn balance(&mut self) {
        let Some((_, slowest)) = self.frontier.slowest() else { return };
        let engine = self.core.engine();
        let ahead = |partition: &PartitionId, share: i64| {
            let time = self.frontier.partition(*partition).since(slowest.max(Time(0)));
            time.0 * share > AHEAD_TIME.0 || engine.pending_of(*partition) * usize::try_from(share).unwrap_or(1) > AHEAD_RECORDS
        };
        let known: Vec<PartitionId> = self.positions.keys().copied().collect();
        let pause: Vec<_> = known.iter().filter(|partition| !self.paused.contains(partition) && ahead(partition, 1)).copied().collect();
        let resume: Vec<_> = self.paused.iter().filter(|partition| !ahead(partition, 2)).copied().collect();
        for partition in pause {
            self.source.pause(partition);
            self.paused.insert(partition);
        }
        for partition in resume {
            self.source.resume(partition);
            self.paused.remove(&partition);
        }
    }

    fn commit(&mut self) -> Result<(), ServiceError> {
        let rows = if self.store.is_durable() { self.core.changes() } else { Vec::new() };
        let positions = self.positions.iter().map(|(partition, next)| (*partition, Reached { next: *next, last: None })).collect();
        self.store.commit(Commit { rows, positions, ..Commit::default() })?;
        self.source.commit(&self.positions);
        self.commit_at = self.clock.now() + COMMIT_PAUSE;
        Ok(())
    }

    fn publish_snapshot(&mut self, now: Time) {
        let snapshot = Arc::new(self.core.snapshot(self.readiness.is_caught_up(), &self.settings.display));
        let not_ready = self.readiness.reasons(now);
        show(&mut self.metrics, &self.core, &self.settings.topics, &snapshot, !not_ready.is_empty());
        let done = self.clock.now();
        self.snapshot_at = done + SNAPSHOT_PAUSE_MIN.max(Span((done - now).0 * SNAPSHOT_COST));
        self.publish.send_replace(Published { at: done, snapshot, not_ready });
    }

    fn log_reject(&mut self, now: Time, partition: PartitionId, offset: i64, message: &str) {
        let (since, logged) = self.log_budget;
        if now.since(since) >= Span::SECOND {
            if logged > LOGGED_REJECTS_PER_SECOND {
                warn!("{} more rejected records in that second, see deskpulse_rejected_total", logged - LOGGED_REJECTS_PER_SECOND);
            }
            self.log_budget = (now, 0);
        }
        self.log_budget.1 += 1;
        if self.log_budget.1 <= LOGGED_REJECTS_PER_SECOND {
            warn!("{}/{} offset {offset}: {message}", self.topic(partition), partition.partition);
        }
    }

    fn topic(&self, partition: PartitionId) -> &str {
        self.settings.topics.get(usize::from(partition.topic)).map_or("?", String::as_str)
    }
}

/// Gives the service's own numbers to its metrics.
fn show(metrics: &mut ServiceMetrics, core: &Core, topics: &[String], snapshot: &Snapshot, is_stale: bool) {
    for Reading { metric, labels, count } in core.own_counters(topics) {
        metrics.counted(metric, &labels.iter().map(String::as_str).collect::<Vec<_>>(), count);
    }
    metrics.shows(&catalogue::CAUGHT_UP, &[], f64::from(u8::from(snapshot.caught_up)));
    metrics.shows(&catalogue::INGESTION_STALE, &[], f64::from(u8::from(snapshot.caught_up && is_stale)));
    metrics.shows(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
    if let Some(newest) = core.engine().newest_of_all() {
        metrics.shows(&catalogue::LAST_EVENT, &[], newest.0 as f64 / 1_000.0);
    }
    if snapshot.live.clock != Time::MIN {
        metrics.shows(&catalogue::CLOCK, &[], snapshot.live.clock.0 as f64 / 1_000.0);
    }
}
