//! Percentiles: how many samples fell into each bucket of a histogram with three significant digits.
//!
//! The buckets are those of hdrhistogram: one wide up to 2,048 ms, then 1,024 to each doubling, so that the lower edge of
//! a bucket is less than 0.1 % below each of its samples. Only buckets that hold something take memory, one to three
//! bytes each. Samples can be taken back, and counts of days added up to months, in any order.

use serde::{Deserialize, Serialize, Serializer};

use crate::model::Span;

/// Below this many milliseconds every value is its own bucket; each later doubling has half as many buckets.
const EXACT_BITS: u32 = 11;
/// New samples wait in a list until it is this long…
const RECENT: usize = 16;
/// …and takes one in so many of the bytes of the packed counts: packing rewrites all of those, and whoever stores or reads them packs first.
const SHARE: usize = 4;
/// Room for a few entries more.
const ROOM: usize = 64;

/// Counts of samples by bucket, packed: ordered by bucket, each entry the distance to the bucket before and its count.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Packed")]
pub struct Sparse {
    packed: Packed,
    recent: Vec<Bucket>,
}

/// The bucket that a sample falls into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Bucket(u16);

/// The packed counts. Each entry is a variable-length integer, twice the distance, odd when a count other than 1 follows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<u8>")]
struct Packed(Vec<u8>);

/// Bytes that no packing gives.
#[derive(Debug, thiserror::Error)]
#[error("damaged counts of samples")]
struct Damaged;

impl Sparse {
    /// Counts one sample. A negative span counts as zero.
    pub fn add(&mut self, sample: Span) {
        self.recent.push(sample.into());
        if self.recent.len() >= RECENT.max(self.packed.0.len() / size_of::<Bucket>() / SHARE) {
            self.pack();
        }
    }

    /// Counts many samples at once.
    pub(super) fn add_all(&mut self, buckets: impl Iterator<Item = Bucket>) {
        self.recent.extend(buckets);
        self.pack();
    }

    /// About how much memory the counts take.
    pub(super) fn bytes(&self) -> usize {
        self.packed.0.len() + self.recent.len() * size_of::<Bucket>()
    }

    /// Takes back one sample that was counted.
    pub fn take_back(&mut self, sample: Span) {
        let wanted = Bucket::from(sample);
        if let Some(index) = self.recent.iter().position(|recent| *recent == wanted) {
            self.recent.swap_remove(index);
        } else {
            self.packed = self.packed.with(std::iter::once((wanted.0, -1)));
            self.packed.0.shrink_to_fit();
        }
    }

    /// Adds the samples of another.
    pub fn merge(&mut self, other: &Self) {
        self.packed = merged(self.packed.entries(), other.packed.entries());
        self.recent.extend_from_slice(&other.recent);
        self.pack();
    }

    /// The samples by nearest rank: for each of the rising `percents` the smallest value that so many percent of the samples do not
    /// exceed, up to 0.1 % too short. `None` without samples.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, percents: [i64; N]) -> [Option<Span>; N] {
        let whole = self.whole();
        let count: i64 = whole.entries().map(|(_, count)| count).sum();
        let mut entries = whole.entries();
        let (mut seen, mut last) = (0, None);
        percents.map(|percent| {
            let rank = (count * percent + 99) / 100;
            while count > 0 && seen < rank.max(1) {
                let (bucket, count) = entries.next()?;
                seen += count;
                last = Some(Bucket(bucket).lower_edge());
            }
            last
        })
    }

    /// Puts the waiting samples with the others.
    fn pack(&mut self) {
        self.packed = self.whole();
        self.packed.0.shrink_to_fit();
        self.recent = Vec::new();
    }

    /// All samples, packed.
    fn whole(&self) -> Packed {
        if self.recent.is_empty() {
            return self.packed.clone();
        }
        let mut recent = self.recent.clone();
        recent.sort_unstable();
        self.packed.with(recent.chunk_by(|a, b| a == b).filter_map(|same| Some((same.first()?.0, same.len() as i64))))
    }
}

/// Equal when they count the same samples, whatever still waits to be packed.
impl PartialEq for Sparse {
    fn eq(&self, other: &Self) -> bool {
        self.whole() == other.whole()
    }
}

/// As bytes, all at once and not one by one.
impl Serialize for Sparse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.recent.as_slice() {
            [] => serializer.serialize_bytes(&self.packed.0),
            _ => serializer.serialize_bytes(&self.whole().0),
        }
    }
}

impl From<Packed> for Sparse {
    fn from(packed: Packed) -> Self {
        Self { packed, recent: Vec::new() }
    }
}

impl TryFrom<Vec<u8>> for Packed {
    type Error = Damaged;

    /// Takes only what packing again would give: buckets that rise, counts that are neither 0 nor beyond all reason.
    fn try_from(bytes: Vec<u8>) -> Result<Self, Damaged> {
        let packed = Self(bytes);
        let entries: Vec<(u16, i64)> = packed.entries().collect();
        let rises = entries.is_sorted_by(|(before, _), (after, _)| before < after);
        let sane = entries.iter().all(|(_, count)| count.unsigned_abs() <= u64::from(u32::MAX));
        let same = rises && sane && merged(entries.into_iter(), std::iter::empty()) == packed;
        if same { Ok(packed) } else { Err(Damaged) }
    }
}

impl Packed {
    /// Bucket and count of each entry, ordered by bucket.
    fn entries(&self) -> impl Iterator<Item = (u16, i64)> + '_ {
        let (mut at, mut before) = (0, 0);
        std::iter::from_fn(move || {
            let (bucket, count, end) = self.entry(at, before)?;
            (at, before) = (end, bucket);
            Some((bucket, count))
        })
    }

    /// Bucket and count of the entry that begins here, behind an entry of this bucket, and where it ends.
    fn entry(&self, at: usize, before: u16) -> Option<(u16, i64, usize)> {
        let mut bytes = self.0.get(at..)?.iter().copied();
        let head = read(&mut bytes)?;
        let count = if head & 1 == 0 { 1 } else { unzigzag(read(&mut bytes)?) };
        Some((before.wrapping_add((head >> 1) as u16), count, self.0.len() - bytes.len()))
    }

    /// These and a few counts more, whose buckets rise. Entries that stand behind the same one as before are copied as they are.
    fn with(&self, few: impl Iterator<Item = (u16, i64)>) -> Self {
        let mut sum = Self(Vec::with_capacity(self.0.len() + ROOM));
        // The entry that is looked at next, and the bucket before it; what is not copied yet, and the last bucket that was written.
        let (mut at, mut before, mut from, mut written) = (0, 0, 0, 0);
        for (bucket, more) in few {
            while let Some((passed, count, end)) = self.entry(at, before).filter(|(passed, ..)| *passed < bucket) {
                if from == at && written != before {
                    sum.push(passed - written, count);
                    (from, written) = (end, passed);
                }
                (at, before) = (end, passed);
            }
            if from < at {
                sum.0.extend_from_slice(&self.0[from..at]);
                written = before;
            }
            let known = self.entry(at, before).filter(|(known, ..)| *known == bucket);
            let count = more + known.map_or(0, |(_, count, _)| count);
            if let Some((_, _, end)) = known {
                (at, before) = (end, bucket);
            }
            if count != 0 {
                sum.push(bucket - written, count);
                written = bucket;
            }
            from = at;
        }
        if written != before
            && let Some((last, count, end)) = self.entry(at, before)
        {
            sum.push(last - written, count);
            from = end;
        }
        sum.0.extend_from_slice(&self.0[from..]);
        sum
    }

    fn push(&mut self, distance: u16, count: i64) {
        write(&mut self.0, u64::from(distance) << 1 | u64::from(count != 1));
        if count != 1 {
            write(&mut self.0, zigzag(count));
        }
    }
}

/// Both, added up; buckets with a count of 0 are left out.
fn merged(mut left: impl Iterator<Item = (u16, i64)>, mut right: impl Iterator<Item = (u16, i64)>) -> Packed {
    let mut packed = Packed::default();
    let mut before = 0;
    let (mut one, mut other) = (left.next(), right.next());
    loop {
        let (bucket, count) = match (one, other) {
            (Some(a), Some(b)) if a.0 == b.0 => (a.0, a.1 + b.1),
            (Some(a), Some(b)) => {
                if a.0 < b.0 {
                    a
                } else {
                    b
                }
            }
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => break,
        };
        if one.is_some_and(|(at, _)| at == bucket) {
            one = left.next();
        }
        if other.is_some_and(|(at, _)| at == bucket) {
            other = right.next();
        }
        if count != 0 {
            packed.push(bucket - before, count);
            before = bucket;
        }
    }
    packed.0.shrink_to_fit();
    packed
}

impl From<Span> for Bucket {
    /// Doublings past the exact part above the leading digits of the value. A negative span is zero.
    fn from(sample: Span) -> Self {
        let value = sample.0.max(0) as u64;
        let doublings = (u64::BITS - value.leading_zeros()).saturating_sub(EXACT_BITS);
        Self(((doublings as u16) << (EXACT_BITS - 1)) + (value >> doublings) as u16)
    }
}

impl Bucket {
    /// The smallest value that falls into it.
    pub(super) fn lower_edge(self) -> Span {
        let doublings = (u32::from(self.0) >> (EXACT_BITS - 1)).saturating_sub(1);
        Span((i64::from(self.0) - (i64::from(doublings) << (EXACT_BITS - 1))) << doublings)
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn write(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

fn read(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.next()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests;
