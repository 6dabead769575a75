//! A real Prometheus scrapes `serve` while events keep coming.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Span;
use deskpulse::simulate::{Simulation, SimulationSettings};
use deskpulse::view::metrics::catalogue::{KPI_SERIES, Kind, SERVICE_SERIES};
use serde_json::Value;

use crate::http::{self, escaped};
use crate::log::Sender;
use crate::program::{Service, Setting, end, terminate};
use crate::support::broker::Broker;
use crate::until::{LIMIT, holds, until};

const TOPICS: [&str; 3] = ["chat.events", "ticket.events", "agent.events"];
/// How long before now the simulated morning begins.
const PAST: Span = Span(20 * Span::MINUTE.0);
/// How long events keep coming while they are scraped.
const RUN: Duration = Duration::from_secs(15);
/// How often the simulation is asked for what has happened meanwhile.
const STEP: Duration = Duration::from_millis(20);
/// Families of which a morning without late events, and with complaints that last, need not have any series.
const MAY_BE_ABSENT: [&str; 4] = [
    "deskpulse_breaches_withdrawn_total",
    "deskpulse_complaint_handling_seconds",
    "deskpulse_agent_complaint_handling_seconds",
    "deskpulse_oldest_open_complaint_seconds",
];

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sees_every_series_and_no_counter_ever_goes_down() {
    let broker = Broker::start();
    for topic in TOPICS {
        broker.create_topic(topic, 2, &[]).await;
    }
    tokio::task::block_in_place(|| scraped(&broker));
}

fn scraped(broker: &Broker) {
    let clock = Clock::start();
    let sender = Sender::new(broker, &TOPICS);
    let settings = SimulationSettings::new(11, 300, clock.now() - PAST).with_time_of_day(Span(10 * Span::HOUR.0));
    let mut simulation = Simulation::new(&settings);
    let mut sent = 0_u32;
    let mut produce = || {
        while let Some(record) = simulation.next_before(clock.now()) {
            sender.simulated(&record);
            sent += 1;
        }
        sent
    };
    produce();
    sender.flush();

    let setting = Setting::new(&broker.address(), &TOPICS, "time_zone = \"UTC\"").and("[metrics]\nagents = \"all\"");
    let service = Service::start(&setting);
    let prometheus = Prometheus::start(service.address());
    let ready = clock.uptime() + LIMIT;
    while service.get("/readyz").unwrap().status != 200 {
        assert!(clock.uptime() < ready, "not ready: {}", service.log());
        produce();
        std::thread::sleep(STEP);
    }
    let before = produce();
    let begin = clock.uptime();
    while clock.uptime() - begin < RUN {
        produce();
        std::thread::sleep(STEP);
    }
    let after = produce();
    sender.flush();
    assert!(after > before, "events came while it was scraped");

    let page = service.shows("everything is read", |page| page.count("deskpulse_events_total", &[]) == f64::from(after));
    clean(&page.text);
    until(LIMIT, "Prometheus has the last record", || {
        let found = prometheus.number("sum(deskpulse_events_total)");
        holds(found == Some(f64::from(after)), format!("{found:?} of {after}"))
    });
    assert_eq!(prometheus.number("up{job=\"deskpulse\"}"), Some(1.0));
    assert!(prometheus.number("sum(increase(deskpulse_events_total[10m]))") > Some(0.0));
    prometheus.has_the_series();
    prometheus.has_no_counter_that_went_down();
    prometheus.stop();
    service.stop();
}

/// `promtool` finds nothing to complain about.
fn clean(page: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// A Prometheus with its data in a temporary folder; killed when the guard is dropped.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one that scrapes a target every second.
    fn start(target: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let jobs = format!("scrape_configs:\n  - job_name: deskpulse\n    static_configs:\n      - targets: ['{target}']\n");
        std::fs::write(&config, format!("global:\n  scrape_interval: 1s\n{jobs}")).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut prometheus = Self { process, address, folder };
        until(LIMIT, "Prometheus is ready", || {
            assert!(prometheus.process.try_wait().unwrap().is_none(), "Prometheus has ended: {}", prometheus.log());
            let answer = http::get(address, "/-/ready")?;
            holds(answer.status == 200, answer.body)
        });
        prometheus
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The samples that a query gives now.
    fn query(&self, query: &str) -> Vec<Value> {
        let answer = http::get(self.address, &format!("/api/v1/query?query={}", escaped(query))).unwrap();
        let mut answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        match answer["data"]["result"].take() {
            Value::Array(samples) => samples,
            other => panic!("{query}: {other}"),
        }
    }

    /// The value of a query that gives one sample.
    fn number(&self, query: &str) -> Option<f64> {
        self.query(query).first().and_then(|sample| sample["value"][1].as_str()?.parse().ok())
    }

    /// Of every family that a contact center at work has, there are series.
    fn has_the_series(&self) {
        for metric in KPI_SERIES.iter().chain(SERVICE_SERIES).filter(|metric| !MAY_BE_ABSENT.contains(&metric.name)) {
            let name = if metric.kind == Kind::Histogram { format!("{}_bucket", metric.name) } else { metric.name.to_owned() };
            assert!(self.number(&format!("count({name})")) > Some(0.0), "no series of {name}");
        }
    }

    /// Of all counters and histograms, over the whole run.
    fn has_no_counter_that_went_down(&self) {
        let mut seen = 0.0;
        for metric in KPI_SERIES.iter().chain(SERVICE_SERIES) {
            let ends: &[&str] = match metric.kind {
                Kind::Counter => &[""],
                Kind::Histogram => &["_bucket", "_sum", "_count"],
                Kind::Gauge | Kind::Summary => &[],
            };
            for end in ends {
                let went_down = self.query(&format!("resets({}{end}[10m]) > 0", metric.name));
                assert!(went_down.is_empty(), "{}{end} went down: {went_down:?}", metric.name);
                seen += self.number(&format!("count(resets({}{end}[10m]))", metric.name)).unwrap_or(0.0);
            }
        }
        assert!(seen > 100.0, "only {seen} series of counters");
    }

    fn stop(mut self) {
        terminate(&self.process);
        until(LIMIT, "Prometheus ends", || self.process.try_wait().unwrap().ok_or_else(|| self.log()));
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}
