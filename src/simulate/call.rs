//! Phone calls: the caller waits in the queue, somebody picks up, both talk, it ends.

use super::chat::{Chat, ChatStep, Stage};
use super::draft::Draft;
use super::floor::{Floor, Step};
use crate::model::Span;

impl Floor {
    /// A call comes in: the caller waits from its start.
    pub(super) fn call_comes(&mut self, team: usize) {
        let (customer, topic) = self.customer(team);
        let (number, id) = self.new_id("p");
        self.send(
            Draft::chat("chat.started", &id)
                .word("customer", &customer)
                .word("team", &self.teams[team].name)
                .word("channel", "phone")
                .word("topic", topic)
                .flag("waiting", true),
        );
        let mut call = Chat::new(id, customer, team, Stage::Queue, 0, self.now);
        call.call = true;
        call.waiting_since = Some(self.now);
        self.chats.insert(number, call);
        self.enqueue(number);
    }

    /// Picking up answers the caller: it is written as the agent's message, without a text.
    pub(super) fn pick_up(&mut self, number: u64) {
        let now = self.now;
        let Some(chat) = self.chats.get_mut(&number) else { return };
        let Some(agent) = chat.owner else { return };
        chat.turn += 1;
        let waited = chat.waiting_since.take().map_or(Span::ZERO, |since| now.since(since));
        chat.waited_long |= waited > Span(30_000);
        let (id, turn) = (chat.id.clone(), chat.turn);
        let name = self.agents[agent].id.clone();
        self.send(Draft::chat("chat.message", &id).word("from", "agent").word("agent", &name));
        let talk = self.chance.around(Span(190_000), 0.7);
        self.plan(talk, Step::Chat(number, turn, ChatStep::HangUp));
    }
}
