//! The rules of the house, held: who may import whom, what pure modules must not know, how long a file may be.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use deskpulse::view::metrics::catalogue::{KPI_SERIES, Kind, SERVICE_SERIES};

/// Each module and those of ours that it may import. `app` and `cli` may import everything.
const IMPORTS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("decode", &["model"]),
    ("engine", &["model"]),
    ("kpi", &["model"]),
    ("view", &["model", "engine", "kpi"]),
    ("simulate", &["model"]),
    ("clock", &["model"]),
    ("telemetry", &["view"]),
    ("ingest", &["model", "clock", "telemetry"]),
    ("store", &["model", "clock", "telemetry"]),
    ("archive", &["model"]),
    ("http", &["model", "view", "clock", "telemetry"]),
    ("pipeline", &["model", "decode", "engine", "kpi", "view", "ingest", "store", "archive", "clock", "telemetry"]),
    ("config", &["model", "engine", "ingest", "store", "http", "view", "pipeline"]),
    ("replay", &["model", "decode", "engine", "kpi", "view", "ingest", "archive", "pipeline", "config"]),
];

/// Modules without any I/O, clock or log.
const PURE: &[&str] = &["model", "decode", "engine", "kpi", "view", "simulate"];

/// What they must not know.
const BANNED: &[&str] = &[
    "tokio",
    "rdkafka",
    "axum",
    "tracing::",
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::thread",
    "Instant::",
    "SystemTime",
    "Timestamp::now",
    "use metrics",
];

const FILE_LINES_MAX: usize = 500;

struct Source {
    path: PathBuf,
    module: String,
    lines: Vec<String>,
}

/// Every source file without its tests and comments.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &["rs"], &mut files);
    files.sort();
    files
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests") && path.file_name().is_none_or(|name| name != "tests.rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let before_tests = text.lines().take_while(|line| *line != "#[cfg(test)]" || text.contains("#[cfg(test)]\nmod tests;"));
            let lines = before_tests.map(str::to_owned).collect();
            let inside = path.strip_prefix(&root).unwrap();
            let module = inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
            Source { path, module, lines }
        })
        .collect()
}

/// Every file below a folder whose name ends so.
fn collect(folder: &Path, endings: &[&str], into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, endings, into);
        } else if path.extension().and_then(|extension| extension.to_str()).is_some_and(|ending| endings.contains(&ending)) {
            into.push(path);
        }
    }
}

fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// The modules of ours that a line names as `crate::module`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    code(line).split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    let modules: BTreeSet<String> = sources().into_iter().map(|source| source.module).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(allowed) = table.get(source.module.as_str()) else { continue };
        for line in &source.lines {
            for name in named(line).filter(|name| modules.contains(*name) && *name != source.module) {
                if !allowed.contains(&name) {
                    wrong.push(format!("{}: {} must not import {name}: {}", source.path.display(), source.module, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_stands_in_the_table_or_on_the_edge() {
    let known: BTreeSet<&str> = IMPORTS.iter().map(|(module, _)| *module).chain(["main", "lib", "app", "cli"]).collect();
    for source in sources() {
        assert!(known.contains(source.module.as_str()), "module {} has no line in the import table", source.module);
    }
}

#[test]
fn the_page_of_the_architecture_shows_the_import_table() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for (module, allowed) in IMPORTS {
        let allowed: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
        let line = format!("| `{module}` | {} |", allowed.join(", ")).replace("|  |", "| |");
        assert!(page.lines().any(|found| found == line), "ARCHITECTURE.md has another line than: {line}");
    }
}

#[test]
fn the_import_table_has_no_cycle() {
    let table: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    fn reaches<'a>(from: &'a str, to: &str, table: &BTreeMap<&str, &'a [&'a str]>) -> bool {
        table[from].iter().any(|next| *next == to || reaches(next, to, table))
    }
    for (module, _) in IMPORTS {
        assert!(!reaches(module, module, &table), "{module} imports itself in the end");
    }
}

#[test]
fn pure_modules_know_no_io_no_clock_and_no_log() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        for line in &source.lines {
            wrong.extend(BANNED.iter().filter(|word| code(line).contains(**word)).map(|word| format!("{}: {word}", source.path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_short() {
    for source in sources() {
        assert!(
            source.lines.len() <= FILE_LINES_MAX,
            "{} has {} lines without its tests: split it by the rules that it holds",
            source.path.display(),
            source.lines.len()
        );
    }
}

#[test]
fn main_only_parses_runs_and_exits() {
    let main = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 20);
}

/// Every `deskpulse_…` word of a text.
fn metric_names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("deskpulse_"))
}

/// Whether the catalogue has this series: a metric, or what the exposition makes of a histogram.
fn is_in_the_catalogue(name: &str) -> bool {
    let parts = ["_bucket", "_sum", "_count"];
    KPI_SERIES.iter().chain(SERVICE_SERIES).any(|metric| {
        let of_a_histogram = || metric.kind == Kind::Histogram && parts.iter().any(|part| name.strip_suffix(part) == Some(metric.name));
        metric.name == name || of_a_histogram()
    })
}

#[test]
fn dashboards_and_rules_name_only_metrics_of_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["dashboards", "deploy"] {
        collect(&root.join(folder), &["json", "yml"], &mut files);
    }
    let mut names = 0;
    for file in files {
        for name in metric_names(&fs::read_to_string(&file).unwrap()) {
            assert!(is_in_the_catalogue(name), "{}: no metric {name} in src/view/metrics/catalogue.rs", file.display());
            names += 1;
        }
    }
    assert!(names > 0);
}
