//! Waiting: for a condition, never for a time, and never without a limit.

use std::time::Duration;

use deskpulse::clock::Clock;

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(50);
/// Longer than anything here takes on a busy machine; a test that gets here has failed.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits until there is something. What was found instead is told when the limit is reached.
pub fn until<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let clock = Clock::start();
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) => assert!(clock.uptime() < limit, "not within {limit:?}: {what}; instead: {instead}"),
        }
        std::thread::sleep(PAUSE);
    }
}

/// A condition for [`until`]: holds, or what was found instead.
pub fn holds(condition: bool, instead: impl std::fmt::Display) -> Result<(), String> {
    if condition { Ok(()) } else { Err(instead.to_string()) }
}
