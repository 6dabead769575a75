//! The waiting period: opening, judged clock, breach, and its three ends (kpis.md 2, rulings 27–46).

use serde_json::{Value, json};

use super::Ms;
use super::conversation::{Counted, Period};
use super::event::Key;
use super::ledger::{Credit, Kpi};
use super::world::{World, instant, seconds};

impl World {
    /// A customer begins to wait, if none does yet.
    pub fn open_period(&mut self, key: &Key, at: Ms) {
        let it = self.of(key);
        if it.period.is_some() {
            return;
        }
        let (first, hands) = (!it.answered, it.hands_from(at));
        it.period = Some(Period { opened: at, first, judged: None, target: None, breach: None, hands });
        if !it.bot {
            self.judge_from(key, at);
        }
    }

    /// People are waited for from now on: the target is looked up.
    pub fn judge_from(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        let Some(period) = it.period.clone().filter(|period| period.judged.is_none()) else { return };
        let from = at.max(period.opened).max(it.hold_ended.unwrap_or(at));
        let target = self.settings.target(sla(&period), &it.attributes, from);
        let period = self.of(key).period.as_mut().expect("just seen");
        period.judged = Some(from);
        period.target = target;
    }

    /// A human message ends the wait.
    pub fn respond(&mut self, key: &Key, sender: &str, at: Ms) {
        let it = self.of(key);
        let Some(period) = it.period.take() else { return };
        it.answered = true;
        let held = period.held(at);
        let own = held.iter().find(|(owner, _)| *owner == format!("agent:{sender}")).map_or(0, |(_, share)| *share);
        let judged = (at - period.judged.expect("no bot holds it")).max(0);
        let wait = (at - period.opened).max(0);
        let within = period.deadline().map(|deadline| at <= deadline);
        let mut fields = wait_fields(&period, wait, judged, within, &held);
        fields["first"] = json!(period.first);
        fields["own_seconds"] = json!(seconds(own));
        self.fact(at, "response", key, Some(sender), fields);
        let credit = self.credit(key, Some(sender));
        self.count_response(&credit, at, &period, [wait, judged, own], within);
        self.take_breach_back(key, &period, at, within);
    }

    fn count_response(&mut self, credit: &Credit, at: Ms, period: &Period, [wait, judged, own]: [Ms; 3], within: Option<bool>) {
        let clock = self.clock;
        self.ledger.sample(Kpi::ResponseTime, credit, clock, at, judged);
        self.ledger.sample(Kpi::CustomerWaitTime, credit, clock, at, wait);
        self.ledger.sample(Kpi::OwnResponseTime, credit, clock, at, own);
        self.ledger.judged(Kpi::ResponseWithinTarget, credit, clock, at, within);
        let own_within = period.target.map(|target| own <= target);
        self.ledger.judged(Kpi::OwnResponseWithinTarget, credit, clock, at, own_within);
        if period.first {
            self.ledger.sample(Kpi::FirstResponseTime, credit, clock, at, judged);
            self.ledger.judged(Kpi::FirstResponseWithinTarget, credit, clock, at, within);
        }
    }

    /// The cycle ends and nobody has answered.
    pub fn leave_unanswered(&mut self, key: &Key, reason: &str, at: Ms) {
        let Some(mut period) = self.of(key).period.take() else { return };
        let it = &self.conversations[key];
        if period.judged.is_none() {
            period.target = self.settings.target(sla(&period), &it.attributes, at);
        }
        let held = period.held(at);
        let (owner, wait) = (it.owner.clone(), (at - period.opened).max(0));
        let judged = period.judged.map_or(0, |from| (at - from).max(0));
        let within = period.target.map(|_| period.deadline().is_none_or(|deadline| at <= deadline));
        let late = period.breach.clone().filter(|_| within == Some(false));
        let mut fields = wait_fields(&period, wait, judged, within, &held);
        fields["reason"] = json!(reason);
        fields["judged_agent"] = json!(late.as_ref().map(|it| it.agent.clone()));
        fields["judged_team"] = json!(late.as_ref().map(|it| it.team.clone()));
        self.fact(at, "unanswered", key, owner.as_deref(), fields);
        let (credit, clock) = (self.credit(key, owner.as_deref()), self.clock);
        self.ledger.count(Kpi::Unanswered, &credit, clock, at, 1);
        if let Some(late) = late {
            let judged = Credit { agent: late.agent, team: late.team, medium: Some(key.medium) };
            self.ledger.judged(Kpi::ResponseWithinTarget, &judged, clock, at, Some(false));
            if period.first {
                self.ledger.judged(Kpi::FirstResponseWithinTarget, &judged, clock, at, Some(false));
            }
        }
        self.take_breach_back(key, &period, at, within);
    }

    /// A bot ends the wait.
    pub fn bot_answers(&mut self, key: &Key, at: Ms) {
        let Some(period) = self.of(key).period.take() else { return };
        let fields = json!({"opened_at": instant(period.opened), "wait_seconds": seconds((at - period.opened).max(0))});
        let owner = self.conversations[key].owner.clone();
        self.fact(at, "bot_answered", key, owner.as_deref(), fields);
    }

    /// The deadline passes and the customer still waits.
    pub fn response_breaches(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        let period = it.period.clone().expect("only an open period has a deadline");
        let owner = it.owner.clone();
        let counted = it.counted(at, owner.as_deref());
        // A deadline that a late event set may lie before the present owner had it.
        let inherited = (period.since().min(at) - period.judged.expect("it has a deadline")).max(0);
        let fields = json!({
            "sla": sla(&period), "opened_at": instant(period.opened),
            "target_seconds": seconds(period.target.expect("it has a deadline")), "inherited_seconds": seconds(inherited),
        });
        self.deadline_fact(at, "breach", key, owner.as_deref(), 0, fields);
        let (credit, clock) = (self.credit(key, owner.as_deref()), self.clock);
        self.ledger.count(Kpi::ResponseBreaches, &credit, clock, at, 1);
        self.of(key).period.as_mut().expect("just seen").breach = Some(counted);
    }

    /// A late event shows that a breach was none (ruling 23).
    fn take_breach_back(&mut self, key: &Key, period: &Period, at: Ms, within: Option<bool>) {
        if let Some(breach) = period.breach.clone().filter(|_| within == Some(true)) {
            self.withdraw_breach(key, &breach, Kpi::ResponseBreaches, "response_breaches", at);
        }
    }

    /// Takes a breach back: in the breach's period.
    pub fn withdraw_breach(&mut self, key: &Key, breach: &Counted, kpi: Kpi, of: &str, at: Ms) {
        self.withdrawn(breach, of, "late_event", at);
        let credit = Credit { agent: breach.agent.clone(), team: breach.team.clone(), medium: Some(key.medium) };
        let clock = self.clock;
        self.ledger.count(kpi, &credit, clock, breach.at, -1);
    }

    /// Prints that something is taken back.
    pub fn withdrawn(&mut self, counted: &Counted, of: &str, because: &str, at: Ms) {
        let present = || self.conversations.get(&counted.key).and_then(|it| it.attributes.get("channel").cloned());
        let channel = counted.moved.clone().unwrap_or_else(present);
        let fields = json!({
            "medium": counted.key.medium, "conversation": counted.key.id, "cycle": counted.cycle, "channel": channel, "of": of, "because": because,
        });
        self.place(at, "withdrawn", counted.team.as_deref(), counted.agent.as_deref(), fields, None);
    }

    /// Whom a number about this conversation is credited to.
    pub fn credit(&self, key: &Key, agent: Option<&str>) -> Credit {
        Credit { agent: agent.map(str::to_owned), team: self.conversations[key].team(), medium: Some(key.medium) }
    }
}

fn sla(period: &Period) -> &'static str {
    if period.first { "first_response" } else { "next_response" }
}

fn wait_fields(period: &Period, wait: Ms, judged: Ms, within: Option<bool>, held: &[(String, Ms)]) -> Value {
    let held: Vec<Value> = held.iter().map(|(owner, share)| json!({"owner": owner, "seconds": seconds(*share)})).collect();
    json!({
        "opened_at": instant(period.opened), "wait_seconds": seconds(wait), "seconds": seconds(judged), "business_seconds": null,
        "target_seconds": period.target.map(seconds), "within": within, "held": held,
    })
}
