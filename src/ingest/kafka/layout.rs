//! May we go on from our positions? low ≤ ours ≤ end, and no topic has lost partitions. Pure.

use std::collections::BTreeMap;

use crate::model::{NextOffset, PartitionId, Topics};

use super::super::Assignment;
use super::survey::{Extent, TopicState};

/// What is to be done with the partitions of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// To be read.
    pub(super) assign: Vec<Assignment>,
    /// Never to be read before a person has looked.
    pub(super) fail: Vec<(PartitionId, String)>,
}

/// Plans the partitions that `extents` names and that are not `known` yet. `positions` are those of our store.
pub(super) fn plan(
    topics: &Topics,
    states: &[TopicState],
    extents: &BTreeMap<PartitionId, Extent>,
    positions: &BTreeMap<PartitionId, NextOffset>,
    known: impl Fn(PartitionId) -> bool,
) -> Plan {
    let mut plan = Plan::default();
    let shrunk: BTreeMap<u16, String> = (0_u16..).zip(states).filter_map(|(topic, state)| lost(topics, topic, state, positions)).collect();
    let gone = positions.keys().filter(|partition| shrunk.contains_key(&partition.topic) && !extents.contains_key(*partition));
    for partition in gone.chain(extents.keys()).filter(|partition| !known(**partition)) {
        let checked = match (shrunk.get(&partition.topic), extents.get(partition)) {
            (Some(reason), _) => Err(reason.clone()),
            (None, Some(extent)) => start(topics, *partition, *extent, positions.get(partition).copied()),
            (None, None) => continue,
        };
        match checked {
            Ok(assignment) => plan.assign.push(assignment),
            Err(reason) => plan.fail.push((*partition, reason)),
        }
    }
    plan
}

/// A topic that has fewer partitions than we have positions for.
fn lost(topics: &Topics, topic: u16, state: &TopicState, positions: &BTreeMap<PartitionId, NextOffset>) -> Option<(u16, String)> {
    let TopicState::Partitions(count) = state else { return None };
    let had = positions.keys().filter(|partition| partition.topic == topic).map(|partition| partition.partition + 1).max()?;
    (*count < had).then(|| (topic, shrunk(name(topics, topic), had, *count)))
}

/// The sentence for a topic that has lost partitions.
pub(super) fn shrunk(topic: &str, had: u32, has: u32) -> String {
    format!(
        "topic {topic} had {had} partitions and now has {has}: it was deleted and created anew; \
         read it under another name, or begin anew with a new store and --bootstrap"
    )
}

/// The sentence for a topic that has become another one since the start.
pub(super) fn replaced(topic: &str) -> String {
    format!(
        "topic {topic} was deleted and created anew while it was read, and nothing of the new one was applied: \
         read it under another name, or begin anew with a new store and --bootstrap"
    )
}

fn start(topics: &Topics, partition: PartitionId, extent: Extent, ours: Option<NextOffset>) -> Result<Assignment, String> {
    let from = ours.unwrap_or(extent.low);
    let name = name(topics, partition.topic);
    if from < extent.low {
        return Err(too_low(name, partition, from, extent.low));
    }
    if from > extent.end {
        return Err(too_high(name, partition, from, extent.end));
    }
    Ok(Assignment { partition, from, end: extent.end })
}

/// The sentence for records that are gone before we could read them.
pub(super) fn too_low(topic: &str, partition: PartitionId, ours: NextOffset, low: NextOffset) -> String {
    format!(
        "{topic}/{}: we have read up to offset {}, but the log now begins at {}: {} records were deleted unread; \
         lengthen the topic's retention, and restore a store that has read further, or begin anew with a new store and --bootstrap",
        partition.partition,
        ours.0,
        low.0,
        low.0 - ours.0,
    )
}

/// The sentence for a log that is shorter than what we have read of it.
pub(super) fn too_high(topic: &str, partition: PartitionId, ours: NextOffset, end: NextOffset) -> String {
    format!(
        "{topic}/{}: we have read up to offset {}, but the log ends at {}: it was truncated, or the topic was deleted and created anew; \
         restore the topic, or begin anew with a new store and --bootstrap",
        partition.partition, ours.0, end.0,
    )
}

/// A topic's name.
pub(super) fn name(topics: &Topics, topic: u16) -> &str {
    topics.get(usize::from(topic)).map_or("?", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(topic: u16, partition: u32) -> PartitionId {
        PartitionId { topic, partition }
    }

    fn topics() -> Topics {
        ["chats".to_owned(), "agents".to_owned()].into()
    }

    fn extent(low: i64, end: i64) -> Extent {
        Extent { low: NextOffset(low), end: NextOffset(end) }
    }

    fn planned(counts: [u32; 2], extents: &[(PartitionId, Extent)], positions: &[(PartitionId, i64)]) -> Plan {
        let positions = positions.iter().map(|(partition, next)| (*partition, NextOffset(*next))).collect();
        plan(&topics(), &counts.map(TopicState::Partitions), &extents.iter().copied().collect(), &positions, |_| false)
    }

    #[test]
    fn a_partition_starts_at_our_position_or_at_the_beginning() {
        let plan = planned([1, 1], &[(part(0, 0), extent(2, 9)), (part(1, 0), extent(3, 7))], &[(part(1, 0), 5)]);
        assert_eq!(plan.fail, []);
        assert_eq!(plan.assign[0], Assignment { partition: part(0, 0), from: NextOffset(2), end: NextOffset(9) });
        assert_eq!(plan.assign[1], Assignment { partition: part(1, 0), from: NextOffset(5), end: NextOffset(7) });
    }

    #[test]
    fn both_ends_of_the_log_are_positions_to_go_on_from() {
        for ours in [2, 9] {
            assert_eq!(planned([1, 0], &[(part(0, 0), extent(2, 9))], &[(part(0, 0), ours)]).assign.len(), 1);
        }
    }

    #[test]
    fn a_position_outside_the_log_fails_only_its_partition() {
        let extents = [(part(0, 0), extent(50, 90)), (part(0, 1), extent(0, 5)), (part(1, 0), extent(0, 1))];
        let plan = planned([2, 1], &extents, &[(part(0, 0), 20), (part(0, 1), 6)]);
        assert_eq!(plan.assign.len(), 1);
        assert!(plan.fail[0].1.contains("chats/0") && plan.fail[0].1.contains("30 records were deleted unread"), "{:?}", plan.fail[0]);
        assert!(plan.fail[1].1.contains("chats/1") && plan.fail[1].1.contains("ends at 5"), "{:?}", plan.fail[1]);
    }

    #[test]
    fn a_topic_with_fewer_partitions_than_before_fails_as_a_whole() {
        let plan = planned([1, 1], &[(part(0, 0), extent(0, 9)), (part(1, 0), extent(0, 9))], &[(part(0, 0), 3), (part(0, 3), 3)]);
        assert_eq!(plan.assign.len(), 1);
        assert_eq!(plan.assign[0].partition, part(1, 0));
        let mut failed: Vec<_> = plan.fail.iter().map(|(partition, _)| *partition).collect();
        failed.sort();
        assert_eq!(failed, [part(0, 0), part(0, 3)]);
        assert!(plan.fail[0].1.contains("had 4 partitions and now has 1"), "{:?}", plan.fail[0]);
    }
}
