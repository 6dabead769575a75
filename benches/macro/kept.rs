//! What keeping receipts and rejected records costs: in the loop, and in the thread that writes the store.

use deskpulse::decode::{Decoded, Decoder};
use deskpulse::ingest::Record;
use deskpulse::model::{Output, PartitionId, Position, Posted, Time};
use deskpulse::pipeline::Evidence;
use deskpulse::store::{Commit, Sqlite, Store};

use crate::measure::{Growth, Report, timed};
use crate::stream::Stream;

/// Records between two commits.
const COMMIT: usize = 20_000;

fn store(folder: &tempfile::TempDir) -> Sqlite {
    Sqlite::open(&folder.path().join("store.db"), &["events".to_owned()]).expect("a folder of our own")
}

/// Writes what was collected and gives what that cost, in nanoseconds.
fn commit(store: &mut Sqlite, evidence: &mut Evidence) -> f64 {
    let mut commit = Commit::default();
    let (written, cost) = timed(|| {
        evidence.take().put_into(&mut commit);
        store.commit(commit)
    });
    written.expect("the disk has room");
    cost.as_nanos() as f64
}

/// Records that are no events: decoded, outlined, kept.
pub fn rejected(records: usize, report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let (mut store, mut evidence) = (store(&folder), Evidence::new(true));
    let (decoder, mut memory) = (Decoder::new(&[], &[]).expect("nothing to look for"), Growth::start());
    let bad = [
        r#"{"id":"e1","type":"chat.message","time":"yesterday","chat":"c1","from":"customer","text":"Where is my parcel? I have waited for it since Monday."}"#,
        r#"{"id":"e1","type":"chat.message","time":"2026-11-23T09:00:00Z","chat":"c1","from":"martian","source":"crm","text":"Hello"}"#,
        r#"{"id":"e1","type":"chat.mess"#,
    ];
    let (mut taken, mut written) = (0.0, 0.0);
    let offsets: Vec<usize> = (0..records).collect();
    for part in offsets.chunks(COMMIT) {
        let (_, cost) = timed(|| {
            for offset in part {
                let value = bad[offset % bad.len()].as_bytes();
                let Decoded::Rejected(reject) = decoder.decode(value) else { panic!("an event") };
                let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset: *offset as i64 };
                evidence.rejected(&Record { position, arrived: None, value }, &reject, "events", Time(0));
            }
        });
        taken += cost.as_nanos() as f64;
        written += commit(&mut store, &mut evidence);
        memory.look();
    }
    let rate = |nanos: f64| format!("{:.0}", records as f64 * 1e9 / nanos);
    report.row(&format!("{records} malformed records into quarantine, records/s"), rate(taken), "100,000", "");
    report.row("the same, written, records/s", rate(written), "100,000", "");
    report.row("memory that they cost, MiB", memory.shown(), "0", "");
}

/// Facts as receipts.
pub fn receipts(records: usize, report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let (mut store, mut evidence) = (store(&folder), Evidence::new(true));
    let mut stream = Stream::new(1_000, 10_000, 0);
    stream.go_on_until(|stream| stream.records > 100_000);
    let (mut facts, mut collected, mut written) = (0, 0.0, 0.0);
    for _ in 0..records / COMMIT {
        let batch = stream.next_batch(COMMIT);
        let mut posted: Vec<Posted> = Vec::new();
        stream.decide(&batch, |decided| posted.extend(decided));
        facts += posted.iter().filter(|one| matches!(one.output, Output::Fact(_))).count();
        collected += timed(|| evidence.posted(posted)).1.as_nanos() as f64;
        written += commit(&mut store, &mut evidence);
    }
    drop(store);
    let bytes = std::fs::metadata(folder.path().join("store.db")).map_or(0, |file| file.len());
    let of_each = |sum: f64| format!("{:.0}", sum / facts as f64);
    report.row("receipts: facts of a thousand events", format!("{:.0}", facts as f64 * 1e3 / records as f64), "", "");
    report.row("laying one aside in the loop, ns", of_each(collected), "", "");
    report.row("making and writing one beside it, ns", of_each(written), "", "");
    report.row("a receipt on the disk, bytes", of_each(bytes as f64), "", "");
}
