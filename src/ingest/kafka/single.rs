//! One record, by its position: for whoever looks at what was rejected.

use std::time::Duration;

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer, DefaultConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{KafkaSettings, KafkaSourceError, client};

/// How long the broker may take to name the ends of the log.
const PATIENCE: Duration = Duration::from_secs(20);
/// One look for the record.
const LOOK: Duration = Duration::from_millis(200);
/// So many looks are enough.
const LOOKS: usize = 100;

/// The value of the record at `offset`, whole; `None` when the log does not hold it any more, or not yet.
///
/// # Errors
/// When the settings are not allowed, or the broker does not answer.
pub fn single_record(settings: &KafkaSettings, topic: &str, partition: u32, offset: i64) -> Result<Option<Vec<u8>>, KafkaSourceError> {
    let config = client::consumer_config(settings, true)?;
    let consumer: BaseConsumer<DefaultConsumerContext> = client::create(&config, DefaultConsumerContext)?;
    let number = i32::try_from(partition).unwrap_or(i32::MAX);
    let silent = |error: KafkaError| KafkaSourceError::Silent { topic: topic.to_owned(), partition, reason: error.to_string() };
    let (low, end) = consumer.fetch_watermarks(topic, number, PATIENCE).map_err(silent)?;
    if offset < low || offset >= end {
        return Ok(None);
    }
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(topic, number, Offset::Offset(offset)).map_err(silent)?;
    consumer.assign(&from).map_err(silent)?;
    for _ in 0..LOOKS {
        match consumer.poll(LOOK) {
            // The log may have no record at this offset: transaction marks, or compaction.
            Some(Ok(message)) => return Ok((message.offset() == offset).then(|| message.payload().unwrap_or_default().to_vec())),
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(None),
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(silent(error)),
            Some(Err(_)) | None => {}
        }
    }
    let reason = format!("no record came in {} s", LOOK.as_secs_f64() * LOOKS as f64);
    Err(KafkaSourceError::Silent { topic: topic.to_owned(), partition, reason })
}
