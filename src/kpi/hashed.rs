//! Values by key, found by hash.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A map that can look up many keys at once, ahead of their use.
#[derive(Debug, Clone)]
pub struct Hashed<K, V>(HashTable<(K, V)>);

impl<K, V> Default for Hashed<K, V> {
    fn default() -> Self {
        Self(HashTable::new())
    }
}

impl<K: Hash + Eq, V> Hashed<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.find(hash(key), |kept| kept.0 == *key).map(|kept| &kept.1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.find_mut(hash(key), |kept| kept.0 == *key).map(|kept| &mut kept.1)
    }

    /// The value of a key, and whether it was made now because there was none.
    pub fn get_or_insert_with(&mut self, key: &K, make: impl FnOnce() -> V) -> (&mut V, bool)
    where
        K: Clone,
    {
        match self.0.entry(hash(key), |kept| kept.0 == *key, |kept| hash(&kept.0)) {
            Entry::Occupied(found) => (&mut found.into_mut().1, false),
            Entry::Vacant(place) => (&mut place.insert((key.clone(), make())).into_mut().1, true),
        }
    }

    /// Forgets a key. Whether there was one.
    pub fn remove(&mut self, key: &K) -> bool {
        self.0.find_entry(hash(key), |kept| kept.0 == *key).map(|found| found.remove()).is_ok()
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|kept| &kept.0)
    }

    /// The values that probably have these keys, to bring them near ahead of their use. One in a hundred is another one. Nothing is
    /// compared, so that no look-up waits for the one before it.
    pub fn look_ahead(&self, keys: impl Iterator<Item = K>) -> Vec<&V> {
        let hashes: Vec<u64> = keys.map(|key| hash(&key)).collect();
        hashes.iter().filter_map(|hash| self.0.find(*hash, |_| true)).map(|kept| &kept.1).collect()
    }
}

fn hash(key: &impl Hash) -> u64 {
    FixedState::default().hash_one(key)
}
