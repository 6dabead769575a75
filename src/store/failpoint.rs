//! Named points at which a test may end the process, as a loss of power would. Off unless the variable [`VARIABLE`] names one.
//!
//! `DESKPULSE_FAILPOINT=before_commit` ends it the first time that the point is reached, `before_commit:7` the seventh time.
//!
//! | point | where |
//! |---|---|
//! | `gathered` | a commit was handed to the thread that writes it |
//! | `mid_archive` | the archive of a partition is written, those of the others are not |
//! | `archived` | the archive is written, nothing of the commit is |
//! | `mid_write` | inside the transaction, between rows and positions |
//! | `before_commit` | everything is written, nothing committed |
//! | `after_commit` | committed; nobody knows yet |
//! | `before_label` | positions are about to be shown to the broker |
//! | `after_label` | positions were handed to the client that shows them to the broker |

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that names a point.
pub const VARIABLE: &str = "DESKPULSE_FAILPOINT";

struct Armed {
    point: String,
    /// How many times it may still be passed.
    passes: AtomicU64,
}

/// Ends the process if this is the point that was named, and its time has come.
pub fn reach(point: &str) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| {
        let named = std::env::var(VARIABLE).ok()?;
        let (point, time) = named.split_once(':').unwrap_or((&named, "1"));
        Some(Armed { point: point.to_owned(), passes: AtomicU64::new(time.parse().unwrap_or(1).max(1)) })
    });
    if let Some(armed) = armed.as_ref().filter(|armed| armed.point == point)
        && armed.passes.fetch_sub(1, Ordering::AcqRel) == 1
    {
        tracing::warn!("ended at the point {point}, as {VARIABLE} wants");
        std::process::abort();
    }
}
