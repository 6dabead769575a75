use std::path::Path;

use super::*;

const TODAY: &str = "2026-11-25";

/// The resolved configuration of a text.
fn resolved(text: &str) -> Table {
    let config = crate::config::parse(text, "test.toml", Path::new(""), []).unwrap();
    config.show().unwrap().parse().unwrap()
}

fn changes(before: &str, after: &str) -> Vec<PastChange> {
    past_changes(&resolved(before), &resolved(after), TODAY.parse().unwrap())
}

fn keys(before: &str, after: &str) -> Vec<String> {
    changes(before, after).into_iter().map(|change| change.key).collect()
}

#[test]
fn what_decides_days_months_or_open_intervals_reaches_back() {
    let table = [
        ("time_zone = \"Asia/Shanghai\"", "time_zone = \"Europe/Berlin\"", "time_zone"),
        ("", "[agents]\nhandling = \"active\"", "agents.handling"),
        ("[agents]\nhandling = \"active\"", "[agents]\nhandling = \"active\"\nfocus = \"90s\"", "agents.focus"),
        ("", "[agents]\npresence_timeout = \"8h\"", "agents.presence_timeout"),
        ("", "[agents]\nwaiting_limit = 3", "agents.waiting_limit"),
        ("", "[agents]\nlimit_counts = \"open\"", "agents.limit_counts"),
        ("", "[engine]\nsettle = \"3d\"", "engine.settle"),
        ("", "[engine]\nfcr_window = \"3d\"", "engine.fcr_window"),
        ("", "[engine]\nshort_abandon = \"9s\"", "engine.short_abandon"),
        ("", "[engine]\nbad_review_reasons = [\"rude\"]", "engine.bad_review_reasons"),
        ("", "[agents.statuses]\nbreak = \"working\"", "agents.statuses.break"),
        ("[agents.statuses]\nlunch = \"away\"", "", "agents.statuses.lunch"),
        ("", "[[policy]]\nmedium = \"chat\"\nfirst_response = \"20s\"", "policy"),
    ];
    for (before, after, key) in table {
        assert_eq!(keys(before, after), [key], "from {before:?} to {after:?}");
    }
}

#[test]
fn what_is_looked_up_from_now_on_may_change_without_a_word() {
    let table = [
        ("", ""),
        ("", "[engine]\nphrases = [\"shut up\"]\nauto_texts = [\"we are closed\"]"),
        (
            "",
            "[engine]\nduplicate_window = \"96h\"\nduplicate_limit = 1000\nforget_after = \"200d\"\nallowed_lateness = \"3s\"\nmax_ahead = \"3s\"",
        ),
        ("", "[engine]\nwindows = [\"15m\"]\nclock = \"events\"\nidle_after = \"5s\""),
        ("", "[http]\nlisten = \"127.0.0.1:9999\"\n[metrics]\nagents = \"all\"\n[store]\npath = \"elsewhere.db\""),
        (
            "",
            "[kafka]\ntopics = [\"agent.events\", \"ticket.events\", \"chat.events\", \"more.events\"]\nbrokers = [\"b:1\"]\ngroup = \"g\"",
        ),
        ("", "[agents]\nfocus = \"90s\""),
        ("", "[agents.statuses]\nyoga = \"working\"\nbusy = \"working\""),
    ];
    for (before, after) in table {
        assert_eq!(keys(before, after), [""; 0], "from {before:?} to {after:?}");
    }
}

#[test]
fn a_policy_may_begin_tomorrow_but_not_today() {
    let of = |from: &str| format!("[[policy]]\nmedium = \"chat\"\nfirst_response = \"20s\"\nfrom = \"{from}\"");
    assert_eq!(keys("", &of("2026-11-26")), [""; 0]);
    assert_eq!(keys("", &of("2026-11-25")), ["policy"]);
    assert_eq!(keys(&of("2026-11-26"), &of("2026-12-01")), [""; 0], "what has not begun may be moved");
    assert_eq!(keys(&of("2026-10-01"), &of("2026-10-02")), ["policy"]);
}

#[test]
fn an_old_policy_may_end_tomorrow_and_another_follow() {
    let before = "[[policy]]\nmedium = \"chat\"\nfirst_response = \"20s\"";
    let after =
        format!("{before}\nuntil = \"2026-11-26\"\n[[policy]]\nmedium = \"chat\"\nfirst_response = \"15s\"\nfrom = \"2026-11-26\"\n");
    assert_eq!(keys(before, &after), [""; 0]);
    let splitting = format!("{before}\nuntil = \"2026-11-01\"\n{before}\nfrom = \"2026-11-01\"");
    assert_eq!(keys(before, &splitting), [""; 0], "the same policy in two pieces decides the same");
}

#[test]
fn the_order_of_policies_that_were_valid_counts() {
    let (one, two) =
        ("[[policy]]\nteam = \"vip\"\nfirst_response = \"10s\"\n", "[[policy]]\nmedium = \"chat\"\nfirst_response = \"20s\"\n");
    assert_eq!(keys(&format!("{one}{two}"), &format!("{two}{one}")), ["policy"]);
}

#[test]
fn a_change_says_what_was_what_is_and_what_follows() {
    let shown = changes("", "[agents.statuses]\nbreak = \"working\"")[0].to_string();
    assert_eq!(shown, "agents.statuses.break was away, is now working: time in it since it began would be work time");
    let before = "[[policy]]\nmedium = \"chat\"\nfirst_response = \"20s\"\nuntil = \"2026-11-01\"";
    let shown = changes(before, "")[0].to_string();
    assert!(shown.contains("was { first_response = \"20s\", medium = \"chat\" }, is now the built-in ones"), "{shown}");
    assert!(shown.contains("valid before 2026-11-01"), "{shown}");
    let shown = changes("", "[[policy]]\nfirst_response = \"20s\"\nfrom = \"2026-11-20\"")[0].to_string();
    assert!(shown.contains("from 2026-11-20 on to 2026-11-25") && shown.contains("from = \"2026-11-26\""), "{shown}");
}

#[test]
fn a_key_that_the_old_program_did_not_know_changes_nothing() {
    let mut before = resolved("");
    before["engine"].as_table_mut().unwrap().remove("settle");
    assert_eq!(past_changes(&before, &resolved("[engine]\nsettle = \"3d\""), TODAY.parse().unwrap()), []);
}

#[test]
fn a_calendar_that_was_used_may_not_change() {
    let calendar = |hours: &str| format!("[calendar.office]\nmon = [\"{hours}\"]").parse::<Table>().unwrap();
    let changed = past_changes(&calendar("09:00-18:00"), &calendar("09:00-17:00"), TODAY.parse().unwrap());
    assert_eq!(changed[0].key, "calendar.office");
    assert_eq!(past_changes(&Table::new(), &calendar("09:00-17:00"), TODAY.parse().unwrap()), []);
}

#[test]
fn keys_that_differ_are_named_with_their_path() {
    let (before, after) =
        (resolved("[agents.statuses]\nlunch = \"away\""), resolved("time_zone = \"UTC\"\n[[policy]]\nfirst_response = \"20s\""));
    assert_eq!(changed_keys(&before, &after), ["agents.statuses.lunch", "policy", "time_zone"]);
    assert_eq!(changed_keys(&after, &after), [""; 0]);
}
