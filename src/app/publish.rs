//! The published copy of the ledger, out of a store that the service may be writing.

use std::path::Path;

use crate::config::{Config, changed_keys};
use crate::kpi::PeriodKind;
use crate::model::{Table, Time};
use crate::pipeline::Core;
use crate::store::{Publication, Reader, publish};
use crate::view;

use super::AppError;

/// The tables that totals and open time are made of: conversations are not needed for them.
const NEEDED: [Table; 5] = [Table::Clock, Table::Agent, Table::Total, Table::Correction, Table::AgentTeam];

/// Writes the published copy of the configured store, as of its last commit.
///
/// # Errors
/// When the store cannot be read, or the file not be written; then the copy before stays.
pub fn publish_ledger(config: &Config, file: &Path, now: Time) -> Result<(), AppError> {
    let store = Reader::open(Path::new(&config.store.path))?;
    let mut core = Core::new(&config.core_settings()?)?;
    store.rows(&mut |rows| {
        let needed: Vec<_> = rows.iter().filter(|row| NEEDED.contains(&row.table)).cloned().collect();
        core.restore(&needed)
    })?;
    let clock = Some(core.engine().clock()).filter(|clock| *clock > Time::MIN);
    let rows = clock.map(|_| core.totals(PeriodKind::Month));
    let mut totals = rows.into_iter().flatten().map(|row| view::totals::line(&row));
    let changed = |before: &str, after: &str| match (before.parse(), after.parse()) {
        (Ok(before), Ok(after)) => changed_keys(&before, &after),
        _ => Vec::new(),
    };
    let publication = Publication { at: now, clock, time_zone: &config.time_zone, totals: &mut totals, changed: &changed };
    Ok(publish(&store, file, publication)?)
}
