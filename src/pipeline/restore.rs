//! The start: what a store kept becomes a core again.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use tracing::info;

use crate::clock::Clock;
use crate::model::{PartitionId, Reached, Table};
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
        let mut indexing = None;
        let positions = store.load(&mut |rows| {
            count += rows.len();
            core.restore(rows)?;
            // All ids are there. Their index is made while the rest is read: it waits for memory most of its time.
            if indexing.is_none() && rows.last().is_some_and(|row| row.table > Table::Remembered) {
                let mut ids = core.take_ids();
                indexing = Some(scope.spawn(move || {
                    ids.index();
                    ids
                }));
            }
            Ok(())
        });
        if let Some(indexing) = indexing {
            core.put_ids(indexing.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        positions
    })?;
    if count > 0 {
        core.expect_cold();
        let took = (clock.now() - begun).0;
        info!("restored {count} rows of state and {} positions in {took} ms", positions.len());
    }
    Ok(positions)
}
