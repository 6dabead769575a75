//! One conversation explained: every event about it in the order applied, what it changed, the targets and the policies they come from,
//! and each fact with the rule behind it.
//!
//! | file | what it says |
//! |---|---|
//! | `events` | what an event was |
//! | `changes` | what it changed: owner, clocks, targets |
//! | `facts` | what was decided, and by which rule |
//! | `silence` | why nothing was |
//! | `page` | how it looks |

mod changes;
mod events;
mod facts;
mod page;
mod silence;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use crate::engine::{Cause, ConversationNow, Step};
use crate::model::{ConversationId, Fact, FactKind, Output, Posted, Span, Time};
use crate::pipeline::Core;
use crate::view;

use super::{Complaint, Replay, ReplayError};
use changes::Changes;
use page::{Page, Tone};

/// How many similar ids are named when a conversation is unknown.
const NEAREST: usize = 3;

/// One conversation to explain.
#[derive(Debug, Clone, Copy)]
pub struct Explain<'a> {
    /// The files, and how they are replayed.
    pub replay: Replay<'a>,
    /// Which conversation.
    pub conversation: &'a ConversationId,
    /// Whether the page has colours.
    pub colours: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explained {
    /// The page is written.
    Written,
    /// No event names the conversation; nothing is written.
    Unknown(Nearest),
}

/// What the files have instead of an unknown conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nearest {
    /// Conversations in all.
    pub count: u64,
    /// The ids most like it, the most similar first.
    pub ids: Vec<ConversationId>,
}

impl Explain<'_> {
    /// Replays the files and writes the page as it goes.
    ///
    /// # Errors
    /// As [`Replay::print`].
    pub fn print(&self, out: &mut dyn Write, complain: &mut dyn FnMut(&Complaint<'_>)) -> Result<Explained, ReplayError> {
        let settings = self.replay.config.engine_settings()?;
        let zone = self.replay.config.zone()?;
        let mut core = Core::new(&self.replay.config.core_settings()?)?;
        core.watch(self.conversation.clone());
        let changes = Changes { policies: &settings.policies, users: self.replay.config.policy.len(), zone: &zone };
        let mut page = Page::new(out, &zone, self.colours);
        let mut similar = Similar::new(self.conversation);
        let mut last: Option<Option<ConversationNow>> = None;
        let files = super::inputs::names(self.replay.files)?;
        self.replay.drive(&mut core, complain, &mut |core, posted| {
            for step in core.steps() {
                if last.is_none() {
                    page.title(&name(self.conversation), &self.replay.config.time_zone)?;
                }
                self.step(&mut page, &changes, (&step, &files))?;
                last = Some(step.after);
            }
            if last.is_none() {
                posted.iter().for_each(|one| similar.see(one));
            }
            Ok(())
        })?;
        match last {
            None => Ok(Explained::Unknown(similar.found())),
            Some(now) => {
                page.end(core.engine().clock(), &ending(now.as_ref(), core.engine().clock()))?;
                Ok(Explained::Written)
            }
        }
    }

    fn step(&self, page: &mut Page<'_>, changes: &Changes<'_>, (step, files): (&Step, &[PathBuf])) -> std::io::Result<()> {
        match &step.cause {
            Cause::Event { event, position, late } => {
                let file = &files[usize::from(position.partition.topic)];
                let place = format!("{}:{}", file.display(), position.offset);
                page.head(event.time, events::kind(&event.body), &events::text(&event.body, self.conversation), &place)?;
                if *late {
                    let clock = page.stamp(step.clock);
                    let text = format!(
                        "applied when the clock stood at {clock}: its facts keep its own time, and no change goes back (ruling 23)"
                    );
                    page.row("late", &text, Tone::Warning)?;
                }
            }
            Cause::Deadline { at } => page.head(*at, "deadline", "passed without an event", "")?,
        }
        for fact in &step.facts {
            self.fact(page, step, fact)?;
        }
        let rows = changes.rows(step, page);
        for (label, text) in &rows {
            page.row(label, text, Tone::Plain)?;
        }
        if let (Cause::Event { event, .. }, true) = (&step.cause, rows.is_empty() && step.facts.is_empty()) {
            let (label, text) = silence::why(&event.body, step);
            page.row(label, text, Tone::Plain)?;
        }
        Ok(())
    }

    fn fact(&self, page: &mut Page<'_>, step: &Step, fact: &Fact) -> std::io::Result<()> {
        let label = view::fact::word(&fact.kind).unwrap_or("complaint");
        let (text, tone) = facts::sentence(fact, step, page);
        page.row(label, &text, tone)?;
        match view::fact::line(fact) {
            Some(line) => page.receipt(&line),
            None => Ok(()),
        }
    }
}

/// A conversation as it is named on the command line.
fn name(id: &ConversationId) -> String {
    format!("{}:{}", id.medium.word(), id.id)
}

/// How it stands at the end.
fn ending(now: Option<&ConversationNow>, clock: Time) -> String {
    let Some(now) = now else {
        return "no event has started it, or it has been forgotten (rulings 49, 106)".to_owned();
    };
    let state = if now.is_open { "runs" } else { "is over" };
    let mut text = format!("cycle {} {state}, held by {}", now.cycle, changes::holder(now));
    if let Some(wait) = &now.wait {
        let over = wait.deadline.map(|deadline| clock.since(deadline)).filter(|over| *over > Span::ZERO);
        let over = over.map_or_else(String::new, |over| format!(", {over} over its target"));
        text.push_str(&format!("; the customer waits, {} by now{over}", clock.since(wait.opened_at)));
    }
    text
}

/// The ids most like a wanted one, of those that start.
struct Similar<'a> {
    wanted: &'a ConversationId,
    count: u64,
    /// Unlikeness in millionths, and the id.
    best: BTreeSet<(u32, ConversationId)>,
}

impl<'a> Similar<'a> {
    fn new(wanted: &'a ConversationId) -> Self {
        Self { wanted, count: 0, best: BTreeSet::new() }
    }

    fn see(&mut self, posted: &Posted) {
        let Output::Fact(fact) = &posted.output else { return };
        let (FactKind::Started { .. }, Some(started)) = (&fact.kind, &fact.conversation) else { return };
        self.count += 1;
        let likeness = strsim::jaro_winkler(&self.wanted.id, &started.id);
        self.best.insert((((1.0 - likeness) * 1e6) as u32, ConversationId { medium: started.medium, id: started.id.clone() }));
        if self.best.len() > NEAREST {
            self.best.pop_last();
        }
    }

    fn found(self) -> Nearest {
        Nearest { count: self.count, ids: self.best.into_iter().map(|(_, id)| id).collect() }
    }
}

impl std::fmt::Display for Nearest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.count, self.ids.is_empty()) {
            (0, _) | (_, true) => f.write_str("the files name no conversation at all"),
            (count, false) => {
                let ids: Vec<String> = self.ids.iter().map(name).collect();
                write!(f, "of the {count} that the files name, the most similar are {}", ids.join(", "))
            }
        }
    }
}
