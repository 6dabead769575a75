use super::*;

fn parsed(text: &str) -> Result<Config, String> {
    parse(text, "test.toml", Path::new(""), []).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    parsed(text).map(|_| ()).expect_err(text)
}

#[test]
fn an_empty_file_is_the_defaults() {
    let config = parsed("").unwrap();
    assert_eq!(&*config.time_zone, "Asia/Shanghai");
    assert_eq!(config.kafka.topics, ["chat.events", "ticket.events", "agent.events"]);
    assert_eq!(config.engine_settings().unwrap().policies.all().len(), 2);
}

#[test]
fn an_unknown_key_is_named_with_what_is_allowed() {
    let message = refused("[engine]\nallowed_latenes = \"2s\"\n");
    assert!(message.contains("allowed_latenes") && message.contains("allowed_lateness"), "{message}");
    let message = refused("[[policy]]\nmedium = \"chat\"\nfirst_respons = \"3s\"\n");
    assert!(message.contains("policy[0]") && message.contains("first_respons"), "{message}");
}

#[test]
fn bad_values_name_their_path_and_what_is_allowed() {
    for (text, path, allowed) in [
        ("time_zone = \"Mars/One\"", "time_zone", "Asia/Shanghai"),
        ("[engine]\nallowed_lateness = 2", "engine.allowed_lateness", "1h30m"),
        ("[engine]\nallowed_lateness = \"2\"", "engine.allowed_lateness", "1h30m"),
        ("[engine]\nclock = \"sundial\"", "engine.clock", "wall"),
        ("[engine]\nforget_after = \"1d\"", "engine.forget_after", "7d"),
        ("[[policy]]\nfirst_response = \"0s\"", "policy[0].first_response", "more than 0"),
        ("[[policy]]\nmedium = \"fax\"", "policy[0].medium", "chat"),
        ("[[policy]]\nfrom = \"soon\"", "policy[0].from", "2026-10-01"),
        ("[agents.statuses]\nlunch = \"eating\"", "agents.statuses.lunch", "away"),
        ("[http]\nlisten = \"0.0.0.0:9464\"", "http.listen", "127.0.0.1"),
        ("[engine]\nwindows = [\"5m\", \"300s\"]", "engine.windows", "same length"),
        ("[kafka]\ntopics = []", "kafka", "at least one"),
    ] {
        let message = refused(text);
        assert!(message.contains(path) && message.contains(allowed), "{text}: {message}");
    }
}

#[test]
fn a_calendar_is_refused_rather_than_ignored() {
    assert!(refused("[calendar.office]\nmon = [\"09:00-18:00\"]").contains("wall time"));
    assert!(refused("[[policy]]\ncalendar = \"office\"").contains("policy[0].calendar"));
}

#[test]
fn variables_override_the_file_and_are_toml_if_they_parse() {
    let variables = [
        ("DESKPULSE_ENGINE__CLOCK", "events"),
        ("DESKPULSE_KAFKA__TOPICS", "[\"all\"]"),
        ("DESKPULSE_AGENTS__WAITING_LIMIT", "3"),
        ("DESKPULSE_TIME_ZONE", "UTC"),
        ("PATH", "/bin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = parse("[engine]\nclock = \"wall\"\n", "test.toml", Path::new(""), variables).unwrap();
    assert_eq!(config.engine.clock, crate::engine::ClockMode::Events);
    assert_eq!(config.kafka.topics, ["all"]);
    assert_eq!(config.agents.waiting_limit, 3);
    assert_eq!(&*config.time_zone, "UTC");
}

#[test]
fn secrets_are_masked_and_the_shown_configuration_reads_back() {
    let config = parsed("[kafka.options]\n\"sasl.password\" = \"hunter2\"\n\"sasl.username\" = \"amy\"\n").unwrap();
    let shown = config.show().unwrap();
    assert!(!shown.contains("hunter2") && shown.contains("amy"), "{shown}");
    assert!(parsed(&shown).is_ok(), "{shown}");
}

#[test]
fn a_users_status_word_is_added_to_the_built_in_ones() {
    let config = parsed("[agents.statuses]\nlunch = \"away\"\nbusy = \"handling\"\n").unwrap();
    let agents = &config.engine_settings().unwrap().agents;
    assert_eq!(agents.category("lunch").word(), "away");
    assert_eq!(agents.category("busy").word(), "handling");
    assert_eq!(agents.category("meeting").word(), "working");
    assert_eq!(agents.category("yoga").word(), "working");
}
