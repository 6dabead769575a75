//! What is shown of conversations now: who waits, and which complaints are open.

use std::collections::BTreeMap;

use crate::engine::live::{ConversationNow, OpenComplaints, ResolutionNow, WaitNow, WaitingNow};
use crate::model::{ConversationId, Name};

use super::Conversations;
use super::state::Conversation;
use super::table::AHEAD;

impl Conversations {
    /// Every open waiting period, in no particular order; in this room, if it is about as large.
    pub fn waiting(&self, room: Vec<WaitingNow>) -> Vec<WaitingNow> {
        let mut places = self.table.places.waiting();
        let count = self.table.places.waiting_count();
        let mut waiting = if room.capacity() / 2 <= count { room } else { Vec::new() };
        waiting.clear();
        // Room for all at once: of a hundred thousand, growing would move megabytes again and again.
        waiting.reserve(count);
        let mut some = Vec::with_capacity(AHEAD);
        loop {
            some.extend(places.by_ref().take(AHEAD));
            if some.is_empty() {
                return waiting;
            }
            self.table.look_ahead_by(some.iter().map(|place| self.table.places.hash(*place)));
            waiting.extend(some.iter().filter_map(|place| self.table.at_place(*place)).filter_map(Conversation::waiting_now));
            some.clear();
        }
    }

    /// One conversation as it is now; `None` when it is unknown or forgotten. Touches nothing.
    #[must_use]
    pub fn now(&self, id: &ConversationId) -> Option<ConversationNow> {
        self.table.peek(id, Conversation::now)
    }

    /// The open complaints of each team that has any, in order of the team.
    #[must_use]
    pub fn complaints(&self) -> Vec<OpenComplaints> {
        let mut teams: BTreeMap<Option<Name>, OpenComplaints> = BTreeMap::new();
        for complaint in self.table.places.complaints().filter_map(|place| self.table.at_place(place)) {
            let (team, raised_at) = (complaint.team.clone(), complaint.started_at);
            let open = teams.entry(team.clone()).or_insert(OpenComplaints { team, count: 0, oldest_raised_at: raised_at });
            open.count += 1;
            open.oldest_raised_at = open.oldest_raised_at.min(raised_at);
        }
        teams.into_values().collect()
    }
}

impl Conversation {
    /// Its open waiting period, if there is one.
    fn waiting_now(&self) -> Option<WaitingNow> {
        let period = self.period.as_ref()?;
        Some(WaitingNow {
            medium: self.id.medium,
            conversation: self.id.id.clone(),
            team: self.team.clone(),
            agent: self.owner.agent.clone(),
            since: period.opened_at,
            judged_from: period.judged.map(|judged| judged.from),
            target: period.judged.and_then(|judged| judged.target.limit),
            deadline: period.judged.and_then(|judged| judged.deadline),
        })
    }

    fn now(&self) -> ConversationNow {
        let ticket = self.ticket.as_deref();
        let wait = self.period.as_ref().map(|period| WaitNow {
            sla: period.sla(),
            opened_at: period.opened_at,
            judged_from: period.judged.map(|judged| judged.from),
            target: period.judged.and_then(|judged| judged.target.limit),
            deadline: period.judged.and_then(|judged| judged.deadline),
        });
        let resolution = self.resolution_target().map(|target| ResolutionNow {
            target: target.limit,
            is_complaint: self.is_complaint(),
            due: self.resolution.due,
        });
        ConversationNow {
            medium: self.id.medium,
            team: self.team.clone(),
            channel: self.channel.clone(),
            kind: ticket.and_then(|ticket| ticket.kind.clone()),
            severity: ticket.and_then(|ticket| ticket.severity.clone()),
            priority: ticket.and_then(|ticket| ticket.priority.clone()),
            owner: self.owner.agent.clone(),
            bot_holds: self.hold.is_held(),
            cycle: self.cycle.number,
            is_open: self.cycle.is_open(),
            is_paused: self.is_paused(),
            merged_into: self.merged_into().cloned(),
            wait,
            resolution,
        }
    }

    /// Whether it is a complaint that waits for its resolution.
    pub fn is_open_complaint(&self) -> bool {
        self.is_complaint() && self.cycle.is_open()
    }
}
