//! A store in memory: a real one for everything but the end of the process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::{PartitionId, Reached, Row, Table};

use super::{Commit, Store, StoreError, TakeRows};

/// Keeps what was committed for as long as the process runs.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    rows: BTreeMap<(Table, Vec<u8>), Row>,
    positions: BTreeMap<PartitionId, Reached>,
}

impl Store for Memory {
    fn load(&mut self, take: TakeRows<'_>) -> Result<BTreeMap<PartitionId, Reached>, StoreError> {
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        take(&rows).map_err(|source| StoreError::Row { path: PathBuf::from("(memory)"), source })?;
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
        Ok(())
    }

    fn is_durable(&self) -> bool {
        false
    }
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
