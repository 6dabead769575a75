//! What a step changed: who has the conversation, which clocks run, which targets were looked up and where they come from.

use crate::engine::{Attributes, Cause, ConversationNow, Match, Policies, ResolutionNow, Step, WaitNow};
use crate::model::{FactKind, Medium, Name, Sla, Span, Time, Zone};

use super::page::Page;

/// A word and a sentence.
pub(super) type Row = (&'static str, String);

/// What the sentences need beyond the steps.
pub(super) struct Changes<'a> {
    /// Where targets come from.
    pub policies: &'a Policies,
    /// How many of them are the user's.
    pub users: usize,
    /// Decides which are valid on which day.
    pub zone: &'a Zone,
}

/// Who has it now.
pub(super) fn holder(now: &ConversationNow) -> String {
    match (&now.owner, now.bot_holds) {
        (_, true) => "a bot".to_owned(),
        (Some(agent), false) => agent.to_string(),
        (None, false) => "nobody (the queue)".to_owned(),
    }
}

impl Changes<'_> {
    /// The rows of a step.
    pub fn rows(&self, step: &Step, page: &Page<'_>) -> Vec<Row> {
        let Some(after) = &step.after else { return Vec::new() };
        let before = step.before.as_ref();
        let mut rows = Vec::new();
        names(before, after, &mut rows);
        owner(before, after, &mut rows);
        if let Some(into) = after.merged_into.as_ref().filter(|_| before.is_none_or(|before| before.merged_into.is_none())) {
            rows.push(("merged", format!("messages go on in ticket:{into}, and so does an open wait (ruling 66)")));
        }
        self.wait(before, after, step, page, &mut rows);
        self.resolution(before, after, step, page, &mut rows);
        rows
    }

    fn wait(&self, before: Option<&ConversationNow>, after: &ConversationNow, step: &Step, page: &Page<'_>, rows: &mut Vec<Row>) {
        let was = before.and_then(|before| before.wait.as_ref());
        let Some(wait) = &after.wait else {
            let is_closed = step.facts.iter().any(|fact| closes_wait(&fact.kind));
            if was.is_some() && !is_closed {
                rows.push(("wait", "leaves this ticket: it goes on in the other one (ruling 66)".to_owned()));
            }
            return;
        };
        let is_new = was.is_none_or(|was| was.opened_at != wait.opened_at);
        let runs_now = wait.judged_from.filter(|_| is_new || was.is_some_and(|was| was.judged_from.is_none()));
        if is_new || runs_now.is_some() {
            let opened = page.stamp(wait.opened_at);
            let people = match wait.judged_from {
                None => "the people's stands while the bot holds it".to_owned(),
                Some(from) if from == wait.opened_at => "the people's too".to_owned(),
                Some(from) => format!("the people's from {}", page.stamp(from)),
            };
            rows.push(("wait", format!("the customer's clock runs from {opened}, {people}")));
        }
        if let Some(from) = runs_now {
            rows.push((wait.sla.word(), self.target(after, wait, from, page)));
        }
    }

    fn target(&self, now: &ConversationNow, wait: &WaitNow, from: Time, page: &Page<'_>) -> String {
        let source = self.source(wait.sla, now, from);
        limit(wait.target, wait.deadline, &source, page)
    }

    fn resolution(&self, before: Option<&ConversationNow>, after: &ConversationNow, step: &Step, page: &Page<'_>, rows: &mut Vec<Row>) {
        let was = before.and_then(|before| before.resolution.as_ref());
        let now = after.resolution.as_ref().filter(|now| now.target.is_some());
        let is_told = step.facts.iter().any(|fact| matches!(fact.kind, FactKind::Breach { sla: Sla::Resolution, .. }));
        match (was.filter(|was| was.target.is_some()), now) {
            (None, Some(now)) => {
                let source = self.source(Sla::Resolution, after, time_of(step));
                let mut text = limit(now.target, now.due, &source, page);
                text.push_str(if now.is_complaint { "; never pauses" } else { "; of active time" });
                rows.push(("resolution", text));
            }
            (Some(was), Some(now)) if after.is_open && was.due != now.due && !is_told => rows.push(("resolution", moved(now, after, page))),
            _ => {}
        }
        if after.is_open && before.is_some_and(|before| before.is_paused) != after.is_paused {
            let text = if after.is_paused {
                "the active clock stands; a wait's clock does not (ruling 65)"
            } else {
                "is over: the active clock runs on"
            };
            rows.push(("pause", text.to_owned()));
        }
    }

    /// The policy that decides, as a user finds it.
    fn source(&self, sla: Sla, now: &ConversationNow, at: Time) -> String {
        let attributes = Attributes {
            medium: now.medium,
            team: now.team.as_ref(),
            channel: now.channel.as_ref(),
            kind: now.kind.as_ref(),
            severity: now.severity.as_ref(),
            priority: now.priority.as_ref(),
        };
        match self.policies.deciding(sla, &attributes, self.zone.day(at)) {
            None => "no policy sets one".to_owned(),
            Some(index) => {
                let whose = if index < self.users { format!("policy[{index}]") } else { "the built-in policy".to_owned() };
                format!("{whose} for {}", matches(&self.policies.all()[index].matches))
            }
        }
    }
}

/// Attributes that an event named after the start; those of the start stand in its own line.
fn names(before: Option<&ConversationNow>, after: &ConversationNow, rows: &mut Vec<Row>) {
    let Some(before) = before else { return };
    let pairs = [
        ("team", &before.team, &after.team),
        ("channel", &before.channel, &after.channel),
        ("kind", &before.kind, &after.kind),
        ("severity", &before.severity, &after.severity),
        ("priority", &before.priority, &after.priority),
    ];
    for (word, was, now) in pairs {
        if let Some(now) = now.as_ref().filter(|_| was != now) {
            rows.push((word, was.as_ref().map_or_else(|| now.to_string(), |was| format!("{was} → {now}"))));
        }
    }
}

fn owner(before: Option<&ConversationNow>, after: &ConversationNow, rows: &mut Vec<Row>) {
    let now = holder(after);
    match before.map(holder) {
        None => rows.push(("owner", now)),
        Some(was) if was != now => rows.push(("owner", format!("{was} → {now}"))),
        Some(_) => {}
    }
}

fn closes_wait(kind: &FactKind) -> bool {
    matches!(kind, FactKind::Response { .. } | FactKind::Unanswered { .. } | FactKind::BotAnswered { .. })
}

fn limit(target: Option<Span>, deadline: Option<Time>, source: &str, page: &Page<'_>) -> String {
    match (target, deadline) {
        (None, _) => format!("no target: {source} (ruling 28)"),
        (Some(target), None) => format!("{target}, without a deadline for now: {source} (rulings 28, 29)"),
        (Some(target), Some(deadline)) => format!("{target}, until {}: {source} (rulings 28, 29)", page.stamp(deadline)),
    }
}

fn moved(now: &ResolutionNow, after: &ConversationNow, page: &Page<'_>) -> String {
    match now.due {
        Some(due) => format!("until {} now", page.stamp(due)),
        None if after.bot_holds => "its clock stands while the bot holds it".to_owned(),
        None => "its clock stands".to_owned(),
    }
}

fn time_of(step: &Step) -> Time {
    match &step.cause {
        Cause::Event { event, .. } => event.time,
        Cause::Deadline { at } => *at,
    }
}

/// What a policy is for, as it is written.
fn matches(matches: &Match) -> String {
    let words: [(&str, Option<&Name>); 5] = [
        ("team", matches.team.as_ref()),
        ("channel", matches.channel.as_ref()),
        ("kind", matches.kind.as_ref()),
        ("severity", matches.severity.as_ref()),
        ("priority", matches.priority.as_ref()),
    ];
    let medium = match matches.medium {
        None => "chats and tickets",
        Some(Medium::Chat) => "chats",
        Some(Medium::Ticket) => "tickets",
    };
    let words: String = words.iter().filter_map(|(word, name)| Some(format!(" of {word} {}", name.as_ref()?))).collect();
    format!("{medium}{words}")
}
