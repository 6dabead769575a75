//! Every configuration that the store ran with, without secrets, since when. Receipts name the one that they were decided under.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::model::Time;

use super::checksum;
use super::fault::Fault;

/// A configuration that the store ran with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Fingerprint of the text, 32 hexadecimal digits.
    pub hash: String,
    /// When it was first used, wall time.
    pub since: Time,
    /// Where the engine's clock stood then: what is decided later is decided under it. `None` before the first event.
    pub clock: Option<Time>,
    /// The program that used it first.
    pub version: String,
    /// The resolved configuration as TOML, secrets masked.
    pub text: String,
}

/// A configuration that the store runs with from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// The resolved configuration as TOML, secrets masked.
    pub text: String,
    /// Wall time.
    pub now: Time,
    /// Where the engine's clock stands; `None` before the first event.
    pub clock: Option<Time>,
}

/// Makes the table of configurations.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS configuration (
             id INTEGER PRIMARY KEY,
             hash TEXT NOT NULL,
             since_ms INTEGER NOT NULL,
             clock_ms INTEGER,
             version TEXT NOT NULL,
             text TEXT NOT NULL,
             checksum INTEGER NOT NULL
         ) STRICT;",
    )
}

/// Enters the configuration that the store runs with from now on; true unless it is the one it ran with before.
pub(super) fn enter(transaction: &Transaction<'_>, text: &str, now: Time, clock: Option<Time>) -> Result<bool, Fault> {
    let hash = checksum::fingerprint(text.as_bytes());
    if latest(transaction)?.is_some_and(|latest| latest.hash == hash) {
        return Ok(false);
    }
    let new = Configuration { hash, since: now, clock, version: env!("CARGO_PKG_VERSION").to_owned(), text: text.to_owned() };
    transaction.execute(
        "INSERT INTO configuration (hash, since_ms, clock_ms, version, text, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![new.hash, new.since.0, new.clock.map(|clock| clock.0), new.version, new.text, new.checksum()],
    )?;
    Ok(true)
}

/// The configuration entered last.
pub(super) fn latest(connection: &Connection) -> Result<Option<Configuration>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM configuration ORDER BY id DESC LIMIT 1");
    let found = connection.query_row(&sql, [], stored).optional()?;
    found.map(Stored::checked).transpose()
}

/// All of them, the first one first.
pub(super) fn all(connection: &Connection) -> Result<Vec<Configuration>, Fault> {
    let mut rows = connection.prepare(&format!("SELECT {COLUMNS} FROM configuration ORDER BY id"))?;
    let rows = rows.query_map([], stored)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(Stored::checked).collect()
}

/// Number and hash of each.
pub(super) fn hashes(connection: &Connection) -> Result<Vec<(i64, String)>, Fault> {
    let mut rows = connection.prepare_cached("SELECT id, hash FROM configuration")?;
    Ok(rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

const COLUMNS: &str = "hash, since_ms, clock_ms, version, text, checksum";

struct Stored {
    configuration: Configuration,
    checksum: i64,
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let clock: Option<i64> = row.get(2)?;
    let configuration =
        Configuration { hash: row.get(0)?, since: Time(row.get(1)?), clock: clock.map(Time), version: row.get(3)?, text: row.get(4)? };
    Ok(Stored { configuration, checksum: row.get(5)? })
}

impl Stored {
    fn checked(self) -> Result<Configuration, Fault> {
        if self.configuration.checksum() == self.checksum {
            return Ok(self.configuration);
        }
        Err(Fault::Damaged(format!("the configuration of {}", self.configuration.since.0)))
    }
}

impl Configuration {
    fn checksum(&self) -> i64 {
        let clock = self.clock.map_or(i64::MIN, |clock| clock.0);
        let numbers = [self.since.0.to_le_bytes(), clock.to_le_bytes()];
        checksum::of(&[self.hash.as_bytes(), numbers.as_flattened(), self.version.as_bytes(), self.text.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(connection: &mut Connection, text: &str, now: i64, clock: Option<i64>) -> bool {
        let transaction = connection.transaction().unwrap();
        let new = enter(&transaction, text, Time(now), clock.map(Time)).unwrap();
        transaction.commit().unwrap();
        new
    }

    fn store() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        create(&connection).unwrap();
        connection
    }

    #[test]
    fn a_configuration_that_comes_back_is_entered_again_and_one_that_stays_is_not() {
        let mut connection = store();
        assert!(latest(&connection).unwrap().is_none());
        assert!(entered(&mut connection, "a = 1", 10, None));
        assert!(!entered(&mut connection, "a = 1", 20, Some(19)));
        assert!(entered(&mut connection, "a = 2", 30, Some(29)));
        assert!(entered(&mut connection, "a = 1", 40, Some(39)));
        let all = all(&connection).unwrap();
        let told: Vec<_> = all.iter().map(|one| (one.text.as_str(), one.since.0, one.clock.map(|clock| clock.0))).collect();
        assert_eq!(told, [("a = 1", 10, None), ("a = 2", 30, Some(29)), ("a = 1", 40, Some(39))]);
        assert_eq!(all[0].hash, all[2].hash);
        assert_eq!(latest(&connection).unwrap().as_ref(), all.last());
    }

    #[test]
    fn a_damaged_configuration_is_not_read() {
        let mut connection = store();
        assert!(entered(&mut connection, "a = 1", 10, None));
        connection.execute("UPDATE configuration SET text = 'a = 2'", []).unwrap();
        assert!(latest(&connection).is_err() && all(&connection).is_err());
    }
}
