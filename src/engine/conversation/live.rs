//! What is shown of conversations now: who waits, and which complaints are open.

use std::collections::BTreeMap;

use crate::engine::live::{OpenComplaints, WaitingNow};
use crate::model::Name;

use super::Conversations;
use super::state::Conversation;

impl Conversations {
    /// Every open waiting period, in no particular order; costs O(waiting).
    pub fn waiting(&self) -> impl Iterator<Item = WaitingNow> {
        self.waiting.iter().filter_map(|id| self.table.at_hand(id)?.waiting_now())
    }

    /// The open complaints of each team that has any, in order of the team; costs O(open complaints).
    #[must_use]
    pub fn complaints(&self) -> Vec<OpenComplaints> {
        let mut teams: BTreeMap<Option<Name>, OpenComplaints> = BTreeMap::new();
        for complaint in self.complaints.iter().filter_map(|id| self.table.at_hand(id)) {
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
            channel: self.channel.clone(),
            agent: self.owner.agent.clone(),
            since: period.opened_at,
            judged_from: period.judged.map(|judged| judged.from),
            target: period.judged.and_then(|judged| judged.target.limit),
            deadline: period.judged.and_then(|judged| judged.deadline),
        })
    }

    /// Whether it is a complaint that waits for its resolution.
    pub fn is_open_complaint(&self) -> bool {
        self.is_complaint() && self.cycle.is_open()
    }
}
