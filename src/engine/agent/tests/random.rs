//! Random days against the rules worked out slowly: one sample for each ten minutes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::Category;

/// The length of one sample.
const STEP: Span = Span(10 * Span::MINUTE.0);
const WORDS: [&str; 5] = ["available", "after_contact", "busy", "break", "offline"];
const TEAMS: [&str; 2] = ["presale", "aftersale"];

/// What happens next: `wait` steps after the event before, dated `late` steps before its place in the order.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub wait: i64,
    pub late: i64,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Status {
        word: usize,
        team: Option<usize>,
    },
    Begin,
    /// Of the open ones.
    End(prop::sample::Index),
    /// A customer begins to wait.
    Wait,
    /// A customer is answered.
    Answer(prop::sample::Index),
    Nothing,
}

pub(super) fn happenings(most: usize) -> impl Strategy<Value = Vec<Happening>> {
    let what = prop_oneof![
        3 => (0..WORDS.len(), prop::option::weighted(0.3, 0..TEAMS.len())).prop_map(|(word, team)| What::Status { word, team }),
        3 => Just(What::Begin),
        3 => any::<prop::sample::Index>().prop_map(What::End),
        2 => Just(What::Wait),
        2 => any::<prop::sample::Index>().prop_map(What::Answer),
        1 => Just(What::Nothing),
    ];
    let late = prop_oneof![3 => Just(0_i64), 1 => 0_i64..140];
    let happening = (prop_oneof![Just(0_i64), 0_i64..4, 0_i64..30], late, what);
    prop::collection::vec(happening.prop_map(|(wait, late, what)| Happening { wait, late, what }), 0..most)
}

/// A zone, and an instant shortly before a month ends or clocks change there.
pub(super) fn places() -> impl Strategy<Value = (Zone, Time)> {
    let zone = |name| Zone::new(name).unwrap();
    prop_oneof![
        Just((Zone::utc(), at("04-30T12:00"))),
        Just((zone("Europe/Berlin"), at("03-28T12:00"))),
        Just((zone("Asia/Shanghai"), at("04-29T12:00"))),
        Just((zone("Atlantic/Azores"), at("10-24T12:00"))),
    ]
}

/// One agent's happenings told to the fold, with what is open.
pub(super) struct Teller {
    pub script: Script,
    pub place: i64,
    start: Time,
    open: Vec<i64>,
    waiting: Vec<i64>,
}

impl Teller {
    pub fn new(script: Script, start: Time) -> Self {
        Self { script, place: 0, start, open: Vec::new(), waiting: Vec::new() }
    }

    pub fn instant(&self, step: i64) -> Time {
        self.start + Span(step * STEP.0)
    }

    /// Tells what happens. The step that it is dated at; of an end also the begin.
    pub fn tell(&mut self, happening: &Happening) -> (i64, Option<i64>) {
        self.place += happening.wait;
        let mut step = self.place - happening.late;
        let mut begin = None;
        let amy = name("amy");
        let conversation = chat("c1");
        let waiting = |since| Standing { owner: Some(name("amy")), open: true, waiting_since: since };
        let signal = match &happening.what {
            What::Nothing | What::Status { .. } => None,
            What::Begin => {
                self.open.push(step);
                Some(Signal::HandlingBegan { agent: amy.clone(), conversation, at: self.instant(step) })
            }
            What::End(index) if !self.open.is_empty() => {
                let from = self.open.swap_remove(index.index(self.open.len()));
                step = step.max(from);
                begin = Some(from);
                let (from, to) = (self.instant(from), self.instant(step));
                Some(Signal::HandlingEnded { agent: amy.clone(), conversation, from, to })
            }
            What::Wait => {
                self.waiting.push(step);
                let (before, after) = (waiting(None), waiting(Some(self.instant(step))));
                Some(Signal::Standing { conversation, before, after, at: self.instant(step) })
            }
            What::Answer(index) if !self.waiting.is_empty() => {
                let since = self.waiting.swap_remove(index.index(self.waiting.len()));
                step = step.max(since);
                let (before, after) = (waiting(Some(self.instant(since))), waiting(None));
                Some(Signal::Standing { conversation, before, after, at: self.instant(step) })
            }
            What::End(_) | What::Answer(_) => None,
        };
        let (clock, time) = (self.instant(self.place), self.instant(step));
        self.script.event(clock, time, |agents, moment, out| {
            if let What::Status { word, team } = &happening.what {
                agents.status(&amy, &name(WORDS[*word]), team.map(|team| name(TEAMS[team])).as_ref(), moment, out);
            }
            signal.iter().for_each(|signal| agents.take(signal, moment, out));
        });
        (step, begin)
    }
}

/// The rules, told in steps.
struct Model {
    timeout: Option<i64>,
    /// Changes of status: from which step, which word. A later one never begins before an earlier one.
    statuses: Vec<(i64, Option<usize>)>,
    seen: i64,
    team: Option<usize>,
    handled: Vec<(i64, Option<i64>)>,
}

impl Model {
    fn apply(&mut self, place: i64, step: i64, begin: Option<i64>, what: &What) {
        self.time_out(place);
        match what {
            What::Status { word, team } => {
                self.seen = self.seen.max(step);
                let (since, present) = *self.statuses.last().unwrap();
                let leaves = self.team.is_some_and(|present| team.is_some_and(|named| named != present));
                self.team = team.or(self.team);
                if present != Some(*word) || leaves {
                    self.statuses.push((step.max(since), Some(*word)));
                }
            }
            What::Begin => self.handled.push((step, None)),
            What::End(_) => {
                if let Some(begin) = begin {
                    let open = self.handled.iter_mut().find(|(from, to)| *from == begin && to.is_none());
                    open.unwrap().1 = Some(step);
                }
            }
            _ => {}
        }
        self.time_out(place);
    }

    fn time_out(&mut self, place: i64) {
        let (since, present) = *self.statuses.last().unwrap();
        if let Some(timeout) = self.timeout.filter(|timeout| present.is_some() && self.seen + timeout < place) {
            self.statuses.push(((self.seen + timeout).max(since), None));
        }
    }

    fn at(&self, step: i64, settings: &Settings) -> SpentTime {
        let status = self.statuses.iter().rev().find(|(from, _)| *from <= step).and_then(|(_, word)| *word);
        let load = self.handled.iter().filter(|(from, to)| *from <= step && to.is_none_or(|to| step < to)).count();
        let Some(category) = status.map(|word| settings.agents.category(WORDS[word])).filter(|category| category.is_work()) else {
            return SpentTime::default();
        };
        let when = |condition| if condition { STEP } else { Span::ZERO };
        SpentTime {
            work: STEP,
            busy: when(load > 0 || category == Category::Handling),
            idle: when(load == 0 && category == Category::Available),
            handling: Span(STEP.0 * i64::try_from(load).unwrap()),
            handled: when(load > 0),
        }
    }
}

fn settle() -> Span {
    Span(20 * STEP.0)
}

fn month_is_closed(zone: &Zone, day: Day, clock: Time) -> bool {
    clock >= zone.month_start(day.month().next()) + settle()
}

fn compare(zone: Zone, start: Time, timeout: Option<i64>, happenings: &[Happening]) -> Result<(), TestCaseError> {
    let mut settings = Settings { zone: zone.clone(), settle: settle(), ..settings() };
    settings.agents.presence_timeout = timeout.map(|steps| Span(steps * STEP.0));
    let mut teller = Teller::new(Script::with(settings.clone()), start);
    let mut model = Model { timeout, statuses: vec![(-1_000, None)], seen: -1_000, team: None, handled: Vec::new() };
    let (mut posted_before, mut has_late) = (0, false);
    for (index, happening) in happenings.iter().enumerate() {
        let (step, begin) = teller.tell(happening);
        let place = teller.place;
        model.apply(place, step, begin, &happening.what);
        has_late |= happening.late > 0;
        // What comes at one clock is read together: late begins and ends may cancel out before anything is posted.
        if happenings.get(index + 1).is_some_and(|next| next.wait == 0) {
            continue;
        }

        let mut days = BTreeMap::<Day, SpentTime>::new();
        for step in -140..place {
            days.entry(zone.day(teller.instant(step))).or_default().add(&model.at(step, &settings));
        }
        days.retain(|_, time| *time != SpentTime::default());
        prop_assert_eq!(teller.script.spent_by_day("amy"), days);

        let window = (place - 6 * 24).max(-140)..place;
        let mut expected = SpentTime::default();
        window.clone().for_each(|step| expected.add(&model.at(step, &settings)));
        let (from, to) = (teller.instant(window.start), teller.instant(window.end));
        prop_assert_eq!(teller.script.agents.spent_between(&name("amy"), from, to), expected);

        let clock = teller.instant(place);
        for posted in &teller.script.posted[posted_before..] {
            if let Output::Tally(tally) = &posted.output
                && let Tally::Spent { day, .. } = **tally
                && !has_late
            {
                prop_assert!(!month_is_closed(&zone, day, posted.clock), "only late events change closed months");
                prop_assert!(posted.clock <= clock);
            }
        }
        (posted_before, has_late) = (teller.script.posted.len(), false);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn time_is_what_the_samples_say((zone, start) in places(), timeout in prop::option::of(1_i64..40), happenings in happenings(60)) {
        compare(zone, start, timeout, &happenings)?;
    }

    #[test]
    fn time_over_the_limit_is_what_the_samples_say(happenings in happenings(60)) {
        let mut settings = settings();
        settings.agents.waiting_limit = 1;
        let zone = settings.zone.clone();
        let mut teller = Teller::new(Script::with(settings), at("04-13T12:00"));
        let (mut expected, mut begun, mut number, mut before) = (BTreeMap::<Day, Span>::new(), 0, 0, 0);
        for happening in &happenings {
            let waiting = teller.waiting.len();
            teller.tell(&Happening { late: 0, ..happening.clone() });
            if number > 1 {
                (before..teller.place).for_each(|step| *expected.entry(zone.day(teller.instant(step))).or_default() += STEP);
            }
            before = teller.place;
            number = teller.waiting.len();
            begun += u32::from(waiting <= 1 && number > 1);
        }
        let open = teller.script.agents.open_time(teller.script.clock);
        let (mut found, mut exceeded) = (BTreeMap::<Day, Span>::new(), 0);
        let posted = teller.script.posted.iter().filter_map(|posted| if let Output::Tally(tally) = &posted.output { Some(&**tally) } else { None });
        for tally in posted.chain(&open) {
            match tally {
                Tally::OverLimit { day, time, .. } => *found.entry(*day).or_default() += *time,
                Tally::LimitExceeded { .. } => exceeded += 1,
                _ => {}
            }
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(exceeded, begun);
    }
}
