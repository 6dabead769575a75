//! A real Prometheus scrapes `serve` while events keep coming.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Span;
use deskpulse::simulate::{Simulation, SimulationSettings};
use deskpulse::view::metrics::catalogue::{KPI_SERIES, Kind, SERVICE_SERIES};

use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::scraper::Prometheus;
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
    let prometheus = Prometheus::start(service.address(), 1_000);
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
    has_the_series(&prometheus);
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

/// Of every family that a contact center at work has, there are series.
fn has_the_series(prometheus: &Prometheus) {
    for metric in KPI_SERIES.iter().chain(SERVICE_SERIES).filter(|metric| !MAY_BE_ABSENT.contains(&metric.name)) {
        let name = if metric.kind == Kind::Histogram { format!("{}_bucket", metric.name) } else { metric.name.to_owned() };
        assert!(prometheus.number(&format!("count({name})")) > Some(0.0), "no series of {name}");
    }
}
