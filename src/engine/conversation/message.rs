//! Messages, by who wrote them. An edited message has no effect, nor has an automated one of a customer (ruling 34); what a
//! human message is, [`Message::human`] says (ruling 33).

use crate::model::{FactKind, Message, Name, Sender};

use super::state::{Conversation, LastHuman};
use super::turn::Turn;

impl Conversation {
    /// A message, of whomever.
    pub fn message(&mut self, message: &Message, turn: &mut Turn<'_>) {
        if message.edited {
            return;
        }
        match &message.from {
            Sender::Customer if !message.private && !message.automated => self.customer_wrote(turn),
            Sender::Bot if !message.private => self.bot_wrote(turn),
            Sender::Agent(_) => {
                if let Some(agent) = message.human() {
                    self.person_wrote(agent, &message.phrases, turn);
                }
            }
            Sender::Customer | Sender::Bot | Sender::System => {}
        }
    }

    /// A public customer message: reopens what is ended, and opens a waiting period when none is open.
    fn customer_wrote(&mut self, turn: &mut Turn<'_>) {
        if self.period.is_some() || self.was_answered_since(turn.moment) {
            return;
        }
        if !self.cycle.is_open() {
            self.reopen(turn);
        }
        self.open_period(turn);
        self.settle_handling(turn.moment.time.max(self.owner.since), turn);
    }

    /// A human message: ends the bot's hold, answers the open period, and makes its sender the owner when there is none.
    fn person_wrote(&mut self, agent: &Name, phrases: &[Name], turn: &mut Turn<'_>) {
        self.end_hold(turn);
        let breach = self.answer(agent, turn);
        if self.owner.agent.is_none() {
            self.set_owner(Some(agent), turn);
        }
        let at = turn.moment.time;
        if self.last_human.as_ref().is_none_or(|last| last.at <= at) {
            self.last_human = Some(LastHuman { agent: agent.clone(), at });
        }
        self.settle_handling(at, turn);
        self.focus(agent, turn);
        self.tell_contact(agent, turn);
        for phrase in phrases {
            turn.post(self.fact(at, Some(agent.clone()), FactKind::Violation { rule: phrase.clone() }));
        }
        if let Some(breach) = breach {
            turn.post(breach);
        }
    }

    /// A public bot message: begins the bot's hold where it may, and answers what is open while it holds.
    fn bot_wrote(&mut self, turn: &mut Turn<'_>) {
        self.begin_hold(turn);
        if self.hold.is_held() {
            self.bot_answer(turn);
        }
    }
}
