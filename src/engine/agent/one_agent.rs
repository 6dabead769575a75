//! One agent: what his status events and the signals about him change, and what is posted for it.

use crate::engine::{AgentNow, Moment, Outbox, Settings};
use crate::model::{Category, Day, Fact, FactKind, Name, Span, Tally, Time};

use super::limit::{Customers, Episode, Verdict};
use super::presence::{Presence, Status, Team};
use super::timesheet::{Portion, Switch, Timesheet};

/// How long an agent is shown after he went offline.
const SHOWN_OFFLINE: Span = Span(15 * Span::MINUTE.0);
/// How long an agent is shown after his last event.
const SHOWN: Span = Span::DAY;

/// One agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub name: Name,
    pub team: Team,
    pub presence: Presence,
    pub sheet: Timesheet,
    pub customers: Customers,
    /// His last event: a status, or one that gave him a conversation, or in which he wrote or worked.
    pub last_event: Time,
}

/// Where, and at which clock, things are posted.
#[derive(Debug)]
pub(super) struct Posting<'a> {
    pub settings: &'a Settings,
    pub clock: Time,
    pub out: &'a mut Outbox,
}

impl Posting<'_> {
    fn tally(&mut self, tally: Tally) {
        self.out.tally(self.clock, tally);
    }

    fn fact(&mut self, fact: Fact) {
        self.out.fact(self.clock, fact);
    }
}

impl Agent {
    /// An agent of whom nothing is known.
    pub fn new(name: Name) -> Self {
        let (team, presence, sheet, customers) = Default::default();
        Self { name, team, presence, sheet, customers, last_event: Time::MIN }
    }

    /// Reads a little of every part that a signal may change.
    pub fn glance(&self) -> i64 {
        let flags = self.team.name().is_some() ^ self.customers.episode.is_some();
        self.last_event.0 ^ self.presence.since.0 ^ self.sheet.glance() ^ i64::from(self.customers.open) ^ i64::from(flags)
    }

    /// The same of what lies elsewhere in memory.
    pub fn glance_further(&self) -> i64 {
        self.customers.longest_wait_since().map_or(0, |since| since.0) ^ i64::from(self.sheet.edges.load())
    }

    /// Applies a status event. The same word again is a heartbeat, unless it comes with another team (ruling 70). A late one
    /// takes effect no earlier than the last change (ruling 23).
    pub fn set_status(&mut self, word: &Name, team: Option<&Name>, time: Time, posting: &mut Posting<'_>) {
        self.last_event = self.last_event.max(time);
        self.presence.seen = self.presence.seen.max(time);
        let at = time.max(self.presence.since);
        let repeated = self.presence.status.as_ref().is_some_and(|status| status.word == *word);
        if repeated && !self.team.is_left_for(team) {
            self.take_team(team, at, posting);
            return;
        }
        let team_before = self.team.name().cloned();
        self.post_presence(at, false, posting);
        self.take_team(team, at, posting);
        let category = posting.settings.agents.category(word);
        self.change_status(Some(Status { word: word.clone(), category }), at, team_before, posting);
    }

    /// The status ends for want of another status event.
    pub fn time_out(&mut self, at: Time, posting: &mut Posting<'_>) {
        self.post_presence(at, true, posting);
        self.change_status(None, at, self.team.name().cloned(), posting);
    }

    /// An event gave him a conversation of this team, or he wrote or worked in it.
    pub fn meet(&mut self, team: Option<&Name>, at: Time, posting: &mut Posting<'_>) {
        self.last_event = self.last_event.max(at);
        if let Some(team) = team {
            let changed = self.team.meet(team, at);
            self.post_team(team, changed, posting);
        }
    }

    /// He begins, or ends, to handle a conversation.
    pub fn handle(&mut self, at: Time, begins: bool, posting: &mut Posting<'_>) {
        let portions = self.sheet.handle(at, begins, posting.clock, &posting.settings.zone);
        self.post_spent(portions, posting);
    }

    /// Posts what late begins and ends of handling change about time that is counted.
    pub fn settle_late(&mut self, posting: &mut Posting<'_>) {
        let portions = self.sheet.settle_late(&posting.settings.zone);
        self.post_spent(portions, posting);
    }

    /// Compares his customers with the limit (ruling 75). Whether an episode began or ended.
    pub fn judge_limit(&mut self, moment: Moment, posting: &mut Posting<'_>) -> bool {
        let settings = &posting.settings.agents;
        let verdict = self.customers.judge(settings.waiting_limit, settings.limit_counts, self.team.name());
        match &verdict {
            None => return false,
            Some(Verdict::Begins { from, team }) => {
                posting.tally(Tally::LimitExceeded { agent: self.name.clone(), team: team.clone(), at: *from });
            }
            Some(Verdict::Ends { episode, to }) => {
                self.post_over_limit(episode, *to, posting);
                let kind = FactKind::WaitingLimit { from: episode.from, to: *to };
                let (team, agent) = (episode.team.clone(), Some(self.name.clone()));
                posting.fact(Fact { at: moment.time, by_deadline: false, team, agent, conversation: None, kind });
            }
        }
        true
    }

    /// When the month closes in which his unposted time begins: the last millisecond in which it still changes. In the past
    /// when a late event opened something in a closed month: what lies there is then posted at once, as a correction.
    pub fn month_closes_at(&self, settings: &Settings) -> Option<Time> {
        let since = [self.sheet.open_since(), self.customers.episode.as_ref().map(|episode| episode.posted_to)];
        let since = since.into_iter().flatten().min()?;
        let end = settings.zone.month_start(settings.zone.month(since).next());
        Some(end + settings.settle - Span(1))
    }

    /// Posts what is still open of a closing month for good, for his present team (ruling 62).
    pub fn close_month(&mut self, end: Time, posting: &mut Posting<'_>) {
        if self.sheet.open_since().is_some_and(|since| since < end) {
            let portions = self.sheet.close(end, self.team.name(), &posting.settings.zone);
            self.post_spent(portions, posting);
        }
        self.close_episode(end, posting);
    }

    /// What would be posted if everything open ended at `clock`.
    pub fn open_time(&self, clock: Time, settings: &Settings) -> impl Iterator<Item = Tally> {
        let team = self.team.name().cloned();
        let spent = self.sheet.open_time(clock, &settings.zone).into_iter();
        let spent = spent.map(move |(day, time)| Tally::Spent { agent: self.name.clone(), team: team.clone(), day, time });
        let episode = self.customers.episode.iter();
        let over = episode.flat_map(move |episode| over_limit(&self.name, episode, clock, settings));
        spent.chain(over)
    }

    /// The agent in the live view, while he is shown.
    pub fn live(&self, now: Time) -> Option<AgentNow> {
        let status = self.presence.status.as_ref();
        let offline = status.is_some_and(|status| status.category == Category::Offline);
        if self.last_event + SHOWN <= now || (offline && self.presence.since + SHOWN_OFFLINE <= now) {
            return None;
        }
        Some(AgentNow {
            agent: self.name.clone(),
            team: self.team.name().cloned(),
            status: status.map(|status| status.word.clone()),
            category: status.map(|status| status.category),
            since: status.map(|_| self.presence.since),
            open: self.customers.open,
            waiting: self.customers.waiting,
            longest_wait_since: self.customers.longest_wait_since(),
        })
    }

    fn change_status(&mut self, status: Option<Status>, at: Time, team_before: Option<Name>, posting: &mut Posting<'_>) {
        let category = status.as_ref().map(|status| status.category);
        let portions = self.sheet.switch(Switch { at, category, team_before }, &posting.settings.zone);
        self.presence.status = status;
        self.presence.since = at;
        self.post_spent(portions, posting);
        self.sheet.forget(posting.clock);
    }

    fn post_presence(&self, to: Time, by_deadline: bool, posting: &mut Posting<'_>) {
        let from = self.presence.since;
        // An interval of 0 ms gives no fact (ruling 69).
        if let Some(Status { word, category }) = self.presence.status.clone().filter(|_| from < to) {
            let kind = FactKind::Presence { status: word, category, from, to };
            let (team, agent) = (self.team.name().cloned(), Some(self.name.clone()));
            posting.fact(Fact { at: to, by_deadline, team, agent, conversation: None, kind });
        }
    }

    fn take_team(&mut self, team: Option<&Name>, at: Time, posting: &mut Posting<'_>) {
        if let Some(team) = team {
            let changed = self.team.name_own(team, at);
            self.post_team(team, changed, posting);
        }
    }

    fn post_team(&self, team: &Name, changed: Option<Time>, posting: &mut Posting<'_>) {
        if let Some(at) = changed {
            posting.tally(Tally::Team { agent: self.name.clone(), team: team.clone(), at });
        }
    }

    fn post_spent(&self, portions: Vec<Portion>, posting: &mut Posting<'_>) {
        for Portion { team, day, time } in portions {
            posting.tally(Tally::Spent { agent: self.name.clone(), team, day, time });
        }
    }

    fn post_over_limit(&self, episode: &Episode, to: Time, posting: &mut Posting<'_>) {
        for tally in over_limit(&self.name, episode, to, posting.settings) {
            posting.out.tally(posting.clock, tally);
        }
    }

    fn close_episode(&mut self, end: Time, posting: &mut Posting<'_>) {
        let open = self.customers.episode.take_if(|episode| episode.posted_to < end);
        if let Some(mut episode) = open {
            self.post_over_limit(&episode, end, posting);
            episode.posted_to = end;
            self.customers.episode = Some(episode);
        }
    }
}

fn over_limit<'a>(agent: &'a Name, episode: &'a Episode, to: Time, settings: &Settings) -> impl Iterator<Item = Tally> + use<'a> {
    let tally = |(day, time): (Day, Span)| Tally::OverLimit { agent: agent.clone(), team: episode.team.clone(), day, time };
    episode.rest(to, &settings.zone).into_iter().map(tally)
}
