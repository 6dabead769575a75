//! What a rule is given while an event is applied or a deadline fires.

use crate::engine::settings::Settings;
use crate::engine::signal::{Moment, Outbox, Signal};
use crate::model::{Fact, Tally};

/// One event being applied, or one deadline firing.
pub(super) struct Turn<'a> {
    /// What decides the numbers.
    pub settings: &'a Settings,
    /// When it is.
    pub moment: Moment,
    /// Where what follows from it goes.
    pub out: &'a mut Outbox,
}

impl Turn<'_> {
    /// Posts a fact at the clock.
    pub fn post(&mut self, fact: Fact) {
        self.out.fact(self.moment.clock, fact);
    }

    /// Posts a tally at the clock.
    pub fn tally(&mut self, tally: Tally) {
        self.out.tally(self.moment.clock, tally);
    }

    /// Tells the agent fold.
    pub fn signal(&mut self, signal: Signal) {
        self.out.signal(signal);
    }

    /// Counts a duration that a late event would have made negative (ruling 23).
    pub fn count_clamped(&mut self, negative: bool) {
        if negative {
            self.tally(Tally::Clamped);
        }
    }
}
