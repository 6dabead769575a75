//! Routing: which agent gets a chat that waits in a queue.

use super::chat::{ChatStep, Stage};
use super::draft::Draft;
use super::floor::{Floor, Step};
use super::texts;
use crate::model::Span;

/// Open chats up to which an agent is given another one at once.
const COMFORTABLE: usize = 3;
/// Open chats up to which he is given another one when it has waited long.
const CROWDED: usize = 5;
/// After this wait in the queue, busier agents and other teams help.
const LONG_WAIT: Span = Span(25_000);

impl Floor {
    /// Puts a chat into its team's queue and looks for an agent.
    pub(super) fn enqueue(&mut self, number: u64) {
        let Some(chat) = self.chats.get_mut(&number) else { return };
        chat.stage = Stage::Queue;
        chat.turn += 1;
        chat.queued_at = self.now;
        let turn = chat.turn;
        let team = chat.team;
        self.teams[team].queue.push_back(number);
        let found = self.chance.between(Span(300), Span(2_500));
        self.plan(found, Step::Chat(number, turn, ChatStep::Route));
        self.plan(LONG_WAIT, Step::Chat(number, turn, ChatStep::Route));
        let patience = self.chance.around(Span(60_000), 0.9);
        self.plan(patience, Step::Chat(number, turn, ChatStep::LosePatience));
    }

    /// Gives the chats of a queue, longest wait first, to agents who can take them.
    pub(super) fn route(&mut self, team: usize) {
        let waiting: Vec<u64> = self.teams[team].queue.iter().copied().collect();
        for number in waiting {
            if let Some(agent) = self.find_agent(number) {
                self.assign(number, agent);
            }
        }
    }

    /// Gives an agent who has become free what waits longest: in his own queue, else where customers wait long.
    pub(super) fn route_to(&mut self, agent: usize) {
        let own = self.agents[agent].team;
        self.route(own);
        for team in 0..self.teams.len() {
            let front = self.teams[team].queue.front().and_then(|number| self.chats.get(number));
            if team != own && front.is_some_and(|chat| self.now.since(chat.queued_at) >= LONG_WAIT) {
                self.route(team);
            }
        }
    }

    fn find_agent(&self, number: u64) -> Option<usize> {
        let chat = self.chats.get(&number)?;
        let long = self.now.since(chat.queued_at) >= LONG_WAIT;
        let limit = match (chat.call, long) {
            (true, _) => 1,
            (false, false) => COMFORTABLE,
            (false, true) => CROWDED,
        };
        let members = self.teams[chat.team].members.iter().copied();
        self.least_loaded(members, limit).or_else(|| if long { self.least_loaded(0..self.agents.len(), limit.min(2)) } else { None })
    }

    /// Of those who can take a chat, who has the fewest; of these, who has had nothing to type for longest.
    fn least_loaded(&self, agents: impl Iterator<Item = usize>, limit: usize) -> Option<usize> {
        agents.filter(|&agent| self.agents[agent].takes_chat(limit)).min_by_key(|&agent| {
            let agent = &self.agents[agent];
            (agent.chats.len() + usize::from(agent.work.is_some()), agent.free_at)
        })
    }

    /// Gives a chat to an agent.
    pub(super) fn assign(&mut self, number: u64, agent: usize) {
        let Some(chat) = self.chats.get_mut(&number) else { return };
        self.teams[chat.team].queue.retain(|&other| other != number);
        chat.stage = Stage::Talk;
        chat.turn += 1;
        chat.owner = Some(agent);
        chat.reply_planned = false;
        let (id, turn, call, waiting) = (chat.id.clone(), chat.turn, chat.call, chat.waiting_since.is_some());
        let name = self.agents[agent].id.clone();
        self.agents[agent].chats.push(number);
        self.agents[agent].on_call |= call;
        self.send(Draft::chat("chat.assigned", &id).word("agent", &name));
        if call {
            self.plan(Span(1_500), Step::Chat(number, turn, ChatStep::PickUp));
            return;
        }
        if self.chance.share(0.4) {
            let greeting = Draft::chat("chat.message", &id).word("from", "agent").word("agent", &name);
            self.send_later(Span(250), greeting.flag("automated", true).word("text", texts::GREETING));
        }
        if waiting {
            let patience = self.chance.around(Span(110_000), 0.7);
            self.plan(patience, Step::Chat(number, turn, ChatStep::LosePatience));
        }
        self.plan_reply(number);
    }

    /// Takes a chat off an agent's desk, because it ended or somebody else has it.
    pub(super) fn take_off(&mut self, number: u64, agent: usize) {
        let agent_state = &mut self.agents[agent];
        agent_state.chats.retain(|&other| other != number);
        if self.chats.get(&number).is_some_and(|chat| chat.call) {
            agent_state.on_call = false;
        }
        self.freed(agent);
    }

    /// Moves an agent's chat to another team, or to a colleague, or back to the queue of its team.
    pub(super) fn pass_on(&mut self, number: u64, agent: usize, to_team: Option<usize>) {
        let Some(chat) = self.chats.get_mut(&number) else { return };
        chat.owner = None;
        chat.turn += 1;
        chat.reply_planned = false;
        if let Some(team) = to_team {
            chat.team = team;
        }
        let (id, team) = (chat.id.clone(), chat.team);
        let direct = self.least_loaded(self.teams[team].members.iter().copied().filter(|&other| other != agent), COMFORTABLE);
        match direct {
            Some(other) if to_team.is_none() && !self.chats.get(&number).is_some_and(|chat| chat.call) => self.assign(number, other),
            _ => {
                let name = self.teams[team].name.clone();
                self.send(Draft::chat("chat.assigned", &id).json("agent", "null").word("team", &name));
                self.enqueue(number);
            }
        }
        self.take_off(number, agent);
    }
}
