//! What was decided, in a sentence with the rule behind it.

use crate::engine::{Cause, Step};
use crate::model::{Action, Because, Body, Fact, FactKind, Holder, Name, Outcome, Span, Wait, WithdrawnSample};

use super::page::{Page, Tone};

/// The sentence, and how it is to be taken.
pub(super) fn sentence(fact: &Fact, step: &Step, page: &Page<'_>) -> (String, Tone) {
    let agent = fact.agent.as_ref();
    let plain = |text: String| (text, Tone::Plain);
    match &fact.kind {
        FactKind::Started { implicit: true, .. } => {
            ("by an event that is no start event: its first cycle gives no sample of the resolution (ruling 49)".to_owned(), Tone::Warning)
        }
        FactKind::Started { .. } => plain("by a start event".to_owned()),
        FactKind::Complained => plain("raised: its time runs from the conversation's start, unpaused (ruling 48)".to_owned()),
        FactKind::Response { wait, own, .. } => response(who(agent), wait, *own),
        FactKind::Unanswered { reason, wait, judged_agent, .. } => unanswered(reason, wait, judged_agent.as_ref()),
        FactKind::BotAnswered { wait, .. } => bot_answered(step, *wait),
        FactKind::Breach { sla, target, inherited, .. } => {
            let on = agent.map_or_else(|| "the team's queue".to_owned(), Name::to_string);
            let before = match inherited.is_zero() {
                true => String::new(),
                false => format!("; {inherited} of it had passed before (ruling 44)"),
            };
            let text = format!("{} of {target} missed, on {on}{before}", sla.word());
            (text, Tone::Bad)
        }
        FactKind::Resolved { outcome, judged_active, target, within, first, counts, complaint, .. } => {
            let (clock, judged) = complaint.map_or(("active", *judged_active), |unpaused| ("unpaused", unpaused));
            let (verdict, tone) = verdict(judged, *target, *within);
            let sample = match (counts, first) {
                (false, _) => "no sample: started implicitly (ruling 49)",
                (true, true) => "the first resolution (ruling 103)",
                (true, false) => "a later cycle: no sample of resolution_time",
            };
            (format!("{} by {}; {clock} {judged}{verdict}; {sample}", outcome.word(), who(agent)), tone)
        }
        FactKind::Ended { outcome, .. } => plain(ended(*outcome)),
        FactKind::Reopened { after, counts } => plain(reopened(agent, *after, *counts)),
        FactKind::Handling { from, to } => {
            plain(format!("by {} for {}, {} to {} (rulings 71, 72)", who(agent), *to - *from, page.stamp(*from), page.stamp(*to)))
        }
        FactKind::Withdrawn { of, because, counted_at } => {
            (format!("{}, counted {}, is taken back: {}", of.kpi(), page.stamp(*counted_at), because_of(of, *because)), Tone::Warning)
        }
        FactKind::Violation { rule } if is_message(step) => (format!("{} wrote {rule:?} (ruling 82)", who(agent)), Tone::Bad),
        FactKind::Violation { .. } | FactKind::Reviewed { .. } | FactKind::Offer { .. } => {
            plain(format!("counts for {}, team of the conversation (ruling 87)", who(agent)))
        }
        FactKind::FollowedUp => plain(format!("by {}; counts once, after a first resolution (ruling 88)", who(agent))),
        _ => plain(format!("for {}", who(agent))),
    }
}

fn who(agent: Option<&Name>) -> &str {
    agent.map_or("nobody", Name::as_str)
}

fn is_message(step: &Step) -> bool {
    matches!(&step.cause, Cause::Event { event, .. } if matches!(&event.body, Body::Conversation { action: Action::Message(_), .. }))
}

/// Judged time against its target.
fn verdict(judged: Span, target: Option<Span>, within: Option<bool>) -> (String, Tone) {
    match (target, within) {
        (Some(target), Some(true)) => (format!(" of {target}, in time (ruling 1)"), Tone::Good),
        (Some(target), Some(false)) => (format!(" against {target}, {} late", Span((judged - target).0.max(0))), Tone::Bad),
        _ => (", no target".to_owned(), Tone::Plain),
    }
}

fn response(agent: &str, wait: &Wait, own: Span) -> (String, Tone) {
    let (verdict, tone) = verdict(wait.judged(), wait.target, wait.within);
    let shares = shares(wait);
    (format!("{agent} answered after {}{verdict}; {shares}; his own share {own} (rulings 33, 42)", wait.judged()), tone)
}

fn shares(wait: &Wait) -> String {
    let held: Vec<String> = wait.held.iter().map(|(holder, share)| format!("{} {share}", holder_word(holder))).collect();
    match held.is_empty() {
        true => format!("the customer waited {}", wait.wait),
        false => format!("the customer waited {}: {}", wait.wait, held.join(", ")),
    }
}

fn holder_word(holder: &Holder) -> &str {
    match holder {
        Holder::Bot => "bot",
        Holder::Queue => "queue",
        Holder::Agent(agent) => agent,
    }
}

fn unanswered(reason: &str, wait: &Wait, judged: Option<&Name>) -> (String, Tone) {
    let shares = shares(wait);
    if !wait.people {
        return (format!("the cycle ended ({reason}) while the bot held it: no people's time (ruling 39); {shares}"), Tone::Plain);
    }
    let (verdict, tone) = verdict(wait.judged(), wait.target, wait.within);
    let judged = match wait.within {
        Some(false) => format!("judged on {} (ruling 27)", judged.map_or("the team's queue", Name::as_str)),
        _ => "not judged".to_owned(),
    };
    (format!("the cycle ended ({reason}) after {}{verdict}; {judged}; {shares}", wait.judged()), tone)
}

fn bot_answered(step: &Step, wait: Span) -> (String, Tone) {
    let ran = step.before.as_ref().and_then(|before| before.wait.as_ref()).is_some_and(|wait| wait.judged_from.is_some());
    let people = if ran { "the people's clock had run: a breach would stand (ruling 38)" } else { "no agent's number" };
    (format!("the bot answered after {wait}; {people}"), Tone::Plain)
}

fn ended(outcome: Outcome) -> String {
    let text = match outcome {
        Outcome::Auto => "by the clock: no sample of the resolution",
        Outcome::Abandoned => "the customer left: no sample of the resolution",
        Outcome::Bot => "while the bot held it and no person had written: whatever the event's reason (ruling 51)",
        Outcome::Merged => "it goes on in the other ticket: no sample (ruling 66)",
        Outcome::Resolved | Outcome::Closed => "by people",
    };
    format!("{}: {text}", outcome.word())
}

fn reopened(agent: Option<&Name>, after: Span, counts: bool) -> String {
    let against = match (counts, agent) {
        (true, agent) => format!("counts against {}", who(agent)),
        (false, _) => "counts against nobody: the cycle before was no resolution".to_owned(),
    };
    format!("a new cycle, {after} after the end; {against} (ruling 57)")
}

fn because_of(of: &WithdrawnSample, because: Because) -> &'static str {
    match (because, of) {
        (Because::LateEvent, _) => "the late event shows that it was in time (ruling 23)",
        (Because::Reopened, WithdrawnSample::ComplaintHandlingTime { .. }) => "the complaint is open again, its next resolution counts",
        (Because::Reopened, _) => "it is open again (ruling 58)",
        (Because::RepeatContact, _) => "the customer came again (ruling 59)",
    }
}
