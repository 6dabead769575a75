//! The public cases, told to the oracle: it must know what they expect.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::compare::equal;
use super::event::Event;
use super::ledger::Kpi;
use super::{Log, Printed};

/// What the oracle does not model, as it stands in configurations.
const NOT_MODELLED: [&str; 5] = ["[calendar.", "phrases", "auto_texts", "bad_review_reasons", "calendar ="];
/// Facts that the oracle does not model.
const OTHER_FACTS: [&str; 10] =
    ["rated", "violation", "reviewed", "paid", "returned", "offer", "scored", "repeat_contact", "planned", "followed_up"];
const ROW_KEY: [&str; 6] = ["period", "scope", "id", "kpi", "medium", "corrects"];

#[test]
fn the_oracle_knows_what_the_public_cases_expect() {
    let mut told = 0;
    let mut failures = Vec::new();
    for file in case_files() {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect("a readable case")).expect("valid JSON");
        if !is_modelled(&case) {
            continue;
        }
        told += 1;
        let printed = super::print(&log_of(&case));
        failures.extend(failures_of(&case, &printed).into_iter().map(|it| format!("{} {}: {it}", case["id"], case["title"])));
    }
    assert!(told > 150, "only {told} cases told");
    assert!(failures.is_empty(), "{told} cases told, {} failures:\n{}", failures.len(), failures.join("\n"));
}

fn case_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let folders = std::fs::read_dir(root).expect("tests/cases").map(|it| it.expect("an entry").path());
    let files =
        folders.filter(|it| it.is_dir()).flat_map(|it| std::fs::read_dir(it).expect("a folder")).map(|it| it.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|it| it.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

fn is_modelled(case: &Value) -> bool {
    let config = case["config"].as_str().unwrap_or_default();
    let events = case["events"].as_array().expect("events");
    let valid = events.iter().all(|it| it.is_object()) && case["expect"]["summary"].get("rejected").is_none();
    valid && !NOT_MODELLED.iter().any(|word| config.contains(word)) && events.iter().all(is_known)
}

fn is_known(event: &Value) -> bool {
    let known = [
        "chat.started",
        "chat.assigned",
        "chat.handoff",
        "chat.message",
        "chat.ended",
        "chat.reopened",
        "chat.followed_up",
        "ticket.created",
        "ticket.assigned",
        "ticket.message",
        "ticket.status",
        "ticket.merged",
        "ticket.work",
        "ticket.followed_up",
        "agent.status",
        "customer.rated",
        "quality.violation",
        "quality.reviewed",
        "order.paid",
        "order.returned",
        "offer.made",
        "workload.planned",
        "indicator.scored",
    ];
    event["type"].as_str().is_some_and(|kind| known.contains(&kind))
}

fn log_of(case: &Value) -> Log {
    let until = case.get("until").map(|until| Event::read(&json!({"time": until})).time);
    let config = case["config"].as_str().unwrap_or_default().to_owned();
    Log { config, files: vec![case["events"].as_array().expect("events").clone()], until }
}

fn failures_of(case: &Value, printed: &Printed) -> Vec<String> {
    let list = |name: &str| case["expect"][name].as_array().cloned().unwrap_or_default();
    let mut failures = Vec::new();
    let wanted: Vec<Value> = list("facts").into_iter().filter(is_modelled_fact).collect();
    for kind in kinds(&wanted) {
        let wanted: Vec<&Value> = wanted.iter().filter(|it| it["fact"] == kind).collect();
        let found: Vec<&Value> = printed.facts.iter().filter(|it| it["fact"] == kind).collect();
        if wanted.len() != found.len() || !wanted.iter().zip(&found).all(|(a, b)| equal(a, b, "")) {
            failures.push(format!("facts {kind}: wanted {wanted:?}, found {found:?}"));
        }
    }
    let unwanted = list("absent");
    failures.extend(printed.facts.iter().filter(|it| unwanted.contains(&it["fact"])).map(|it| format!("unwanted {it}")));
    let ids: Vec<String> = Kpi::ALL.iter().map(|kpi| kpi.id()).collect();
    for wanted in list("totals").iter().filter(|it| it["kpi"].as_str().is_some_and(|kpi| ids.iter().any(|id| id == kpi))) {
        let rows = if wanted["period"].as_str().is_some_and(|it| it.len() > 7) { &printed.days } else { &printed.months };
        let key: Map<String, Value> =
            wanted.as_object().expect("a row").clone().into_iter().filter(|it| ROW_KEY.contains(&it.0.as_str())).collect();
        let near: Vec<&Value> = rows.iter().filter(|row| has(row, &key)).collect();
        if near.len() != 1 || !equal(wanted, near[0], "") {
            failures.push(format!("total {wanted}: found {near:?}"));
        }
    }
    for unwanted in list("no_totals") {
        let near = printed.months.iter().filter(|row| has(row, unwanted.as_object().expect("a row")));
        failures.extend(near.map(|row| format!("unwanted {row}")));
    }
    failures
}

fn is_modelled_fact(fact: &Value) -> bool {
    !OTHER_FACTS.iter().any(|kind| fact["fact"] == *kind) && fact["of"] != "first_contact_resolution"
}

fn kinds(facts: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = facts.iter().filter_map(|it| it["fact"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Whether a row has these fields. A correction matches only when `corrects` is listed.
fn has(row: &Value, fields: &Map<String, Value>) -> bool {
    let corrects = fields.get("corrects").unwrap_or(&Value::Null);
    row["corrects"] == *corrects && fields.iter().all(|(name, value)| row[name] == *value)
}
