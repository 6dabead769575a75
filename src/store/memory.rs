//! A store in memory: a real one for everything but the end of the process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{PartitionId, Reached, Row, RowError, Table};

use super::{Commit, Lookup, Store, StoreError, TakeRows};

/// Keeps what was committed for as long as the process runs.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    rows: BTreeMap<(Table, Vec<u8>), Row>,
    positions: BTreeMap<PartitionId, Reached>,
}

impl Store for Memory {
    fn load(&mut self, take: TakeRows<'_>) -> Result<BTreeMap<PartitionId, Reached>, StoreError> {
        let rows: Vec<Row> = self.rows.values().filter(|row| row.table != Table::Ended).cloned().collect();
        take(&rows).map_err(unreadable)?;
        Ok(self.positions.clone())
    }

    fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        for row in commit.rows {
            let key = (row.table, row.key.clone());
            match row.value {
                Some(_) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        self.positions.extend(commit.positions);
        if let Some(since) = commit.remembers_since {
            self.rows.retain(|_, row| row.touched().is_none_or(|touched| touched >= since));
        }
        Ok(())
    }

    fn lookup(&self) -> Result<Option<Box<dyn Lookup>>, StoreError> {
        Ok(None)
    }

    fn is_durable(&self) -> bool {
        false
    }
}

impl Lookup for Memory {
    fn find(&mut self, keys: &[Vec<u8>], take: TakeRows<'_>) -> Result<(), StoreError> {
        let rows: Vec<Row> = keys.iter().filter_map(|key| self.rows.get(&(Table::Ended, key.clone()))).cloned().collect();
        take(&rows).map_err(unreadable)
    }
}

fn unreadable(source: RowError) -> StoreError {
    StoreError::Row { path: PathBuf::from("(memory)"), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NextOffset;

    #[test]
    fn a_removed_row_is_gone_and_a_later_row_replaces_an_earlier() {
        let mut store = Memory::default();
        let rows = vec![Row::put(Table::Agent, 1, &"amy", &1), Row::put(Table::Agent, 1, &"bob", &1)];
        store.commit(Commit { rows, ..Commit::default() }).unwrap();
        let rows = vec![Row::put(Table::Agent, 1, &"amy", &2), Row::remove(Table::Agent, &"bob")];
        let reached = Reached { next: NextOffset(7), last: None };
        let positions = BTreeMap::from([(PartitionId { topic: 0, partition: 3 }, reached)]);
        store.commit(Commit { rows, positions: positions.clone(), ..Commit::default() }).unwrap();
        let mut rows = Vec::new();
        let loaded = store.load(&mut |piece| {
            rows.extend_from_slice(piece);
            Ok(())
        });
        assert_eq!(loaded.unwrap(), positions);
        assert_eq!(rows, [Row::put(Table::Agent, 1, &"amy", &2)]);
    }
}
