//! The bot's hold: from a start with a bot, or its first public message, to the handoff, an assignment to an agent or a
//! human message; at most once a cycle (rulings 30, 31).

use serde::{Deserialize, Serialize};

use crate::model::{Holder, Name, Time};

use super::shares::Shares;
use super::state::Conversation;
use super::turn::Turn;

/// Whether a bot holds the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Hold {
    /// Not yet in this cycle; a bot may still take it.
    Free,
    /// Now.
    Held,
    /// No more in this cycle; with the instant at which a hold ended, when there was one.
    Over(Option<Time>),
}

impl Hold {
    /// No hold any more in this cycle.
    pub fn over(ended_at: Option<Time>) -> Self {
        Self::Over(ended_at)
    }

    /// Whether a bot holds the conversation now.
    pub fn is_held(self) -> bool {
        self == Self::Held
    }

    /// When the hold of this cycle ended, if it did.
    pub fn ended_at(self) -> Option<Time> {
        match self {
            Self::Over(ended_at) => ended_at,
            Self::Free | Self::Held => None,
        }
    }
}

impl Conversation {
    /// A public bot message begins the hold, unless a person has the conversation or had it in this cycle.
    pub fn begin_hold(&mut self, turn: &mut Turn<'_>) {
        if self.hold == Hold::Free && self.cycle.is_open() && self.owner.agent.is_none() {
            self.hold = Hold::Held;
            let at = self.change_at(turn.moment);
            self.settle_active(at, turn);
        }
    }

    /// People have the conversation from now on: the people's clock and the active clock start.
    pub fn end_hold(&mut self, turn: &mut Turn<'_>) {
        match self.hold {
            _ if !self.cycle.is_open() => {}
            Hold::Free => self.hold = Hold::over(None),
            Hold::Held => {
                let at = self.change_at(turn.moment);
                self.hold = Hold::over(Some(at));
                self.settle_active(at, turn);
                let holder = self.holder();
                if let Some(period) = &mut self.period {
                    period.shares.pass(holder, at);
                }
                self.start_judging(at, turn);
            }
            Hold::Over(_) => {}
        }
    }

    /// `chat.handoff`: the bot hands over to people; with nothing open the customer waits from now on (ruling 47).
    pub fn handed_off(&mut self, team: Option<&Name>, turn: &mut Turn<'_>) {
        self.take_team(team);
        if !self.cycle.is_open() {
            return;
        }
        self.end_hold(turn);
        if self.period.is_none() {
            self.open_period(turn);
            self.settle_handling(turn.moment.time.max(self.owner.since), turn);
        }
    }

    /// `*.assigned`: an agent as owner also ends the bot's hold. Does nothing on a merged ticket (ruling 66).
    pub fn assigned(&mut self, agent: Option<&Name>, team: Option<&Name>, turn: &mut Turn<'_>) {
        if self.merged_into().is_some() {
            return;
        }
        // What the former owner handled was handled for the former team; the target that is looked up is the new team's.
        self.set_owner(agent, turn);
        self.take_team(team);
        if let Some(agent) = agent {
            self.end_hold(turn);
            self.tell_contact(agent, turn);
        }
    }

    fn take_team(&mut self, team: Option<&Name>) {
        if team.is_some() {
            self.team = team.cloned();
        }
    }

    /// The holders of a period that opens at `at`: those of before the last changes too, which a late event may reach back to.
    pub fn shares_from(&self, at: Time) -> Shares {
        let by_then = |instant: Time| match self.hold.ended_at() {
            Some(ended) if instant < ended => Holder::Bot,
            _ if instant < self.owner.since => self.owner.before.as_deref().cloned().map_or(Holder::Queue, Holder::Agent),
            _ => self.holder(),
        };
        let mut shares = Shares::new(by_then(at), at);
        let mut changes = [self.hold.ended_at().unwrap_or(at), self.owner.since];
        changes.sort_unstable();
        changes.into_iter().filter(|change| *change > at).for_each(|change| shares.pass(by_then(change), change));
        shares
    }
}
