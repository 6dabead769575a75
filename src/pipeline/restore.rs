//! The start: what a store kept becomes a core again.

use std::collections::BTreeMap;

use tracing::info;

use crate::clock::Clock;
use crate::model::{PartitionId, Reached};
use crate::store::{Store, StoreError};

use super::core::Core;

/// Gives a new core the state that was committed last; returns how far each partition had been read.
///
/// # Errors
/// When the store is damaged, or was written by a newer version.
pub fn restore(core: &mut Core, store: &mut impl Store, clock: Clock) -> Result<BTreeMap<PartitionId, Reached>, StoreError> {
    let begun = clock.now();
    let mut count = 0;
    let positions = store.load(&mut |rows| {
        count += rows.len();
        core.restore(rows)
    })?;
    if count > 0 {
        core.expect_cold();
        let took = (clock.now() - begun).0;
        info!("restored {count} rows of state and {} positions in {took} ms", positions.len());
    }
    Ok(positions)
}
