//! Gauges of the present: agents, queues, open complaints, targets. Waits are worked out at the moment of showing.

use std::collections::BTreeMap;

use super::catalogue as names;
use super::roster::Roster;
use super::text::Page;
use super::{Snapshot, or_empty};
use crate::engine::{AgentNow, Match};
use crate::model::{Medium, Name, Time};
use crate::view::live::{Queue, queues};

/// Writes them all.
pub fn write(page: &mut Page, snapshot: &Snapshot, roster: &Roster<'_>, now: Time) {
    let mut agents: Vec<&AgentNow> = snapshot.live.agents.iter().collect();
    agents.sort_unstable_by_key(|agent| (&agent.agent, &agent.team));
    loads(page, &agents, roster, now);
    statuses(page, snapshot, &agents, roster);
    all_queues(page, snapshot, now);
    complaints(page, snapshot, now);
    targets(page, snapshot);
}

fn loads(page: &mut Page, agents: &[&AgentNow], roster: &Roster<'_>, now: Time) {
    let shown = |agent: &&&AgentNow| roster.shows_now(&agent.agent);
    let mut waiting = page.family(&names::AGENT_WAITING_CUSTOMERS);
    for agent in agents.iter().filter(shown) {
        waiting.sample(&[&agent.agent, or_empty(&agent.team)], agent.waiting);
    }
    let mut longest = page.family(&names::AGENT_LONGEST_WAIT);
    for agent in agents.iter().filter(shown) {
        if let Some(since) = agent.longest_wait_since {
            longest.sample(&[&agent.agent, or_empty(&agent.team)], now.since(since));
        }
    }
    let mut open = page.family(&names::AGENT_OPEN_CONVERSATIONS);
    for agent in agents.iter().filter(shown) {
        open.sample(&[&agent.agent, or_empty(&agent.team)], agent.open);
    }
}

fn statuses(page: &mut Page, snapshot: &Snapshot, agents: &[&AgentNow], roster: &Roster<'_>) {
    let shown = |agent: &&&AgentNow| roster.shows_now(&agent.agent);
    // Words of producers that nobody configured are no labels: their number has no bound.
    let known = |status| snapshot.options.statuses.get(status).map_or("other", Name::as_str);
    let mut status = page.family(&names::AGENT_STATUS);
    for agent in agents.iter().filter(shown) {
        if let Some(word) = agent.status.as_ref().map(known) {
            status.sample(&[&agent.agent, or_empty(&agent.team), word], 1_u64);
        }
    }
    let mut since = page.family(&names::AGENT_STATUS_SINCE);
    for agent in agents.iter().filter(shown) {
        if let (Some(word), Some(at)) = (agent.status.as_ref().map(known), agent.since) {
            since.sample(&[&agent.agent, or_empty(&agent.team), word], at);
        }
    }
    let mut info = page.family(&names::AGENT_INFO);
    for agent in agents.iter().filter(shown) {
        let name = snapshot.names.get(&agent.agent).unwrap_or(&agent.agent);
        info.sample(&[&agent.agent, or_empty(&agent.team), name], 1_u64);
    }
}

/// Queues in which somebody waits, and at zero all others that ever had a conversation.
fn all_queues(page: &mut Page, snapshot: &Snapshot, now: Time) {
    let known = snapshot.counters.breaches.iter().filter(|(key, _)| key.agent.is_none());
    let mut all: BTreeMap<(Option<&Name>, Medium), Queue> =
        known.map(|(key, _)| ((key.team.as_ref(), key.medium), Queue::default())).collect();
    all.extend(queues(&snapshot.live, now));
    let mut waiting = page.family(&names::QUEUE_WAITING_CUSTOMERS);
    for (key, queue) in &all {
        waiting.sample(&labels(key), queue.waiting);
    }
    let mut longest = page.family(&names::QUEUE_LONGEST_WAIT);
    for (key, queue) in all.iter().filter(|(_, queue)| queue.waiting > 0) {
        longest.sample(&labels(key), queue.longest);
    }
    let mut over = page.family(&names::QUEUE_OVER_TARGET);
    for (key, queue) in &all {
        over.sample(&labels(key), queue.over_target);
    }
}

fn labels<'a>((team, medium): &(Option<&'a Name>, Medium)) -> [&'a str; 2] {
    [team.map_or("", Name::as_str), medium.word()]
}

fn complaints(page: &mut Page, snapshot: &Snapshot, now: Time) {
    let mut all: Vec<_> = snapshot.live.complaints.iter().collect();
    all.sort_unstable_by_key(|complaints| &complaints.team);
    let mut open = page.family(&names::OPEN_COMPLAINTS);
    for complaints in &all {
        open.sample(&[or_empty(&complaints.team)], complaints.count);
    }
    let mut oldest = page.family(&names::OLDEST_OPEN_COMPLAINT);
    for complaints in &all {
        oldest.sample(&[or_empty(&complaints.team)], now.since(complaints.oldest_raised_at));
    }
}

fn targets(page: &mut Page, snapshot: &Snapshot) {
    let mut family = page.family(&names::TARGET_SECONDS);
    for target in snapshot.targets.iter() {
        let Match { medium, team, channel, kind, severity, priority } = &target.matches;
        let medium = medium.map_or("", Medium::word);
        let [team, channel, kind, severity, priority] = [team, channel, kind, severity, priority].map(or_empty);
        family.sample(&[target.sla.word(), team, medium, channel, kind, severity, priority], target.limit);
    }
}
