//! The one loop: whatever happens comes in as one value, is handled synchronously, and then acted on.
//!
//! The task that runs it owns the core. Every other task feeds it values or reads the immutable snapshot that it publishes.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use crate::archive::ArchiveError;
use crate::clock::Clock;
use crate::engine::{ClockMode, Frontier};
use crate::ingest::{Assignment, Batch, Record, Source, SourceEvent};
use crate::model::{Mark, NextOffset, PartitionId, Reached, Span, Time, Topics};
use crate::store::{Commit, StoreError, failpoint};
use crate::telemetry::ServiceMetrics;
use crate::view::Published;
use crate::view::metrics::catalogue;

use super::ahead::{Ahead, Parsed, Said};
use super::archiving::PendingArchive;
use super::commits::{Commits, Handed, Kept};
use super::core::{Core, Display, Taken};
use super::evidence::Evidence;
use super::readiness::Readiness;
use super::reload::{Reload, Reloads};
use super::shown;
use super::warm::warm;
use super::writer::{Handover, Writer};

/// How often the loop looks around when nothing comes.
const TICK: Duration = Duration::from_millis(50);
/// A partition this far ahead of the slowest, in event time or records that wait, is paused…
const AHEAD_TIME: Span = Span(60_000);
/// …see [`AHEAD_TIME`].
const AHEAD_RECORDS: usize = 100_000;
/// Bytes of receipts, and of records for the archive, that wait for a commit: a disk that stands still must not fill the memory.
const EVIDENCE_MAX: usize = 64 << 20;
/// Rejected records that are logged each second at most; all are counted.
const LOGGED_REJECTS_PER_SECOND: u32 = 5;
/// How long the last commits may take…
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// …of which the last is left out when the one before it has used so much of the time…
const DRAIN_BEFORE_LAST: Span = Span(2_000);
/// …and closing the source: together less than the 10 seconds that a process is left to end in.
const CLOSE_LIMIT: Duration = Duration::from_secs(4);

/// What the service is told.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// What moves the clock.
    pub clock_mode: ClockMode,
    /// With [`ClockMode::Events`]: after this long at its end a partition holds nobody back.
    pub idle_after: Span,
    /// How far behind the newest event of its partition an event takes its place.
    pub allowed_lateness: Span,
    /// Ended conversations that nothing has touched for so long, in event time, are in the store only, if that is durable.
    pub keep_hot: Span,
    /// The topics, by their numbers.
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
    /// The thread that decodes has ended.
    #[error("the thread that decodes records has ended: see above why, and start again")]
    Ahead,
    /// The operating system.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The store cannot go on.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive cannot go on.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The store's thread has ended.
    #[error("the thread that writes the store has ended in a panic: see the log, and start again")]
    Writer,
    /// The store takes too long at the end.
    #[error("the last commit was not written within {DRAIN_LIMIT:?}: look after the disk; what it held will be read again from Kafka")]
    Drain,
}

/// What a service is made of.
#[derive(Debug)]
pub struct Parts<S> {
    /// The core, as it was restored.
    pub core: Core,
    /// Where records come from, from these positions on.
    pub source: S,
    /// How far every partition has been read.
    pub positions: BTreeMap<PartitionId, Reached>,
    /// Where commits go.
    pub writer: Writer,
    /// The service's own series.
    pub metrics: ServiceMetrics,
}

/// The loop and what it owns.
#[derive(Debug)]
pub struct Service<S> {
    settings: ServiceSettings,
    clock: Clock,
    core: Core,
    source: S,
    writer: Writer,
    metrics: ServiceMetrics,
    frontier: Frontier,
    readiness: Readiness,
    commits: Commits,
    kept: Kept,
    evidence: Evidence,
    archive: PendingArchive,
    reloads: (Option<mpsc::Receiver<Reload>>, Reloads),
    last_record_at: BTreeMap<PartitionId, Time>,
    paused: BTreeSet<PartitionId>,
    publish: watch::Sender<Published>,
    snapshot_at: Time,
    /// Something was decided or kept that no snapshot shows.
    has_news: bool,
    log_budget: (Time, u32),
}

impl<S: Source> Service<S> {
    /// A service over these parts. The receiver sees every snapshot from then on.
    #[must_use]
    pub fn new(settings: ServiceSettings, clock: Clock, parts: Parts<S>) -> (Self, watch::Receiver<Published>) {
        let Parts { mut core, source, positions, writer, mut metrics } = parts;
        let now = clock.now();
        let readiness = Readiness::new(Arc::clone(&settings.topics), now);
        // What was restored is what was committed last.
        let kept = Kept { clock: core.engine().clock(), counters: core.counters(), outcomes: core.outcomes() };
        shown::kept(&mut metrics, &kept, &settings.topics);
        let snapshot = Arc::new(core.snapshot_behind(&settings.display));
        let (publish, published) = watch::channel(Published { at: now, snapshot, not_ready: readiness.reasons(now) });
        let service = Self {
            frontier: Frontier::new(settings.clock_mode, settings.allowed_lateness, []),
            settings,
            clock,
            core,
            source,
            evidence: Evidence::new(writer.is_durable()),
            archive: PendingArchive::new(writer.is_archived()),
            reloads: (None, Reloads::default()),
            writer,
            metrics,
            readiness,
            commits: Commits::new(positions, now),
            kept,
            last_record_at: BTreeMap::new(),
            paused: BTreeSet::new(),
            publish,
            snapshot_at: now,
            has_news: false,
            log_budget: (now, 0),
        };
        (service, published)
    }

    /// The same, with configurations that come while it runs.
    #[must_use]
    pub fn with_reloads(self, reloads: mpsc::Receiver<Reload>) -> Self {
        Self { reloads: (Some(reloads), Reloads::default()), ..self }
    }

    /// Runs until `shutdown` is done, then drains: commits what was applied and lets go of the source.
    ///
    /// # Errors
    /// When source or store cannot go on.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServiceError> {
        let outcome = match self.work(shutdown).await {
            Ok(()) => {
                info!("draining");
                tokio::time::timeout(DRAIN_LIMIT, self.drain()).await.unwrap_or(Err(ServiceError::Drain))
            }
            failed => failed,
        };
        // The client's threads end first in every case, so that the last thing said is why the service ended.
        if !self.source.close(CLOSE_LIMIT).await {
            warn!("the connection to the brokers did not close within {CLOSE_LIMIT:?}; nothing is lost by that");
        }
        outcome.and_then(|()| self.writer.close())
    }

    async fn work(&mut self, shutdown: impl Future<Output = ()>) -> Result<(), ServiceError> {
        let mut ahead = Ahead::start()?;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tokio::pin!(shutdown);
        loop {
            let said = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                written = self.writer.written() => {
                    self.written(written)?;
                    None
                }
                reload = next_reload(&mut self.reloads.0) => {
                    self.reloads.1.wait(reload);
                    None
                }
                event = self.source.next(), if ahead.has_room() => {
                    let event = event.unwrap_or_else(|| SourceEvent::Fatal("the source has ended: start again".to_owned()));
                    let spent = self.core.take_spent();
                    ahead.give(event, self.core.decoder(), spent);
                    continue;
                }
                said = ahead.next(), if !self.is_full() => Some(said.ok_or(ServiceError::Ahead)?),
                _ = tick.tick() => None,
            };
            if let Some(said) = said {
                self.handle(said)?;
            }
            self.act()?;
        }
    }

    /// Commits what was applied since the last commit, if there is time for it.
    async fn drain(&mut self) -> Result<(), ServiceError> {
        let begun = self.clock.now();
        if self.commits.handed.is_some() {
            let written = self.writer.written().await;
            self.written(written)?;
        }
        if self.clock.now() - begun > DRAIN_BEFORE_LAST {
            info!("what was read since the last commit is read again after the next start");
        } else if self.gather() {
            let written = self.writer.written().await;
            self.written(written)?;
        }
        Ok(())
    }

    fn handle(&mut self, said: Said) -> Result<(), ServiceError> {
        let (event, parsed) = said.by(self.core.decoder());
        match event {
            SourceEvent::Assigned(partitions) => self.assigned(&partitions),
            SourceEvent::Batch(batch) => {
                self.take(&batch, parsed);
                self.archive.add(batch, self.core.decoder());
            }
            SourceEvent::Confirmed { partition, at, next } => self.confirmed(partition, at, next),
            SourceEvent::Lag { partition, records } => {
                let labels = [&*self.topic(partition).to_owned(), &*partition.partition.to_string()];
                self.metrics.shows(&catalogue::CONSUMER_LAG, &labels, records as f64);
            }
            SourceEvent::Trouble { partition, reason } => {
                warn!("{reason}");
                self.readiness.trouble(partition, self.clock.now(), reason);
                self.frontier.trouble(partition, self.clock.now());
            }
            // Going on with the other partitions would decide things without knowing what stands in this one.
            SourceEvent::Failed { reason, .. } => return Err(ServiceError::Source(reason)),
            SourceEvent::Fatal(reason) => return Err(ServiceError::Source(reason)),
        }
        Ok(())
    }

    fn assigned(&mut self, partitions: &[Assignment]) {
        for assignment in partitions {
            info!("reading {}/{} from offset {}", self.topic(assignment.partition), assignment.partition.partition, assignment.from.0);
            match self.core.engine().newest(assignment.partition) {
                Some(newest) => self.frontier.newest(assignment.partition, newest),
                None => self.frontier.add(assignment.partition),
            }
            self.readiness.assigned(assignment.partition, self.clock.now());
        }
    }

    fn take(&mut self, batch: &Batch, parsed: Option<Vec<Parsed>>) {
        let now = self.clock.now();
        let mut rejects = Vec::new();
        let tell = |record, taken| {
            if let Taken::Rejected(reject) = taken {
                rejects.push((record, reject));
            }
        };
        match parsed {
            Some(parsed) => self.core.take_parsed(batch.iter().zip(parsed), tell),
            None => self.core.take_all(batch.iter(), tell),
        }
        for (record, reject) in rejects {
            let position = record.position;
            let topic = self.settings.topics.get(usize::from(position.partition.topic)).map_or("?", String::as_str);
            self.evidence.rejected(&record, &reject, topic, now);
            self.log_reject(now, position.partition, position.offset, &format!("{}: {}", reject.reason.word(), reject.message));
        }
        self.commits.read(batch.len());
        for (partition, record) in last_of_each(batch) {
            self.commits.taken(partition, Mark::of(record.position.offset, record.value));
            self.last_record_at.insert(partition, now);
            self.readiness.heard(partition, now);
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
        // Now, whatever the instant is of which it tells.
        self.readiness.heard(partition, self.clock.now());
        self.commits.confirmed(partition, next);
        let quiet_since = self.last_record_at.get(&partition).copied().unwrap_or(self.clock.started_at());
        if self.settings.clock_mode == ClockMode::Events && at.since(quiet_since) >= self.settings.idle_after {
            self.frontier.idle(partition);
        }
        if !was_caught_up && self.readiness.is_caught_up() {
            info!("caught up with all partitions");
            self.snapshot_at = at;
        }
    }

    /// What follows from what was handled: the clock moves, partitions are paused, state is committed, a snapshot published.
    fn act(&mut self) -> Result<(), ServiceError> {
        let reach = self.frontier.reach();
        if let Some(store) = self.writer.lookup() {
            warm(&mut self.core, store, reach)?;
        }
        let posted = self.core.advance(reach);
        if !posted.is_empty() {
            self.commits.decided();
            self.has_news = true;
        }
        self.evidence.posted(posted);
        self.balance();
        let now = self.clock.now();
        if self.commits.is_due(now, self.readiness.is_caught_up()) {
            self.gather();
        }
        self.reload(now);
        if now >= self.snapshot_at && (self.has_news || now >= self.snapshot_at + shown::PAUSE_MIN) {
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
        let pause: Vec<_> = self.commits.partitions().filter(|partition| !self.paused.contains(partition) && ahead(partition, 1)).collect();
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

    /// Hands the next commit to the thread that writes it; false when nothing has changed. Counters are read first: what they show
    /// then is part of it.
    fn gather(&mut self) -> bool {
        let begun = self.clock.now();
        let kept = Kept { clock: self.core.engine().clock(), counters: self.core.counters(), outcomes: self.core.outcomes() };
        let rows = if self.writer.is_durable() { self.core.changes() } else { Vec::new() };
        let remembers_since = Some(self.core.engine().remembers_since());
        let (positions, labels) = self.commits.gather(begun);
        if rows.is_empty() && positions.is_empty() && !self.reloads.1.is_new() && self.writer.is_durable() {
            // Nothing has moved: what is to be shown is what was committed.
            self.show_positions(&labels);
            return false;
        }
        let mut commit = Commit { rows, positions, remembers_since, ..Commit::default() };
        self.reloads.1.give(&mut commit);
        self.writer.write(Handover { commit, evidence: self.evidence.take(), archive: self.archive.take(self.kept.clock) });
        self.commits.handed = Some(Handed { kept, labels, gathered_in: self.clock.now() - begun });
        true
    }

    /// Applies a configuration that waits, once everything decided under the one before it is in a commit.
    fn reload(&mut self, now: Time) {
        if self.reloads.1.is_waiting()
            && (self.evidence.bytes() == 0 || (self.commits.handed.is_none() && self.gather()))
            && let Err(refused) = self.reloads.1.apply(&mut self.core, now)
        {
            error!("the configuration was read again and stays as it was: {refused}");
        }
    }

    /// Whether so much waits for the store that nothing more is taken until a commit is kept.
    fn is_full(&self) -> bool {
        self.commits.handed.is_some() && (self.commits.is_full() || self.evidence.bytes() + self.archive.bytes() > EVIDENCE_MAX)
    }

    /// A commit is kept: what it holds may be shown, lag tools may know, and ended conversations may leave memory.
    fn written(&mut self, written: Option<Result<Span, ServiceError>>) -> Result<(), ServiceError> {
        let took = written.ok_or(ServiceError::Writer)??;
        let Some(handed) = self.commits.written(took) else { return Ok(()) };
        self.metrics.took(&catalogue::COMMIT_SECONDS, self.commits.cost().0 as f64 / 1_000.0);
        self.kept = handed.kept;
        self.has_news = true;
        if self.writer.lookup().is_some() {
            self.core.cool(self.core.engine().clock() - self.settings.keep_hot);
        }
        self.show_positions(&handed.labels);
        Ok(())
    }

    /// Shows committed positions to lag tools.
    fn show_positions(&mut self, positions: &BTreeMap<PartitionId, NextOffset>) {
        if positions.is_empty() {
            return;
        }
        failpoint::reach("before_label");
        self.source.commit(positions);
        failpoint::reach("after_label");
    }

    fn publish_snapshot(&mut self, now: Time) {
        self.has_news = false;
        let is_caught_up = self.readiness.is_caught_up();
        let snapshot = Arc::new(match is_caught_up {
            true => self.core.snapshot_with(self.kept.counters.clone(), true, &self.settings.display),
            false => self.core.snapshot_behind(&self.settings.display),
        });
        // Of those that are paused nothing is expected.
        self.paused.iter().for_each(|partition| self.readiness.heard(*partition, now));
        let not_ready = self.readiness.reasons(now);
        let done = self.clock.now();
        self.snapshot_at = done + shown::pause(done - now);
        // Whoever sees KPIs must find that the log was caught up with…
        shown::standing(&mut self.metrics, self.core.engine(), is_caught_up, self.readiness.is_stale(now));
        let before = self.publish.send_replace(Published { at: done, snapshot, not_ready });
        self.core.reuse(before.snapshot);
        // …and whoever sees that the clock has come somewhere, counters of then.
        shown::kept(&mut self.metrics, &self.kept, &self.settings.topics);
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

/// The last record of each partition; most batches are of one or two.
fn last_of_each(batch: &Batch) -> BTreeMap<PartitionId, Record<'_>> {
    let (mut last, mut latest) = (BTreeMap::new(), None::<Record<'_>>);
    for record in batch.iter() {
        if let Some(before) = latest.replace(record)
            && before.position.partition != record.position.partition
        {
            last.insert(before.position.partition, before);
        }
    }
    last.extend(latest.map(|record| (record.position.partition, record)));
    last
}

/// The next configuration that comes; never, when none will.
async fn next_reload(reloads: &mut Option<mpsc::Receiver<Reload>>) -> Reload {
    if let Some(receiver) = reloads
        && let Some(reload) = receiver.recv().await
    {
        return reload;
    }
    *reloads = None;
    std::future::pending().await
}

#[cfg(test)]
mod tests;
