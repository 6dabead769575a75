//! Decoding ahead of the loop, on a thread of its own. Everything that the source says goes this way, so that its order stays.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tokio::sync::mpsc;

use crate::decode::{Decoded, Decoder};
use crate::engine::EventKey;
use crate::ingest::SourceEvent;
use crate::model::SpentEvents;

/// What is on its way at most: some batches of a megabyte each.
const INSIDE: usize = 4;

/// Spent events that are kept: more than a batch needs.
const MOST_SPENT: usize = 2_048;

/// What a record says.
#[derive(Debug)]
pub struct Parsed {
    /// The event, or why it is none.
    pub decoded: Decoded,
    /// By what the event is remembered.
    pub key: Option<EventKey>,
}

impl Parsed {
    /// Of the value of a record. Takes one of the spent events for its own.
    #[must_use]
    pub fn of(decoder: &Decoder, value: &[u8], spent: &mut SpentEvents) -> Self {
        let mut place = spent.pop();
        let decoded = decoder.decode_into(value, &mut place);
        spent.extend(place);
        let key = match &decoded {
            Decoded::Event(event) => Some(EventKey::of(event.source.as_ref(), &event.id)),
            _ => None,
        };
        Self { decoded, key }
    }
}

/// What the source said.
#[derive(Debug)]
pub(super) struct Said {
    event: SourceEvent,
    parsed: Vec<Parsed>,
    decoder: Arc<Decoder>,
}

impl Said {
    /// The event, and what each record of it says; `None` when another decoder has taken the place of the one that was asked: a
    /// configuration that was read again counts from its moment on, for records on their way, too.
    pub(super) fn by(self, decoder: &Arc<Decoder>) -> (SourceEvent, Option<Vec<Parsed>>) {
        (self.event, Arc::ptr_eq(&self.decoder, decoder).then_some(self.parsed))
    }
}

/// What the thread is given.
#[derive(Debug)]
struct Given {
    event: SourceEvent,
    decoder: Arc<Decoder>,
    /// Events that were applied, for their memory: what is made by one thread costs more to be freed by another.
    spent: SpentEvents,
}

/// The loop's end of the thread, which ends with it.
#[derive(Debug)]
pub(super) struct Ahead {
    given: SyncSender<Given>,
    said: mpsc::Receiver<Said>,
    inside: usize,
}

impl Ahead {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let (given, waiting) = sync_channel(INSIDE);
        let (done, said) = mpsc::channel(INSIDE);
        thread::Builder::new().name("decode".to_owned()).spawn(move || {
            let mut spent = Vec::new();
            while let Ok(given) = waiting.recv() {
                if done.blocking_send(say(given, &mut spent)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { given, said, inside: 0 })
    }

    /// Whether more can be given now.
    pub(super) fn has_room(&self) -> bool {
        self.inside < INSIDE
    }

    /// Gives what the source said, and spent events; there must be room. If the thread has ended, [`Ahead::next`] tells.
    pub(super) fn give(&mut self, event: SourceEvent, decoder: &Arc<Decoder>, spent: SpentEvents) {
        self.inside += 1;
        let _heard = self.given.try_send(Given { event, decoder: Arc::clone(decoder), spent }).is_ok();
    }

    /// What was said next; `None` when the thread has ended. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Said> {
        let said = self.said.recv().await?;
        self.inside -= 1;
        Some(said)
    }
}

fn say(given: Given, spent: &mut SpentEvents) -> Said {
    let Given { event, decoder, spent: more } = given;
    spent.extend(more);
    spent.truncate(MOST_SPENT);
    let parsed = match &event {
        SourceEvent::Batch(batch) => batch.iter().map(|record| Parsed::of(&decoder, record.value, spent)).collect(),
        _ => Vec::new(),
    };
    Said { event, parsed, decoder }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NextOffset, PartitionId, Position, Time};

    const PART: PartitionId = PartitionId { topic: 0, partition: 0 };

    fn batch(values: &[&str]) -> SourceEvent {
        let mut batch = crate::ingest::Batch::default();
        for (offset, value) in (0..).zip(values) {
            batch.push(Position { partition: PART, offset }, None, value.as_bytes());
        }
        SourceEvent::Batch(batch)
    }

    fn decoder(phrases: &[&str]) -> Arc<Decoder> {
        Arc::new(Decoder::new(&phrases.iter().map(|phrase| (*phrase).to_owned()).collect::<Vec<_>>(), &[]).unwrap())
    }

    #[tokio::test]
    async fn what_was_said_comes_in_its_order_and_every_record_decoded() {
        let (mut ahead, decoder) = (Ahead::start().unwrap(), decoder(&[]));
        let confirmed = SourceEvent::Confirmed { partition: PART, at: Time(5), next: NextOffset(2) };
        let event = r#"{"id":"e1","type":"agent.status","time":"2026-11-23T09:00:00Z","agent":"amy","status":"busy"}"#;
        let said = [batch(&[event, "not json"]), confirmed, batch(&[""])];
        said.iter().for_each(|event| ahead.give(event.clone(), &decoder, Vec::new()));
        assert!(ahead.has_room());
        ahead.give(batch(&[]), &decoder, Vec::new());
        assert!(!ahead.has_room(), "a source that is quicker than the loop has to wait");
        let mut records = Vec::new();
        for given in &said {
            let (event, parsed) = ahead.next().await.unwrap().by(&decoder);
            assert_eq!(event, *given);
            records.extend(parsed.unwrap().into_iter().map(|parsed| (parsed.key.is_some(), parsed.decoded)));
        }
        assert!(matches!(records[..], [(true, Decoded::Event(_)), (false, Decoded::Rejected(_)), (false, Decoded::Tombstone)]));
    }

    #[tokio::test]
    async fn records_decoded_before_phrases_were_read_again_are_decoded_again() {
        let (mut ahead, before) = (Ahead::start().unwrap(), decoder(&["shut up"]));
        ahead.give(batch(&["x"]), &before, Vec::new());
        ahead.give(batch(&["x"]), &before, Vec::new());
        assert!(ahead.next().await.unwrap().by(&before).1.is_some());
        assert!(ahead.next().await.unwrap().by(&decoder(&["shut up"])).1.is_none());
    }
}
