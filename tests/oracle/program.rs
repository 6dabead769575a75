//! What the program prints for a log.

use std::io::Write;
use std::path::{Path, PathBuf};

use deskpulse::config;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::Time;
use deskpulse::replay::{Print, Replay};
use serde_json::Value;
use tempfile::TempDir;

use super::ledger::Kpi;
use super::{Log, Printed};

/// The facts that the oracle knows.
const FACTS: [&str; 13] = [
    "started",
    "response",
    "unanswered",
    "bot_answered",
    "breach",
    "resolved",
    "ended",
    "reopened",
    "handling",
    "presence",
    "waiting_limit",
    "withdrawn",
    "followed_up",
];

/// Runs `replay`.
pub fn print(log: &Log) -> Printed {
    let folder = TempDir::new().expect("a folder");
    let files: Vec<PathBuf> = log.files.iter().enumerate().map(|(index, lines)| write(folder.path(), index, lines)).collect();
    let config = config::parse(&log.config, "config", Path::new(""), []).expect("a valid configuration");
    let replay = Replay { config: &config, files: &files, until: log.until.map(Time), strict: false };
    let facts = lines(&replay, Print::Facts).into_iter().filter(is_known_fact).collect();
    let months = lines(&replay, Print::Totals(PeriodKind::Month)).into_iter().filter(is_known_row).collect();
    let days = lines(&replay, Print::Totals(PeriodKind::Day)).into_iter().filter(is_known_row).collect();
    Printed { facts, months, days }
}

fn write(folder: &Path, index: usize, lines: &[Value]) -> PathBuf {
    let path = folder.join(format!("{index}.ndjson"));
    let mut file = std::fs::File::create(&path).expect("a file");
    for line in lines {
        writeln!(file, "{line}").expect("a line");
    }
    path
}

fn lines(replay: &Replay<'_>, what: Print) -> Vec<Value> {
    let mut out = Vec::new();
    replay.print(what, &mut out, &mut |complaint| panic!("{complaint}")).expect("a replay");
    let text = String::from_utf8(out).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

fn is_known_fact(fact: &Value) -> bool {
    FACTS.iter().any(|kind| fact["fact"] == *kind) && fact["of"] != "first_contact_resolution"
}

fn is_known_row(row: &Value) -> bool {
    Kpi::ALL.iter().any(|kpi| row["kpi"] == kpi.id())
}
