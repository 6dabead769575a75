//! Values by key: found by hash where they change, read in the order of their keys.

use std::hash::Hash;
use std::sync::Arc;

use super::hashed::{Hashed, Lookup};

/// A map that remembers the order of its keys between two reads, so that a read sorts only when keys came or went.
#[derive(Debug, Clone)]
pub struct Keyed<K, V> {
    values: Hashed<K, V>,
    sorted: Arc<Vec<K>>,
    added: Vec<K>,
    removed: bool,
}

/// Values beside their keys, in the order of the keys: what a read gives. Cheap to clone as far as the keys go.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<K, V> {
    keys: Arc<Vec<K>>,
    values: Vec<V>,
}

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self { values: Hashed::default(), sorted: Arc::default(), added: Vec::new(), removed: false }
    }
}

impl<K: Clone + Hash + Ord, V> Keyed<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &impl Lookup<K>) -> Option<&V> {
        self.values.get(key)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &impl Lookup<K>) -> Option<&mut V> {
        self.values.get_mut(key)
    }

    /// The value of a key, made first when there is none.
    pub fn get_or_insert_with(&mut self, key: &impl Lookup<K>, make: impl FnOnce() -> V) -> &mut V {
        let (value, made) = self.values.get_or_insert_with(key, make);
        if made {
            self.added.push(key.to_key());
        }
        value
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &impl Lookup<K>) {
        self.removed |= self.values.remove(key);
    }

    /// The values that probably have these keys; see [`Hashed::look_ahead`].
    pub fn look_ahead(&self, keys: impl Iterator<Item = impl Lookup<K>>) -> Vec<&V> {
        self.values.look_ahead(keys)
    }

    /// All keys in order.
    pub fn keys(&mut self) -> Arc<Vec<K>> {
        if self.removed || !self.added.is_empty() {
            let mut keys: Vec<K> = self.sorted.iter().filter(|key| self.get(*key).is_some()).cloned().collect();
            let added = std::mem::take(&mut self.added);
            keys.extend(added.into_iter().filter(|key| self.get(key).is_some()));
            // A stable sort finds the sorted part and merges the rest into it.
            keys.sort();
            keys.dedup();
            self.sorted = Arc::new(keys);
            self.removed = false;
        }
        Arc::clone(&self.sorted)
    }

    /// What `show` makes of each value, in the order of the keys.
    pub fn column<T>(&mut self, mut show: impl FnMut(&V) -> T) -> Column<K, T> {
        let keys = self.keys();
        let values = keys.iter().filter_map(|key| self.get(key)).map(&mut show).collect();
        Column { keys, values }
    }
}

impl<K, V> Default for Column<K, V> {
    fn default() -> Self {
        Self { keys: Arc::default(), values: Vec::new() }
    }
}

impl<K, V> Column<K, V> {
    /// Keys and values in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.keys.iter().zip(&self.values)
    }
}

/// The pairs must come in the order of their keys, each key once.
impl<K, V> FromIterator<(K, V)> for Column<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let (keys, values): (Vec<K>, Vec<V>) = pairs.into_iter().unzip();
        Self { keys: Arc::new(keys), values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_went_and_came_again_is_read_once_and_in_order() {
        let mut keyed = Keyed::default();
        for key in [3, 1, 2] {
            *keyed.get_or_insert_with(&key, || 0) += key;
        }
        assert_eq!(*keyed.keys(), [1, 2, 3]);
        keyed.remove(&2);
        keyed.remove(&3);
        *keyed.get_or_insert_with(&3, || 0) += 7;
        let pairs: Vec<_> = keyed.column(|value| *value).iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(pairs, [(1, 1), (3, 7)]);
    }
}
