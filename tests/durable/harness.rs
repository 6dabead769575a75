//! One run: a log, a service that suffers one fault after another under load, and in the end everything counted once. Faults are those of
//! support/fault.rs, whatever is counted comes as a [`Subject`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Span;
use deskpulse::store::Reader;

use crate::archived;
use crate::counters::Counters;
use crate::day::{Day, Pace, Subject, TOPICS};
use crate::disk;
use crate::fault::{Fault, File};
use crate::host;
use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::page::Page;
use crate::program::{Service, Setting};
use crate::scraper::Prometheus;
use crate::support::broker::Broker;
use crate::until::{LIMIT, holds, until};

/// Service managers leave a process this long to end.
const END: Duration = Duration::from_secs(10);
/// How long a stopped service stands still; a fault's own length, not a wait for anything.
const STANDSTILL: Duration = Duration::from_secs(90);
/// How long the broker is away; as above.
const ABSENCE: Duration = Duration::from_secs(60);
/// Longer than it takes on a busy machine to read what came meanwhile.
const BACK: Duration = Duration::from_secs(300);
/// Two clocks that agree are never read this far apart; those that are set here are off by an hour at least.
const OFF_MAX: Span = Span(10 * Span::MINUTE.0);
/// How often Prometheus scrapes, in milliseconds: some times in a short life, and as long as a page may take.
const SCRAPES: u32 = 500;
/// The same of pages with thousands of agents.
const LARGE_SCRAPES: u32 = 3_000;
/// Ports that no system gives to outgoing connections: a service that is started again finds its own free.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A fault, and when it comes: milliseconds after the start, or how many times a point is passed, or how much there is place for in KiB,
/// or how many times the disk is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Blow(pub Fault, pub u64);

pub struct Run {
    broker: Broker,
    sender: Sender,
    setting: Setting,
    subject: Subject,
    day: Day,
    seen: Seen,
    prometheus: Option<Prometheus>,
}

/// What was seen over all lives of the service.
#[derive(Default)]
struct Seen {
    counters: Counters,
    /// How long each took to read again.
    back: Vec<Duration>,
}

impl Run {
    pub async fn new(subject: Subject) -> Self {
        Self::over(Broker::start(), subject).await
    }

    pub async fn over(broker: Broker, subject: Subject) -> Self {
        for (topic, partitions) in TOPICS {
            broker.create_topic(topic, partitions, &[]).await;
        }
        let topics = TOPICS.map(|(topic, _)| topic);
        // What has ended leaves memory within minutes: of a store that is killed it has to come back like everything else.
        let setting = Setting::new(&broker.address(), &topics, subject.config).and("keep_hot = \"1m\"");
        setting.change(&format!("{:?}", [broker.address()]), &format!("{:?}", broker.addresses()));
        let setting = if subject.archive { archived::with_archive(setting) } else { setting };
        let sender = Sender::new(&broker, &topics);
        let mut day = Day::new(&subject);
        day.begin(&sender);
        Self { broker, sender, setting, subject, day, seen: Seen::default(), prometheus: None }
    }

    /// The same, with a real Prometheus that scrapes all the while and outlives every process.
    pub fn watched(mut self) -> Self {
        let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = std::iter::repeat_with(next_port).find(is_free).unwrap();
        self.setting.change("127.0.0.1:0", &format!("127.0.0.1:{port}"));
        let every = if self.subject.pace == Pace::Past { SCRAPES } else { LARGE_SCRAPES };
        self.prometheus = Some(Prometheus::start(([127, 0, 0, 1], port).into(), every));
        self
    }

    /// Lives through all of it, each life under load, and ends as a replay of the log does.
    pub fn survives(mut self, blows: &[Blow]) {
        blows.iter().for_each(|blow| self.live(*blow));
        self.end();
    }

    fn live(&mut self, blow: Blow) {
        let is_over = AtomicBool::new(false);
        let Self { broker, sender, setting, day, seen, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(|| day.send(sender, &is_over));
            // Also when this ends in a panic: nobody waits for the other thread in vain.
            let _over = Over(&is_over);
            Life::begin(setting, blow, seen).end(broker);
        });
    }

    fn end(mut self) {
        let service = Service::start(&self.setting);
        service.ready();
        let page = match self.subject.pace {
            Pace::Past => self.past(service),
            Pace::Present => self.present(service),
        };
        self.seen.counters.take(&page);
        Reader::open(Path::new(&self.setting.read().store.path)).unwrap().verify().unwrap();
        assert_eq!(page.count("deskpulse_events_total", &[]), self.day.records as f64, "each record has one outcome, once");
        assert!(self.seen.counters.scrapes > 0);
        self.seen.tell();
        if let Some(prometheus) = self.prometheus {
            prometheus.has_no_counter_that_went_down();
            prometheus.stop();
        }
    }

    fn past(&self, service: Service) -> Page {
        let replayed = Replayed::of(&self.setting.read(), &self.setting.dump());
        let page = service.reaches(replayed.clock);
        self.scraped(&page);
        service.stop();
        let summary = &replayed.summary;
        assert_eq!((summary.late, summary.skewed), (0, 0));
        let outcomes = [("applied", summary.applied), ("duplicate", summary.duplicate), ("unknown_type", summary.unknown_type)];
        for (outcome, wanted) in outcomes {
            assert_eq!(page.count("deskpulse_events_total", &[("outcome", outcome)]), wanted as f64, "{outcome}");
        }
        assert_eq!(page.count("deskpulse_late_events_total", &[]), 0.0, "a piece of the log came later than its partition may be silent");
        if self.subject.archive {
            let archived = Replayed::of(&self.setting.read(), &archived::archive(&self.setting));
            kept::same(&archived.facts, &replayed.facts, "the archive says what the topics say");
        }
        kept::same(&page.kpi_lines(), &replayed.page.kpi_lines(), "what is served is what is replayed");
        kept::same(&kept::totals(&self.setting.read()), &replayed.totals, "what is kept is what is replayed");
        kept::same(&kept::facts(&self.setting), &replayed.facts, "each fact has its receipt, once");
        let rejected = summary.rejected.iter().filter(|(_, count)| **count > 0);
        let wanted: BTreeMap<String, u64> = rejected.map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
        assert_eq!(kept::rejected(&self.setting.read()), [wanted.clone(), wanted], "each rejected record is kept, once");
        page
    }

    fn present(&self, service: Service) -> Page {
        let page = service.reaches(self.day.newest.0 + 1);
        self.scraped(&page);
        service.stop();
        let late = page.count("deskpulse_late_events_total", &[]) + page.count("deskpulse_skewed_events_total", &[]);
        assert_eq!(late, 0.0, "a record came later than is allowed");
        let (totals, clock) = kept::totals_and_clock(&self.setting.read());
        let replayed = Replayed::until(&self.setting.read(), &self.setting.dump(), Some(clock));
        kept::same(&totals, &replayed.totals, "what is kept is what is replayed up to that instant");
        kept::same(&kept::facts(&self.setting), &replayed.facts, "each fact has its receipt, once");
        page
    }

    /// Prometheus has come to the end, too.
    fn scraped(&self, page: &Page) {
        let Some(prometheus) = &self.prometheus else { return };
        let all = page.count("deskpulse_events_total", &[]);
        until(LIMIT, "Prometheus has the last record", || {
            let found = prometheus.number("sum(deskpulse_events_total)");
            holds(found == Some(all), format!("{found:?} of {all}"))
        });
    }
}

/// Another port at each call, in this process and mostly in others.
fn next_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let tried = std::process::id().wrapping_mul(16).wrapping_add(TRIED.fetch_add(1, Ordering::AcqRel));
    PORTS.start + (tried % u32::from(PORTS.end - PORTS.start)) as u16
}

/// Tells, when it goes, that a life is over.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Seen {
    fn page(&mut self, page: &Page) {
        self.counters.take(page);
        assert!(page.count("deskpulse_caught_up", &[]) == 1.0 || page.kpi_lines().is_empty(), "no KPI before the log is read");
    }

    /// For who looks at the output: how long it took to read again.
    fn tell(&mut self) {
        self.back.sort_unstable();
        let Some(last) = self.back.len().checked_sub(1) else { return };
        let [half, most, all] = [last / 2, last * 99 / 100, last].map(|index| self.back[index]);
        println!("read again after {half:.1?} (p50), {most:.1?} (p99), {all:.1?} (max) of {} starts", last + 1);
    }
}

/// One life of the service, scraped all the while.
struct Life<'a> {
    setting: &'a Setting,
    blow: Blow,
    seen: &'a mut Seen,
    service: Service,
    clock: Clock,
    is_back: bool,
}

impl<'a> Life<'a> {
    fn begin(setting: &'a Setting, blow: Blow, seen: &'a mut Seen) -> Self {
        let Blow(fault, moment) = blow;
        let clock = Clock::start();
        if !fault.is_of_a_disk() {
            disk::settles(setting);
        }
        if matches!(fault, Fault::FullFor(File::Store) | Fault::Lost(File::Store) | Fault::Stale(File::Store)) {
            disk::fill_log(setting);
        }
        if matches!(fault, Fault::FullFor(File::Log)) {
            disk::empty_log(setting);
        }
        let service = match fault {
            Fault::At(point) => Service::launch_to(setting, &format!("{}:{moment}", point.name())),
            Fault::Full => Service::launch_within(setting, kept::kibibytes(setting) + moment),
            Fault::FullFor(_) | Fault::Lost(_) | Fault::Stale(_) | Fault::Unpowered => disk::launch(setting, fault, moment),
            Fault::Set => host::launch(setting, 0),
            Fault::Killed | Fault::Asked | Fault::Stopped | Fault::Away | Fault::Leaderless => Service::launch(setting),
        };
        Self { setting, blow, seen, service, clock, is_back: false }
    }

    /// Scrapes until something holds.
    fn until(&mut self, what: &str, mut look: impl FnMut(&mut Service, Option<&Page>, Duration) -> bool) {
        let Self { service, seen, clock, is_back, .. } = self;
        until(LIMIT, what, || {
            let page = service.scrape();
            page.iter().for_each(|page| seen.page(page));
            if !*is_back && service.log().contains(" from offset ") {
                *is_back = true;
                seen.back.push(clock.uptime());
            }
            holds(look(service, page.as_ref(), clock.uptime()), service.newest_log())
        });
    }

    fn end(mut self, broker: &mut Broker) {
        let Blow(fault, moment) = self.blow;
        match fault {
            Fault::Killed => self.lives(moment),
            Fault::At(_) => self.until("the point is reached", |service, _, _| service.has_ended()),
            Fault::Asked => {
                self.reads(moment);
                self.service.stop();
            }
            Fault::Full => self.fails(None),
            Fault::FullFor(file) => self.fails(Some(file)),
            Fault::Lost(file) | Fault::Stale(file) => {
                let setting = self.setting;
                self.fails(Some(file));
                disk::is_left_alone(setting, file);
            }
            Fault::Unpowered => {
                let setting = self.setting;
                self.lives(moment);
                assert!(!self.service.has_ended(), "{}", self.service.log());
                drop(self);
                disk::loses_power(setting, moment);
            }
            Fault::Stopped => {
                self.reads(moment);
                self.service.freeze();
                std::thread::sleep(STANDSTILL);
                self.service.thaw();
                self.goes_on();
            }
            Fault::Leaderless => {
                for index in 0..broker.count() {
                    self.reads(moment);
                    broker.kill_one(index);
                    self.goes_on();
                    broker.start_again();
                    self.goes_on();
                }
            }
            Fault::Set => self.is_on_a_host_whose_clock_is_set(moment),
            Fault::Away => {
                self.reads(moment);
                broker.kill();
                self.is_without_a_broker();
                broker.start_again();
                self.goes_on();
            }
        }
    }

    fn lives(&mut self, milliseconds: u64) {
        self.until("the process has lived long enough", |_, _, age| age >= Duration::from_millis(milliseconds));
    }

    /// The same, and it answers.
    fn reads(&mut self, milliseconds: u64) {
        self.lives(milliseconds);
        self.until("it answers", |_, page, _| page.is_some());
    }

    /// It ends by itself, with a sentence about the file that cannot be written.
    fn fails(mut self, file: Option<File>) {
        let what = format!("something cannot be written: {:?}", self.blow);
        self.until(&what, |service, _, _| service.has_ended());
        assert_eq!(self.service.ended(END).code(), Some(1), "{}", self.service.log());
        let said = self.service.log().lines().last().unwrap_or_default().to_owned();
        let (begins, tells) = match file {
            Some(File::Archive) => ("deskpulse: archive ", "with room on its disk"),
            _ => ("deskpulse: store ", "make the disk sound and start again"),
        };
        assert!(said.starts_with(begins) && said.contains(tells), "{said}");
    }

    /// It comes back by itself: the same process is ready, and reads what is sent.
    fn goes_on(&mut self) {
        let mut before = None;
        let Self { service, seen, .. } = self;
        until(BACK, "it is ready again and reads on", || {
            assert!(!service.has_ended(), "{}", service.newest_log());
            let page = service.scrape().ok_or("no page")?;
            seen.page(&page);
            let read = page.count("deskpulse_events_total", &[]);
            let answer = service.get("/readyz")?;
            let has_read = read > *before.get_or_insert(read);
            holds(answer.status == 200 && has_read, format!("{read} read, {answer:?}"))
        });
    }

    /// It goes on by the time that has passed, whatever the clock says; then it is killed.
    fn is_on_a_host_whose_clock_is_set(&mut self, moment: u64) {
        let right = Clock::start();
        for off in host::OFF {
            self.reads(moment);
            host::set(self.setting, off);
            self.goes_on();
            let live = self.service.live();
            let at = deskpulse::decode::parse_time(live["at"].as_str().unwrap()).unwrap();
            assert!((at.since(right.now()).0).abs() < OFF_MAX.0, "{at:?} is shown, with the clock off by {off} s");
        }
    }

    /// Nobody answers it for a time: it goes on, and says that it is not ready.
    fn is_without_a_broker(&mut self) {
        let since = Clock::start();
        let mut was_ready = true;
        let Self { service, seen, .. } = self;
        until(ABSENCE + LIMIT, "the time is over", || {
            service.scrape().iter().for_each(|page| seen.page(page));
            assert!(!service.has_ended(), "{}", service.log());
            was_ready &= service.get("/readyz").is_ok_and(|answer| answer.status == 200);
            holds(since.uptime() >= ABSENCE, "not yet")
        });
        assert!(!was_ready, "a service without a broker is not ready");
    }
}
