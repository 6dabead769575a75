//! Without an archive, months can be computed again only while the topics hold them: one that forgets too soon is warned of at the start.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{info, warn};

use crate::config::Config;
use crate::ingest::{KafkaSettings, Retention, RetentionError, retentions};
use crate::model::Span;

/// The longest month.
const MONTH: Span = Span(31 * Span::DAY.0);
/// A broker that does not answer is asked again after this.
const AGAIN: Duration = Duration::from_secs(60);
/// How long the end of the service waits for the connection to be closed.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// The other end of the thread that asks. When it is dropped, nothing more is asked or said.
pub(super) struct Asking {
    end: Option<oneshot::Sender<()>>,
    ended: Receiver<()>,
}

impl Drop for Asking {
    fn drop(&mut self) {
        drop(self.end.take());
        let _closed_in_time = self.ended.recv_timeout(CLOSE_LIMIT).is_ok();
    }
}

/// Asks how long the topics keep their records, unless there is an archive, and warns where that is too short. Nothing waits for the answer.
pub(super) fn ask(config: &Config, kafka: &KafkaSettings) -> std::io::Result<Option<Asking>> {
    if !config.archive.path.is_empty() {
        return Ok(None);
    }
    let (end, mut asked_to_end) = oneshot::channel();
    let (ending, ended) = channel();
    let (kafka, wanted) = (kafka.clone(), Span(MONTH.0 + config.engine.settle.0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("retention".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = &mut asked_to_end => {}
                () = tell(&kafka, wanted) => {}
            }
        });
        drop(ending);
    })?;
    Ok(Some(Asking { end: Some(end), ended }))
}

async fn tell(kafka: &KafkaSettings, wanted: Span) {
    loop {
        match retentions(kafka).await {
            Ok(found) => {
                found.told.iter().filter_map(|topic| warning(topic, wanted)).for_each(|said| warn!("{said}"));
                if !found.untold.is_empty() {
                    info!("{}", untold(&found.untold, wanted));
                }
                return;
            }
            Err(RetentionError::Silent(_)) => tokio::time::sleep(AGAIN).await,
            Err(refused) => return info!("how long the topics keep their records is not known: {refused}"),
        }
    }
}

/// What is to be said of topics of which the broker does not tell.
fn untold(topics: &[String], wanted: Span) -> String {
    format!(
        "the broker does not say how long {} keep their records (allow this user DescribeConfigs on them, if they are there): make sure that it is \
         {wanted} or more, or set archive.path",
        topics.join(", ")
    )
}

/// What is to be said of a topic that is to keep its records so long.
fn warning(topic: &Retention, wanted: Span) -> Option<String> {
    let mut found = Vec::new();
    if let Some(time) = topic.time.filter(|time| *time < wanted) {
        found.push(format!("keeps its records for {time} (retention.ms)"));
    }
    if let Some(bytes) = topic.bytes {
        found.push(format!("keeps at most {bytes} bytes of a partition (retention.bytes)"));
    }
    if topic.is_compacted {
        found.push("drops a record when a newer one has its key (cleanup.policy)".to_owned());
    }
    (!found.is_empty()).then(|| {
        format!(
            "topic {} {}, and a month with engine.settle takes {wanted}: months may not be computed again; let the topic keep its records for \
             longer, or set archive.path",
            topic.topic,
            found.join(" and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_forgets_before_a_month_is_closed_is_warned_of() {
        let wanted = Span(38 * Span::DAY.0);
        let topic = Retention { topic: "chats".to_owned(), time: None, bytes: None, is_compacted: false };
        let said = |topic: &Retention| warning(topic, wanted);
        assert_eq!(said(&topic), None);
        assert_eq!(said(&Retention { time: Some(wanted), ..topic.clone() }), None);
        let short = Retention { time: Some(Span(wanted.0 - 1)), bytes: Some(1_000), is_compacted: true, ..topic };
        let said = said(&short).unwrap();
        for part in ["topic chats", "37d", "retention.ms", "1000 bytes", "cleanup.policy", "takes 38d", "archive.path"] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
