//! The only reader of wall time. Everything else is handed its [`Time`].

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::{Span, Time};

/// Wall time as it stood at the start, carried on by a monotonic clock: when somebody sets the host's clock afterwards, nothing jumps.
/// Copies tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started_at: Time,
    started: Instant,
}

impl Clock {
    /// Reads the host's clock, for the only time.
    #[must_use]
    pub fn start() -> Self {
        Self { started_at: host_time(), started: monotonic() }
    }

    /// The present instant; it never goes back.
    #[must_use]
    pub fn now(&self) -> Time {
        self.started_at + Span(milliseconds(self.uptime()))
    }

    /// How long this clock has run.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        monotonic().duration_since(self.started)
    }

    /// The instant at which this clock was started.
    #[must_use]
    pub fn started_at(&self) -> Time {
        self.started_at
    }
}

#[expect(clippy::disallowed_methods, reason = "this module is the one that reads clocks")]
fn host_time() -> Time {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Time(milliseconds(since)),
        Err(before) => Time(-milliseconds(before.duration())),
    }
}

#[expect(clippy::disallowed_methods, reason = "this module is the one that reads clocks")]
fn monotonic() -> Instant {
    Instant::now()
}

fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_the_host_s_time_and_never_goes_back() {
        let clock = Clock::start();
        assert!(clock.now() >= clock.started_at());
        assert!(clock.started_at() > Time(1_577_836_800_000), "the host's clock stands before 2020");
        let mut last = clock.now();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn a_copy_tells_the_same_time() {
        let clock = Clock::start();
        let copy = clock;
        assert!(copy.now().since(clock.now()) <= Span(1_000));
        assert_eq!(copy.started_at(), clock.started_at());
    }
}
