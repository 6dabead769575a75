use std::io::Write;

use super::*;

fn parse(text: &str) -> Result<KafkaSettings, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

fn refusal(text: &str) -> String {
    parse(text).unwrap().check().unwrap_err().to_string()
}

#[test]
fn the_defaults_are_the_documented_ones_and_are_allowed() {
    let settings = parse("").unwrap();
    assert_eq!(settings, KafkaSettings::default());
    assert_eq!(settings.topics, ["chat.events", "ticket.events", "agent.events"]);
    settings.check().unwrap();
}

#[test]
fn dotted_keys_mean_the_same_with_quotes_and_without() {
    let bare =
        parse("[options]\nsecurity.protocol = \"ssl\"\nssl.ca.location = \"ca.pem\"\nssl.key.password = { file = \"key\" }").unwrap();
    let quoted =
        parse("[options]\n\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = \"ca.pem\"\n\"ssl.key.password\" = { file = \"key\" }")
            .unwrap();
    assert_eq!(bare, quoted);
    assert_eq!(bare.options["ssl.key.password"], KafkaOption::File { file: "key".to_owned() });
}

#[test]
fn unknown_keys_and_values_of_no_use_are_refused() {
    assert!(parse("topic = []").unwrap_err().contains("topic"));
    assert!(parse("[options]\n\"fetch.min.bytes\" = [1]").unwrap_err().contains("wanted a string"));
    assert!(parse("[options]\n\"a.b\" = 1\na.b = 2").unwrap_err().contains("a.b is set twice"));
}

#[test]
fn what_cannot_be_read_is_refused_with_what_is_wanted() {
    for (text, word) in [
        ("brokers = []", "host:port"),
        ("group = \"\"", "lag tools"),
        ("topics = []", "at least one"),
        ("topics = [\"a b\"]", "letters"),
        ("topics = [\"a\", \"a\"]", "twice"),
    ] {
        let message = refusal(text);
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn options_that_would_break_a_promise_are_refused_with_the_promise() {
    for (option, word) in [
        ("\"auto.offset.reset\" = \"earliest\"", "always error"),
        ("\"enable.auto.commit\" = true", "always false"),
        ("\"isolation.level\" = \"read_uncommitted\"", "aborted"),
        ("\"group.id\" = \"x\"", "kafka.group"),
        ("\"enable.ssl.certificate.verification\" = false", "ssl.ca.location"),
        ("\"test.mock.num.brokers\" = 3", "imitation"),
    ] {
        let message = refusal(&format!("[options]\n{option}"));
        assert!(message.contains(word), "{message}");
    }
    parse("[options]\n\"enable.auto.commit\" = false\n\"fetch.wait.max.ms\" = 10").unwrap().check().unwrap();
}

#[test]
fn secrets_are_masked_and_never_in_debug_output() {
    let settings = parse("[options]\n\"sasl.password\" = \"hunter2\"\n\"sasl.username\" = \"bob\"").unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let masked = settings.masked();
    assert_eq!(masked.options["sasl.password"], KafkaOption::Text("***".to_owned()));
    assert_eq!(masked.options["sasl.username"], KafkaOption::Text("bob".to_owned()));
}

#[test]
fn a_secret_comes_from_a_file_without_the_line_s_end() {
    let folder = tempfile::tempdir().unwrap();
    writeln!(std::fs::File::create(folder.path().join("secret")).unwrap(), "hunter2").unwrap();
    let option = KafkaOption::File { file: "secret".to_owned() };
    assert_eq!(option.value(folder.path()).unwrap(), "hunter2");
    assert!(KafkaOption::File { file: "none".to_owned() }.value(folder.path()).is_err());
}
