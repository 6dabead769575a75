//! Who works here: teams, agents and their shifts.

use std::collections::VecDeque;

use super::chance::Chance;
use crate::model::{Span, Time};

/// What a team is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    Presale,
    Aftersale,
    Vip,
    Technical,
    Complaints,
}

/// One team.
#[derive(Debug)]
pub(super) struct Team {
    /// Its name in events.
    pub(super) name: String,
    pub(super) duty: Duty,
    /// Its share of customers and of agents, relative to the others.
    pub(super) weight: f64,
    /// Its agents, by index.
    pub(super) members: Vec<usize>,
    /// Its chats that wait for an agent, longest first.
    pub(super) queue: VecDeque<u64>,
}

/// An agent's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Offline,
    Available,
    AfterContact,
    Busy,
    Meeting,
    Training,
    Break,
}

impl Status {
    /// The word in events; each is in the default table of categories.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Available => "available",
            Self::AfterContact => "after_contact",
            Self::Busy => "busy",
            Self::Meeting => "meeting",
            Self::Training => "training",
            Self::Break => "break",
        }
    }
}

/// What an agent does as soon as his desk is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Pauses with this status for so long.
    Pause(Status, Span),
    /// Goes home.
    Leave,
}

/// One agent.
#[derive(Debug)]
pub(super) struct Agent {
    /// His id in events.
    pub(super) id: String,
    /// His name, for people.
    pub(super) name: String,
    pub(super) team: usize,
    pub(super) shift: Shift,
    /// How long he takes, relative to others.
    pub(super) pace: f64,
    pub(super) status: Status,
    /// Counts his statuses, so that what was planned for an earlier one is void.
    pub(super) turn: u32,
    pub(super) intent: Option<Intent>,
    /// His open chats.
    pub(super) chats: Vec<u64>,
    /// Whether one of them is a phone call.
    pub(super) on_call: bool,
    /// When he has typed all that he has begun.
    pub(super) free_at: Time,
    /// The ticket that he works on.
    pub(super) work: Option<u64>,
    /// His tickets that wait for him.
    pub(super) desk: VecDeque<u64>,
}

impl Agent {
    /// Whether he may be given a chat while he has fewer than `limit`.
    pub(super) fn takes_chat(&self, limit: usize) -> bool {
        self.status == Status::Available && self.intent.is_none() && !self.on_call && self.chats.len() < limit
    }

    /// Whether anything on his desk keeps him from leaving it.
    pub(super) fn is_engaged(&self) -> bool {
        !self.chats.is_empty() || self.work.is_some()
    }
}

/// A shift, from the day's midnight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    pub(super) begin: Span,
    pub(super) length: Span,
}

const fn minutes(count: i64) -> Span {
    Span(count * Span::MINUTE.0)
}

/// Early, day, late and night, with the share of agents on each.
const SHIFTS: [(Shift, f64); 4] = [
    (Shift { begin: minutes(450), length: minutes(540) }, 0.28),
    (Shift { begin: minutes(510), length: minutes(540) }, 0.33),
    (Shift { begin: minutes(780), length: minutes(540) }, 0.31),
    (Shift { begin: minutes(1305), length: minutes(600) }, 0.08),
];

/// The teams with their share of customers.
const TEAMS: [(&str, Duty, f64); 5] = [
    ("aftersale", Duty::Aftersale, 0.36),
    ("presale", Duty::Presale, 0.30),
    ("complaints", Duty::Complaints, 0.10),
    ("vip", Duty::Vip, 0.12),
    ("technical", Duty::Technical, 0.12),
];

const FAMILY: [(&str, &str); 20] = [
    ("chen", "陈"),
    ("li", "李"),
    ("wang", "王"),
    ("zhang", "张"),
    ("liu", "刘"),
    ("yang", "杨"),
    ("zhao", "赵"),
    ("huang", "黄"),
    ("zhou", "周"),
    ("wu", "吴"),
    ("xu", "徐"),
    ("sun", "孙"),
    ("hu", "胡"),
    ("zhu", "朱"),
    ("gao", "高"),
    ("lin", "林"),
    ("he", "何"),
    ("guo", "郭"),
    ("ma", "马"),
    ("luo", "罗"),
];

const GIVEN: [(&str, &str); 16] = [
    ("wei", "伟"),
    ("fang", "芳"),
    ("na", "娜"),
    ("min", "敏"),
    ("jing", "静"),
    ("lei", "磊"),
    ("yan", "燕"),
    ("jun", "军"),
    ("jie", "洁"),
    ("tao", "涛"),
    ("hui", "慧"),
    ("ling", "玲"),
    ("xin", "欣"),
    ("yue", "悦"),
    ("bo", "博"),
    ("qian", "倩"),
];

/// So many teams (at least one): the five above, then second and third ones of them, as `vip-2`.
pub(super) fn teams(count: usize) -> Vec<Team> {
    (0..count.max(1))
        .map(|index| {
            let (name, duty, weight) = TEAMS[index % TEAMS.len()];
            let name = match index / TEAMS.len() {
                0 => name.to_owned(),
                more => format!("{name}-{}", more + 1),
            };
            Team { name, duty, weight, members: Vec::new(), queue: VecDeque::new() }
        })
        .collect()
}

/// So many agents, dealt out to the teams by weight and to the shifts by share; every team gets one before any gets two.
pub(super) fn agents(count: usize, teams: &mut [Team], chance: &mut Chance) -> Vec<Agent> {
    (0..count)
        .map(|index| {
            let team = neediest(teams);
            let rank = teams[team].members.len();
            teams[team].members.push(index);
            agent(index, team, shift_of(rank, team), chance)
        })
        .collect()
}

fn neediest(teams: &[Team]) -> usize {
    let need = |team: &Team| (team.members.len() as f64) / team.weight + if team.members.is_empty() { -1e9 } else { 0.0 };
    (0..teams.len()).min_by(|&a, &b| need(&teams[a]).total_cmp(&need(&teams[b]))).unwrap_or(0)
}

/// Spreads the members of a team over the shifts, low-discrepancy, so that small teams cover the day as well.
fn shift_of(rank: usize, team: usize) -> Shift {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let mut place = (rank as f64 * GOLDEN + 0.1 + team as f64 * 0.17).fract();
    for (shift, share) in SHIFTS {
        if place < share {
            return shift;
        }
        place -= share;
    }
    SHIFTS[0].0
}

fn agent(index: usize, team: usize, shift: Shift, chance: &mut Chance) -> Agent {
    let (family, family_zh) = FAMILY[index % FAMILY.len()];
    let (given, given_zh) = GIVEN[(index / FAMILY.len() * 7 + index) % GIVEN.len()];
    let id = match index / (FAMILY.len() * GIVEN.len()) {
        0 => format!("{family}.{given}"),
        more => format!("{family}.{given}{}", more + 1),
    };
    Agent {
        id,
        name: format!("{family_zh}{given_zh}"),
        team,
        shift,
        pace: 0.75 + 0.5 * chance.unit(),
        status: Status::Offline,
        turn: 0,
        intent: None,
        chats: Vec::new(),
        on_call: false,
        free_at: Time::MIN,
        work: None,
        desk: VecDeque::new(),
    }
}
