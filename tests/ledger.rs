//! What the store keeps beside state, the whole way: receipts are what a replay prints, the published copy answers the questions of its page.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::path::{Path, PathBuf};

use deskpulse::app::publish_ledger;
use deskpulse::config::{self, Config};
use deskpulse::decode::{Decoded, Decoder};
use deskpulse::ingest::Record;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{PartitionId, Position, ReceiptQuery, Span, Time};
use deskpulse::pipeline::{Core, Evidence};
use deskpulse::replay::{Print, Replay};
use deskpulse::simulate::{Simulation, SimulationSettings};
use deskpulse::store::{Commit, Reader, Sqlite, Store, backup};
use rusqlite::Connection;

/// A store in a folder, filled from a simulated day and some events around it.
struct Setting {
    folder: tempfile::TempDir,
    config: Config,
    files: Vec<PathBuf>,
}

impl Setting {
    fn new(events: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let text = format!("time_zone = \"UTC\"\n[store]\npath = {:?}\n[engine]\nsettle = \"1d\"\n", path.to_str().unwrap());
        let config = config::parse(&text, "test.toml", folder.path(), []).unwrap();
        let files = vec![folder.path().join("events.ndjson")];
        std::fs::write(&files[0], events).unwrap();
        Self { folder, config, files }
    }

    fn store(&self) -> &Path {
        Path::new(&self.config.store.path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a replay prints.
    fn printed(&self, print: Print) -> Vec<String> {
        let replay = Replay { config: &self.config, files: &self.files, until: None, strict: false };
        let mut out = Vec::new();
        replay.print(print, &mut out, &mut |_| ()).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    /// Does what the service does with a log: commits of different sizes, state and evidence together.
    fn fill(&self) {
        let mut store = Sqlite::open(self.store(), &["chat.events".to_owned()]).unwrap();
        store.enter_configuration(&self.config.show().unwrap(), Time(1_000), None).unwrap();
        store.enter_configuration(&self.config.show().unwrap().replace("\"5m\"", "\"7m\""), Time(2_000), None).unwrap();
        let mut core = Core::new(&self.config.core_settings().unwrap().keeping_changes()).unwrap();
        let mut evidence = Evidence::new(true);
        let replay = Replay { config: &self.config, files: &self.files, until: None, strict: false };
        let mut count = 0;
        // The replay decides; the core beside it is fed the same and gives the rows.
        replay
            .run(&mut |_| (), &mut |posted| {
                evidence.posted(vec![posted.clone()]);
                count += 1;
                if count % 97 == 0 {
                    let mut commit = Commit::default();
                    evidence.take().put_into(&mut commit);
                    store.commit(commit).unwrap();
                }
                Ok(())
            })
            .unwrap();
        self.reject(&mut evidence);
        let text = std::fs::read_to_string(&self.files[0]).unwrap();
        for (offset, line) in (1..).zip(text.lines()) {
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
            core.take(Record { position, arrived: None, value: line.as_bytes() });
        }
        let newest = core.engine().newest_of_all().unwrap();
        core.advance(deskpulse::engine::Reach::Through(newest));
        let mut commit = Commit { rows: core.changes(), ..Commit::default() };
        evidence.take().put_into(&mut commit);
        store.commit(commit).unwrap();
    }

    fn reject(&self, evidence: &mut Evidence) {
        let value = br#"{"id":7,"source":"crm","type":"chat.message","text":"I am Mary"}"#;
        let Decoded::Rejected(reject) = Decoder::new(&[], &[]).unwrap().decode(value) else { panic!("an event") };
        let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset: 99 };
        evidence.rejected(&Record { position, arrived: None, value }, &reject, "chat.events", Time(1_764_061_200_000));
    }
}

/// Some simulated hours of October; then a breach of its last evening that a late answer takes back when the month is closed.
fn events() -> String {
    let start: i64 = 1_793_000_000_000;
    let mut simulation = Simulation::new(&SimulationSettings::new(7, 20, Time(start)).with_time_of_day(Span(10 * 3_600_000)));
    let mut lines = Vec::new();
    while let Some(record) = simulation.next_before(Time(start + 3 * 3_600_000)) {
        lines.push(String::from_utf8(record.value).unwrap());
    }
    let amys = r#""chat":"late","agent":"amy""#;
    let later = [
        r#"{"id":"l1","type":"chat.started","time":"2026-10-31T23:50:00Z","chat":"late","team":"presale"}"#.to_owned(),
        r#"{"id":"l2","type":"chat.message","time":"2026-10-31T23:50:01Z","chat":"late","from":"customer"}"#.to_owned(),
        format!(r#"{{"id":"l3","type":"chat.assigned","time":"2026-10-31T23:50:02Z",{amys}}}"#),
        r#"{"id":"l4","type":"chat.started","time":"2026-11-05T09:00:00Z","chat":"new","team":"support","waiting":true}"#.to_owned(),
        r#"{"id":"l5","type":"chat.message","time":"2026-11-05T09:00:12Z","chat":"new","from":"agent","agent":"bob"}"#.to_owned(),
        r#"{"id":"l6","type":"chat.ended","time":"2026-11-05T09:04:00Z","chat":"new","reason":"resolved"}"#.to_owned(),
        format!(r#"{{"id":"l7","type":"chat.message","time":"2026-10-31T23:50:20Z","from":"agent",{amys}}}"#),
    ];
    lines.extend(later);
    lines.join("\n")
}

#[test]
fn receipts_are_what_a_replay_prints() {
    let setting = Setting::new(&events());
    setting.fill();
    let reader = Reader::open(setting.store()).unwrap();
    let page = reader.receipts(&ReceiptQuery { limit: usize::MAX - 1, ..ReceiptQuery::default() }).unwrap();
    let kept: Vec<String> = page.receipts.into_iter().map(|receipt| receipt.line).collect();
    let printed = setting.printed(Print::Facts);
    assert!(printed.len() > 2_000, "{}", printed.len());
    assert!(kept == printed, "{} kept, {} printed", kept.len(), printed.len());
    reader.verify().unwrap();
}

/// The rows of a query, as text.
fn rows(file: &Path, sql: &str) -> Result<Vec<Vec<String>>, rusqlite::Error> {
    let connection = Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let text = |row: &rusqlite::Row<'_>| (0..columns).map(|column| Ok(shown(row.get_ref(column)?))).collect::<Result<Vec<_>, _>>();
    statement.query_map([], text)?.collect()
}

fn shown(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

#[test]
fn every_query_of_the_page_gives_rows() {
    let setting = Setting::new(&events());
    setting.fill();
    let copy = setting.file("ledger.db");
    publish_ledger(&setting.config, &copy, Time(1_764_061_200_000)).unwrap();
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ledger.md")).unwrap();
    let queries: Vec<&str> = page.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(queries.len() >= 9);
    for query in queries {
        let found = rows(&copy, query).unwrap_or_else(|error| panic!("{error}: {query}"));
        assert!(!found.is_empty(), "no rows: {query}");
    }
    let mut views = rows(&copy, "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").unwrap().concat();
    views.retain(|view| !page.contains(&format!("| `{view}` |")));
    assert_eq!(views, [""; 0], "views that the page does not name");
}

#[test]
fn the_published_copy_has_every_row_of_the_totals_with_its_numbers() {
    let setting = Setting::new(&events());
    setting.fill();
    let copy = setting.file("ledger.db");
    publish_ledger(&setting.config, &copy, Time(1_764_061_200_000)).unwrap();
    let printed: Vec<serde_json::Value> =
        setting.printed(Print::Totals(PeriodKind::Month)).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (corrections, totals): (Vec<_>, Vec<_>) = printed.iter().partition(|row| row["corrects"].is_string());
    assert!(!corrections.is_empty() && totals.len() > 100);
    let count = |view: &str| rows(&copy, &format!("SELECT count(*) FROM {view}")).unwrap()[0][0].clone();
    assert_eq!((count("totals"), count("corrections")), (totals.len().to_string(), corrections.len().to_string()));
    let connection = Connection::open(&copy).unwrap();
    for row in printed {
        let key = ["period", "scope", "id", "kpi", "medium", "corrects"].map(|field| row[field].as_str().map(str::to_owned));
        let sql = "SELECT value, count, sum, numerator, denominator, p99, state FROM total \
                   WHERE (period, scope, id, kpi) = (?1, ?2, ?3, ?4) AND medium IS ?5 AND corrects IS ?6";
        let numbers = ["value", "count", "sum", "numerator", "denominator", "p99"];
        let found = connection.query_row(sql, rusqlite::params_from_iter(key), |found| {
            let numbers = (0..numbers.len()).map(|column| found.get::<_, Option<f64>>(column)).collect::<Result<Vec<_>, _>>()?;
            Ok((numbers, found.get::<_, String>(6)?))
        });
        assert_eq!(found.unwrap(), (numbers.map(|field| row[field].as_f64()).to_vec(), row["state"].as_str().unwrap().to_owned()), "{row}");
    }
    assert_eq!(rows(&copy, "SELECT changed FROM config_changes").unwrap(), [[""], ["engine.windows"]]);
    let outlines = rows(&copy, "SELECT outline, source FROM quarantine").unwrap();
    assert_eq!(outlines, [[r#"{"id":7,"source":"3 bytes","type":"12 bytes","text":"9 bytes"}"#, "crm"]]);
}

#[test]
fn a_new_copy_takes_the_place_of_the_one_before_as_a_whole() {
    let setting = Setting::new(&events());
    setting.fill();
    let copy = setting.file("ledger.db");
    publish_ledger(&setting.config, &copy, Time(1_000)).unwrap();
    let reading = Connection::open(&copy).unwrap();
    publish_ledger(&setting.config, &copy, Time(2_000)).unwrap();
    let at = |connection: &Connection| connection.query_row("SELECT at FROM published", [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(at(&reading), "1970-01-01T00:00:01.000Z");
    assert_eq!(at(&Connection::open(&copy).unwrap()), "1970-01-01T00:00:02.000Z");
    assert!(!setting.file("ledger.db.part").exists());
}

#[test]
fn a_restored_backup_has_the_same_receipts_rejects_and_totals() {
    let setting = Setting::new(&events());
    setting.fill();
    let (saved, other) = (setting.file("saved.db"), setting.file("other.db"));
    backup::backup(setting.store(), &saved).unwrap();
    backup::restore(&saved, &other, false).unwrap();
    let everything = |store: &Path| {
        let reader = Reader::open(store).unwrap();
        let mut state = Vec::new();
        reader
            .rows(&mut |rows| {
                state.extend_from_slice(rows);
                Ok(())
            })
            .unwrap();
        let receipts = reader.receipts(&ReceiptQuery { limit: usize::MAX - 1, ..ReceiptQuery::default() }).unwrap();
        (state, receipts, reader.reject_counts().unwrap(), reader.configurations().unwrap())
    };
    assert!(everything(&other) == everything(setting.store()));
}
