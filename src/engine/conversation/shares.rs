//! Held shares: who had an open waiting period, and for how much of the customer's wait (rulings 42, 43).

use serde::{Deserialize, Serialize};

use crate::model::{Holder, Span, Time};

/// The holders of one period, in order. Instants and not sums, so that a late close can be measured to its own time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shares {
    first: (Holder, Time),
    later: Vec<(Holder, Time)>,
}

impl Shares {
    /// The period opens in these hands.
    pub fn new(holder: Holder, from: Time) -> Self {
        Self { first: (holder, from), later: Vec::new() }
    }

    /// The period passes into other hands. An agent who had it for no time at all stays known: it changed owners twice (ruling 44).
    pub fn pass(&mut self, holder: Holder, at: Time) {
        let latest = self.later.last_mut().unwrap_or(&mut self.first);
        if latest.0 == holder {
            return;
        }
        if at <= latest.1 && !matches!(latest.0, Holder::Agent(_)) {
            latest.0 = holder;
        } else {
            let at = at.max(latest.1);
            self.later.reserve_exact(1);
            self.later.push((holder, at));
        }
    }

    /// Since when its present owner has it. Nobody owns what a bot holds, as what lies in the queue (ruling 44): only an agent comes between,
    /// and the same one twice in a row has had nobody between, for no time at all.
    pub fn since(&self) -> Time {
        let latest = self.later.last().unwrap_or(&self.first);
        let all = [&self.first].into_iter().chain(&self.later).rev();
        all.take_while(|(holder, _)| !matches!(holder, Holder::Agent(_))).last().unwrap_or(latest).1
    }

    /// Splits the wait up to `until` among its holders, in the order in which they first had it for more than 0 ms.
    pub fn held(&self, until: Time) -> Vec<(Holder, Span)> {
        let mut held: Vec<(Holder, Span)> = Vec::with_capacity(1 + self.later.len());
        let ends = self.later.iter().map(|(_, from)| *from).chain([until]);
        for ((holder, from), end) in [&self.first].into_iter().chain(&self.later).zip(ends) {
            let share = end.min(until).since(*from);
            match held.iter_mut().find(|(known, _)| known == holder) {
                _ if share.is_zero() => {}
                Some((_, sum)) => *sum += share,
                None => held.push((holder.clone(), share)),
            }
        }
        held
    }
}
