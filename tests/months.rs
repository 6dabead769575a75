//! Fourteen months of a small center over a store: days of closed months leave memory, and everything is shown as if they had not.

#![expect(clippy::unwrap_used, reason = "a test stops where its setting is not as it must be")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use deskpulse::app::publish_ledger;
use deskpulse::clock::Clock;
use deskpulse::config::{self, Config};
use deskpulse::engine::Reach;
use deskpulse::ingest::Record;
use deskpulse::kpi::{PeriodKind, State};
use deskpulse::model::{Day, Name, PartitionId, Position, Row, Span, Table, Time, Zone};
use deskpulse::pipeline::{Core, restore};
use deskpulse::replay::{Print, Replay};
use deskpulse::store::{Commit, Reader, Sqlite, Store};
use rusqlite::{Connection, types::Value as Sql};
use serde_json::Value;

/// 2025-01-01T00:00:00Z.
const START: Time = Time(1_735_689_600_000);
const DAYS: i64 = 425;
const SETTLE: Span = Span(7 * Span::DAY.0);
/// Enough for distributions of responses to have rows of their own.
const MANY: i64 = 150;
const ANSWERED: i64 = 100;
const NOT_ANSWERED: i64 = 110;
const ANSWERED_LATE: i64 = 152;

/// The lines that come on a day, in the order in which they come.
fn lines(day: i64) -> Vec<String> {
    let at = |day: i64, seconds: i64| (START + Span(day * Span::DAY.0 + seconds * 1_000)).0;
    let agent = ["amy", "bob", "cy"][day as usize % 3];
    let team = ["presale", "support"][(day / 55) as usize % 2];
    // Said only when it is another one: rows of months in which nobody says it print it all the same.
    let moves = if day % 55 < 3 { format!(r#","team":"{team}""#) } else { String::new() };
    let (chat, opens) = (format!(r#""chat":"c{day}""#), 9 * 3_600);
    let answered = opens + [12, 29, 45, 300][day as usize % 4];
    let mut lines = vec![
        format!(r#""id":"{day}a","time":{},"type":"agent.status","agent":"{agent}","status":"available"{moves}"#, at(day, 8 * 3_600)),
        format!(r#""id":"{day}b","time":{},"type":"chat.started",{chat},"team":"{team}""#, at(day, opens)),
        format!(r#""id":"{day}c","time":{},"type":"chat.assigned",{chat},"agent":"{agent}""#, at(day, opens)),
        format!(r#""id":"{day}d","time":{},"type":"chat.message",{chat},"from":"customer""#, at(day, opens)),
        format!(r#""id":"{day}e","time":{},"type":"chat.message",{chat},"from":"agent","agent":"{agent}""#, at(day, answered)),
        format!(r#""id":"{day}f","time":{},"type":"chat.ended",{chat},"reason":"resolved","agent":"{agent}""#, at(day, opens + 900)),
    ];
    // On one day so many are answered that distributions of responses have rows of their own; on another, as many are answered too late to be
    // counted in their month.
    let many = |hour: i64| (0..MANY).map(move |number| (number, format!(r#""chat":"many{hour}-{number}""#), hour * 3_600 + number * 60));
    let asks = |number: i64, chat: &str, at: i64| {
        vec![
            format!(r#""id":"{day}m{number}","time":{at},"type":"chat.started",{chat},"team":"{team}""#),
            format!(r#""id":"{day}n{number}","time":{at},"type":"chat.assigned",{chat},"agent":"amy""#),
            format!(r#""id":"{day}o{number}","time":{at},"type":"chat.message",{chat},"from":"customer""#),
        ]
    };
    let answers = |number: i64, chat: &str, at: i64| {
        format!(r#""id":"{day}p{number}","time":{at},"type":"chat.message",{chat},"from":"agent","agent":"amy""#)
    };
    match day {
        ANSWERED => many(10).for_each(|(number, chat, second)| {
            lines.extend(asks(number, &chat, at(day, second)));
            lines.push(answers(number, &chat, at(day, second + number % 50)));
        }),
        NOT_ANSWERED => many(15).for_each(|(number, chat, second)| lines.extend(asks(number, &chat, at(day, second)))),
        ANSWERED_LATE => {
            lines.extend(many(15).map(|(number, chat, second)| answers(number, &chat, at(NOT_ANSWERED, second + number % 50))));
        }
        _ => {}
    }
    // Some are on duty over days, and over the end of a month.
    if day % 5 > 0 {
        lines.push(format!(r#""id":"{day}g","time":{},"type":"agent.status","agent":"{agent}","status":"offline""#, at(day, 18 * 3_600)));
    }
    // Every tenth day somebody is not answered; that he was becomes known when the month is closed, and takes the breach back.
    if day % 10 == 3 {
        let chat = format!(r#""chat":"late{day}""#);
        lines.extend([
            format!(r#""id":"{day}h","time":{},"type":"chat.started",{chat},"team":"{team}""#, at(day, 80_000)),
            format!(r#""id":"{day}i","time":{},"type":"chat.assigned",{chat},"agent":"{agent}""#, at(day, 80_000)),
            format!(r#""id":"{day}j","time":{},"type":"chat.message",{chat},"from":"customer""#, at(day, 80_000)),
        ]);
    }
    if day % 10 == 5 && day > 42 {
        let (then, chat) = (day - 42, format!(r#""chat":"late{}""#, day - 42));
        let agent = ["amy", "bob", "cy"][then as usize % 3];
        lines.push(format!(r#""id":"{day}k","time":{},"type":"chat.message",{chat},"from":"agent","agent":"{agent}""#, at(then, 80_010)));
    }
    lines.into_iter().map(|line| format!("{{{line}}}")).collect()
}

struct Setting {
    folder: tempfile::TempDir,
    config: Config,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let text = format!("time_zone = \"UTC\"\n[store]\npath = {:?}\n[engine]\nsettle = \"7d\"\n", path.to_str().unwrap());
        let config = config::parse(&text, "test.toml", folder.path(), []).unwrap();
        Self { folder, config }
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(Path::new(&self.config.store.path), &["chat.events".to_owned()]).unwrap()
    }

    /// A core as a start makes it.
    fn core(&self, store: &mut Sqlite) -> Core {
        let mut core = Core::new(&self.config.core_settings().unwrap().keeping_changes()).unwrap();
        core.evict_closed();
        restore(&mut core, store, Clock::start()).unwrap();
        core
    }

    /// The stored rows of months that are closed at `clock`.
    fn closed(&self, clock: Time) -> BTreeMap<(Table, Vec<u8>), Row> {
        let mut closed = BTreeMap::new();
        let take = &mut |rows: &[Row]| {
            closed.extend(rows.iter().filter(|row| is_closed(row, clock)).map(|row| ((row.table, row.key.clone()), row.clone())));
            Ok(())
        };
        Reader::open(Path::new(&self.config.store.path)).unwrap().rows(take).unwrap();
        closed
    }

    /// What a replay prints of all months.
    fn printed(&self) -> Vec<String> {
        let files: Vec<PathBuf> = vec![self.folder.path().join("events.ndjson")];
        std::fs::write(&files[0], (0..DAYS).flat_map(lines).collect::<Vec<_>>().join("\n")).unwrap();
        let replay = Replay { config: &self.config, files: &files, until: None, strict: false };
        let mut out = Vec::new();
        replay.print(Print::Totals(PeriodKind::Month), &mut out, &mut |_| ()).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }
}

fn is_closed(row: &Row, clock: Time) -> bool {
    let day = match row.table {
        Table::Total | Table::Correction => row.read_key::<Day>().unwrap(),
        Table::AgentTeam => row.read_key::<(Name, Day)>().unwrap().1,
        _ => return false,
    };
    Zone::utc().month_start(day.month().next()) + SETTLE <= clock
}

/// Runs the service's part over all days; a commit a day, a start now and then.
fn run(setting: &Setting) -> Core {
    let mut store = setting.store();
    let mut core = setting.core(&mut store);
    let (mut closed, mut most) = (BTreeMap::new(), 0);
    for day in 0..DAYS {
        for (line, offset) in lines(day).iter().zip(day * 1_000..) {
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
            core.take(Record { position, arrived: None, value: line.as_bytes() });
        }
        let newest = core.engine().newest_of_all().unwrap();
        core.advance(if day + 1 < DAYS { Reach::Before(newest - setting.config.engine.allowed_lateness) } else { Reach::Through(newest) });
        store.commit(Commit { rows: core.changes(), ..Commit::default() }).unwrap();
        if day % 37 == 36 {
            drop(store);
            store = setting.store();
            core = setting.core(&mut store);
        }
        let rows: Vec<_> = core.totals(PeriodKind::Day).collect();
        assert!(rows.iter().all(|row| row.state != State::Closed), "day {day}: only months that are not closed are held");
        most = most.max(rows.iter().map(|row| row.period).collect::<BTreeSet<_>>().len());
        if day % 9 == 0 {
            let now = setting.closed(core.engine().clock());
            assert!(closed.iter().all(|(key, row)| now.get(key) == Some(row)), "day {day}: rows of closed months are what they were");
            closed = now;
        }
    }
    assert!((37..=38).contains(&most), "{most} days at most: a month and a week");
    assert!(closed.len() > 1_000, "{}", closed.len());
    for table in [Table::Total, Table::Correction] {
        let distributions = closed.values().filter(|row| row.table == table && row.version() == Some(2)).count();
        assert_eq!(distributions, 2, "of the agent and of the team, in {table:?}");
    }
    core
}

#[test]
fn memory_holds_months_that_are_not_closed_and_the_published_copy_is_what_a_replay_prints() {
    let setting = Setting::new();
    run(&setting);
    let copy = setting.folder.path().join("ledger.db");
    publish_ledger(&setting.config, &copy, Time(1_000)).unwrap();
    let printed: Vec<Value> = setting.printed().iter().map(|line| serde_json::from_str(line).unwrap()).map(as_stored).collect();
    let corrections = printed.iter().filter(|row| row["corrects"].is_string() && row["kpi"] == "response_breaches");
    assert!(corrections.count() > 50 && printed.iter().filter(|row| row["state"] == "closed").count() > 500);
    let published = published(&copy);
    assert_eq!(published.len(), printed.len());
    for (published, printed) in published.iter().zip(&printed) {
        assert_eq!(published, printed);
    }
}

/// A printed row with numbers as a column holds them.
fn as_stored(mut row: Value) -> Value {
    for value in row.as_object_mut().unwrap().values_mut() {
        *value = value.as_f64().map_or_else(|| value.take(), Value::from);
    }
    row
}

/// The rows of totals of a published copy, in their order, as a replay prints them.
fn published(copy: &Path) -> Vec<Value> {
    let connection = Connection::open(copy).unwrap();
    let mut query = connection.prepare("SELECT * FROM total ORDER BY rowid").unwrap();
    let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row<'_>| {
        let field = |(index, column): (usize, &String)| match row.get_unwrap::<_, Sql>(index) {
            Sql::Null if ["value", "team", "medium"].contains(&column.as_str()) => Some((column.clone(), Value::Null)),
            Sql::Text(text) => Some((column.clone(), text.into())),
            Sql::Integer(number) => Some((column.clone(), (number as f64).into())),
            Sql::Real(number) => Some((column.clone(), number.into())),
            _ => None,
        };
        Ok(columns.iter().enumerate().filter_map(field).collect())
    };
    query.query_map([], row).unwrap().map(|row| Value::Object(row.unwrap())).collect()
}
