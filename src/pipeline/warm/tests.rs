use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::engine::Settings;
use crate::ingest::Record;
use crate::model::{Output, PartitionId, Position, Posted, RowError, Span};
use crate::pipeline::{CoreSettings, restore};
use crate::store::{Commit, Memory, Store, TakeRows};
use crate::view;

/// Conversations of the morning: each has ended by ten.
const MORNING: [&str; 11] = [
    r#"09:00:00 "type":"chat.started","chat":"c1","team":"x","customer":"u1""#,
    r#"09:00:05 "type":"chat.message","chat":"c1","from":"agent","agent":"amy""#,
    r#"09:05:00 "type":"chat.ended","chat":"c1","reason":"resolved""#,
    r#"09:00:00 "type":"ticket.created","ticket":"t1","team":"x","by":"agent""#,
    r#"09:00:00 "type":"ticket.created","ticket":"t2","team":"y","by":"agent""#,
    r#"09:00:00 "type":"ticket.created","ticket":"t3","team":"z","by":"agent""#,
    r#"09:01:00 "type":"ticket.merged","ticket":"t1","into":"t2""#,
    r#"09:02:00 "type":"ticket.merged","ticket":"t2","into":"t3""#,
    r#"09:03:00 "type":"ticket.status","ticket":"t3","status":"closed""#,
    r#"09:59:58 "type":"agent.status","agent":"amy","status":"available","team":"x""#,
    r#"10:00:00 "type":"chat.started","chat":"c2""#,
];

fn settings() -> CoreSettings {
    let engine = Settings { track_changes: true, ..Settings::default() };
    CoreSettings { engine: Arc::new(engine), phrases: Vec::new(), auto_texts: Vec::new(), windows: vec![Span(300_000)], shows_agents: true }
}

struct Run {
    core: Core,
    taken: i64,
    facts: Vec<String>,
    /// What was found.
    store: Asked,
}

/// A store that notes how many it was asked for at a time.
#[derive(Debug, Default)]
struct Asked {
    rows: Memory,
    asked: Vec<usize>,
}

impl Lookup for Asked {
    fn find(&mut self, keys: &[Vec<u8>], take: TakeRows<'_>) -> Result<(), StoreError> {
        self.asked.push(keys.len());
        self.rows.find(keys, take)
    }
}

impl Run {
    fn new() -> Self {
        Self { core: Core::new(&settings()).unwrap(), taken: 0, facts: Vec::new(), store: Asked::default() }
    }

    fn take(&mut self, lines: &[&str]) {
        for line in lines {
            let (time, fields) = line.split_once(' ').unwrap();
            self.taken += 1;
            let value = format!(r#"{{"id":"e{}","time":"2026-03-02T{time}Z",{fields}}}"#, self.taken);
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset: self.taken };
            self.core.take(Record { position, arrived: None, value: value.as_bytes() });
        }
    }

    fn reach(&self) -> Reach {
        Reach::Through(self.core.engine().newest_of_all().unwrap())
    }

    fn advance(&mut self) {
        let reach = self.reach();
        warm(&mut self.core, &mut self.store, reach).unwrap();
        let posted = self.core.advance(reach);
        self.facts.extend(posted.iter().filter_map(|Posted { output, .. }| match output {
            Output::Fact(fact) => view::fact::line(fact),
            Output::Tally(_) => None,
        }));
    }

    fn commit(&mut self) {
        let rows = self.core.changes();
        self.store.rows.commit(Commit { rows, ..Commit::default() }).unwrap();
    }
}

/// A run whose morning is over and has left memory.
fn cold() -> Run {
    let mut run = Run::new();
    run.take(&MORNING);
    run.advance();
    run.commit();
    run.core.cool(run.core.engine().clock());
    assert_eq!(run.core.engine().conversations_in_memory(), 1, "c2 is open");
    run
}

#[test]
fn whatever_is_said_of_a_conversation_finds_it() {
    for (event, asked) in [
        (r#""type":"chat.message","chat":"c1","from":"customer""#, &[1][..]),
        (r#""type":"customer.rated","chat":"c1","score":5"#, &[1]),
        (r#""type":"customer.rated","ticket":"t3","score":5"#, &[1]),
        (r#""type":"quality.violation","agent":"bob","rule":"rude","chat":"c1""#, &[1]),
        (r#""type":"quality.reviewed","agent":"bob","points":90,"ticket":"t3""#, &[1]),
        (r#""type":"offer.made","agent":"bob","accepted":true,"chat":"c1""#, &[1]),
        (r#""type":"order.paid","order":"o1","customer":"u1","amount":"9.5","chat":"c1""#, &[1]),
        (r#""type":"ticket.message","ticket":"t1","from":"customer""#, &[1, 1, 1]),
        (r#""type":"ticket.merged","ticket":"t3","into":"t1""#, &[2, 1]),
        (r#""type":"chat.started","chat":"c9""#, &[1]),
        (r#""type":"chat.message","chat":"c2","from":"customer""#, &[]),
        (r#""type":"agent.status","agent":"amy","status":"busy""#, &[]),
    ] {
        let event = format!("11:00:00 {event}");
        let (mut run, mut plain) = (cold(), Run::new());
        run.take(&[&event]);
        run.advance();
        plain.take(&MORNING);
        plain.advance();
        plain.take(&[&event]);
        plain.advance();
        assert_eq!(run.store.asked, asked, "{event}");
        assert_eq!(run.facts, plain.facts, "{event}");
        assert_eq!(format!("{:?}", run.core.outcomes()), format!("{:?}", plain.core.outcomes()), "{event}");
        // What was touched is known for longer: in memory as in the store.
        run.commit();
        plain.commit();
        assert_eq!(rows(&run), rows(&plain), "{event}");
    }
}

fn rows(run: &Run) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut store = run.store.rows.clone();
    let ids = ["c1", "c2", "c9", "t1", "t2", "t3"];
    let keys: Vec<Vec<u8>> = ids.iter().map(|id| Row::remove(Table::Ended, &id_of(id)).key).collect();
    let mut take = |found: &[Row]| -> Result<(), RowError> {
        rows.extend_from_slice(found);
        Ok(())
    };
    store.find(&keys, &mut take).unwrap();
    store.load(&mut take).unwrap();
    rows.retain(|row| matches!(row.table, Table::Conversation | Table::Ended));
    rows
}

fn id_of(id: &str) -> crate::model::ConversationId {
    let medium = if id.starts_with('t') { crate::model::Medium::Ticket } else { crate::model::Medium::Chat };
    crate::model::ConversationId { medium, id: id.into() }
}

#[test]
fn an_event_that_does_not_have_its_turn_yet_asks_for_nothing() {
    let mut run = cold();
    run.take(&[r#"11:00:00 "type":"chat.message","chat":"c1","from":"customer""#]);
    let newest = run.core.engine().newest_of_all().unwrap();
    assert!(run.core.engine().missing(Reach::Before(newest)).is_empty());
    assert_eq!(run.core.engine().missing(Reach::Through(newest)), [id_of("c1")]);
}

#[test]
fn while_nothing_has_left_memory_nothing_is_asked_for() {
    let mut run = Run::new();
    run.take(&MORNING);
    run.advance();
    run.take(&[r#"11:00:00 "type":"chat.started","chat":"c9""#]);
    run.advance();
    assert_eq!(run.store.asked, [0_usize; 0]);
}

#[test]
fn after_a_restart_what_has_ended_is_found() {
    let mut store = cold().store.rows;
    let mut again = Run::new();
    restore(&mut again.core, &mut store, Clock::start()).unwrap();
    again.store.rows = store;
    assert_eq!(again.core.engine().conversations_in_memory(), 1);
    again.taken = 100;
    again.take(&[r#"11:00:00 "type":"chat.message","chat":"c1","from":"customer""#]);
    again.advance();
    assert!(again.facts[0].contains(r#""fact":"reopened""#), "{:?}", again.facts);
}

#[test]
fn a_store_that_cannot_be_read_stops_the_clock() {
    #[derive(Debug)]
    struct Broken;
    impl Lookup for Broken {
        fn find(&mut self, _: &[Vec<u8>], _: TakeRows<'_>) -> Result<(), StoreError> {
            Err(StoreError::Damaged { path: PathBuf::from("x"), what: "y".to_owned() })
        }
    }
    let mut run = cold();
    run.take(&[r#"11:00:00 "type":"chat.message","chat":"c1","from":"customer""#]);
    let reach = run.reach();
    assert!(warm(&mut run.core, &mut Broken, reach).is_err());
}
