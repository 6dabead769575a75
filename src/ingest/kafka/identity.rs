//! Is it still the topic that we read? One that is deleted and created anew has another id, and may be longer than what was read of the old one. The
//! client follows it without a word to us, and says so only in its own log. There it is heard: it asks brokers from 3.1 on for records by the id, so
//! that none of the new topic comes before. From those before some may; those before 2.8 know no ids, and only a log that has become shorter tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What the client has to be told to say it, as `debug`.
pub(super) const WORDS: &str = "metadata";

/// What the client that reads has said of the ids of its topics.
#[derive(Debug, Clone, Default)]
pub(super) struct Identities(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    ids: BTreeMap<String, String>,
    replaced: Option<String>,
}

impl Identities {
    /// Hears a line of its log.
    pub(super) fn hear(&self, line: &str) {
        let Some((topic, id)) = new_id(line) else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.ids.insert(topic.to_owned(), id.to_owned());
        if before.is_some_and(|before| before != id) {
            known.replaced.get_or_insert_with(|| topic.to_owned());
        }
    }

    /// A topic that is not the one any more that it was.
    pub(super) fn replaced(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replaced.clone()
    }
}

/// The topic whose id a line tells, and the id.
fn new_id(line: &str) -> Option<(&str, &str)> {
    let (before, ids) = line.split_once(" changed id from ")?;
    let (_, topic) = before.rsplit_once("Topic ")?;
    let (_, id) = ids.rsplit_once(" to ")?;
    // Of zeros only: the broker that was asked knows no ids.
    (!id.bytes().all(|byte| byte == b'A')).then_some((topic, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    fn said(lines: &[(&str, &str, &str)]) -> Option<String> {
        let identities = Identities::default();
        for (topic, from, to) in lines {
            identities.hear(&format!("[thrd:main]: Topic {topic} changed id from {from} to {to}"));
        }
        identities.replaced()
    }

    #[test]
    fn a_topic_with_another_id_is_another_topic() {
        assert_eq!(said(&[("chats", NONE, "one"), ("agents", NONE, "two")]), None);
        assert_eq!(said(&[("chats", NONE, "one"), ("chats", "one", "two"), ("chats", "two", "one")]), Some("chats".to_owned()));
    }

    #[test]
    fn a_broker_that_knows_no_ids_says_nothing_about_a_topic() {
        assert_eq!(said(&[("chats", NONE, "one"), ("chats", "one", NONE), ("chats", NONE, "one")]), None);
        assert_eq!(said(&[("chats", NONE, "one"), ("chats", "one", NONE), ("chats", NONE, "two")]), Some("chats".to_owned()));
    }

    #[test]
    fn other_lines_say_nothing() {
        let identities = Identities::default();
        identities.hear("[thrd:main]: Topic chats [0] Leader 1 Epoch 0");
        assert!(identities.0.lock().unwrap().ids.is_empty());
    }
}
