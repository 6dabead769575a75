//! Topics and their numbers; how far each partition was read.
//!
//! A topic's number decides ties at one instant and stands in keys of state, so the store keeps the one that it gave first.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::model::{Mark, NextOffset, PartitionId, Reached};

use super::digest::{Digests, checksum};
use super::fault::Fault;

/// The number under which positions are digested.
const POSITIONS: u8 = 200;
/// The number under which topics are checked.
const TOPICS: u8 = 201;

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS topics (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, is_read INTEGER NOT NULL, \
         checksum INTEGER NOT NULL) STRICT; \
         CREATE TABLE IF NOT EXISTS positions (topic INTEGER NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, \
         last_offset INTEGER, last_hash INTEGER, checksum INTEGER NOT NULL, PRIMARY KEY (topic, partition)) STRICT, WITHOUT ROWID",
    )
}

/// A topic that was read, or still is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) name: String,
    /// Whether it is read now. One that is not keeps its number and its positions.
    pub(super) is_read: bool,
}

/// The topics in the order of their numbers, after those that are new were given one. A topic that is read and not configured any more is
/// an error, unless `leaves` are taken: then it is not read from now on.
pub(super) fn number(connection: &mut Connection, configured: &[String], leaves: bool) -> Result<Vec<Topic>, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = known(&transaction)?;
    let mut topics = before.clone();
    for topic in &mut topics {
        let is_configured = configured.contains(&topic.name);
        if topic.is_read && !is_configured && !leaves {
            return Err(Fault::TopicGone(topic.name.clone()));
        }
        topic.is_read = is_configured;
    }
    let new = configured.iter().filter(|name| !before.iter().any(|topic| topic.name == **name));
    topics.extend(new.map(|name| Topic { name: name.clone(), is_read: true }));
    if topics != before {
        let mut put = transaction.prepare("INSERT OR REPLACE INTO topics (number, name, is_read, checksum) VALUES (?1, ?2, ?3, ?4)")?;
        for (number, topic) in (0_i64..).zip(&topics) {
            put.execute((number, &topic.name, topic.is_read, topic_checksum(number, topic)))?;
        }
        drop(put);
        transaction.commit()?;
    }
    Ok(topics)
}

fn topic_checksum(number: i64, topic: &Topic) -> i64 {
    let key = format!("{number} {}", topic.is_read);
    checksum(TOPICS, key.as_bytes(), topic.name.as_bytes())
}

fn known(transaction: &Transaction<'_>) -> Result<Vec<Topic>, Fault> {
    let mut query = transaction.prepare("SELECT number, name, is_read, checksum FROM topics ORDER BY number")?;
    let rows = query.query_map((), |row| Ok((row.get(0)?, Topic { name: row.get(1)?, is_read: row.get(2)? }, row.get(3)?)))?;
    let mut topics = Vec::new();
    for row in rows {
        let (number, topic, written): (i64, Topic, i64) = row?;
        if usize::try_from(number) != Ok(topics.len()) || topic_checksum(number, &topic) != written {
            return Err(Fault::Damaged("the list of topics is not what was written".to_owned()));
        }
        topics.push(topic);
    }
    Ok(topics)
}

/// Notes how far partitions were read.
pub(super) fn write(
    transaction: &Transaction<'_>,
    digests: &mut Digests,
    positions: &BTreeMap<PartitionId, Reached>,
) -> rusqlite::Result<()> {
    let mut find = transaction.prepare_cached("SELECT checksum FROM positions WHERE topic = ?1 AND partition = ?2")?;
    let mut put = transaction.prepare_cached(
        "INSERT OR REPLACE INTO positions (topic, partition, next_offset, last_offset, last_hash, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (partition, reached) in positions {
        let before: Option<i64> = find.query_row((partition.topic, partition.partition), |found| found.get(0)).optional()?;
        if let Some(before) = before {
            digests.remove(POSITIONS, before);
        }
        let checksum = checksum_of(*partition, reached);
        let (last_offset, last_hash) = (reached.last.map(|last| last.offset), reached.last.map(|last| last.hash.cast_signed()));
        put.execute((partition.topic, partition.partition, reached.next.0, last_offset, last_hash, checksum))?;
        digests.add(POSITIONS, checksum);
    }
    Ok(())
}

/// How far partitions were read. `topics` is how many there are.
pub(super) fn read(connection: &Connection, found: &mut Digests, topics: usize) -> Result<BTreeMap<PartitionId, Reached>, Fault> {
    let mut query = connection.prepare("SELECT topic, partition, next_offset, last_offset, last_hash, checksum FROM positions")?;
    let rows = query.query_map((), |row| {
        let partition = PartitionId { topic: row.get(0)?, partition: row.get(1)? };
        let (offset, hash): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        let last = offset.zip(hash).map(|(offset, hash)| Mark { offset, hash: hash.cast_unsigned() });
        Ok((partition, Reached { next: NextOffset(row.get(2)?), last }, row.get::<_, i64>(5)?))
    })?;
    let mut positions = BTreeMap::new();
    for row in rows {
        let (partition, reached, written) = row?;
        if usize::from(partition.topic) >= topics || checksum_of(partition, &reached) != written {
            return Err(Fault::Damaged("a position is not what was written".to_owned()));
        }
        found.add(POSITIONS, written);
        positions.insert(partition, reached);
    }
    Ok(positions)
}

fn checksum_of(partition: PartitionId, reached: &Reached) -> i64 {
    let key = format!("{}/{}", partition.topic, partition.partition);
    checksum(POSITIONS, key.as_bytes(), format!("{} {:?}", reached.next.0, reached.last.map(|last| (last.offset, last.hash))).as_bytes())
}
