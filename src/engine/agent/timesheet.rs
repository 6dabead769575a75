//! What an agent's time was spent on: his categories over time, crossed with the conversations that he handled.
//!
//! Time is posted when a status ends, or when its month closes; until then it adds up in `sums`. What is posted is kept as
//! parts with the team that it was posted for, so that a late event can take back or add exactly what it changes.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::model::{Category, Day, Name, Span, SpentTime, Time, Zone};

use super::edges::Edges;

/// Posted time is kept at least this long: the longest rolling window that can be configured.
const KEPT: Span = Span::DAY;
/// Posted parts of one agent: with more, the oldest is forgotten.
const MAX_PARTS: usize = 1_024;

/// One agent's time.
#[derive(Debug, Default)]
pub(super) struct Timesheet {
    /// The begins and ends of his handling.
    pub edges: Edges,
    /// Posted parts in order, each ending where the next begins, the last where the open one begins.
    parts: VecDeque<Part>,
    open: Open,
    /// Late edges whose effect on counted time is not worked out yet: a begin reaches to the present until its end has come.
    late: Vec<(Time, bool)>,
    /// Whether `parts` changed since the last call of `changes`.
    parts_changed: bool,
}

/// Time that is posted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Part {
    from: Time,
    category: Option<Category>,
    /// For whom it is posted.
    team: Option<Name>,
}

/// The part that is not posted yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Open {
    from: Time,
    /// `None` while he has no status.
    category: Option<Category>,
    /// Up to where `sums` count; no edge is later.
    counted_to: Time,
    /// Time from `from` to `counted_to`, by day.
    sums: Vec<(Day, SpentTime)>,
}

/// A portion of an agent's time to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Portion {
    /// For whom.
    pub team: Option<Name>,
    /// Of which day.
    pub day: Day,
    /// How much; negative parts take back.
    pub time: SpentTime,
}

impl Default for Open {
    fn default() -> Self {
        Self { from: Time::MIN, category: None, counted_to: Time::MIN, sums: Vec::new() }
    }
}

/// A change of category.
#[derive(Debug)]
pub(super) struct Switch {
    /// When; not before the last change.
    pub at: Time,
    /// The category from then on.
    pub category: Option<Category>,
    /// The team of the time before.
    pub team_before: Option<Name>,
}

impl Timesheet {
    /// Reads a little of what a begin or end of handling will read.
    pub fn glance(&self) -> i64 {
        self.open.counted_to.0
    }

    /// Since when time waits to be posted; `None` when it is no work time.
    pub fn open_since(&self) -> Option<Time> {
        self.open.category.filter(|category| category.is_work()).map(|_| self.open.from)
    }

    /// Changes the category: posts what it ends, and takes back what was counted beyond the change.
    pub fn switch(&mut self, switch: Switch, zone: &Zone) -> Vec<Portion> {
        let Switch { at, category, team_before } = switch;
        let mut portions = self.settle_late(zone);
        portions.extend(self.alter(at, self.open.counted_to, zone, |category, load, time| negative(&spent(category, load, time))));
        self.count_to(at, zone);
        portions.extend(post(std::mem::take(&mut self.open.sums), team_before.as_ref()));
        while self.parts.back().is_some_and(|part| part.from >= at) {
            self.parts.pop_back();
        }
        if self.open.from < at {
            self.parts.push_back(Part { from: self.open.from, category: self.open.category, team: team_before });
        }
        let counted_to = self.open.counted_to;
        self.open = Open { from: at, category, counted_to, sums: self.collect(category, at, counted_to, zone) };
        self.parts_changed = true;
        portions
    }

    /// A conversation's handling begins or ends. What a late edge changes about counted time waits for [`Timesheet::settle_late`].
    pub fn handle(&mut self, at: Time, begins: bool, clock: Time, zone: &Zone) -> Vec<Portion> {
        let at = at.max(self.edges.begin());
        if at < self.open.counted_to {
            self.edges.insert(at, begins);
            self.late.push((at, begins));
            return Vec::new();
        }
        let portions = self.settle_late(zone);
        self.count_to(at, zone);
        if self.edges.push(at, begins) {
            self.forget(clock);
        }
        portions
    }

    /// Whether late edges wait for [`Timesheet::settle_late`].
    pub fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Changes counted time by what late edges add and take away, and posts what they change about posted time. Where begins and ends
    /// cancel out nothing is looked at: a conversation of years ago that has ended costs no more than one of yesterday.
    pub fn settle_late(&mut self, zone: &Zone) -> Vec<Portion> {
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable();
        let ends: Vec<Time> = late.iter().skip(1).map(|(at, _)| *at).chain([self.open.counted_to]).collect();
        let (mut more, mut portions) = (0_i64, Vec::new());
        for ((from, begins), to) in late.into_iter().zip(ends) {
            more += if begins { 1 } else { -1 };
            if more != 0 && from < to {
                portions.extend(self.alter(from, to, zone, |category, load, time| {
                    let before = u32::try_from(i64::from(load) - more).unwrap_or(0);
                    difference(&spent(category, load, time), &spent(category, before, time))
                }));
            }
        }
        portions
    }

    /// Posts the open time before `until`, the end of its month, for good.
    pub fn close(&mut self, until: Time, team: Option<&Name>, zone: &Zone) -> Vec<Portion> {
        let mut portions = self.settle_late(zone);
        self.count_to(until, zone);
        let first_open = self.open.sums.partition_point(|(day, _)| *day < zone.day(until));
        let later = self.open.sums.split_off(first_open);
        let closed = std::mem::replace(&mut self.open.sums, later);
        self.parts.push_back(Part { from: self.open.from, category: self.open.category, team: team.cloned() });
        self.parts_changed = true;
        self.open.from = until;
        portions.extend(post(closed, team));
        portions
    }

    /// Time that would be posted if the open part ended at `clock`, by day.
    pub fn open_time(&self, clock: Time, zone: &Zone) -> Vec<(Day, SpentTime)> {
        let mut sums = self.open.sums.clone();
        if self.open_since().is_some() {
            let load = self.edges.load();
            let rest = zone.split(self.open.counted_to, clock);
            rest.for_each(|(day, part)| add(&mut sums, day, &spent(self.open.category, load, part)));
        }
        sums.retain(|(_, time)| *time != SpentTime::default());
        sums
    }

    /// Time spent in `[from, to)`, as far back as it is kept.
    pub fn between(&self, from: Time, to: Time) -> SpentTime {
        let mut sum = SpentTime::default();
        for stretch in self.stretches(from, to) {
            self.edges.sweep(stretch.from, stretch.to, |from, to, load| sum.add(&spent(stretch.category, load, to - from)));
        }
        sum
    }

    /// Forgets what neither a rolling window nor a late end of what is still open can ask for.
    pub fn forget(&mut self, clock: Time) {
        let kept = self.open_since().map_or(clock - KEPT, |since| since.min(clock - KEPT));
        self.edges.forget(kept);
        let kept = self.edges.busy_since().map_or(kept, |since| since.min(kept));
        while self.parts.len() > MAX_PARTS || self.parts.get(1).is_some_and(|second| second.from <= kept) {
            self.parts.pop_front();
            self.parts_changed = true;
        }
    }

    /// The part that is not posted yet, for the agent's row.
    pub fn open(&self) -> &Open {
        &self.open
    }

    /// The posted parts, when they changed since the last call.
    pub fn changed_parts(&mut self) -> Option<&VecDeque<Part>> {
        std::mem::take(&mut self.parts_changed).then_some(&self.parts)
    }

    /// Takes the open part back.
    pub fn restore_open(&mut self, open: Open) {
        self.open = open;
    }

    /// Takes the posted parts back.
    pub fn restore_parts(&mut self, parts: VecDeque<Part>) {
        self.parts = parts;
    }

    /// Adds open time up to `to`. No edge lies between.
    fn count_to(&mut self, to: Time, zone: &Zone) {
        let (load, category, from) = (self.edges.load(), self.open.category, self.open.counted_to);
        if category.is_some_and(Category::is_work) {
            zone.split(from, to).for_each(|(day, part)| add(&mut self.open.sums, day, &spent(category, load, part)));
        }
        self.open.counted_to = from.max(to);
    }

    /// Time from `from` to `to` in a category, by day, from the edges.
    fn collect(&self, category: Option<Category>, from: Time, to: Time, zone: &Zone) -> Vec<(Day, SpentTime)> {
        let mut sums = Vec::new();
        if category.is_some_and(Category::is_work) {
            self.edges.sweep(from, to, |from, to, load| {
                zone.split(from, to).for_each(|(day, part)| add(&mut sums, day, &spent(category, load, part)));
            });
        }
        sums
    }

    /// Changes counted time of `[from, to)` by what `change` says about each piece: the open part's in its sums, that of posted
    /// parts as portions for the teams that they were posted for.
    fn alter(&mut self, from: Time, to: Time, zone: &Zone, change: impl Fn(Option<Category>, u32, Span) -> SpentTime) -> Vec<Portion> {
        let (mut portions, mut open) = (Vec::new(), Vec::new());
        for stretch in self.stretches(from, to).filter(|stretch| stretch.category.is_some_and(Category::is_work)) {
            let mut sums = Vec::new();
            self.edges.sweep(stretch.from, stretch.to, |from, to, load| {
                zone.split(from, to).for_each(|(day, part)| add(&mut sums, day, &change(stretch.category, load, part)));
            });
            match stretch.posted {
                Some(part) => portions.extend(post(sums, part.team.as_ref())),
                None => open = sums,
            }
        }
        open.iter().for_each(|(day, time)| add(&mut self.open.sums, *day, time));
        portions
    }

    /// The parts within `[from, to)`, cut to it, the open one last.
    fn stretches(&self, from: Time, to: Time) -> impl Iterator<Item = Stretch<'_>> {
        let first = self.parts.partition_point(|part| part.from <= from).saturating_sub(1);
        let ends = self.parts.range(first..).skip(1).map(|part| part.from).chain([self.open.from]);
        let posted = self.parts.range(first..).zip(ends).map(|(part, end)| (part.from, end, part.category, Some(part)));
        let all = posted.chain([(self.open.from, Time::MAX, self.open.category, None)]);
        let cut = all.map(move |(begin, end, category, posted)| Stretch { from: begin.max(from), to: end.min(to), category, posted });
        cut.filter(|stretch| stretch.from < stretch.to)
    }
}

/// A part of the past, or the open one.
#[derive(Debug)]
struct Stretch<'a> {
    from: Time,
    to: Time,
    category: Option<Category>,
    /// The part, when it is posted.
    posted: Option<&'a Part>,
}

/// What `time` in a category is spent on while `load` conversations are handled (rulings 2 and 77).
fn spent(category: Option<Category>, load: u32, time: Span) -> SpentTime {
    let Some(category) = category.filter(|category| category.is_work()) else { return SpentTime::default() };
    let when = |condition: bool| if condition { time } else { Span::ZERO };
    SpentTime {
        work: time,
        busy: when(load > 0 || category == Category::Handling),
        idle: when(load == 0 && category == Category::Available),
        handling: Span(time.0 * i64::from(load)),
        handled: when(load > 0),
    }
}

fn difference(after: &SpentTime, before: &SpentTime) -> SpentTime {
    SpentTime {
        work: after.work - before.work,
        busy: after.busy - before.busy,
        idle: after.idle - before.idle,
        handling: after.handling - before.handling,
        handled: after.handled - before.handled,
    }
}

fn negative(time: &SpentTime) -> SpentTime {
    difference(&SpentTime::default(), time)
}

/// Adds to the sum of a day, in order of days.
fn add(sums: &mut Vec<(Day, SpentTime)>, day: Day, time: &SpentTime) {
    let place = sums.partition_point(|(other, _)| *other < day);
    match sums.get_mut(place).filter(|(other, _)| *other == day) {
        Some((_, sum)) => sum.add(time),
        None => sums.insert(place, (day, *time)),
    }
}

fn post(sums: Vec<(Day, SpentTime)>, team: Option<&Name>) -> impl Iterator<Item = Portion> {
    let sums = sums.into_iter().filter(|(_, time)| *time != SpentTime::default());
    sums.map(move |(day, time)| Portion { team: team.cloned(), day, time })
}
