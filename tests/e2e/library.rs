//! One run of a replay, with everything that it could print.

use std::path::PathBuf;

use deskpulse::config::Config;
use deskpulse::kpi::PeriodKind;
use deskpulse::model::{Output, Posted, Time};
use deskpulse::replay::Replay;
use deskpulse::view::{self, Summary};

use crate::page::Page;

/// What a replay decided.
pub struct Replayed {
    /// Every fact as a line. Sorted as text: at one instant facts stand in the order of partitions, which is how a log is spread.
    pub facts: Vec<String>,
    /// Rows of months, in their order.
    pub totals: Vec<String>,
    /// The page of metrics at the end.
    pub page: Page,
    pub summary: Summary,
    /// The clock at the end in milliseconds.
    pub clock: i64,
}

impl Replayed {
    pub fn of(config: &Config, files: &[PathBuf]) -> Self {
        Self::until(config, files, None)
    }

    /// The same, with the clock moved to an instant at the end.
    pub fn until(config: &Config, files: &[PathBuf], until: Option<Time>) -> Self {
        let replay = Replay { config, files, until, strict: false };
        let mut facts = Vec::new();
        let each = &mut |posted: &Posted| {
            if let Output::Fact(fact) = &posted.output {
                facts.extend(view::fact::line(fact));
            }
            Ok(())
        };
        let mut core = replay.run(&mut |_| (), each).unwrap();
        facts.sort_unstable();
        let rows = core.totals(PeriodKind::Month);
        let totals = rows.map(|row| view::totals::line(&row)).collect();
        let display = config.display().unwrap();
        let page = view::metrics::render(&core.snapshot(true, &display), core.engine().clock());
        Self { facts, totals, page: Page::read(page), summary: core.summary(), clock: core.engine().clock().0 }
    }
}
