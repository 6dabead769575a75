//! The pages of documentation, held: what is generated is current, every event shown is one, every example of a KPI comes out as it says.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::path::{Path, PathBuf};

use deskpulse::config;
use deskpulse::decode::{Decoded, Decoder, Reason, schema, unknown_fields};
use deskpulse::kpi::{CATALOGUE, PeriodKind};
use deskpulse::replay::{Print, Replay};
use serde_json::Value;

fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

fn read(page: &str) -> String {
    std::fs::read_to_string(path(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// A fenced block of a page.
struct Block {
    language: String,
    /// The line of the page at which its text begins, from 1.
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for (index, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if is_inside => is_inside = false,
            Some(language) => {
                blocks.push(Block { language: language.to_owned(), line: index + 2, text: String::new() });
                is_inside = true;
            }
            None if is_inside => blocks.last_mut().unwrap().text.extend([line, "\n"]),
            None => {}
        }
    }
    blocks
}

/// `UPDATE_DOCS=1 cargo test --test docs` writes the pages.
fn assert_current(page: &str, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path(page), wanted).unwrap();
    }
    let found = std::fs::read_to_string(path(page)).unwrap_or_default();
    assert!(found == wanted, "{page} is not current: run UPDATE_DOCS=1 cargo test --test docs");
}

#[test]
fn the_page_of_metrics_is_current() {
    assert_current("docs/metrics.md", &deskpulse::view::metrics::markdown());
}

#[test]
fn the_page_of_the_configuration_is_current() {
    assert_current("docs/configuration.md", &config::markdown().unwrap());
}

#[test]
fn every_event_that_a_page_shows_is_one() {
    let decoder = Decoder::new(&[], &[]).unwrap();
    for (page, language) in [("docs/events.md", "json"), ("docs/producers.md", "json"), ("docs/kpis.md", "ndjson"), ("README.md", "ndjson")]
    {
        let text = read(page);
        let shown: Vec<Block> = blocks(&text).into_iter().filter(|block| block.language == language).collect();
        assert!(!shown.is_empty(), "{page} shows no events");
        for (block, (offset, line)) in shown.iter().flat_map(|block| block.text.lines().enumerate().map(move |line| (block, line))) {
            let decoded = decoder.decode(line.as_bytes());
            let place = block.line + offset;
            assert!(matches!(decoded, Decoded::Event(_)), "{page}:{place}: {decoded:?}");
            assert_eq!(unknown_fields(line.as_bytes()), [], "{page}:{place}");
        }
    }
}

#[test]
fn every_configuration_that_is_shown_is_accepted() {
    config::load(Some(&path("deploy/deskpulse.toml")), []).unwrap();
    for page in ["README.md", "docs/kpis.md", "docs/configuration.md"] {
        for block in blocks(&read(page)).iter().filter(|block| block.language == "toml") {
            let parsed = config::parse(&block.text, page, Path::new(""), []);
            assert!(parsed.is_ok(), "{page}:{}: {}", block.line, parsed.unwrap_err());
        }
    }
}

/// An example of `docs/kpis.md`: what is configured, what happens, and rows of what is printed.
struct Example {
    line: usize,
    config: String,
    events: String,
    rows: Vec<Value>,
}

fn examples() -> Vec<Example> {
    let (mut examples, mut config, mut events) = (Vec::new(), String::new(), None);
    for block in blocks(&read("docs/kpis.md")) {
        match block.language.as_str() {
            "toml" => config = block.text,
            "ndjson" => events = Some(block.text),
            "rows" => examples.push(Example {
                line: block.line,
                config: std::mem::take(&mut config),
                events: events.take().unwrap_or_else(|| panic!("docs/kpis.md:{}: rows of no events", block.line)),
                rows: block.text.lines().map(|row| serde_json::from_str(row).unwrap()).collect(),
            }),
            other => panic!("docs/kpis.md:{}: a block of {other:?}: wanted toml, ndjson or rows", block.line),
        }
    }
    examples
}

fn printed(example: &Example) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let files = [folder.path().join("events.ndjson")];
    std::fs::write(&files[0], &example.events).unwrap();
    let text = format!("time_zone = \"UTC\"\n{}", example.config);
    let config = config::parse(&text, "docs/kpis.md", folder.path(), []).unwrap();
    let replay = Replay { config: &config, files: &files, until: None, strict: true };
    let mut out = Vec::new();
    replay.print(Print::Totals(PeriodKind::Month), &mut out, &mut |complaint| panic!("{complaint}")).unwrap();
    String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether a printed row has every field that is wanted.
fn has(row: &Value, wanted: &Value) -> bool {
    wanted.as_object().unwrap().iter().all(|(field, value)| row.get(field) == Some(value))
}

#[test]
fn every_example_of_a_kpi_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    for example in examples() {
        let printed = printed(&example);
        for wanted in example.rows.iter().filter(|wanted| !printed.iter().any(|row| has(row, wanted))) {
            let near = printed.iter().filter(|row| row["kpi"] == wanted["kpi"]).map(Value::to_string).collect::<Vec<_>>();
            wrong.push(format!("docs/kpis.md, rows at {}: no {wanted} among\n  {}", example.line, near.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kpi_has_a_formula_and_an_example() {
    let (page, examples) = (read("docs/kpis.md"), examples());
    for kpi in CATALOGUE {
        assert!(page.contains(&format!("\n| `{}` | {}", kpi.id, kpi.unit.word())), "docs/kpis.md has no line for {}", kpi.id);
        let is_shown = examples.iter().flat_map(|example| &example.rows).any(|row| row["kpi"] == kpi.id);
        assert!(is_shown, "docs/kpis.md has no example of {}", kpi.id);
    }
}

#[test]
fn the_page_of_events_names_every_type_with_every_field_and_every_reason() {
    let page = read("docs/events.md");
    let definitions = schema();
    for (event, definition) in definitions["$defs"].as_object().unwrap() {
        let heading = format!("### `{event}`\n");
        let section = page.split(&heading).nth(1).unwrap_or_else(|| panic!("{event} has no section"));
        let section = section.split("\n#").next().unwrap();
        assert!(section.contains(&format!("\"type\":\"{event}\"")), "{event} has no example");
        for field in
            definition["properties"].as_object().unwrap().keys().filter(|field| !["id", "type", "time", "source"].contains(&field.as_str()))
        {
            assert!(section.contains(&format!("`{field}`")), "{event}: the field {field} is not explained");
        }
        let fields = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        for field in fields {
            assert!(definition["properties"].get(field).is_some(), "{event} has no field {field}");
        }
    }
    for reason in Reason::ALL {
        assert!(page.contains(&format!("| `{}` |", reason.word())), "{}", reason.word());
    }
}

/// Numbers of the rulings that a text cites: "ruling 5", "rulings 5, 7 and 9", "rulings 5 to 7".
fn cited(text: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for citation in text.split("ruling").skip(1).map(|rest| rest.trim_start_matches('s')) {
        let mut is_range = false;
        for word in citation.split_whitespace() {
            let (digits, rest) = word.split_at(word.bytes().take_while(u8::is_ascii_digit).count());
            if let Ok(number) = digits.parse::<u32>() {
                let first = numbers.last().copied().filter(|_| is_range).map_or(number, |last: u32| last + 1);
                numbers.extend(first..=number);
            }
            is_range = word == "to";
            let goes_on = is_range || word == "and" || (!digits.is_empty() && matches!(rest, "" | ","));
            if !goes_on {
                break;
            }
        }
    }
    numbers
}

#[test]
fn every_ruling_that_the_program_cites_is_on_the_page_of_rulings() {
    let page = read("docs/rulings.md");
    let mut folders = vec![path("src")];
    let mut all = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
            } else {
                all.extend(cited(&std::fs::read_to_string(&entry).unwrap()));
            }
        }
    }
    assert!(all.len() > 60, "{all:?}");
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("* **")).collect();
    for number in all {
        let of_it = lines.iter().filter(|line| line.starts_with(&format!("* **{number}** "))).count();
        assert_eq!(of_it, 1, "ruling {number}");
    }
    assert_eq!(cited("(rulings 5, 7 and 9; ruling 12)\".to_owned() rulings 69 to 71."), [5, 7, 9, 12, 69, 70, 71]);
}

#[test]
fn the_page_of_rulings_is_found_where_numbers_are_met() {
    assert!(read("docs/kpis.md").contains("](rulings.md)"));
    assert!(read("src/cli/explain.rs").contains("docs/rulings.md"));
}
