//! The rules of agents' time, one test each, told as scripts of a day.

mod edges;
mod late;
mod limit;
mod live;
mod months;
mod presence;
mod random;
mod restart;
mod spent;
mod team;

use super::*;
use crate::model::{ConversationId, Day, Fact, FactKind, Medium, Output, Posted, Zone};

/// What the engine does around the fold: deadlines fire before each event, and those that a late event sets in the past at once.
struct Script {
    agents: Agents,
    settings: Arc<Settings>,
    clock: Time,
    posted: Vec<Posted>,
}

/// `hh:mm[:ss]` of 2026-04-13, or `mm-ddThh:mm[:ss]` of 2026, in UTC.
fn at(text: &str) -> Time {
    let text = if text.contains('T') { format!("2026-{text}") } else { format!("2026-04-13T{text}") };
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Time(civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond())
}

fn day(text: &str) -> Day {
    Zone::utc().day(at(&format!("{text}T00:00")))
}

fn settings() -> Settings {
    Settings { zone: Zone::utc(), track_changes: true, ..Settings::default() }
}

fn name(text: &str) -> Name {
    Name::new(text)
}

fn chat(id: &str) -> ConversationId {
    ConversationId { medium: Medium::Chat, id: Name::new(id) }
}

impl Script {
    fn new() -> Self {
        Self::with(settings())
    }

    fn with(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self { agents: Agents::new(Arc::clone(&settings)), settings, clock: Time::MIN, posted: Vec::new() }
    }

    /// Moves the clock to `clock` and applies an event of `time`; late when that is earlier.
    fn event(&mut self, clock: Time, time: Time, apply: impl FnOnce(&mut Agents, Moment, &mut Outbox)) {
        self.advance(clock);
        let moment = Moment { time, clock, late: time < clock };
        let mut out = Outbox::default();
        apply(&mut self.agents, moment, &mut out);
        self.agents.settle(moment, &mut out);
        self.posted.append(&mut out.posted);
        self.advance(clock);
    }

    /// Fires the deadlines before `clock`.
    fn advance(&mut self, clock: Time) {
        while let Some(key) = self.agents.next_deadline().filter(|key| key.at < clock) {
            self.move_clock(key.at);
            let mut out = Outbox::default();
            self.agents.fire(&mut out);
            for mut posted in out.posted {
                posted.clock = posted.clock.max(self.clock);
                self.posted.push(posted);
            }
        }
        self.move_clock(clock);
    }

    fn move_clock(&mut self, to: Time) {
        if to > self.clock {
            self.settle_late();
            self.clock = to;
        }
    }

    /// Late begins and ends of handling count before the clock moves, and before anything is read.
    fn settle_late(&mut self) {
        let mut out = Outbox::default();
        self.agents.settle_late(self.clock, &mut out);
        self.posted.append(&mut out.posted);
    }

    fn until(&mut self, clock: &str) {
        self.advance(at(clock));
    }

    fn status(&mut self, time: &str, agent: &str, word: &str) {
        self.late_status(time, time, agent, word, None);
    }

    fn status_in(&mut self, time: &str, agent: &str, word: &str, team: &str) {
        self.late_status(time, time, agent, word, Some(team));
    }

    fn late_status(&mut self, clock: &str, time: &str, agent: &str, word: &str, team: Option<&str>) {
        let team = team.map(Name::new);
        self.event(at(clock), at(time), |agents, moment, out| {
            agents.status(&name(agent), &name(word), team.as_ref(), moment, out);
        });
    }

    fn signals(&mut self, clock: &str, time: &str, signals: &[Signal]) {
        self.event(at(clock), at(time), |agents, moment, out| {
            signals.iter().for_each(|signal| agents.take(signal, moment, out));
        });
    }

    fn begins(&mut self, time: &str, agent: &str) {
        self.late_begin(time, time, agent);
    }

    fn late_begin(&mut self, clock: &str, time: &str, agent: &str) {
        let signal = Signal::HandlingBegan { agent: name(agent), conversation: chat("c1"), at: at(time) };
        self.signals(clock, time, &[signal]);
    }

    fn ends(&mut self, time: &str, agent: &str, from: &str) {
        self.late_end(time, time, agent, from);
    }

    fn late_end(&mut self, clock: &str, time: &str, agent: &str, from: &str) {
        let signal = Signal::HandlingEnded { agent: name(agent), conversation: chat("c1"), from: at(from), to: at(time) };
        self.signals(clock, time, &[signal]);
    }

    fn meets(&mut self, time: &str, agent: &str, team: Option<&str>) {
        self.signals(time, time, &[Signal::Contact { agent: name(agent), team: team.map(Name::new), at: at(time) }]);
    }

    /// A customer of the agent begins to wait.
    fn waits(&mut self, time: &str, agent: &str, id: &str) {
        self.late_wait(time, time, agent, id);
    }

    fn late_wait(&mut self, clock: &str, time: &str, agent: &str, id: &str) {
        let signal = standing(id, time, Standing::default(), owned(agent, Some(time)));
        self.signals(clock, time, &[signal]);
    }

    /// A customer who has waited since `since` is answered.
    fn answered(&mut self, time: &str, agent: &str, id: &str, since: &str) {
        self.late_answer(time, time, agent, id, since);
    }

    fn late_answer(&mut self, clock: &str, time: &str, agent: &str, id: &str, since: &str) {
        let signal = standing(id, time, owned(agent, Some(since)), owned(agent, None));
        self.signals(clock, time, &[signal]);
    }

    /// What was posted since the last call, one line each, with the clock where it is not the event's own.
    fn told(&mut self) -> Vec<String> {
        self.settle_late();
        std::mem::take(&mut self.posted).iter().map(line).collect()
    }

    fn facts(&mut self) -> Vec<Fact> {
        self.settle_late();
        let posted = std::mem::take(&mut self.posted);
        posted.into_iter().filter_map(|posted| if let Output::Fact(fact) = posted.output { Some(*fact) } else { None }).collect()
    }

    /// All of an agent's time so far, with what is open up to the clock.
    fn spent(&mut self, agent: &str) -> SpentTime {
        self.spent_by_day(agent).values().fold(SpentTime::default(), |mut sum, time| {
            sum.add(time);
            sum
        })
    }

    fn spent_by_day(&mut self, agent: &str) -> std::collections::BTreeMap<Day, SpentTime> {
        self.settle_late();
        let posted = self.posted.iter().filter_map(|posted| if let Output::Tally(tally) = &posted.output { Some(&**tally) } else { None });
        let open = self.agents.open_time(self.clock);
        let mut sums = std::collections::BTreeMap::<Day, SpentTime>::new();
        for tally in posted.chain(&open) {
            match tally {
                Tally::Spent { agent: whose, day, time, .. } if whose == agent => sums.entry(*day).or_default().add(time),
                _ => {}
            }
        }
        sums.retain(|_, time| *time != SpentTime::default());
        sums
    }
}

fn owned(agent: &str, waiting_since: Option<&str>) -> Standing {
    Standing { owner: Some(name(agent)), open: true, waiting_since: waiting_since.map(at) }
}

fn standing(id: &str, time: &str, before: Standing, after: Standing) -> Signal {
    Signal::Standing { conversation: chat(id), before, after, at: at(time) }
}

fn minutes(work: i64, busy: i64, idle: i64, handling: i64, handled: i64) -> SpentTime {
    let span = |minutes| Span(minutes * Span::MINUTE.0);
    SpentTime { work: span(work), busy: span(busy), idle: span(idle), handling: span(handling), handled: span(handled) }
}

fn clock_time(at: Time) -> String {
    let text = jiff::Timestamp::from_millisecond(at.0).unwrap().strftime("%m-%dT%H:%M:%S%.f").to_string();
    text.strip_prefix("04-13T").map_or(text.clone(), str::to_owned)
}

fn line(posted: &Posted) -> String {
    let team = |team: &Option<Name>| team.as_ref().map_or_else(|| "nobody's".to_owned(), Name::to_string);
    let mins = |span: Span| span.0 as f64 / 60_000.0;
    let told = match &posted.output {
        Output::Fact(fact) => {
            let agent = fact.agent.as_ref().unwrap();
            let timed_out = if fact.by_deadline { " by deadline" } else { "" };
            match &fact.kind {
                FactKind::Presence { status, category, from, to } => {
                    assert_eq!(fact.at, *to);
                    let (from, to) = (clock_time(*from), clock_time(*to));
                    format!("{agent} of {} was {status} ({}) {from} to {to}{timed_out}", team(&fact.team), category.word())
                }
                FactKind::WaitingLimit { from, to } => {
                    format!("{agent} of {} was over the limit {} to {}", team(&fact.team), clock_time(*from), clock_time(*to))
                }
                other => panic!("no fact of agents: {other:?}"),
            }
        }
        Output::Tally(tally) => match &**tally {
            Tally::Spent { agent, team: whose, day, time } => {
                let SpentTime { work, busy, idle, handling, handled } = time;
                let parts = [work, busy, idle, handling, handled].map(|span| mins(*span));
                format!("{agent} of {} spent {parts:?} on {day}", team(whose))
            }
            Tally::OverLimit { agent, team: whose, day, time } => {
                format!("{agent} of {} was over the limit for {} on {day}", team(whose), mins(*time))
            }
            Tally::LimitExceeded { agent, team: whose, at } => {
                format!("{agent} of {} exceeded the limit at {}", team(whose), clock_time(*at))
            }
            Tally::Team { agent, team, at } => format!("{agent} is of {team} since {}", clock_time(*at)),
            other => panic!("no tally of agents: {other:?}"),
        },
    };
    format!("{} {told}", clock_time(posted.clock))
}
