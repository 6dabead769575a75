//! Killed at random times, at named points, and asked to end, always under load: totals, facts and counters are those of a replay.

use std::path::Path;
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::store::Reader;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::counters::Counters;
use crate::day::{CONFIG, Day, TOPICS};
use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::program::{Service, Setting};
use crate::support::broker::Broker;
use crate::until::{LIMIT, until};

/// Kills at random times, unless `KILLS` says otherwise.
const KILLS: u64 = 30;
/// A killed process has lived this long at most, in milliseconds.
const LIFE_MAX: u64 = 3_000;
/// Simulated minutes that are sent while a process lives.
const MINUTES: i64 = 60;
/// Service managers leave a process this long to end.
const END: Duration = Duration::from_secs(10);

/// How a process ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// SIGKILL after so many milliseconds.
    Kill(u64),
    /// At a named point, the time that it is reached that often.
    Point(&'static str, u32),
    /// SIGTERM after so many milliseconds.
    Terminate(u64),
    /// No file may grow by more than so many kibibytes: as on a full disk.
    Full(u64),
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_random_times_change_no_number() {
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut chance = SmallRng::seed_from_u64(7);
    let ends: Vec<End> = (0..kills).map(|_| End::Kill(chance.random_range(0..LIFE_MAX))).collect();
    survives(&ends).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_around_a_commit_changes_no_number_nor_does_an_orderly_one() {
    let points = ["gathered", "mid_write", "before_commit", "after_commit", "before_label", "after_label"];
    let mut ends: Vec<End> = points.iter().zip([1, 2, 2, 1, 1, 1]).map(|(point, time)| End::Point(point, time)).collect();
    ends.push(End::Terminate(1_000));
    survives(&ends).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_service_with_a_sentence_and_changes_no_number() {
    survives(&[End::Kill(2_000), End::Full(300), End::Full(700), End::Full(1_500)]).await;
}

async fn survives(ends: &[End]) {
    let broker = Broker::start();
    for (topic, partitions) in TOPICS {
        broker.create_topic(topic, partitions, &[]).await;
    }
    tokio::task::block_in_place(|| Run::new(&broker).whole(ends));
}

struct Run<'a> {
    broker: &'a Broker,
    setting: Setting,
    day: Day,
    counters: Counters,
}

impl<'a> Run<'a> {
    fn new(broker: &'a Broker) -> Self {
        // What has ended leaves memory within minutes: of a store that is killed it has to come back like everything else.
        let setting = Setting::new(&broker.address(), &TOPICS.map(|(topic, _)| topic), CONFIG).and("keep_hot = \"1m\"");
        Self { broker, setting, day: Day::new(3), counters: Counters::default() }
    }

    /// The receipts that the store keeps, sorted as text.
    fn facts(&self) -> Vec<String> {
        let printed = self.setting.run(&["facts", "--config", self.setting.config.to_str().unwrap()]);
        let mut facts: Vec<String> = printed.lines().map(str::to_owned).collect();
        facts.sort_unstable();
        facts
    }

    fn whole(mut self, ends: &[End]) {
        let sender = Sender::new(self.broker, &TOPICS.map(|(topic, _)| topic));
        for end in ends {
            std::thread::scope(|scope| {
                scope.spawn(|| self.day.send(&sender, MINUTES));
                live(&self.setting, *end, &mut self.counters);
            });
        }
        let service = Service::start(&self.setting);
        service.ready();
        let replayed = Replayed::of(&self.setting.read(), &self.setting.dump());
        let page = service.reaches(replayed.clock);
        self.counters.take(&page);
        service.stop();
        assert_eq!((replayed.summary.late, replayed.summary.skewed), (0, 0));
        assert_eq!(page.count("deskpulse_events_total", &[]), self.day.records as f64, "each record has one outcome, once");
        assert_eq!(page.count("deskpulse_late_events_total", &[]), 0.0, "a piece of the log came later than its partition may be silent");
        assert_eq!(page.kpi_lines(), replayed.page.kpi_lines(), "what is served is what is replayed");
        assert_eq!(kept::totals(&self.setting.read()), replayed.totals, "what is kept is what is replayed");
        assert_eq!(self.facts(), replayed.facts, "each fact has its receipt, once");
        Reader::open(Path::new(&self.setting.read().store.path)).unwrap().verify().unwrap();
        assert!(self.counters.scrapes > 0);
    }
}

/// The largest file of the store, in kibibytes.
fn size(setting: &Setting) -> u64 {
    let path = setting.read().store.path;
    let sizes = ["", "-wal"].map(|end| std::fs::metadata(format!("{path}{end}")).map_or(0, |file| file.len()));
    sizes[0].max(sizes[1]) / 1_024
}

/// One life of the service, scraped all the while.
fn live(setting: &Setting, end: End, counters: &mut Counters) {
    let clock = Clock::start();
    let mut service = match end {
        End::Point(point, time) => Service::launch_to(setting, &format!("{point}:{time}")),
        End::Kill(_) | End::Terminate(_) => Service::launch(setting),
        End::Full(kibibytes) => Service::launch_within(setting, size(setting) + kibibytes),
    };
    let is_over = |service: &mut Service| match end {
        End::Kill(after) | End::Terminate(after) => clock.uptime() >= Duration::from_millis(after),
        End::Point(..) | End::Full(_) => service.has_ended(),
    };
    until(LIMIT, "the process comes to its end", || {
        if let Some(page) = service.scrape() {
            counters.take(&page);
            assert!(page.count("deskpulse_caught_up", &[]) == 1.0 || page.kpi_lines().is_empty(), "no KPI before the log is read");
        }
        if is_over(&mut service) { Ok(()) } else { Err(service.log()) }
    });
    match end {
        End::Terminate(_) => service.stop(),
        End::Kill(_) | End::Point(..) => drop(service),
        End::Full(_) => {
            assert_eq!(service.ended(END).code(), Some(1), "{}", service.log());
            let said = service.log().lines().last().unwrap_or_default().to_owned();
            assert!(said.starts_with("deskpulse: store ") && said.contains("cannot be written"), "{said}");
        }
    }
    assert!(clock.uptime() < LIMIT + END);
}
