//! What follows from an answer of the broker: partitions are taken, failed, found stalled; ends are noted for confirmation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::Offset;

use crate::model::{PartitionId, Reached, Span, Time};

use super::super::{Assignment, SourceEvent};
use super::client::Kind;
use super::layout::{self, Plan};
use super::reader::{Ended, Reader};
use super::standing::{Finding, STALLED, Standing};
use super::survey::{Extent, Survey, TopicState};

/// A login or certificate that is refused for this long at the start, or an address at which no broker answers, is wrong, not early.
const REFUSED_AT_START: Span = Span(3_000);
/// A topic that is missing or smaller this many times in a row, about a second apart, is gone.
const VANISHED_AFTER: u32 = 10;
/// The client is not asked for longer who leads the partitions: it finds out by itself, too.
const LEADERS_WITHIN: Span = Span(2_000);
/// How long after a refused position its partition must have stood still to be the one that was meant.
const REFUSED_FOR: Span = Span(2_000);

impl Reader {
    /// Acts on an answer.
    pub(super) fn take_survey(&mut self, survey: Survey) -> Result<(), Ended> {
        let now = self.clock.now();
        let mut extents = BTreeMap::new();
        let mut troubles = BTreeMap::new();
        for (partition, extent) in survey.extents {
            match extent {
                Ok(extent) => drop(extents.insert(partition, extent)),
                Err(reason) => drop(troubles.insert(partition, reason)),
            }
        }
        let complete = self.report_topics(&survey.topics)?;
        self.report_troubles(troubles, extents.is_empty())?;
        if self.standings.is_empty() && self.failed.is_empty() {
            // The first assignment names every partition there is: it waits until all are known.
            self.give_up_if_refused(now)?;
            let named = survey.topics.iter().map(|state| if let TopicState::Partitions(count) = state { *count as usize } else { 0 });
            if !complete || extents.len() < named.sum() {
                self.rounds.soon = complete;
                return Ok(());
            }
        }
        self.note_ends(survey.asked, &extents, now)?;
        self.check_refused(&extents, now)?;
        if survey.layout {
            self.check_vanished(&survey.topics)?;
            self.take_plan(&survey.topics, &extents, now)?;
        }
        Ok(())
    }

    /// Names topics that are missing or unknown; true when there is none.
    fn report_topics(&self, states: &[TopicState]) -> Result<bool, Ended> {
        let mut complete = true;
        for (name, state) in self.topics.iter().zip(states) {
            let reason = match state {
                TopicState::Partitions(_) | TopicState::Unread => continue,
                TopicState::Missing => format!("topic {name} does not exist at the broker: create it, or correct kafka.topics"),
                TopicState::Unknown(reason) => format!("topic {name}: {reason}"),
            };
            complete = false;
            self.tell(SourceEvent::Trouble { partition: None, reason })?;
            if matches!(state, TopicState::Unknown(_)) {
                // The same reason holds for the others.
                break;
            }
        }
        Ok(complete)
    }

    /// One reason for all partitions is told once.
    fn report_troubles(&self, troubles: BTreeMap<PartitionId, String>, all: bool) -> Result<(), Ended> {
        let same = troubles.values().collect::<BTreeSet<_>>().len() == 1;
        if let Some(reason) = troubles.values().next().filter(|_| all && same) {
            return self.tell(SourceEvent::Trouble { partition: None, reason: reason.clone() });
        }
        for (partition, reason) in troubles {
            let name = layout::name(&self.topics, partition.topic);
            let reason = format!("{name}/{}: {reason}", partition.partition);
            self.tell(SourceEvent::Trouble { partition: Some(partition), reason })?;
        }
        Ok(())
    }

    /// Waiting for a broker makes sense, waiting for a wrong password to become right does not.
    fn give_up_if_refused(&self, now: Time) -> Result<(), Ended> {
        match self.complaints.latest() {
            Some(complaint)
                if matches!(complaint.kind, Kind::Login | Kind::Tls | Kind::Foreign) && now - complaint.since >= REFUSED_AT_START =>
            {
                Err(Ended::Fatal(complaint.sentence))
            }
            _ => Ok(()),
        }
    }

    fn note_ends(&mut self, asked: Time, extents: &BTreeMap<PartitionId, Extent>, now: Time) -> Result<(), Ended> {
        let mut events = Vec::new();
        let mut shorter = Vec::new();
        for (partition, standing) in &mut self.standings {
            let Some(extent) = extents.get(partition) else { continue };
            let finding = standing.end_named(asked, extent.end, now);
            let name = layout::name(&self.topics, partition.topic);
            match finding {
                Finding::Fine => {}
                Finding::Shorter => shorter.push((*partition, layout::too_high(name, *partition, standing.next(), extent.end))),
                Finding::Stalled => events.push(SourceEvent::Trouble {
                    partition: Some(*partition),
                    reason: format!(
                        "{name}/{}: records wait at the broker and none has come for {} s; look after that partition's leader",
                        partition.partition,
                        STALLED.0 / 1_000,
                    ),
                }),
            }
            if let Some(records) = standing.take_lag(extent.end) {
                events.push(SourceEvent::Lag { partition: *partition, records });
            }
        }
        events.into_iter().try_for_each(|event| self.tell(event))?;
        shorter.into_iter().try_for_each(|(partition, reason)| self.fail(partition, reason))
    }

    /// A broker has refused some partition's position, and the client does not say whose: the one that stands still outside its log.
    fn check_refused(&mut self, extents: &BTreeMap<PartitionId, Extent>, now: Time) -> Result<(), Ended> {
        let Some((since, stood)) = self.rounds.refused.take() else { return Ok(()) };
        if now - since < REFUSED_FOR {
            self.rounds.refused = Some((since, stood));
            return Ok(());
        }
        let mut guilty = Vec::new();
        for (partition, standing) in &self.standings {
            let (Some(extent), name) = (extents.get(partition), layout::name(&self.topics, partition.topic)) else { continue };
            let next = standing.next();
            if stood.get(partition) != Some(&next) {
                continue;
            }
            if next < extent.low {
                guilty.push((*partition, layout::too_low(name, *partition, next, extent.low)));
            } else if next > extent.end {
                guilty.push((*partition, layout::too_high(name, *partition, next, extent.end)));
            }
        }
        guilty.into_iter().try_for_each(|(partition, reason)| self.fail(partition, reason))
    }

    /// Topics that were deleted, or deleted and made anew with fewer partitions.
    fn check_vanished(&mut self, states: &[TopicState]) -> Result<(), Ended> {
        for (topic, state) in (0_u16..).zip(states) {
            let had = self.standings.keys().filter(|partition| partition.topic == topic).map(|partition| partition.partition + 1).max();
            let has = match state {
                TopicState::Partitions(count) => *count,
                TopicState::Missing => 0,
                TopicState::Unknown(_) | TopicState::Unread => continue,
            };
            let Some(had) = had.filter(|had| *had > has) else {
                self.rounds.vanished.remove(&topic);
                continue;
            };
            let times = self.rounds.vanished.entry(topic).or_default();
            *times += 1;
            if *times < VANISHED_AFTER {
                self.rounds.layout = None;
                continue;
            }
            let reason = layout::shrunk(layout::name(&self.topics, topic), had, has);
            let partitions: Vec<_> = self.standings.keys().filter(|partition| partition.topic == topic).copied().collect();
            partitions.into_iter().try_for_each(|partition| self.fail(partition, reason.clone()))?;
        }
        Ok(())
    }

    /// Takes partitions that are new to us.
    fn take_plan(&mut self, states: &[TopicState], extents: &BTreeMap<PartitionId, Extent>, now: Time) -> Result<(), Ended> {
        let known = |partition| self.standings.contains_key(&partition) || self.failed.contains(&partition);
        let positions = self.positions.iter().map(|(partition, reached)| (*partition, reached.next)).collect();
        let Plan { assign, fail } = layout::plan(&self.topics, states, extents, &positions, known);
        let is_first = self.standings.is_empty();
        if is_first && fail.is_empty() {
            let partitions: Vec<PartitionId> = assign.iter().map(|assignment| assignment.partition).collect();
            if !self.check_owner(&partitions)? || !self.prove(&assign, extents)? {
                // Asked again with the next answer.
                self.rounds.layout = None;
                return Ok(());
            }
        }
        if !assign.is_empty() {
            self.assign(&assign)?;
            self.standings.extend(assign.iter().map(|assignment| (assignment.partition, Standing::new(assignment.from, now))));
            self.rounds.soon = true;
            self.tell(SourceEvent::Assigned(assign))?;
        }
        for (partition, reason) in fail {
            self.failed.insert(partition);
            self.tell(SourceEvent::Failed { partition, reason })?;
        }
        Ok(())
    }

    /// The positions go with the assignment: a seek afterwards can be lost.
    fn assign(&self, assignments: &[Assignment]) -> Result<(), Ended> {
        let list = self.list(assignments.iter().map(|assignment| (assignment.partition, Offset::Offset(assignment.from.0))));
        let done = if self.standings.is_empty() { self.client.assign(&list) } else { self.client.incremental_assign(&list) };
        done.map_err(|error| Ended::Fatal(format!("the Kafka client does not take the partitions: {error}")))
    }

    /// Has the client ask who leads the partitions that it will be given: by itself it asks up to a second after that.
    pub(super) fn find_leaders(&self, assignments: &[Assignment]) {
        let topics: BTreeSet<u16> = assignments.iter().map(|assignment| assignment.partition.topic).collect();
        let begun = self.clock.now();
        for name in topics.into_iter().map(|topic| layout::name(&self.topics, topic)) {
            let left = Span(LEADERS_WITHIN.0 - (self.clock.now() - begun).0);
            if self.wishes.closing() || left <= Span::ZERO {
                return;
            }
            if let Err(error) = self.client.fetch_metadata(Some(name), Duration::from_millis(left.0.unsigned_abs())) {
                tracing::debug!(%error, "who leads the partitions of {name} is not known yet: the client goes on asking");
                return;
            }
        }
    }

    /// Stops reading one partition for good.
    fn fail(&mut self, partition: PartitionId, reason: String) -> Result<(), Ended> {
        self.standings.remove(&partition);
        self.failed.insert(partition);
        let list = self.list(std::iter::once((partition, Offset::Invalid)));
        if let Err(error) = self.client.incremental_unassign(&list) {
            tracing::warn!(%error, "the Kafka client did not let go of a failed partition; its records are dropped");
        }
        drop(list);
        self.tell(SourceEvent::Failed { partition, reason })
    }
}

/// The positions of our store in the words of these settings; those of topics that are not read any more are left out.
pub(super) fn known_positions(topics: &[String], positions: &BTreeMap<(String, u32), Reached>) -> BTreeMap<PartitionId, Reached> {
    let mut known = BTreeMap::new();
    for ((name, partition), reached) in positions {
        if let Some(topic) = topics.iter().position(|topic| topic == name).and_then(|index| u16::try_from(index).ok()) {
            known.insert(PartitionId { topic, partition: *partition }, *reached);
        }
    }
    known
}
