//! Names by number: the names of a fact are looked up once, and everything that it is folded into goes by their numbers.

use std::num::NonZeroU32;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::hashed::hash;
use crate::model::Name;

/// The number of a name. It lives as long as the process: rows are stored with names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number(NonZeroU32);

impl Number {
    /// That of the empty name, which nobody has.
    pub const EMPTY: Self = Self(NonZeroU32::MIN);

    /// The same, counted from 0.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Every name that something was counted under.
#[derive(Debug)]
pub struct Names {
    numbers: HashTable<(Name, Number)>,
    /// By number.
    names: Vec<Name>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { numbers: HashTable::new(), names: Vec::new() };
        names.number(&Name::default());
        names
    }
}

impl Names {
    /// The number of a name, given now if it has none.
    pub fn number(&mut self, name: &Name) -> Number {
        match self.numbers.entry(hash(name.as_str()), |known| known.0 == *name, |known| hash(known.0.as_str())) {
            Entry::Occupied(found) => found.get().1,
            Entry::Vacant(place) => {
                self.names.push(name.clone());
                let before = u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX);
                let number = Number(NonZeroU32::MIN.saturating_add(before));
                place.insert((name.clone(), number));
                number
            }
        }
    }

    /// Reads a little of what [`Names::number`] will. Compares nothing, so that no look-up waits for the one before it.
    pub fn glance(&self, name: &Name) -> usize {
        self.numbers.find(hash(name.as_str()), |_| true).map_or(0, |(_, number)| number.index())
    }

    /// The number of a name, if there is one.
    pub fn numbered(&mut self, name: Option<&Name>) -> Option<Number> {
        name.map(|name| self.number(name))
    }

    /// The name with this number.
    pub fn name(&self, number: Number) -> &Name {
        &self.names[number.index()]
    }
}

/// Two numbers and 64 bits in one number, by which a key is found.
#[inline(always)]
pub fn packed(numbers: [Option<Number>; 2], bits: u64) -> u128 {
    let [one, other] = numbers.map(|number| number.map_or(0, |number| u64::from(number.0.get())));
    u128::from(one << 32 | other) << 64 | u128::from(bits)
}
