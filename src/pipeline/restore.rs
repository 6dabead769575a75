//! The start: what a store kept becomes a core again.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use tracing::info;

use crate::clock::Clock;
use crate::engine::Dedup;
use crate::model::{PartitionId, Reached, Row, Table};
use crate::store::{Store, StoreError};

use super::core::Core;

/// Gives a new core the state that was committed last; returns how far each partition had been read.
///
/// # Errors
/// When the store is damaged, or was written by a newer version.
pub fn restore(core: &mut Core, store: &mut impl Store, clock: Clock) -> Result<BTreeMap<PartitionId, Reached>, StoreError> {
    let begun = clock.now();
    let mut count = 0;
    let positions = thread::scope(|scope| {
        let mut indexing: Option<ScopedJoinHandle<'_, Dedup>> = None;
        let positions = store.load(&mut |rows| {
            count += rows.len();
            let are_ids = |row: &Row| row.table == Table::Remembered;
            if rows.iter().any(are_ids) {
                indexing.take().into_iter().for_each(|indexing| core.put_ids(done(indexing)));
            }
            core.restore(rows)?;
            // Most likely all ids are there. Their index is made while the rest is read: it waits for memory most of its time.
            if indexing.is_none() && rows.last().is_some_and(|row| row.table > Table::Remembered) {
                let mut ids = core.take_ids();
                indexing = Some(scope.spawn(move || {
                    ids.make_index();
                    ids
                }));
            }
            Ok(())
        });
        indexing.into_iter().for_each(|indexing| core.put_ids(done(indexing)));
        positions
    })?;
    if count > 0 {
        core.expect_cold();
        let took = (clock.now() - begun).0;
        info!("restored {count} rows of state and {} positions in {took} ms", positions.len());
    }
    Ok(positions)
}

fn done<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::Settings;
    use crate::ingest::Record;
    use crate::model::{Position, RowError};
    use crate::pipeline::{CoreSettings, Taken};
    use crate::store::{Commit, Lookup, TakeRows};

    const PART: PartitionId = PartitionId { topic: 0, partition: 0 };

    /// Gives out its rows one by one.
    struct OneByOne(Vec<Row>);

    impl Store for OneByOne {
        fn load(&mut self, take: TakeRows<'_>) -> Result<BTreeMap<PartitionId, Reached>, StoreError> {
            let unreadable = |source| StoreError::Row { path: "rows".into(), source };
            self.0.chunks(1).try_for_each(|row| take(row).map_err(unreadable))?;
            Ok(BTreeMap::new())
        }

        fn commit(&mut self, _: Commit) -> Result<(), StoreError> {
            Ok(())
        }

        fn lookup(&self) -> Result<Option<Box<dyn Lookup>>, StoreError> {
            Ok(None)
        }

        fn is_durable(&self) -> bool {
            true
        }
    }

    fn core() -> Core {
        let engine = Arc::new(Settings { track_changes: true, ..Settings::default() });
        let settings = CoreSettings { engine, phrases: Vec::new(), auto_texts: Vec::new(), windows: Vec::new(), shows_agents: true };
        Core::new(&settings).unwrap()
    }

    fn take(core: &mut Core, number: i64) -> Taken {
        let event = format!(
            r#"{{"id":"e{number}","type":"agent.status","time":{},"agent":"a{number}","status":"available"}}"#,
            1_764_061_200_000 + number
        );
        core.take(Record { position: Position { partition: PART, offset: number }, arrived: None, value: event.as_bytes() })
    }

    /// What commits of one event each have left, in the order of tables and keys.
    fn rows() -> Vec<Row> {
        let (mut whole, mut rows) = (core(), BTreeMap::new());
        for number in 0..4 {
            assert_eq!(take(&mut whole, number), Taken::Applied);
            whole.counters();
            rows.extend(whole.changes().into_iter().map(|row| ((row.table, row.key.clone()), row)));
        }
        rows.into_values().collect()
    }

    #[test]
    fn every_id_is_remembered_however_the_rows_come() {
        let rows = rows();
        let are_ids = |row: &Row| row.table == Table::Remembered;
        assert!(rows.iter().filter(|row| are_ids(row)).count() > 1 && rows.iter().any(|row| row.table > Table::Remembered));
        let (ids, others): (Vec<Row>, Vec<Row>) = rows.iter().cloned().partition(are_ids);
        let between = [&ids[..1], &others, &ids[1..]].concat();
        for rows in [rows, [others, ids.clone()].concat(), between, ids] {
            let mut core = core();
            restore(&mut core, &mut OneByOne(rows), Clock::start()).unwrap();
            for number in 0..4 {
                assert_eq!(take(&mut core, number), Taken::Duplicate, "{number}");
            }
            assert_eq!(take(&mut core, 4), Taken::Applied);
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_after_the_ids_is_told() {
        let mut rows = rows();
        let last = rows.last_mut().unwrap();
        let table = last.table;
        last.value = Some(vec![99]);
        let refused = restore(&mut core(), &mut OneByOne(rows), Clock::start()).unwrap_err();
        assert!(
            matches!(refused, StoreError::Row { source: RowError::Version { table: of, found: 99, .. }, .. } if of == table),
            "{refused}"
        );
    }
}
