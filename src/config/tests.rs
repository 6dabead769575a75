use super::*;
use crate::engine::targets_in_force;
use crate::model::Day;
use crate::model::Span;

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
        ("[store]\nkeep_hot = \"91d\"", "store.keep_hot", "at most engine.forget_after, 90d"),
        ("[store]\nkeep_receipts = \"5h\"", "store.keep_receipts", "at least 1d"),
        ("[store]\nsnapshot_every = \"5s\"", "store.snapshot_every", "at least 1m"),
        ("[store]\nledger_every = \"0s\"", "store.ledger_every", "at least 1m"),
        ("[engine]\nallowed_lateness = \"2\"", "engine.allowed_lateness", "1h30m"),
        ("[engine]\nclock = \"sundial\"", "engine.clock", "wall"),
        ("[engine]\nforget_after = \"1d\"", "engine.forget_after", "7d"),
        (
            "[agents]\nhandling = \"active\"\n[engine]\nfcr_window = \"1s\"\nconversion_window = \"1s\"\nsettle = \"1s\"\nforget_after = \"59s\"",
            "engine.forget_after",
            "at least 1m",
        ),
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
fn what_is_written_out_says_what_holds_where_nothing_was_written_and_changes_nothing() {
    let config = parsed("[agents.statuses]\nlunch = \"away\"\n[[policy]]\nteam = \"vip\"\nnext_response = \"20s\"").unwrap();
    let shown = config.written_out().unwrap().show().unwrap();
    for line in ["forget_after = \"90d\"", "keep_hot = \"1d\"", "lunch = \"away\"", "meeting = \"working\""] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in {shown}");
    }
    let again = parsed(&shown).unwrap();
    let (settings, same) = (config.engine_settings().unwrap(), again.engine_settings().unwrap());
    let (forget_after, agents) = (settings.forget_after, format!("{:?}", settings.agents));
    assert_eq!(
        (same.forget_after, format!("{:?}", same.agents), again.keep_hot().unwrap()),
        (forget_after, agents, config.keep_hot().unwrap())
    );
    let table = |config: &Config| config.show().unwrap().parse().unwrap();
    let past: Vec<String> = past_changes(&table(&config), &table(&again), Day(20_000)).iter().map(ToString::to_string).collect();
    assert!(past.is_empty(), "{past:?}");
    let written = parsed(&config.built_in_policies().unwrap()).unwrap().engine_settings().unwrap();
    assert_eq!(targets_in_force(&written.policies, Day(20_000)), targets_in_force(&crate::engine::Policies::default(), Day(20_000)));
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

#[test]
fn ended_conversations_stay_in_memory_for_a_day_unless_they_are_forgotten_earlier() {
    assert_eq!(parsed("").unwrap().keep_hot().unwrap(), Span::DAY);
    let short = "[engine]\nfcr_window = \"1h\"\nconversion_window = \"1h\"\nsettle = \"1h\"\nforget_after = \"3h\"\n";
    assert_eq!(parsed(short).unwrap().keep_hot().unwrap(), Span(3 * Span::HOUR.0));
    assert_eq!(parsed(&format!("{short}[store]\nkeep_hot = \"3h\"")).unwrap().keep_hot().unwrap(), Span(3 * Span::HOUR.0));
}

/// Every key of the reference, with the ones that have no default.
fn keys() -> Vec<String> {
    let extra = ["engine.forget_after", "store.keep_hot", "agents.statuses.lunch", "kafka.options.\"client.id\"", "kafka.options"];
    let policy = ["medium", "team", "first_response", "resolution", "from", "until"].map(|key| format!("policy.{key}"));
    let mut keys: Vec<String> = extra.map(str::to_owned).into_iter().chain(policy).collect();
    for (name, value) in toml::Table::try_from(Config::default()).unwrap() {
        keys.extend(value.as_table().into_iter().flatten().map(|(key, _)| format!("{name}.{key}")));
        keys.push(name);
    }
    keys
}

#[test]
fn whatever_stands_at_a_key_is_refused_in_the_users_words() {
    let values = ["-1", "3", "99999999999", "1.5", "true", "\"\"", "\"nonsense\"", "[]", "[1]", "[\"\"]", "{}", "{ a = 1 }", "2026-10-01"];
    let programmers = [
        "usize", "u32", "i64", "integer", "sequence", "map", "struct", "variant", "field", "enum", "expected", "invalid", "syntax",
        "untagged", "`",
    ];
    let mut refusals = 0;
    for key in keys() {
        for value in values {
            let text = match key.strip_prefix("policy.") {
                Some(key) => format!("[[policy]]\n{key} = {value}"),
                None => format!("{key} = {value}"),
            };
            let Err(message) = parsed(&text) else { continue };
            refusals += 1;
            let section = key.split('.').next().unwrap_or_default();
            assert!(message.contains(&format!("configuration {section}")), "{text}: {message}");
            let found =
                programmers.iter().find(|word| message.split(|c: char| !c.is_alphanumeric() && c != '`').any(|part| part == **word));
            assert_eq!(found, None, "{text}: {message}");
        }
    }
    assert!(refusals > 300, "{refusals}");
}

#[test]
fn refusals_say_what_was_found_and_what_is_wanted() {
    for (text, sentence) in [
        ("[engine]\nduplicate_limit = -1", "engine.duplicate_limit: -1: wanted a whole number of 0 or more"),
        ("[agents]\nwaiting_limit = -1", "agents.waiting_limit: -1: wanted a whole number from 0 to 4294967295"),
        ("[kafka]\ntopics = \"a\"", "kafka.topics: \"a\": wanted a list in square brackets"),
        ("[policy]\nmedium = \"chat\"", "policy: a section: wanted sections that begin with [[policy]], in two brackets"),
        ("[http]\nlisten = \"x\"", "http.listen: \"x\": wanted an IP address with a port, such as \"127.0.0.1:9464\""),
        ("[[kafka]]\ngroup = \"x\"", "kafka: a list: wanted one section, [kafka] in single brackets"),
        ("[[policy]]\nteam = { name = \"x\" }", "policy[0].team: a section: wanted a text in quotes"),
        ("[[policy]]\nmedium = 3", "policy[0].medium: 3: wanted one of the words that deskpulse check --reference lists, in quotes"),
        ("[engine]\nclock = \"sundial\"", "engine.clock: \"sundial\": wanted wall or events"),
        (
            "[agents]\nfocuss = \"1s\"",
            "agents.focuss: unknown key, focus is probably meant: wanted one of waiting_limit, limit_counts, handling, focus, presence_timeout, statuses",
        ),
    ] {
        assert_eq!(refused(text), format!("configuration {sentence}"));
    }
}
