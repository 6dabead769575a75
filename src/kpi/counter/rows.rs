//! Counters as rows: one row per counter.

use serde::{Deserialize, Serialize};

use super::histogram::{self, Histogram};
use super::time::{Seconds, Spent};
use super::{CounterKey, Counters};
use crate::model::{Row, RowError, SpentTime, Table};

const VERSION: u8 = 1;

/// The content of a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Stored {
    Histogram(histogram::Stored),
    Count(u64),
    /// What was posted, and what was shown beyond what was spent.
    Time(SpentTime, Seconds),
}

impl Counters {
    /// Each counter that changed since the last call, once, in the order of their keys.
    pub fn changes(&mut self, rows: &mut Vec<Row>) {
        let Some(touched) = &mut self.touched else { return };
        let mut keys: Vec<CounterKey> = touched.drain().collect();
        keys.sort_unstable();
        let put = |key: &CounterKey| Some(Row::put(Table::Counter, VERSION, key, &self.stored(key)?));
        rows.extend(keys.iter().filter_map(put));
    }

    /// Takes in a row of [`Table::Counter`].
    ///
    /// # Errors
    /// When the row is damaged or of a newer version.
    pub fn restore(&mut self, row: &Row) -> Result<(), RowError> {
        match row.read(VERSION)? {
            (CounterKey::Histogram(key), Stored::Histogram(stored)) => {
                let edges = self.edges.of(key.family);
                self.histograms.get_or_insert_with(&key, || Histogram::new(edges)).restore(&stored);
            }
            (CounterKey::Answers(key), Stored::Count(count)) => *self.answers.get_or_insert_with(&key, || 0) = count,
            (CounterKey::Breaches(key), Stored::Count(count)) => *self.breaches.get_or_insert_with(&key, || 0) = count,
            (CounterKey::Withdrawn(key), Stored::Count(count)) => *self.withdrawn.get_or_insert_with(&key, || 0) = count,
            (CounterKey::Time(key), Stored::Time(closed, excess)) => {
                self.time.insert(key, Spent::restored(closed, excess));
            }
            _ => return Err(RowError::Damaged { table: Table::Counter }),
        }
        Ok(())
    }

    fn stored(&self, key: &CounterKey) -> Option<Stored> {
        Some(match key {
            CounterKey::Histogram(key) => Stored::Histogram(self.histograms.get(key)?.stored()),
            CounterKey::Answers(key) => Stored::Count(*self.answers.get(key)?),
            CounterKey::Breaches(key) => Stored::Count(*self.breaches.get(key)?),
            CounterKey::Withdrawn(key) => Stored::Count(*self.withdrawn.get(key)?),
            CounterKey::Time(key) => self.time.get(key).map(|spent| Stored::Time(spent.closed, spent.excess))?,
        })
    }
}
