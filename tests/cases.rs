//! The public cases: small logs and what must come out of them, by the rules of `cases/README.md`.
//!
//! `cases/later.txt` lists those that wait for a family that does not exist yet. A listed case must still fail, so that the list shrinks
//! as the families come.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops where its own setting is not as it must be")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use deskpulse::config::{self, Config};
use deskpulse::decode;
use deskpulse::kpi::PeriodKind;
use deskpulse::replay::{Print, Replay};
use serde_json::{Map, Value};

/// Numbers differ by rounding only.
const TOLERANCE: f64 = 0.0005;
/// Percentiles come from buckets: their error relative to the value.
const PERCENTILE_TOLERANCE: f64 = 0.001;
const PERCENTILES: [&str; 3] = ["p50", "p90", "p99"];
/// What tells the rows of totals apart.
const ROW_KEY: [&str; 6] = ["period", "scope", "id", "kpi", "medium", "corrects"];
/// Fewer files than this, and the folder is not what it was.
const CASES_MIN: usize = 300;

#[test]
fn every_case_passes_but_those_that_wait_for_a_later_family() {
    let mut later = later();
    let files = case_files();
    assert!(files.len() >= CASES_MIN, "only {} cases found", files.len());
    let mut wrong = Vec::new();
    for case in files.iter().map(|file| read(file)) {
        let id = text(&case, "id");
        let failures = failures(&case);
        match (later.remove(id), failures.is_empty()) {
            (None, true) | (Some(_), false) => {}
            (Some(_), true) => wrong.push(format!("{id} passes: take its line out of tests/cases/later.txt")),
            (None, false) => wrong.push(format!("{id} {}\n     {}", text(&case, "title"), failures.join("\n     "))),
        }
    }
    wrong.extend(later.keys().map(|id| format!("{id} is in tests/cases/later.txt, but there is no such case")));
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn a_case_with_a_calendar_is_refused_by_a_sentence_that_says_what_to_do() {
    let mut refused = 0;
    for case in case_files().iter().map(|file| read(file)).filter(has_calendar) {
        let error = configuration(&case).expect_err("calendars are not there yet");
        assert!(error.contains("calendar: calendars of business hours are not there yet"), "{}: {error}", case["id"]);
        assert!(error.contains("take the "), "{}: {error}", case["id"]);
        refused += 1;
    }
    assert!(refused > 0, "no case has a calendar");
}

/// The cases that wait, with the reason.
fn later() -> BTreeMap<String, String> {
    let list = fs::read_to_string(root().join("later.txt")).expect("tests/cases/later.txt");
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (id, reason) = line.split_once(' ').expect("an id and a reason");
            (id.to_owned(), reason.trim().to_owned())
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn case_files() -> Vec<PathBuf> {
    let folders = entries(&root()).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> = folders.flat_map(|folder| entries(&folder)).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).expect("a readable case")).expect("valid JSON")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn has_calendar(case: &Value) -> bool {
    text(case, "config").contains("[calendar") || text(case, "config").contains("calendar =")
}

fn configuration(case: &Value) -> Result<Config, String> {
    let config = config::parse(text(case, "config"), "config.toml", Path::new(""), []).map_err(|error| error.to_string())?;
    config.core_settings().map_err(|error| error.to_string())?;
    Ok(config)
}

/// What a case expects and does not get.
fn failures(case: &Value) -> Vec<String> {
    match judge(case) {
        Ok(failures) => failures,
        Err(error) => vec![error],
    }
}

fn judge(case: &Value) -> Result<Vec<String>, String> {
    let expect = &case["expect"];
    let mut failures = Vec::new();
    if expect.get("facts").is_some() || expect.get("absent").is_some() {
        judge_facts(expect, &printed(case, Print::Facts)?, &mut failures);
    }
    if expect.get("totals").is_some() || expect.get("no_totals").is_some() {
        judge_totals(expect, &printed(case, Print::Totals(PeriodKind::Month))?, &mut failures);
    }
    if let Some(wanted) = expect.get("summary") {
        let found = printed(case, Print::Summary)?;
        if found.len() != 1 || !equal(wanted, &found[0], "") {
            failures.push(format!("summary: wanted {wanted}, found {found:?}"));
        }
    }
    Ok(failures)
}

/// The lines that a replay of the case prints.
fn printed(case: &Value, what: Print) -> Result<Vec<Value>, String> {
    let config = configuration(case)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("events.ndjson");
    let lines = list(case, "events").iter().map(|event| event.as_str().map_or_else(|| event.to_string(), str::to_owned) + "\n");
    fs::write(&file, lines.collect::<String>()).expect("a writable folder");
    let until = case.get("until").map(|until| until.as_str().map_or_else(|| until.to_string(), str::to_owned));
    let until = until.map(|until| decode::parse_time(&until).unwrap_or_else(|error| panic!("until of {}: {error}", case["id"])));
    let mut out = Vec::new();
    let replay = Replay { config: &config, files: &[file], until, strict: false };
    replay.print(what, &mut out, &mut |_| {}).map_err(|error| error.to_string())?;
    let out = String::from_utf8(out).expect("UTF-8");
    Ok(out.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect())
}

/// Of every kind that is named, exactly the facts that are listed, in their order; of the absent ones none.
fn judge_facts(expect: &Value, facts: &[Value], failures: &mut Vec<String>) {
    let of_kind = |facts: &[Value], kind: &str| Value::Array(facts.iter().filter(|fact| fact["fact"] == kind).cloned().collect());
    let wanted = list(expect, "facts");
    let mut kinds: Vec<&str> = wanted.iter().map(|fact| text(fact, "fact")).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let (wanted, found) = (of_kind(wanted, kind), of_kind(facts, kind));
        if !equal(&wanted, &found, "") {
            failures.push(format!("facts of kind {kind}: wanted {wanted}, found {found}"));
        }
    }
    for kind in list(expect, "absent").iter().filter_map(Value::as_str) {
        let found = of_kind(facts, kind);
        if found.as_array().is_some_and(|found| !found.is_empty()) {
            failures.push(format!("no {kind} wanted, found {found}"));
        }
    }
}

/// Each listed row exists once, with the listed fields; no row is like an unwanted one.
fn judge_totals(expect: &Value, rows: &[Value], failures: &mut Vec<String>) {
    for wanted in list(expect, "totals") {
        let mut key = fields(wanted).clone();
        key.retain(|field, _| ROW_KEY.contains(&field.as_str()));
        let near: Vec<&Value> = rows.iter().filter(|row| has(row, &key)).collect();
        if near.len() != 1 || !equal(wanted, near[0], "") {
            failures.push(format!("total: wanted {wanted}, found {near:?}"));
        }
    }
    for unwanted in list(expect, "no_totals") {
        let near: Vec<&Value> = rows.iter().filter(|row| has(row, fields(unwanted))).collect();
        if !near.is_empty() {
            failures.push(format!("no total {unwanted} wanted, found {near:?}"));
        }
    }
}

fn fields(row: &Value) -> &Map<String, Value> {
    row.as_object().expect("a row is an object")
}

/// Whether a row has these fields. A correction matches only when `corrects` is listed.
fn has(row: &Value, fields: &Map<String, Value>) -> bool {
    row["corrects"] == *fields.get("corrects").unwrap_or(&Value::Null) && fields.iter().all(|(field, value)| row[field] == *value)
}

/// Whether what is found is what is wanted: of an object the wanted fields only, of numbers within the tolerance of their field.
fn equal(wanted: &Value, found: &Value, field: &str) -> bool {
    match (wanted, found) {
        (Value::Number(wanted), Value::Number(found)) => {
            let (wanted, found) = (wanted.as_f64().unwrap_or(f64::NAN), found.as_f64().unwrap_or(f64::NAN));
            let relative = if PERCENTILES.contains(&field) { wanted.abs() * PERCENTILE_TOLERANCE } else { 0.0 };
            (wanted - found).abs() <= relative.max(TOLERANCE)
        }
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|found| equal(value, found, name)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| equal(wanted, found, ""))
        }
        _ => wanted == found,
    }
}
