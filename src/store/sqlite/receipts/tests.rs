use rusqlite::Connection;

use super::*;
use crate::model::{Category, ConversationId, ConversationRef, Fact, FactKind, Medium, Name, Place, ReceiptQuery, Sla, Span, Time, Wait};
use crate::store::sqlite::configurations;

const DAY: i64 = Span::DAY.0;
const KEEP: Span = Span(100 * DAY);

fn store() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    create(&connection).unwrap();
    configurations::create(&connection).unwrap();
    connection
}

/// A fact of amy's or bob's at an instant.
fn status(agent: &str, at: i64) -> Fact {
    let kind = FactKind::Presence { status: "busy".into(), category: Category::Working, from: Time(0), to: Time(at) };
    Fact { at: Time(at), by_deadline: false, team: Some("presale".into()), agent: Some(agent.into()), conversation: None, kind }
}

fn breach(chat: &str, at: i64) -> Fact {
    let conversation = ConversationRef { medium: Medium::Chat, id: chat.into(), cycle: 1, channel: None };
    let kind = FactKind::Breach { sla: Sla::FirstResponse, opened_at: Time(0), target: Span(30_000), inherited: Span(0) };
    Fact { at: Time(at), by_deadline: true, team: None, agent: None, conversation: Some(conversation), kind }
}

fn word(fact: &Fact) -> &'static str {
    match fact.kind {
        FactKind::Presence { .. } => "presence",
        FactKind::Breach { .. } => "breach",
        _ => "unanswered",
    }
}

/// A line that names what the store itself does not know.
fn line(fact: &Fact) -> String {
    let chat = fact.conversation.as_ref().map_or_else(|| "null".to_owned(), |conversation| format!("{:?}", conversation.id));
    let medium = fact.conversation.as_ref().map_or("null", |_| "\"chat\"");
    format!("{{\"at\":{},\"medium\":{medium},\"conversation\":{chat},\"agent\":{:?}}}", fact.at.0, fact.agent.as_deref().unwrap_or("-"))
}

fn commit(connection: &mut Connection, facts: &[Fact], keep: Span) {
    let mut pending = PendingReceipts::default();
    facts.iter().for_each(|fact| pending.add(fact, word(fact), &line(fact)));
    let transaction = connection.transaction().unwrap();
    write(&transaction, &pending, keep).unwrap();
    transaction.commit().unwrap();
}

fn all() -> ReceiptQuery {
    ReceiptQuery { limit: usize::MAX, ..ReceiptQuery::default() }
}

fn lines(connection: &Connection, query: &ReceiptQuery) -> Vec<String> {
    read(connection, query).unwrap().receipts.into_iter().map(|receipt| receipt.line).collect()
}

fn count(connection: &Connection, what: &str) -> i64 {
    connection.query_row(&format!("SELECT {what} FROM receipt_block"), [], |row| row.get(0)).unwrap()
}

/// Facts over three days, some late, in commits of different sizes.
fn filled(connection: &mut Connection) -> Vec<Fact> {
    let mut facts = Vec::new();
    for n in 0..2_000_i64 {
        let at = n * DAY / 700 - i64::from(n % 50 == 49) * DAY / 2;
        facts.push(if n % 3 == 0 { breach(&format!("c{}", n % 7), at) } else { status(["amy", "bob"][usize::from(n % 2 == 0)], at) });
    }
    let (mut rest, mut size) = (&facts[..], 1);
    while !rest.is_empty() {
        let (these, after) = rest.split_at(size.min(rest.len()));
        commit(connection, these, KEEP);
        (rest, size) = (after, size % 9 + 1);
    }
    facts
}

/// Their lines in the order of ruling 5.
fn ordered(facts: &[Fact], wanted: impl Fn(&Fact) -> bool) -> Vec<String> {
    let mut all: Vec<_> = (0_u64..).zip(facts).map(|(n, fact)| (Place::of(fact, n), fact)).filter(|(_, fact)| wanted(fact)).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.into_iter().map(|(_, fact)| line(fact)).collect()
}

#[test]
fn facts_come_back_in_their_order_however_they_were_committed() {
    let mut connection = store();
    let facts = filled(&mut connection);
    assert_eq!(lines(&connection, &all()), ordered(&facts, |_| true));
    assert!(count(&connection, "count(*)") < 100, "small blocks were merged: {}", count(&connection, "count(*)"));
    assert_eq!(count(&connection, "sum(facts)"), 2_000);
    verify(&connection).unwrap();
}

#[test]
fn one_asks_by_agent_team_kind_conversation_and_time() {
    let mut connection = store();
    let facts = filled(&mut connection);
    let agent = |name: &str| ReceiptQuery { agent: Some(Name::from(name)), ..all() };
    assert_eq!(lines(&connection, &agent("amy")), ordered(&facts, |fact| fact.agent.as_deref() == Some("amy")));
    assert_eq!(lines(&connection, &agent("nobody")), [""; 0]);
    let team = ReceiptQuery { team: Some("presale".into()), ..all() };
    assert_eq!(lines(&connection, &team), ordered(&facts, |fact| fact.team.is_some()));
    let kinds = ReceiptQuery { kinds: vec!["breach".to_owned(), "resolved".to_owned()], ..all() };
    assert_eq!(lines(&connection, &kinds), ordered(&facts, |fact| word(fact) == "breach"));
    let conversation = ReceiptQuery { conversation: Some(ConversationId { medium: Medium::Chat, id: "c3".into() }), ..all() };
    let is_c3 = |fact: &Fact| fact.conversation.as_ref().is_some_and(|conversation| conversation.id == "c3");
    assert_eq!(lines(&connection, &conversation), ordered(&facts, is_c3));
    let between = ReceiptQuery { from: Some(Time(DAY / 3)), to: Some(Time(DAY + 5)), ..agent("bob") };
    let wanted = ordered(&facts, |fact| fact.agent.as_deref() == Some("bob") && (DAY / 3..DAY + 5).contains(&fact.at.0));
    assert_eq!(lines(&connection, &between), wanted);
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let mut connection = store();
    let facts = filled(&mut connection);
    let (mut found, mut query) = (Vec::new(), ReceiptQuery { limit: 37, ..ReceiptQuery::default() });
    loop {
        let page = read(&connection, &query).unwrap();
        query.after = page.receipts.last().map(|receipt| receipt.place.clone());
        found.extend(page.receipts.into_iter().map(|receipt| receipt.line));
        if !page.has_more {
            break;
        }
    }
    assert_eq!(found, ordered(&facts, |_| true));
}

#[test]
fn who_was_judged_finds_the_fact_too() {
    let mut connection = store();
    let wait = Wait {
        opened_at: Time(0),
        wait: Span(1),
        seconds: Span(1),
        business: None,
        target: None,
        within: Some(false),
        held: Vec::new(),
        people: true,
        offered: true,
    };
    let (judged_agent, judged_team) = (Some(Name::from("eve")), Some(Name::from("night")));
    let kind = FactKind::Unanswered { first: true, reason: "abandoned".into(), wait, judged_agent, judged_team };
    commit(&mut connection, &[Fact { kind, ..status("amy", 5) }], KEEP);
    for agent in ["amy", "eve"] {
        assert_eq!(lines(&connection, &ReceiptQuery { agent: Some(agent.into()), ..all() }).len(), 1, "{agent}");
    }
    assert_eq!(lines(&connection, &ReceiptQuery { team: Some("night".into()), ..all() }).len(), 1);
}

#[test]
fn a_receipt_names_the_configuration_that_it_was_decided_under() {
    let mut connection = store();
    for (text, at) in [("a = 1", 1), ("a = 2", 2)] {
        let transaction = connection.transaction().unwrap();
        configurations::enter(&transaction, text, Time(at), None).unwrap();
        transaction.commit().unwrap();
        commit(&mut connection, &[status("amy", at)], KEEP);
    }
    let hashes: Vec<String> = configurations::all(&connection).unwrap().into_iter().map(|one| one.hash).collect();
    let found: Vec<String> = read(&connection, &all()).unwrap().receipts.into_iter().map(|receipt| receipt.configuration).collect();
    assert_eq!(found, hashes);
}

#[test]
fn old_days_are_forgotten_and_numbers_go_on() {
    let mut connection = store();
    for day in 0..10 {
        commit(&mut connection, &[status("amy", day * DAY), status("bob", day * DAY + 1)], Span(3 * DAY));
    }
    assert_eq!(count(&connection, "min(day)"), 6);
    assert_eq!((count(&connection, "min(first)"), count(&connection, "max(last)")), (12, 19));
}

#[test]
fn a_block_of_many_facts_is_never_merged() {
    let mut connection = store();
    let facts: Vec<Fact> = (0..5_000).map(|n| status("amy", n)).collect();
    for _ in 0..20 {
        commit(&mut connection, &facts, KEEP);
    }
    assert_eq!(count(&connection, "count(*)"), 20);
    let bytes = count(&connection, "sum(length(data) + length(lists))");
    assert!(bytes < 100_000 * 20, "{bytes} bytes for 100,000 facts");
}

#[test]
fn damage_is_told_and_never_hides_a_fact() {
    for (what, change) in [
        ("data", "data = zeroblob(length(data))"),
        ("lists", "lists = x'000000'"),
        ("time", "until_ms = until_ms - 1"),
        ("number", "facts = facts + 1"),
    ] {
        let mut connection = store();
        commit(&mut connection, &[status("amy", 5), status("bob", 6)], KEEP);
        connection.execute(&format!("UPDATE receipt_block SET {change}"), []).unwrap();
        assert!(read(&connection, &all()).is_err(), "{what}");
        assert!(verify(&connection).is_err(), "{what}");
    }
}
