//! How far a long run is, on standard error, for whoever looks at it on a terminal.
#![expect(clippy::print_stderr, reason = "the line stands on standard error, and only on a terminal")]

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::time::Duration;

use crate::clock::Clock;
use crate::model::Zone;
use crate::replay::Progress;

/// A run is long after this.
const LONG: Duration = Duration::from_secs(1);
/// The line is written again after this.
const AGAIN: Duration = Duration::from_millis(200);
/// To the begin of the line, and the line away.
const CLEAR: &str = "\r\x1b[K";

/// The line of one run.
pub(super) struct ProgressLine {
    zone: Zone,
    clock: Clock,
    terminal: bool,
    /// When it was written last, if it stands there.
    shown: Cell<Option<Duration>>,
}

impl ProgressLine {
    /// Nothing yet. Days are told in `zone`.
    pub fn new(zone: Zone) -> Self {
        Self { zone, clock: Clock::start(), terminal: io::stderr().is_terminal(), shown: Cell::new(None) }
    }

    /// Tells how far the run is, if it is time; takes the line away when all is read.
    pub fn tell(&self, progress: Option<Progress>) {
        match progress {
            None => self.clear(),
            Some(progress) if self.terminal && is_due(self.clock.uptime(), self.shown.get()) => {
                eprint!("{CLEAR}{}", text(progress, &self.zone));
                self.shown.set(Some(self.clock.uptime()));
            }
            Some(_) => {}
        }
    }

    /// Takes the line away, for something that stays.
    pub fn clear(&self) {
        if self.shown.take().is_some() {
            eprint!("{CLEAR}");
        }
    }
}

fn is_due(uptime: Duration, shown: Option<Duration>) -> bool {
    uptime >= LONG && shown.is_none_or(|shown| uptime >= shown + AGAIN)
}

fn text(progress: Progress, zone: &Zone) -> String {
    format!("{} events, up to {}", progress.applied, zone.day(progress.clock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn only_a_long_run_tells_how_far_it_is_and_not_all_the_time() {
        let ms = Duration::from_millis;
        assert!(!is_due(ms(999), None) && is_due(ms(1_000), None));
        assert!(!is_due(ms(1_199), Some(ms(1_000))) && is_due(ms(1_200), Some(ms(1_000))));
    }

    #[test]
    fn the_line_has_the_day_in_the_reporting_zone() {
        let progress = Progress { applied: 12_345, clock: Time(1_772_467_200_000) };
        assert_eq!(text(progress, &Zone::new("Asia/Shanghai").unwrap()), "12345 events, up to 2026-03-03");
    }
}
