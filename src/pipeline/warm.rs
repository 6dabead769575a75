//! Ended conversations come back into memory before an event about them is applied.

use crate::engine::Reach;
use crate::model::{Row, Table};
use crate::store::{Lookup, StoreError};

use super::core::Core;

/// Restores what the core needs from the store before it may [`Core::advance`] so far.
///
/// # Errors
/// When the store cannot be read, or is damaged.
pub fn warm(core: &mut Core, store: &mut dyn Lookup, reach: Reach) -> Result<(), StoreError> {
    let mut missing = core.engine().missing(reach);
    while !missing.is_empty() {
        let mut keys: Vec<Vec<u8>> = missing.iter().map(|id| Row::remove(Table::Ended, id).key).collect();
        // Neighbours lie in one page.
        keys.sort_unstable();
        store.find(&keys, &mut |rows| core.restore(rows))?;
        missing = core.engine().missing_behind(&missing);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
