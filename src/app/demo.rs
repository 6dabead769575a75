//! The demo: an embedded broker, a simulated contact center, and the real service over them, in one process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::ingest::{Beginning, EmbeddedBroker, Feed, KafkaSource, ProducerError};
use crate::model::{Name, Span, Time};
use crate::pipeline::{self, Core, Parts};
use crate::simulate::{Simulation, SimulationSettings, Topic};
use crate::store::Memory;
use crate::telemetry::ServiceMetrics;

use super::simulated::{Progress, Simulated};
use super::{AppError, Beside, Listeners, run, service_settings, terminated};

/// How far in the past the simulated day starts.
const LEAD: Span = Span(2 * Span::HOUR.0);
/// The time of day that the simulated contact center shows then: the morning, whenever the demo is run.
const TIME_OF_DAY: Span = Span(9 * Span::HOUR.0);
/// Partitions of each topic.
const PARTITIONS: u16 = 2;
/// How often is looked for what has happened meanwhile.
const STEP: Duration = Duration::from_millis(20);
/// Records that are simulated in one go at most.
const RECORDS_PER_STEP: u64 = 1_000;
/// How long the embedded broker may take for what it was sent.
const FLUSH_LIMIT: Duration = Duration::from_secs(10);
/// Simulated time that is written before its delivery is waited for.
const MARK_EVERY: Span = Span(600_000);

/// What the demo is told.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Where board and metrics are; port 0 is any free one.
    pub listen: SocketAddr,
    /// Chooses everything that is left to chance.
    pub seed: u64,
    /// Agents on the roster.
    pub agents: u32,
}

/// What a status line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoStatus {
    /// Records simulated so far.
    pub records: u64,
    /// How far the simulation is behind the clock.
    pub behind: Span,
    /// Whether it has reached the present.
    pub is_live: bool,
}

/// Runs the demo until SIGTERM or SIGINT. `started` is told the address, `status` is told about once a second how far it is.
///
/// # Errors
/// When it cannot start, or cannot go on.
pub fn demo(demo: &Demo, started: impl FnOnce(SocketAddr), status: impl FnMut(DemoStatus) + Send + 'static) -> Result<(), AppError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let topics = Topic::ALL.map(|topic| topic.name().to_owned());
    let broker = EmbeddedBroker::start(&topics, PARTITIONS)?;
    let mut config = Config { kafka: broker.settings(), ..Config::default() };
    config.http.listen = demo.listen;
    config.check()?;
    let stop = Arc::new(AtomicBool::new(false));
    let result = runtime.block_on(async {
        let listeners = Listeners::open(&config).await?;
        started(listeners.address()?);
        let clock = Clock::start();
        let source = KafkaSource::start(&config.kafka, Beginning::default(), clock)?;
        let progress = Progress::default();
        let simulation =
            Simulation::new(&SimulationSettings::new(demo.seed, demo.agents, clock.now() - LEAD).with_time_of_day(TIME_OF_DAY));
        config.names = Arc::new(simulation.people().map(|person| (Name::new(person.agent), Name::new(person.name))).collect());
        let writer = Writer { feed: broker.feed(source.taken())?, simulation, clock, progress: progress.clone(), stop: Arc::clone(&stop) };
        let writing = std::thread::Builder::new().name("simulation".to_owned()).spawn(move || writer.write(status))?;
        let parts = Parts {
            core: Core::new(&config.core_settings()?)?,
            source: Simulated { source, progress },
            positions: BTreeMap::new(),
            writer: pipeline::Writer::start(Memory::default(), clock)?,
            metrics: ServiceMetrics::default(),
        };
        let topics = config.kafka.topics.clone().into();
        let result = run(service_settings(&config, topics)?, clock, parts, listeners, Beside::default(), terminated()?).await;
        stop.store(true, Ordering::Release);
        writing.join().map_err(|_| AppError::Panicked)??;
        result
    });
    stop.store(true, Ordering::Release);
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Writes the simulation to the embedded broker: the past as fast as it is read, then as it happens.
struct Writer {
    feed: Feed,
    simulation: Simulation,
    clock: Clock,
    progress: Progress,
    stop: Arc<AtomicBool>,
}

impl Writer {
    fn write(mut self, mut status: impl FnMut(DemoStatus)) -> Result<(), ProducerError> {
        let mut records = 0;
        let mut simulated = self.clock.now() - LEAD;
        let mut told_at = Time::MIN;
        while !self.stop.load(Ordering::Acquire) {
            let now = self.clock.now();
            let until = now.min(simulated + MARK_EVERY);
            let room = self.feed.room().min(RECORDS_PER_STEP);
            let written = self.step(until, room)?;
            records += written;
            if written < room {
                simulated = until;
                self.feed.flush(FLUSH_LIMIT)?;
                self.progress.mark(self.clock.now(), simulated);
            }
            let is_live = now - simulated < Span::SECOND;
            if now - told_at >= Span::SECOND {
                status(DemoStatus { records, behind: now - simulated, is_live });
                told_at = now;
            }
            if is_live || room == 0 {
                std::thread::sleep(STEP);
            }
        }
        Ok(())
    }

    /// Writes at most `room` records of before `until`.
    fn step(&mut self, until: Time, room: u64) -> Result<u64, ProducerError> {
        for written in 0..room {
            let Some(record) = self.simulation.next_before(until) else { return Ok(written) };
            self.feed.send(record.topic.name(), &record.key, &record.value)?;
        }
        Ok(room)
    }
}
