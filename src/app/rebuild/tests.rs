use std::fs;
use std::io::Write;
use std::sync::Arc;

use super::*;
use crate::archive::{Archive, Lines};

/// 2026-11-30T12:00:00Z.
const NOON: Time = Time(1_796_040_000_000);
const DAY: i64 = 86_400_000;
const CHATS: PartitionId = PartitionId { topic: 0, partition: 0 };
const AGENTS: PartitionId = PartitionId { topic: 1, partition: 0 };

struct Place {
    folder: tempfile::TempDir,
    config: Config,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [store, archive] = ["new.db", "archive"].map(|name| folder.path().join(name));
        let text = format!("[kafka]\ntopics = [\"chats\", \"agents\"]\n[store]\npath = {store:?}\n[archive]\npath = {archive:?}");
        let config = crate::config::parse(&text, "test.toml", Path::new(""), []).unwrap();
        Self { folder, config }
    }

    fn archive(&self, store: &str, positions: &BTreeMap<PartitionId, Reached>) -> Archive {
        let topics: Topics = Arc::from(["chats".to_owned(), "agents".to_owned()]);
        Archive::open(Path::new(&self.config.archive.path), store, topics, positions, |_| ()).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        archive::files(Path::new(&self.config.archive.path)).unwrap()
    }

    fn rebuild(&self, files: &[PathBuf]) -> Result<Rebuilt, String> {
        let rebuilt = rebuild(&self.config, files, &mut |_| ()).map_err(|error| error.to_string());
        assert_eq!(rebuilt.is_ok(), Path::new(&self.config.store.path).exists(), "a store is there when it is whole");
        rebuilt
    }

    fn remove(&self) {
        fs::remove_file(&self.config.store.path).unwrap();
    }
}

fn reached(next: i64) -> Reached {
    Reached { next: NextOffset(next), last: None }
}

/// A customer writes at every offset of a partition, a second apart; every commit is on the next day.
fn commit(archive: &mut Archive, number: i64, parts: &[PartitionId]) {
    let (mut lines, mut positions) = (BTreeMap::new(), BTreeMap::new());
    for id in parts {
        let of: &mut Lines = lines.entry(*id).or_default();
        for offset in number * 3..number * 3 + 3 {
            let time = NOON.0 + offset * 1_000;
            let event = format!(r#""id":"{}-{offset}","type":"chat.message","time":{time},"chat":"c","from":"customer""#, id.topic);
            writeln!(of.text, "{{{event}}}").unwrap();
            of.note(offset, None);
        }
        positions.insert(*id, reached(number * 3 + 3));
    }
    // All of the commit before is decided.
    let clock = if number == 0 { Time::MIN } else { NOON + Span(number * 3_000 - 1_000) };
    archive.write((clock, NOON + Span(number * DAY)), &positions, lines).unwrap();
}

/// Three commits on three days.
fn archived(place: &Place) {
    let mut archive = place.archive("deskpulse-1", &BTreeMap::new());
    (0..3).for_each(|number| commit(&mut archive, number, &[CHATS, AGENTS]));
}

#[test]
fn a_store_is_made_once_of_all_files_in_any_order() {
    let place = Place::new();
    archived(&place);
    let rebuilt = place.rebuild(&[]).unwrap();
    assert_eq!((rebuilt.applied, rebuilt.rejected, rebuilt.clock), (18, 0, Some(NOON + Span(5_000))));
    assert_eq!(rebuilt.partitions[&("chats".to_owned(), 0)], (NextOffset(0), NextOffset(9)));
    let said = rebuild(&place.config, &[], &mut |_| ()).unwrap_err().to_string();
    assert!(said.contains("new.db is there already") && said.contains("move it away"), "{said}");
    let id = |place: &Place| Sqlite::open(Path::new(&place.config.store.path), &place.config.kafka.topics).unwrap().id().clone();
    let first = id(&place);
    place.remove();
    let mut files = place.files();
    files.reverse();
    assert_eq!(place.rebuild(&files).unwrap(), rebuilt);
    assert_ne!(id(&place), first, "it is another store");
    let names: Vec<_> = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_str().unwrap().contains("part")), "{names:?}");
}

#[test]
fn what_an_earlier_try_has_left_is_replaced() {
    let place = Place::new();
    archived(&place);
    fs::write(format!("{}.part", place.config.store.path), "half a store").unwrap();
    assert_eq!(place.rebuild(&[]).unwrap().applied, 18);
}

#[test]
fn a_gap_is_refused_wherever_it_is_and_a_later_beginning_is_none() {
    let place = Place::new();
    archived(&place);
    let files = place.files();
    let is = |path: &&PathBuf, topic: &str, day: &str| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(topic) && name.contains(day)
    };
    let without: Vec<PathBuf> = files.iter().filter(|path| !is(path, "agents", "2026-12-01")).cloned().collect();
    let said = place.rebuild(&without).unwrap_err();
    assert!(said.contains("agents/0: offsets 3 to 5 are not in the archive") && said.contains("agents-000-2026-12-02"), "{said}");
    let later: Vec<PathBuf> = files.iter().filter(|path| !is(path, "", "2026-11-30")).cloned().collect();
    let rebuilt = place.rebuild(&later).unwrap();
    assert_eq!((rebuilt.applied, rebuilt.partitions[&("agents".to_owned(), 0)].0), (12, NextOffset(3)));
    place.remove();
    // The service ran without the archive for a while.
    let mut archive = place.archive("deskpulse-1", &BTreeMap::from([(CHATS, reached(12)), (AGENTS, reached(9))]));
    commit(&mut archive, 4, &[CHATS]);
    drop(archive);
    let said = place.rebuild(&[]).unwrap_err();
    assert!(said.contains("chats/0: offsets 9 to 11 are not in the archive"), "{said}");
}

#[test]
fn what_is_no_archive_or_of_other_topics_is_refused() {
    let mut place = Place::new();
    fs::create_dir(&place.config.archive.path).unwrap();
    let said = place.rebuild(&[]).unwrap_err();
    assert!(said.contains("holds no archive") && said.contains("archive.path"), "{said}");
    archived(&place);
    let other = place.folder.path().join("other.ndjson");
    fs::write(&other, "{}\n").unwrap();
    let said = place.rebuild(&[other]).unwrap_err();
    assert!(said.contains("other.ndjson is no file of an archive"), "{said}");
    // What a process that had no time for a title has left says nothing.
    fs::write(Path::new(&place.config.archive.path).join("chats-001-2026-12-01.ndjson.zst"), "").unwrap();
    assert_eq!(place.rebuild(&[]).unwrap().applied, 18);
    place.remove();
    place.config.kafka.topics.pop();
    let said = place.rebuild(&[]).unwrap_err();
    assert!(said.contains("topic agents") && said.contains("kafka.topics"), "{said}");
}

#[test]
fn a_damaged_archive_makes_no_store() {
    let place = Place::new();
    archived(&place);
    let path = place.files().remove(1);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() - 20;
    bytes[middle] ^= 0xFF;
    fs::write(&path, bytes).unwrap();
    let said = place.rebuild(&[]).unwrap_err();
    assert!(said.contains("2026-12-01") && said.contains("is damaged at byte"), "{said}");
}

#[test]
fn while_the_archive_is_written_the_newest_commit_is_left_to_be_read_from_kafka() {
    let place = Place::new();
    archived(&place);
    let mut archive = place.archive("deskpulse-1", &BTreeMap::from([(CHATS, reached(9)), (AGENTS, reached(9))]));
    // Half of it is there: of the other partition nobody knows.
    commit(&mut archive, 3, &[CHATS]);
    let rebuilt = place.rebuild(&[]).unwrap();
    assert_eq!((rebuilt.applied, rebuilt.partitions[&("chats".to_owned(), 0)].1), (18, NextOffset(9)));
    place.remove();
    drop(archive);
    assert_eq!(place.rebuild(&[]).unwrap().applied, 21);
}
