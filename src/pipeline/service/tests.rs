use super::*;
use crate::engine::Reach;
use crate::kpi::CounterReadings;
use crate::model::{Name, Position};
use crate::pipeline::restore;
use crate::store::{Memory, Sqlite, Store};

const PART: PartitionId = PartitionId { topic: 0, partition: 0 };

/// A log of which the test itself tells; it keeps which partitions are paused.
#[derive(Debug, Default)]
struct Told(BTreeSet<PartitionId>);

impl Source for Told {
    async fn next(&mut self) -> Option<SourceEvent> {
        std::future::pending().await
    }

    fn pause(&mut self, partition: PartitionId) {
        assert!(self.0.insert(partition));
    }

    fn resume(&mut self, partition: PartitionId) {
        assert!(self.0.remove(&partition));
    }

    fn commit(&mut self, _: &BTreeMap<PartitionId, NextOffset>) {}

    async fn close(self, _: Duration) -> bool {
        true
    }
}

fn core() -> Core {
    let config = crate::config::parse("", "test", std::path::Path::new(""), []).unwrap();
    Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap()
}

fn service() -> (Service<Told>, watch::Receiver<Published>) {
    service_over(Memory::default())
}

fn service_over(store: impl Store + Send + 'static) -> (Service<Told>, watch::Receiver<Published>) {
    let settings = ServiceSettings {
        clock_mode: ClockMode::Wall,
        idle_after: Span::SECOND,
        allowed_lateness: Span::ZERO,
        keep_hot: Span::DAY,
        topics: ["chats".to_owned()].into(),
        display: Display::default(),
    };
    let clock = Clock::start();
    let parts = Parts {
        core: core(),
        source: Told::default(),
        positions: BTreeMap::new(),
        writer: Writer::start(store, clock).unwrap(),
        metrics: ServiceMetrics::default(),
    };
    Service::new(settings, clock, parts)
}

#[tokio::test]
async fn what_a_commit_has_kept_is_shown_at_once_though_nothing_else_happens() {
    let (mut service, published) = service();
    // Of a type that is not ours: nothing is decided by it, so that the commit is all the news there is.
    let event = br#"{"id":"e1","type":"robot.beeped","time":1764061200000}"#;
    let is_shown = |service: &Service<Told>| {
        let page = service.metrics.handle().render();
        page.lines().any(|line| line.starts_with("deskpulse_events_total") && line.contains("unknown_type") && line.ends_with(" 1"))
    };
    service.assigned(&[Assignment { partition: PART, from: NextOffset(0), end: NextOffset(1) }]);
    let now = service.clock.now();
    let mut batch = Batch::default();
    batch.push(Position { partition: PART, offset: 0 }, Some(now), event);
    service.take(&batch, None);
    service.confirmed(PART, now, NextOffset(1));
    assert!(service.gather(), "the record is handed over");
    let written = service.writer.written().await;
    // What there was to show is shown; only the commit is not known to be kept.
    let now = service.clock.now();
    service.publish_snapshot(now);
    assert!(!service.has_news && !is_shown(&service));
    let shown = published.borrow().at;

    service.written(written).unwrap();
    // The pause after the last snapshot is over, and the one without any news is not.
    service.snapshot_at = service.clock.now();
    service.act().unwrap();
    assert!(is_shown(&service) && published.borrow().at >= shown);
    assert!(!service.has_news);
}

#[tokio::test]
async fn what_counters_have_shown_stands_after_a_restart_though_time_has_gone_to_another_team_since() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Sqlite::open(&folder.path().join("store.db"), &["chats".to_owned()]).unwrap();
    let (mut service, _published) = service_over(open());
    let status = [r#"{"id":"e1","type":"agent.status","time":1764061200000,"agent":"amy","status":"available"}"#];
    assert_eq!(committed(&mut service, &status, Time(1_764_064_800_000)).await, [(None, 3_600_000)]);
    let chat = [
        r#"{"id":"e2","type":"chat.started","time":1764064800000,"chat":"c1","team":"vip"}"#,
        r#"{"id":"e3","type":"chat.assigned","time":1764064800000,"chat":"c1","agent":"amy"}"#,
    ];
    let shown = committed(&mut service, &chat, Time(1_764_064_800_000)).await;
    assert_eq!(shown, [(None, 3_600_000), (Some("vip".into()), 0)], "her time is the team's now, and stays shown where it was");
    service.writer.close().unwrap();
    let mut again = core();
    restore(&mut again, &mut open(), Clock::start()).unwrap();
    assert_eq!(work(&again.counters()), shown);
}

/// Takes events, moves the clock and commits; gives the work time that is shown then.
async fn committed(service: &mut Service<Told>, events: &[&str], clock: Time) -> Vec<(Option<Name>, i64)> {
    let mut batch = Batch::default();
    for (offset, event) in (clock.0..).zip(events) {
        batch.push(Position { partition: PART, offset }, None, event.as_bytes());
    }
    service.take(&batch, None);
    service.core.advance(Reach::Through(clock));
    assert!(service.gather());
    let written = service.writer.written().await;
    service.written(written).unwrap();
    work(&service.kept.counters)
}

/// Work time as counters show it, by team.
fn work(counters: &CounterReadings) -> Vec<(Option<Name>, i64)> {
    counters.time.iter().map(|(key, seconds)| (key.team.clone(), seconds.work.0)).collect()
}

/// So many statuses of an agent in a partition, from an offset on, all of one instant.
fn statuses(partition: u32, offset: i64, count: i64, second: i64) -> Batch {
    let mut batch = Batch::with_capacity(0, 0);
    for offset in offset..offset + count {
        let event = format!(
            r#"{{"id":"{partition}-{offset}","type":"agent.status","time":{},"agent":"amy","status":"busy"}}"#,
            1_764_061_200_000 + second * 1_000
        );
        batch.push(Position { partition: PartitionId { partition, ..PART }, offset }, None, event.as_bytes());
    }
    batch
}

#[tokio::test]
async fn a_partition_far_ahead_of_the_slowest_is_paused_until_that_has_come_near() {
    let (slow, fast) = (PART, PartitionId { partition: 1, ..PART });
    let assigned = [slow, fast].map(|partition| Assignment { partition, from: NextOffset(0), end: NextOffset(1) });
    let paused = |service: &mut Service<Told>, batch: &Batch| {
        service.take(batch, None);
        service.balance();
        service.source.0.iter().copied().collect::<Vec<_>>()
    };
    let (mut service, _published) = service();
    service.assigned(&assigned);
    service.take(&statuses(0, 0, 1, 0), None);
    assert_eq!(paused(&mut service, &statuses(1, 0, 1, 60)), [], "a minute");
    assert_eq!(paused(&mut service, &statuses(1, 1, 1, 61)), [fast], "more than a minute");
    assert_eq!(paused(&mut service, &statuses(0, 1, 1, 30)), [fast], "half a minute and a second");
    assert_eq!(paused(&mut service, &statuses(0, 2, 1, 31)), [], "half a minute");
    let many = AHEAD_RECORDS as i64;
    assert_eq!(paused(&mut service, &statuses(1, 2, many - 2, 61)), [], "as many records as may wait");
    assert_eq!(paused(&mut service, &statuses(1, many, 1, 61)), [fast], "one more");
}

#[test]
fn the_last_record_of_every_partition_of_a_batch_is_known() {
    let mut batch = Batch::default();
    for (partition, offset) in [(0, 4), (0, 5), (1, 9), (0, 6), (2, 1), (2, 2)] {
        batch.push(Position { partition: PartitionId { topic: 0, partition }, offset }, None, b"x");
    }
    let last: Vec<_> = last_of_each(&batch).into_iter().map(|(partition, record)| (partition.partition, record.position.offset)).collect();
    assert_eq!(last, [(0, 6), (1, 9), (2, 2)]);
    assert!(last_of_each(&Batch::default()).is_empty());
}
