//! Facts as JSON lines: what `replay --print facts` prints, and receipts.
//!
//! First what all have: `fact`, `at`, for those that may refer to a conversation `medium`, `conversation`, `cycle`, `channel`, then
//! `team` and `agent`; then the fields of the kind. Every field listed for a kind is printed, null when it has no value (ruling 101).

mod behind;

pub use behind::behind;

use super::json::{Cents, Object, With, list};
use crate::model::{Fact, FactKind, Holder, Name, Span, Wait};

/// The fact as one line, without the line end. `None` for what is counted but not printed.
#[must_use]
pub fn line(fact: &Fact) -> Option<String> {
    let word = word(&fact.kind)?;
    let mut out = String::with_capacity(512);
    let mut object = Object::new(&mut out);
    object.field("fact", word).field("at", fact.at);
    if may_have_conversation(&fact.kind) {
        let conversation = fact.conversation.as_ref();
        object
            .field("medium", conversation.map(|conversation| conversation.medium))
            .field("conversation", conversation.map(|conversation| &conversation.id))
            .field("cycle", conversation.map(|conversation| conversation.cycle))
            .field("channel", conversation.and_then(|conversation| conversation.channel.as_ref()));
    }
    object.field("team", fact.team.as_ref()).field("agent", fact.agent.as_ref());
    service(&mut object, &fact.kind);
    object.end();
    Some(out)
}

/// The names of all kinds that are printed.
pub const WORDS: [&str; 22] = [
    "started",
    "response",
    "unanswered",
    "bot_answered",
    "breach",
    "resolved",
    "ended",
    "reopened",
    "handling",
    "presence",
    "waiting_limit",
    "planned",
    "withdrawn",
    "rated",
    "violation",
    "reviewed",
    "paid",
    "returned",
    "offer",
    "scored",
    "followed_up",
    "repeat_contact",
];

/// The name of a kind; `None` for what is not printed.
#[must_use]
pub fn word(kind: &FactKind) -> Option<&'static str> {
    Some(match kind {
        FactKind::Started { .. } => "started",
        FactKind::Response { .. } => "response",
        FactKind::Unanswered { .. } => "unanswered",
        FactKind::BotAnswered { .. } => "bot_answered",
        FactKind::Breach { .. } => "breach",
        FactKind::Resolved { .. } => "resolved",
        FactKind::Ended { .. } => "ended",
        FactKind::Reopened { .. } => "reopened",
        FactKind::Complained => return None,
        FactKind::Handling { .. } => "handling",
        FactKind::Presence { .. } => "presence",
        FactKind::WaitingLimit { .. } => "waiting_limit",
        FactKind::Planned { .. } => "planned",
        FactKind::Withdrawn { .. } => "withdrawn",
        FactKind::Rated { .. } => "rated",
        FactKind::Violation { .. } => "violation",
        FactKind::Reviewed { .. } => "reviewed",
        FactKind::Paid { .. } => "paid",
        FactKind::Returned { .. } => "returned",
        FactKind::Offer { .. } => "offer",
        FactKind::Scored { .. } => "scored",
        FactKind::FollowedUp => "followed_up",
        FactKind::RepeatContact => "repeat_contact",
    })
}

fn may_have_conversation(kind: &FactKind) -> bool {
    use FactKind::{Planned, Presence, Returned, Scored, WaitingLimit};
    !matches!(kind, Presence { .. } | WaitingLimit { .. } | Planned { .. } | Returned { .. } | Scored { .. })
}

/// The fields of kinds about a conversation's course; `agent` and `team` stand among the common ones.
fn service(object: &mut Object<'_>, kind: &FactKind) {
    match kind {
        FactKind::Started { kind, in_scope, implicit } => {
            object.field("kind", kind.as_ref()).field("in_scope", *in_scope).field("implicit", *implicit);
        }
        FactKind::Response { first, wait, own } => {
            object.field("first", *first);
            measured(object, wait, Some(*own));
        }
        FactKind::Unanswered { reason, wait, judged_agent, judged_team, .. } => {
            object.field("reason", reason);
            measured(object, wait, None);
            object.field("judged_agent", judged_agent.as_ref()).field("judged_team", judged_team.as_ref());
        }
        FactKind::BotAnswered { opened_at, wait } => {
            object.field("opened_at", *opened_at).field("wait_seconds", *wait);
        }
        FactKind::Breach { sla, opened_at, target, inherited } => {
            object.field("sla", sla.word()).field("opened_at", *opened_at);
            object.field("target_seconds", *target).field("inherited_seconds", *inherited);
        }
        FactKind::Resolved { outcome, seconds, active, cycle_seconds, business, target, within, .. } => {
            object.field("outcome", outcome.word()).field("seconds", *seconds).field("active_seconds", *active);
            object.field("cycle_seconds", *cycle_seconds).field("business_seconds", *business);
            object.field("target_seconds", *target).field("within", *within);
        }
        FactKind::Ended { outcome, .. } => {
            object.field("outcome", outcome.word());
        }
        FactKind::Reopened { after, .. } => {
            object.field("after_seconds", *after);
        }
        FactKind::Withdrawn { of, because, .. } => {
            object.field("of", of.kpi()).field("because", because.word());
        }
        other => people(object, other),
    }
}

/// The fields of kinds about agents' time, quality and business.
fn people(object: &mut Object<'_>, kind: &FactKind) {
    match kind {
        FactKind::Presence { status, category, from, to } => {
            object.field("status", status).field("category", category.word()).field("from", *from).field("to", *to);
        }
        FactKind::Handling { from, to } | FactKind::WaitingLimit { from, to } => {
            object.field("from", *from).field("to", *to);
        }
        FactKind::Planned { from, to, contacts } => {
            object.field("from", *from).field("to", *to).field("contacts", *contacts);
        }
        FactKind::Rated { score, scale } => {
            object.field("score", *score).field("scale", *scale);
        }
        FactKind::Violation { rule } => {
            object.field("rule", rule);
        }
        FactKind::Reviewed { points, out_of } => {
            object.field("points", *points).field("out_of", *out_of);
        }
        FactKind::Paid { order, amount_cents, currency } => {
            object.field("order", order).field("amount", Cents(*amount_cents)).field("currency", currency.as_ref());
        }
        FactKind::Returned { order, amount_cents } => {
            object.field("order", order).field("amount", amount_cents.map(Cents));
        }
        FactKind::Offer { accepted } => {
            object.field("accepted", *accepted);
        }
        FactKind::Scored { indicator, month, value } => {
            object.field("indicator", indicator).field("month", month).field("value", *value);
        }
        _ => {}
    }
}

/// A waiting period as `response` (with the sender's own share) and `unanswered` print it.
fn measured(object: &mut Object<'_>, wait: &Wait, own: Option<Span>) {
    object.field("opened_at", wait.opened_at).field("wait_seconds", wait.wait).field("seconds", wait.seconds);
    object.field("business_seconds", wait.business);
    if let Some(own) = own {
        object.field("own_seconds", own);
    }
    object.field("target_seconds", wait.target).field("within", wait.within);
    object.field("held", With(|out| list(out, &wait.held, |out, (holder, share)| held(out, holder, *share))));
}

fn held(out: &mut String, holder: &Holder, share: Span) {
    let owner = match holder {
        Holder::Bot => Name::new_static("bot"),
        Holder::Queue => Name::new_static("queue"),
        Holder::Agent(agent) => Name::from(format!("agent:{agent}")),
    };
    Object::new(out).field("owner", owner).field("seconds", share).end();
}

#[cfg(test)]
mod tests;
