//! Counters and histograms: what happened since the store began.

use super::catalogue as names;
use super::roster::Roster;
use super::text::{Page, Series};
use super::{AgentOption, Snapshot, or_empty};
use crate::engine::TargetNow;
use crate::kpi::{BreachKey, Column, Family, Seconds};
use crate::model::{Medium, Name, Sla, Span};

/// Writes them all.
pub fn write(page: &mut Page, snapshot: &Snapshot, roster: &Roster<'_>) {
    histograms(page, snapshot);
    let mut answers = page.family(&names::AGENT_RESPONSES);
    for (key, count) in snapshot.counters.answers.iter().filter(|(key, _)| roster.shows_done(&key.agent)) {
        let within = match key.within {
            Some(true) => "true",
            Some(false) => "false",
            None => "none",
        };
        answers.sample(&[&key.agent, or_empty(&key.team), key.medium.word(), within], *count);
    }
    let zeros = if snapshot.options.agents == AgentOption::Off { Vec::new() } else { zeros(snapshot) };
    breaches(page.family(&names::BREACHES), &snapshot.counters.breaches, zeros, snapshot.options.agents, roster);
    breaches(page.family(&names::BREACHES_WITHDRAWN), &snapshot.counters.withdrawn, Vec::new(), snapshot.options.agents, roster);
    let parts: [(_, Part); 4] = [
        (&names::AGENT_WORK_SECONDS, |seconds| seconds.work),
        (&names::AGENT_BUSY_SECONDS, |seconds| seconds.busy),
        (&names::AGENT_IDLE_SECONDS, |seconds| seconds.idle),
        (&names::AGENT_HANDLING_SECONDS, |seconds| seconds.handling),
    ];
    for (metric, part) in parts {
        let mut family = page.family(metric);
        for (key, seconds) in snapshot.counters.time.iter().filter(|(key, _)| roster.shows_done(&key.agent)) {
            family.sample(&[&key.agent, or_empty(&key.team)], part(seconds));
        }
    }
}

/// One of the times of an agent.
type Part = fn(&Seconds) -> Span;

fn histograms(page: &mut Page, snapshot: &Snapshot) {
    let families = [
        (Family::Response, &names::RESPONSE_SECONDS),
        (Family::Resolution, &names::RESOLUTION_SECONDS),
        (Family::Complaint, &names::COMPLAINT_HANDLING_SECONDS),
    ];
    for (of, metric) in families {
        let mut family = page.family(metric);
        for (key, histogram) in snapshot.counters.histograms.iter().filter(|(key, _)| key.family == of) {
            let first = if key.first { "true" } else { "false" };
            let labels = [or_empty(&key.team), or_empty(&key.channel), key.medium.word(), first];
            family.histogram(&labels[..metric.labels.len()], histogram);
        }
    }
}

/// Labels of a breach, in the order in which they are shown.
type Labels<'a> = (Sla, Option<&'a Name>, Option<&'a Name>, Medium);

/// Breaches by target, team, owner and medium; without series of agents those of a team are added up.
fn breaches<'a>(
    mut family: Series<'_>,
    counted: &'a Column<BreachKey, u64>,
    zeros: Vec<(Labels<'a>, u64)>,
    option: AgentOption,
    roster: &Roster<'_>,
) {
    let agent = |agent: &'a Option<Name>| agent.as_ref().filter(|_| option != AgentOption::Off);
    let counted = counted.iter().map(|(key, count)| ((key.sla, key.team.as_ref(), agent(&key.agent), key.medium), *count));
    let mut all: Vec<(Labels<'_>, u64)> = counted.chain(zeros).collect();
    all.sort_by_key(|(labels, _)| *labels);
    for same in all.chunk_by(|one, other| one.0 == other.0) {
        let Some(((sla, team, agent, medium), _)) = same.first() else { continue };
        if agent.is_none_or(|agent| roster.shows_breaches(agent)) {
            let count: u64 = same.iter().map(|(_, count)| count).sum();
            let name = |name: &Option<&'a Name>| name.map_or("", Name::as_str);
            family.sample(&[sla.word(), name(team), name(agent), medium.word()], count);
        }
    }
}

/// A rate needs a zero to start from: agents on duty show one for each response target that there is.
fn zeros(snapshot: &Snapshot) -> Vec<(Labels<'_>, u64)> {
    let targets = &snapshot.targets;
    let is_set = |sla: Sla, medium: Medium| {
        targets.iter().any(|TargetNow { sla: of, matches, .. }| *of == sla && matches.medium.is_none_or(|of| of == medium))
    };
    let mut agents: Vec<_> = snapshot.live.agents.iter().map(|agent| (agent.team.as_ref(), &agent.agent)).collect();
    agents.sort_unstable();
    let mut zeros = Vec::new();
    for sla in [Sla::FirstResponse, Sla::NextResponse] {
        let media: Vec<Medium> = [Medium::Chat, Medium::Ticket].into_iter().filter(|medium| is_set(sla, *medium)).collect();
        for (team, agent) in &agents {
            zeros.extend(media.iter().map(|medium| ((sla, *team, Some(*agent), *medium), 0)));
        }
    }
    zeros
}
