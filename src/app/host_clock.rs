//! A host whose clock is wrong, as far as that can be known: said before anything is counted by it.

use crate::engine::ClockMode;
use crate::model::{Span, Time};

use super::AppError;

/// This program was not written before: 2026-01-01T00:00:00Z.
const WRITTEN: Time = Time(1_767_225_600_000);
/// A clock that is behind by no more is set a little from time to time, or another host's.
const BEHIND_MAX: Span = Span(60_000);

/// Refuses a clock that cannot be right, and by the wall clock one that is behind what was counted by it: everything until then would come
/// late, and the clock of the engine never goes back.
pub(super) fn check(mode: ClockMode, now: Time, counted: Time) -> Result<(), AppError> {
    let sentence = if now < WRITTEN {
        format!("the host's clock says {}, which cannot be: set it, and start again", told(now))
    } else if mode == ClockMode::Wall && counted > now + BEHIND_MAX {
        format!(
            "the host's clock says {}, but the store has counted up to {} by it: set the clock if it is wrong; if it was wrong then, restore a \
             backup from before, or start again when that time has come",
            told(now),
            told(counted)
        )
    } else {
        return Ok(());
    };
    Err(AppError::HostClock(sentence))
}

fn told(time: Time) -> String {
    jiff::Timestamp::from_millisecond(time.0).map_or_else(|_| format!("{} ms since 1970", time.0), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_796_000_000_000);

    fn said(mode: ClockMode, now: Time, counted: Time) -> String {
        check(mode, now, counted).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_clock_of_before_the_program_was_written_is_refused() {
        for mode in [ClockMode::Wall, ClockMode::Events] {
            let said = said(mode, Time(10_000), Time::MIN);
            assert_eq!(said, "the host's clock says 1970-01-01T00:00:10Z, which cannot be: set it, and start again");
        }
    }

    #[test]
    fn a_clock_that_is_behind_what_it_has_counted_is_refused_unless_events_decide() {
        for counted in [Time::MIN, NOW - Span::HOUR, NOW + BEHIND_MAX] {
            assert_eq!(said(ClockMode::Wall, NOW, counted), "");
        }
        let ahead = NOW + Span::HOUR;
        assert_eq!(said(ClockMode::Events, NOW, ahead), "");
        let said = said(ClockMode::Wall, NOW, ahead);
        assert!(said.contains("says 2026-11-30T00:53:20Z, but the store has counted up to 2026-11-30T01:53:20Z"), "{said}");
    }
}
