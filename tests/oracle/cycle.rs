//! Cycles: their ends and reopenings (kpis.md 3, rulings 51–67).

use serde_json::json;

use super::Ms;
use super::conversation::{ComplaintSample, End, Why};
use super::event::{Event, Key};
use super::ledger::{Credit, Kpi};
use super::world::{World, seconds};

impl World {
    /// `chat.ended`.
    pub fn chat_ended(&mut self, key: &Key, event: &Event) {
        let reason = event.text("reason").expect("required");
        let outcome = match reason.as_str() {
            "timeout" => "auto",
            "abandoned" => "abandoned",
            "resolved" => "resolved",
            _ => "closed",
        };
        self.end_cycle(key, outcome, &reason, event.text("agent"), event.time);
    }

    /// Ends the cycle that runs, if one does.
    pub fn end_cycle(&mut self, key: &Key, outcome: &'static str, reason: &str, by: Option<String>, at: Ms) {
        let it = &self.conversations[key];
        if !it.is_open() {
            return;
        }
        let outcome = if it.bot && !it.wrote && outcome != "merged" { "bot" } else { outcome };
        self.leave_unanswered(key, reason, at);
        let it = &self.conversations[key];
        let (owner, writer) = (it.owner.clone(), it.last_writer.clone());
        let resolver = match outcome {
            "resolved" | "closed" => {
                let resolver = by.or(owner).or(writer);
                self.resolved(key, outcome, resolver.as_deref(), at);
                resolver
            }
            _ => {
                self.fact(at, "ended", key, by.or(owner).as_deref(), json!({"outcome": outcome}));
                None
            }
        };
        if outcome == "auto" {
            let (credit, clock) = (self.credit(key, None), self.clock);
            self.ledger.count(Kpi::AutoClosed, &credit, clock, at, 1);
        }
        self.close_books(key, End { at, outcome, resolver });
    }

    pub fn close_books(&mut self, key: &Key, end: End) {
        let at = end.at;
        self.take_resolution_breach_back(key, at);
        let it = self.of(key);
        let since = it.change(at);
        it.end = Some(End { at: since, ..end });
        it.resume(Why::Paused, since);
        it.resume(Why::Held, since);
        it.stop(Why::Ended, since);
        it.bot = false;
        self.handles_at_the_end(key);
        self.sync_handling(key, since);
        self.count_handled(key, at, since);
    }

    fn resolved(&mut self, key: &Key, outcome: &str, agent: Option<&str>, at: Ms) {
        let it = &self.conversations[key];
        let whole = (at - it.started).max(0);
        let active = it.active_until(at);
        let in_cycle = (at - it.cycle_from).max(0);
        let judged = !it.is_unjudged_cycle() && (it.cycle == 1 || it.is_complaint());
        let target = it.resolution_target.flatten().filter(|_| judged);
        let took = if it.is_complaint() { whole } else { active };
        let breach = it.resolution_breach.clone();
        let stands = breach.is_some_and(|breach| !self.late || breach.at < at);
        // It takes effect no earlier than the reopening (ruling 23).
        let effect = if it.is_complaint() { took.max(it.cycle_from - it.started) } else { took };
        let within = target.map(|target| effect <= target && !stands);
        let (first, counts, complaint) = (it.cycle == 1, !it.is_unjudged_cycle(), it.is_complaint());
        let counted = it.counted(at, agent);
        let fields = json!({
            "outcome": outcome, "seconds": seconds(whole), "active_seconds": seconds(active), "cycle_seconds": seconds(in_cycle),
            "business_seconds": null, "target_seconds": target.map(seconds), "within": within,
        });
        self.fact(at, "resolved", key, agent, fields);
        let (credit, clock) = (self.credit(key, agent), self.clock);
        if counts {
            self.ledger.sample(Kpi::CycleResolutionTime, &credit, clock, at, in_cycle);
        }
        if counts && first {
            self.ledger.count(Kpi::Resolutions, &credit, clock, at, 1);
            self.ledger.sample(Kpi::ResolutionTime, &credit, clock, at, active);
            self.ledger.judged(Kpi::ResolutionWithinTarget, &credit, clock, at, within);
            self.ledger.ratio(Kpi::ReopenRatio, &credit, clock, at, (0, 1));
        }
        if counts && complaint {
            let sample = ComplaintSample { counted, took: whole, within };
            self.count_complaint(&sample, 1);
            self.of(key).complaint_sample = Some(sample);
        }
    }

    /// A late end within the deadline takes the breach back, whatever the outcome (ruling 23).
    fn take_resolution_breach_back(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        let took = if it.is_complaint() { at.max(it.cycle_from) - it.started } else { it.active_until(at) };
        let judged = it.cycle == 1 || it.is_complaint();
        let in_time = judged && self.late && it.resolution_target.flatten().is_some_and(|target| took <= target);
        if let Some(breach) = it.resolution_breach.clone().filter(|breach| in_time && at <= breach.at) {
            self.of(key).resolution_breach = None;
            self.withdraw_breach(key, &breach, Kpi::ResolutionBreaches, "resolution_breaches", at);
        }
    }

    /// Adds a complaint's handling time to the numbers, or takes it out again.
    fn count_complaint(&mut self, sample: &ComplaintSample, sign: i64) {
        let at = sample.counted.at;
        let credit = Credit { agent: sample.counted.agent.clone(), team: sample.counted.team.clone(), medium: None };
        let clock = self.clock;
        self.ledger.samples(Kpi::ComplaintHandlingTime, &credit, clock, at, sample.took, sign);
        if let Some(within) = sample.within {
            self.ledger.ratio(Kpi::ComplaintWithinTarget, &credit, clock, at, (sign * i64::from(within), sign));
        }
    }

    /// Begins a new cycle of a conversation that has ended.
    pub fn reopen(&mut self, key: &Key, at: Ms, paused: bool) {
        let it = self.of(key);
        let Some(end) = it.end.take() else { return };
        let counts = matches!(end.outcome, "resolved" | "closed") && !it.is_unjudged_cycle();
        it.cycle += 1;
        let since = it.change(at);
        it.cycle_from = since;
        it.resume(Why::Ended, since);
        it.bot_barred = false;
        it.wrote = false;
        it.answered = false;
        it.handlers.clear();
        it.hold_ended = None;
        if paused {
            it.stop(Why::Paused, since);
        }
        self.fact(at, "reopened", key, end.resolver.as_deref(), json!({"after_seconds": seconds((at - end.at).max(0))}));
        if counts {
            let (credit, clock) = (self.credit(key, end.resolver.as_deref()), self.clock);
            self.ledger.ratio(Kpi::ReopenRatio, &credit, clock, at, (1, 0));
        }
        if let Some(sample) = self.of(key).complaint_sample.take() {
            self.count_complaint(&sample, -1);
            self.withdrawn(&sample.counted, "complaint_handling_time", "reopened", at);
        }
        self.breach_now_if_over(key, at);
        self.begin_pieces_of_cycle(key);
        self.sync_handling(key, since);
    }
}
