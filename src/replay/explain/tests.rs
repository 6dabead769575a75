use std::path::Path;

use super::*;
use crate::config;

/// The page of a conversation, from lines of one file.
fn page_of(conversation: &str, config: &str, lines: &[&str]) -> String {
    let mut out = Vec::new();
    let explained = explain(conversation, config, &[lines], false, &mut out);
    assert_eq!(explained, Explained::Written);
    String::from_utf8(out).unwrap()
}

fn explain(conversation: &str, config: &str, files: &[&[&str]], colours: bool, out: &mut Vec<u8>) -> Explained {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (number, lines) in files.iter().enumerate() {
        let path = folder.path().join(format!("{number}.ndjson"));
        std::fs::write(&path, lines.join("\n")).unwrap();
        paths.push(path);
    }
    let config = config::parse(config, "test", Path::new(""), []).unwrap();
    let replay = Replay { config: &config, files: &paths, until: None, strict: false };
    let (medium, id) = conversation.split_once(':').unwrap();
    let medium = if medium == "chat" { crate::model::Medium::Chat } else { crate::model::Medium::Ticket };
    let conversation = ConversationId { medium, id: id.into() };
    let explain = Explain { replay, conversation: &conversation, colours };
    let mut raw = Vec::new();
    let explained = explain.print(&mut raw, &mut |complaint| panic!("{complaint}")).unwrap();
    // The folder has another name in every run.
    let text = String::from_utf8(raw).unwrap().replace(&format!("{}/", folder.path().display()), "");
    out.extend(text.bytes());
    explained
}

const UTC: &str = "time_zone = \"UTC\"\n";

#[test]
fn a_chat_from_the_bot_to_the_end() {
    let config = "time_zone = \"UTC\"\n[[policy]]\nmedium = \"chat\"\nteam = \"vip\"\nfirst_response = \"15s\"\n";
    let page = page_of(
        "chat:c1",
        config,
        &[
            r#"{"id":"1","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c1","team":"presale","channel":"web","customer":"u1","bot":true}"#,
            r#"{"id":"2","type":"chat.message","time":"2026-03-02T09:00:05Z","chat":"c1","from":"customer"}"#,
            r#"{"id":"3","type":"chat.message","time":"2026-03-02T09:00:06Z","chat":"c1","from":"bot"}"#,
            r#"{"id":"4","type":"chat.message","time":"2026-03-02T09:00:20Z","chat":"c1","from":"customer"}"#,
            r#"{"id":"5","type":"chat.handoff","time":"2026-03-02T09:00:25Z","chat":"c1","team":"vip"}"#,
            r#"{"id":"6","type":"chat.assigned","time":"2026-03-02T09:00:30Z","chat":"c1","agent":"amy"}"#,
            r#"{"id":"7","type":"chat.message","time":"2026-03-02T09:00:32Z","chat":"c1","from":"customer"}"#,
            r#"{"id":"8","type":"chat.message","time":"2026-03-02T09:00:33Z","chat":"c1","from":"agent","agent":"amy","private":true}"#,
            r#"{"id":"9","type":"chat.assigned","time":"2026-03-02T09:00:35Z","chat":"c1","agent":"bob"}"#,
            r#"{"id":"10","type":"chat.message","time":"2026-03-02T09:00:45Z","chat":"c1","from":"agent","agent":"bob"}"#,
            r#"{"id":"11","type":"chat.message","time":"2026-03-02T09:00:50Z","chat":"c1","from":"agent","agent":"bob"}"#,
            r#"{"id":"12","type":"chat.message","time":"2026-03-02T09:01:00Z","chat":"c1","from":"customer"}"#,
            r#"{"id":"13","type":"chat.ended","time":"2026-03-02T09:02:00Z","chat":"c1","reason":"resolved","agent":"bob"}"#,
            r#"{"id":"14","type":"chat.ended","time":"2026-03-02T09:02:01Z","chat":"c1","reason":"closed"}"#,
            r#"{"id":"15","type":"chat.message","time":"2026-03-03T10:00:00Z","chat":"c1","from":"customer"}"#,
            r#"{"id":"16","type":"quality.reviewed","time":"2026-03-03T10:00:10Z","chat":"c1","agent":"bob","points":8,"out_of":10}"#,
        ],
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_complaint_that_pauses_reopens_and_takes_over_a_merged_ticket() {
    let page = page_of(
        "ticket:t1",
        UTC,
        &[
            r#"{"id":"1","type":"ticket.created","time":"2026-03-02T09:00:00Z","ticket":"t1","team":"care","kind":"complaint","agent":"amy"}"#,
            r#"{"id":"2","type":"ticket.status","time":"2026-03-02T10:00:00Z","ticket":"t1","status":"pending"}"#,
            r#"{"id":"3","type":"ticket.work","time":"2026-03-02T11:00:00Z","ticket":"t1","agent":"amy","action":"started"}"#,
            r#"{"id":"4","type":"ticket.work","time":"2026-03-02T11:10:00Z","ticket":"t1","agent":"amy","action":"stopped"}"#,
            r#"{"id":"5","type":"ticket.message","time":"2026-03-02T12:00:00Z","ticket":"t1","from":"agent","agent":"amy"}"#,
            r#"{"id":"6","type":"ticket.status","time":"2026-03-02T12:00:01Z","ticket":"t1","status":"resolved"}"#,
            r#"{"id":"7","type":"ticket.created","time":"2026-03-02T13:00:00Z","ticket":"t2","team":"care"}"#,
            r#"{"id":"8","type":"ticket.merged","time":"2026-03-02T14:00:00Z","ticket":"t2","into":"t1"}"#,
            r#"{"id":"9","type":"ticket.message","time":"2026-03-02T15:00:00Z","ticket":"t2","from":"agent","agent":"amy"}"#,
            r#"{"id":"10","type":"ticket.status","time":"2026-03-04T09:00:00Z","ticket":"t1","status":"closed"}"#,
        ],
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_ticket_that_is_merged_away() {
    let page = page_of(
        "ticket:t2",
        UTC,
        &[
            r#"{"id":"1","type":"ticket.created","time":"2026-03-02T09:00:00Z","ticket":"t1","team":"care"}"#,
            r#"{"id":"2","type":"ticket.created","time":"2026-03-02T13:00:00Z","ticket":"t2","team":"care"}"#,
            r#"{"id":"3","type":"ticket.merged","time":"2026-03-02T14:00:00Z","ticket":"t2","into":"t1"}"#,
            r#"{"id":"4","type":"ticket.status","time":"2026-03-02T15:00:00Z","ticket":"t2","status":"resolved"}"#,
        ],
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_late_answer_takes_its_breach_back() {
    let chat = [
        r#"{"id":"1","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c1","team":"presale","waiting":true}"#,
        r#"{"id":"2","type":"agent.status","time":"2026-03-02T09:01:00Z","agent":"amy","status":"available"}"#,
        r#"{"id":"3","type":"chat.message","time":"2026-03-02T09:00:20Z","chat":"c1","from":"agent","agent":"amy"}"#,
        r#"{"id":"4","type":"agent.status","time":"2026-03-02T09:02:00Z","agent":"amy","status":"offline"}"#,
    ];
    let page = page_of("chat:c1", UTC, &chat);
    insta::assert_snapshot!(page);
}

#[test]
fn a_conversation_that_no_start_event_started_and_that_still_waits() {
    let page = page_of(
        "chat:c1",
        "time_zone = \"Asia/Shanghai\"",
        &[
            r#"{"id":"1","type":"chat.message","time":"2026-03-02T15:59:50Z","chat":"c1","from":"customer"}"#,
            r#"{"id":"2","type":"agent.status","time":"2026-03-02T16:01:00Z","agent":"amy","status":"available"}"#,
        ],
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_conversation_that_is_only_spoken_of_is_told_as_unknown_to_the_rules() {
    let page = page_of("chat:c9", UTC, &[r#"{"id":"1","type":"customer.rated","time":"2026-03-02T09:00:00Z","chat":"c9","score":5}"#]);
    insta::assert_snapshot!(page);
}

#[test]
fn the_events_of_several_files_stand_in_the_order_applied() {
    let start = r#"{"id":"1","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c1","waiting":true}"#;
    let answer = r#"{"id":"2","type":"chat.message","time":"2026-03-02T09:00:20Z","chat":"c1","from":"agent","agent":"amy"}"#;
    let mut out = Vec::new();
    assert_eq!(explain("chat:c1", UTC, &[&[answer], &[start]], false, &mut out), Explained::Written);
    let page = String::from_utf8(out).unwrap();
    let (first, second) = (page.find("[1.ndjson:1]"), page.find("[0.ndjson:1]"));
    assert!(first.is_some() && first < second, "{page}");
    assert_eq!(page.lines().find(|line| line.starts_with("2026")).unwrap().matches("chat.started").count(), 1);
}

#[test]
fn every_fact_of_the_conversation_is_on_the_page_as_it_was_printed() {
    let lines = [
        r#"{"id":"1","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c1","waiting":true}"#,
        r#"{"id":"2","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c2","waiting":true}"#,
        r#"{"id":"3","type":"chat.assigned","time":"2026-03-02T09:00:10Z","chat":"c1","agent":"amy"}"#,
        r#"{"id":"4","type":"chat.message","time":"2026-03-02T09:00:40Z","chat":"c1","from":"agent","agent":"amy"}"#,
        r#"{"id":"5","type":"chat.ended","time":"2026-03-02T09:01:00Z","chat":"c1","reason":"resolved"}"#,
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.ndjson");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let config = config::parse(UTC, "test", Path::new(""), []).unwrap();
    let mut facts = Vec::new();
    let replay = Replay { config: &config, files: &[file], until: None, strict: false };
    replay.print(super::super::Print::Facts, &mut facts, &mut |_| {}).unwrap();
    let mut wanted: Vec<String> =
        String::from_utf8(facts).unwrap().lines().filter(|line| line.contains("\"c1\"")).map(str::to_owned).collect();
    let page = page_of("chat:c1", UTC, &lines);
    let mut found: Vec<String> = page.lines().map(str::trim).filter(|line| line.starts_with('{')).map(str::to_owned).collect();
    wanted.sort();
    found.sort();
    assert!(wanted.len() >= 5);
    assert_eq!(found, wanted);
}

#[test]
fn an_unknown_conversation_is_answered_with_the_most_similar_ids() {
    let lines: Vec<String> = ["1001", "1002", "abc", "2001"]
        .iter()
        .map(|id| format!(r#"{{"id":"{id}","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"{id}"}}"#))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut out = Vec::new();
    let Explained::Unknown(nearest) = explain("chat:1003", UTC, &[&lines], false, &mut out) else { panic!("it is unknown") };
    assert!(out.is_empty());
    assert_eq!(nearest.to_string(), "of the 4 that the files name, the most similar are chat:1001, chat:1002, chat:2001");
    let Explained::Unknown(nearest) = explain("chat:1003", UTC, &[&[]], false, &mut out) else { panic!("it is unknown") };
    assert_eq!(nearest.to_string(), "the files name no conversation at all");
}

#[test]
fn colours_are_there_only_when_they_are_asked_for() {
    let lines: &[&str] = &[r#"{"id":"1","type":"chat.started","time":"2026-03-02T09:00:00Z","chat":"c1"}"#];
    let (mut plain, mut coloured) = (Vec::new(), Vec::new());
    explain("chat:c1", UTC, &[lines], false, &mut plain);
    explain("chat:c1", UTC, &[lines], true, &mut coloured);
    let (plain, coloured) = (String::from_utf8(plain).unwrap(), String::from_utf8(coloured).unwrap());
    assert!(!plain.contains('\u{1b}') && coloured.contains("\u{1b}[1m"));
    let stripped = coloured.replace("\u{1b}[0m", "").replace("\u{1b}[1m", "").replace("\u{1b}[2m", "").replace("\u{1b}[32m", "");
    assert_eq!(stripped, plain);
}
