//! The program under a steady load: 20,000 records a second from a real Apache Kafka broker while a million conversations are open, its store
//! on disk and receipts on; then SIGTERM and a start under the same load. Prints one table.
//!
//! `cargo bench --bench steady [-- SECONDS]` (60 unless given); needs Java 17 and Maven like the tests (tests/kafka/fetch.sh). Broker, program
//! and generator share the machine, and the program goes first where all want its cores. The store is on the disk of the target folder, the
//! broker's log on that of temporary files.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

#[path = "../../tests/e2e/http.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod http;
#[path = "../macro/measure.rs"]
#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod measure;
#[path = "../../tests/e2e/page.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod page;
mod priority;
#[path = "../../tests/e2e/program.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod program;
mod seen;
#[path = "../shared/sending.rs"]
mod sending;
#[path = "../../tests/support/mod.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod support;
#[path = "../../tests/e2e/until.rs"]
mod until;

use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use deskpulse::clock::Clock;
use deskpulse::model::Span;
use deskpulse::simulate::load::{Load, LoadSettings};

use measure::Report;
use page::{Page, milliseconds};
use priority::step_back;
use program::{Service, Setting};
use seen::{Seen, look, open_conversations, store_bytes, watch};
use sending::Sending;
use support::broker::Broker;
use until::{holds, until};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TOPIC: &str = "events";
/// With thousands of agents their series are 39 MiB a page, and nobody scrapes every second.
const SETTINGS: &str = "[metrics]\nagents = \"off\"";
const PARTITIONS: i32 = 8;
const AGENTS: u32 = 10_000;
const OPEN: u32 = 1_000_000;
const PER_SECOND: u32 = 20_000;
/// The load begins with a conversation in each of its places, all open: it is steady when most have gone on.
const FILLING: u32 = OPEN / 2 * 5;
/// How long the program may take to read that, to end, or to come back.
const LIMIT: Duration = Duration::from_secs(300);
/// What catching up leaves behind is not measured.
const SETTLING: Duration = Duration::from_secs(10);

fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(60);
    let (broker, clock) = (Broker::start(), Clock::start());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(broker.create_topic(TOPIC, PARTITIONS, &[]));
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("target")).unwrap();
    let setting = Setting::within(folder, &broker.address(), &[TOPIC], SETTINGS);
    let start = clock.now() - Span(i64::from(FILLING / PER_SECOND) * 1_000);
    let load = Load::new(&LoadSettings { seed: 1, agents: AGENTS, conversations: OPEN, start }).per_second(PER_SECOND);
    let mut sending = Sending::new(&broker, TOPIC, load);
    while sending.send() < clock.now() {}
    let mut report = Report::default();
    report.row("records in the topic at the start", sending.records.to_string(), "", "");
    std::thread::scope(|scope| {
        // Its end is dropped here, whatever happens, and ends the other thread.
        let (end, ended) = channel::<()>();
        let sender = scope.spawn(move || keep_pace(sending, clock, &ended));
        step_back();
        let service = Service::start(&setting);
        until(LIMIT, "all is read", || {
            let answer = service.get("/readyz")?;
            holds(answer.status == 200, answer.body)
        });
        std::thread::sleep(SETTLING);
        let open = open_conversations(&setting);
        seen::report(&watch(&service, &setting, seconds), &mut report);
        report.row("open conversations, at first and last", format!("{open}, {}", open_conversations(&setting)), "1,000,000", "");
        let service = start_again(service, &setting, clock, &mut report);
        drop(end);
        count(service, sender.join().unwrap(), &setting, &mut report);
    });
    report.print();
}

/// Sends each record when its time has come, until the channel has no other end; gives how many there were in all.
fn keep_pace(mut sending: Sending, clock: Clock, ended: &Receiver<()>) -> usize {
    while ended.try_recv() != Err(TryRecvError::Disconnected) {
        let time = sending.send();
        while clock.now() < time {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    sending.flush();
    sending.records
}

/// Ends the program and starts it again. It consumes when it has read a record that was sent after it was told to end.
fn start_again(mut service: Service, setting: &Setting, clock: Clock, report: &mut Report) -> Service {
    let told = clock.now();
    let status = service.terminate(LIMIT);
    report.row("SIGTERM → exit, s", seconds(clock.now() - told), "10", "");
    report.row("exit code", status.code().map_or("none".to_owned(), |code| code.to_string()), "0", "");
    let begun = clock.now();
    let mut service = Service::launch(setting);
    let mut shows = |what: &str, wanted: &dyn Fn(&Page) -> bool| {
        until(LIMIT, what, || service.scrape().filter(|page| wanted(page)).ok_or_else(|| "not yet".to_owned()));
        seconds(clock.now() - begun)
    };
    let newest = |page: &Page| page.sum("deskpulse_last_event_timestamp_seconds", &[]).map(milliseconds);
    let consuming = shows("it consumes", &|page| newest(page) > Some(told.0));
    report.row("start → consuming, s", consuming, "5", "");
    report.row("start → ready, s", shows("it has caught up", &|page| page.count("deskpulse_caught_up", &[]) == 1.0), "", "");
    let log = service.log();
    let restored = log.lines().find_map(|line| line.split_once("restored ")).map_or("nothing", |(_, what)| what);
    report.row("restored", restored.to_owned(), "", "");
    service
}

fn seconds(span: Span) -> String {
    format!("{:.2}", span.0 as f64 / 1_000.0)
}

/// Whether every record was counted once, and what the store keeps of it.
fn count(mut service: Service, sent: usize, setting: &Setting, report: &mut Report) {
    let counted = |seen: &Seen| holds(seen.counted == sent as f64, format!("{} of {sent}", seen.counted));
    until(LIMIT, "every record is counted once", || counted(&look(&service)));
    service.terminate(LIMIT);
    report.row("records sent, each counted once", sent.to_string(), "", "");
    report.row("size of the store, bytes a record", format!("{:.0}", store_bytes(setting) as f64 / sent as f64), "", "");
}
