//! A store in memory: a real one for everything but the end of the process.

use std::collections::BTreeMap;

use crate::model::{NextOffset, PartitionId, Row, Table};

use super::{Commit, Committed, Store, StoreError};

/// Keeps what was committed for as long as the process runs.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    rows: BTreeMap<(Table, Vec<u8>), Row>,
    positions: BTreeMap<PartitionId, NextOffset>,
}

impl Store for Memory {
    fn load(&self) -> Result<Committed, StoreError> {
        Ok(Committed { rows: self.rows.values().cloned().collect(), positions: self.positions.clone() })
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

    #[test]
    fn a_removed_row_is_gone_and_a_later_row_replaces_an_earlier() {
        let mut store = Memory::default();
        let rows = vec![Row::put(Table::Agent, 1, &"amy", &1), Row::put(Table::Agent, 1, &"bob", &1)];
        store.commit(Commit { rows, positions: BTreeMap::new() }).unwrap();
        let rows = vec![Row::put(Table::Agent, 1, &"amy", &2), Row::remove(Table::Agent, &"bob")];
        let positions = BTreeMap::from([(PartitionId { topic: 0, partition: 3 }, NextOffset(7))]);
        store.commit(Commit { rows, positions: positions.clone() }).unwrap();
        assert_eq!(store.load().unwrap(), Committed { rows: vec![Row::put(Table::Agent, 1, &"amy", &2)], positions });
    }
}
