//! A cheap endless stream for benchmarks: the simulated mix, in steady state, at more than a million events a second.
//!
//! The mix: a fixed number of open conversations, 85 % chats and 15 % tickets. Each record takes a random one a step further along its
//! script: a chat has 14 events (started, assigned, five messages of the customer and four answers of the agent, a private note, the end,
//! a rating), a ticket 13 (created, assigned, work started and stopped twice, pause, two answers, resolved, rated). Its
//! successor starts in its place. Two records in a hundred are statuses of agents. Steps of one conversation are 9 s of event time apart on
//! average (exponentially), so that about one response in seven is over 30 s. Records have about 300 bytes; their times never go back.
//! A seventh of the places stand empty at any moment, between an end and the next start. The first records start a conversation in each
//! place; from then on the state is steady.

use super::Topic;
use super::chance::Chance;
use super::draft::stamp;
use crate::model::Time;

/// The size of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSettings {
    /// Chooses everything that is left to chance.
    pub seed: u64,
    /// Agents who own conversations.
    pub agents: u32,
    /// Conversations that are open at any moment, within some hundredths.
    pub conversations: u32,
    /// The time of the first record.
    pub start: Time,
}

/// One record, borrowed from the generator until the next is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadRecord<'a> {
    /// The event's time.
    pub time: Time,
    /// Where it belongs.
    pub topic: Topic,
    /// The key of its partition: the id of the conversation or agent.
    pub key: &'a [u8],
    /// The event as JSON.
    pub value: &'a [u8],
}

/// The generator.
#[derive(Debug)]
pub struct Load {
    chance: Chance,
    slots: Vec<Slot>,
    agents: usize,
    /// Slots that have got their first conversation.
    filled: usize,
    numbered: u64,
    sent: u64,
    clock: Clock,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// A place for a conversation.
#[derive(Debug, Clone, Copy)]
struct Slot {
    number: u64,
    agent: u32,
    step: u8,
    ticket: bool,
}

/// The time, and how it is written: the part up to the second changes seldom.
#[derive(Debug)]
struct Clock {
    nanos: i64,
    nanos_per_record: i64,
    second: i64,
    written: Vec<u8>,
}

/// Mean event time between two steps of one conversation, in nanoseconds.
const STEP_NANOS: i64 = 9_000_000_000;

/// One record in so many is an agent's status.
const STATUS_EVERY: usize = 50;

const TEAMS: [&str; 5] = ["presale", "aftersale", "vip", "technical", "complaints"];
const STATUSES: [&str; 6] = ["available", "available", "after_contact", "busy", "break", "available"];

/// What comes after the id of the conversation, step by step; `@` is the agent, `$` the customer, `%` the team, `~` filler to the usual size.
const CHAT: [(&str, &str); 14] = [
    ("chat.started", r#","customer":"$","team":"%","channel":"web","topic":"refund","bot":false"#),
    ("chat.message", r#","from":"customer","text":"~""#),
    ("chat.assigned", r#","agent":"@","team":"%""#),
    ("chat.message", r#","from":"agent","agent":"@","text":"~""#),
    ("chat.message", r#","from":"customer","text":"~""#),
    ("chat.message", r#","from":"agent","agent":"@","text":"~""#),
    ("chat.message", r#","from":"customer","text":"~""#),
    ("chat.message", r#","from":"customer","text":"~""#),
    ("chat.message", r#","from":"agent","agent":"@","private":true,"text":"~""#),
    ("chat.message", r#","from":"agent","agent":"@","text":"~""#),
    ("chat.message", r#","from":"customer","text":"~""#),
    ("chat.message", r#","from":"agent","agent":"@","text":"~""#),
    ("chat.ended", r#","reason":"resolved","agent":"@""#),
    ("customer.rated", r#","score":5,"agent":"@""#),
];

const TICKET: [(&str, &str); 13] = [
    (
        "ticket.created",
        r#","kind":"question","severity":"minor","priority":"normal","customer":"$","team":"%","channel":"email","topic":"refund""#,
    ),
    ("ticket.assigned", r#","agent":"@","team":"%""#),
    ("ticket.work", r#","agent":"@","action":"started""#),
    ("ticket.message", r#","from":"agent","agent":"@","text":"~""#),
    ("ticket.status", r#","status":"pending","agent":"@""#),
    ("ticket.work", r#","agent":"@","action":"stopped""#),
    ("ticket.message", r#","from":"customer","text":"~""#),
    ("ticket.status", r#","status":"open","agent":"@""#),
    ("ticket.work", r#","agent":"@","action":"started""#),
    ("ticket.message", r#","from":"agent","agent":"@","text":"~""#),
    ("ticket.work", r#","agent":"@","action":"stopped""#),
    ("ticket.status", r#","status":"resolved","agent":"@""#),
    ("customer.rated", r#","score":4,"agent":"@""#),
];

/// A text of the usual length of a message.
const TEXT: &str = "Your parcel left the warehouse this morning and will be with you tomorrow. 您的包裹已发出,预计明天送达";

/// What producers send along and nobody reads.
const EXTRA: &str = r#","meta":{"node":"cs-07","trace":"4bf92f3577b34da6a3ce929d0e0e4736","client":"android/8.14.2","schema":3}}"#;

impl Load {
    /// A generator at its first record.
    #[must_use]
    pub fn new(settings: &LoadSettings) -> Self {
        let places = settings.conversations.max(1) as usize * 7 / 6;
        let empty = Slot { number: 0, agent: 0, step: 0, ticket: false };
        Self {
            chance: Chance::new(settings.seed),
            slots: vec![empty; places],
            agents: settings.agents.max(1) as usize,
            filled: 0,
            numbered: 0,
            sent: 0,
            clock: Clock {
                nanos: settings.start.0 * 1_000_000,
                nanos_per_record: STEP_NANOS / places as i64,
                second: i64::MIN,
                written: Vec::new(),
            },
            key: Vec::new(),
            value: Vec::new(),
        }
    }

    /// The same with so many records to a second of event time, however long the steps of a conversation are apart then.
    #[must_use]
    pub fn per_second(mut self, records: u32) -> Self {
        self.clock.nanos_per_record = 1_000_000_000 / i64::from(records.max(1));
        self
    }

    /// Makes the next record. There is always one.
    pub fn next_record(&mut self) -> LoadRecord<'_> {
        self.clock.nanos += self.clock.nanos_per_record;
        self.key.clear();
        self.value.clear();
        let topic = if self.filled < self.slots.len() {
            let slot = self.filled;
            self.filled += 1;
            self.start(slot);
            let topic = self.step(slot);
            // Not all conversations go on together: each does so from anywhere in its script up to its end.
            self.slots[slot].step = 1 + self.chance.below(script(self.slots[slot].ticket).len() - 2) as u8;
            topic
        } else if self.chance.below(STATUS_EVERY) == 0 {
            self.status()
        } else {
            let slot = self.chance.below(self.slots.len());
            self.step(slot)
        };
        LoadRecord { time: Time(self.clock.nanos / 1_000_000), topic, key: &self.key, value: &self.value }
    }

    fn start(&mut self, slot: usize) {
        self.numbered += 1;
        let agent = self.chance.below(self.agents) as u32;
        let ticket = self.chance.below(20) < 3;
        self.slots[slot] = Slot { number: self.numbered, agent, step: 0, ticket };
    }

    /// Writes the next event of a conversation, and starts its successor after the last.
    fn step(&mut self, index: usize) -> Topic {
        let slot = self.slots[index];
        let script = script(slot.ticket);
        let (event, fields) = script[usize::from(slot.step)];
        let (field, prefix) = if slot.ticket { ("ticket", b't') } else { ("chat", b'c') };
        self.key.push(prefix);
        write_number(&mut self.key, slot.number, 10);
        self.head(event);
        self.value.extend_from_slice(b",\"");
        self.value.extend_from_slice(field.as_bytes());
        self.value.extend_from_slice(b"\":\"");
        self.value.extend_from_slice(&self.key);
        self.value.push(b'"');
        self.fields(fields, slot);
        if usize::from(slot.step) + 1 == script.len() {
            self.start(index);
        } else {
            self.slots[index].step += 1;
        }
        if slot.ticket { Topic::Ticket } else { Topic::Chat }
    }

    fn status(&mut self) -> Topic {
        let agent = self.chance.below(self.agents) as u32;
        let status = self.chance.pick(&STATUSES);
        write_agent(&mut self.key, agent);
        self.head("agent.status");
        self.value.extend_from_slice(b",\"agent\":\"");
        self.value.extend_from_slice(&self.key);
        self.value.extend_from_slice(b"\",\"status\":\"");
        self.value.extend_from_slice(status.as_bytes());
        self.value.extend_from_slice(b"\",\"team\":\"");
        self.value.extend_from_slice(team_of(agent).as_bytes());
        self.value.push(b'"');
        self.value.extend_from_slice(EXTRA.as_bytes());
        Topic::Agent
    }

    fn head(&mut self, event: &str) {
        self.sent += 1;
        let value = &mut self.value;
        value.extend_from_slice(b"{\"id\":\"load-");
        write_number(value, self.sent, 12);
        value.extend_from_slice(b"\",\"type\":\"");
        value.extend_from_slice(event.as_bytes());
        value.extend_from_slice(b"\",\"time\":");
        self.clock.write(value);
        value.extend_from_slice(b",\"source\":\"load\"");
    }

    fn fields(&mut self, fields: &str, slot: Slot) {
        let value = &mut self.value;
        let mut has_text = false;
        for part in fields.split_inclusive(['@', '$', '%', '~']) {
            let (plain, mark) = part.split_at(part.len() - 1);
            value.extend_from_slice(plain.as_bytes());
            match mark {
                "@" => write_agent(value, slot.agent),
                "$" => {
                    value.push(b'u');
                    write_number(value, slot.number, 10);
                }
                "%" => value.extend_from_slice(team_of(slot.agent).as_bytes()),
                "~" => {
                    value.extend_from_slice(TEXT.as_bytes());
                    has_text = true;
                }
                _ => value.extend_from_slice(mark.as_bytes()),
            }
        }
        value.extend_from_slice(if has_text { b"}" } else { EXTRA.as_bytes() });
    }
}

impl Clock {
    fn write(&mut self, value: &mut Vec<u8>) {
        let millis = self.nanos / 1_000_000;
        let second = millis.div_euclid(1_000);
        if second != self.second {
            self.second = second;
            self.written = stamp(Time(second * 1_000)).into_bytes();
        }
        let start = value.len();
        value.extend_from_slice(&self.written);
        // `…:05.000Z"`: the milliseconds stand before the last two characters.
        if let Some(place) = value[start..].len().checked_sub(5).map(|place| start + place) {
            let digits = [millis.rem_euclid(1_000) / 100, millis.rem_euclid(100) / 10, millis.rem_euclid(10)];
            for (offset, digit) in digits.into_iter().enumerate() {
                value[place + offset] = b'0' + digit as u8;
            }
        }
    }
}

fn script(ticket: bool) -> &'static [(&'static str, &'static str)] {
    if ticket { &TICKET } else { &CHAT }
}

fn team_of(agent: u32) -> &'static str {
    TEAMS[agent as usize % TEAMS.len()]
}

fn write_agent(out: &mut Vec<u8>, agent: u32) {
    out.extend_from_slice(b"agent-");
    write_number(out, u64::from(agent), 5);
}

/// Writes a number with at least so many digits.
fn write_number(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut left = number;
    let mut place = digits.len();
    while left > 0 || digits.len() - place < width {
        place -= 1;
        digits[place] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    out.extend_from_slice(&digits[place..]);
}
