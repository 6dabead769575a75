//! A block: its row, and the encoding of the facts in it.
//!
//! > payload = segment… · segment = sequence of its first fact, number of entries, entries · compressed with zstd

use std::collections::BTreeSet;

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use crate::model::{Name, Place, Time};
use crate::store::sqlite::checksum;
use crate::store::sqlite::fault::Fault;
use crate::store::sqlite::packing::{encoded, unpacked};

/// A payload is never larger than this: merging stops far below.
const PAYLOAD_MAX: usize = 1 << 30;

/// The columns of [`Stored::of`], in its order.
pub(super) const COLUMNS: &str = "first, last, day, tier, configuration, from_ms, until_ms, facts, lists, lists_checksum, data_checksum";

/// One fact in a payload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry<'a> {
    /// Of the segment's first fact how many further in the order decided.
    pub ahead: u32,
    /// When it counts.
    pub at: i64,
    /// Of a deadline's fact its place among those of its instant.
    #[serde(borrow)]
    pub deadline: Option<(u8, &'a str, u8)>,
    /// The word in `fact`.
    pub kind: &'a str,
    /// Credited agent, and the one it was judged against.
    pub agents: [Option<&'a str>; 2],
    /// Team, and the one it was judged against.
    pub teams: [Option<&'a str>; 2],
    /// The fact as JSON.
    pub line: &'a str,
}

/// What a block has facts of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Lists {
    /// Agents, credited or judged.
    pub agents: BTreeSet<Name>,
    /// Teams, likewise.
    pub teams: BTreeSet<Name>,
    /// Kinds of fact.
    pub kinds: BTreeSet<Name>,
}

impl Lists {
    /// Takes over those of another block.
    pub fn add(&mut self, other: Self) {
        self.agents.extend(other.agents);
        self.teams.extend(other.teams);
        self.kinds.extend(other.kinds);
    }
}

/// A block's row without its data.
#[derive(Debug)]
pub(super) struct Stored {
    pub first: i64,
    pub last: i64,
    pub day: i64,
    pub tier: i64,
    pub configuration: i64,
    pub from: i64,
    pub until: i64,
    pub facts: i64,
    pub lists: Vec<u8>,
    pub lists_checksum: i64,
    pub data_checksum: i64,
}

impl Stored {
    /// Reads [`COLUMNS`].
    pub fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            first: row.get(0)?,
            last: row.get(1)?,
            day: row.get(2)?,
            tier: row.get(3)?,
            configuration: row.get(4)?,
            from: row.get(5)?,
            until: row.get(6)?,
            facts: row.get(7)?,
            lists: row.get(8)?,
            lists_checksum: row.get(9)?,
            data_checksum: row.get(10)?,
        })
    }

    /// The checksum that stands beside the lists: of everything but tier and data.
    pub fn checksum(&self) -> i64 {
        let numbers = [self.first, self.last, self.day, self.configuration, self.from, self.until, self.facts].map(i64::to_le_bytes);
        checksum::of(&[numbers.as_flattened(), &self.lists])
    }

    /// What it has facts of, as it was written.
    pub fn lists(&self) -> Result<Lists, Fault> {
        if self.checksum() != self.lists_checksum {
            return Err(damaged(self.first));
        }
        postcard::from_bytes(&self.lists).map_err(|_| damaged(self.first))
    }

    /// Its facts, as they were written.
    pub fn payload(&self, connection: &Connection) -> Result<Vec<u8>, Fault> {
        let mut data = connection.prepare_cached("SELECT data FROM receipt_block WHERE first = ?1")?;
        let data: Vec<u8> = data.query_row([self.first], |row| row.get(0))?;
        if checksum::of(&[&data]) != self.data_checksum {
            return Err(damaged(self.first));
        }
        unpacked(&data, PAYLOAD_MAX).ok_or_else(|| damaged(self.first))
    }
}

/// A block that is not what was written.
pub(super) fn damaged(first: i64) -> Fault {
    Fault::Damaged(format!("the block of receipts from {first} on"))
}

/// Begins a segment.
pub(super) fn begin_segment(payload: Vec<u8>, base: u64, entries: u32) -> Vec<u8> {
    encoded(payload, &(base, entries))
}

/// The facts of a payload with the number of each.
pub(super) fn entries(payload: &[u8]) -> impl Iterator<Item = Result<(u64, Entry<'_>), Fault>> {
    let mut rest = payload;
    let (mut base, mut left) = (0_u64, 0_u32);
    std::iter::from_fn(move || {
        while left == 0 {
            if rest.is_empty() {
                return None;
            }
            match postcard::take_from_bytes::<(u64, u32)>(rest) {
                Ok(((begin, count), after)) => (base, left, rest) = (begin, count, after),
                Err(_) => {
                    rest = &[];
                    return Some(Err(Fault::Damaged("a block of receipts".to_owned())));
                }
            }
        }
        left -= 1;
        match postcard::take_from_bytes::<Entry<'_>>(rest) {
            Ok((entry, after)) => {
                rest = after;
                Some(Ok((base + u64::from(entry.ahead), entry)))
            }
            Err(_) => {
                (rest, left) = (&[], 0);
                Some(Err(Fault::Damaged("a block of receipts".to_owned())))
            }
        }
    })
}

/// The place of an entry.
pub(super) fn place(sequence: u64, entry: &Entry<'_>) -> Place {
    let deadline = entry.deadline.map(|(medium, id, which)| (medium, id.to_owned(), which));
    Place { at: Time(entry.at), deadline, sequence }
}
