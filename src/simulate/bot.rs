//! Bots: they greet, answer, solve a part of the chats, and hand over the rest.

use super::chat::{Chat, Stage};
use super::draft::Draft;
use super::floor::{Floor, Step};
use super::texts;
use crate::model::Span;

/// What happens while a bot holds a chat.
#[derive(Debug, Clone, Copy)]
pub(super) enum BotStep {
    /// The customer writes to the bot.
    Ask,
    /// The bot answers.
    Answer,
    /// The bot hands over to people.
    HandOff,
    /// The chat ends with the bot.
    End,
}

impl Floor {
    /// A chat begins, with a bot or in a queue.
    pub(super) fn chat_comes(&mut self, team: usize) {
        let (customer, topic) = self.customer(team);
        let channel = self.chance.pick(&["web", "app", "wechat", "app"]);
        let bot = self.chance.share(0.55);
        let (number, id) = self.new_id("c");
        let out_of_scope = self.chance.share(0.03);
        let started = Draft::chat("chat.started", &id)
            .word("customer", &customer)
            .word("team", &self.teams[team].name)
            .word("channel", channel)
            .word("topic", topic)
            .flag("bot", bot);
        self.send(if out_of_scope { started.json("in_scope", "false") } else { started });
        let exchanges = self.exchanges();
        let stage = if bot { Stage::Bot } else { Stage::Queue };
        self.chats.insert(number, Chat::new(id, customer, team, stage, exchanges, self.now));
        if bot {
            let after = self.chance.between(Span(800), Span(6_000));
            self.plan(after, Step::Bot(number, 0, BotStep::Ask));
        } else {
            let after = self.chance.between(Span(400), Span(5_000));
            self.plan(after, Step::Chat(number, 0, super::chat::ChatStep::Speak));
        }
    }

    pub(super) fn bot_step(&mut self, number: u64, turn: u32, step: BotStep) {
        let Some(chat) = self.chats.get_mut(&number).filter(|chat| chat.turn == turn) else { return };
        let id = chat.id.clone();
        match step {
            BotStep::Ask => {
                let duty = self.teams[chat.team].duty;
                let asked = chat.bot_answers > 0;
                let text = if asked { self.chance.pick(&texts::CUSTOMER_MORE) } else { self.chance.pick(texts::questions(duty)) };
                self.send(Draft::chat("chat.message", &id).word("from", "customer").word("text", text));
                let after = self.chance.between(Span(400), Span(1_600));
                self.plan(after, Step::Bot(number, turn, BotStep::Answer));
            }
            BotStep::Answer => {
                chat.bot_answers += 1;
                let answers = chat.bot_answers;
                let text = self.chance.pick(&texts::BOT);
                self.send(Draft::chat("chat.message", &id).word("from", "bot").flag("automated", true).word("text", text));
                self.after_bot_answer(number, turn, answers);
            }
            BotStep::HandOff => {
                let team = self.teams[chat.team].name.clone();
                self.send(Draft::chat("chat.handoff", &id).word("team", &team));
                self.enqueue(number);
            }
            BotStep::End => {
                let reason = self.chance.pick(&["resolved", "resolved", "closed", "abandoned", "timeout"]);
                self.send(Draft::chat("chat.ended", &id).word("reason", reason));
                self.chats.remove(&number);
            }
        }
    }

    fn after_bot_answer(&mut self, number: u64, turn: u32, answers: u32) {
        let think = self.chance.around(Span(12_000), 0.6);
        match self.chance.unit() {
            draw if draw < 0.30 && answers < 4 => self.plan(think, Step::Bot(number, turn, BotStep::Ask)),
            draw if draw < 0.52 => self.plan(Span(think.0 * 3), Step::Bot(number, turn, BotStep::End)),
            _ => self.ask_for_a_person(number, turn, think),
        }
    }

    /// The customer asks for a person; the bot understands a moment later.
    fn ask_for_a_person(&mut self, number: u64, turn: u32, think: Span) {
        let Some(chat) = self.chats.get(&number) else { return };
        let text = self.chance.pick(&texts::CUSTOMER_PERSON);
        let message = Draft::chat("chat.message", &chat.id).word("from", "customer").word("text", text);
        let understood = self.chance.between(Span(300), Span(1_200));
        self.send_later(think, message);
        self.plan(think + understood, Step::Bot(number, turn, BotStep::HandOff));
    }
}
