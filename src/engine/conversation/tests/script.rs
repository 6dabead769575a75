//! Scripts: one line an event, and lines with `>` for the facts that it must have led to.
//!
//! ```text
//! 09:00:00 c1 started team=presale waiting     ids that begin with t are tickets
//! 09:00:20 c1 says amy                         customer, bot and system write without `says`
//! clock 09:01:00                               the clock moves on, deadlines before it fire
//! late 09:00:10 c1 customer                    applied at that clock
//! > 09:00:20 response c1#1 amy first opened 09:00:00 wait 20 judged 20 own 0 of 30 in time held queue 20
//! ```
//!
//! All facts must be listed, in order; those of [`QUIET`] kinds only when the script lists one of their kind. Times are of
//! 2 March 2026, with `+2d` before them of two days later.

use std::sync::Arc;

use crate::engine::conversation::{Conversations, Effect};
use crate::engine::policy::{Match, Policies, Policy, Setting};
use crate::engine::settings::Settings;
use crate::engine::signal::{DeadlineKey, Moment, Outbox, Signal};
use crate::model::{
    Action, ConversationId, EndReason, Fact, FactKind, Holder, Medium, Message, Name, Output, Posted, Sender, Span, Start, Tally,
    TicketStatus, Time, Wait, Zone,
};

/// Kinds that are compared only when a script asks for them.
const QUIET: [&str; 5] = ["started", "complained", "handling", "handled", "clamped"];

/// 2026-03-02T00:00:00Z.
const DAY: Time = Time(1_772_409_600_000);

/// Settings in UTC with these policies before the built-in ones.
pub fn settings(policies: Vec<Policy>) -> Settings {
    Settings { zone: Zone::utc(), policies: Policies::new(policies), track_changes: true, ..Settings::default() }
}

/// A policy for all conversations of a medium.
pub fn policy(medium: Medium) -> Policy {
    Policy { matches: Match { medium: Some(medium), ..Match::default() }, ..Policy::default() }
}

/// A target in seconds.
pub fn seconds(seconds: i64) -> Setting {
    Setting::Within(Span(seconds * 1_000))
}

/// Runs a script with the default settings.
pub fn check(script: &str) {
    check_with(settings(Vec::new()), script);
}

/// Runs a script.
pub fn check_with(settings: Settings, script: &str) {
    let wanted: Vec<&str> = script.lines().filter_map(|line| line.trim().strip_prefix("> ")).collect();
    let mut run = Run::new(settings);
    run.play(script);
    let has = |line: &str, kind: &str| line.split_whitespace().any(|word| word == kind);
    let left_out: Vec<&str> = QUIET.into_iter().filter(|kind| !wanted.iter().any(|line| has(line, kind))).collect();
    let mut found = run.lines();
    found.retain(|line| !left_out.iter().any(|kind| has(line, kind)));
    assert_eq!(found, wanted, "\n  found:\n{}\n  wanted:\n{}\n", found.join("\n"), wanted.join("\n"));
}

/// A fold that is being driven, with all that it put out.
pub struct Run {
    pub fold: Conversations,
    pub clock: Time,
    pub out: Outbox,
    pub effects: Vec<Effect>,
}

impl Run {
    pub fn new(settings: Settings) -> Self {
        let fold = Conversations::new(Arc::new(settings));
        Self { fold, clock: Time::MIN, out: Outbox::default(), effects: Vec::new() }
    }

    /// Plays the events of a script.
    pub fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('>')) {
            self.play_line(line);
        }
    }

    fn play_line(&mut self, line: &str) {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let late = words[0] == "late";
        if late || words[0] == "clock" {
            words.remove(0);
        }
        let time = time(words[0]);
        if !late {
            self.advance(time);
        }
        if words.len() > 1 {
            let moment = Moment { time, clock: self.clock, late };
            let effect = self.fold.apply(&id(words[1]), &action(&words[2..]), moment, &mut self.out);
            self.effects.push(effect);
        }
    }

    /// Moves the clock: every deadline before it fires.
    pub fn advance(&mut self, clock: Time) {
        while let Some(DeadlineKey { at, .. }) = self.fold.next_deadline()
            && at < clock
        {
            self.fold.fire(&mut self.out);
        }
        self.clock = self.clock.max(clock);
    }

    /// Facts and tallies, one line each.
    pub fn lines(&self) -> Vec<String> {
        self.out.posted.iter().map(line).collect()
    }

    /// Signals, one line each.
    pub fn signals(&self) -> Vec<String> {
        self.out.signals.iter().map(signal).collect()
    }
}

/// `09:00:20.5`, `+2d09:00:00`.
pub fn time(word: &str) -> Time {
    let (days, word) = word.strip_prefix('+').and_then(|word| word.split_once('d')).unwrap_or(("0", word));
    let parts: Vec<f64> = word.split(':').map(|part| part.parse().unwrap()).collect();
    let seconds = (parts[0] * 60.0 + parts[1]) * 60.0 + parts[2];
    DAY + Span(days.parse::<i64>().unwrap() * Span::DAY.0 + (seconds * 1_000.0).round() as i64)
}

pub fn id(word: &str) -> ConversationId {
    let medium = if word.starts_with('t') { Medium::Ticket } else { Medium::Chat };
    ConversationId { medium, id: Name::new(word) }
}

fn action(words: &[&str]) -> Action {
    let has = |word: &str| words.contains(&word);
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('=')).map(Name::new);
    let agent = || words.get(1).filter(|word| **word != "-").map(Name::new);
    let message = |from: Sender| {
        let phrases = value("phrases").map(|list| list.split(',').map(Name::new).collect()).unwrap_or_default();
        let (private, automated, edited) = (has("private"), has("automated"), has("edited"));
        Action::Message(Message { from, private, automated, edited, phrases })
    };
    match words[0] {
        "started" => Action::Started(Box::new(Start {
            customer: None,
            team: value("team"),
            channel: value("channel"),
            topic: None,
            in_scope: !has("out_of_scope"),
            bot: has("bot"),
            waiting: has("waiting"),
            kind: value("kind"),
            severity: value("severity"),
            priority: value("priority"),
            agent: value("agent"),
        })),
        "assigned" => Action::Assigned { agent: agent(), team: value("team") },
        "handoff" => Action::Handoff { team: value("team") },
        "customer" => message(Sender::Customer),
        "bot" => message(Sender::Bot),
        "system" => message(Sender::System),
        "says" => message(Sender::Agent(agent().unwrap())),
        "ended" => {
            let reasons = [EndReason::Resolved, EndReason::Closed, EndReason::Abandoned, EndReason::Timeout];
            Action::Ended { reason: reasons.into_iter().find(|reason| reason.word() == words[1]).unwrap(), agent: value("by") }
        }
        "reopened" => Action::Reopened,
        "followed_up" => Action::FollowedUp { agent: agent().unwrap() },
        "status" => {
            let words_of = [TicketStatus::Open, TicketStatus::Pending, TicketStatus::OnHold, TicketStatus::Resolved, TicketStatus::Closed];
            Action::Status { status: words_of.into_iter().find(|status| status.word() == words[1]).unwrap(), agent: value("by") }
        }
        "merged" => Action::Merged { into: agent().unwrap() },
        "work" => Action::Work { agent: agent().unwrap(), started: has("starts") },
        other => panic!("no such event: {other}"),
    }
}

/// An instant as scripts write it.
pub fn clock(at: Time) -> String {
    let (days, ms) = ((at - DAY).0.div_euclid(Span::DAY.0), (at - DAY).0.rem_euclid(Span::DAY.0));
    let fraction = if ms % 1_000 == 0 { String::new() } else { format!(".{:03}", ms % 1_000).trim_end_matches('0').to_owned() };
    let day = if days == 0 { String::new() } else { format!("+{days}d") };
    format!("{day}{:02}:{:02}:{:02}{fraction}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60)
}

fn line(posted: &Posted) -> String {
    match &posted.output {
        Output::Fact(fact) => {
            let posted = if posted.clock == fact.at { String::new() } else { format!(" posted {}", clock(posted.clock)) };
            let team = fact.team.as_ref().map(|team| format!("@{team}")).unwrap_or_default();
            let agent = fact.agent.as_deref().unwrap_or("nobody");
            let of = fact.conversation.as_ref().unwrap();
            format!("{} {} {}#{} {agent}{team}{}{posted}", clock(fact.at), kind_word(fact), of.id, of.cycle, kind(&fact.kind))
        }
        Output::Tally(tally) => match &**tally {
            Tally::Handled { agent, at, time, .. } => format!("{} handled {agent} {}", clock(*at), time.seconds()),
            Tally::Clamped => "clamped".to_owned(),
            other => panic!("not of this fold: {other:?}"),
        },
    }
}

fn kind_word(fact: &Fact) -> &'static str {
    match &fact.kind {
        FactKind::Started { .. } => "started",
        FactKind::Response { .. } => "response",
        FactKind::Unanswered { .. } => "unanswered",
        FactKind::BotAnswered { .. } => "bot_answered",
        FactKind::Breach { .. } => "breach",
        FactKind::Resolved { .. } => "resolved",
        FactKind::Ended { .. } => "ended",
        FactKind::Reopened { .. } => "reopened",
        FactKind::Complained => "complained",
        FactKind::Handling { .. } => "handling",
        FactKind::Withdrawn { .. } => "withdrawn",
        FactKind::Violation { .. } => "violation",
        FactKind::FollowedUp => "followed_up",
        other => panic!("not of this fold: {other:?}"),
    }
}

fn kind(kind: &FactKind) -> String {
    let some = |word: &str, yes: bool| if yes { format!(" {word}") } else { String::new() };
    let optional = |word: &str, span: Option<Span>| span.map(|span| format!(" {word} {}", span.seconds())).unwrap_or_default();
    let judged = |within: Option<bool>| match within {
        None => "",
        Some(true) => " in time",
        Some(false) => " late",
    };
    match kind {
        FactKind::Started { kind, in_scope, implicit } => {
            let kind = kind.as_ref().map(|kind| format!(" kind {kind}")).unwrap_or_default();
            format!("{kind}{}{}", some("out of scope", !in_scope), some("implicit", *implicit))
        }
        FactKind::Response { first, wait: waited, own } => {
            format!("{}{}{}", some("first", *first), wait(waited, Some(*own)), held(waited))
        }
        FactKind::Unanswered { first, reason, wait: waited, judged_agent, judged_team } => {
            let on = judged_agent.as_ref().map(|agent| format!(" on {agent}")).unwrap_or_default();
            let of = judged_team.as_ref().map(|team| format!(" of {team}")).unwrap_or_default();
            format!(" {reason}{}{}{}{on}{of}", some("first", *first), wait(waited, None), held(waited))
        }
        FactKind::BotAnswered { opened_at, wait } => format!(" opened {} wait {}", clock(*opened_at), wait.seconds()),
        FactKind::Breach { sla, opened_at, target, inherited } => {
            format!(" {} opened {} of {} inherited {}", sla.word(), clock(*opened_at), target.seconds(), inherited.seconds())
        }
        FactKind::Resolved {
            outcome,
            seconds,
            active,
            cycle_seconds,
            business,
            target,
            within,
            judged_active,
            first,
            counts,
            complaint,
        } => {
            assert_eq!((business, judged_active), (&None, active), "without calendars the clocks agree");
            let sums = format!("{} active {} cycle {}", seconds.seconds(), active.seconds(), cycle_seconds.seconds());
            let target = optional("of", *target) + judged(*within) + &some("first", *first) + &some("uncounted", !counts);
            format!(" {} after {sums}{target}{}", outcome.word(), optional("complaint", *complaint))
        }
        FactKind::Ended { outcome, first } => format!(" {}{}", outcome.word(), some("first", *first)),
        FactKind::Reopened { after, counts } => format!(" after {}{}", after.seconds(), some("counts", *counts)),
        FactKind::Complained | FactKind::FollowedUp => String::new(),
        FactKind::Handling { from, to } => format!(" {} to {}", clock(*from), clock(*to)),
        FactKind::Withdrawn { of, because, counted_at } => format!(" {} {} of {}", of.kpi(), because.word(), clock(*counted_at)),
        FactKind::Violation { rule } => format!(" {rule}"),
        other => panic!("not of this fold: {other:?}"),
    }
}

fn wait(wait: &Wait, own: Option<Span>) -> String {
    let own = own.map(|own| format!(" own {}", own.seconds())).unwrap_or_default();
    let target = wait.target.map(|target| format!(" of {}", target.seconds())).unwrap_or_default();
    let within = wait.within.map(|within| if within { " in time" } else { " late" }).unwrap_or_default();
    let people = if !wait.people {
        " bot's"
    } else if wait.offered {
        ""
    } else {
        " again"
    };
    let times = format!("opened {} wait {} judged {}", clock(wait.opened_at), wait.wait.seconds(), wait.seconds.seconds());
    let shared: Span = wait.held.iter().map(|(_, share)| *share).sum();
    assert_eq!(shared, wait.wait, "the shares add up to the wait");
    format!("{people} {times}{own}{target}{within}")
}

fn held(wait: &Wait) -> String {
    let shares = wait.held.iter().map(|(holder, share)| match holder {
        Holder::Bot => format!(" bot {}", share.seconds()),
        Holder::Queue => format!(" queue {}", share.seconds()),
        Holder::Agent(agent) => format!(" {agent} {}", share.seconds()),
    });
    format!(" held{}", shares.collect::<String>())
}

fn signal(signal: &Signal) -> String {
    match signal {
        Signal::Contact { agent, team, at } => format!("{} contact {agent} {}", clock(*at), team.as_deref().unwrap_or("-")),
        Signal::HandlingBegan { agent, conversation, at } => format!("{} began {agent} {}", clock(*at), conversation.id),
        Signal::HandlingEnded { agent, conversation, from, to } => {
            format!("{} ended {agent} {} from {}", clock(*to), conversation.id, clock(*from))
        }
        Signal::Standing { conversation, before, after, at } => {
            let show = |standing: &crate::engine::signal::Standing| {
                let waiting = standing.waiting_since.map(|since| format!(" waits since {}", clock(since))).unwrap_or_default();
                format!("{}{}{waiting}", standing.owner.as_deref().unwrap_or("nobody"), if standing.open { " open" } else { "" })
            };
            format!("{} standing {}: {} -> {}", clock(*at), conversation.id, show(before), show(after))
        }
    }
}
