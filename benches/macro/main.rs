//! The numbers that the whole is held to, one thread, no broker. Prints one table.
//!
//! `cargo bench --bench macro`, with `-- --quick` for a first look, and the names of parts to run only those: `malformed`, `kept` (quarantine
//! and receipts), `memory`, `throughput`, `small` (the same with so little state that all of it stays in the caches), `scrape`.
//!
//! Records are made before the time is taken; decoding alone and the whole are measured on the same records in turn, so that their
//! ratio holds whatever else the machine does. CPU time of the thread, the least of all rounds.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]
#![expect(clippy::expect_used, reason = "a benchmark may stop")]

mod kept;
mod measure;
mod stream;

use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

use deskpulse::decode::{Decoded, Decoder};
use deskpulse::ingest::Batch;
use deskpulse::model::{PartitionId, Position};
use deskpulse::pipeline::Display;
use deskpulse::view::metrics::render;
use flate2::Compression;
use flate2::write::GzEncoder;

use measure::{Growth, Report, best, resident_mib, timed};
use stream::Stream;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much of everything there is.
#[derive(Clone, Copy)]
struct Size {
    ids: usize,
    open: u32,
    many_open: u32,
    ended: u64,
    rounds: usize,
    round: usize,
    malformed: usize,
}

const FULL: Size =
    Size { ids: 20_000_000, open: 100_000, many_open: 1_000_000, ended: 1_000_000, rounds: 20, round: 200_000, malformed: 1_000_000 };
const QUICK: Size =
    Size { ids: 1_000_000, open: 100_000, many_open: 100_000, ended: 100_000, rounds: 8, round: 100_000, malformed: 100_000 };

const AGENTS: u32 = 10_000;
const OPEN_AT_SCRAPE: u32 = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let size = if arguments.iter().any(|argument| argument == "--quick") { QUICK } else { FULL };
    let parts: Vec<&str> = arguments.iter().filter(|argument| !argument.starts_with("--")).map(String::as_str).collect();
    let wants = |part| parts.is_empty() || parts.contains(&part);
    let mut report = Report::default();
    if wants("malformed") {
        malformed(&size, &mut report);
    }
    if wants("kept") {
        kept::rejected(size.malformed, &mut report);
        kept::receipts(size.round, &mut report);
    }
    if wants("memory") {
        memory(&size, &mut report);
    }
    if wants("throughput") {
        throughput(AGENTS, &size, "", &mut report);
    }
    if wants("small") {
        let small = Size { ids: 0, open: 1_000, ..size };
        throughput(100, &small, "100 agents, 1,000 open conversations: ", &mut report);
    }
    if wants("scrape") {
        scrape(&mut report);
    }
    report.print();
}

fn throughput(agents: u32, size: &Size, which: &str, report: &mut Report) {
    let mut stream = Stream::new(agents, size.open, size.ids);
    stream.go_on_until(|stream| stream.records > u64::from(size.open) * 10);
    let decoder = Decoder::new(&[], &[]).expect("nothing to look for");
    let (mut alone, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        let batch = stream.next_batch(size.round);
        let (_, cost) = timed(|| decode(&decoder, &batch));
        alone.push(cost.as_nanos() as f64 / size.round as f64);
        let (_, cost) = timed(|| stream.take(&batch));
        whole.push(cost.as_nanos() as f64 / size.round as f64);
    }
    let middle = |costs: &mut Vec<f64>| {
        costs.sort_by(f64::total_cmp);
        (costs[0], costs[costs.len() / 2])
    };
    let ((alone, alone_median), (whole, whole_median)) = (middle(&mut alone), middle(&mut whole));
    report.row(&format!("{which}decoding alone, ns/event (median)"), format!("{alone:.0} ({alone_median:.0})"), "", "");
    report.row(&format!("{which}decode + engine + totals + windows, ns/event (median)"), format!("{whole:.0} ({whole_median:.0})"), "", "");
    report.row(
        &format!("{which}the same, events/s/core (median)"),
        format!("{:.0} ({:.0})", 1e9 / whole, 1e9 / whole_median),
        "500,000",
        "1,000,000",
    );
    let ratio = format!("{:.2} ({:.2})", whole / alone, whole_median / alone_median);
    report.row(&format!("{which}the same over decoding alone (of medians)"), ratio, "3", "");
}

fn decode(decoder: &Decoder, batch: &Batch) {
    for record in batch.iter() {
        let Decoded::Event(event) = decoder.decode(black_box(record.value)) else { panic!("the load is of events only") };
        black_box(event);
    }
}

fn memory(size: &Size, report: &mut Report) {
    let generator = {
        let mut stream = Stream::new(AGENTS, size.many_open, 0);
        drop(stream.next_batch(stream::ROUND));
        resident_mib()
    };
    let mut stream = Stream::new(AGENTS, size.many_open, size.ids);
    report.row("memory of the generator, MiB (not in the rows below)", format!("{generator:.0}"), "", "");
    report.row("memory with the remembered ids only, MiB", format!("{:.0}", resident_mib() - generator), "", "");
    stream.go_on_until(|stream| stream.ended >= size.ended);
    report.row(
        &format!("memory, {AGENTS} agents, {} open and {} ended conversations, {} ids, MiB", size.many_open, size.ended, size.ids),
        format!("{:.0}", resident_mib() - generator),
        "2,048",
        "1,229",
    );
}

fn scrape(report: &mut Report) {
    let mut stream = Stream::new(AGENTS, OPEN_AT_SCRAPE, 0);
    stream.go_on_until(|stream| stream.records > 3_000_000);
    let core = &mut stream.core;
    let display = Display::default();
    let (_, first) = timed(|| core.snapshot(true, &display));
    let again = best(5, || drop(black_box(core.snapshot(true, &display))));
    let snapshot = core.snapshot(true, &display);
    let now = snapshot.live.clock;
    let page = render(&snapshot, now);
    let rendered = best(5, || drop(black_box(render(&snapshot, now))));
    let zipped = best(5, || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(page.as_bytes()).expect("memory takes all");
        black_box(encoder.finish().expect("memory takes all"));
    });
    let agents = snapshot.live.agents.len();
    let ms = |cost: Duration| format!("{:.0}", cost.as_secs_f64() * 1e3);
    report.row("snapshot after a million events, ms", ms(first), "", "");
    report.row("snapshot when nothing happened since, ms", ms(again), "", "");
    let size = page.len() as f64 / 1_048_576.0;
    report.row(&format!("scrape, {agents} agents on duty, {size:.1} MiB, ms"), ms(rendered), "500", "100");
    report.row("compressing it, ms", ms(zipped), "", "");
}

fn malformed(size: &Size, report: &mut Report) {
    let bad = [
        "",
        "not json",
        r#"{"id":"e1","type":"chat.message","time":"yesterday"}"#,
        r#"{"id":"e1","type":"chat.message","time":"2026-11-23T09:00:00Z","chat":"c1","from":"martian","text":"Where is my parcel?"}"#,
        r#"{"id":"e1","type":"chat.mess"#,
        r#"{"id":"e1","type":"parcel.sent","time":"2026-11-23T09:00:00Z","parcel":"4711"}"#,
    ];
    let mut core = stream::core();
    let mut memory = Growth::start();
    let (_, cost) = timed(|| {
        for (offset, value) in (0..).zip(bad.iter().cycle().take(size.malformed)) {
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
            black_box(core.take(deskpulse::ingest::Record { position, arrived: None, value: value.as_bytes() }));
        }
    });
    let rate = size.malformed as f64 / cost.as_secs_f64();
    report.row(&format!("{} malformed records, records/s", size.malformed), format!("{rate:.0}"), "100,000", "");
    memory.look();
    report.row("memory that they cost, MiB", memory.shown(), "0", "");
}
