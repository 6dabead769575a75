//! Starts, assignments, handoffs and messages: who holds a conversation and who waits in it (kpis.md 2, rulings 30–37, 47–50).

use serde_json::json;

use super::Ms;
use super::conversation::{Conversation, Why};
use super::event::{Event, Key};
use super::ledger::{Credit, Kpi};
use super::world::World;

impl World {
    /// Applies an event to the conversation that it happens in.
    pub fn apply_to_conversation(&mut self, key: &Key, event: &Event) {
        let at = event.time;
        let starts = matches!(event.kind(), "chat.started" | "ticket.created");
        if starts {
            return self.start_event(key, event);
        }
        if !self.conversations.contains_key(key) {
            self.start_implicitly(key, event.text("team"), at);
        }
        match event.action() {
            "message" => self.message(key, event),
            "assigned" => self.assigned(key, event),
            "handoff" => self.handoff(key, event),
            "ended" => self.chat_ended(key, event),
            "reopened" => self.reopen(key, at, false),
            "status" => self.ticket_status(key, event),
            "merged" => self.merge(key, &Key::ticket(&event.text("into").expect("required")), at),
            "work" => self.work(key, event),
            "followed_up" => self.fact(at, "followed_up", key, event.text("agent").as_deref(), json!({})),
            other => panic!("no action: {other}"),
        }
    }

    fn start_event(&mut self, key: &Key, event: &Event) {
        let at = event.time;
        if self.conversations.contains_key(key) {
            return self.name_attributes(key, event, false);
        }
        self.conversations.insert(key.clone(), Conversation::new(key.clone(), at, false));
        self.name_attributes(key, event, true);
        let owner = event.text("agent").filter(|_| key.medium == "ticket");
        let kind = self.conversations[key].attributes.get("kind").cloned();
        self.started(key, owner.as_deref(), kind, event.flag("in_scope", true));
        if let Some(agent) = owner {
            self.change_owner(key, Some(agent.clone()), at);
            self.given_work(&agent, key, at);
        }
        if event.flag("bot", false) && key.medium == "chat" {
            self.begin_hold(key, at);
        }
        self.look_up_resolution(key, at);
        let by_customer = key.medium == "ticket" && event.text("by").is_none_or(|by| by == "customer");
        if by_customer || (key.medium == "chat" && event.flag("waiting", false)) {
            self.open_period(key, at);
        }
        self.sync_handling(key, at);
    }

    /// Starts a conversation that no start event has started (ruling 49).
    pub fn start_implicitly(&mut self, key: &Key, team: Option<String>, at: Ms) {
        let mut it = Conversation::new(key.clone(), at, true);
        it.touched = self.clock;
        it.attributes.extend(team.map(|team| ("team", team)));
        self.conversations.insert(key.clone(), it);
        self.started(key, None, None, true);
    }

    fn started(&mut self, key: &Key, owner: Option<&str>, kind: Option<String>, in_scope: bool) {
        let it = self.of(key);
        let (at, implicit) = (it.started, it.implicit);
        self.of(key).touched = self.clock;
        self.fact(at, "started", key, owner, json!({"kind": kind, "in_scope": in_scope, "implicit": implicit}));
        let (credit, clock) = (self.credit(key, None), self.clock);
        self.ledger.count(Kpi::Conversations, &credit, clock, at, 1);
        let all_media = Credit { medium: None, ..credit };
        self.ledger.ratio(Kpi::ComplaintRatio, &all_media, clock, at, (0, 1));
    }

    fn name_attributes(&mut self, key: &Key, event: &Event, first: bool) {
        let was_complaint = self.conversations[key].is_complaint();
        for name in ["team", "channel", "severity", "priority", "kind"] {
            let only_tickets = matches!(name, "severity" | "priority" | "kind");
            let default = (name == "kind").then(|| "question".to_owned());
            let value = event.text(name).or(default);
            let stays = name == "kind" && was_complaint;
            if let Some(value) = value.filter(|_| (!only_tickets || key.medium == "ticket") && !stays) {
                self.of(key).attributes.insert(name, value);
            }
        }
        if self.conversations[key].is_complaint() && !was_complaint {
            self.complaint_raised(key, event.time, first);
        }
    }

    fn assigned(&mut self, key: &Key, event: &Event) {
        if self.conversations[key].merged_into.is_some() {
            return;
        }
        let owner = event.text("agent");
        self.change_owner_and_team(key, owner.clone(), event.text("team"), event.time);
        if let Some(agent) = owner {
            if self.conversations[key].is_open() {
                self.end_hold(key, event.time);
                self.of(key).bot_barred = true;
            }
            self.given_work(&agent, key, event.time);
        }
    }

    fn handoff(&mut self, key: &Key, event: &Event) {
        let at = event.time;
        let it = self.of(key);
        it.attributes.extend(event.text("team").map(|team| ("team", team)));
        if !it.is_open() {
            return;
        }
        it.bot_barred = true;
        self.end_hold(key, at);
        self.open_period(key, at);
        self.sync_handling(key, at);
    }

    fn change_owner_and_team(&mut self, key: &Key, owner: Option<String>, team: Option<String>, at: Ms) {
        self.change_owner(key, owner, at);
        self.of(key).attributes.extend(team.map(|team| ("team", team)));
    }

    fn change_owner(&mut self, key: &Key, owner: Option<String>, at: Ms) {
        let it = self.of(key);
        if it.owner == owner {
            return;
        }
        let since = it.change(at);
        it.owner_since = since;
        it.owner_before = std::mem::replace(&mut it.owner, owner);
        it.pass(since);
        self.sync_handling(key, since);
    }

    fn begin_hold(&mut self, key: &Key, at: Ms) {
        let it = self.of(key);
        it.bot = true;
        it.bot_barred = true;
        it.hold_ended = None;
        let since = it.change(at);
        it.stop(Why::Held, since);
    }

    fn end_hold(&mut self, key: &Key, at: Ms) {
        let it = self.of(key);
        if !it.bot {
            return;
        }
        it.bot = false;
        let since = it.change(at);
        it.resume(Why::Held, since);
        it.hold_ended = Some(since);
        it.pass(since);
        self.judge_from(key, since);
        self.look_up_resolution(key, since);
    }

    /// A message, on the conversation that it counts on: the end of a chain of merges.
    fn message(&mut self, named: &Key, event: &Event) {
        let key = self.end_of_merges(named);
        if !self.conversations.contains_key(&key) {
            self.start_implicitly(&key, None, event.time);
        }
        let public = !event.flag("private", false) && !event.flag("edited", false);
        let automated = event.flag("automated", false);
        match event.text("from").expect("required").as_str() {
            "customer" if public && !automated => self.customer_writes(&key, event.time),
            "agent" if public && !automated => self.person_writes(&key, &event.text("agent").expect("required"), event.time),
            "bot" if public => self.bot_writes(&key, event.time),
            _ => {}
        }
    }

    fn customer_writes(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        if self.late && it.newest_human.is_some_and(|newest| at < newest) {
            return;
        }
        self.reopen(key, at, false);
        self.open_period(key, at);
        self.sync_handling(key, at);
    }

    fn person_writes(&mut self, key: &Key, agent: &str, at: Ms) {
        let it = self.of(key);
        if it.newest_human.is_none_or(|newest| newest <= at) {
            it.newest_human = Some(at);
            it.last_writer = Some(agent.to_owned());
        }
        if it.is_open() {
            it.wrote = true;
            it.bot_barred = true;
            self.end_hold(key, at);
        }
        self.respond(key, agent, at);
        if self.conversations[key].owner.is_none() {
            self.change_owner(key, Some(agent.to_owned()), at);
        }
        self.given_work(agent, key, at);
        self.sync_handling(key, at);
        self.focus(key, agent, at);
    }

    fn bot_writes(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        if !it.is_open() {
            return;
        }
        if !it.bot && it.owner.is_none() && !it.bot_barred {
            self.bot_answers(key, at);
            self.begin_hold(key, at);
        } else if it.bot {
            self.bot_answers(key, at);
        }
    }
}
