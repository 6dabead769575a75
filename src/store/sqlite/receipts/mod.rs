//! Receipts: every fact decided, in compressed blocks.
//!
//! A row per fact took 17 GB a day at 1,000 events a second, so facts are kept in blocks of one day (UTC) each. A commit adds one for each day
//! that it has facts of; sixteen of a size become one, until a block is large. Beside its facts a block has what is looked for: its day, the
//! time it spans, and lists of the agents, teams and kinds in it. The lists have a checksum of their own: a damaged one must not hide facts.
//!
//! > `block` encoding · `pending` what a commit brings · `write` adding, merging, forgetting · `read` asking

mod block;
mod pending;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use pending::PendingReceipts;
pub(super) use read::read;
pub(super) use write::write;

use rusqlite::Connection;

use super::fault::Fault;

/// A day in UTC, of receipts: milliseconds since 1970 divided by a day.
fn day_of(at: crate::model::Time) -> i64 {
    at.0.div_euclid(crate::model::Span::DAY.0)
}

/// Makes the tables of receipts.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS receipt_block (
             first INTEGER PRIMARY KEY,
             last INTEGER NOT NULL,
             day INTEGER NOT NULL,
             tier INTEGER NOT NULL,
             configuration INTEGER NOT NULL,
             from_ms INTEGER NOT NULL,
             until_ms INTEGER NOT NULL,
             facts INTEGER NOT NULL,
             lists BLOB NOT NULL,
             lists_checksum INTEGER NOT NULL,
             data_checksum INTEGER NOT NULL,
             data BLOB NOT NULL
         ) STRICT;
         CREATE INDEX IF NOT EXISTS receipt_block_day ON receipt_block (day, from_ms);
         CREATE INDEX IF NOT EXISTS receipt_block_tier ON receipt_block (tier, day, configuration) WHERE tier < 9;
         CREATE INDEX IF NOT EXISTS receipt_block_last ON receipt_block (last);",
    )
}

/// Makes sure that every block can be read: of a backup, or of a store in doubt.
pub(super) fn verify(connection: &Connection) -> Result<(), Fault> {
    let mut blocks = connection.prepare(&format!("SELECT {} FROM receipt_block ORDER BY first", block::COLUMNS))?;
    let mut rows = blocks.query([])?;
    while let Some(row) = rows.next()? {
        let stored = block::Stored::of(row)?;
        stored.lists()?;
        let payload = stored.payload(connection)?;
        let mut facts = 0;
        for entry in block::entries(&payload) {
            entry?;
            facts += 1;
        }
        if facts != stored.facts {
            return Err(block::damaged(stored.first));
        }
    }
    Ok(())
}
