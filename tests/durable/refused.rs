//! A store that does not fit its log, or a log that does not fit the store: refused with one sentence that says what to do, and nothing
//! is applied.

use std::path::PathBuf;
use std::time::Duration;

use deskpulse::store::{Sqlite, Store as _};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::json;

use crate::log::Sender;
use crate::program::{Service, Setting, refusal};
use crate::support::broker::Broker;

const TOPIC: &str = "chat.events";
const CONFIG: &str = "time_zone = \"UTC\"\n[engine]\nclock = \"events\"\nidle_after = \"100ms\"";
/// A refusal is final: the program gives up within this.
const GIVES_UP: Duration = Duration::from_secs(60);

/// A topic with some events, and a store that has read them.
struct Place {
    broker: Broker,
    setting: Setting,
}

impl Place {
    async fn read() -> Self {
        let broker = Broker::start();
        broker.create_topic(TOPIC, 2, &[]).await;
        let setting = Setting::new(&broker.address(), &[TOPIC], CONFIG);
        let place = Self { broker, setting };
        place.send(0, 40);
        place.serve(&[]);
        place
    }

    /// Sends the events of some chats, one a second.
    fn send(&self, from: i64, count: i64) {
        let sender = Sender::new(&self.broker, &[TOPIC]);
        for number in from..from + count {
            let event = json!({"id": format!("e{number}"), "type": "chat.message", "time": 1_700_000_000_000_i64 + number * 1_000,
                "chat": format!("c{}", number % 7), "from": "customer"});
            sender.event(TOPIC, &event);
        }
        sender.flush();
    }

    /// Serves until it is ready and has committed, and ends in good order.
    fn serve(&self, flags: &[&str]) {
        let mut service = Service::launch_with(&self.setting, flags, &[]);
        service.listens();
        service.ready();
        let status = service.terminate(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{}", service.log());
    }

    /// Commits an offset for the group, as tools do that move offsets.
    fn move_group(&self, offset: i64) {
        let consumer: BaseConsumer = self.broker.client().set("group.id", "deskpulse").create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(TOPIC, 0, Offset::Offset(offset)).unwrap();
        consumer.commit(&list, CommitMode::Sync).unwrap();
    }

    fn store(&self) -> PathBuf {
        PathBuf::from(self.setting.read().store.path)
    }

    fn remove_store(&self) {
        for end in ["", "-wal", "-shm", ".lock"] {
            drop(std::fs::remove_file(format!("{}{end}", self.store().display())));
        }
    }

    /// The one sentence with which `serve` ends. The store is the same afterwards.
    fn refusal(&self) -> String {
        let before = std::fs::read(self.store()).ok();
        let said = refusal(&self.setting, GIVES_UP);
        if before.is_some() {
            assert!(std::fs::read(self.store()).ok() == before, "the store was written: {said}");
        }
        said
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_store_is_refused_and_the_first_goes_on() {
    let place = Place::read().await;
    tokio::task::block_in_place(|| {
        let first = Service::start(&place.setting);
        first.ready();
        let second = Setting { config: place.setting.folder.path().join("second.toml"), folder: tempfile::tempdir().unwrap() };
        std::fs::copy(&place.setting.config, &second.config).unwrap();
        let said = refusal(&second, GIVES_UP);
        assert!(said.contains("is in use by process"), "{said}");
        assert_eq!(first.get("/readyz").unwrap().status, 200);
        first.stop();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_store_and_a_foreign_one_are_refused_until_they_are_told_to_begin() {
    let place = Place::read().await;
    tokio::task::block_in_place(|| {
        let kept = std::fs::read(place.store()).unwrap();
        place.remove_store();
        let said = refusal(&place.setting, GIVES_UP);
        assert!(said.contains("the store is empty") && said.contains("--bootstrap"), "{said}");

        place.serve(&["--bootstrap"]);
        place.serve(&[]);
        place.remove_store();
        // A store that has ended in good order is one file.
        std::fs::write(place.store(), kept).unwrap();
        let said = place.refusal();
        assert!(said.contains("is not the one with which group deskpulse has read"), "{said}");
        place.serve(&["--bootstrap"]);
        place.serve(&[]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_others_commit_for_the_group_have_no_effect() {
    let place = Place::read().await;
    tokio::task::block_in_place(|| {
        for offset in [0, 5, 1_000] {
            place.move_group(offset);
            place.serve(&[]);
        }
        let service = Service::start(&place.setting);
        service.ready();
        assert_eq!(service.metrics().count("deskpulse_events_total", &[]), 40.0, "read once, whatever the group says");
        service.stop();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_created_anew_is_refused_however_long_it_is() {
    let place = Place::read().await;
    place.broker.delete_topic(TOPIC).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    place.broker.create_topic(TOPIC, 2, &[]).await;
    tokio::task::block_in_place(|| {
        let said = place.refusal();
        assert!(said.contains("the log ends at 0") && said.contains("deleted and created anew"), "{said}");
        place.send(1_000, 400);
        let said = place.refusal();
        assert!(said.contains("holds another record than the one that was read there"), "{said}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_created_anew_while_it_is_read_ends_the_service_before_anything_of_it_is_applied() {
    let place = Place::read().await;
    let mut service = tokio::task::block_in_place(|| {
        let service = Service::start(&place.setting);
        service.ready();
        service.freeze();
        service
    });
    place.broker.delete_topic(TOPIC).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    place.broker.create_topic(TOPIC, 2, &[]).await;
    tokio::task::block_in_place(|| {
        // By the time that it looks again, the new log is ten times as long as what it has read.
        place.send(1_000, 400);
        service.thaw();
        assert_eq!(service.ended(GIVES_UP).code(), Some(1), "{}", service.log());
        let said = service.log();
        let said = said.lines().last().unwrap_or_default();
        assert!(
            said.contains("topic chat.events was deleted and created anew while it was read") && said.contains("--bootstrap"),
            "{said}"
        );
        let mut store = Sqlite::open(&place.store(), &[TOPIC.to_owned()]).unwrap();
        let positions = store.load(&mut |_| Ok(())).unwrap();
        assert_eq!(positions.values().map(|reached| reached.next.0).sum::<i64>(), 40, "nothing of the new topic was applied");
        drop(store);
        let said = place.refusal();
        assert!(said.contains("holds another record than the one that was read there"), "{said}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_deleted_unread_and_partitions_that_are_gone_are_named() {
    let place = Place::read().await;
    tokio::task::block_in_place(|| place.send(40, 400));
    for partition in 0..2 {
        place.broker.delete_records(TOPIC, partition, 100).await;
    }
    let said = tokio::task::block_in_place(|| place.refusal());
    assert!(said.contains("were deleted unread") && said.contains("retention"), "{said}");

    place.broker.delete_topic(TOPIC).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    place.broker.create_topic(TOPIC, 1, &[]).await;
    let said = tokio::task::block_in_place(|| place.refusal());
    assert!(said.contains("had 2 partitions and now has 1"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_more_and_another_order_fit_and_a_topic_less_does_not() {
    let place = Place::read().await;
    place.broker.create_topic("agent.events", 1, &[]).await;
    tokio::task::block_in_place(|| {
        let named = |topics: &[&str]| {
            let text = std::fs::read_to_string(&place.setting.config).unwrap();
            let changed: Vec<String> = text
                .lines()
                .map(|line| if line.starts_with("topics = ") { format!("topics = {topics:?}") } else { line.to_owned() })
                .collect();
            std::fs::write(&place.setting.config, changed.join("\n")).unwrap();
        };
        named(&["agent.events", TOPIC]);
        place.serve(&[]);
        let service = Service::start(&place.setting);
        service.ready();
        assert_eq!(service.metrics().count("deskpulse_events_total", &[("topic", TOPIC), ("outcome", "applied")]), 40.0);
        service.stop();
        named(&["agent.events"]);
        let mut service = Service::launch(&place.setting);
        assert_eq!(service.ended(GIVES_UP).code(), Some(2), "{}", service.log());
        assert!(service.log().contains("topic chat.events, which kafka.topics does not name"), "{}", service.log());
        place.serve(&["--accept-config"]);
        place.serve(&[]);
        named(&[TOPIC, "agent.events"]);
        place.send(40, 10);
        let service = Service::start(&place.setting);
        service.ready();
        service.shows("it goes on where it stopped", |page| page.count("deskpulse_events_total", &[("topic", TOPIC)]) == 50.0);
        service.stop();
    });
}
