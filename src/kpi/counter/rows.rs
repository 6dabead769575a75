//! Counters as rows: one row per counter.

use serde::{Deserialize, Serialize};

use super::histogram::{self, Histogram};
use super::time::{Seconds, Spent};
use super::{CounterKey, Counters, TimeKey};
use crate::kpi::hashed::NumberedKey;
use crate::kpi::names::{Names, Number};
use crate::model::{Name, Row, RowError, SpentTime, Table};

const VERSION: u8 = 1;

/// The content of a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Stored {
    Histogram(histogram::Stored),
    Count(u64),
    /// What was posted, and what was shown beyond what was spent.
    Time(SpentTime, Seconds),
}

impl CounterKey<Number> {
    fn named(self, names: &Names) -> CounterKey {
        match self {
            Self::Histogram(key) => CounterKey::Histogram(key.named(names)),
            Self::Answers(key) => CounterKey::Answers(key.named(names)),
            Self::Breaches(key) => CounterKey::Breaches(key.named(names)),
            Self::Withdrawn(key) => CounterKey::Withdrawn(key.named(names)),
            Self::Time(key) => CounterKey::Time(key.named(names)),
        }
    }
}

impl TimeKey<Number> {
    fn named(self, names: &Names) -> TimeKey {
        self.with(|number| names.name(*number).clone())
    }
}

impl Counters {
    /// Each counter that changed since the last call, once, in the order of their keys.
    pub fn changes(&mut self, names: &Names, rows: &mut Vec<Row>) {
        let Some(touched) = &mut self.touched else { return };
        let mut keys: Vec<(CounterKey, CounterKey<Number>)> = touched.drain().map(|key| (key.named(names), key)).collect();
        keys.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let put = |(named, key): &(CounterKey, _)| Some(Row::put(Table::Counter, VERSION, named, &self.stored(*key, names)?));
        rows.extend(keys.iter().filter_map(put));
    }

    /// Takes in a row of [`Table::Counter`].
    ///
    /// # Errors
    /// When the row is damaged or of a newer version.
    pub fn restore(&mut self, row: &Row, names: &mut Names) -> Result<(), RowError> {
        let number = |name: &Name| names.number(name);
        match row.read(VERSION)? {
            (CounterKey::Histogram(key), Stored::Histogram(stored)) => {
                let edges = self.edges.of(key.family);
                self.histograms.get_or_insert_with(key.with(number), || Histogram::new(edges)).restore(&stored);
            }
            (CounterKey::Answers(key), Stored::Count(count)) => *self.answers.get_or_insert_with(key.with(number), || 0) = count,
            (CounterKey::Breaches(key), Stored::Count(count)) => *self.breaches.get_or_insert_with(key.with(number), || 0) = count,
            (CounterKey::Withdrawn(key), Stored::Count(count)) => *self.withdrawn.get_or_insert_with(key.with(number), || 0) = count,
            (CounterKey::Time(key), Stored::Time(closed, excess)) => {
                self.time.insert(key, Spent::restored(closed, excess));
            }
            _ => return Err(RowError::Damaged { table: Table::Counter }),
        }
        Ok(())
    }

    fn stored(&self, key: CounterKey<Number>, names: &Names) -> Option<Stored> {
        Some(match key {
            CounterKey::Histogram(key) => Stored::Histogram(self.histograms.get(key)?.stored()),
            CounterKey::Answers(key) => Stored::Count(*self.answers.get(key)?),
            CounterKey::Breaches(key) => Stored::Count(*self.breaches.get(key)?),
            CounterKey::Withdrawn(key) => Stored::Count(*self.withdrawn.get(key)?),
            CounterKey::Time(key) => self.time.get(&key.named(names)).map(|spent| Stored::Time(spent.closed, spent.excess))?,
        })
    }
}
