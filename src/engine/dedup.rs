//! Remembered event ids: whether an event was seen before. Exact, in bounded memory.
//!
//! An id is kept as 128 bits of a keyed hash of its source and itself. Ids stand in segments in the order of their arrival,
//! a segment is dropped whole when the window has left it or the limit is exceeded, and an index finds an id by its hash.

mod index;

use std::collections::VecDeque;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::model::{Name, Row, RowError, Span, Table, Time};
use index::Index;

/// Ids in one segment: small enough that dropping one is quick, large enough that there are few.
const SEGMENT_IDS: usize = 1 << 14;
/// Ids that are looked for together when many are.
const AT_A_TIME: usize = 64;
/// Version of the rows' encoding: all ids, then the second of each, of [`ID`] and [`SECOND`] bytes.
const ROW_VERSION: u8 = 2;
/// That of older programs: a [`Slice`].
const SLICE: u8 = 1;
const ID: usize = size_of::<u128>();
const SECOND: usize = size_of::<u32>();

/// The memory of event ids.
#[derive(Debug)]
pub struct Dedup {
    window: Span,
    limit: usize,
    /// Sequence numbers (wrapping) of the ids, found by hash.
    index: Index,
    segments: VecDeque<Segment>,
    /// Sequence number of the first id of the first segment.
    base: u32,
    /// Ids that have been told as rows.
    told: VecDeque<ToldSlice>,
    untold: usize,
    removed: Vec<u64>,
    next_slice: u64,
}

/// An event's source and id, as they are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKey(u128);

impl EventKey {
    /// Of an event with this source and id. No source is a space of its own.
    #[must_use]
    pub fn of(source: Option<&Name>, id: &Name) -> Self {
        let mut hasher = SipHasher13::new();
        match source {
            Some(source) => {
                hasher.write_u8(1);
                hasher.write(source.as_bytes());
                hasher.write_u8(0xff);
            }
            None => hasher.write_u8(0),
        }
        hasher.write(id.as_bytes());
        Self(hasher.finish128().as_u128())
    }
}

/// Consecutive ids: hash, and event time in seconds (rounded down, from 1970).
#[derive(Debug, Default)]
struct Segment {
    hashes: Vec<u128>,
    seconds: Vec<u32>,
    newest: u32,
}

/// A row of remembered ids, by its key.
#[derive(Debug, Clone, Copy)]
struct ToldSlice {
    key: u64,
    ids: usize,
}

/// The content of one row of an older program: the ids added between two calls of `changes`.
#[derive(Debug, Serialize, Deserialize)]
struct Slice {
    hashes: Vec<u128>,
    seconds: Vec<u32>,
}

impl Dedup {
    /// Remembers ids for `window` of event time, and at most about `limit` of them.
    #[must_use]
    pub fn new(window: Span, limit: usize) -> Self {
        Self {
            window,
            limit,
            index: Index::default(),
            segments: VecDeque::new(),
            base: 0,
            told: VecDeque::new(),
            untold: 0,
            removed: Vec::new(),
            next_slice: 0,
        }
    }

    /// Brings the places near where these events are remembered. Changes nothing.
    pub fn recall(&self, keys: impl Iterator<Item = EventKey>) {
        self.index.look_ahead(keys.map(|key| fold(key.0)));
    }

    /// Whether this event was seen before; if not, it is remembered from now on.
    ///
    /// `reference` is the newest event of its partition, itself included: what lies further than the window from it counts as not seen.
    pub fn seen(&mut self, key: EventKey, time: Time, reference: Time) -> bool {
        let hash = key.0;
        let second = second_of(time);
        let next = self.next_sequence();
        self.make_room();
        let (segments, base) = (&self.segments, self.base);
        match self.index.find(fold(hash), |sequence| entry(segments, base, sequence).0 == hash) {
            Some(known) => {
                let first = Time(i64::from(entry(segments, base, *known).1) * 1_000);
                if (reference - first).0 <= self.window.0 + 999 && (first - reference).0 <= self.window.0 {
                    return true;
                }
                *known = next;
            }
            None => self.index.insert(fold(hash), next),
        }
        self.append(hash, second);
        false
    }

    /// Drops what no event dated at or after the clock can be a duplicate of.
    pub fn forget(&mut self, clock: Time) {
        let oldest = second_of(clock - self.window).saturating_sub(1);
        while let Some(first) = self.segments.front() {
            let over = self.len() > self.limit + first.hashes.len();
            if first.hashes.len() < SEGMENT_IDS || (first.newest >= oldest && !over) {
                return;
            }
            self.drop_first();
        }
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.segments.back() {
            Some(last) => (self.segments.len() - 1) * SEGMENT_IDS + last.hashes.len(),
            None => 0,
        }
    }

    /// Whether none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The ids added since the last call as one row, and the rows that hold no remembered id any more.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        rows.extend(self.removed.drain(..).map(|key| Row::remove(Table::Remembered, &key.to_be_bytes())));
        if self.untold == 0 {
            return;
        }
        let ids = (self.len() - self.untold..self.len()).map(|at| (&self.segments[at / SEGMENT_IDS], at % SEGMENT_IDS));
        let mut content = Vec::with_capacity(1 + self.untold * (ID + SECOND));
        content.push(ROW_VERSION);
        ids.clone().for_each(|(segment, at)| content.extend(segment.hashes[at].to_le_bytes()));
        ids.for_each(|(segment, at)| content.extend(segment.seconds[at].to_le_bytes()));
        rows.push(Row { table: Table::Remembered, key: self.next_slice.to_be_bytes().to_vec(), value: Some(content) });
        self.told.push_back(ToldSlice { key: self.next_slice, ids: self.untold });
        self.next_slice += 1;
        self.untold = 0;
    }

    /// Takes a row of [`Dedup::changes`] back; rows come in the order of their keys.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        let key = u64::from_be_bytes(row.read_key()?);
        let before = self.len();
        if row.version() == Some(SLICE) {
            let (_, Slice { hashes, seconds }): ([u8; 8], _) = row.read(SLICE)?;
            hashes.into_iter().zip(seconds).for_each(|(hash, second)| self.append(hash, second));
        } else {
            let content = row.content(ROW_VERSION)?;
            if !content.len().is_multiple_of(ID + SECOND) {
                return Err(RowError::Damaged { table: row.table });
            }
            let (hashes, seconds) = content.split_at(content.len() / (ID + SECOND) * ID);
            let (hashes, seconds) = (hashes.as_chunks().0.iter().copied(), seconds.as_chunks().0.iter().copied());
            hashes.zip(seconds).for_each(|(hash, second)| self.append(u128::from_le_bytes(hash), u32::from_le_bytes(second)));
        }
        let ids = self.len() - before;
        self.untold = 0;
        // They are put in together, by `make_index` or by whoever asks first.
        self.index = Index::default();
        self.told.push_back(ToldSlice { key, ids });
        self.next_slice = key + 1;
        Ok(())
    }

    /// Makes the index of ids that were taken back, which else is made by whoever asks first, who waits for it.
    pub fn make_index(&mut self) {
        self.make_room();
    }

    /// Makes a larger index when it is full, and one when there is none. Ids are put in in the order in which they stand: in that of the index
    /// before every one of them would have to be waited for.
    fn make_room(&mut self) {
        if !self.index.is_full() {
            return;
        }
        let most = self.limit.saturating_add(2 * SEGMENT_IDS);
        let mut index = Index::with_capacity((self.len() * 3 / 2).min(most).max(self.len() + SEGMENT_IDS));
        let mut sequence = self.base;
        for segment in &self.segments {
            for some in segment.hashes.chunks(AT_A_TIME) {
                index.look_ahead(some.iter().map(|hash| fold(*hash)));
                for hash in some {
                    point(&mut index, &self.segments, self.base, *hash, sequence);
                    sequence = sequence.wrapping_add(1);
                }
            }
        }
        self.index = index;
    }

    fn next_sequence(&self) -> u32 {
        self.base.wrapping_add(u32::try_from(self.len()).unwrap_or(u32::MAX))
    }

    fn append(&mut self, hash: u128, second: u32) {
        if self.segments.back().is_none_or(|last| last.hashes.len() == SEGMENT_IDS) {
            self.segments.push_back(Segment {
                hashes: Vec::with_capacity(SEGMENT_IDS),
                seconds: Vec::with_capacity(SEGMENT_IDS),
                newest: 0,
            });
        }
        if let Some(last) = self.segments.back_mut() {
            last.hashes.push(hash);
            last.seconds.push(second);
            last.newest = last.newest.max(second);
        }
        self.untold += 1;
    }

    fn drop_first(&mut self) {
        let Some(first) = self.segments.pop_front() else { return };
        let mut dropped = self.base;
        for some in first.hashes.chunks(AT_A_TIME) {
            self.recall(some.iter().map(|hash| EventKey(*hash)));
            for hash in some {
                self.index.remove(fold(*hash), |sequence| sequence == dropped);
                dropped = dropped.wrapping_add(1);
            }
        }
        self.base = self.base.wrapping_add(u32::try_from(first.hashes.len()).unwrap_or(u32::MAX));
        self.untold = self.untold.min(self.len());
        self.drop_told();
    }

    /// Removes the rows whose ids are all gone. A row that is partly gone stays: its ids are forgotten again after a restore.
    fn drop_told(&mut self) {
        let mut told: usize = self.told.iter().map(|slice| slice.ids).sum();
        let kept = self.len() - self.untold;
        while let Some(first) = self.told.front().copied() {
            if told - first.ids < kept {
                return;
            }
            told -= first.ids;
            self.told.pop_front();
            self.removed.push(first.key);
        }
    }
}

fn entry(segments: &VecDeque<Segment>, base: u32, sequence: u32) -> (u128, u32) {
    let at = sequence.wrapping_sub(base) as usize;
    let segment = &segments[at / SEGMENT_IDS];
    (segment.hashes[at % SEGMENT_IDS], segment.seconds[at % SEGMENT_IDS])
}

/// Lets the index find an id here; one that is remembered anew is found where it stands last.
fn point(index: &mut Index, segments: &VecDeque<Segment>, base: u32, hash: u128, sequence: u32) {
    match index.find(fold(hash), |known| entry(segments, base, known).0 == hash) {
        Some(known) => *known = sequence,
        None => index.insert(fold(hash), sequence),
    }
}

fn fold(hash: u128) -> u64 {
    hash as u64
}

fn second_of(time: Time) -> u32 {
    u32::try_from(time.0.div_euclid(1_000).max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dedup(limit: usize) -> Dedup {
        Dedup::new(Span(72 * Span::HOUR.0), limit)
    }

    fn seen(dedup: &mut Dedup, id: &str, hours: i64) -> bool {
        let at = Time(1_700_000_000_000 + hours * Span::HOUR.0);
        dedup.seen(EventKey::of(None, &Name::new(id)), at, at)
    }

    #[test]
    fn the_same_id_is_seen_within_the_window_and_not_after_it() {
        let mut dedup = dedup(1_000);
        assert!(!seen(&mut dedup, "e1", 0));
        assert!(seen(&mut dedup, "e1", 72));
        assert!(!seen(&mut dedup, "e1", 73));
        assert!(seen(&mut dedup, "e1", 100), "it is remembered anew");
    }

    #[test]
    fn an_id_that_was_remembered_anew_stays_so_when_the_index_grows() {
        let mut dedup = dedup(100_000);
        assert!(!seen(&mut dedup, "e1", 0));
        assert!(!seen(&mut dedup, "e1", 73));
        for n in 2..2_000 {
            assert!(!seen(&mut dedup, &format!("e{n}"), 73));
        }
        assert!(seen(&mut dedup, "e1", 100));
        assert!((2..2_000).all(|n| seen(&mut dedup, &format!("e{n}"), 100)));
    }

    #[test]
    fn a_source_is_a_space_of_its_own_and_no_source_too() {
        let mut dedup = dedup(1_000);
        let (id, at) = (Name::new("e1"), Time(1_700_000_000_000));
        assert!(!dedup.seen(EventKey::of(None, &id), at, at));
        assert!(!dedup.seen(EventKey::of(Some(&Name::new("shop")), &id), at, at));
        assert!(!dedup.seen(EventKey::of(Some(&Name::new("bank")), &id), at, at));
        assert!(dedup.seen(EventKey::of(Some(&Name::new("shop")), &id), at, at));
    }

    #[test]
    fn at_least_the_limit_is_remembered_and_memory_stays_bounded() {
        let limit = 3 * SEGMENT_IDS;
        let mut dedup = dedup(limit);
        for n in 0..6 * SEGMENT_IDS {
            assert!(!seen(&mut dedup, &format!("e{n}"), 0));
            dedup.forget(Time(1_700_000_000_000));
        }
        assert!(dedup.len() >= limit && dedup.len() <= limit + SEGMENT_IDS, "{}", dedup.len());
        assert!(seen(&mut dedup, &format!("e{}", 6 * SEGMENT_IDS - limit), 0));
        assert!(!seen(&mut dedup, "e0", 0));
    }

    #[test]
    fn what_the_window_has_left_is_dropped() {
        let mut dedup = dedup(usize::MAX / 2);
        for n in 0..2 * SEGMENT_IDS {
            seen(&mut dedup, &format!("e{n}"), 0);
        }
        dedup.forget(Time(1_700_000_000_000 + 72 * Span::HOUR.0));
        assert_eq!(dedup.len(), 2 * SEGMENT_IDS);
        dedup.forget(Time(1_700_000_000_000 + 73 * Span::HOUR.0));
        assert!(dedup.is_empty());
    }

    #[test]
    fn rows_carry_what_is_remembered_over_and_are_removed_with_it() {
        let mut dedup = dedup(SEGMENT_IDS);
        let mut stored = std::collections::BTreeMap::new();
        for n in 0..4 * SEGMENT_IDS {
            seen(&mut dedup, &format!("e{n}"), 0);
            dedup.forget(Time(1_700_000_000_000));
            if n % 5_000 == 0 || n == 4 * SEGMENT_IDS - 1 {
                let mut rows = Vec::new();
                dedup.changes(&mut rows);
                for row in rows {
                    match &row.value {
                        Some(_) => stored.insert(row.key.clone(), row),
                        None => stored.remove(&row.key),
                    };
                }
            }
        }
        assert!(stored.len() < 10, "dropped ids take their rows with them: {}", stored.len());
        let mut restored = Dedup::new(Span(72 * Span::HOUR.0), SEGMENT_IDS);
        stored.values().for_each(|row| restored.restore(row).unwrap());
        restored.forget(Time(1_700_000_000_000));
        for n in 3 * SEGMENT_IDS..4 * SEGMENT_IDS {
            assert!(seen(&mut restored, &format!("e{n}"), 1), "e{n}");
        }
        let mut rows = Vec::new();
        restored.changes(&mut rows);
        assert!(rows.iter().all(|row| row.value.is_none()), "nothing was added");
    }

    #[test]
    fn ids_that_an_older_program_has_kept_are_taken_back() {
        let (mut kept, mut rows) = (dedup(1_000), Vec::new());
        let events: [(EventKey, u32); 2] =
            [(EventKey::of(None, &"e1".into()), 1_700_000_000), (EventKey::of(None, &"e2".into()), 1_700_003_600)];
        let slice = Slice { hashes: events.map(|(key, _)| key.0).to_vec(), seconds: events.map(|(_, second)| second).to_vec() };
        kept.restore(&Row::put(Table::Remembered, SLICE, &7_u64.to_be_bytes(), &slice)).unwrap();
        assert!(!seen(&mut kept, "e3", 1));
        kept.changes(&mut rows);
        assert_eq!(rows[0].key, 8_u64.to_be_bytes(), "a row of its own behind it");
        assert!(seen(&mut kept, "e1", 72) && seen(&mut kept, "e2", 73) && !seen(&mut kept, "e1", 73));
    }

    #[test]
    fn a_damaged_or_newer_row_is_refused() {
        let (mut dedup, mut rows) = (dedup(1_000), Vec::new());
        seen(&mut dedup, "e1", 0);
        dedup.changes(&mut rows);
        let Row { table, key, value } = rows.remove(0);
        let content = value.unwrap();
        let refused =
            |content: &[u8]| Dedup::new(Span::HOUR, 1_000).restore(&Row { table, key: key.clone(), value: Some(content.to_vec()) });
        assert_eq!(refused(&content), Ok(()));
        assert_eq!(refused(&content[..content.len() - 1]), Err(RowError::Damaged { table }));
        assert_eq!(refused(&[9]), Err(RowError::Version { table, found: 9, known: ROW_VERSION }));
    }

    #[test]
    fn ids_that_are_taken_back_are_dropped_before_any_other_comes_and_one_remembered_anew_stays_so() {
        let (mut dedup, mut rows) = (dedup(2 * SEGMENT_IDS), Vec::new());
        for n in 0..3 * SEGMENT_IDS {
            assert!(!seen(&mut dedup, &format!("e{n}"), 0));
        }
        assert!(!seen(&mut dedup, &format!("e{}", 2 * SEGMENT_IDS), 73), "remembered anew");
        dedup.changes(&mut rows);
        let mut restored = Dedup::new(Span(72 * Span::HOUR.0), SEGMENT_IDS);
        rows.iter().for_each(|row| restored.restore(row).unwrap());
        for dedup in [&mut dedup, &mut restored] {
            dedup.limit = SEGMENT_IDS;
            dedup.forget(Time(1_700_000_000_000));
            assert_eq!(dedup.len(), SEGMENT_IDS + 1);
            assert!(seen(dedup, &format!("e{}", 2 * SEGMENT_IDS), 100));
            assert!(seen(dedup, &format!("e{}", 3 * SEGMENT_IDS - 1), 1));
            assert!(!seen(dedup, "e0", 1));
        }
    }
}
