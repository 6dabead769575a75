//! Values by key, found by hash. Keys are a few numbers each, so that finding one compares no names.

use std::fmt::Debug;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::names::Names;

/// A key that holds numbers in the place of names.
pub trait NumberedKey: Copy + Eq + Debug {
    /// The same with names: as it is ordered, shown and stored.
    type Named: Ord + Clone + Debug;
    /// All of it in one number, by which it is found: no two keys have the same.
    fn packed(self) -> u128;
    /// Names in the place of numbers.
    fn named(self, names: &Names) -> Self::Named;
}

/// A map whose keys are found by hash. A key is packed as soon as it is there: read again as it was written, field by field and at
/// once, it would keep the processor waiting for memory that was written before it.
#[derive(Debug, Clone)]
pub struct Hashed<K, V>(HashTable<(K, V)>);

impl<K, V> Default for Hashed<K, V> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

impl<K: NumberedKey, V> Hashed<K, V> {
    /// The value of a key.
    pub fn get(&self, key: K) -> Option<&V> {
        let packed = key.packed();
        self.0.find(hash(&packed), |kept| kept.0.packed() == packed).map(|kept| &kept.1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let packed = key.packed();
        self.0.find_mut(hash(&packed), |kept| kept.0.packed() == packed).map(|kept| &mut kept.1)
    }

    /// The value of a key, and whether it was made now because there was none.
    #[inline(always)]
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> (&mut V, bool) {
        let packed = key.packed();
        match self.0.entry(hash(&packed), |kept| kept.0.packed() == packed, |kept| hash(&kept.0.packed())) {
            Entry::Occupied(found) => (&mut found.into_mut().1, false),
            Entry::Vacant(place) => (&mut place.insert((key, make())).into_mut().1, true),
        }
    }

    /// Forgets a key. Whether there was one.
    pub fn remove(&mut self, key: K) -> bool {
        let packed = key.packed();
        self.0.find_entry(hash(&packed), |kept| kept.0.packed() == packed).map(|found| found.remove()).is_ok()
    }

    /// All values, in no order, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|kept| &mut kept.1)
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = K> {
        self.0.iter().map(|kept| kept.0)
    }
}

/// The hash of a key, the same in every run.
pub fn hash(key: &(impl Hash + ?Sized)) -> u64 {
    FixedState::default().hash_one(key)
}
