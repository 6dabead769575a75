//! Rows of one commit, in the order of their keys, one after the other: compressed together in the file, and as they are in memory.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::model::{Row, Table};
use crate::store::sqlite::packing::{encoded, packed, unpacked};

/// Bytes of rows in a piece.
const FULL: usize = 1 << 20;
/// What a piece counts at least: each takes a while, however little is in it.
const COUNTED_MIN: usize = 1 << 16;
/// A piece is never larger than this: one row may be larger than a piece should be.
const UNPACKED_MAX: usize = 1 << 30;

/// Versions of rows that are put in order at a time, about, when all are given out…
const AT_A_TIME: usize = 64 * KEYS_AMONG;
/// …and between two keys of which those are known.
const KEYS_AMONG: usize = 128;

/// Names a row. Rows are in this order.
pub(super) type Key = (Table, Vec<u8>);

/// A row as one piece has it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Written<'p> {
    pub table: Table,
    pub key: &'p [u8],
    /// `None` where it was removed.
    pub value: Option<&'p [u8]>,
    /// The number of the piece.
    pub piece: i64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Piece {
    pub number: i64,
    /// That of what is in the file.
    pub checksum: i64,
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a row stands in the bytes.
#[derive(Debug)]
struct Place {
    table: Table,
    key: Range<u32>,
    value: Option<Range<u32>>,
}

/// Bytes, encoded as such and not one by one.
#[derive(Debug, PartialEq, Eq)]
struct Bytes<'b>(&'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'b, 'b> Deserialize<'de> for Bytes<'b> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Self)
    }
}

impl Piece {
    /// Takes as many of these rows as there is room for. Gives what is to be written, and the rows that are left.
    pub fn of<'r, 's>(number: i64, rows: &'s [&'r Row], checksum: impl Fn(&[u8]) -> i64) -> (Self, Vec<u8>, &'s [&'r Row]) {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for row in rows {
            if bytes.len() >= FULL {
                break;
            }
            bytes = encoded(bytes, &(row.table as u8, Bytes(&row.key)));
            let key = end_of(&bytes, &row.key);
            bytes = encoded(bytes, &row.value.as_deref().map(Bytes));
            places.push(Place { table: row.table, key, value: row.value.as_deref().map(|value| end_of(&bytes, value)) });
        }
        bytes.shrink_to_fit();
        places.shrink_to_fit();
        let (content, left) = (packed(&bytes), rows.get(places.len()..).unwrap_or_default());
        (Self { number, checksum: checksum(&content), bytes, places }, content, left)
    }

    /// What was written; `None` when it is not that.
    pub fn read(number: i64, content: &[u8], checksum: i64) -> Option<Self> {
        let bytes = unpacked(content, UNPACKED_MAX)?;
        let (mut places, mut rest) = (Vec::new(), bytes.as_slice());
        let range = |rest: &[u8], of: &[u8]| {
            let end = bytes.len() - rest.len();
            Some(u32::try_from(end - of.len()).ok()?..u32::try_from(end).ok()?)
        };
        while !rest.is_empty() {
            let ((table, key), after): ((u8, Bytes<'_>), _) = postcard::take_from_bytes(rest).ok()?;
            let key = range(after, key.0)?;
            let value: Option<Bytes<'_>>;
            (value, rest) = postcard::take_from_bytes(after).ok()?;
            let value = match value {
                Some(value) => Some(range(rest, value.0)?),
                None => None,
            };
            places.push(Place { table: Table::numbered(table)?, key, value });
        }
        places.shrink_to_fit();
        Some(Self { number, checksum, bytes, places })
    }

    /// What it counts: the bytes that it takes in memory, or more.
    pub fn size(&self) -> usize {
        (self.bytes.len() + self.places.len() * size_of::<Place>()).max(COUNTED_MIN)
    }

    /// All of its rows.
    pub fn rows(&self) -> impl Iterator<Item = Written<'_>> {
        self.places.iter().map(|place| self.row(place))
    }

    /// Its rows after one key, up to and with another.
    fn between(&self, after: Option<&Key>, upto: Option<&Key>) -> impl Iterator<Item = Written<'_>> {
        let behind = |key: &Key| self.places.partition_point(|place| self.row(place).name() <= (key.0, key.1.as_slice()));
        let (from, to) = (after.map_or(0, behind), upto.map_or(self.places.len(), behind));
        self.places.iter().take(to).skip(from).map(|place| self.row(place))
    }

    fn row(&self, place: &Place) -> Written<'_> {
        let slice = |range: &Range<u32>| &self.bytes[range.start as usize..range.end as usize];
        Written { table: place.table, key: slice(&place.key), value: place.value.as_ref().map(slice), piece: self.number }
    }
}

impl<'p> Written<'p> {
    /// What it is found by.
    pub fn name(&self) -> (Table, &'p [u8]) {
        (self.table, self.key)
    }
}

/// One key of so many of these pieces, in order: about as many rows lie between two of them.
pub(super) fn keys_among<'p>(pieces: impl Iterator<Item = &'p Piece>, of: usize) -> Vec<Key> {
    // Not always at the same place among them: pieces are in order, and may have as many rows each.
    let is_one = |index: usize| index % of == index / of * 79 % of;
    let some = pieces.flat_map(Piece::rows).enumerate().filter(|(index, _)| is_one(*index));
    let mut keys: Vec<Key> = some.map(|(_, row)| (row.table, row.key.to_vec())).collect();
    keys.sort_unstable();
    keys
}

/// Each row as it was written last, in the order of their keys: those after one key, up to and with another. Pieces come in the order of their
/// numbers.
pub(super) fn latest<'p>(pieces: impl Iterator<Item = &'p Piece>, after: Option<&Key>, upto: Option<&Key>) -> Vec<Written<'p>> {
    let mut rows: Vec<Written<'p>> = pieces.flat_map(|piece| piece.between(after, upto)).collect();
    rows.sort_by(|one, other| one.name().cmp(&other.name()));
    rows.dedup_by(|later, earlier| {
        let is_same = later.name() == earlier.name();
        if is_same {
            *earlier = *later;
        }
        is_same
    });
    rows
}

/// All rows as they were written last, in the order of their keys, some at a time.
pub(super) fn all<'p>(pieces: Vec<&'p Piece>) -> impl Iterator<Item = Written<'p>> {
    let ends = keys_among(pieces.iter().copied(), KEYS_AMONG).into_iter().step_by(AT_A_TIME / KEYS_AMONG);
    let mut after = None;
    ends.map(Some).chain([None]).flat_map(move |upto| {
        let rows = latest(pieces.iter().copied(), after.as_ref(), upto.as_ref());
        after = upto;
        rows
    })
}

/// Where the last of these bytes are.
fn end_of(bytes: &[u8], of: &[u8]) -> Range<u32> {
    let end = bytes.len() as u32;
    end - of.len() as u32..end
}
