//! librdkafka properties that would break a promise, with the promise.

use std::collections::BTreeMap;

use super::{KafkaOption, SettingsError};

/// Properties with the only value that is allowed, if any, and why.
const REFUSED: &[(&str, Option<&str>, &str)] = &[
    ("bootstrap.servers", None, "brokers are named by kafka.brokers"),
    ("metadata.broker.list", None, "brokers are named by kafka.brokers"),
    ("group.id", None, "the group is named by kafka.group"),
    ("group.protocol", None, GROUP),
    ("group.instance.id", None, GROUP),
    ("group.remote.assignor", None, GROUP),
    ("partition.assignment.strategy", None, GROUP),
    ("auto.offset.reset", Some("error"), "a position outside the log must be seen by a person, not skipped over"),
    ("enable.auto.commit", Some("false"), "positions are stored together with the numbers"),
    ("auto.commit.enable", Some("false"), "positions are stored together with the numbers"),
    ("enable.auto.offset.store", Some("false"), "positions are stored together with the numbers"),
    ("enable.partition.eof", Some("true"), "the ends of partitions must be seen"),
    ("isolation.level", Some("read_committed"), "records of aborted transactions do not count"),
    ("check.crcs", Some("true"), "a damaged record must be seen"),
    ("allow.auto.create.topics", Some("false"), "a misspelt topic must be an error, not a new topic"),
    ("enable.ssl.certificate.verification", Some("true"), "anybody could pass for the broker: name its authority by ssl.ca.location"),
    ("plugin.library.paths", None, "foreign code is not loaded"),
];

/// Every partition is read by every instance.
const GROUP: &str = "deskpulse assigns itself all partitions and joins no group";

/// Refuses the first property that would break a promise.
pub(super) fn check(options: &BTreeMap<String, KafkaOption>) -> Result<(), SettingsError> {
    for (key, option) in options {
        let wrong = |message: String| Err(SettingsError { key: format!("options.{key}"), message });
        if key.starts_with("test.mock.") {
            return wrong("it would put an imitation in the broker's place: take it out".to_owned());
        }
        match REFUSED.iter().find(|(name, ..)| name == key) {
            Some((_, None, why)) => return wrong(format!("it cannot be set, {why}: take it out")),
            Some((_, Some(only), why)) if written(option) != *only => return wrong(format!("it is always {only}, {why}: take it out")),
            _ => {}
        }
    }
    Ok(())
}

fn written(option: &KafkaOption) -> String {
    match option {
        KafkaOption::Text(text) => text.clone(),
        KafkaOption::Number(number) => number.to_string(),
        KafkaOption::Switch(switch) => switch.to_string(),
        KafkaOption::File { .. } => String::new(),
    }
}
