//! Reading the quarantine.

use rusqlite::Connection;

use crate::model::{RejectCount, Rejected, Time};
use crate::store::sqlite::checksum;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::packing::unpacked;

use super::write::count_checksum;

/// A block is never larger than this.
const BLOCK_BYTES_MAX: usize = 1 << 28;

/// All counts, by topic, source and reason.
pub(in crate::store::sqlite) fn counts(connection: &Connection) -> Result<Vec<RejectCount>, Fault> {
    let mut rows = connection.prepare(
        "SELECT topic, source, reason, records, first_ms, last_ms, checksum FROM quarantine_count ORDER BY topic, source, reason",
    )?;
    let mut rows = rows.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let (topic, source, reason): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let numbers: [i64; 3] = [row.get(3)?, row.get(4)?, row.get(5)?];
        if count_checksum(&topic, &source, &reason, numbers) != row.get::<_, i64>(6)? {
            return Err(Fault::Damaged("a count of the quarantine is not what was written".to_owned()));
        }
        let [records, first, last] = numbers;
        counts.push(RejectCount { topic, source, reason, records: records.cast_unsigned(), first: Time(first), last: Time(last) });
    }
    Ok(counts)
}

/// Gives out the records that are kept, the newest first, until `take` says no.
pub(in crate::store::sqlite) fn newest(connection: &Connection, take: &mut dyn FnMut(Rejected) -> bool) -> Result<(), Fault> {
    let mut blocks = connection.prepare("SELECT records, checksum, data FROM quarantine_block ORDER BY id DESC")?;
    let mut rows = blocks.query([])?;
    while let Some(row) = rows.next()? {
        let (count, written, data): (u32, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let records = (checksum_of(count, &data) == written).then(|| records(&data)).flatten();
        let records = records.ok_or_else(|| Fault::Damaged("a block of the quarantine is not what was written".to_owned()))?;
        for record in records.into_iter().rev() {
            if !take(record) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The record at this position, if it is kept.
pub(in crate::store::sqlite) fn one(connection: &Connection, topic: &str, partition: u32, offset: i64) -> Result<Option<Rejected>, Fault> {
    let mut found = None;
    newest(connection, &mut |record| {
        if record.topic == topic && record.partition == partition && record.offset == offset {
            found = Some(record);
        }
        found.is_none()
    })?;
    Ok(found)
}

/// The checksum of a block.
pub(super) fn checksum_of(records: u32, data: &[u8]) -> i64 {
    checksum::of(&[&records.to_le_bytes(), data])
}

fn records(data: &[u8]) -> Option<Vec<Rejected>> {
    let bytes = unpacked(data, BLOCK_BYTES_MAX)?;
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let (record, after) = postcard::take_from_bytes(rest).ok()?;
        records.push(record);
        rest = after;
    }
    Some(records)
}
