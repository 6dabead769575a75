//! Resolution targets and their breaches; complaints (kpis.md 3, rulings 29, 48, 53–56).

use serde_json::json;

use super::Ms;
use super::conversation::Why;
use super::event::Key;
use super::ledger::{Credit, Kpi};
use super::world::{World, instant, seconds};

impl World {
    /// Looks the target up when the active clock of the first cycle first runs.
    pub fn look_up_resolution(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        let runs = it.cycle == 1 && it.is_open() && !it.stands(Why::Held) && !it.implicit;
        if runs && it.resolution_target.is_none() {
            let target = self.settings.target("resolution", &it.attributes, at);
            self.of(key).resolution_target = Some(target);
        }
    }

    /// A ticket is named a complaint, at its start or later.
    pub fn complaint_raised(&mut self, key: &Key, at: Ms, with_start: bool) {
        let credit = Credit { agent: None, team: self.conversations[key].team(), medium: None };
        let clock = self.clock;
        self.ledger.ratio(Kpi::ComplaintRatio, &credit, clock, at, (1, 0));
        let target = self.settings.target("resolution", &self.conversations[key].attributes, at);
        self.of(key).resolution_target = Some(target);
        if !with_start {
            self.breach_now_if_over(key, at);
        }
    }

    /// A complaint whose deadline was over before it was named, or before it was reopened, breaches now.
    pub fn breach_now_if_over(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        if it.is_complaint() && it.resolution_deadline().is_some_and(|deadline| deadline < at) {
            self.resolution_breaches(key, at);
        }
    }

    /// The resolution target is passed.
    pub fn resolution_breaches(&mut self, key: &Key, at: Ms) {
        let it = &self.conversations[key];
        let owner = it.owner.clone();
        let counted = it.counted(at, owner.as_deref());
        let target = it.resolution_target.flatten().expect("it has a deadline");
        let fields = json!({
            "sla": "resolution", "opened_at": instant(it.started), "target_seconds": seconds(target),
            "inherited_seconds": seconds(it.resolution_inherited(at)),
        });
        self.deadline_fact(at, "breach", key, owner.as_deref(), 1, fields);
        let (credit, clock) = (self.credit(key, owner.as_deref()), self.clock);
        self.ledger.count(Kpi::ResolutionBreaches, &credit, clock, at, 1);
        self.of(key).resolution_breach = Some(counted);
    }
}
