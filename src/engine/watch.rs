//! One conversation watched, step by step, for whoever asks why a number is what it is. Watching changes no number.

use crate::model::{Action, Body, ConversationId, Event, Fact, Medium, Output, Position, Posted, Time};

use super::live::ConversationNow;
use super::order::Waiting;
use super::receipt;
use super::signal::{DeadlineClass, DeadlineKey};

/// One thing that happened to the watched conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it was.
    pub cause: Cause,
    /// The clock at which it was applied.
    pub clock: Time,
    /// The conversation before it; `None` while it is unknown or forgotten.
    pub before: Option<ConversationNow>,
    /// The conversation after it.
    pub after: Option<ConversationNow>,
    /// What was decided about the conversation, in order.
    pub facts: Vec<Fact>,
}

/// What a step comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// An event that names the conversation, or reached it through a merge.
    Event {
        /// The event.
        event: Event,
        /// Where its record stands.
        position: Position,
        /// Whether it came too late for the place of its own time (ruling 23).
        late: bool,
    },
    /// A deadline of the conversation passed.
    Deadline {
        /// The deadline.
        at: Time,
    },
}

/// What is kept of the watched conversation.
#[derive(Debug)]
pub(super) struct Watch {
    id: ConversationId,
    seen: Option<ConversationNow>,
    steps: Vec<Step>,
}

impl Watch {
    /// Watches from now on.
    pub fn new(id: ConversationId) -> Self {
        Self { id, seen: None, steps: Vec::new() }
    }

    /// Whom it watches.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// The steps since the last call.
    pub fn take(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// An event was applied: a step if it names the conversation, changed it, or decided something about it.
    pub fn applied(&mut self, waiting: &Waiting, clock: Time, after: Option<ConversationNow>, posted: &[Posted]) {
        let facts = self.facts(posted);
        if names(&waiting.event.body, &self.id) || after != self.seen || !facts.is_empty() {
            let Waiting { late, position, event } = waiting.clone();
            self.push(Cause::Event { event: *event, position, late }, clock, after, facts);
        }
    }

    /// A deadline fired: a step if it is one of the conversation's.
    pub fn fired(&mut self, key: &DeadlineKey, clock: Time, after: Option<ConversationNow>, posted: &[Posted]) {
        let medium = match key.class {
            DeadlineClass::Agent => return,
            DeadlineClass::Chat => Medium::Chat,
            DeadlineClass::Ticket => Medium::Ticket,
        };
        if medium == self.id.medium && key.id == self.id.id {
            let facts = self.facts(posted);
            self.push(Cause::Deadline { at: key.at }, clock, after, facts);
        }
    }

    fn push(&mut self, cause: Cause, clock: Time, after: Option<ConversationNow>, facts: Vec<Fact>) {
        let before = std::mem::replace(&mut self.seen, after.clone());
        self.steps.push(Step { cause, clock, before, after, facts });
    }

    fn facts(&self, posted: &[Posted]) -> Vec<Fact> {
        let facts = posted.iter().filter_map(|one| match &one.output {
            Output::Fact(fact) => Some(fact.as_ref()),
            Output::Tally(_) => None,
        });
        let is_about =
            |fact: &&Fact| fact.conversation.as_ref().is_some_and(|about| about.medium == self.id.medium && about.id == self.id.id);
        facts.filter(is_about).cloned().collect()
    }
}

/// Whether an event names a conversation.
fn names(body: &Body, id: &ConversationId) -> bool {
    match body {
        Body::Conversation { conversation, action } => {
            let is_goal = matches!(action, Action::Merged { into } if id.medium == Medium::Ticket && *into == id.id);
            conversation == id || is_goal
        }
        Body::Rated(rating) => rating.conversation == *id,
        Body::OrderPaid(order) => order.conversation.as_ref() == Some(id),
        body => receipt::conversation(body) == Some(id),
    }
}
