//! Values by key, found by hash. A key is looked up with what it is made of borrowed: a fact lends its names seven times.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// What a key is looked up by. It must hash as the key does.
pub trait Lookup<K>: Hash {
    /// Whether it is this key.
    fn is(&self, key: &K) -> bool;
    /// The key, to be kept.
    fn to_key(&self) -> K;
}

impl<K: Hash + Eq + Clone> Lookup<K> for K {
    fn is(&self, key: &K) -> bool {
        self == key
    }

    fn to_key(&self) -> K {
        self.clone()
    }
}

/// Lets keys with names be looked up by the same with borrowed names. Each has a method `with`, which does something to every name.
macro_rules! looked_up_by_borrowed_names {
    ($($key:ident),+) => {$(
        impl crate::kpi::hashed::Lookup<$key> for $key<&Name> {
            fn is(&self, key: &$key) -> bool {
                *self == key.with(|name| name)
            }

            fn to_key(&self) -> $key {
                self.with(|name| (*name).clone())
            }
        }
    )+};
}
pub(super) use looked_up_by_borrowed_names;

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
    pub fn get(&self, key: &impl Lookup<K>) -> Option<&V> {
        self.0.find(hash(key), |kept| key.is(&kept.0)).map(|kept| &kept.1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &impl Lookup<K>) -> Option<&mut V> {
        self.0.find_mut(hash(key), |kept| key.is(&kept.0)).map(|kept| &mut kept.1)
    }

    /// The value of a key, and whether it was made now because there was none.
    pub fn get_or_insert_with(&mut self, key: &impl Lookup<K>, make: impl FnOnce() -> V) -> (&mut V, bool) {
        match self.0.entry(hash(key), |kept| key.is(&kept.0), |kept| hash(&kept.0)) {
            Entry::Occupied(found) => (&mut found.into_mut().1, false),
            Entry::Vacant(place) => (&mut place.insert((key.to_key(), make())).into_mut().1, true),
        }
    }

    /// Forgets a key. Whether there was one.
    pub fn remove(&mut self, key: &impl Lookup<K>) -> bool {
        self.0.find_entry(hash(key), |kept| key.is(&kept.0)).map(|found| found.remove()).is_ok()
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|kept| &kept.0)
    }

    /// The values that probably have these keys, to bring them near ahead of their use. One in a hundred is another one. Nothing is
    /// compared, so that no look-up waits for the one before it.
    pub fn look_ahead(&self, keys: impl Iterator<Item = impl Lookup<K>>) -> Vec<&V> {
        let hashes: Vec<u64> = keys.map(|key| hash(&key)).collect();
        hashes.iter().filter_map(|hash| self.0.find(*hash, |_| true)).map(|kept| &kept.1).collect()
    }
}

fn hash(key: &impl Hash) -> u64 {
    FixedState::default().hash_one(key)
}
