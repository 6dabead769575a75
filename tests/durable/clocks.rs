//! Hosts whose clocks are wrong. What is set while the service runs changes nothing. A start by a wrong clock changes nothing where events
//! decide; where the wall clock decides, it is refused as far as that can be known.

use std::time::Duration;

use deskpulse::model::Span;

use crate::day::{Day, PAST, PRESENT, TOPICS};
use crate::fault::Fault;
use crate::harness::{Blow, Run};
use crate::host;
use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;
use crate::wanted::number;

/// Confirmations come more often than this.
const SOME_TIME: Span = Span(3_000);
/// Clocks here are off by more.
const OFF_MIN: Span = Span(50 * Span::MINUTE.0);
/// A refusal is final: the program gives up within this.
const GIVES_UP: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_while_the_service_runs_changes_no_number() {
    for subject in [PAST, PRESENT] {
        let run = Run::new(subject).await;
        let blows: Vec<Blow> = (0..number("CLOCKS", 1)).map(|_| Blow(Fault::Set, 500)).collect();
        tokio::task::block_in_place(|| run.survives(&blows));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_quiet_night_time_goes_on_whatever_the_clock_is_set_to() {
    let broker = Broker::start();
    broker.create_topic("chat.events", 2, &[]).await;
    tokio::task::block_in_place(|| {
        let setting = Setting::new(&broker.address(), &["chat.events"], PRESENT.config);
        let mut service = host::launch(&setting, 0);
        service.listens();
        service.ready();
        for off in host::OFF {
            let before = service.shows("the clock is told", |page| page.clock().is_some()).clock().unwrap();
            host::set(&setting, off);
            let page = service.shows("time goes on", |page| page.clock() > Some(before + SOME_TIME.0));
            assert!(page.clock() < Some(before + OFF_MIN.0), "it has followed the clock, which is off by {off} s");
        }
        service.stop();
    });
}

/// The one sentence with which a start on such a host ends.
fn refusal(setting: &Setting, off: i64) -> String {
    let mut service = host::launch(setting, off);
    assert_eq!(service.ended(GIVES_UP).code(), Some(1), "{}", service.log());
    service.log().lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_by_a_wrong_clock_changes_no_number_where_events_decide_and_is_refused_where_the_clock_does() {
    let broker = Broker::start();
    for (topic, partitions) in TOPICS {
        broker.create_topic(topic, partitions, &[]).await;
    }
    tokio::task::block_in_place(|| wrong(&broker));
}

fn wrong(broker: &Broker) {
    let topics = TOPICS.map(|(topic, _)| topic);
    let sender = Sender::new(broker, &topics);
    let setting = Setting::new(&broker.address(), &topics, PAST.config);
    let mut day = Day::new(&PAST);
    for off in host::OFF {
        day.minutes(&sender, 30);
        if off < -1_000_000 {
            let said = refusal(&setting, off);
            assert!(said.contains("the host's clock says 1970-") && said.contains("set it"), "{said}");
            continue;
        }
        let mut service = host::launch(&setting, off);
        service.listens();
        service.ready();
    }
    let service = Service::start(&setting);
    service.ready();
    let replayed = Replayed::of(&setting.read(), &setting.dump());
    let page = service.reaches(replayed.clock);
    service.stop();
    assert_eq!(page.count("deskpulse_skewed_events_total", &[]) + page.count("deskpulse_late_events_total", &[]), 0.0);
    kept::same(&page.kpi_lines(), &replayed.page.kpi_lines(), "what is served is what is replayed");
    kept::same(&kept::totals(&setting.read()), &replayed.totals, "what is kept is what is replayed");
    kept::same(&kept::facts(&setting), &replayed.facts, "each fact has its receipt, once");

    behind(broker);
}

/// By the wall clock: what was counted by a clock that was ahead is not gone on with by one that is behind it.
fn behind(broker: &Broker) {
    let setting = Setting::new(&broker.address(), &TOPICS.map(|(topic, _)| topic), PRESENT.config);
    setting.change("[kafka]", "[kafka]\ngroup = \"ahead\"");
    let mut service = host::launch(&setting, 3_600);
    service.listens();
    service.ready();
    service.shows("the clock has moved", |page| page.clock().is_some());
    service.stop();
    let before = std::fs::read(setting.read().store.path).unwrap();
    let said = refusal(&setting, 0);
    assert!(said.contains("but the store has counted up to") && said.contains("restore a backup"), "{said}");
    assert!(before == std::fs::read(setting.read().store.path).unwrap(), "the store was written");
    let mut service = host::launch(&setting, 7_200);
    service.listens();
    service.ready();
    service.stop();
}
