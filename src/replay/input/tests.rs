use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::archive::{Archive, Lines};
use crate::config::Config;
use crate::model::{Reached, Time, Topics};
use crate::replay::{Print, Replay};

/// 2026-11-30T23:59:00Z.
const EVENING: Time = Time(1_796_083_140_000);
const PARTS: [PartitionId; 2] = [PartitionId { topic: 0, partition: 0 }, PartitionId { topic: 1, partition: 0 }];

/// Events of a chat on two partitions; ties at one instant are decided by the topics' order, which is not that of their names.
fn log() -> [Vec<String>; 2] {
    let event = |number: usize, at: i64, rest: &str| format!(r#"{{"id":"e{number}","time":{},{rest}}}"#, EVENING.0 + at * 1_000);
    let mut log = [Vec::new(), Vec::new()];
    for number in 0..200_usize {
        let at = number as i64 * 5;
        let from = if number.is_multiple_of(2) { r#""from":"customer""# } else { r#""from":"agent","agent":"amy""# };
        log[0].push(event(number, at, &format!(r#""type":"chat.message","chat":"c{}",{from}"#, number % 5)));
        log[1].push(event(1_000 + number, at, &format!(r#""type":"chat.assigned","chat":"c{}","agent":"a{}""#, number % 5, number % 3)));
    }
    // Late over the end of a day.
    log[0].insert(101, event(500, 100, r#""type":"chat.message","chat":"c9","from":"customer""#));
    log
}

fn dumped(folder: &Path, log: &[Vec<String>]) -> Vec<PathBuf> {
    let file = |(index, lines): (usize, &Vec<String>)| {
        let path = folder.join(format!("{index}.ndjson"));
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    };
    log.iter().enumerate().map(file).collect()
}

/// The archive of the log, in several commits over two days.
fn archived(folder: &Path, log: &[Vec<String>]) -> Vec<PathBuf> {
    let topics: Topics = Arc::from(["z.events".to_owned(), "a.events".to_owned()]);
    let mut archive = Archive::open(folder, "deskpulse-1", topics, &BTreeMap::new(), |_| ()).unwrap();
    for (commit, begin) in (0_i64..).zip((0..=200).step_by(40)) {
        let (mut lines, mut positions) = (BTreeMap::new(), BTreeMap::new());
        for (id, log) in PARTS.iter().zip(log) {
            let of: &mut Lines = lines.entry(*id).or_default();
            let end = (begin + 40).min(log.len());
            for (offset, line) in log.iter().enumerate().take(end).skip(begin) {
                writeln!(of.text, "{line}").unwrap();
                of.note(offset as i64, None);
            }
            positions.insert(*id, Reached { next: NextOffset(end as i64), last: None });
        }
        archive.write((Time::MIN, Time(EVENING.0 + commit * 30_000)), &positions, lines).unwrap();
    }
    archive::files(folder).unwrap()
}

fn printed(files: &[PathBuf]) -> (String, u64) {
    let config = Config::default();
    let mut out = Vec::new();
    let replay = Replay { config: &config, files, until: None, strict: true };
    let summary = replay.print(Print::Facts, &mut out, &mut |complaint| panic!("{complaint}")).unwrap();
    (String::from_utf8(out).unwrap(), summary.late)
}

#[test]
fn the_files_of_an_archive_say_what_a_dump_says_in_whatever_order_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = log();
    let dump = printed(&dumped(folder.path(), &log));
    let mut files = archived(&folder.path().join("archive"), &log);
    assert_eq!(files.len(), 4);
    assert!(dump.1 == 1 && dump.0.lines().count() > 100, "{}", dump.0.lines().count());
    assert_eq!(printed(&files), dump);
    files.reverse();
    assert_eq!(printed(&files), dump);
    files.rotate_left(1);
    files.push(files[0].clone());
    assert_eq!(printed(&files), dump, "a file that is named twice");
}

#[test]
fn inputs_are_called_by_their_partition_and_stand_in_the_place_of_the_first_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let dump = dumped(folder.path(), &log());
    let archive = archived(&folder.path().join("archive"), &log());
    let files = [&dump[..1], &archive[1..2], &dump[1..], &archive[..1], &archive[2..]].concat();
    let names: Vec<PathBuf> = group(&files).unwrap().iter().map(Group::name).collect();
    let of = |name: &str| folder.path().join("archive").join(name);
    assert_eq!(names, [dump[0].clone(), of("z.events-000"), of("a.events-000"), dump[1].clone()]);
}

#[test]
fn what_zstd_has_compressed_is_read_as_it_was_and_a_damaged_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = log();
    let plain = dumped(folder.path(), &log);
    let packed: Vec<PathBuf> = plain.iter().map(|path| path.with_extension("zst")).collect();
    for (from, to) in plain.iter().zip(&packed) {
        let text = std::fs::read(from).unwrap();
        let (begin, end) = text.split_at(text.len() / 2);
        let frames = [begin, end].map(|part| zstd::bulk::compress(part, 1).unwrap());
        std::fs::write(to, frames.concat()).unwrap();
    }
    assert_eq!(printed(&packed), printed(&plain));
    let mut bytes = std::fs::read(&packed[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    std::fs::write(&packed[0], &bytes).unwrap();
    let config = Config::default();
    let replay = Replay { config: &config, files: &packed, until: None, strict: false };
    let said = replay.print(Print::Facts, &mut Vec::new(), &mut |_| ()).unwrap_err().to_string();
    assert!(said.contains("0.zst"), "{said}");
}
