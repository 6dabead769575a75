//! What only tickets do: statuses and merges (events.md, rulings 52, 65, 66).

use serde_json::json;

use super::Ms;
use super::conversation::{End, Period, Why};
use super::event::{Event, Key};
use super::world::World;

impl World {
    /// `ticket.status`.
    pub fn ticket_status(&mut self, key: &Key, event: &Event) {
        let at = event.time;
        if self.conversations[key].merged_into.is_some() {
            return;
        }
        let status = event.text("status").expect("required");
        let pauses = matches!(status.as_str(), "pending" | "on_hold");
        match status.as_str() {
            "resolved" => self.end_cycle(key, "resolved", &status, event.text("agent"), at),
            "closed" => self.end_cycle(key, "closed", &status, event.text("agent"), at),
            _ if !self.conversations[key].is_open() => self.reopen(key, at, pauses),
            _ if pauses != self.conversations[key].stands(Why::Paused) => self.pause(key, pauses, at),
            _ => {}
        }
    }

    fn pause(&mut self, key: &Key, pauses: bool, at: Ms) {
        let it = self.of(key);
        let since = it.change(at);
        if pauses { it.stop(Why::Paused, since) } else { it.resume(Why::Paused, since) }
    }

    /// Where a chain of merges ends; it may lead to a ticket that nobody knows yet.
    pub fn end_of_merges(&self, key: &Key) -> Key {
        match self.conversations.get(key).and_then(|it| it.merged_into.clone()) {
            Some(into) => self.end_of_merges(&into),
            None => key.clone(),
        }
    }

    /// `ticket.merged`.
    pub fn merge(&mut self, key: &Key, into: &Key, at: Ms) {
        let target = self.end_of_merges(into);
        if self.conversations[key].merged_into.is_some() || target == *key {
            return;
        }
        let was_open = self.conversations[key].is_open();
        let channel = self.conversations[key].attributes.get("channel").cloned();
        let mut moved = self.of(key).period.take();
        if let Some(breach) = moved.as_mut().and_then(|period| period.breach.as_mut()) {
            // Where it goes on nothing is known of this ticket.
            breach.moved.get_or_insert(channel);
        }
        if was_open {
            let owner = self.conversations[key].owner.clone();
            self.fact(at, "ended", key, owner.as_deref(), json!({"outcome": "merged"}));
            self.close_books(key, End { at, outcome: "merged", resolver: None });
        }
        self.of(key).merged_into = Some(into.clone());
        if let Some(period) = moved {
            self.take_over(&target, period, at);
        }
    }

    /// Puts a period into the ticket that it goes on in.
    fn take_over(&mut self, key: &Key, period: Period, at: Ms) {
        if !self.conversations.contains_key(key) {
            self.start_implicitly(key, None, at);
        }
        self.reopen(key, at, false);
        let it = self.of(key);
        if it.period.as_ref().is_none_or(|own| period.opened < own.opened) {
            it.period = Some(period);
            let since = at.max(it.changed);
            it.pass(since);
            if !it.bot {
                self.judge_from(key, since);
            }
        }
        self.sync_handling(key, at);
    }
}
