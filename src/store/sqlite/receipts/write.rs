//! Adding receipts, merging small blocks, and forgetting old ones: all in the commit's own transaction.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::model::Span;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::packing::{encoded, packed};

use super::block::{self, COLUMNS, Lists, Stored};
use super::pending::{OfDay, PendingReceipts};

/// So many blocks of a tier become one of the next.
const MERGED: usize = 16;
/// A block with this many facts is large enough, and never merged.
const LARGE: i64 = 4_096;
/// The tier of large blocks.
const LAST_TIER: i64 = 9;
/// Old blocks are removed so many at a time, so that no commit is long.
const FORGOTTEN_AT_ONCE: i64 = 64;

/// Adds the receipts of a commit, decided under the configuration that was entered last; those whose day is more than `keep` before the newest
/// one are forgotten.
pub(in crate::store::sqlite) fn write(transaction: &Transaction<'_>, pending: &PendingReceipts, keep: Span) -> Result<(), Fault> {
    if pending.is_empty() {
        return Ok(());
    }
    let last: Option<i64> = transaction.prepare_cached("SELECT max(last) FROM receipt_block")?.query_row([], |row| row.get(0))?;
    let base = last.map_or(0, |last| last + 1);
    let mut configuration = transaction.prepare_cached("SELECT coalesce(max(id), 0) FROM configuration")?;
    let configuration = configuration.query_row([], |row| row.get(0))?;
    for (day, of_day) in &pending.days {
        let tier = insert_day(transaction, *day, of_day, base, configuration)?;
        merge(transaction, *day, tier, configuration)?;
    }
    forget(transaction, keep)
}

fn insert_day(connection: &Connection, day: i64, of: &OfDay, base: i64, configuration: i64) -> Result<i64, Fault> {
    let mut payload = block::begin_segment(Vec::with_capacity(of.entries.len() + 16), base.cast_unsigned(), of.facts);
    payload.extend_from_slice(&of.entries);
    let facts = i64::from(of.facts);
    let head = Stored {
        first: base + i64::from(of.first),
        last: base + i64::from(of.last),
        day,
        tier: if facts >= LARGE { LAST_TIER } else { 0 },
        configuration,
        from: of.from,
        until: of.until,
        facts,
        lists: Vec::new(),
        lists_checksum: 0,
        data_checksum: 0,
    };
    insert(connection, head, &of.lists, &payload)
}

/// Writes a block and gives its tier.
fn insert(connection: &Connection, mut head: Stored, lists: &Lists, payload: &[u8]) -> Result<i64, Fault> {
    let data = packed(payload);
    head.lists = encoded(Vec::new(), lists);
    head.lists_checksum = head.checksum();
    head.data_checksum = crate::store::sqlite::checksum::of(&[&data]);
    let mut insert = connection.prepare_cached(&format!(
        "INSERT INTO receipt_block ({COLUMNS}, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    ))?;
    insert.execute(params![
        head.first,
        head.last,
        head.day,
        head.tier,
        head.configuration,
        head.from,
        head.until,
        head.facts,
        head.lists,
        head.lists_checksum,
        head.data_checksum,
        data
    ])?;
    Ok(head.tier)
}

/// Makes one block out of sixteen of a tier, and goes on with the next tier.
fn merge(connection: &Connection, day: i64, mut tier: i64, configuration: i64) -> Result<(), Fault> {
    while tier < LAST_TIER {
        let mut parts = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM receipt_block WHERE tier = ?1 AND tier < 9 AND day = ?2 AND configuration = ?3 ORDER BY first"
        ))?;
        let parts = parts.query_map(params![tier, day, configuration], Stored::of)?.collect::<Result<Vec<_>, _>>()?;
        if parts.len() < MERGED {
            return Ok(());
        }
        tier = merge_parts(connection, &parts, tier)?;
    }
    Ok(())
}

fn merge_parts(connection: &Connection, parts: &[Stored], tier: i64) -> Result<i64, Fault> {
    let (mut lists, mut payload) = (Lists::default(), Vec::new());
    for part in parts {
        lists.add(part.lists()?);
        payload.extend(part.payload(connection)?);
        connection.prepare_cached("DELETE FROM receipt_block WHERE first = ?1")?.execute([part.first])?;
    }
    let facts = parts.iter().map(|part| part.facts).sum();
    let Some(one) = parts.first() else { return Ok(LAST_TIER) };
    let head = Stored {
        first: one.first,
        last: parts.iter().map(|part| part.last).fold(one.last, i64::max),
        day: one.day,
        tier: if facts >= LARGE { LAST_TIER } else { tier + 1 },
        configuration: one.configuration,
        from: parts.iter().map(|part| part.from).fold(one.from, i64::min),
        until: parts.iter().map(|part| part.until).fold(one.until, i64::max),
        facts,
        lists: Vec::new(),
        lists_checksum: 0,
        data_checksum: 0,
    };
    insert(connection, head, &lists, &payload)
}

/// Removes some of the blocks that are too old.
fn forget(connection: &Connection, keep: Span) -> Result<(), Fault> {
    let mut newest = connection.prepare_cached("SELECT day FROM receipt_block ORDER BY day DESC LIMIT 1")?;
    let newest: Option<i64> = newest.query_row([], |row| row.get(0)).optional()?;
    let Some(newest) = newest else { return Ok(()) };
    let oldest_kept = newest - keep.0.div_euclid(Span::DAY.0);
    let mut old = connection.prepare_cached(
        "DELETE FROM receipt_block WHERE first IN (SELECT first FROM receipt_block WHERE day < ?1 ORDER BY day LIMIT ?2)",
    )?;
    old.execute([oldest_kept, FORGOTTEN_AT_ONCE])?;
    Ok(())
}
