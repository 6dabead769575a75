//! Rows: any log cut anywhere goes on from its changes as if it had not been cut.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::*;

use super::script::{Run, clock, policy, seconds, settings};
use crate::engine::conversation::state::Conversation;
use crate::engine::policy::Policy;
use crate::engine::settings::{AgentSettings, HandlingRule, Settings};
use crate::model::{ConversationId, Medium, Row, RowError, Span, Table, Time};

/// Rows as a store keeps them.
#[derive(Default)]
pub struct Store(BTreeMap<(Table, Vec<u8>), Row>);

impl Store {
    pub fn take(&mut self, run: &mut Run) -> usize {
        let mut rows = Vec::new();
        run.fold.changes(&mut rows);
        let number = rows.len();
        for row in rows {
            let key = (row.table, row.key.clone());
            if row.value.is_some() {
                self.0.insert(key, row)
            } else {
                self.0.remove(&key)
            };
        }
        number
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.0.values()
    }

    /// Ended conversations are left where they are.
    pub fn restart(&self, settings: Settings, clock: Time) -> Run {
        let mut run = Run::new(settings);
        run.clock = clock;
        run.fold.expect_cold();
        for row in self.0.values().filter(|row| row.table != Table::Ended) {
            run.fold.restore(row).unwrap();
        }
        run
    }

    /// Plays lines, each after what it needs was brought back; gives what that was.
    pub fn play(&self, run: &mut Run, script: &str) -> Vec<ConversationId> {
        let mut warmed = Vec::new();
        for line in script.lines() {
            let named = names(line);
            let mut missing = run.fold.missing(&named.iter().collect::<Vec<_>>());
            while !missing.is_empty() {
                let rows = missing.iter().filter_map(|id| self.0.get(&(Table::Ended, Row::remove(Table::Ended, id).key)));
                rows.for_each(|row| run.fold.restore(row).unwrap());
                missing.retain(|id| run.fold.is_in_memory(id));
                warmed.extend(missing.clone());
                missing = run.fold.missing(&missing.iter().collect::<Vec<_>>());
            }
            run.play(line);
        }
        warmed
    }
}

/// The conversations that a line names.
fn names(line: &str) -> Vec<ConversationId> {
    let mut words = line.split_whitespace().skip_while(|word| *word == "late").skip(1);
    let into = |word: Option<&str>| (word == Some("merged")).then_some(());
    let named = words.next().map(super::script::id);
    let into = into(words.next()).and_then(|()| words.next()).map(super::script::id);
    if line.starts_with("clock") { Vec::new() } else { named.into_iter().chain(into).collect() }
}

fn all_rules(handling: HandlingRule) -> Settings {
    let chats = Policy { resolution: seconds(600), ..policy(Medium::Chat) };
    let tickets = Policy { first_response: seconds(60), next_response: seconds(90), resolution: seconds(400), ..policy(Medium::Ticket) };
    let agents = AgentSettings { handling, ..AgentSettings::default() };
    Settings { agents, forget_after: Span(300_000), ..settings(vec![chats, tickets]) }
}

/// What can happen to a chat or ticket, by number.
fn event(number: usize, agent: usize) -> (&'static str, String) {
    let agent = ["amy", "bob", "carol"][agent];
    let words = match number {
        0..=5 => "customer".to_owned(),
        6..=9 => format!("says {agent}"),
        10 => "bot".to_owned(),
        11 | 12 => format!("assigned {agent} team=x"),
        13 => "assigned -".to_owned(),
        14 => "handoff team=y".to_owned(),
        15 => "ended resolved".to_owned(),
        16 => "ended abandoned".to_owned(),
        17 => "reopened".to_owned(),
        18 => "started waiting bot channel=web".to_owned(),
        19 => "started kind=complaint waiting".to_owned(),
        20 => "status pending".to_owned(),
        21 => "status open".to_owned(),
        22 => format!("status resolved by={agent}"),
        23 => "merged t1".to_owned(),
        24 => "merged t2".to_owned(),
        25 => format!("work {agent} starts"),
        26 => format!("work {agent} stops"),
        _ => format!("followed_up {agent}"),
    };
    let medium = match number {
        0..=13 | 27.. => "",
        14..=18 => "c",
        _ => "t",
    };
    (medium, words)
}

/// Scripts of a few conversations: on time and late events, with seconds to minutes between them.
fn script() -> impl Strategy<Value = Vec<String>> {
    let one =
        (0usize..28, 0usize..3, 0usize..3, any::<bool>(), prop_oneof![0i64..3_000, 0i64..60_000, 0i64..400_000], 0i64..10, 0i64..120_000);
    proptest::collection::vec(one, 1..60).prop_map(|events| {
        let mut now = super::script::time("09:00:00");
        let mut lines = Vec::new();
        for (number, agent, of, chat, pause, lateness, behind) in events {
            let (medium, words) = event(number, agent);
            let medium = if medium.is_empty() { if chat { "c" } else { "t" } } else { medium };
            if medium == "t" && words == format!("merged t{of}") {
                continue;
            }
            now = now + Span(pause);
            let mut line = String::new();
            match lateness {
                0 | 1 => write!(line, "late {} {medium}{of} {words}", clock(now - Span(behind))).unwrap(),
                _ => write!(line, "{} {medium}{of} {words}", clock(now)).unwrap(),
            }
            lines.push(line);
        }
        lines
    })
}

/// What is done to a run at every line whose turn it is.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// A new one goes on from its rows.
    Restart,
    /// Whatever has ended leaves memory.
    Cool,
}

/// Plays a script in two runs: one whole, one cut before every line whose turn it is. Both must put out the same.
fn holds(lines: &[String], every: usize, cut_by: Cut, handling: HandlingRule) -> Result<(), TestCaseError> {
    let mut whole = Run::new(all_rules(handling));
    let mut cut = Run::new(all_rules(handling));
    let mut store = Store::default();
    let end = "clock +9d00:00:00".to_owned();
    for (number, line) in lines.iter().chain([&end]).enumerate() {
        if number % every == 0 {
            store.take(&mut cut);
            prop_assert_eq!(store.take(&mut cut), 0, "changes are given once");
            match cut_by {
                Cut::Restart => cut = store.restart(all_rules(handling), cut.clock),
                Cut::Cool => cut.fold.cool(cut.clock + Span(1)),
            }
        }
        let (seen, signals) = (whole.out.posted.len(), whole.out.signals.len());
        let (effects, effects_cut) = (whole.effects.len(), cut.effects.len());
        let (seen_cut, signals_cut) = (cut.out.posted.len(), cut.out.signals.len());
        whole.play(line);
        store.play(&mut cut, line);
        prop_assert_eq!(&whole.effects[effects..], &cut.effects[effects_cut..]);
        prop_assert_eq!(&whole.out.posted[seen..], &cut.out.posted[seen_cut..]);
        prop_assert_eq!(&whole.out.signals[signals..], &cut.out.signals[signals_cut..]);
        prop_assert_eq!(whole.fold.next_deadline(), cut.fold.next_deadline());
        prop_assert_eq!(whole.fold.complaints(), cut.fold.complaints());
        prop_assert_eq!(whole.fold.waiting(Vec::new()).len(), cut.fold.waiting(Vec::new()).len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_log_cut_anywhere_goes_on_as_if_it_had_not_been(lines in script(), every in 1usize..9, cools in any::<bool>(), active in any::<bool>()) {
        let cut_by = if cools { Cut::Cool } else { Cut::Restart };
        holds(&lines, every, cut_by, if active { HandlingRule::Active } else { HandlingRule::Owned })?;
    }

    #[test]
    fn no_duration_is_negative_and_no_breach_stands_beside_an_answer_in_time(lines in script(), active in any::<bool>()) {
        let mut run = Run::new(all_rules(if active { HandlingRule::Active } else { HandlingRule::Owned }));
        run.play(&lines.join("\n"));
        run.play("clock +9d00:00:00");
        // Rendering checks that shares add up to the wait.
        for line in run.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            prop_assert!(!words.iter().any(|word| word.starts_with('-') && word.len() > 1), "{}", line);
        }
        let open = run.fold.waiting(Vec::new()).len();
        prop_assert!(open <= 6);
    }
}

/// The ticket that takes its wait over has its place, and the same deadline, when that is the next one.
#[test]
fn the_deadline_of_a_merged_ticket_is_not_told_for_that_of_the_other_in_its_place() {
    let lines = [
        "late 09:00:00 t0 says amy",
        "late 09:00:00 t2 status resolved by=amy",
        "09:00:27.03 t1 customer",
        "09:00:30.001 t1 merged t2",
        "09:00:31.123 t0 says amy",
    ];
    for every in 1..10 {
        holds(&lines.map(str::to_owned), every, Cut::Restart, HandlingRule::Owned).unwrap();
    }
}

#[test]
fn nothing_is_noted_when_nobody_asks() {
    let mut run = Run::new(Settings { track_changes: false, ..settings(Vec::new()) });
    run.play("09:00:00 c1 started waiting\n09:00:05 c1 ended resolved");
    assert_eq!(Store::default().take(&mut run), 0);
}

#[test]
fn a_conversation_is_one_row_however_often_it_changed() {
    let mut run = Run::new(settings(Vec::new()));
    run.play("09:00:00 c1 started waiting\n09:00:05 c1 says amy\n09:00:06 t1 started\n09:00:07 c1 ended resolved");
    let mut rows = Vec::new();
    run.fold.changes(&mut rows);
    let held: Vec<Table> = rows.iter().filter(|row| row.value.is_some()).map(|row| row.table).collect();
    assert_eq!(held, [Table::Ended, Table::Conversation]);
    run.play("clock 09:10:00");
    assert_eq!(Store::default().take(&mut run), 0);
    run.fold.reference(&super::script::id("c1"), run.clock);
    assert_eq!(Store::default().take(&mut run), 1, "what touches it changes when it is forgotten");
}

#[test]
fn a_forgotten_conversation_is_known_as_forgotten_after_a_restart() {
    let forgetting = || Settings { forget_after: Span::DAY, ..settings(Vec::new()) };
    let mut run = Run::new(forgetting());
    let mut store = Store::default();
    run.play("09:00:00 c1 started\n09:10:00 c1 ended timeout\n+2d09:00:00 c2 started");
    store.take(&mut run);
    let mut again = store.restart(forgetting(), run.clock);
    assert_eq!(store.play(&mut again, "+2d09:05:00 c1 customer"), [super::script::id("c1")]);
    assert!(again.effects.last().unwrap().forgotten);
}

#[test]
fn a_row_of_a_newer_version_and_a_damaged_one_are_told_apart() {
    let mut run = Run::new(settings(Vec::new()));
    run.play("09:00:00 c1 started waiting");
    let mut rows = Vec::new();
    run.fold.changes(&mut rows);
    let mut newer = rows[0].clone();
    newer.value.as_mut().unwrap()[0] = 2;
    let mut damaged = rows[0].clone();
    damaged.value.as_mut().unwrap().truncate(9);
    assert!(matches!(run.fold.restore(&newer), Err(RowError::Version { found: 2, known: 1, .. })));
    assert!(matches!(run.fold.restore(&damaged), Err(RowError::Damaged { .. })));
}

#[test]
fn a_conversation_is_small_and_an_ended_one_smaller() {
    assert!(size_of::<Conversation>() <= 480, "{}", size_of::<Conversation>());
    let mut run = Run::new(settings(Vec::new()));
    run.play(
        "09:00:00 c1 started team=vip waiting
         09:00:04 c1 assigned amy
         09:00:20 c1 says amy
         09:10:00 c1 ended resolved by=amy",
    );
    let mut rows = Vec::new();
    run.fold.changes(&mut rows);
    // A row says in two bytes more how it is to be read, and in eight when it was touched.
    let bytes = rows.iter().find_map(|row| row.value.as_ref()).unwrap().len() - 10;
    assert!(bytes <= 100, "{bytes}");
}
