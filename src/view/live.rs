//! The live view as JSON: who waits, how long and on whom, what agents do. Waits are worked out from the wall clock at the moment
//! of showing, so that one counts up and passes its target to the second.

use std::collections::BTreeMap;

use super::json::{Object, With, list};
use crate::engine::{AgentNow, LiveView, WaitingNow};
use crate::model::{Medium, Name, Span, Time};

/// What to show beside the engine's live view.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The wall clock; [`Time::MIN`] when there is none, as in a replay without events.
    pub now: Time,
    /// Whether the log is caught up with.
    pub caught_up: bool,
    /// Names of agents for display, by id.
    pub names: &'a BTreeMap<Name, Name>,
}

/// Customers of one team and medium that wait for a person now, on whomever: while a bot holds a conversation its customer is in no
/// queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// How many wait.
    pub waiting: u32,
    /// How long the longest of them has been waiting.
    pub longest: Span,
    /// How many are past their target.
    pub over_target: u32,
}

/// The queues, by team and medium.
#[must_use]
pub fn queues(view: &LiveView, now: Time) -> BTreeMap<(Option<&Name>, Medium), Queue> {
    let mut queues: BTreeMap<_, Queue> = BTreeMap::new();
    for wait in view.waiting.iter().filter(|wait| wait.judged_from.is_some()) {
        let queue = queues.entry((wait.team.as_ref(), wait.medium)).or_default();
        queue.waiting += 1;
        queue.longest = queue.longest.max(now.since(wait.since));
        queue.over_target += u32::from(is_over(wait, now));
    }
    queues
}

/// Whether a wait is past its target: an answer at the deadline would still be in time.
#[must_use]
pub fn is_over(wait: &WaitingNow, now: Time) -> bool {
    wait.deadline.is_some_and(|deadline| deadline < now)
}

/// The live view as one JSON object. Every list begins with the longest wait.
#[must_use]
pub fn json(view: &LiveView, moment: Moment<'_>) -> String {
    let clock = (view.clock != Time::MIN).then_some(view.clock);
    let mut out = String::with_capacity(256 + 256 * (view.waiting.len() + view.agents.len()));
    Object::new(&mut out)
        .field("at", (moment.now != Time::MIN).then_some(moment.now))
        .field("clock", clock)
        .field("caught_up", moment.caught_up)
        .field("age_seconds", clock.map(|clock| moment.now.since(clock)))
        .field("waiting", With(|out| waiting(out, view, moment.now)))
        .field("agents", With(|out| agents(out, view, moment)))
        .field("queues", With(|out| all_queues(out, view, moment.now)))
        .end();
    out
}

fn waiting(out: &mut String, view: &LiveView, now: Time) {
    let mut waits: Vec<&WaitingNow> = view.waiting.iter().collect();
    waits.sort_unstable_by_key(|wait| (wait.since, wait.medium, &wait.conversation));
    list(out, waits, |out, wait| {
        Object::new(out)
            .field("medium", wait.medium)
            .field("conversation", &wait.conversation)
            .field("team", wait.team.as_ref())
            .field("agent", wait.agent.as_ref())
            .field("since", wait.since)
            .field("wait_seconds", now.since(wait.since))
            .field("judged_seconds", wait.judged_from.map(|from| now.since(from)))
            .field("target_seconds", wait.target)
            .field("deadline", wait.deadline)
            .field("over", is_over(wait, now))
            .end();
    });
}

fn agents(out: &mut String, view: &LiveView, moment: Moment<'_>) {
    let mut agents: Vec<&AgentNow> = view.agents.iter().collect();
    agents.sort_unstable_by_key(|agent| (agent.longest_wait_since.unwrap_or(Time::MAX), &agent.agent));
    list(out, agents, |out, agent| {
        Object::new(out)
            .field("agent", &agent.agent)
            .field("name", moment.names.get(&agent.agent))
            .field("team", agent.team.as_ref())
            .field("status", agent.status.as_ref())
            .field("category", agent.category.map(|category| category.word()))
            .field("since", agent.since)
            .field("open", agent.open)
            .field("waiting", agent.waiting)
            .field("longest_wait_seconds", agent.longest_wait_since.map(|since| moment.now.since(since)))
            .end();
    });
}

fn all_queues(out: &mut String, view: &LiveView, now: Time) {
    let mut queues: Vec<_> = queues(view, now).into_iter().collect();
    queues.sort_by_key(|(_, queue)| std::cmp::Reverse(queue.longest));
    list(out, queues, |out, ((team, medium), queue)| {
        Object::new(out)
            .field("team", team)
            .field("medium", medium)
            .field("waiting", queue.waiting)
            .field("longest_wait_seconds", queue.longest)
            .field("over_target", queue.over_target)
            .end();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Category;

    fn wait(conversation: &str, since: i64, held_by_bot: bool) -> WaitingNow {
        WaitingNow {
            medium: Medium::Chat,
            conversation: conversation.into(),
            team: Some("presale".into()),
            agent: (conversation == "c1").then(|| "amy".into()),
            since: Time(since),
            judged_from: (!held_by_bot).then_some(Time(since + 1_000)),
            target: (!held_by_bot).then_some(Span(30_000)),
            deadline: (!held_by_bot).then_some(Time(since + 31_000)),
        }
    }

    fn view() -> LiveView {
        let agent = |agent: &str, longest: Option<i64>| AgentNow {
            agent: agent.into(),
            team: Some("presale".into()),
            status: Some("busy".into()),
            category: Some(Category::Working),
            since: Some(Time(0)),
            open: 2,
            waiting: u32::from(longest.is_some()),
            longest_wait_since: longest.map(Time),
        };
        LiveView {
            clock: Time(40_000),
            waiting: vec![wait("c1", 10_000, false), wait("c2", 5_000, false), wait("c3", 0, true)],
            agents: vec![agent("abe", None), agent("amy", Some(10_000))],
            complaints: Vec::new(),
        }
    }

    fn shown(now: i64) -> serde_json::Value {
        let names = BTreeMap::from([("amy".into(), "Amy \"A\" Lee".into())]);
        serde_json::from_str(&json(&view(), Moment { now: Time(now), caught_up: true, names: &names })).unwrap()
    }

    #[test]
    fn a_wait_passes_its_target_after_the_deadline_not_at_it() {
        let over = |now| shown(now)["waiting"].as_array().unwrap().iter().map(|wait| wait["over"] == true).collect::<Vec<_>>();
        assert_eq!(over(36_000), [false, false, false]);
        assert_eq!(over(36_001), [false, true, false]);
        assert_eq!(over(41_001), [false, true, true]);
    }

    #[test]
    fn the_longest_wait_comes_first() {
        let shown = shown(41_001);
        let names = |list: &str, field: &str| -> Vec<String> {
            shown[list].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("waiting", "conversation"), ["c3", "c2", "c1"]);
        assert_eq!(names("agents", "agent"), ["amy", "abe"]);
        assert_eq!(shown["agents"][0]["name"], "Amy \"A\" Lee");
        assert_eq!(shown["agents"][0]["longest_wait_seconds"], 31.001);
    }

    #[test]
    fn a_customer_held_by_a_bot_is_in_no_queue() {
        let shown = shown(41_001);
        assert_eq!(shown["waiting"][0]["judged_seconds"], serde_json::Value::Null);
        let wanted = serde_json::json!([
            {"team": "presale", "medium": "chat", "waiting": 2, "longest_wait_seconds": 36.001, "over_target": 2}
        ]);
        assert_eq!(shown["queues"], wanted);
    }

    #[test]
    fn before_the_first_event_there_is_no_clock() {
        let names = BTreeMap::new();
        let wanted =
            r#"{"at":"1970-01-01T00:00:01.000Z","clock":null,"caught_up":false,"age_seconds":null,"waiting":[],"agents":[],"queues":[]}"#;
        assert_eq!(json(&LiveView::default(), Moment { now: Time(1_000), caught_up: false, names: &names }), wanted);
        let without_events = json(&LiveView::default(), Moment { now: Time::MIN, caught_up: true, names: &names });
        assert!(without_events.starts_with(r#"{"at":null,"clock":null,"caught_up":true,"age_seconds":null"#), "{without_events}");
    }
}
