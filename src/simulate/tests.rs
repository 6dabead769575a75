//! What the simulated contact center promises, measured on its records alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::load::{Load, LoadSettings};
use super::*;
use crate::decode::{Decoded, Decoder, unknown_fields};

/// 2026-11-23T00:00:00+08:00, a Monday.
const MONDAY: Time = Time(1_795_363_200_000);

fn settings(seed: u64) -> SimulationSettings {
    SimulationSettings::new(seed, 20, MONDAY)
}

fn run(settings: &SimulationSettings, length: Span) -> Vec<SimulatedRecord> {
    let mut simulation = Simulation::new(settings);
    std::iter::from_fn(|| simulation.next_before(settings.start + length)).collect()
}

fn parsed(record: &SimulatedRecord) -> Value {
    serde_json::from_slice(&record.value).unwrap()
}

fn word<'a>(event: &'a Value, name: &str) -> &'a str {
    event.get(name).and_then(Value::as_str).unwrap_or("")
}

fn is(event: &Value, name: &str) -> bool {
    event.get(name) == Some(&Value::Bool(true))
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    let one = run(&settings(7), Span(6 * Span::HOUR.0));
    let other = run(&settings(7), Span(6 * Span::HOUR.0));
    assert!(one == other);
    assert!(one != run(&settings(8), Span(6 * Span::HOUR.0)));
}

#[test]
fn asking_in_small_steps_gives_the_same_records() {
    let settings = settings(3).with_time_of_day(Span(9 * Span::HOUR.0));
    let whole = run(&settings, Span::HOUR);
    let mut simulation = Simulation::new(&settings);
    let mut steps = Vec::new();
    for second in 1..=3_600 {
        steps.extend(std::iter::from_fn(|| simulation.next_before(settings.start + Span(second * 1_000))));
    }
    assert!(whole == steps);
}

#[test]
fn records_come_in_order_of_their_event_times_with_unique_ids() {
    let records = run(&settings(1), Span(2 * Span::DAY.0));
    let mut ids = BTreeSet::new();
    let mut last = MONDAY;
    for record in &records {
        let event = parsed(record);
        let time = match &event["time"] {
            Value::String(text) => text.parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            number => number.as_i64().unwrap(),
        };
        assert_eq!(Time(time), record.time);
        assert!(record.time >= last);
        last = record.time;
        assert!(ids.insert(word(&event, "id").to_owned()));
    }
    assert!(records.len() > 5_000, "{}", records.len());
}

#[test]
fn every_event_type_occurs_within_a_few_days() {
    let records = run(&settings(1), Span(4 * Span::DAY.0));
    let types: BTreeSet<String> = records.iter().map(|record| word(&parsed(record), "type").to_owned()).collect();
    let all = [
        "agent.status",
        "chat.assigned",
        "chat.ended",
        "chat.followed_up",
        "chat.handoff",
        "chat.message",
        "chat.reopened",
        "chat.started",
        "customer.rated",
        "indicator.scored",
        "offer.made",
        "order.paid",
        "order.returned",
        "quality.reviewed",
        "quality.violation",
        "ticket.assigned",
        "ticket.created",
        "ticket.followed_up",
        "ticket.merged",
        "ticket.message",
        "ticket.status",
        "ticket.work",
        "workload.planned",
    ];
    assert_eq!(types.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[test]
fn agents_come_change_and_leave_sensibly() {
    let records = run(&settings(5), Span(4 * Span::DAY.0));
    let mut statuses: BTreeMap<String, Vec<(Time, String)>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.topic == Topic::Agent) {
        let event = parsed(record);
        if word(&event, "type") == "agent.status" {
            statuses.entry(word(&event, "agent").to_owned()).or_default().push((record.time, word(&event, "status").to_owned()));
        }
    }
    assert_eq!(statuses.len(), 20);
    for (agent, history) in statuses {
        assert_eq!(history[0].1, "available", "{agent}");
        for pair in history.windows(2) {
            let ((from, before), (to, after)) = (&pair[0], &pair[1]);
            assert!(before != "offline" || after == "available", "{agent}: {before} then {after}");
            assert!(before == "offline" || to.since(*from) <= Span(5 * Span::MINUTE.0), "{agent}: no heartbeat after {before}");
            assert!(!(before == "break" && after == "meeting"), "{agent} goes from a break to a meeting");
        }
    }
}

#[test]
fn nobody_owns_a_chat_while_he_is_offline_or_more_than_five_at_once() {
    let mut owned: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut owner: BTreeMap<String, String> = BTreeMap::new();
    for record in run(&settings(2), Span(2 * Span::DAY.0)) {
        let event = parsed(&record);
        let chat = word(&event, "chat").to_owned();
        match word(&event, "type") {
            "chat.assigned" | "chat.ended" => {
                if let Some(before) = owner.remove(&chat) {
                    owned.entry(before).or_default().remove(&chat);
                }
                let agent = word(&event, "agent").to_owned();
                if word(&event, "type") == "chat.assigned" && !agent.is_empty() {
                    let chats = owned.entry(agent.clone()).or_default();
                    chats.insert(chat.clone());
                    assert!(chats.len() <= 6, "{agent} has {}", chats.len());
                    owner.insert(chat, agent);
                }
            }
            "agent.status" if word(&event, "status") == "offline" => {
                let chats = owned.get(word(&event, "agent")).map_or(0, BTreeSet::len);
                assert_eq!(chats, 0, "{event}");
            }
            _ => {}
        }
    }
}

/// What a supervisor would look at, measured by a few lines that know nothing of the engine.
#[derive(Debug, Default)]
struct Measure {
    responses: Vec<i64>,
    unanswered_late: usize,
    late_first: usize,
    work: i64,
    busy: i64,
    over_now: Vec<usize>,
}

#[derive(Debug, Default)]
struct Contact {
    waiting: Option<Time>,
    bot: bool,
    touched: bool,
}

#[derive(Debug, Default)]
struct Worker {
    status: String,
    engaged: BTreeSet<String>,
    since: Time,
}

impl Measure {
    fn of(records: &[SimulatedRecord]) -> Self {
        let mut measure = Self::default();
        let mut contacts: BTreeMap<String, Contact> = BTreeMap::new();
        let mut workers: BTreeMap<String, Worker> = BTreeMap::new();
        let mut minute = 0;
        for record in records {
            let event = parsed(record);
            if record.time.0 / 60_000 != minute {
                minute = record.time.0 / 60_000;
                let over = contacts
                    .values()
                    .filter(|contact| !contact.bot && contact.waiting.is_some_and(|since| record.time.since(since) > Span(30_000)));
                measure.over_now.push(over.count());
            }
            measure.contact(record.time, &event, &mut contacts);
            measure.worker(record.time, &event, &mut workers);
        }
        measure
    }

    fn contact(&mut self, now: Time, event: &Value, contacts: &mut BTreeMap<String, Contact>) {
        let Some(chat) = event.get("chat").and_then(Value::as_str) else { return };
        let contact = contacts.entry(chat.to_owned()).or_default();
        match word(event, "type") {
            "chat.started" => {
                contact.bot = is(event, "bot");
                contact.waiting = is(event, "waiting").then_some(now);
            }
            "chat.handoff" => {
                contact.bot = false;
                contact.waiting = Some(now);
            }
            "chat.assigned" => contact.bot = false,
            "chat.message" if word(event, "from") == "customer" => {
                contact.waiting.get_or_insert(now);
            }
            "chat.message" if word(event, "from") == "bot" && contact.bot => contact.waiting = None,
            "chat.message"
                if word(event, "from") == "agent" && !is(event, "private") && !is(event, "automated") && !is(event, "edited") =>
            {
                if let Some(since) = contact.waiting.take() {
                    let seconds = now.since(since);
                    self.responses.push(seconds.0);
                    self.late_first += usize::from(!contact.touched && seconds > Span(30_000));
                    contact.touched = true;
                }
            }
            "chat.ended" => {
                let late = contact.waiting.take().is_some_and(|since| !contact.bot && now.since(since) > Span(30_000));
                self.unanswered_late += usize::from(late);
                contact.bot = false;
            }
            _ => {}
        }
    }

    fn worker(&mut self, now: Time, event: &Value, workers: &mut BTreeMap<String, Worker>) {
        let agent = word(event, "agent").to_owned();
        let thing = format!("{}{}", word(event, "chat"), word(event, "ticket"));
        match word(event, "type") {
            "agent.status" => {
                self.charge(now, workers.entry(agent.clone()).or_default());
                workers.entry(agent).or_default().status = word(event, "status").to_owned();
            }
            "chat.assigned" | "chat.ended" => {
                for worker in workers.values_mut() {
                    if worker.engaged.contains(&thing) {
                        self.charge(now, worker);
                        worker.engaged.remove(&thing);
                    }
                }
                if word(event, "type") == "chat.assigned" && !agent.is_empty() {
                    let worker = workers.entry(agent).or_default();
                    self.charge(now, worker);
                    worker.engaged.insert(thing);
                }
            }
            "ticket.work" => {
                let worker = workers.entry(agent).or_default();
                self.charge(now, worker);
                if word(event, "action") == "started" {
                    worker.engaged.insert(thing);
                } else {
                    worker.engaged.remove(&thing);
                }
            }
            _ => {}
        }
    }

    fn charge(&mut self, now: Time, worker: &mut Worker) {
        if !matches!(worker.status.as_str(), "" | "offline" | "break") {
            let length = now.since(worker.since).0;
            self.work += length;
            if !worker.engaged.is_empty() || worker.status == "after_contact" {
                self.busy += length;
            }
        }
        worker.since = now;
    }

    fn within(&self) -> f64 {
        let late = self.responses.iter().filter(|&&wait| wait > 30_000).count();
        (self.responses.len() - late) as f64 / (self.responses.len() + self.unanswered_late) as f64
    }

    fn median(&self) -> f64 {
        let mut sorted = self.responses.clone();
        sorted.sort_unstable();
        sorted[sorted.len() / 2] as f64 / 1_000.0
    }

    fn utilization(&self) -> f64 {
        self.busy as f64 / self.work as f64
    }
}

#[test]
fn the_numbers_are_those_of_a_contact_center() {
    for (seed, agents) in [(1, 24), (2, 100)] {
        let settings = SimulationSettings::new(seed, agents, MONDAY);
        let records = run(&settings, Span::DAY);
        let measure = Measure::of(&records);
        let by_day = &measure.over_now[9 * 60..18 * 60];
        let over: f64 = by_day.iter().sum::<usize>() as f64 / by_day.len() as f64;
        println!(
            "{agents} agents: {} records, median {:.1} s, within {:.3}, utilization {:.3}, over 30 s at a moment by day {over:.2}, first responses late {}, unanswered late {}",
            records.len(),
            measure.median(),
            measure.within(),
            measure.utilization(),
            measure.late_first,
            measure.unanswered_late
        );
        assert!(over > f64::from(agents) / 200.0, "{over}");
        assert!(measure.late_first > 0 && measure.unanswered_late > 0);
        assert!((10.0..20.0).contains(&measure.median()));
        assert!((0.80..0.95).contains(&measure.within()));
        assert!((0.50..0.85).contains(&measure.utilization()));
    }
}

#[test]
fn load_keeps_so_many_conversations_open() {
    let mut load = Load::new(&LoadSettings { seed: 1, agents: 100, conversations: 500, start: MONDAY });
    let mut open = BTreeSet::new();
    let mut bytes = 0;
    let mut last = MONDAY;
    for number in 0..50_000 {
        let record = load.next_record();
        assert!(record.time >= last);
        last = record.time;
        bytes += record.value.len();
        let event: Value = serde_json::from_slice(record.value).unwrap();
        let key = String::from_utf8(record.key.to_vec()).unwrap();
        match word(&event, "type") {
            "chat.started" | "ticket.created" => assert!(open.insert(key)),
            "chat.ended" => assert!(open.remove(&key)),
            "ticket.status" if word(&event, "status") == "resolved" => assert!(open.remove(&key)),
            "customer.rated" | "agent.status" => assert!(!open.contains(&key) || number < 20_000),
            _ => assert!(open.contains(&key)),
        }
        assert!(number < 20_000 || (470..=530).contains(&open.len()), "{}", open.len());
    }
    assert!((270..330).contains(&(bytes / 50_000)), "{}", bytes / 50_000);
}

fn spoiled(faults: FaultSettings, clean: &[SimulatedRecord]) -> Vec<SimulatedRecord> {
    let mut left = clean.iter().cloned().peekable();
    let mut faults = Faults::new(faults);
    std::iter::from_fn(|| faults.next_before(Time::MAX, |before| left.next_if(|record| record.time < before))).collect()
}

fn event_time(record: &SimulatedRecord) -> Option<Time> {
    match serde_json::from_slice::<Value>(&record.value).ok()?.get("time")? {
        Value::String(text) => Some(Time(text.parse::<jiff::Timestamp>().ok()?.as_millisecond())),
        number => number.as_i64().map(Time),
    }
}

#[test]
fn without_faults_the_stream_stays_as_it_is() {
    let clean = run(&settings(1), Span(8 * Span::HOUR.0));
    assert!(spoiled(FaultSettings::default(), &clean) == clean);
}

#[test]
fn disorder_moves_every_record_within_the_bound_and_loses_none() {
    let clean = run(&settings(1), Span(12 * Span::HOUR.0));
    let mixed = spoiled(FaultSettings { disorder: Span(2_000), ..FaultSettings::default() }, &clean);
    let mut newest = Time::MIN;
    let mut out_of_order = 0;
    for record in &mixed {
        let time = event_time(record).unwrap();
        assert!(newest.since(time) <= Span(2_000));
        out_of_order += usize::from(time < newest);
        newest = newest.max(time);
    }
    assert!(out_of_order > clean.len() / 10);
    let by_instant = |records: &[SimulatedRecord]| {
        let mut instants: BTreeMap<Option<Time>, Vec<Vec<u8>>> = BTreeMap::new();
        for record in records {
            instants.entry(event_time(record)).or_default().push(record.value.clone());
        }
        instants
    };
    assert!(by_instant(&mixed) == by_instant(&clean), "records of one instant are lost or have changed their order");
    assert!(mixed.windows(2).all(|pair| pair[0].time <= pair[1].time));
}

#[test]
fn every_fault_comes_in_its_share() {
    let clean = run(&settings(1), Span::DAY);
    let faults =
        FaultSettings { seed: 4, duplicates: 0.05, disorder: Span(2_000), late: 0.02, malformed: 0.03, unknown: 0.01, future: 0.04 };
    let spoiled = spoiled(faults, &clean);
    let near = |count: usize, share: f64| ((count as f64 / clean.len() as f64) - share).abs() < share / 4.0;
    let originals: BTreeSet<&[u8]> = clean.iter().map(|record| record.value.as_slice()).collect();
    let mut seen = BTreeSet::new();
    let (mut again, mut unknown, mut broken, mut ahead, mut late) = (0, 0, 0, 0, 0);
    for record in &spoiled {
        let fresh = seen.insert(record.value.clone());
        let event = serde_json::from_slice::<Value>(&record.value).unwrap_or(Value::Null);
        match word(&event, "type") {
            "chat.typing" => unknown += 1,
            _ if !fresh => again += 1,
            _ if originals.contains(record.value.as_slice()) => {
                late += usize::from(event_time(record).is_some_and(|time| record.time.since(time) > Span(2_000)));
            }
            _ if event_time(record).is_some_and(|time| time.since(record.time) > Span(5_000)) => ahead += 1,
            _ => broken += 1,
        }
    }
    assert!(near(again, 0.05) && near(unknown, 0.01) && near(broken, 0.03) && near(ahead, 0.04), "{again} {unknown} {broken} {ahead}");
    assert!(near(late, 0.02), "{late}");
}

fn is_event(value: &[u8]) -> bool {
    matches!(Decoder::new(&[], &[]).unwrap().decode(value), Decoded::Event(_)) && unknown_fields(value).is_empty()
}

#[test]
fn every_clean_record_decodes_and_has_no_unknown_field() {
    for record in run(&settings(6), Span(2 * Span::DAY.0)) {
        assert!(is_event(&record.value), "{}", String::from_utf8_lossy(&record.value));
    }
}

#[test]
fn faulty_records_are_what_they_are_meant_to_be() {
    let clean = run(&settings(1), Span(12 * Span::HOUR.0));
    let faults = FaultSettings { seed: 1, malformed: 1.0, unknown: 1.0, future: 0.5, ..FaultSettings::default() };
    let decoder = Decoder::new(&[], &[]).unwrap();
    let (mut events, mut unknown, mut reasons) = (0, 0, BTreeMap::new());
    for record in spoiled(faults, &clean) {
        match decoder.decode(&record.value) {
            Decoded::Event(_) => events += 1,
            Decoded::UnknownType(_) => unknown += 1,
            Decoded::Rejected(reject) => *reasons.entry(reject.reason.word()).or_insert(0) += 1,
            Decoded::Tombstone => panic!("a tombstone"),
        }
    }
    assert_eq!((events, unknown, reasons.values().sum::<usize>()), (clean.len(), clean.len(), clean.len()));
    let expected = ["bad_time", "missing_field", "not_an_object", "not_json", "too_long", "wrong_type"];
    assert_eq!(reasons.keys().copied().collect::<Vec<_>>(), expected);
}

#[test]
fn a_load_may_have_any_number_of_records_to_a_second() {
    let mut load = Load::new(&LoadSettings { seed: 1, agents: 100, conversations: 500, start: MONDAY }).per_second(20_000);
    let last = (0..50_000).fold(MONDAY, |_, _| load.next_record().time);
    assert_eq!(last, MONDAY + Span(2_500));
}

#[test]
fn every_record_of_the_load_decodes() {
    let mut load = Load::new(&LoadSettings { seed: 1, agents: 100, conversations: 500, start: MONDAY });
    let decoder = Decoder::new(&[], &[]).unwrap();
    for _ in 0..5_000 {
        let record = load.next_record();
        assert!(matches!(decoder.decode(record.value), Decoded::Event(event) if event.time == record.time));
    }
}
