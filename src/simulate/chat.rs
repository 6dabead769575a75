//! Chats with people: customers write and wait, agents answer one after the other, pass on, and end.

use super::draft::Draft;
use super::floor::{Floor, Step};
use super::texts;
use crate::model::{Span, Time};

/// Where a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A bot holds it.
    Bot,
    /// It waits for an agent.
    Queue,
    /// An agent has it.
    Talk,
    /// It has ended; the customer will come back.
    Ended,
}

/// One chat or call that is open or will be opened again.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) team: usize,
    pub(super) stage: Stage,
    /// Whether it is a phone call.
    pub(super) call: bool,
    pub(super) owner: Option<usize>,
    /// Counts changes of hands and answers, so that what was planned before them is void.
    pub(super) turn: u32,
    pub(super) waiting_since: Option<Time>,
    pub(super) queued_at: Time,
    pub(super) reply_planned: bool,
    /// Questions that the customer still has.
    pub(super) questions: u32,
    pub(super) bot_answers: u32,
    /// Whether the customer once waited over 30 s: he rates worse.
    pub(super) waited_long: bool,
    /// Ends so far.
    pub(super) ends: u32,
}

/// What happens in a chat.
#[derive(Debug, Clone, Copy)]
pub(super) enum ChatStep {
    /// The customer writes.
    Speak,
    /// The customer writes once more, although nobody has answered.
    SpeakAgain,
    /// The system looks for an agent.
    Route,
    /// The customer leaves, if he still waits.
    LosePatience,
    /// The agent answers.
    Reply,
    /// The agent adds something.
    Add,
    /// The agent ends the chat.
    Finish,
    /// The system ends the chat: the customer is silent.
    GoIdle,
    /// The customer comes back after the end.
    ComeBack,
    /// The agent takes a call.
    PickUp,
    /// A call is over.
    HangUp,
}

impl Chat {
    pub(super) fn new(id: String, customer: String, team: usize, stage: Stage, questions: u32, now: Time) -> Self {
        Self {
            id,
            customer,
            team,
            stage,
            call: false,
            owner: None,
            turn: 0,
            waiting_since: None,
            queued_at: now,
            reply_planned: false,
            questions,
            bot_answers: 0,
            waited_long: false,
            ends: 0,
        }
    }

    fn message(&self, from: &str) -> Draft {
        Draft::chat("chat.message", &self.id).word("from", from)
    }
}

impl Floor {
    /// How many questions a customer has.
    pub(super) fn exchanges(&mut self) -> u32 {
        (self.chance.around(Span(2_800), 0.55).0 / 1_000).clamp(1, 12) as u32
    }

    pub(super) fn chat_step(&mut self, number: u64, turn: u32, step: ChatStep) {
        let Some(chat) = self.chats.get(&number).filter(|chat| chat.turn == turn) else { return };
        let (id, stage, owner) = (chat.id.clone(), chat.stage, chat.owner);
        match step {
            ChatStep::Speak => self.customer_speaks(number, turn),
            ChatStep::SpeakAgain => {
                let text = self.chance.pick(&texts::CUSTOMER_AGAIN);
                self.send(Draft::chat("chat.message", &id).word("from", "customer").word("text", text));
            }
            ChatStep::Route => {
                if stage == Stage::Queue
                    && let Some(team) = self.chats.get(&number).map(|chat| chat.team)
                {
                    self.route(team);
                }
            }
            ChatStep::LosePatience => self.end_chat(number, "abandoned", None),
            ChatStep::Reply => self.agent_replies(number),
            ChatStep::Add => {
                if let Some(agent) = owner {
                    self.agent_says(number, agent, false);
                }
            }
            ChatStep::Finish => {
                let reason = if self.chance.share(0.8) { "resolved" } else { "closed" };
                self.end_chat(number, reason, owner);
            }
            ChatStep::GoIdle => {
                self.send(Draft::chat("chat.message", &id).word("from", "system").word("text", texts::IDLE_CLOSE));
                self.end_chat(number, "timeout", None);
            }
            ChatStep::ComeBack => self.customer_comes_back(number),
            ChatStep::PickUp => self.pick_up(number),
            ChatStep::HangUp => self.end_chat(number, "resolved", owner),
        }
    }

    fn customer_speaks(&mut self, number: u64, turn: u32) {
        let now = self.now;
        let Some(chat) = self.chats.get_mut(&number) else { return };
        let first = chat.owner.is_none() && chat.ends == 0;
        chat.waiting_since.get_or_insert(now);
        let duty = self.teams[chat.team].duty;
        let text = if first { self.chance.pick(texts::questions(duty)) } else { self.chance.pick(&texts::CUSTOMER_MORE) };
        let message = chat.message("customer").word("text", text);
        let (stage, owned) = (chat.stage, chat.owner.is_some());
        self.send(message);
        if stage == Stage::Queue && first {
            self.enqueue(number);
            return;
        }
        if self.chance.share(0.15) {
            let after = self.chance.between(Span(2_000), Span(9_000));
            self.plan(after, Step::Chat(number, turn, ChatStep::SpeakAgain));
        }
        if owned {
            let patience = self.chance.around(Span(130_000), 0.7);
            self.plan(patience, Step::Chat(number, turn, ChatStep::LosePatience));
            self.plan_reply(number);
        }
    }

    /// The owner answers when he has typed what he had begun before; now and then something keeps him.
    pub(super) fn plan_reply(&mut self, number: u64) {
        let Some(chat) = self.chats.get_mut(&number).filter(|chat| !chat.reply_planned) else { return };
        let Some(owner) = chat.owner else { return };
        chat.reply_planned = true;
        let turn = chat.turn;
        let notice = if self.chance.share(0.06) {
            self.chance.between(Span(20_000), Span(80_000))
        } else {
            self.chance.between(Span(1_000), Span(5_000))
        };
        let typing = self.chance.around(Span(10_000), 0.45);
        let agent = &mut self.agents[owner];
        let begin = (self.now + notice).max(agent.free_at);
        let done = begin + Span((typing.0 as f64 * agent.pace) as i64);
        agent.free_at = done;
        self.plan(done - self.now, Step::Chat(number, turn, ChatStep::Reply));
    }

    fn agent_replies(&mut self, number: u64) {
        let now = self.now;
        let Some(chat) = self.chats.get_mut(&number) else { return };
        let Some(agent) = chat.owner else { return };
        chat.reply_planned = false;
        chat.turn += 1;
        chat.questions = chat.questions.saturating_sub(1);
        let waited = chat.waiting_since.take().map_or(Span::ZERO, |since| now.since(since));
        chat.waited_long |= waited > Span(30_000);
        let (left, turn) = (chat.questions, chat.turn);
        if self.chance.share(0.03) && left > 0 {
            self.transfer(number, agent);
            return;
        }
        if self.chance.share(0.05) {
            let text = self.chance.pick(&texts::NOTE);
            self.agent_sends(number, agent, |draft| draft.flag("private", true).word("text", text));
        }
        self.agent_says(number, agent, left == 0);
        if self.chance.share(0.12) && left > 0 {
            let after = self.chance.between(Span(2_000), Span(7_000));
            self.plan(after, Step::Chat(number, turn, ChatStep::Add));
        }
        self.plan_what_the_customer_does(number, turn, left);
    }

    fn plan_what_the_customer_does(&mut self, number: u64, turn: u32, questions: u32) {
        if self.chance.share(0.015) {
            self.plan(Span(5 * Span::MINUTE.0), Step::Chat(number, turn, ChatStep::GoIdle));
            return;
        }
        let (median, step) = if questions > 0 { (Span(28_000), ChatStep::Speak) } else { (Span(22_000), ChatStep::Finish) };
        let think = self.chance.around(median, 0.6);
        self.plan(think, Step::Chat(number, turn, step));
        if questions == 0 && self.chance.share(0.5) {
            let text = self.chance.pick(&texts::CUSTOMER_THANKS);
            // Thanks need no answer, but start the clock: the agent's goodbye stops it and the chat ends.
            let Some(chat) = self.chats.get(&number) else { return };
            let thanks = chat.message("customer").word("text", text);
            let Some(agent) = chat.owner else { return };
            let name = self.agents[agent].id.clone();
            let goodbye_text = self.chance.pick(&texts::GOODBYE);
            let goodbye = chat.message("agent").word("agent", &name).word("text", goodbye_text);
            self.send_later(Span(think.0 / 4), thanks);
            self.send_later(Span(think.0 * 3 / 4), goodbye);
        }
    }

    /// One message of the agent, sometimes edited a moment later.
    fn agent_says(&mut self, number: u64, agent: usize, last: bool) {
        let text = match self.chance.unit() {
            draw if draw < 0.003 => self.chance.pick(&texts::RUDE),
            _ if last => self.chance.pick(&texts::GOODBYE),
            _ => self.chance.pick(&texts::AGENT),
        };
        self.agent_sends(number, agent, |draft| draft.word("text", text));
        if self.chance.share(0.01) {
            self.agent_sends(number, agent, |draft| draft.flag("edited", true).word("text", text));
        }
    }

    fn agent_sends(&mut self, number: u64, agent: usize, rest: impl FnOnce(Draft) -> Draft) {
        let Some(chat) = self.chats.get(&number) else { return };
        let draft = chat.message("agent").word("agent", &self.agents[agent].id);
        self.send(rest(draft));
    }

    /// The agent says so and passes the chat on to another team; the customer writes there.
    fn transfer(&mut self, number: u64, agent: usize) {
        let text = self.chance.pick(&texts::TRANSFER);
        self.agent_sends(number, agent, |draft| draft.word("text", text));
        let to_team = self.chance.below(self.teams.len());
        self.pass_on(number, agent, Some(to_team));
    }

    /// Ends a chat; then an order, a rating or the customer himself may follow.
    pub(super) fn end_chat(&mut self, number: u64, reason: &str, by: Option<usize>) {
        let Some(chat) = self.chats.get_mut(&number) else { return };
        let team = chat.team;
        chat.turn += 1;
        chat.ends += 1;
        chat.stage = Stage::Ended;
        chat.waiting_since = None;
        chat.reply_planned = false;
        let (id, owner) = (chat.id.clone(), chat.owner);
        self.teams[team].queue.retain(|&other| other != number);
        let by = by.map(|agent| self.agents[agent].id.clone());
        self.send(Draft::chat("chat.ended", &id).word("reason", reason).maybe("agent", by.as_deref()));
        let comes_back = reason != "abandoned" && self.after_chat(number, reason);
        if let Some(agent) = owner {
            self.take_off(number, agent);
        }
        if !comes_back {
            self.chats.remove(&number);
        }
    }

    /// The customer writes on an ended chat: the same agent takes it up again if he is there, else the queue.
    fn customer_comes_back(&mut self, number: u64) {
        let questions = self.exchanges().min(3);
        let now = self.now;
        let Some(chat) = self.chats.get_mut(&number) else { return };
        chat.questions = questions;
        chat.turn += 1;
        chat.call = false;
        chat.waiting_since = Some(now);
        let (id, owner, message) = (chat.id.clone(), chat.owner, chat.message("customer"));
        if self.chance.share(0.3) {
            self.send(Draft::chat("chat.reopened", &id));
        }
        let text = self.chance.pick(&texts::CUSTOMER_MORE);
        self.send(message.word("text", text));
        match owner {
            Some(agent) if self.agents[agent].takes_chat(4) => self.assign(number, agent),
            Some(_) => {
                if let Some(chat) = self.chats.get_mut(&number) {
                    chat.owner = None;
                }
                self.send(Draft::chat("chat.assigned", &id).json("agent", "null"));
                self.enqueue(number);
            }
            None => self.enqueue(number),
        }
    }
}
