//! `clock = "wall"`: the passing of time decides, as far as the broker confirms it.

use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::{Span, Time};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::library::Replayed;
use crate::log::Sender;
use crate::page::milliseconds;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;
use crate::until::{LIMIT, holds, until};

const TOPICS: [&str; 2] = ["chat.events", "agent.events"];
const TARGET: Span = Span(12_000);
/// The default of `engine.allowed_lateness`.
const LATENESS: Span = Span(2_000);
/// Beyond target and allowed lateness, a decision may take this long on a busy machine.
const SLACK: Duration = Duration::from_secs(20);
/// After this long without a confirmation the service is not ready, and some more to see it.
const STALE: Duration = Duration::from_secs(60);

/// Waiting customers, each dated at the moment of sending.
struct Chats {
    sender: Sender,
    clock: Clock,
}

impl Chats {
    fn new(broker: &Broker) -> Self {
        Self { sender: Sender::new(broker, &TOPICS), clock: Clock::start() }
    }

    fn send(&self, id: &str, event: Value) -> Time {
        let now = self.clock.now();
        let mut event = event;
        event["id"] = id.into();
        event["time"] = now.0.into();
        self.sender.event(if event["chat"].is_string() { "chat.events" } else { "agent.events" }, &event);
        self.sender.flush();
        now
    }

    fn starts(&self, chat: &str) -> Time {
        self.send(&format!("{chat}-start"), json!({"type": "chat.started", "chat": chat, "team": "presale", "waiting": true}))
    }

    fn is_answered(&self, chat: &str) -> Time {
        self.send(&format!("{chat}-answer"), json!({"type": "chat.message", "chat": chat, "from": "agent", "agent": "amy"}))
    }
}

/// How a chat stands in the live view: whether it is over its target, and the instant of the view.
fn wait_of(service: &Service, chat: &str) -> Option<(bool, i64)> {
    let live = service.live();
    let at = deskpulse::decode::parse_time(live["at"].as_str().unwrap()).unwrap().0;
    let waiting = live["waiting"].as_array().unwrap().iter().find(|wait| wait["conversation"] == chat)?;
    Some((waiting["over"] == true, at))
}

fn breaches(service: &Service) -> f64 {
    service.metrics().count("deskpulse_breaches_total", &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_decides_but_never_while_the_broker_is_away() {
    let mut broker = Broker::start();
    broker.create_topic("chat.events", 2, &[]).await;
    broker.create_topic("agent.events", 1, &[]).await;
    tokio::task::block_in_place(|| whole(&mut broker));
}

fn whole(broker: &mut Broker) {
    let policy = format!("time_zone = \"UTC\"\n[[policy]]\nmedium = \"chat\"\nfirst_response = \"{}s\"", TARGET.0 / 1_000);
    let setting = Setting::new(&broker.address(), &TOPICS, &policy);
    let service = Service::start(&setting);
    service.ready();

    let chats = Chats::new(broker);
    let amy = json!({"type": "agent.status", "agent": "amy", "status": "available", "team": "presale"});
    chats.send("amy-1", amy);
    let deadline = chats.starts("first") + TARGET;
    over_at_once_and_then_decided(&service, "first", deadline);

    let deadline = chats.starts("second") + TARGET;
    until(LIMIT, "the second customer is seen", || wait_of(&service, "second").map(|_| ()).ok_or_else(|| service.log()));
    broker.kill();
    let stopped = Clock::start().now();
    assert!(stopped < deadline, "the broker took longer to stop than the customer may wait: this shows nothing");
    nothing_is_decided(&service, stopped, deadline);

    broker.start_again();
    service.ready();
    let page = service.shows("the second breach, once the broker is back", |page| page.count("deskpulse_breaches_total", &[]) == 2.0);
    assert!(page.clock() > Some(deadline.0), "decided by a clock that has passed the deadline");
    let back = Chats::new(broker);
    back.is_answered("first");
    let last = back.is_answered("second");
    let page = service.reaches(last.0 + 1);
    service.stop();

    let replayed = Replayed::of(&setting.read(), &setting.dump());
    assert_eq!((replayed.summary.applied, replayed.summary.late, replayed.summary.skewed), (5, 0, 0));
    assert_eq!(page.count("deskpulse_events_total", &[("outcome", "applied")]), 5.0);
    assert_eq!(page.count("deskpulse_late_events_total", &[]) + page.count("deskpulse_skewed_events_total", &[]), 0.0);
    for counter in [
        "deskpulse_breaches_total",
        "deskpulse_response_seconds_count",
        "deskpulse_response_seconds_sum",
        "deskpulse_agent_responses_total",
    ] {
        assert_eq!(page.sum(counter, &[]), replayed.page.sum(counter, &[]), "{counter}");
    }
    assert_eq!(replayed.page.count("deskpulse_breaches_total", &[]), 2.0);
}

/// The live view shows the wait over its target from the first millisecond after the deadline; the breach follows, without any event.
fn over_at_once_and_then_decided(service: &Service, chat: &str, deadline: Time) {
    until(LIMIT + SLACK, "the wait is over its target", || {
        let Some((over, at)) = wait_of(service, chat) else { return Err("not seen yet".to_owned()) };
        assert_eq!(over, at > deadline.0, "over its target exactly after the deadline");
        if !over {
            assert_eq!(breaches(service), 0.0, "no breach before the deadline");
        }
        holds(over, "not yet")
    });
    let clock = Clock::start();
    let page = until(SLACK, "the breach is counted", || {
        let page = service.metrics();
        let of = [("sla", "first_response"), ("team", "presale"), ("agent", ""), ("medium", "chat")];
        holds(page.sum("deskpulse_breaches_total", &of) == Some(1.0), &page.text).map(|()| page)
    });
    let decided = page.clock().unwrap();
    assert!(decided > deadline.0, "the clock has passed the deadline");
    assert!(decided <= clock.now().0 - LATENESS.0, "the clock stays behind the confirmations");
}

/// The broker is away: the wait is over its target, but the clock stands, and what it has not passed is not decided.
fn nothing_is_decided(service: &Service, stopped: Time, deadline: Time) {
    let mut clocks = Vec::new();
    until(STALE, "not ready, with every partition named", || {
        let page = service.metrics();
        let clock = page.clock().unwrap();
        assert!(clock <= stopped.0 - LATENESS.0, "the clock stands at the last confirmation");
        assert_eq!(page.count("deskpulse_breaches_total", &[]), 1.0, "the deadline passes undecided");
        clocks.push(clock);
        let answer = service.get("/readyz")?;
        let named = ["chat.events/0", "chat.events/1", "agent.events/0"].iter().all(|partition| answer.body.contains(partition));
        holds(answer.status == 503 && named && answer.body.contains("the clock stands still"), answer.body)
    });
    let mut board = Browser::open(service.address());
    until(LIMIT, "the board says so, too", || {
        let page = board.page();
        holds(page.contains("has not been confirmed by the broker") && !page.contains(">live</span>"), page)
    });
    let (over, at) = wait_of(service, "second").unwrap();
    assert!(over && at > deadline.0, "the live view goes on by the wall clock");
    let page = service.metrics();
    assert_eq!(page.sum("deskpulse_ingestion_stale", &[]), Some(1.0));
    assert_eq!(page.clock(), clocks.iter().max().copied(), "the clock has stood still");
    let standing = clocks.iter().filter(|clock| page.clock() == Some(**clock)).count();
    assert!(standing * 2 > clocks.len(), "for most of the time: {clocks:?}");
    assert_eq!(milliseconds(page.count("deskpulse_breaches_total", &[])), 1_000);
}
