//! Where an id stands among the remembered ones, by its hash. An id that is not known, as nearly all are not, is looked for in one line of 64
//! bytes, and is put into the same: with millions of ids, memory is waited for once.

use std::hint::black_box;

/// Entries of one line.
const WIDTH: usize = 12;
/// Entries of one line when the index is full: above it, too many would have to stand in the line behind their own.
const FULL: usize = 9;

/// The index. Entries are sequence numbers; who asks knows what stands there.
#[derive(Debug, Default)]
pub(super) struct Index {
    lines: Vec<Line>,
    len: usize,
}

/// Entries whose hashes lead here, and some that found no room in the lines before.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(64))]
struct Line {
    entries: [u32; WIDTH],
    /// A byte of the hash of each entry.
    tags: [u8; WIDTH],
    len: u8,
    /// How many entries passed by this line, because it was full. So many that they cannot be counted stay so.
    passed: u16,
}

impl Line {
    /// Bit by bit, which entries have this tag.
    fn with_tag(&self, tag: u8) -> u16 {
        let known = (1u16 << self.len) - 1;
        let same = (0..WIDTH).fold(0, |same, at| same | u16::from(self.tags[at] == tag) << at);
        same & known
    }
}

impl Index {
    /// An empty one with room for so many.
    pub(super) fn with_capacity(entries: usize) -> Self {
        Self { lines: vec![Line::default(); entries.div_ceil(FULL)], len: 0 }
    }

    /// Whether it has to be made larger before anything is put in.
    pub(super) fn is_full(&self) -> bool {
        self.len >= self.lines.len() * FULL
    }

    /// Brings the lines near to which these hashes lead. Changes nothing.
    pub(super) fn look_ahead(&self, hashes: impl Iterator<Item = u64>) {
        black_box(hashes.fold(0, |all, hash| all ^ self.lines.get(self.home(hash)).map_or(0, |line| line.len)));
    }

    /// The entry of a hash for which `is` holds.
    pub(super) fn find(&mut self, hash: u64, is: impl Fn(u32) -> bool) -> Option<&mut u32> {
        let (line, at) = self.place_of(hash, is)?;
        Some(&mut self.lines[line].entries[at])
    }

    /// Puts an entry in that is not there. There must be room.
    pub(super) fn insert(&mut self, hash: u64, entry: u32) {
        let mut at = self.home(hash);
        while usize::from(self.lines[at].len) == WIDTH {
            self.lines[at].passed = self.lines[at].passed.saturating_add(1);
            at = self.behind(at);
        }
        let line = &mut self.lines[at];
        line.entries[usize::from(line.len)] = entry;
        line.tags[usize::from(line.len)] = tag(hash);
        line.len += 1;
        self.len += 1;
    }

    /// Takes the entry of a hash out for which `is` holds, if there is one.
    pub(super) fn remove(&mut self, hash: u64, is: impl Fn(u32) -> bool) {
        let Some((found, at)) = self.place_of(hash, is) else { return };
        let mut passed = self.home(hash);
        while passed != found {
            let line = &mut self.lines[passed];
            line.passed -= u16::from(line.passed < u16::MAX);
            passed = self.behind(passed);
        }
        let line = &mut self.lines[found];
        line.len -= 1;
        let last = usize::from(line.len);
        (line.entries[at], line.tags[at]) = (line.entries[last], line.tags[last]);
        self.len -= 1;
    }

    fn place_of(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<(usize, usize)> {
        let mut at = self.home(hash);
        loop {
            let line = self.lines.get(at)?;
            let mut same = line.with_tag(tag(hash));
            while same != 0 {
                let place = same.trailing_zeros() as usize;
                if is(line.entries[place]) {
                    return Some((at, place));
                }
                same &= same - 1;
            }
            if line.passed == 0 {
                return None;
            }
            at = self.behind(at);
        }
    }

    /// The line to which a hash leads: its high bits choose, of however many lines there are.
    fn home(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.lines.len() as u128) >> 64) as usize
    }

    fn behind(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() { 0 } else { line + 1 }
    }
}

fn tag(hash: u64) -> u8 {
    hash as u8
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_what_memory_gives_at_once() {
        assert_eq!(size_of::<Line>(), 64);
    }

    #[derive(Debug, Clone)]
    enum Deed {
        Insert(u64),
        Remove(usize),
    }

    /// Hashes of few lines and few tags: they stand in each other's way.
    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            3 => (0..6u64, 0..3u64).prop_map(|(high, low)| Deed::Insert((high << 61) | low)),
            2 => any::<usize>().prop_map(Deed::Remove),
        ]
    }

    proptest! {
        #[test]
        fn what_was_put_in_is_found_until_it_is_taken_out(deeds in prop::collection::vec(deed(), 1..400)) {
            let (mut index, mut model) = (Index::with_capacity(36), BTreeMap::new());
            for (entry, deed) in (0..).zip(deeds) {
                match deed {
                    Deed::Insert(hash) if !index.is_full() => {
                        index.insert(hash, entry);
                        model.insert(entry, hash);
                    }
                    Deed::Insert(_) => {}
                    Deed::Remove(nth) => {
                        let chosen = model.iter().nth(nth % model.len().max(1)).map(|(entry, hash)| (*entry, *hash));
                        if let Some((entry, hash)) = chosen {
                            index.remove(hash, |known| known == entry);
                            model.remove(&entry);
                        }
                    }
                }
                prop_assert!(index.find(entry.into(), |known| !model.contains_key(&known)).is_none());
                for (entry, hash) in &model {
                    prop_assert_eq!(index.find(*hash, |known| known == *entry), Some(&mut entry.clone()));
                }
            }
            let left: Vec<(u32, u64)> = model.into_iter().collect();
            left.iter().for_each(|(entry, hash)| index.remove(*hash, |known| known == *entry));
            prop_assert!(index.lines.iter().all(|line| line.len == 0 && line.passed == 0), "nothing is left behind");
        }
    }
}
