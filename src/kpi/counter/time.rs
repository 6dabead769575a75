//! Agents' time as counters that never go down.
//!
//! What an agent has spent can turn out to be less: a late event ends a status earlier, or the open part of a status moves
//! to another team. Then the counter stands still, and later time first makes up for what was shown too much.

use serde::{Deserialize, Serialize};

use crate::model::{Span, SpentTime};

/// Time of one agent in one team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// In all categories but away and offline.
    pub work: Span,
    /// Union of handling intervals and statuses, inside work time.
    pub busy: Span,
    /// Available and not busy.
    pub idle: Span,
    /// Sum of chat and ticket handling inside work time.
    pub handling: Span,
}

/// What is kept for one agent in one team.
#[derive(Debug, Default)]
pub struct Spent {
    /// Posted for good.
    pub closed: SpentTime,
    /// Of intervals still open, at the last read.
    pub open: SpentTime,
    /// Shown at the last read beyond what was spent; negative where it makes up for that of another team.
    pub excess: Seconds,
    /// What was spent at the last read; `None` before the first one after a restart.
    read: Option<Seconds>,
}

type Part = fn(&mut Seconds) -> &mut Span;

const PARTS: [Part; 4] = [|of| &mut of.work, |of| &mut of.busy, |of| &mut of.idle, |of| &mut of.handling];

impl Spent {
    /// Of an agent and team that no read has shown yet: all of it is a rise.
    pub fn from_now() -> Self {
        Self { read: Some(Seconds::default()), ..Self::default() }
    }

    /// As it was stored.
    pub fn restored(closed: SpentTime, excess: Seconds) -> Self {
        Self { closed, excess, ..Self::default() }
    }

    /// What to show.
    pub fn shown(&self) -> Seconds {
        let (mut shown, mut excess) = (self.spent(), self.excess);
        for part in PARTS {
            *part(&mut shown) += *part(&mut excess);
        }
        shown
    }

    /// What was spent since the last read, or less than nothing.
    fn change(&self, part: Part) -> Span {
        let (mut now, mut before) = (self.spent(), self.read.unwrap_or_else(|| self.spent()));
        *part(&mut now) - *part(&mut before)
    }

    fn spent(&self) -> Seconds {
        let mut sum = self.closed;
        sum.add(&self.open);
        Seconds { work: sum.work, busy: sum.busy, idle: sum.idle, handling: sum.handling }
    }
}

/// Brings the entries of one agent, one per team, up to what he has spent by now, so that none of them shows less than before.
/// Says whether what is kept of them changed.
pub fn settle<K>(entries: &mut [(K, &mut Spent)]) -> bool {
    let mut changed = false;
    for part in PARTS {
        let mut owed = Span::ZERO;
        for (_, entry) in entries.iter_mut() {
            let fall = Span::ZERO.max(Span::ZERO - entry.change(part));
            *part(&mut entry.excess) += fall;
            owed += *part(&mut entry.excess);
            changed |= !fall.is_zero();
        }
        for (_, entry) in entries.iter_mut() {
            let paid = entry.change(part).min(owed).max(Span::ZERO);
            *part(&mut entry.excess) -= paid;
            owed -= paid;
            changed |= !paid.is_zero();
        }
    }
    for (_, entry) in entries {
        entry.read = Some(entry.spent());
    }
    changed
}
