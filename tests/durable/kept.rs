//! What a store holds after its service has ended.

use std::path::Path;

use deskpulse::config::Config;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::Time;
use deskpulse::pipeline::Core;
use deskpulse::store::{Sqlite, Store};
use deskpulse::view;

/// Rows of months, as `replay` prints them.
pub fn totals(config: &Config) -> Vec<String> {
    totals_and_clock(config).0
}

/// The same, and the clock up to which they count.
pub fn totals_and_clock(config: &Config) -> (Vec<String>, Time) {
    let mut store = Sqlite::open(Path::new(&config.store.path), &config.kafka.topics).unwrap();
    let mut core = Core::new(&config.core_settings().unwrap()).unwrap();
    store.load(&mut |rows| core.restore(rows)).unwrap();
    let clock = core.engine().clock();
    let open = core.engine().open_time();
    (core.totals().rows(PeriodKind::Month, clock, &open).map(|row| view::totals::line(&row)).collect(), clock)
}
