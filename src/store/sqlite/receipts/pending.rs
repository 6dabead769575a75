//! What a commit brings: the facts decided since the one before, encoded as they come.

use std::collections::BTreeMap;

use crate::model::{Fact, FactKind, Name, Place};

use super::block::{Entry, Lists};
use super::day_of;
use crate::store::sqlite::packing::encoded;

/// Facts decided since the last commit, by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingReceipts {
    pub(super) facts: u32,
    pub(super) days: BTreeMap<i64, OfDay>,
    bytes: usize,
}

/// Those of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OfDay {
    /// How many.
    pub facts: u32,
    /// How far the first of them is from the first of the commit.
    pub first: u32,
    /// …and the last.
    pub last: u32,
    /// The earliest instant.
    pub from: i64,
    /// The latest.
    pub until: i64,
    /// Agents, teams and kinds.
    pub lists: Lists,
    /// The entries.
    pub entries: Vec<u8>,
}

impl PartialEq for Lists {
    fn eq(&self, other: &Self) -> bool {
        (&self.agents, &self.teams, &self.kinds) == (&other.agents, &other.teams, &other.kinds)
    }
}

impl Eq for Lists {}

impl PendingReceipts {
    /// Adds a fact: its kind's word, and the line that shows it.
    pub fn add(&mut self, fact: &Fact, kind: &'static str, line: &str) {
        let (judged_agent, judged_team) = judged(&fact.kind);
        let deadline = Place::of(fact, 0).deadline;
        let agents = [fact.agent.as_ref(), judged_agent];
        let teams = [fact.team.as_ref(), judged_team];
        let entry = Entry {
            ahead: self.facts,
            at: fact.at.0,
            deadline: deadline.as_ref().map(|(medium, id, which)| (*medium, id.as_str(), *which)),
            kind,
            agents: agents.map(|agent| agent.map(Name::as_str)),
            teams: teams.map(|team| team.map(Name::as_str)),
            line,
        };
        let begin = || OfDay { first: entry.ahead, from: entry.at, until: entry.at, ..OfDay::default() };
        let day = self.days.entry(day_of(fact.at)).or_insert_with(begin);
        let before = day.entries.len();
        day.entries = encoded(std::mem::take(&mut day.entries), &entry);
        self.bytes += day.entries.len() - before;
        day.facts += 1;
        (day.last, day.from, day.until) = (entry.ahead, day.from.min(entry.at), day.until.max(entry.at));
        note(&mut day.lists.agents, agents);
        note(&mut day.lists.teams, teams);
        if !day.lists.kinds.contains(kind) {
            day.lists.kinds.insert(Name::new_static(kind));
        }
        self.facts += 1;
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts == 0
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn note(list: &mut std::collections::BTreeSet<Name>, names: [Option<&Name>; 2]) {
    for name in names.into_iter().flatten() {
        if !list.contains(name) {
            list.insert(name.clone());
        }
    }
}

/// Agent and team that a fact was judged against, where those are not the credited ones.
fn judged(kind: &FactKind) -> (Option<&Name>, Option<&Name>) {
    match kind {
        FactKind::Unanswered { judged_agent, judged_team, .. } => (judged_agent.as_ref(), judged_team.as_ref()),
        _ => (None, None),
    }
}
