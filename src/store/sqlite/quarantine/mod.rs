//! Quarantine: records that are no events. The newest 100,000 are kept, all are counted, by topic, source and reason.
//!
//! Customers' words and numbers are never stored: of a record its outline is kept, with the length of every text in the place of the text, and of
//! every long number likewise; of what is no JSON only size and hash. The bytes themselves stay where they are, in Kafka.
//!
//! > `outline` a record without its words · `pending` what a commit brings · `write` · `read`

mod outline;
mod pending;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use pending::{PendingRejects, is_same, kept};
pub(super) use read::{counts, newest, one};
pub(super) use write::write;

use rusqlite::Connection;

use super::fault::Fault;

/// Records that are kept: the newest ones.
pub const KEPT: u64 = 100_000;

/// Makes the tables of the quarantine.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS quarantine_block (
             id INTEGER PRIMARY KEY,
             records INTEGER NOT NULL,
             checksum INTEGER NOT NULL,
             data BLOB NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS quarantine_count (
             topic TEXT NOT NULL,
             source TEXT NOT NULL,
             reason TEXT NOT NULL,
             records INTEGER NOT NULL,
             first_ms INTEGER NOT NULL,
             last_ms INTEGER NOT NULL,
             checksum INTEGER NOT NULL,
             PRIMARY KEY (topic, source, reason)
         ) STRICT, WITHOUT ROWID;",
    )
}

/// Makes sure that everything in it can be read.
pub(super) fn verify(connection: &Connection) -> Result<(), Fault> {
    counts(connection)?;
    newest(connection, &mut |_| true)
}
