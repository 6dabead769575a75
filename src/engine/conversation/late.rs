//! Late events: applied as well as the state allows, and never the cause of a negative duration (ruling 23).

use crate::engine::signal::Moment;
use crate::model::{Span, Time};

use super::state::Conversation;
use super::turn::Turn;

impl Conversation {
    /// When a change of owner, status, pause or hold takes effect: at the event's own time, but no earlier than the last one
    /// applied before it.
    pub fn change_at(&mut self, moment: Moment) -> Time {
        self.changed_at = self.changed_at.max(moment.time);
        self.changed_at
    }

    /// Whether a person has written since a late event: a question that was answered opens nothing.
    pub fn was_answered_since(&self, moment: Moment) -> bool {
        moment.late && self.last_human.as_ref().is_some_and(|last| moment.time < last.at)
    }

    /// Fires what the event has made due before the clock: a deadline that a late event sets in the past is dated at the
    /// deadline, one of a complaint that is named or reopened too late at the event (rulings 48, 55).
    pub fn fire_overdue(&mut self, turn: &mut Turn<'_>) {
        let clock = turn.moment.clock;
        let [response, resolution, handling] = self.deadlines().map(|due| due.filter(|due| *due < clock));
        if let Some(due) = response {
            self.breach_response(due.max(turn.moment.time), turn);
        }
        if let Some(due) = resolution {
            self.breach_resolution(due.max(turn.moment.time), turn);
        }
        if handling.is_some() {
            self.expire_handling(clock - Span(1), turn);
        }
    }
}
