//! The Kafka source against a real Apache Kafka broker. Needs Java 17 or later and Maven; see tests/kafka/fetch.sh.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::ingest::{
    Assignment, Beginning, KafkaOption, KafkaSettings, KafkaSource, Owner, RetentionError, Retentions, Source, SourceEvent, retentions,
};
use deskpulse::model::{NextOffset, PartitionId, Reached, Span, Time};
use rdkafka::consumer::{BaseConsumer, Consumer};

use support::broker::{Broker, FORBIDDEN_USER, PLAIN_USER, SCRAM_USER};
use support::tls::Certificate;

#[expect(dead_code, reason = "these tests need only a part of it")]
mod support;

/// Longer than anything here takes on a busy machine; a test that gets here has failed.
const LIMIT: Duration = Duration::from_secs(60);

/// One record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    offset: i64,
    arrived: Option<Time>,
    value: String,
}

/// A source, and everything it has said so far.
struct Heard {
    source: KafkaSource,
    clock: Clock,
    assigned: BTreeMap<PartitionId, Assignment>,
    records: BTreeMap<PartitionId, Vec<Read>>,
    confirmed: BTreeMap<PartitionId, (Time, NextOffset)>,
    lag: BTreeMap<PartitionId, u64>,
    failed: BTreeMap<PartitionId, String>,
    troubles: Vec<String>,
    fatal: Option<String>,
}

impl Heard {
    fn start(settings: &KafkaSettings, positions: &[(&str, u32, i64)]) -> Self {
        let clock = Clock::start();
        let reached = |next: i64| Reached { next: NextOffset(next), last: None };
        let positions = positions.iter().map(|(topic, partition, next)| (((*topic).to_owned(), *partition), reached(*next))).collect();
        let beginning =
            Beginning { positions, unread: BTreeSet::new(), owner: Some(Owner { store: "store-7".to_owned(), takes_over: true }) };
        Self {
            source: KafkaSource::start(settings, beginning, clock).unwrap(),
            clock,
            assigned: BTreeMap::new(),
            records: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            lag: BTreeMap::new(),
            failed: BTreeMap::new(),
            troubles: Vec::new(),
            fatal: None,
        }
    }

    /// Listens until the condition holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let listen = async {
            while !holds(self) {
                match self.source.next().await {
                    Some(event) => self.hear(event),
                    None => panic!("the source ended before {what}: {:?}", self.fatal),
                }
            }
        };
        let reached = tokio::time::timeout(LIMIT, listen).await.is_ok();
        assert!(
            reached,
            "not within {LIMIT:?}: {what}; failed {:?}, troubles {:?}, confirmed {:?}, lag {:?}",
            self.failed,
            self.troubles.iter().rev().take(3).collect::<Vec<_>>(),
            self.confirmed,
            self.lag
        );
    }

    fn hear(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Assigned(assignments) => {
                for assignment in assignments {
                    assert!(self.assigned.insert(assignment.partition, assignment).is_none(), "assigned twice: {assignment:?}");
                }
            }
            SourceEvent::Batch(batch) => {
                for record in batch.iter() {
                    let read = self.records.entry(record.position.partition).or_default();
                    assert!(read.last().is_none_or(|last| last.offset < record.position.offset), "out of order: {:?}", record.position);
                    let value = String::from_utf8(record.value.to_vec()).unwrap();
                    read.push(Read { offset: record.position.offset, arrived: record.arrived, value });
                }
            }
            SourceEvent::Confirmed { partition, at, next } => {
                let before = self.confirmed.insert(partition, (at, next));
                assert!(before.is_none_or(|(before, _)| before < at), "a confirmation went back");
            }
            SourceEvent::Lag { partition, records } => drop(self.lag.insert(partition, records)),
            SourceEvent::Trouble { reason, .. } => self.troubles.push(reason),
            SourceEvent::Failed { partition, reason } => drop(self.failed.insert(partition, reason)),
            SourceEvent::Fatal(reason) => self.fatal = Some(reason),
        }
    }

    fn count(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    fn values(&self, topic: u16, partition: u32) -> Vec<&str> {
        self.records.get(&part(topic, partition)).into_iter().flatten().map(|read| read.value.as_str()).collect()
    }

    fn is_confirmed(&self, topic: u16, partition: u32, next: i64) -> bool {
        self.confirmed.get(&part(topic, partition)).is_some_and(|(_, confirmed)| confirmed.0 >= next)
    }

    async fn close(self) {
        assert!(self.source.close(LIMIT).await, "the source did not close");
    }
}

fn part(topic: u16, partition: u32) -> PartitionId {
    PartitionId { topic, partition }
}

fn settings(broker: &Broker, topics: &[&str]) -> KafkaSettings {
    let mut settings = KafkaSettings {
        brokers: vec![broker.address()],
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        ..KafkaSettings::default()
    };
    option(&mut settings, "topic.metadata.refresh.interval.ms", "1000");
    settings
}

fn option(settings: &mut KafkaSettings, key: &str, value: &str) {
    settings.options.insert(key.to_owned(), KafkaOption::Text(value.to_owned()));
}

fn numbered(prefix: &str, range: std::ops::Range<i32>) -> Vec<Option<String>> {
    range.map(|number| Some(format!("{prefix}{number}"))).collect()
}

#[tokio::test]
async fn all_records_of_all_partitions_are_read_in_order_with_their_arrival() {
    let broker = Broker::start();
    broker.create_topic("chats", 3, &[]).await;
    broker.create_topic("agents", 2, &[("message.timestamp.type", "LogAppendTime")]).await;
    for partition in 0..3 {
        broker.produce("chats", partition, numbered("c", 0..2_000)).await;
    }
    let before = Clock::start().now();
    broker.produce("agents", 1, [Some("a0".to_owned()), None, Some("a2".to_owned())]).await;

    let mut heard = Heard::start(&settings(&broker, &["chats", "agents"]), &[]);
    heard.until("everything is read and confirmed", |heard| heard.count() == 6_003 && heard.confirmed.len() == 5).await;
    assert_eq!(heard.assigned.len(), 5);
    assert_eq!(heard.assigned[&part(0, 1)], Assignment { partition: part(0, 1), from: NextOffset(0), end: NextOffset(2_000) });
    for partition in 0..3 {
        let expected: Vec<_> = (0..2_000).map(|number| format!("c{number}")).collect();
        assert_eq!(heard.values(0, partition), expected);
    }
    assert_eq!(heard.values(1, 1), ["a0", "", "a2"], "a tombstone is an empty record");
    assert!(
        heard.records[&part(0, 0)].iter().all(|read| read.arrived.is_some_and(|at| at >= before)),
        "our receipt, which is never earlier"
    );
    assert!(heard.records[&part(1, 1)].iter().all(|read| read.arrived.is_some_and(|at| at >= before)), "append times");

    // At the end of the log our receipt is the arrival.
    let before = heard.clock.now();
    broker.produce("chats", 0, [Some("fresh".to_owned())]).await;
    heard.until("the fresh record", |heard| heard.count() == 6_004).await;
    let fresh = heard.records[&part(0, 0)].last().unwrap();
    assert!(fresh.arrived.is_some_and(|at| at >= before && at <= heard.clock.now()), "{fresh:?}");
    assert_eq!(heard.source.taken().records(), 6_004);
    assert_eq!((&heard.failed, &heard.fatal), (&BTreeMap::new(), &None));
    heard.close().await;
}

#[tokio::test]
async fn reading_goes_on_exactly_at_our_positions_whatever_the_group_says() {
    let broker = Broker::start();
    broker.create_topic("chats", 2, &[]).await;
    for partition in 0..2 {
        broker.produce("chats", partition, numbered("c", 0..10)).await;
    }
    let settings = settings(&broker, &["chats"]);
    let mut heard = Heard::start(&settings, &[("chats", 0, 7), ("chats", 1, 10), ("no longer read", 0, 5)]);
    heard.until("both are confirmed", |heard| heard.is_confirmed(0, 0, 10) && heard.is_confirmed(0, 1, 10)).await;
    assert_eq!(heard.values(0, 0), ["c7", "c8", "c9"]);
    assert_eq!(heard.values(0, 1), Vec::<&str>::new());

    // Lag tools see what our store has committed, with its id.
    heard.source.commit(&[(part(0, 0), NextOffset(9)), (part(0, 1), NextOffset(10))].into());
    for _ in 0..600 {
        if broker.committed("deskpulse", "chats", 0).is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(broker.committed("deskpulse", "chats", 0), Some((9, "store-7".to_owned())));
    heard.close().await;

    // The next start goes by our positions, not by those.
    let mut again = Heard::start(&settings, &[("chats", 0, 3), ("chats", 1, 8)]);
    again.until("nine records", |again| again.count() == 9).await;
    assert_eq!(again.values(0, 0)[0], "c3");
    assert_eq!(again.values(0, 1), ["c8", "c9"]);
    again.close().await;
}

#[tokio::test]
async fn a_quiet_partition_is_confirmed_again_and_again_not_while_the_broker_is_away_and_again_after() {
    let mut broker = Broker::start();
    broker.create_topic("chats", 2, &[]).await;
    broker.produce("chats", 0, numbered("c", 0..3)).await;
    let mut heard = Heard::start(&settings(&broker, &["chats"]), &[]);
    heard.until("a first confirmation", |heard| heard.confirmed.len() == 2).await;
    let first = heard.confirmed.clone();
    heard
        .until("later ones without any record", |heard| heard.confirmed.iter().all(|(part, (at, _))| at.0 >= first[part].0.0 + 2_500))
        .await;

    broker.stop();
    let stopped = heard.clock.now();
    let known = heard.troubles.len();
    heard.until("the trouble is told", |heard| heard.troubles.len() >= known + 3).await;
    assert!(heard.confirmed.values().all(|(at, _)| *at <= stopped), "nothing is confirmed while no broker answers");
    assert!(heard.troubles.last().unwrap().contains("broker"), "{:?}", heard.troubles);

    broker.start_again();
    let back = heard.clock.now();
    broker.produce("chats", 0, numbered("c", 3..5)).await;
    heard.until("confirmed again", |heard| heard.count() == 5 && heard.confirmed.values().all(|(at, _)| *at > back)).await;
    assert_eq!(heard.values(0, 0), ["c0", "c1", "c2", "c3", "c4"]);
    assert!(heard.failed.is_empty() && heard.fatal.is_none());

    // Without a broker the source still closes in time.
    broker.stop();
    assert!(heard.source.close(Duration::from_secs(10)).await, "closed while the broker is away");
}

#[tokio::test]
async fn positions_outside_the_log_fail_their_partition_and_no_other() {
    let broker = Broker::start();
    broker.create_topic("chats", 3, &[]).await;
    broker.create_topic("agents", 1, &[]).await;
    for partition in 0..3 {
        broker.produce("chats", partition, numbered("c", 0..10)).await;
    }
    broker.delete_records("chats", 0, 6).await;
    let positions = [("chats", 0, 2), ("chats", 1, 11), ("chats", 2, 4), ("agents", 0, 0), ("agents", 3, 0)];
    let mut heard = Heard::start(&settings(&broker, &["chats", "agents"]), &positions);
    heard.until("four failures and six records", |heard| heard.failed.len() == 4 && heard.count() == 6).await;
    let reason = |topic, partition| heard.failed[&part(topic, partition)].as_str();
    assert!(reason(0, 0).contains("chats/0") && reason(0, 0).contains("4 records were deleted unread"), "{}", reason(0, 0));
    assert!(reason(0, 1).contains("chats/1") && reason(0, 1).contains("the log ends at 10"), "{}", reason(0, 1));
    assert!(reason(1, 0).contains("agents had 4 partitions and now has 1"), "{}", reason(1, 0));
    assert_eq!(heard.assigned.keys().copied().collect::<Vec<_>>(), [part(0, 2)]);
    assert_eq!(heard.values(0, 2), ["c4", "c5", "c6", "c7", "c8", "c9"]);
    heard.close().await;
}

#[tokio::test]
async fn a_paused_partition_stands_still_and_retention_that_overtakes_it_is_an_error() {
    let broker = Broker::start();
    broker.create_topic("chats", 2, &[]).await;
    let mut heard = Heard::start(&settings(&broker, &["chats"]), &[]);
    heard.until("a first confirmation", |heard| heard.confirmed.len() == 2).await;
    heard.source.pause(part(0, 0));
    // The wish is obeyed within a turn; a record on the other partition makes sure that a turn has passed.
    let later = heard.clock.now().0 + 2_000;
    heard.until("a round later", |heard| heard.confirmed.values().all(|(at, _)| at.0 > later)).await;
    for partition in 0..2 {
        broker.produce("chats", partition, numbered("c", 0..5)).await;
    }
    heard
        .until("the other partition is read, the lag of the paused one is told", |heard| {
            heard.values(0, 1).len() == 5 && heard.lag.get(&part(0, 0)) == Some(&5)
        })
        .await;
    assert_eq!(heard.values(0, 0), Vec::<&str>::new());
    heard.source.resume(part(0, 0));
    heard.until("the paused partition is read", |heard| heard.values(0, 0).len() == 5).await;

    heard.source.pause(part(0, 0));
    let later = heard.clock.now().0 + 2_000;
    heard.until("a round later", |heard| heard.confirmed.values().all(|(at, _)| at.0 > later)).await;
    broker.produce("chats", 0, numbered("c", 5..10)).await;
    broker.delete_records("chats", 0, 9).await;
    heard.source.resume(part(0, 0));
    heard.until("the gap is found", |heard| heard.failed.contains_key(&part(0, 0))).await;
    let reason = &heard.failed[&part(0, 0)];
    assert!(reason.contains("4 records were deleted unread"), "{reason}");
    assert_eq!(heard.values(0, 0).len(), 5, "nothing after the gap is given out");
    broker.produce("chats", 1, numbered("c", 5..6)).await;
    heard.until("the other partition goes on", |heard| heard.values(0, 1).len() == 6).await;
    heard.close().await;
}

#[tokio::test]
async fn reading_begins_when_every_topic_is_there_and_new_partitions_are_found() {
    let broker = Broker::start();
    broker.create_topic("chats", 1, &[]).await;
    broker.produce("chats", 0, numbered("c", 0..2)).await;
    let mut heard = Heard::start(&settings(&broker, &["chats", "agents"]), &[]);
    heard.until("the missing topic is named", |heard| heard.troubles.len() >= 2).await;
    assert!(heard.troubles.iter().all(|trouble| trouble.contains("topic agents does not exist")), "{:?}", heard.troubles);
    assert!(heard.assigned.is_empty() && heard.count() == 0);

    broker.create_topic("agents", 1, &[]).await;
    heard.until("both are read", |heard| heard.count() == 2 && heard.confirmed.len() == 2).await;

    broker.grow_topic("chats", 3).await;
    broker.produce("chats", 2, numbered("new", 0..4)).await;
    heard.until("the new partitions are read from their beginning", |heard| heard.count() == 6 && heard.confirmed.len() == 4).await;
    assert_eq!(heard.values(0, 2), ["new0", "new1", "new2", "new3"]);
    assert_eq!(heard.assigned[&part(0, 2)].from, NextOffset(0));
    broker.produce("chats", 0, numbered("c", 2..4)).await;
    heard.until("the old ones go on", |heard| heard.values(0, 0) == ["c0", "c1", "c2", "c3"]).await;
    heard.close().await;
}

#[tokio::test]
async fn a_topic_that_was_deleted_fails_its_partitions_and_the_others_go_on() {
    let broker = Broker::start();
    broker.create_topic("chats", 2, &[]).await;
    broker.create_topic("agents", 1, &[]).await;
    broker.produce("chats", 0, numbered("c", 0..5)).await;
    let mut heard = Heard::start(&settings(&broker, &["chats", "agents"]), &[]);
    heard.until("everything is read", |heard| heard.count() == 5 && heard.confirmed.len() == 3).await;
    broker.delete_topic("chats").await;
    heard.until("the deletion is found", |heard| heard.failed.len() == 2).await;
    assert!(heard.failed[&part(0, 0)].contains("topic chats had 2 partitions and now has 0"), "{:?}", heard.failed);
    broker.produce("agents", 0, numbered("a", 0..2)).await;
    heard.until("the other topic goes on", |heard| heard.values(1, 0) == ["a0", "a1"]).await;
    heard.close().await;
}

#[tokio::test]
async fn aborted_transactions_are_not_read_and_their_marks_do_not_hold_confirmation_back() {
    let broker = Broker::start();
    broker.create_topic("chats", 1, &[]).await;
    broker.produce_in_transaction("chats", &["yes"], true);
    broker.produce_in_transaction("chats", &["no", "never"], false);
    let mut heard = Heard::start(&settings(&broker, &["chats"]), &[]);
    // yes, mark, no, never, mark: the log ends at 5.
    heard.until("the end behind the last mark is confirmed", |heard| heard.is_confirmed(0, 0, 5)).await;
    assert_eq!(heard.values(0, 0), ["yes"]);
    heard.until("no lag is left", |heard| heard.lag.get(&part(0, 0)) == Some(&0)).await;
    heard.close().await;
}

#[tokio::test]
async fn members_of_the_same_group_take_nothing_from_us() {
    let broker = Broker::start();
    broker.create_topic("chats", 2, &[]).await;
    broker.produce("chats", 0, numbered("c", 0..3)).await;
    let done = Arc::new(AtomicBool::new(false));
    let foreign: BaseConsumer = broker.client().set("group.id", "deskpulse").set("session.timeout.ms", "6000").create().unwrap();
    foreign.subscribe(&["chats"]).unwrap();
    let stranger = std::thread::spawn({
        let done = Arc::clone(&done);
        move || {
            let mut owned = false;
            while !done.load(Ordering::Acquire) || !owned {
                drop(foreign.poll(Duration::from_millis(100)));
                owned |= foreign.assignment().unwrap().count() == 2;
            }
        }
    });
    let mut heard = Heard::start(&settings(&broker, &["chats"]), &[]);
    heard.until("everything is read", |heard| heard.count() == 3 && heard.confirmed.len() == 2).await;
    // The group is not ours alone, so the label may be refused; reading does not care.
    heard.source.commit(&[(part(0, 0), NextOffset(3))].into());
    broker.produce("chats", 1, numbered("d", 0..3)).await;
    heard.until("the rest is read too", |heard| heard.values(0, 1) == ["d0", "d1", "d2"]).await;
    done.store(true, Ordering::Release);
    stranger.join().unwrap();
    broker.produce("chats", 0, numbered("c", 3..4)).await;
    heard.until("it goes on after the others have left", |heard| heard.values(0, 0).len() == 4).await;
    assert!(heard.failed.is_empty() && heard.fatal.is_none());
    heard.close().await;
}

/// Settings for the secure listener.
fn secure(broker: &Broker, mechanism: &str, user: (&str, &str), authority: Certificate) -> KafkaSettings {
    let mut settings = settings(broker, &["chats"]);
    settings.brokers = vec![broker.secure_address()];
    let authority = authority.authority(&support::broker::home());
    for (key, value) in [
        ("security.protocol", "sasl_ssl"),
        ("ssl.ca.location", authority.to_str().unwrap()),
        ("sasl.mechanism", mechanism),
        ("sasl.username", user.0),
        ("sasl.password", user.1),
    ] {
        option(&mut settings, key, value);
    }
    settings
}

/// The sentence with which the source gives up; it comes within some seconds.
async fn fatal(settings: &KafkaSettings) -> String {
    let mut heard = Heard::start(settings, &[]);
    let listen = heard.until("it gives up", |heard| heard.fatal.is_some());
    assert!(tokio::time::timeout(Duration::from_secs(30), listen).await.is_ok(), "that took too long");
    assert_eq!(heard.source.next().await, None, "a fatal error is the last event");
    let sentence = heard.fatal.clone().unwrap();
    heard.close().await;
    sentence
}

#[tokio::test]
async fn encrypted_logins_work_and_what_is_wrong_with_one_is_said() {
    let broker = Broker::start_secure(Certificate::Own);
    broker.create_topic("chats", 1, &[]).await;
    broker.produce("chats", 0, numbered("c", 0..2)).await;
    for (mechanism, user) in [("SCRAM-SHA-256", SCRAM_USER), ("PLAIN", PLAIN_USER)] {
        let mut settings = secure(&broker, mechanism, user, Certificate::Own);
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), format!("{}\n", user.1)).unwrap();
        settings.options.insert("sasl.password".to_owned(), KafkaOption::File { file: secret.path().to_str().unwrap().to_owned() });
        let mut heard = Heard::start(&settings, &[]);
        heard.until("records are read and confirmed", |heard| heard.values(0, 0) == ["c0", "c1"] && heard.is_confirmed(0, 0, 2)).await;
        heard.close().await;
    }

    for (mechanism, user) in [("SCRAM-SHA-256", SCRAM_USER.0), ("PLAIN", PLAIN_USER.0)] {
        let sentence = fatal(&secure(&broker, mechanism, (user, "wrong-secret"), Certificate::Own)).await;
        assert!(sentence.contains("refuses the login") && !sentence.contains("wrong-secret"), "{sentence}");
    }
    let sentence = fatal(&secure(&broker, "PLAIN", PLAIN_USER, Certificate::OtherHost)).await;
    assert!(sentence.contains("ssl.ca.location"), "{sentence}");
    let mut plain = secure(&broker, "PLAIN", PLAIN_USER, Certificate::Own);
    plain.brokers = vec![broker.address()];
    let sentence = fatal(&plain).await;
    assert!(sentence.contains("security.protocol"), "{sentence}");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_refused_and_said() {
    let broker = Broker::start_secure(Certificate::OtherHost);
    let sentence = fatal(&secure(&broker, "PLAIN", PLAIN_USER, Certificate::OtherHost)).await;
    assert!(sentence.contains("for another host name"), "{sentence}");
}

#[tokio::test]
async fn a_broker_tells_the_retention_of_topics_to_who_may_ask() {
    let broker = Broker::start_secure(Certificate::Own);
    broker.create_topic("chats", 1, &[("retention.ms", "86400000")]).await;
    let asked = |user| secure(&broker, "PLAIN", user, Certificate::Own);
    let told = retentions(&asked(PLAIN_USER)).await.unwrap();
    let known: Vec<_> = told.told.iter().map(|topic| (&*topic.topic, topic.time)).collect();
    assert_eq!((known, told.untold.len()), (vec![("chats", Some(Span::DAY))], 0));
    let untold = Retentions { untold: vec!["chats".to_owned()], ..Retentions::default() };
    assert_eq!(retentions(&asked(FORBIDDEN_USER)).await.unwrap(), untold);
    let nowhere = KafkaSettings { brokers: vec!["127.0.0.1:1".to_owned()], ..settings(&broker, &["chats"]) };
    assert!(matches!(retentions(&nowhere).await, Err(RetentionError::Silent(_))));
}
