//! The published copy of the ledger, out of a store that the service may be writing.
//!
//! Months that are not closed are read first, all from one state of the store; they are what the service holds of totals in memory. Closed ones
//! never change again, so they are read later and a few at a time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use crate::config::{Config, changed_keys};
use crate::kpi::{PeriodKind, month_of};
use crate::model::{Month, Table, Time};
use crate::pipeline::{Core, CoreSettings};
use crate::store::{Publication, Reader, publish};
use crate::view;

use super::AppError;

/// The tables that totals of closed months are made of…
const OF_CLOSED: [Table; 4] = [Table::Clock, Table::Total, Table::Correction, Table::AgentTeam];
/// …and of others, in which there is open time. Conversations are not needed for them.
const OF_OPEN: [Table; 5] = [Table::Clock, Table::Agent, Table::Total, Table::Correction, Table::AgentTeam];
/// Bytes of rows of closed months that are read at a time, but for a single month that has more.
const AT_A_TIME: usize = 64 << 20;

/// Writes the published copy of the configured store, as of its last commit.
///
/// # Errors
/// When the store cannot be read, or the file not be written; then the copy before stays.
pub fn publish_ledger(config: &Config, file: &Path, now: Time) -> Result<(), AppError> {
    publish_some_at_a_time(config, file, now, AT_A_TIME)
}

fn publish_some_at_a_time(config: &Config, file: &Path, now: Time, at_a_time: usize) -> Result<(), AppError> {
    let store = Reader::open(Path::new(&config.store.path))?;
    let settings = config.core_settings()?.keeping_changes();
    let (mut open, sizes) = open_months(&store, &settings)?;
    let clock = Some(open.engine().clock()).filter(|clock| *clock > Time::MIN);
    let closed = some_at_a_time(&sizes, open.held_from(), at_a_time).into_iter().flat_map(|months| {
        let (lines, error) = closed_months(&store, &settings, months).map_or_else(|error| (Vec::new(), Some(error)), |lines| (lines, None));
        lines.into_iter().map(Ok).chain(error.map(Err))
    });
    let rows = clock.map(|_| open.totals(PeriodKind::Month));
    let mut totals = closed.chain(rows.into_iter().flatten().map(|row| Ok(view::totals::line(&row))));
    let changed = |before: &str, after: &str| match (before.parse(), after.parse()) {
        (Ok(before), Ok(after)) => changed_keys(&before, &after),
        _ => Vec::new(),
    };
    let publication = Publication { at: now, clock, time_zone: &config.time_zone, totals: &mut totals, changed: &changed };
    publish(&store, file, publication)
}

/// A core with the months that are not closed, and how many bytes of rows there are of each month.
fn open_months(store: &Reader, settings: &CoreSettings) -> Result<(Core, BTreeMap<Month, usize>), AppError> {
    let mut core = Core::new(settings)?;
    core.evict_closed();
    let mut sizes = BTreeMap::new();
    store.rows(&mut |rows| {
        for row in rows {
            if let Some(month) = month_of(row)? {
                *sizes.entry(month).or_default() += row.key.len() + row.value.as_ref().map_or(0, Vec::len);
            }
        }
        core.restore(rows.iter().filter(|row| OF_OPEN.contains(&row.table)))
    })?;
    Ok((core, sizes))
}

/// The rows of totals of closed months, as lines.
fn closed_months(store: &Reader, settings: &CoreSettings, months: Range<Month>) -> Result<Vec<String>, AppError> {
    let mut core = Core::new(settings)?;
    core.hold(months);
    store.rows(&mut |rows| core.restore(rows.iter().filter(|row| OF_CLOSED.contains(&row.table))))?;
    Ok(core.totals(PeriodKind::Month).map(|row| view::totals::line(&row)).collect())
}

/// The months before `end` that have rows, as many together as have so many bytes of them at most, or one.
fn some_at_a_time(sizes: &BTreeMap<Month, usize>, end: Month, at_a_time: usize) -> Vec<Range<Month>> {
    let mut some: Vec<(Range<Month>, usize)> = Vec::new();
    for (month, size) in sizes.range(..end) {
        match some.last_mut() {
            Some((months, before)) if *before + size <= at_a_time => {
                months.end = month.next();
                *before += size;
            }
            _ => some.push((*month..month.next(), *size)),
        }
    }
    some.into_iter().map(|(months, _)| months).collect()
}

#[cfg(test)]
mod tests;
