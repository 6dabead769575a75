use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::model::{Mark, NextOffset, PartitionId, Reached, Time, Topics};

const OURS: &str = "deskpulse-1111";
/// 2026-11-30T23:59:00Z.
const EVENING: Time = Time(1_796_083_140_000);
const MORNING: Time = Time(EVENING.0 + 120_000);

type Positions = BTreeMap<PartitionId, Reached>;

fn part(topic: u16, partition: u32) -> PartitionId {
    PartitionId { topic, partition }
}

fn topics() -> Topics {
    ["chat-events".to_owned(), "agents".to_owned()].into()
}

fn reached(next: i64) -> Reached {
    Reached { next: NextOffset(next), last: Some(Mark::of(next - 1, b"last")) }
}

fn positions(of: &[(PartitionId, i64)]) -> Positions {
    of.iter().map(|(id, next)| (*id, reached(*next))).collect()
}

fn opened(folder: &Path, store: &str, at: &Positions) -> Result<Archive, String> {
    Archive::open(folder, store, topics(), at, |_| ()).map_err(|error| error.to_string())
}

/// Writes a line for every offset that is new.
fn write(archive: &mut Archive, clock: i64, now: Time, to: &[(PartitionId, i64)], offsets: &[(PartitionId, i64)]) {
    let mut lines: BTreeMap<PartitionId, Lines> = BTreeMap::new();
    for (id, offset) in offsets.iter().filter(|(id, offset)| *offset >= archive.next(*id).0) {
        let of = lines.entry(*id).or_default();
        of.text.extend_from_slice(format!("{{\"line\":{offset}}}\n").as_bytes());
        of.note(*offset, (offset % 2 == 1).then_some(Time(*offset)));
    }
    archive.write((Time(clock), now), &positions(to), lines).unwrap();
}

fn pieces(path: &Path) -> Vec<Piece> {
    let mut reader = PieceReader::open(path).unwrap().unwrap();
    std::iter::from_fn(|| reader.next_piece().unwrap()).collect()
}

/// Offsets of the lines of all files of a partition.
fn offsets(folder: &Path, topic: &str, partition: u32) -> Vec<i64> {
    let files = files(folder).unwrap();
    let of = |path: &PathBuf| parse_name(path).is_some_and(|(of, number, _)| of == topic && number == partition);
    let pieces = files.iter().filter(|path| of(path)).flat_map(|path| pieces(path));
    pieces.flat_map(|piece| piece.lines.iter().map(|line| line.offset).collect::<Vec<_>>()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).unwrap().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn pieces_come_back_as_they_were_written_and_anybody_can_read_the_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = opened(folder.path(), OURS, &positions(&[(part(0, 0), 3)])).unwrap();
    write(&mut archive, 7, EVENING, &[(part(0, 0), 8)], &[(part(0, 0), 4), (part(0, 0), 5), (part(0, 0), 7)]);
    write(&mut archive, 9, EVENING, &[(part(0, 0), 9)], &[]);
    let path = folder.path().join("chat-events-000-2026-11-30.ndjson.zst");
    let read = pieces(&path);
    assert_eq!((read[0].sequence, read[0].clock, read[0].from, read[0].reached), (1, Time(7), NextOffset(3), reached(8)));
    let lines: Vec<_> = read[0].lines.iter().map(|line| (line.offset, line.arrived, &read[0].lines.text[line.place])).collect();
    assert_eq!(lines, [(4, None, &b"{\"line\":4}"[..]), (5, Some(Time(5)), b"{\"line\":5}"), (7, Some(Time(7)), b"{\"line\":7}")]);
    assert_eq!((read[1].sequence, read[1].from, read[1].reached, read[1].lines.iter().count()), (2, NextOffset(8), reached(9), 0));
    let plain = zstd::stream::decode_all(fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(plain, b"{\"line\":4}\n{\"line\":5}\n{\"line\":7}\n");
    let title = Title { store: OURS.to_owned(), topic: "chat-events".to_owned(), number: 0, partition: 0 };
    assert_eq!(*PieceReader::open(&path).unwrap().unwrap().title(), title);
}

#[test]
fn what_is_read_again_is_not_written_again_whatever_the_pieces_of_an_earlier_process_were() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (part(0, 0), part(1, 0));
    let mut archive = opened(folder.path(), OURS, &Positions::new()).unwrap();
    write(&mut archive, 1, EVENING, &[(a, 3), (b, 2)], &[(a, 0), (a, 2), (b, 1)]);
    // This commit was never made.
    write(&mut archive, 2, EVENING, &[(a, 6)], &[(a, 3), (a, 5)]);
    drop(archive);
    let mut archive = opened(folder.path(), OURS, &positions(&[(a, 3), (b, 2)])).unwrap();
    write(&mut archive, 1, EVENING, &[(a, 5), (b, 4)], &[(a, 3), (b, 2), (b, 3)]);
    write(&mut archive, 3, EVENING, &[(a, 9)], &[(a, 5), (a, 7), (a, 8)]);
    assert_eq!(offsets(folder.path(), "chat-events", 0), [0, 2, 3, 5, 7, 8]);
    assert_eq!(offsets(folder.path(), "agents", 0), [1, 2, 3]);
    let sequences: Vec<_> = pieces(&files(folder.path()).unwrap()[1]).iter().map(|piece| piece.sequence).collect();
    assert!(sequences.is_sorted() && sequences.last() == Some(&4), "{sequences:?}");
}

#[test]
fn a_day_is_that_of_utc_and_says_of_every_partition_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (part(0, 0), part(0, 1));
    let mut archive = opened(folder.path(), OURS, &positions(&[(b, 5)])).unwrap();
    write(&mut archive, 1, EVENING, &[(a, 1)], &[(a, 0)]);
    write(&mut archive, 2, MORNING, &[(a, 2)], &[(a, 1)]);
    // A clock that goes back does not bring the day back, nor does a new process.
    write(&mut archive, 3, EVENING, &[(a, 3)], &[(a, 2)]);
    drop(archive);
    let mut archive = opened(folder.path(), OURS, &positions(&[(a, 3), (b, 5)])).unwrap();
    write(&mut archive, 4, EVENING, &[(a, 4)], &[(a, 3)]);
    let days = ["2026-11-30", "2026-12-01"].map(|day| [0, 1].map(|number| format!("chat-events-00{number}-{day}.ndjson.zst")));
    assert_eq!(names(folder.path()), [&days[0][0], &days[1][0], &days[0][1], &days[1][1]].map(String::as_str));
    let quiet = pieces(&folder.path().join(&days[1][1]));
    assert!(quiet.iter().all(|piece| piece.from == NextOffset(5) && piece.reached == reached(5)), "{quiet:?}");
    assert_eq!(offsets(folder.path(), "chat-events", 0), [0, 1, 2, 3]);
}

#[test]
fn half_a_piece_at_the_end_is_cut_off_and_a_reader_stops_before_it() {
    let a = part(0, 0);
    let whole = {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = opened(folder.path(), OURS, &Positions::new()).unwrap();
        write(&mut archive, 1, EVENING, &[(a, 1)], &[(a, 0)]);
        let first = fs::read(&files(folder.path()).unwrap()[0]).unwrap().len();
        write(&mut archive, 2, EVENING, &[(a, 2)], &[(a, 1)]);
        (first, fs::read(&files(folder.path()).unwrap()[0]).unwrap())
    };
    let (first, bytes) = whole;
    for length in 0..=bytes.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat-events-000-2026-11-30.ndjson.zst");
        fs::write(&path, &bytes[..length]).unwrap();
        let (kept, committed) = if length == bytes.len() { (2, 2) } else { (i64::from(length >= first), i64::from(length >= first)) };
        if let Some(mut reader) = PieceReader::open(&path).unwrap() {
            let count = std::iter::from_fn(|| reader.next_piece().unwrap()).count();
            assert_eq!(count as i64, kept, "of {length} bytes");
        }
        let at = if committed > 0 { positions(&[(a, committed)]) } else { Positions::new() };
        let mut archive = opened(folder.path(), OURS, &at).unwrap();
        assert_eq!(archive.next(a), NextOffset(kept));
        write(&mut archive, 2, EVENING, &[(a, 3)], &[(a, 0), (a, 1), (a, 2)]);
        assert_eq!(offsets(folder.path(), "chat-events", 0), [0, 1, 2], "of {length} bytes");
    }
}

#[test]
fn whatever_stands_after_the_last_piece_is_cut_off_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let a = part(0, 0);
    let mut archive = opened(folder.path(), OURS, &Positions::new()).unwrap();
    write(&mut archive, 1, EVENING, &[(a, 2)], &[(a, 0), (a, 1)]);
    drop(archive);
    let path = files(folder.path()).unwrap().remove(0);
    let sound = fs::read(&path).unwrap();
    // A disk may give back blocks that were never written, and what looks like an end.
    let tail = &sound[sound.len() - 20..];
    for after in [vec![0; 300_000], [&vec![7; 100_000][..], tail].concat(), tail.to_vec()] {
        fs::write(&path, [&sound[..], &after].concat()).unwrap();
        let archive = opened(folder.path(), OURS, &positions(&[(a, 2)])).unwrap();
        assert_eq!((archive.next(a), fs::metadata(&path).unwrap().len()), (NextOffset(2), sound.len() as u64));
    }
}

#[test]
fn a_byte_that_is_another_one_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (a, at) = (part(0, 0), positions(&[(part(0, 0), 40)]));
    let mut archive = opened(folder.path(), OURS, &Positions::new()).unwrap();
    for commit in 0..4 {
        let offsets: Vec<_> = (commit * 10..commit * 10 + 10).map(|offset| (a, offset)).collect();
        write(&mut archive, 1, EVENING, &[(a, commit * 10 + 10)], &offsets);
    }
    drop(archive);
    let path = files(folder.path()).unwrap().remove(0);
    let sound = fs::read(&path).unwrap();
    let whole = zstd::stream::decode_all(&sound[..]).unwrap();
    for at_byte in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at_byte] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let read = PieceReader::open(&path).and_then(|reader| {
            let (mut text, Some(mut reader)) = (Vec::new(), reader) else { return Ok(Vec::new()) };
            while let Some(piece) = reader.next_piece()? {
                text.extend(piece.lines.text);
            }
            Ok(text)
        });
        // One bit of each zstd frame says nothing.
        assert!(
            read.as_ref().map_or(true, |text| text.len() < whole.len() || *text == whole),
            "byte {at_byte} of {}: {read:?}",
            sound.len()
        );
    }
    // What the store has read is not cut off.
    let heads: Vec<usize> = (0..sound.len()).filter(|at| sound[*at..].starts_with(b"DPA1")).collect();
    let middle = heads[heads.len() - 1];
    fs::write(&path, [&sound[..middle], &[0; 9], &sound[middle + 9..]].concat()).unwrap();
    let said = opened(folder.path(), OURS, &at).unwrap_err();
    assert!(said.contains("is damaged at byte") && said.contains("chat-events-000"), "{said}");
    assert_eq!(fs::metadata(&path).unwrap().len(), sound.len() as u64);
}

#[test]
fn an_archive_has_one_writer_and_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let a = part(0, 0);
    let mut archive = opened(folder.path(), OURS, &Positions::new()).unwrap();
    let said = opened(folder.path(), OURS, &Positions::new()).unwrap_err();
    assert!(said.contains("in use by another process"), "{said}");
    write(&mut archive, 1, EVENING, &[(a, 9)], &[(a, 8)]);
    drop(archive);
    let said = opened(folder.path(), "deskpulse-2222", &positions(&[(a, 3)])).unwrap_err();
    assert!(said.contains("chat-events/0 up to offset 9") && said.contains("up to 3") && said.contains("empty folder"), "{said}");
    let mut rebuilt = opened(folder.path(), "deskpulse-2222", &positions(&[(a, 9)])).unwrap();
    write(&mut rebuilt, 1, EVENING, &[(a, 10)], &[(a, 9)]);
    drop(rebuilt);
    // Without the archive for a while: the gap stays visible.
    let mut later = opened(folder.path(), "deskpulse-2222", &positions(&[(a, 20)])).unwrap();
    write(&mut later, 1, EVENING, &[(a, 21)], &[(a, 20)]);
    let read = pieces(&files(folder.path()).unwrap()[0]);
    let ends: Vec<_> = read.iter().map(|piece| (piece.from.0, piece.reached.next.0)).collect();
    assert_eq!(ends.last(), Some(&(20, 21)));
    assert!(ends.contains(&(9, 10)));
    fs::remove_dir_all(folder.path()).unwrap();
    let said = later.write((Time(1), MORNING), &positions(&[(a, 22)]), BTreeMap::new()).unwrap_err().to_string();
    assert!(said.contains("archive.path") && said.contains("will be read again from Kafka"), "{said}");
    fs::create_dir(folder.path()).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let said = opened(&file, OURS, &Positions::new()).unwrap_err();
    assert!(said.contains("name a folder in archive.path"), "{said}");
}

#[test]
fn names_of_files_say_topic_partition_and_day() {
    let day: Day = "2026-11-30".parse().unwrap();
    let name = file_name("a-7-2026", 12, day);
    assert_eq!(name, "a-7-2026-012-2026-11-30.ndjson.zst");
    assert_eq!(parse_name(Path::new(&name)), Some(("a-7-2026", 12, day)));
    assert_eq!(without_day(Path::new(&format!("in/{name}"))), Path::new("in/a-7-2026-012"));
    for other in [
        "x.ndjson",
        "a-000-2026-11-30.zst",
        "-000-2026-11-30.ndjson.zst",
        "a-x-2026-11-30.ndjson.zst",
        "30.ndjson.zst",
        "é-2026-1-30.ndjson.zst",
    ] {
        assert_eq!(parse_name(Path::new(other)), None, "{other}");
    }
}
