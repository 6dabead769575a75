//! The service over a real Apache Kafka broker: how fast it reads a backlog, and how soon what time brings about is seen. Prints one
//! table. `cargo bench --bench kafka [-- --quick]`; needs Java 17 and Maven like the tests (tests/kafka/fetch.sh).
//!
//! A backlog is read in turn by a bare consumer that drops what it polls and by the service, so that their ratio holds whatever else the
//! machine does. Both run beside the broker on the same cores.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

#[path = "macro/measure.rs"]
#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod measure;
#[path = "shared/sending.rs"]
mod sending;
#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::config;
use deskpulse::engine::ClockMode;
use deskpulse::ingest::{Beginning, KafkaSource, Producer};
use deskpulse::model::{Span, Time};
use deskpulse::pipeline::{Core, Parts, Service, ServiceSettings, Writer};
use deskpulse::simulate::load::{Load, LoadSettings};
use deskpulse::store::{Memory, Sqlite};
use deskpulse::telemetry::ServiceMetrics;
use deskpulse::view::Published;
use deskpulse::view::live::is_over;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::{oneshot, watch};

use measure::Report;
use sending::{Sending, settings};
use support::broker::Broker;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTITIONS: i32 = 8;
const LATENESS: Span = Span(2_000);
/// Longer than the lateness: an event is applied, and its customer shown, when nothing earlier can come any more.
const TARGET: Span = Span(4_000);

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (records, rounds, waits) = if is_quick { (200_000, 2, 30) } else { (2_000_000, 3, 100) };
    let broker = Broker::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut report = Report::default();
    runtime.block_on(broker.create_topic("backlog", PARTITIONS, &[]));
    runtime.block_on(broker.create_topic("now", 2, &[]));
    backlog(&broker, records, rounds, &mut report);
    latency(&broker, waits, &mut report);
    report.print();
}

fn backlog(broker: &Broker, records: usize, rounds: usize, report: &mut Report) {
    let bytes = fill(broker, records);
    let rate = |took: Duration| records as f64 / took.as_secs_f64();
    let (mut bare, mut service, mut kept) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..rounds {
        bare = bare.max(rate(read_bare(broker, records)));
        service = service.max(rate(read_by_service(broker, false)));
        kept = kept.max(rate(read_by_service(broker, true)));
    }
    report.row("records in the backlog, mean bytes", format!("{records}, {}", bytes / records), "", "");
    report.row("a bare consumer, records/s", format!("{bare:.0}"), "", "");
    report.row("the service, records/s", format!("{service:.0}"), "", "");
    report.row("the service over the bare consumer", format!("{:.2}", service / bare), "0.3", "0.6");
    report.row("the service with a store on disk, receipts too, records/s", format!("{kept:.0}"), "60,000", "150,000");
    report.row("the same over the service without", format!("{:.2}", kept / service), "", "");
}

/// Writes the simulated load, dated an hour ago.
fn fill(broker: &Broker, records: usize) -> usize {
    let start = Clock::start().now() - Span::HOUR;
    let load = Load::new(&LoadSettings { seed: 1, agents: 10_000, conversations: 100_000, start });
    let mut sending = Sending::new(broker, "backlog", load);
    (0..records).for_each(|_| _ = sending.send());
    sending.flush();
    sending.bytes
}

/// Polls everything and drops it, with the fetch settings of the service.
fn read_bare(broker: &Broker, records: usize) -> Duration {
    let tuning = [
        ("enable.auto.commit", "false"),
        ("isolation.level", "read_committed"),
        ("check.crcs", "true"),
        ("fetch.queue.backoff.ms", "20"),
        ("queued.max.messages.kbytes", "65536"),
        ("fetch.message.max.bytes", "1048576"),
        ("group.id", "bare"),
    ];
    let mut config = broker.client();
    for (key, value) in tuning {
        config.set(key, value);
    }
    let clock = Clock::start();
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset("backlog", partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut read = 0;
    while read < records {
        if let Some(message) = consumer.poll(Duration::from_secs(1)) {
            message.unwrap();
            read += 1;
        }
    }
    clock.uptime()
}

/// Runs the service until it has caught up, with a store on disk or in memory.
fn read_by_service(broker: &Broker, is_kept: bool) -> Duration {
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("target")).unwrap();
    let clock = Clock::start();
    let path = folder.path().join("bench.db");
    let mut running = Running::start(broker, "backlog", clock, is_kept.then_some(&*path));
    running.wait_for(|published| published.snapshot.caught_up);
    let took = clock.uptime();
    running.stop();
    took
}

/// Customers who nobody answers: when they are shown over target, and when their breach is counted.
fn latency(broker: &Broker, waits: usize, report: &mut Report) {
    let clock = Clock::start();
    let mut running = Running::start(broker, "now", clock, None);
    running.wait_for(|published| published.snapshot.caught_up);
    let producer = Producer::new(&settings(broker, "now")).unwrap();
    let (mut deadlines, mut over, mut breached) = (Vec::new(), Vec::new(), Vec::new());
    while breached.len() < waits {
        // Odd steps, so that deadlines fall anywhere between two snapshots.
        let now = clock.now();
        if deadlines.len() < waits && deadlines.last().is_none_or(|last: &Time| now + TARGET - *last >= Span(97)) {
            let number = deadlines.len();
            let time = now.0;
            let start =
                format!(r#"{{"id":"e{number}","type":"chat.started","time":{time},"chat":"c{number}","team":"presale","waiting":true}}"#);
            producer.send("now", &format!("c{number}"), start.as_bytes()).unwrap();
            producer.flush(Duration::from_secs(10)).unwrap();
            deadlines.push(now + TARGET);
        }
        let published = running.published.borrow().clone();
        let now = clock.now();
        let shown = published.snapshot.live.waiting.iter().filter(|wait| is_over(wait, now)).count();
        over.extend((over.len()..shown).map(|number| (now - deadlines[number]).0));
        let counted: u64 = published.snapshot.counters.breaches.iter().map(|(_, count)| count).sum();
        breached.extend((breached.len()..counted as usize).map(|number| (now - deadlines[number] - LATENESS).0));
        std::thread::sleep(Duration::from_millis(1));
    }
    running.stop();
    report.row("deadline passed → over target in API and metrics, ms (p50, p99)", quantiles(&mut over), "1,100", "");
    report.row("deadline + allowed lateness → the breach is counted, ms (p50, p99)", quantiles(&mut breached), "500", "");
}

fn quantiles(sample: &mut [i64]) -> String {
    sample.sort_unstable();
    let rank = |percent: usize| sample[(sample.len() * percent).div_ceil(100) - 1];
    format!("{}, {}", rank(50), rank(99))
}

/// A service in this process.
struct Running {
    published: watch::Receiver<Published>,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    fn start(broker: &Broker, topic: &str, clock: Clock, store: Option<&Path>) -> Self {
        let text = format!("[[policy]]\nfirst_response = \"{}ms\"\n", TARGET.0);
        let config = config::parse(&text, "bench.toml", Path::new("."), []).unwrap();
        let core = config.core_settings().unwrap();
        let core = Core::new(&if store.is_some() { core.keeping_changes() } else { core }).unwrap();
        let source = KafkaSource::start(&settings(broker, topic), Beginning::default(), clock).unwrap();
        let settings = ServiceSettings {
            clock_mode: ClockMode::Wall,
            idle_after: config.engine.idle_after,
            allowed_lateness: LATENESS,
            keep_hot: config.keep_hot().unwrap(),
            topics: vec![topic.to_owned()].into(),
            display: config.display().unwrap(),
        };
        let writer = match store {
            Some(path) => Writer::start(Sqlite::open(path, &[topic.to_owned()]).unwrap(), clock),
            None => Writer::start(Memory::default(), clock),
        };
        let writer = writer.unwrap();
        let parts = Parts { core, source, positions: BTreeMap::new(), writer, metrics: ServiceMetrics::default() };
        let (service, published) = Service::new(settings, clock, parts);
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(service.run(async { drop(stopped.await) })).unwrap();
        };
        Self { published, stop, thread: std::thread::spawn(run) }
    }

    fn wait_for(&mut self, holds: impl Fn(&Published) -> bool) {
        while !holds(&self.published.borrow()) {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }
}
