//! Adding to the quarantine, in the commit's own transaction.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::store::sqlite::checksum;
use crate::store::sqlite::fault::Fault;

use super::KEPT;
use super::pending::{Counted, PendingRejects};
use super::read;

/// Names of sources that are told apart over the life of the store; further ones are counted as of none.
const SOURCES_MAX: i64 = 1_000;

/// Adds the records rejected since the last commit, and drops the oldest beyond those that are kept.
pub(in crate::store::sqlite) fn write(transaction: &Transaction<'_>, pending: &PendingRejects) -> Result<(), Fault> {
    if pending.is_empty() {
        return Ok(());
    }
    for ((topic, source, reason), counted) in &pending.counts {
        count(transaction, [topic, source, reason], *counted)?;
    }
    let mut insert = transaction.prepare_cached("INSERT INTO quarantine_block (records, checksum, data) VALUES (?1, ?2, ?3)")?;
    for block in pending.closed() {
        insert.execute(params![block.records, read::checksum_of(block.records, &block.data), block.data])?;
    }
    drop_oldest(transaction)
}

fn count(transaction: &Transaction<'_>, key: [&String; 3], new: Counted) -> Result<(), Fault> {
    let [topic, source, reason] = key;
    let mut known = transaction.prepare_cached(
        "SELECT records, first_ms, last_ms, checksum FROM quarantine_count WHERE topic = ?1 AND source = ?2 AND reason = ?3",
    )?;
    let of_row = |row: &Row<'_>| Ok(([row.get(0)?, row.get(1)?, row.get(2)?], row.get(3)?));
    let found: Option<([i64; 3], i64)> = known.query_row(params![topic, source, reason], of_row).optional()?;
    if found.is_none() && !source.is_empty() {
        let kinds: i64 = transaction.query_row("SELECT count(*) FROM quarantine_count", [], |row| row.get(0))?;
        if kinds >= SOURCES_MAX {
            return count(transaction, [topic, &String::new(), reason], new);
        }
    }
    let mut numbers = [i64::try_from(new.records).unwrap_or(i64::MAX), new.first.0, new.last.0];
    if let Some((before, written)) = found {
        if count_checksum(topic, source, reason, before) != written {
            return Err(Fault::Damaged("a count of the quarantine is not what was written".to_owned()));
        }
        numbers = [before[0].saturating_add(numbers[0]), before[1].min(numbers[1]), before[2].max(numbers[2])];
    }
    let mut put = transaction.prepare_cached(
        "INSERT INTO quarantine_count (topic, source, reason, records, first_ms, last_ms, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET records = excluded.records, first_ms = excluded.first_ms, last_ms = excluded.last_ms, checksum = excluded.checksum",
    )?;
    put.execute(params![topic, source, reason, numbers[0], numbers[1], numbers[2], count_checksum(topic, source, reason, numbers)])?;
    Ok(())
}

/// The checksum of a count: records, first and last instant.
pub(super) fn count_checksum(topic: &str, source: &str, reason: &str, numbers: [i64; 3]) -> i64 {
    checksum::of(&[topic.as_bytes(), source.as_bytes(), reason.as_bytes(), numbers.map(i64::to_le_bytes).as_flattened()])
}

/// Drops blocks from the oldest on, as long as enough newer records remain.
fn drop_oldest(transaction: &Transaction<'_>) -> Result<(), Fault> {
    let mut kept: i64 = transaction.query_row("SELECT coalesce(sum(records), 0) FROM quarantine_block", [], |row| row.get(0))?;
    let mut oldest = transaction.prepare_cached("SELECT id, records FROM quarantine_block ORDER BY id LIMIT 1")?;
    let mut delete = transaction.prepare_cached("DELETE FROM quarantine_block WHERE id = ?1")?;
    loop {
        let found: Option<(i64, i64)> = oldest.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((id, records)) = found.filter(|(_, records)| kept - records >= KEPT.cast_signed()) else { return Ok(()) };
        delete.execute([id])?;
        kept -= records;
    }
}
