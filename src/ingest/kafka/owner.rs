//! Whose log is it? What stands beside the group's positions at the broker says which store has read it before.
//!
//! Only that label is looked at, and only at the start: the offsets themselves have no effect, whoever moves them.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::Offset;

use crate::model::{NextOffset, PartitionId, STORE_ID_PREFIX, Span, Topics};

use super::super::SourceEvent;
use super::layout;
use super::reader::{Ended, Reader};

/// Answers that no waiting changes.
const FORBIDDEN: [RDKafkaErrorCode; 2] = [RDKafkaErrorCode::GroupAuthorizationFailed, RDKafkaErrorCode::TopicAuthorizationFailed];
/// How long the group's coordinator may take for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A store that has positions of its own waits this long for that answer; an empty one has nothing else to go by.
const WAIT: Span = Span(15_000);

/// The store for which a log is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its id, shown with positions to lag tools.
    pub store: String,
    /// Whether it may take the place of another store, or of one that is gone (`--bootstrap`).
    pub takes_over: bool,
}

/// What the broker keeps for a group and a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Label {
    next: NextOffset,
    store: String,
}

impl Reader {
    /// Makes sure, once, that the log was read for our store before, or never. False while that is not known.
    pub(super) fn check_owner(&mut self, partitions: &[PartitionId]) -> Result<bool, Ended> {
        let Some(owner) = self.owner.as_ref().filter(|owner| !self.rounds.owner_checked && !owner.takes_over) else { return Ok(true) };
        match self.labels(partitions) {
            Ok(labels) => {
                check(&self.topics, &self.group, Some(&labels), &owner.store, self.positions.is_empty()).map_err(Ended::Fatal)?;
                if self.positions.is_empty() && labels.is_empty() {
                    tracing::info!(
                        "the store is empty, and group {} has no positions at the broker: reading begins with the first records that the topics hold. \
                         Was there a store before? End this, and restore it or a backup of it",
                        self.group
                    );
                }
                self.rounds.owner_checked = true;
                Ok(true)
            }
            Err(code) if self.rounds.group_forbidden || code.is_some_and(|code| FORBIDDEN.contains(&code)) => {
                check(&self.topics, &self.group, None, &owner.store, self.positions.is_empty()).map_err(Ended::Fatal)?;
                tracing::warn!(
                    "the broker forbids this user to read the positions of group {}: whether another store has read these topics is not known",
                    self.group
                );
                self.rounds.owner_checked = true;
                Ok(true)
            }
            // Its positions and their records say as much.
            Err(_) if !self.positions.is_empty() && self.has_waited() => {
                tracing::warn!(
                    "the positions of group {} cannot be read: whether another store has read these topics is not known",
                    self.group
                );
                self.rounds.owner_checked = true;
                Ok(true)
            }
            Err(code) => {
                let said = code.map_or_else(String::new, |code| format!(" ({code})"));
                let reason =
                    format!("the positions of group {} cannot be read yet{said}: waiting for the broker that keeps them", self.group);
                self.tell(SourceEvent::Trouble { partition: None, reason })?;
                self.rounds.soon = true;
                Ok(false)
            }
        }
    }

    fn has_waited(&mut self) -> bool {
        let now = self.clock.now();
        now - *self.rounds.owner_asked.get_or_insert(now) >= WAIT
    }

    fn labels(&self, partitions: &[PartitionId]) -> Result<BTreeMap<PartitionId, Label>, Option<RDKafkaErrorCode>> {
        let list = self.list(partitions.iter().map(|partition| (*partition, Offset::Invalid)));
        let answer = self.client.committed_offsets(list, PATIENCE).map_err(|error| error.rdkafka_error_code())?;
        let mut labels = BTreeMap::new();
        for element in answer.elements() {
            if let Err(error) = element.error() {
                return Err(error.rdkafka_error_code());
            }
            if let (Offset::Offset(next), Some(partition)) =
                (element.offset(), super::reader::identify(&self.topics, element.topic(), element.partition()))
            {
                labels.insert(partition, Label { next: NextOffset(next), store: element.metadata().to_owned() });
            }
        }
        Ok(labels)
    }
}

/// May the store `ours` go on? Without `labels` it may not know of them. `is_empty`: it has no positions.
fn check(topics: &Topics, group: &str, labels: Option<&BTreeMap<PartitionId, Label>>, ours: &str, is_empty: bool) -> Result<(), String> {
    let labels = match labels {
        Some(labels) => labels,
        // Its positions and their records say as much.
        None if !is_empty => return Ok(()),
        None => {
            return Err(format!(
                "the store is empty, and the broker forbids this user to read the positions of group {group}, which would tell whether another store \
                 has read these topics before: allow it READ on the group, restore the store or a backup of it, or begin anew from what the topics \
                 hold with --bootstrap"
            ));
        }
    };
    let Some((partition, label)) = labels.first_key_value() else { return Ok(()) };
    let place = format!("{}/{}", layout::name(topics, partition.topic), partition.partition);
    if is_empty {
        let (next, by) = (label.next.0, whose(&label.store));
        return Err(format!(
            "the store is empty, but group {group} has read these topics before ({place} up to offset {next}, {by}): restore the store or a \
             backup of it, or begin anew from what the topics still hold with --bootstrap"
        ));
    }
    let foreign = labels.values().find(|label| label.store.starts_with(STORE_ID_PREFIX) && label.store != ours);
    match foreign.filter(|_| !labels.values().any(|label| label.store == ours)) {
        None => Ok(()),
        Some(label) => Err(format!(
            "this store ({ours}) is not the one with which group {group} has read these topics ({}): name the right one in store.path, give a \
             second instance a name of its own with kafka.group, or let this store take over with --bootstrap",
            label.store
        )),
    }
}

fn whose(store: &str) -> String {
    if store.starts_with(STORE_ID_PREFIX) { format!("for store {store}") } else { "by an unknown program".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "deskpulse-1111";
    const THEIRS: &str = "deskpulse-2222";

    fn checked(stores: &[&str], is_empty: bool) -> Result<(), String> {
        let label = |store: &&str| Label { next: NextOffset(7), store: (*store).to_owned() };
        let labels = (0_u32..).zip(stores).map(|(partition, store)| (PartitionId { topic: 0, partition }, label(store)));
        check(&["chats".to_owned()].into(), "deskpulse", Some(&labels.collect()), OURS, is_empty)
    }

    #[test]
    fn an_empty_store_that_may_not_ask_whose_log_it_is_does_not_begin() {
        let unasked = |is_empty| check(&["chats".to_owned()].into(), "deskpulse", None, OURS, is_empty);
        let said = unasked(true).unwrap_err();
        assert!(said.contains("READ on the group") && said.contains("--bootstrap"), "{said}");
        assert_eq!(unasked(false), Ok(()), "it has positions, and their records say as much");
    }

    #[test]
    fn a_group_that_has_read_nothing_is_anybodys() {
        assert_eq!(checked(&[], true), Ok(()));
        assert_eq!(checked(&[], false), Ok(()));
    }

    #[test]
    fn an_empty_store_does_not_begin_anew_by_itself() {
        for store in [OURS, THEIRS, "", "memory"] {
            let said = checked(&[store], true).unwrap_err();
            assert!(said.contains("chats/0 up to offset 7") && said.contains("--bootstrap"), "{said}");
        }
    }

    #[test]
    fn offsets_that_others_have_committed_have_no_effect_on_a_store_that_knows_better() {
        assert_eq!(checked(&["", "kafka-consumer-groups"], false), Ok(()));
        assert_eq!(checked(&[OURS, ""], false), Ok(()));
    }

    #[test]
    fn another_stores_log_is_refused_unless_part_of_it_is_ours_already() {
        let said = checked(&[THEIRS, ""], false).unwrap_err();
        assert!(said.contains(OURS) && said.contains(THEIRS) && said.contains("kafka.group"), "{said}");
        assert_eq!(checked(&[THEIRS, OURS], false), Ok(()), "it was about to take over");
    }
}
