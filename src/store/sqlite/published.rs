//! The published copy: what an analyst reads with `sqlite3`. Rows of state are packed for the program; this file has tables for people, and the
//! documented views `totals`, `corrections`, `quarantine` and `config_changes` over them (docs/ledger.md).

use std::fs;
use std::path::Path;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Transaction, params_from_iter};
use serde_json::Value;

use crate::model::Time;
use crate::store::StoreError;

use super::backup::{beside, put_in_place, remove_if_there};
use super::fault::Fault;
use super::reader::Reader;

/// Columns of the table behind `totals` and `corrections`: the fields of a row of totals, by the same names.
const FIELDS: [&str; 17] = [
    "period",
    "state",
    "scope",
    "id",
    "team",
    "medium",
    "kpi",
    "unit",
    "value",
    "count",
    "sum",
    "numerator",
    "denominator",
    "p50",
    "p90",
    "p99",
    "corrects",
];

const TABLES: &str = r#"
CREATE TABLE total (
    period TEXT NOT NULL, state TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL, team TEXT, medium TEXT, kpi TEXT NOT NULL,
    unit TEXT NOT NULL, value REAL, count INTEGER, sum REAL, numerator REAL, denominator REAL, p50 REAL, p90 REAL, p99 REAL, corrects TEXT
);
CREATE INDEX total_of ON total (kpi, scope, id, period);
CREATE TABLE rejected (
    topic TEXT NOT NULL, "partition" INTEGER NOT NULL, "offset" INTEGER NOT NULL, at TEXT NOT NULL, source TEXT, reason TEXT NOT NULL,
    message TEXT NOT NULL, size INTEGER NOT NULL, hash TEXT NOT NULL, outline TEXT
);
CREATE TABLE reject_count (topic TEXT NOT NULL, source TEXT, reason TEXT NOT NULL, records INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL);
CREATE TABLE configuration (since TEXT NOT NULL, clock TEXT, version TEXT NOT NULL, hash TEXT NOT NULL, changed TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE published (at TEXT NOT NULL, clock TEXT, time_zone TEXT NOT NULL, version TEXT NOT NULL);

CREATE VIEW totals AS
    SELECT period, state, scope, id, team, medium, kpi, unit, value, count, sum, numerator, denominator, p50, p90, p99
    FROM total WHERE corrects IS NULL;
CREATE VIEW corrections AS
    SELECT period, corrects, scope, id, team, medium, kpi, unit, value, count, sum, numerator, denominator FROM total WHERE corrects IS NOT NULL;
CREATE VIEW quarantine AS SELECT * FROM rejected;
CREATE VIEW quarantine_counts AS SELECT * FROM reject_count;
CREATE VIEW config_changes AS SELECT * FROM configuration;
"#;

/// What is published beside the quarantine and the configurations, which are read from the store.
pub struct Publication<'a, E> {
    /// Wall time.
    pub at: Time,
    /// The engine's clock: the totals stand as of it. `None` before the first event.
    pub clock: Option<Time>,
    /// The reporting zone.
    pub time_zone: &'a str,
    /// Rows of totals, corrections among them, as lines of JSON in their order.
    pub totals: &'a mut dyn Iterator<Item = Result<String, E>>,
    /// Of two configurations' texts, which keys differ.
    pub changed: &'a dyn Fn(&str, &str) -> Vec<String>,
}

/// Writes the published copy, and puts it in the place of the one before: who has that one open reads on in it.
///
/// # Errors
/// When the store cannot be read or is damaged, a row of totals cannot be given, or the file cannot be written; then the one before stays.
pub fn publish<E: From<StoreError>>(store: &Reader, file: &Path, publication: Publication<'_, E>) -> Result<(), E> {
    let part = beside(file, ".part");
    remove_if_there(&part)?;
    let written = write(store, &part, publication).and_then(|()| Ok(put_in_place(&part, file)?));
    if written.is_err() {
        // What is half done is of no use; that it cannot be removed is not the error to tell.
        drop(fs::remove_file(&part));
    }
    written
}

fn write<E: From<StoreError>>(store: &Reader, part: &Path, publication: Publication<'_, E>) -> Result<(), E> {
    let sql = |error: rusqlite::Error| Fault::from(error).of_writing(part);
    let mut connection = Connection::open(part).map_err(sql)?;
    // Nobody reads it before it has its name, and it is made anew when making it fails.
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(sql)?;
    let transaction = connection.transaction().map_err(sql)?;
    transaction.execute_batch(TABLES).map_err(sql)?;
    let clock = publication.clock.map(time);
    let about = (time(publication.at), clock, publication.time_zone, env!("CARGO_PKG_VERSION"));
    transaction.execute("INSERT INTO published VALUES (?1, ?2, ?3, ?4)", about).map_err(sql)?;
    totals(&transaction, publication.totals, |fault| fault.of_writing(part))?;
    quarantine(store, &transaction, part)?;
    configurations(store, &transaction, publication.changed, part)?;
    transaction.commit().map_err(sql)?;
    Ok(connection.execute_batch("ANALYZE").map_err(sql)?)
}

fn totals<E: From<StoreError>>(
    transaction: &Transaction<'_>,
    rows: &mut dyn Iterator<Item = Result<String, E>>,
    failed: impl Fn(Fault) -> StoreError,
) -> Result<(), E> {
    let places: Vec<String> = (1..=FIELDS.len()).map(|place| format!("?{place}")).collect();
    let insert = transaction.prepare(&format!("INSERT INTO total VALUES ({})", places.join(", ")));
    let mut insert = insert.map_err(|error| failed(error.into()))?;
    for line in rows {
        let row = serde_json::from_str(&line?);
        let row: Value = row.map_err(|error| failed(Fault::Damaged(format!("a row of totals is no JSON: {error}"))))?;
        let inserted = insert.execute(params_from_iter(FIELDS.iter().map(|field| of_json(&row[*field]))));
        inserted.map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

fn of_json(value: &Value) -> Sql {
    match value {
        Value::String(text) => Sql::Text(text.clone()),
        Value::Number(number) => number.as_i64().map_or_else(|| number.as_f64().map_or(Sql::Null, Sql::Real), Sql::Integer),
        _ => Sql::Null,
    }
}

fn quarantine(store: &Reader, transaction: &Transaction<'_>, part: &Path) -> Result<(), StoreError> {
    let sql = |error: rusqlite::Error| Fault::from(error).of_writing(part);
    for count in store.reject_counts()? {
        let source = Some(count.source).filter(|source| !source.is_empty());
        let row = (count.topic, source, count.reason, count.records.cast_signed(), time(count.first), time(count.last));
        transaction.execute("INSERT INTO reject_count VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row).map_err(sql)?;
    }
    let mut insert = transaction.prepare("INSERT INTO rejected VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)").map_err(sql)?;
    let mut inserted = Ok(0);
    store.rejected(&mut |record| {
        inserted = insert.execute((
            record.topic,
            record.partition,
            record.offset,
            time(record.at),
            record.source,
            record.reason,
            record.message,
            record.size.cast_signed(),
            record.hash,
            record.outline,
        ));
        inserted.is_ok()
    })?;
    inserted.map(drop).map_err(sql)
}

fn configurations(
    store: &Reader,
    transaction: &Transaction<'_>,
    changed: &dyn Fn(&str, &str) -> Vec<String>,
    part: &Path,
) -> Result<(), StoreError> {
    let sql = |error: rusqlite::Error| Fault::from(error).of_writing(part);
    let mut before: Option<String> = None;
    for one in store.configurations()? {
        let keys = before.as_deref().map_or_else(Vec::new, |before| changed(before, &one.text)).join(", ");
        let row = (time(one.since), one.clock.map(time), one.version, one.hash, keys, &one.text);
        transaction.execute("INSERT INTO configuration VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row).map_err(sql)?;
        before = Some(one.text);
    }
    Ok(())
}

/// UTC, RFC 3339, milliseconds, as everywhere else; it sorts as text.
fn time(at: Time) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(at.0).unwrap_or_default())
}
