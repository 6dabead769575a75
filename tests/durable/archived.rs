//! The archive: every event once, however the service ends, without anybody's words; a store that is made of it goes on as the one that ran all
//! along.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deskpulse::clock::Clock;
use serde_json::{Value, json};

use crate::day::{Day, PAST, Subject, TOPICS};
use crate::disk;
use crate::fault::{Fault, File};
use crate::kept;
use crate::library::Replayed;
use crate::log::Sender;
use crate::page::Page;
use crate::program::{Service, Setting, refusal};
use crate::support::broker::Broker;
use crate::until::{LIMIT, until};

/// Simulated minutes that are sent while a process lives.
const MINUTES: i64 = 20;
/// What agents say now and then.
const PHRASES: [&str; 3] = ["不知道", "归我管", "not my problem"];

fn topics() -> [&'static str; 3] {
    TOPICS.map(|(topic, _)| topic)
}

/// A service with an archive in its folder.
fn setting(broker: &Broker) -> Setting {
    let config = PAST.config.replace("[engine]\n", &format!("[engine]\nphrases = {PHRASES:?}\n"));
    with_archive(Setting::new(&broker.address(), &topics(), &config))
}

/// The same with an archive in its folder.
pub fn with_archive(setting: Setting) -> Setting {
    let archive = setting.folder.path().join("archive");
    setting.and(&format!("[archive]\npath = {archive:?}"))
}

/// The files of its archive, in no useful order.
pub fn archive(setting: &Setting) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(setting.folder.path().join("archive")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "zst")).collect()
}

/// Everything that stands in it, as zstd shows it.
fn lines(setting: &Setting) -> Vec<String> {
    let plain = archive(setting).into_iter().map(|path| zstd::stream::decode_all(std::fs::File::open(path).unwrap()).unwrap());
    plain.flat_map(|plain| String::from_utf8(plain).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_holds_every_event_once_and_a_store_made_of_it_goes_on() {
    let broker = Broker::start();
    for (topic, partitions) in TOPICS {
        broker.create_topic(topic, partitions, &[]).await;
    }
    let (first, mut day, sender) = (setting(&broker), Day::new(&Subject { seed: 5, ..PAST }), Sender::new(&broker, &topics()));
    tokio::task::block_in_place(|| {
        lives(&first, &mut day, &sender);
        complete(&first);
        wordless(&first);
    });
    // Kafka forgets everything that was read.
    for (topic, partitions) in TOPICS {
        for partition in 0..partitions {
            let (next, _) = broker.committed("deskpulse", topic, partition).unwrap();
            broker.delete_records(topic, partition, next).await;
        }
    }
    tokio::task::block_in_place(|| {
        let second = setting(&broker);
        rebuilt(&first, &second);
        day.minutes(&sender, MINUTES);
        goes_on(&first, &second);
        lost(&first);
    });
}

/// Ends the service at named points and at others, while records come; at the end it stops in good order.
fn lives(setting: &Setting, day: &mut Day, sender: &Sender) {
    day.minutes(sender, MINUTES);
    for point in ["mid_archive:1", "mid_archive:3", "archived:1", "mid_write:1", "before_commit:1", "after_commit:1", "mid_archive:5"] {
        std::thread::scope(|scope| {
            scope.spawn(|| day.minutes(sender, MINUTES));
            let mut service = Service::launch_to(setting, point);
            until(LIMIT, "the process comes to its end", || if service.has_ended() { Ok(()) } else { Err(service.log()) });
            assert!(service.log().contains("ended at the point"), "{}", service.log());
        });
    }
    // Sent before it starts: what comes to a partition that was silent for long is late.
    day.minutes(sender, MINUTES);
    let mut service = Service::start(setting);
    service.ready();
    assert_eq!(service.terminate(Duration::from_secs(10)).code(), Some(0), "{}", service.log());
    let service = Service::start(setting);
    service.ready();
    service.reaches(Replayed::of(&setting.read(), &setting.dump()).clock);
    service.stop();
}

/// A replay of the archive says what a replay of the topics says.
fn complete(setting: &Setting) {
    let (config, files) = (setting.read(), archive(setting));
    let (ours, theirs) = (Replayed::of(&config, &files), Replayed::of(&config, &setting.dump()));
    assert_eq!(ours.facts, theirs.facts);
    assert_eq!(ours.totals, theirs.totals);
    let counts = |replayed: &Replayed| (replayed.summary.applied, replayed.summary.duplicate, replayed.summary.late);
    assert_eq!(counts(&ours), counts(&theirs), "each event stands there once");
    assert_eq!(lines(setting).len() as u64, ours.summary.applied + ours.summary.duplicate);
    assert_eq!(ours.summary.rejected.values().sum::<u64>(), 0);
    assert_eq!(kept::totals(&config), theirs.totals);
    assert_eq!(ours.page.kpi_lines(), theirs.page.kpi_lines());
}

/// No text is left but the phrases that were found.
fn wordless(setting: &Setting) {
    let mut found = 0;
    for line in lines(setting) {
        let event: Value = serde_json::from_str(&line).unwrap();
        let text = event["text"].as_str().unwrap_or_default();
        assert!(text.is_empty() || text.split('␞').all(|part| part.is_empty() || PHRASES.contains(&part)), "{line}");
        found += u32::from(!text.is_empty());
    }
    assert!(found > 0, "agents have said none of the phrases");
}

/// A new store is made of the archive, once.
fn rebuilt(first: &Setting, second: &Setting) {
    let files: Vec<String> = archive(first).iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (code, said) = second.refused(&["rebuild"], &[]);
    assert!(code == 1 && said.contains("archive"), "{said}");
    let said = second.command(&["rebuild"], &files);
    assert!(said.contains("chat.events/1 offsets 0 to ") && said.contains("--bootstrap"), "{said}");
    let (code, said) = second.refused(&["rebuild"], &files);
    assert!(code == 1 && said.contains("is there already") && said.contains("store.path"), "{said}");
    assert!(refusal(second, LIMIT).contains("--bootstrap"));
}

/// Both stores read on, and say the same.
fn goes_on(first: &Setting, second: &Setting) {
    let one = Service::start(first);
    one.ready();
    let clock = Replayed::of(&first.read(), &first.dump()).clock;
    let page = one.reaches(clock);
    one.stop();
    let mut other = Service::launch_with(second, &["--bootstrap"], &[]);
    other.listens();
    other.ready();
    let same = other.reaches(clock);
    other.stop();
    assert_eq!(same.kpi_lines(), page.kpi_lines());
    assert_eq!(kept::totals(&second.read()), kept::totals(&first.read()));
    assert_eq!(kept::facts(second), kept::facts(first));
    assert!(!kept::facts(first).is_empty());
}

/// A store that was lost: its service is told the way back, and comes back, whatever Kafka has forgotten.
fn lost(setting: &Setting) {
    let (before, receipts) = (kept::totals_and_clock(&setting.read()), kept::facts(setting));
    let store = setting.read().store.path;
    let remove = || ["", "-wal", "-shm"].map(|end| drop(std::fs::remove_file(format!("{store}{end}"))));
    remove();
    let said = refusal(setting, LIMIT);
    assert!(said.contains("written for another store") && said.contains("deskpulse rebuild"), "{said}");
    remove();
    // What was made is in the log of changes until the end, and the file in which it belongs cannot grow any more.
    let (code, said) = disk::run(setting, Fault::FullFor(File::Store), 20, "rebuild");
    assert!(code == Some(1) && said.contains("cannot be written"), "{said}");
    assert!(!Path::new(&store).exists(), "half a store has its name");
    setting.command(&["rebuild"], &[]);
    let mut service = Service::launch_with(setting, &["--bootstrap"], &[]);
    service.listens();
    service.ready();
    service.reaches(before.1.0);
    service.stop();
    assert_eq!(kept::totals_and_clock(&setting.read()), before);
    assert_eq!(kept::facts(setting), receipts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_forgets_too_soon_is_warned_of_unless_there_is_an_archive() {
    let broker = Broker::start();
    let month = "2678400000";
    let topics = [
        ("week", [("retention.ms", "604800000"), ("retention.bytes", "-1"), ("cleanup.policy", "delete")]),
        ("month", [("retention.ms", month), ("retention.bytes", "-1"), ("cleanup.policy", "delete")]),
        ("small", [("retention.ms", "-1"), ("retention.bytes", "1000000"), ("cleanup.policy", "delete")]),
        ("keys", [("retention.ms", "-1"), ("retention.bytes", "-1"), ("cleanup.policy", "compact")]),
        ("ever", [("retention.ms", "-1"), ("retention.bytes", "-1"), ("cleanup.policy", "delete")]),
    ];
    for (topic, settings) in topics {
        broker.create_topic(topic, 1, &settings).await;
    }
    tokio::task::block_in_place(|| {
        let setting = Setting::new(&broker.address(), &topics.map(|(topic, _)| topic), "[engine]\nsettle = \"1d\"");
        let service = Service::start(&setting);
        service.ready();
        let warned = until(LIMIT, "the topics are warned of", || {
            let log = service.log();
            let warned: Vec<String> = log.lines().filter(|line| line.contains("archive.path")).map(str::to_owned).collect();
            if warned.len() >= 4 { Ok(warned) } else { Err(log) }
        });
        let parts = [
            "topic week keeps its records for 7d",
            "topic month keeps its records for 31d",
            "topic small keeps at most 1000000",
            "topic keys drops",
        ];
        for (line, part) in warned.iter().zip(parts) {
            assert!(line.contains("WARN") && line.contains(part) && line.contains("takes 32d"), "{part}: {line}");
        }
        service.stop();
        let setting = setting.and("[archive]\npath = \"archive\"");
        setting.change("\"archive\"", &format!("{:?}", setting.folder.path().join("archive")));
        let service = Service::start(&setting);
        service.ready();
        service.stop();
        assert!(!std::fs::read_to_string(setting.folder.path().join("serve.log")).unwrap().contains("archive.path"));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_wall_clock_has_decided_is_decided_again_from_the_archive() {
    let broker = Broker::start();
    broker.create_topic("contacts", 2, &[("message.timestamp.type", "LogAppendTime")]).await;
    tokio::task::block_in_place(|| {
        let sender = Sender::new(&broker, &["contacts"]);
        let now = Clock::start().now();
        let send = |number: i64, after: i64, mut event: Value| {
            event["id"] = json!(format!("e{number}"));
            event["time"] = json!(now.0 + after * 1_000);
            sender.event("contacts", &event);
        };
        let message = |chat: &str| json!({"type": "chat.message", "chat": chat, "from": "customer"});
        // Answered late; never answered; dated an hour ahead, which its arrival decides.
        send(1, -300, message("late"));
        send(2, -180, json!({"type": "chat.message", "chat": "late", "from": "agent", "agent": "amy"}));
        send(3, -100, message("never"));
        send(4, 3_600, message("ahead"));
        send(5, 3_601, json!({"type": "chat.ended", "chat": "ahead", "reason": "abandoned"}));
        sender.flush();
        let [first, second] = [(); 2].map(|()| walled(&broker));
        let service = Service::start(&first);
        service.ready();
        let skewed = |page: &Page| page.count("deskpulse_skewed_events_total", &[]);
        let page = service.reaches(now.0 + 3_000);
        assert_eq!(skewed(&page), 2.0);
        service.stop();
        let said = kept::facts(&first);
        assert!(said.iter().filter(|fact| fact.contains(r#""fact":"breach""#)).count() == 2, "{said:#?}");

        let files: Vec<String> = archive(&first).iter().map(|path| path.to_str().unwrap().to_owned()).collect();
        second.command(&["rebuild"], &files.iter().map(String::as_str).collect::<Vec<_>>());
        let mut other = Service::launch_with(&second, &["--bootstrap"], &[]);
        other.listens();
        other.ready();
        let same = other.reaches(now.0 + 3_000);
        assert_eq!(skewed(&same), 2.0);
        other.stop();
        assert_eq!(kept::facts(&second), said);
    });
}

/// A service that the wall clock moves, with an archive in its folder.
fn walled(broker: &Broker) -> Setting {
    let setting = Setting::new(&broker.address(), &["contacts"], "time_zone = \"UTC\"");
    let archive = setting.folder.path().join("archive");
    setting.and(&format!("[archive]\npath = {archive:?}"))
}
