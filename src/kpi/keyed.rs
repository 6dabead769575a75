//! Values by key: found by hash where they change, read in the order of the names in their keys.

use std::sync::Arc;

use super::hashed::{Hashed, NumberedKey};
use super::names::Names;

/// A map that remembers the order of its keys between two reads, so that a read sorts only when keys came or went.
#[derive(Debug)]
pub struct Keyed<K: NumberedKey, V> {
    values: Hashed<K, V>,
    sorted: Sorted<K>,
    added: Vec<K>,
    removed: bool,
}

/// Keys in the order of their names, and these beside them.
#[derive(Debug)]
struct Sorted<K: NumberedKey> {
    keys: Arc<Vec<K>>,
    named: Arc<Vec<K::Named>>,
}

/// Values beside their keys, in the order of the keys: what a read gives. Cheap to clone as far as the keys go.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<K, V> {
    keys: Arc<Vec<K>>,
    values: Vec<V>,
}

impl<K: NumberedKey, V> Default for Keyed<K, V> {
    fn default() -> Self {
        let sorted = Sorted { keys: Arc::default(), named: Arc::default() };
        Self { values: Hashed::default(), sorted, added: Vec::new(), removed: false }
    }
}

impl<K: NumberedKey, V> Keyed<K, V> {
    /// The value of a key.
    pub fn get(&self, key: K) -> Option<&V> {
        self.values.get(key)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.values.get_mut(key)
    }

    /// The value of a key, made first when there is none.
    #[inline(always)]
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let (value, made) = self.values.get_or_insert_with(key, make);
        if made {
            self.added.push(key);
        }
        value
    }

    /// All values, in no order, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.values_mut()
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: K) {
        self.removed |= self.values.remove(key);
    }

    /// All keys in order.
    pub fn keys(&mut self, names: &Names) -> Arc<Vec<K>> {
        if self.removed || !self.added.is_empty() {
            let sorted = self.sorted.named.iter().cloned().zip(self.sorted.keys.iter().copied());
            let added = std::mem::take(&mut self.added).into_iter().map(|key| (key.named(names), key));
            let mut keys: Vec<(K::Named, K)> = sorted.chain(added).filter(|(_, key)| self.values.get(*key).is_some()).collect();
            // A stable sort finds the sorted part and merges the rest into it.
            keys.sort_by(|one, other| one.0.cmp(&other.0));
            keys.dedup_by(|one, other| one.1 == other.1);
            let (named, keys) = keys.into_iter().unzip();
            self.sorted = Sorted { keys: Arc::new(keys), named: Arc::new(named) };
            self.removed = false;
        }
        Arc::clone(&self.sorted.keys)
    }

    /// What `show` makes of each value, in the order of the keys.
    pub fn column<T>(&mut self, names: &Names, mut show: impl FnMut(&V) -> T) -> Column<K::Named, T> {
        let values = self.keys(names).iter().filter_map(|key| self.get(*key)).map(&mut show).collect();
        Column { keys: Arc::clone(&self.sorted.named), values }
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
    use super::super::names::{Number, packed};
    use super::*;
    use crate::model::Name;

    impl NumberedKey for Number {
        type Named = Name;

        fn packed(self) -> u128 {
            packed([Some(self), None], 0)
        }

        fn named(self, names: &Names) -> Name {
            names.name(self).clone()
        }
    }

    #[test]
    fn a_key_that_went_and_came_again_is_read_once_and_in_order() {
        let (mut names, mut keyed) = (Names::default(), Keyed::default());
        let [cy, amy, bob] = ["cy", "amy", "bob"].map(|name| names.number(&name.into()));
        for (key, value) in [(cy, 3), (amy, 1), (bob, 2)] {
            *keyed.get_or_insert_with(key, || 0) += value;
        }
        assert_eq!(*keyed.keys(&names), [amy, bob, cy]);
        keyed.remove(bob);
        keyed.remove(cy);
        *keyed.get_or_insert_with(cy, || 0) += 7;
        let pairs: Vec<_> = keyed.column(&names, |value| *value).iter().map(|(key, value)| (key.to_string(), *value)).collect();
        assert_eq!(pairs, [("amy".to_owned(), 1), ("cy".to_owned(), 7)]);
    }
}
