use rusqlite::Connection;

use super::*;
use crate::model::{Rejected, Time};

fn store() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    create(&connection).unwrap();
    connection
}

fn commit(connection: &mut Connection, pending: &PendingRejects) {
    let transaction = connection.transaction().unwrap();
    write(&transaction, pending).unwrap();
    transaction.commit().unwrap();
}

fn rejected(topic: &str, offset: i64, record: &[u8], reason: &str) -> Rejected {
    super::kept(
        topic,
        (3, offset),
        record,
        (reason, "id: a number found, a string of 1 to 128 bytes wanted".to_owned()),
        Time(1_000 + offset),
    )
}

fn all(connection: &Connection) -> Vec<Rejected> {
    let mut found = Vec::new();
    newest(connection, &mut |record| {
        found.push(record);
        true
    })
    .unwrap();
    found
}

#[test]
fn a_record_is_kept_without_its_words() {
    let mut connection = store();
    let mut pending = PendingRejects::default();
    let record = br#"{"id":7,"source":"crm","text":"My name is Mary"}"#;
    pending.add(&rejected("chat.events", 41, record, "wrong_type"));
    pending.add(&rejected("chat.events", 42, b"Mary wrote this", "not_json"));
    commit(&mut connection, &pending);
    let found = all(&connection);
    assert_eq!(found[0].outline, None);
    assert_eq!((found[0].size, found[0].hash.len()), (15, 32));
    assert_eq!(found[1].outline.as_deref(), Some(r#"{"id":7,"source":"3 bytes","text":"15 bytes"}"#));
    assert_eq!((found[1].source.as_deref(), found[1].offset, found[1].at), (Some("crm"), 41, Time(1_041)));
    assert_eq!(one(&connection, "chat.events", 3, 42).unwrap().as_ref(), Some(&found[0]));
    assert_eq!(one(&connection, "chat.events", 4, 42).unwrap(), None);
    assert!(is_same(&found[0], b"Mary wrote this") && !is_same(&found[0], b"Mary wrote that") && !is_same(&found[0], b"Mary"));
    let data: Vec<u8> = connection.query_row("SELECT data FROM quarantine_block", [], |row| row.get(0)).unwrap();
    let stored = zstd::bulk::decompress(&data, 1 << 20).unwrap();
    assert!(!stored.windows(4).any(|bytes| bytes == b"Mary"));
}

#[test]
fn the_newest_are_kept_and_all_are_counted() {
    let mut connection = store();
    let mut offset = 0;
    for records in [1, 30_500, 700, 60_000, 40_000] {
        let mut pending = PendingRejects::default();
        for _ in 0..records {
            pending.add(&rejected("chat.events", offset, b"{\"id\":7}", "wrong_type"));
            offset += 1;
        }
        commit(&mut connection, &pending);
    }
    let found = all(&connection);
    assert!((100_000..101_000).contains(&found.len()), "{}", found.len());
    assert!(found.iter().map(|record| record.offset).eq((0..offset).rev().take(found.len())));
    let counts = counts(&connection).unwrap();
    assert_eq!((counts.len(), counts[0].records), (1, offset.cast_unsigned()));
    assert_eq!((counts[0].first, counts[0].last), (Time(1_000), Time(1_000 + offset - 1)));
    verify(&connection).unwrap();
}

#[test]
fn however_many_a_commit_brings_it_holds_the_newest_only() {
    let mut pending = PendingRejects::default();
    let record = rejected("chat.events", 0, b"{\"id\":7}", "wrong_type");
    (0..250_000).for_each(|_| pending.add(&record));
    let blocks: Vec<_> = pending.closed().collect();
    assert_eq!(blocks.iter().map(|block| block.records).sum::<u32>(), 100_000);
    assert!(blocks.iter().map(|block| block.data.len()).sum::<usize>() < 10 << 20);
}

#[test]
fn counts_are_apart_by_topic_source_and_reason_and_names_have_an_end() {
    let mut connection = store();
    let mut pending = PendingRejects::default();
    for (topic, source, reason) in [("a", "crm", "bad_time"), ("a", "crm", "bad_time"), ("a", "web", "bad_time"), ("b", "crm", "too_long")]
    {
        pending.add(&rejected(topic, 1, format!("{{\"source\":\"{source}\"}}").as_bytes(), reason));
    }
    commit(&mut connection, &pending);
    let of = |connection: &Connection| -> Vec<(String, String, String, u64)> {
        counts(connection).unwrap().into_iter().map(|count| (count.topic, count.source, count.reason, count.records)).collect()
    };
    let named = |topic: &str, source: &str, reason: &str, count| (topic.to_owned(), source.to_owned(), reason.to_owned(), count);
    assert_eq!(of(&connection), [named("a", "crm", "bad_time", 2), named("a", "web", "bad_time", 1), named("b", "crm", "too_long", 1)]);
    for commit_of in 0..20 {
        let mut pending = PendingRejects::default();
        for n in 0..300 {
            pending.add(&rejected("a", 1, format!("{{\"source\":\"s{commit_of}-{n}\"}}").as_bytes(), "bad_time"));
        }
        commit(&mut connection, &pending);
    }
    let found = of(&connection);
    assert!(found.len() <= 1_001, "{}", found.len());
    assert_eq!(found.iter().map(|(_, _, _, count)| count).sum::<u64>(), 4 + 20 * 300);
}

#[test]
fn damage_is_told() {
    for change in ["UPDATE quarantine_block SET data = x'00'", "UPDATE quarantine_count SET records = 5"] {
        let mut connection = store();
        let mut pending = PendingRejects::default();
        pending.add(&rejected("a", 1, b"{}", "missing_field"));
        commit(&mut connection, &pending);
        connection.execute(change, []).unwrap();
        assert!(verify(&connection).is_err(), "{change}");
    }
}
