//! State carried over by rows alone goes on as if nothing had happened.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::random::{Happening, Teller, happenings, places};
use super::*;
use crate::model::{Row, RowError, Table};

/// What a store holds.
#[derive(Default)]
struct Store(BTreeMap<Vec<u8>, Row>);

impl Store {
    /// Takes the changes; each row must come once.
    fn save(&mut self, agents: &mut Agents) {
        let mut rows = Vec::new();
        agents.changes(&mut rows);
        let mut keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), rows.len(), "a row comes once");
        for row in rows {
            if row.value.is_some() {
                self.0.insert(row.key.clone(), row);
            } else {
                assert!(self.0.remove(&row.key).is_some(), "only stored rows are removed");
            }
        }
    }

    fn load(&self, settings: &Arc<Settings>) -> Agents {
        let mut agents = Agents::new(Arc::clone(settings));
        self.0.values().for_each(|row| agents.restore(row).unwrap());
        agents
    }
}

fn closing(zone: Zone) -> Settings {
    let mut settings = Settings { zone, settle: Span(3 * Span::HOUR.0), ..settings() };
    settings.agents.waiting_limit = 1;
    settings.agents.presence_timeout = Some(Span(5 * Span::HOUR.0));
    settings
}

/// All that can be seen of the fold: what was posted, the live view, open time, a window, the next deadline.
type Seen = (Vec<String>, Vec<AgentNow>, Vec<Tally>, SpentTime, Option<DeadlineKey>);

fn seen(teller: &Teller) -> Seen {
    let clock = teller.script.clock;
    let agents = &teller.script.agents;
    let told = teller.script.posted.iter().map(line).collect();
    let spent = agents.spent_between(&name("amy"), clock - Span::DAY, clock);
    (told, agents.live(clock), agents.open_time(clock), spent, agents.next_deadline())
}

fn run(start: Time, settings: &Settings, happenings: &[Happening], cuts: &[usize]) -> Vec<Seen> {
    let mut teller = Teller::new(Script::with(settings.clone()), start);
    let mut store = Store::default();
    let mut all = Vec::new();
    for (index, happening) in happenings.iter().enumerate() {
        teller.tell(happening);
        teller.script.settle_late();
        all.push(seen(&teller));
        if cuts.contains(&index) {
            store.save(&mut teller.script.agents);
            teller.script.agents = store.load(&teller.script.settings);
        } else if index % 3 == 0 {
            store.save(&mut teller.script.agents);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_log_can_be_cut_anywhere((zone, start) in places(), happenings in happenings(300), cuts in prop::collection::vec(0_usize..300, 1..4)) {
        let settings = closing(zone);
        prop_assert_eq!(run(start, &settings, &happenings, &cuts), run(start, &settings, &happenings, &[]));
    }
}

#[test]
fn nothing_is_noted_without_a_store() {
    let mut script = Script::with(Settings { track_changes: false, ..settings() });
    script.status("09:00", "amy", "available");
    let mut rows = Vec::new();
    script.agents.changes(&mut rows);
    assert!(rows.is_empty());
}

#[test]
fn a_busy_agents_rows_stay_small() {
    let mut script = Script::new();
    let start = at("09:00");
    script.status("09:00", "amy", "available");
    let mut store = Store::default();
    for number in 0..5_000 {
        let (from, to) = (start + Span(number * 2_000), start + Span(number * 2_000 + 1_500));
        for (at, begins) in [(from, true), (to, false)] {
            let conversation = chat("c1");
            let signal = if begins {
                Signal::HandlingBegan { agent: name("amy"), conversation, at }
            } else {
                Signal::HandlingEnded { agent: name("amy"), conversation, from, to }
            };
            script.event(at, at, |agents, moment, out| agents.take(&signal, moment, out));
        }
        let mut rows = Vec::new();
        script.agents.changes(&mut rows);
        let bytes: usize = rows.iter().map(|row| row.key.len() + row.value.as_ref().map_or(0, Vec::len)).sum();
        assert!(bytes < 700, "{bytes} bytes in {} rows", rows.len());
        rows.into_iter().for_each(|row| _ = store.0.insert(row.key.clone(), row));
    }
    let stored: usize = store.0.values().map(|row| row.value.as_ref().map_or(0, Vec::len)).sum();
    assert!(stored < 30_000, "{stored} bytes for 10000 edges");
}

#[test]
fn what_an_older_program_kept_of_an_agent_is_read() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    script.waits("09:20", "amy", "c2");
    script.waits("09:21", "amy", "c1");
    let mut older = Store::default();
    older.save(&mut script.agents);
    let agent = &script.agents.entries[0].agent;
    let customers = (2_u32, 2_u32, vec![at("09:20"), at("09:21")], at("09:21"), None::<()>);
    let head = (&agent.team, &agent.presence, customers, agent.last_event, agent.sheet.open());
    let row = Row::put(Table::Agent, 1, &(name("amy"), 0), &head);
    assert!(older.0.insert(row.key.clone(), row).is_some(), "in the place of the one that this program keeps");
    let mut agents = older.load(&script.settings);
    assert_eq!(agents.live(at("09:30")), script.agents.live(at("09:30")));
    let answered = standing("c2", "09:31", owned("amy", Some("09:20")), owned("amy", None));
    agents.take(&answered, Moment { time: at("09:31"), clock: at("09:31"), late: false }, &mut Outbox::default());
    assert_eq!(agents.live(at("09:31"))[0].longest_wait_since, Some(at("09:21")));
}

#[test]
fn a_hundred_waiting_customers_take_a_few_hundred_bytes() {
    let mut script = Script::new();
    for second in 0..100 {
        script.waits(&format!("09:00:{:02}", second % 60), "amy", &format!("c{second}"));
    }
    let mut rows = Vec::new();
    script.agents.changes(&mut rows);
    let bytes: usize = rows.iter().filter_map(|row| row.value.as_ref()).map(Vec::len).sum();
    assert!(bytes < 300, "{bytes} bytes");
}

#[test]
fn a_damaged_or_newer_row_is_refused() {
    let mut script = Script::new();
    script.status("09:00", "amy", "available");
    let mut rows = Vec::new();
    script.agents.changes(&mut rows);
    let mut newer = rows[0].clone();
    newer.value.as_mut().unwrap()[0] = 9;
    let refused = Agents::new(Arc::new(settings())).restore(&newer);
    assert_eq!(refused, Err(RowError::Version { table: Table::Agent, found: 9, known: 2 }));
    let mut damaged = rows[0].clone();
    damaged.value.as_mut().unwrap().truncate(3);
    assert_eq!(Agents::new(Arc::new(settings())).restore(&damaged), Err(RowError::Damaged { table: Table::Agent }));
}

#[test]
fn statuses_of_more_than_a_day_ago_are_forgotten() {
    let mut script = Script::new();
    let mut rows = Vec::new();
    for hour in 0..500 {
        let time = at("04-01T00:00") + Span(hour * Span::HOUR.0);
        let word = if hour % 2 == 0 { "available" } else { "busy" };
        script.event(time, time, |agents, moment, out| agents.status(&name("amy"), &name(word), None, moment, out));
        rows.clear();
        script.agents.changes(&mut rows);
    }
    let longest = rows.iter().map(|row| row.value.as_ref().map_or(0, Vec::len)).max();
    assert!(longest < Some(400), "{longest:?} bytes");
    let clock = script.clock;
    let spent = script.agents.spent_between(&name("amy"), clock - Span::DAY, clock);
    assert_eq!(spent.work, Span::DAY);
}
