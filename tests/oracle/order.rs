//! Which events are applied, where each stands, and which are late (kpis.md 1, rulings 20, 22, 23, 24).

use std::collections::BTreeMap;

use super::event::Event;
use super::settings::Settings;
use super::{Log, Ms};

/// An event at its place.
#[derive(Debug, Clone)]
pub struct Step {
    /// The clock when it is applied: its time, or of a late one newest − `allowed_lateness` of its file.
    pub clock: Ms,
    /// Whether it came too late for its own place.
    pub late: bool,
    /// What happened.
    pub event: Event,
}

/// The events of a log in the order in which they are applied.
pub fn applied(log: &Log, settings: &Settings) -> Vec<Step> {
    let mut seen: BTreeMap<(Option<String>, String), Ms> = BTreeMap::new();
    let mut steps = Vec::new();
    for (file, lines) in log.files.iter().enumerate() {
        let mut newest = None;
        for (line, fields) in lines.iter().enumerate() {
            let event = Event::read(fields);
            let name = (event.text("source"), event.text("id").expect("an id"));
            if seen.contains_key(&name) {
                continue;
            }
            seen.insert(name, event.time);
            newest = newest.max(Some(event.time));
            let earliest = newest.expect("just set") - settings.allowed_lateness;
            let late = event.time < earliest;
            let clock = event.time.max(earliest);
            steps.push(((clock, late, file, line), Step { clock, late, event }));
        }
    }
    steps.sort_by_key(|(place, _)| *place);
    steps.into_iter().map(|(_, step)| step).collect()
}
