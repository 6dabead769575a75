//! The core: records in, facts out, and everything that facts are folded into. Synchronous; the service, the replay and the benchmarks
//! all run this one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::decode::{Decoded, Decoder, DecoderError, Reason, Reject};
use crate::engine::{Dedup, Engine, LiveView, Policies, Rank, Reach, Settings, Step, TargetNow, WaitingNow, targets_in_force};
use crate::ingest::Record;
use crate::kpi::{CounterReadings, Edges, KpiSettings, Kpis, PeriodKind, SpentReading, TotalRow};
use crate::model::{
    ConversationId, Day, Month, Name, Output, PartitionId, Posted, Row, RowError, Sla, Span, SpentEvents, Table, Tally, Time, Zone,
};
use crate::view::{AgentOption, SeriesOptions, Snapshot, Summary};

use super::ahead::Parsed;
use super::outcomes::{Losses, Outcomes, TopicOutcomes};

/// Records decoded at a time.
const AT_A_TIME: usize = 48;

/// What the core is told.
#[derive(Debug, Clone)]
pub struct CoreSettings {
    /// The engine's part.
    pub engine: Arc<Settings>,
    /// Banned phrases.
    pub phrases: Vec<String>,
    /// Texts that are automatic whoever sent them.
    pub auto_texts: Vec<String>,
    /// Lengths of the rolling windows.
    pub windows: Vec<Span>,
    /// Whether single agents are shown: only then they have windows, and their counters are read. Both are stored all the same.
    pub shows_agents: bool,
}

impl CoreSettings {
    /// Makes sure that a core can be made of them.
    ///
    /// # Errors
    /// As [`Core::new`].
    pub fn check(&self) -> Result<(), CoreError> {
        Ok(Decoder::new(&self.phrases, &self.auto_texts).map(drop)?)
    }

    /// The same, for a core whose changes are asked for: its state will be kept.
    #[must_use]
    pub fn keeping_changes(self) -> Self {
        Self { engine: Arc::new(Settings { track_changes: true, ..(*self.engine).clone() }), ..self }
    }
}

/// Why a core cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The words that texts are searched for.
    #[error("configuration engine.{setting}: {0}", setting = .0.setting())]
    Decoder(#[from] DecoderError),
}

/// Decoder, engine and KPIs, in the order in which a record goes through them.
#[derive(Debug)]
pub struct Core {
    decoder: Arc<Decoder>,
    engine: Engine,
    kpis: Kpis,
    losses: Vec<Losses>,
    clamped: u64,
    /// Samples left out before a restart.
    left_out_before: u64,
    /// What was told of outcomes as rows.
    told: Outcomes,
    lengths: Vec<Span>,
    shows_agents: bool,
    policies: Policies,
    zone: Zone,
    targets: (Option<Day>, Arc<[TargetNow]>),
    /// Room for the next list of who waits.
    room: Vec<WaitingNow>,
    /// Room for agents' open time.
    open: Vec<Tally>,
    /// Whether closed months are in a store only.
    evicts_closed: bool,
}

/// How snapshots are shown.
#[derive(Debug, Clone, Default)]
pub struct Display {
    /// Which series there are.
    pub series: Arc<SeriesOptions>,
    /// Names of agents, by id.
    pub names: Arc<BTreeMap<Name, Name>>,
}

/// A record on its way in.
#[derive(Debug)]
struct Read<'r> {
    record: Record<'r>,
    parsed: Parsed,
    /// Of an event that was not seen before.
    rank: Option<Rank>,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// Its event counts.
    Applied,
    /// Its event was seen before.
    Duplicate,
    /// It is none of our types.
    UnknownType,
    /// It is empty.
    Tombstone,
    /// It is no event.
    Rejected(Reject),
}

impl Core {
    /// A core that has seen nothing.
    ///
    /// # Errors
    /// When phrases or automatic texts cannot be searched for.
    pub fn new(settings: &CoreSettings) -> Result<Self, CoreError> {
        let engine = &settings.engine;
        let kpis = KpiSettings {
            zone: engine.zone.clone(),
            settle: engine.settle,
            short_abandon: engine.short_abandon,
            windows: settings.windows.clone(),
            shows_agents: settings.shows_agents,
            edges: Edges::new(&targets(engine)),
            track_changes: engine.track_changes,
        };
        Ok(Self {
            decoder: Arc::new(Decoder::new(&settings.phrases, &settings.auto_texts)?),
            engine: Engine::new(Arc::clone(engine)),
            kpis: Kpis::new(&kpis),
            losses: Vec::new(),
            clamped: 0,
            left_out_before: 0,
            told: Outcomes::default(),
            lengths: settings.windows.clone(),
            shows_agents: settings.shows_agents,
            policies: engine.policies.clone(),
            zone: engine.zone.clone(),
            targets: (None, Arc::new([])),
            room: Vec::new(),
            open: Vec::new(),
            evicts_closed: false,
        })
    }

    /// Takes policies, phrases and automatic texts of other settings from now on. Histograms keep the edges that they have.
    ///
    /// # Errors
    /// As [`Core::new`]; then nothing has changed.
    pub fn reload(&mut self, settings: &CoreSettings) -> Result<(), CoreError> {
        self.decoder = Arc::new(Decoder::new(&settings.phrases, &settings.auto_texts)?);
        self.engine.use_policies(&settings.engine.policies);
        self.policies = settings.engine.policies.clone();
        self.targets = (None, Arc::new([]));
        Ok(())
    }

    /// Takes a record: it ends in exactly one of the outcomes.
    pub fn take(&mut self, record: Record<'_>) -> Taken {
        let mut read = Read { record, parsed: Parsed::of(&self.decoder, record.value, self.engine.spent()), rank: None };
        self.admit(&mut read);
        self.settle(read).1
    }

    /// Takes records in their order and tells of each what became of it. Quicker than one by one: some are decoded, remembered and put
    /// in their places at a time, so that no step waits for memory that the step before it has written to.
    pub fn take_all<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>, tell: impl FnMut(Record<'r>, Taken)) {
        let (decoder, mut spent) = (Arc::clone(&self.decoder), self.take_spent());
        self.take_parsed(records.into_iter().map(|record| (record, Parsed::of(&decoder, record.value, &mut spent))), tell);
        *self.engine.spent() = spent;
    }

    /// Events that were applied since the last call, for their memory. Some, not more than are soon used again.
    pub fn take_spent(&mut self) -> SpentEvents {
        std::mem::take(self.engine.spent())
    }

    /// The same of records of which it is known what they say, by [`Core::decoder`].
    pub fn take_parsed<'r>(&mut self, records: impl IntoIterator<Item = (Record<'r>, Parsed)>, mut tell: impl FnMut(Record<'r>, Taken)) {
        let mut records = records.into_iter();
        let mut some = Vec::with_capacity(AT_A_TIME);
        loop {
            some.extend(records.by_ref().take(AT_A_TIME).map(|(record, parsed)| Read { record, parsed, rank: None }));
            if some.is_empty() {
                return;
            }
            self.engine.recall(some.iter().filter_map(|read: &Read<'_>| read.parsed.key));
            some.iter_mut().for_each(|read| self.admit(read));
            for read in some.drain(..) {
                let (record, taken) = self.settle(read);
                tell(record, taken);
            }
        }
    }

    fn admit(&mut self, read: &mut Read<'_>) {
        if let Parsed { decoded: Decoded::Event(event), key: Some(key) } = &mut read.parsed {
            read.rank = self.engine.admit(event, *key, read.record.position, read.record.arrived);
        }
    }

    fn settle<'r>(&mut self, read: Read<'r>) -> (Record<'r>, Taken) {
        let Read { record, parsed: Parsed { decoded, .. }, rank } = read;
        let partition = record.position.partition;
        let taken = match (decoded, rank) {
            (Decoded::Event(event), Some(rank)) => {
                self.engine.keep(event, record.position, rank);
                Taken::Applied
            }
            (Decoded::Event(_), None) => Taken::Duplicate,
            (Decoded::Tombstone, _) => {
                self.losses_mut(partition).tombstone += 1;
                Taken::Tombstone
            }
            (Decoded::UnknownType(_), _) => {
                self.losses_mut(partition).unknown_type += 1;
                Taken::UnknownType
            }
            (Decoded::Rejected(reject), _) => {
                self.losses_mut(partition).rejected[reject.reason as usize] += 1;
                Taken::Rejected(reject)
            }
        };
        (record, taken)
    }

    /// Moves the clock as far as `reach` allows and folds what was decided; gives it back for receipts.
    pub fn advance(&mut self, reach: Reach) -> Vec<Posted> {
        self.engine.advance(reach);
        let posted = self.engine.drain();
        self.kpis.post(&posted);
        let clamped = posted.iter().filter(|one| matches!(&one.output, Output::Tally(tally) if **tally == Tally::Clamped));
        self.clamped += clamped.count() as u64;
        posted
    }

    /// Lets ended conversations leave memory that nothing has touched since `before`: see [`Engine::cool`].
    pub fn cool(&mut self, before: Time) {
        self.engine.cool(before);
    }

    /// The rows that were restored are not all there are: see [`Engine::expect_cold`].
    pub fn expect_cold(&mut self) {
        self.engine.expect_cold();
    }

    /// From now on days of closed months leave memory once [`Core::changes`] has given out their rows, and [`Core::restore`] passes over them: a
    /// durable store has them, and nothing but [`Core::totals`] asks for them.
    pub fn evict_closed(&mut self) {
        self.evicts_closed = true;
    }

    /// Holds totals of these months only, before anything is restored or taken: [`Core::restore`] passes over all others.
    pub fn hold(&mut self, months: Range<Month>) {
        self.kpis.hold(months);
    }

    /// The first month whose totals are held.
    #[must_use]
    pub fn held_from(&self) -> Month {
        self.kpis.held_from()
    }

    /// Each row of state that was touched or removed since the last call, once.
    pub fn changes(&mut self) -> Vec<Row> {
        let mut rows = self.engine.changes();
        self.kpis.changes(&mut rows);
        self.evict();
        let outcomes = self.outcomes();
        outcomes.changes(&self.told, &mut rows);
        self.told = outcomes;
        rows
    }

    /// Takes rows of [`Core::changes`] back, by the numbers of their tables and in the order of their keys.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn restore<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row> + Clone) -> Result<(), RowError> {
        self.engine.restore(rows.clone())?;
        self.evict();
        let mut outcomes = None;
        for row in rows {
            match row.table {
                Table::Outcome => outcomes.get_or_insert_with(|| self.told.clone()).restore(row)?,
                _ => self.kpis.restore(row)?,
            }
        }
        if let Some(outcomes) = outcomes {
            self.go_on(outcomes);
        }
        Ok(())
    }

    /// The remembered ids, for as long as their index is made elsewhere: see [`Engine::take_ids`].
    pub fn take_ids(&mut self) -> Dedup {
        self.engine.take_ids()
    }

    /// See [`Engine::put_ids`].
    pub fn put_ids(&mut self, ids: Dedup) {
        self.engine.put_ids(ids);
    }

    fn evict(&mut self) {
        if self.evicts_closed {
            self.kpis.evict_closed(self.engine.clock());
        }
    }

    /// Goes on counting from here.
    fn go_on(&mut self, outcomes: Outcomes) {
        self.engine.continue_counts(outcomes.topics.iter().map(|topic| topic.counts).collect());
        self.losses = outcomes.topics.iter().map(|topic| topic.losses.clone()).collect();
        self.clamped = outcomes.clamped;
        self.left_out_before = outcomes.samples_left_out;
        self.told = outcomes;
    }

    /// What became of all records.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        let topic = |index: usize| TopicOutcomes {
            counts: self.engine.counts().get(index).copied().unwrap_or_default(),
            losses: self.losses.get(index).cloned().unwrap_or_default(),
        };
        Outcomes {
            topics: (0..self.engine.counts().len().max(self.losses.len())).map(topic).collect(),
            clamped: self.clamped,
            samples_left_out: self.left_out_before + self.kpis.left_out(),
        }
    }

    /// The counters as of the clock. What is shown of them must be this, once committed: so none ever goes down. Whoever shows them reads
    /// them before every [`Core::changes`], even if these are not shown: what has fallen since is part of it. Once right after `restore`, too.
    pub fn counters(&mut self) -> CounterReadings {
        self.open = self.engine.open_time_within(std::mem::take(&mut self.open));
        self.kpis.counters(&self.open)
    }

    /// Everything that is shown, as of the clock.
    pub fn snapshot(&mut self, caught_up: bool, display: &Display) -> Snapshot {
        let counters = self.counters();
        self.snapshot_with(counters, caught_up, display)
    }

    /// What is shown before the log is caught up with: how far the clock has come. Whoever waits there may have been answered since.
    #[must_use]
    pub fn snapshot_behind(&self, display: &Display) -> Snapshot {
        Snapshot {
            live: LiveView { clock: self.engine.clock(), ..LiveView::default() },
            names: Arc::clone(&display.names),
            options: Arc::clone(&display.series),
            ..Snapshot::default()
        }
    }

    /// Everything that is shown, with counters that were read before.
    pub fn snapshot_with(&mut self, counters: CounterReadings, caught_up: bool, display: &Display) -> Snapshot {
        let clock = self.engine.clock();
        let live = self.engine.live_within(std::mem::take(&mut self.room));
        self.open = self.engine.open_time_within(std::mem::take(&mut self.open));
        // With thousands of agents, working out what nobody is shown would take longer than all the rest.
        let spent = live.agents.iter().filter(|_| self.shows_agents).map(|agent| SpentReading {
            agent: agent.agent.clone(),
            team: agent.team.clone(),
            windows: self.lengths.iter().map(|length| self.engine.spent_between(&agent.agent, clock - *length, clock)).collect(),
        });
        let spent = spent.collect();
        let all_agents = display.series.agents == AgentOption::All;
        Snapshot {
            caught_up,
            spent,
            windows: self.kpis.windows(clock),
            counters,
            months: self.kpis.month_to_date(clock, &self.open, all_agents),
            targets: self.targets_now(clock),
            names: Arc::clone(&display.names),
            options: Arc::clone(&display.series),
            live,
        }
    }

    /// Takes back the memory of a snapshot that another has taken the place of, unless somebody still reads it.
    pub fn reuse(&mut self, snapshot: Arc<Snapshot>) {
        if let Some(snapshot) = Arc::into_inner(snapshot) {
            self.room = snapshot.live.waiting;
        }
    }

    fn targets_now(&mut self, clock: Time) -> Arc<[TargetNow]> {
        let day = self.zone.day(clock);
        if self.targets.0 != Some(day) {
            self.targets = (Some(day), targets_in_force(&self.policies, day).into());
        }
        Arc::clone(&self.targets.1)
    }

    /// Keeps every step of one conversation from now on, for [`Core::steps`]. It changes no number.
    pub fn watch(&mut self, conversation: ConversationId) {
        self.engine.watch(conversation);
    }

    /// What happened to the watched conversation since the last call, in order.
    pub fn steps(&mut self) -> Vec<Step> {
        self.engine.steps()
    }

    /// The decoder.
    #[must_use]
    pub fn decoder(&self) -> &Arc<Decoder> {
        &self.decoder
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Counts a duplicate that was found before it came here.
    pub fn count_duplicate(&mut self, partition: PartitionId) {
        self.engine.count_duplicate(partition);
    }

    /// Every row of days or months as of the clock, in the order of ruling 92, made a period at a time.
    pub fn totals(&mut self, kind: PeriodKind) -> impl Iterator<Item = TotalRow> {
        let open = self.engine.open_time();
        self.kpis.rows(kind, self.engine.clock(), &open)
    }

    /// What became of all records, all topics together.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for counts in self.engine.counts() {
            summary.applied += counts.applied;
            summary.duplicate += counts.duplicate;
            summary.late += counts.late;
            summary.skewed += counts.skewed;
            summary.implicit += counts.implicit;
        }
        for losses in &self.losses {
            summary.unknown_type += losses.unknown_type;
            summary.tombstone += losses.tombstone;
            for (reason, count) in Reason::ALL.into_iter().zip(losses.rejected) {
                *summary.rejected.entry(reason.word()).or_default() += count;
            }
        }
        summary
    }

    fn losses_mut(&mut self, partition: PartitionId) -> &mut Losses {
        let topic = usize::from(partition.topic);
        if self.losses.len() <= topic {
            self.losses.resize(topic + 1, Losses::default());
        }
        &mut self.losses[topic]
    }
}

/// Every limit that a policy sets: histograms have an edge at each.
fn targets(engine: &Settings) -> Vec<(Sla, Span)> {
    let all = engine.policies.all().iter();
    let slas = [Sla::FirstResponse, Sla::NextResponse, Sla::Resolution];
    all.flat_map(|policy| slas.map(|sla| (sla, policy.setting(sla))))
        .filter_map(|(sla, setting)| setting.limit().map(|limit| (sla, limit)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Match, Policy, Setting};
    use crate::model::{FactKind, Medium, Position};

    #[test]
    fn what_is_reloaded_decides_from_then_on_and_what_was_looked_up_stays() {
        let settings = |seconds: i64, phrases: &[&str]| {
            let chats = Match { medium: Some(Medium::Chat), ..Match::default() };
            let policy = Policy { matches: chats, first_response: Setting::Within(Span(seconds * 1_000)), ..Policy::default() };
            CoreSettings {
                engine: Arc::new(Settings { policies: Policies::new(vec![policy]), ..Settings::default() }),
                phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
                auto_texts: Vec::new(),
                windows: vec![Span::HOUR],
                shows_agents: true,
            }
        };
        let mut core = Core::new(&settings(30, &[])).unwrap();
        let mut offset = 0;
        let mut take = |core: &mut Core, second: i64, event: &str| {
            offset += 1;
            let event = format!(r#"{{"id":"e{offset}","time":{},{event}}}"#, 1_764_061_200_000 + second * 1_000);
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
            assert_eq!(core.take(Record { position, arrived: None, value: event.as_bytes() }), Taken::Applied);
        };
        let start = |chat: &str| format!(r#""type":"chat.started","chat":"{chat}","waiting":true"#);
        let rude = |chat: &str| format!(r#""type":"chat.message","chat":"{chat}","from":"agent","agent":"amy","text":"go away""#);
        take(&mut core, 0, &start("before"));
        take(&mut core, 0, &start("rude-before"));
        take(&mut core, 1, &rude("rude-before"));
        let mut decided = core.advance(Reach::Before(Time(1_764_061_202_000)));
        core.reload(&settings(10, &["go away"])).unwrap();
        take(&mut core, 2, &start("after"));
        take(&mut core, 2, &start("rude-after"));
        take(&mut core, 3, &rude("rude-after"));
        decided.extend(core.advance(Reach::Before(Time(1_764_061_300_000))));
        let facts = decided.iter().filter_map(|posted| if let Output::Fact(fact) = &posted.output { Some(fact) } else { None });
        let told: Vec<(&str, i64)> = facts
            .filter(|fact| matches!(fact.kind, FactKind::Breach { .. } | FactKind::Violation { .. }))
            .map(|fact| (fact.conversation.as_ref().unwrap().id.as_str(), (fact.at.0 - 1_764_061_200_000) / 1_000))
            .collect();
        assert_eq!(told, [("rude-after", 3), ("after", 12), ("before", 30)]);
    }

    #[test]
    fn before_the_log_is_caught_up_with_nobody_is_shown_as_waiting() {
        let settings = CoreSettings {
            engine: Arc::new(Settings::default()),
            phrases: Vec::new(),
            auto_texts: Vec::new(),
            windows: vec![Span::HOUR],
            shows_agents: true,
        };
        let mut core = Core::new(&settings).unwrap();
        for offset in 0..9 {
            let chat = format!(
                r#"{{"id":"e{offset}","type":"chat.started","time":"2026-11-23T09:00:00Z","chat":"c{offset}","team":"x","waiting":true}}"#
            );
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
            assert_eq!(core.take(Record { position, arrived: None, value: chat.as_bytes() }), Taken::Applied);
        }
        let clock = core.engine().newest_of_all().unwrap() + Span(1);
        core.advance(Reach::Before(clock));
        let display = Display::default();
        for _ in 0..2 {
            let snapshot = core.snapshot(true, &display);
            assert_eq!(snapshot.live.waiting.len(), 9, "in whatever room");
            core.reuse(Arc::new(snapshot));
        }
        let behind = core.snapshot_behind(&display);
        assert!(!behind.caught_up && behind.live.waiting.is_empty() && behind.live.agents.is_empty());
        assert_eq!(behind.live.clock, clock, "how far it has come is shown");
    }
}
