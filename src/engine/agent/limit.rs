//! The waiting limit: how many customers wait on an agent, and the episodes in which they are too many (ruling 75).

use serde::{Deserialize, Serialize, Serializer};

use crate::engine::{LimitCounts, Standing};
use crate::model::{Day, Name, Span, Time, Zone};

/// The conversations that an agent owns, as far as the limit and the live view need them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Customers {
    /// Open conversations.
    pub open: u32,
    /// Those whose customer waits on the people's clock.
    pub waiting: u32,
    /// Openings of these waiting periods, in order. Stored apart, as distances.
    #[serde(serialize_with = "apart")]
    openings: Vec<Time>,
    /// When the number that the limit counts changed last: an episode neither begins nor ends before.
    changed_at: Time,
    /// The episode that goes on.
    pub episode: Option<Episode>,
}

/// Time above the limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Episode {
    /// Its begin.
    pub from: Time,
    /// The agent's team then.
    pub team: Option<Name>,
    /// Up to where its time is posted.
    pub posted_to: Time,
}

/// What the judgement of an agent's number changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// An episode began.
    Begins {
        /// When.
        from: Time,
        /// The agent's team.
        team: Option<Name>,
    },
    /// The episode ended.
    Ends {
        /// The episode.
        episode: Episode,
        /// When.
        to: Time,
    },
}

impl Default for Customers {
    fn default() -> Self {
        Self { open: 0, waiting: 0, openings: Vec::new(), changed_at: Time::MIN, episode: None }
    }
}

impl Customers {
    /// Since when the longest of them waits.
    pub fn longest_wait_since(&self) -> Option<Time> {
        self.openings.first().copied()
    }

    /// The openings of the waiting periods, each as milliseconds since the one before, the first since 1970: fewer bytes than instants have.
    pub fn distances(&self) -> Vec<i64> {
        let mut before = Time(0);
        self.openings.iter().map(|opening| (*opening - std::mem::replace(&mut before, *opening)).0).collect()
    }

    /// Takes the openings back.
    pub fn restore_openings(&mut self, distances: Vec<i64>) {
        let mut opening = Time(0);
        let openings = distances.into_iter().map(|distance| {
            opening = Time(opening.0.saturating_add(distance));
            opening
        });
        self.openings = openings.collect();
    }

    /// A conversation is no longer `lost` to him but `gained`, since `at`.
    pub fn change(&mut self, lost: Option<&Standing>, gained: Option<&Standing>, at: Time, counts: LimitCounts) {
        let before = self.counted(counts);
        if let Some(standing) = lost {
            self.open = self.open.saturating_sub(u32::from(standing.open));
            standing.waiting_since.into_iter().for_each(|since| self.close_opening(since));
        }
        if let Some(standing) = gained {
            self.open += u32::from(standing.open);
            standing.waiting_since.into_iter().for_each(|since| self.add_opening(since));
        }
        if self.counted(counts) != before {
            self.changed_at = self.changed_at.max(at);
        }
    }

    /// Compares the number with the limit, once an event is wholly applied. `team` is that of an episode that begins.
    pub fn judge(&mut self, limit: u32, counts: LimitCounts, team: Option<&Name>) -> Option<Verdict> {
        let (counted, at) = (self.counted(counts), self.changed_at);
        match self.episode.take_if(|_| counted <= limit) {
            Some(episode) => {
                let to = at.max(episode.from);
                Some(Verdict::Ends { episode, to })
            }
            None if counted > limit && self.episode.is_none() => {
                let team = team.cloned();
                self.episode = Some(Episode { from: at, team: team.clone(), posted_to: at });
                Some(Verdict::Begins { from: at, team })
            }
            None => None,
        }
    }

    fn counted(&self, counts: LimitCounts) -> u32 {
        match counts {
            LimitCounts::Waiting => self.waiting,
            LimitCounts::Open => self.open,
        }
    }

    fn add_opening(&mut self, since: Time) {
        self.waiting += 1;
        let place = self.openings.partition_point(|opening| *opening <= since);
        self.openings.insert(place, since);
    }

    fn close_opening(&mut self, since: Time) {
        if let Ok(place) = self.openings.binary_search(&since) {
            self.waiting = self.waiting.saturating_sub(1);
            self.openings.remove(place);
        }
    }
}

/// What is stored apart leaves nothing in its place.
fn apart<S: Serializer>(_: &[Time], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(std::iter::empty::<Time>())
}

impl Episode {
    /// The time from where it is posted up to `to`, by day; negative where more is posted already.
    pub fn rest(&self, to: Time, zone: &Zone) -> Vec<(Day, Span)> {
        let owed = zone.split(self.posted_to, to);
        let excess = zone.split(to.max(self.from), self.posted_to).map(|(day, time)| (day, Span::ZERO - time));
        owed.chain(excess).collect()
    }
}
