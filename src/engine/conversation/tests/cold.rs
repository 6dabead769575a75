//! Ended conversations that have left memory: whatever happens in one, or is said of it, finds it again.

use super::restarts::Store;
use super::script::{Run, id, settings};
use crate::engine::settings::Settings;
use crate::model::{ConversationId, Row, Span, Table};

fn daily() -> Settings {
    Settings { forget_after: Span::DAY, ..settings(Vec::new()) }
}

/// A run whose ended conversations have all left memory.
fn cooled(script: &str) -> (Run, Store) {
    let (mut run, mut store) = (Run::new(daily()), Store::default());
    run.play(script);
    store.take(&mut run);
    run.fold.cool(run.clock + Span(1));
    (run, store)
}

fn ids(words: &str) -> Vec<ConversationId> {
    words.split_whitespace().map(id).collect()
}

/// Of each script the last line needs these conversations, which have ended and left memory, and leads to the same as if they had not.
fn finds(cases: &[(&str, &str, &str)]) {
    for (before, line, needed) in cases {
        let (mut run, store) = cooled(before);
        assert!(ids(needed).iter().all(|id| !run.fold.is_in_memory(id)), "{line}: they have left memory");
        let mut warmed = store.play(&mut run, line);
        warmed.sort();
        assert_eq!(warmed, ids(needed), "{line}");
        let mut plain = Run::new(daily());
        plain.play(&format!("{before}\n{line}"));
        assert_eq!(run.lines(), plain.lines(), "{line}");
        assert_eq!(run.signals(), plain.signals(), "{line}");
        assert_eq!(run.effects, plain.effects, "{line}");
    }
}

const CHAT: &str = "09:00:00 c1 started team=x waiting\n09:00:10 c1 says amy\n09:05:00 c1 ended resolved by=amy";
const COMPLAINT: &str = "09:00:00 t1 started kind=complaint\n09:00:10 t1 says amy\n09:05:00 t1 status resolved by=amy";

#[test]
fn every_event_finds_the_conversation_that_it_names() {
    finds(&[
        (CHAT, "10:00:00 c1 customer", "c1"),
        (CHAT, "10:00:00 c1 says bob", "c1"),
        (CHAT, "10:00:00 c1 bot", "c1"),
        (CHAT, "10:00:00 c1 started team=y channel=web", "c1"),
        (CHAT, "10:00:00 c1 assigned bob", "c1"),
        (CHAT, "10:00:00 c1 handoff team=y", "c1"),
        (CHAT, "10:00:00 c1 ended closed", "c1"),
        (CHAT, "10:00:00 c1 reopened", "c1"),
        (CHAT, "10:00:00 c1 followed_up amy", "c1"),
        (COMPLAINT, "10:00:00 t1 status open", "t1"),
        (COMPLAINT, "10:00:00 t1 status closed", "t1"),
        (COMPLAINT, "10:00:00 t1 work bob starts", "t1"),
        (COMPLAINT, "10:00:00 t1 customer", "t1"),
        ("09:00:00 t1 started\n09:05:00 t1 status closed", "+2d10:00:00 t1 started kind=complaint", "t1"),
    ]);
}

#[test]
fn a_late_event_finds_it_as_it_ended() {
    let script = format!("{CHAT}\nclock 11:00:00");
    finds(&[
        (&script, "late 09:04:00 c1 customer", "c1"),
        (&script, "late 09:00:05 c1 customer", "c1"),
        (&script, "late 09:04:30 c1 assigned bob", "c1"),
        (&script, "late 09:04:00 c1 says bob", "c1"),
    ]);
}

#[test]
fn work_that_was_not_stopped_is_stopped_though_the_ticket_has_left_memory() {
    finds(&[("09:00:00 t1 started\n09:01:00 t1 work amy starts\n09:05:00 t1 status closed", "10:00:00 t1 work amy stops", "t1")]);
}

#[test]
fn a_merge_finds_both_tickets_and_where_they_lead() {
    let ended = "09:00:00 t1 started
         09:00:00 t2 started
         09:00:00 t3 started
         09:01:00 t2 status closed
         09:01:00 t3 status closed";
    let waits = format!("{ended}\n09:01:30 t1 customer");
    let is_over = format!("{ended}\n09:01:30 t1 status closed");
    finds(&[
        (&waits, "10:00:00 t1 merged t2", "t2"),
        (&waits, "10:00:00 t2 merged t3", "t2 t3"),
        (&format!("{waits}\n09:02:00 t2 merged t3"), "10:00:00 t1 merged t2", "t2 t3"),
        (&format!("{is_over}\n09:02:00 t1 merged t2"), "10:00:00 t2 merged t1", "t1 t2"),
        (&format!("{is_over}\n09:02:00 t1 merged t2\n09:03:00 t2 merged t3"), "10:00:00 t3 merged t1", "t1 t2 t3"),
    ]);
}

#[test]
fn a_message_finds_the_end_of_a_chain_of_merges_wherever_its_links_are() {
    let chain = "09:00:00 t1 started\n09:00:00 t2 started\n09:00:00 t3 started\n09:01:00 t1 merged t2\n09:02:00 t2 merged t3\n09:03:00 t3 status closed";
    finds(&[(chain, "10:00:00 t1 customer", "t1 t2 t3"), (chain, "10:00:00 t2 says amy", "t2 t3")]);
    let (mut run, store) = cooled(chain);
    store.play(&mut run, "10:00:00 t1 customer");
    run.fold.cool(run.clock + Span(1));
    assert!(run.fold.is_in_memory(&id("t1")) && run.fold.is_in_memory(&id("t3")), "what has changed since stays");
}

#[test]
fn what_is_missing_is_told_once() {
    let (run, _) = cooled(CHAT);
    let mut missing = run.fold.missing(&[&id("c1"), &id("c9"), &id("c1")]);
    missing.sort();
    assert_eq!(missing, ids("c1 c9"));
    assert!(run.fold.missing(&[]).is_empty());
}

#[test]
fn it_is_forgotten_as_if_it_had_stayed() {
    finds(&[
        (CHAT, "+1d09:05:00 c1 customer", "c1"),
        (CHAT, "+1d09:05:00.001 c1 customer", "c1"),
        (CHAT, "+2d09:05:00 c1 customer", "c1"),
        (CHAT, "+2d09:05:00.001 c1 customer", "c1"),
    ]);
}

#[test]
fn a_forgotten_one_that_begins_anew_leaves_no_row_behind() {
    for instant in ["+1d10:00:00", "+9d10:00:00"] {
        let (mut run, mut store) = cooled(CHAT);
        store.play(&mut run, &format!("{instant} c1 customer"));
        store.take(&mut run);
        let tables: Vec<Table> = store.rows().map(|row| row.table).collect();
        assert_eq!(tables, [Table::Conversation], "{instant}");
    }
}

#[test]
fn what_has_changed_since_the_last_rows_or_was_touched_lately_stays() {
    let (mut run, mut store) = (Run::new(daily()), Store::default());
    run.play("09:00:00 c1 started\n09:00:00 c2 started\n09:00:00 c3 started\n09:05:00 c1 ended timeout\n09:10:00 c2 ended timeout");
    run.fold.cool(run.clock + Span::DAY);
    assert_eq!(run.fold.in_memory(), 3, "nothing is kept yet");
    store.take(&mut run);
    run.fold.cool(run.clock);
    assert!(!run.fold.is_in_memory(&id("c1")) && run.fold.is_in_memory(&id("c2")), "the second was touched then");
    assert!(run.fold.has_cold());
    run.fold.reference(&id("c2"), run.clock);
    run.fold.cool(run.clock + Span::DAY);
    assert!(run.fold.is_in_memory(&id("c2")));
    store.take(&mut run);
    run.fold.cool(run.clock + Span::DAY);
    assert_eq!(run.fold.in_memory(), 1, "one is open");
}

#[test]
fn a_conversation_stands_among_the_ended_ones_once_however_often_it_is_named() {
    let (mut run, mut store) = (Run::new(daily()), Store::default());
    run.play(CHAT);
    for hour in 10..24 {
        run.play(&format!("{hour}:00:00 c1 says amy\n{hour}:00:10 c1 customer\n{hour}:00:20 c1 ended closed\n{hour}:00:20 c1 system"));
        if hour % 5 == 0 {
            store.take(&mut run);
            run.fold.cool(run.clock);
        }
    }
    assert_eq!((run.fold.in_memory(), run.fold.queued()), (1, 1));
    run.play("+1d20:00:00 c2 started\n+1d23:00:00 c1 says bob\n+2d20:00:00 c1 says bob\n+2d21:00:00 c1 says bob");
    assert_eq!((run.fold.in_memory(), run.fold.queued()), (2, 1));
}

#[test]
fn nothing_leaves_memory_when_nobody_keeps_rows() {
    let mut run = Run::new(Settings { track_changes: false, ..daily() });
    run.play(CHAT);
    run.fold.cool(run.clock + Span::DAY);
    assert_eq!((run.fold.in_memory(), run.fold.has_cold()), (1, false));
}

#[test]
fn a_row_says_when_the_conversation_was_touched_and_one_that_ended_in_another_table_moves() {
    let (mut run, mut store) = (Run::new(daily()), Store::default());
    run.play("09:00:00 c1 started");
    store.take(&mut run);
    run.play("09:05:00 c1 ended timeout\n09:06:00 c1 system");
    store.take(&mut run);
    let row = store.rows().next().unwrap();
    assert_eq!((row.table, row.touched()), (Table::Ended, Some(run.clock)));
    // As stores were written in which open and ended ones stood together.
    let mut value = row.value.clone().unwrap();
    value.drain(1..9);
    let mut again = Run::new(daily());
    again.fold.restore(&Row { table: Table::Conversation, value: Some(value), ..row.clone() }).unwrap();
    let mut rows = Vec::new();
    again.fold.changes(&mut rows);
    assert_eq!(rows, [Row { table: Table::Conversation, value: None, ..row.clone() }, row.clone()]);
}
