use std::fs;

use rusqlite::Connection;

use super::*;
use crate::engine::Reach;
use crate::ingest::Record;
use crate::model::{Day, PartitionId, Position, Row, Span};
use crate::store::{Commit, Sqlite, Store};

/// 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);
const DAYS: i64 = 150;

/// A store with a chat on every third day; on some days it is answered so late that its month is closed.
fn setting(folder: &Path) -> (Config, Core) {
    let text = format!("time_zone = \"UTC\"\n[store]\npath = {:?}\n", folder.join("store.db"));
    let config = crate::config::parse(&text, "test.toml", folder, []).unwrap();
    let mut core = Core::new(&config.core_settings().unwrap().keeping_changes()).unwrap();
    for (number, day) in (0..DAYS).step_by(3).enumerate() {
        let answered = if day % 4 == 0 { 40 * Span::DAY.0 } else { 20_000 };
        let (chat, agent) = (format!(r#""chat":"c{day}""#), ["amy", "bob"][number % 2]);
        let (at, team) = (START.0 + day * Span::DAY.0, ["presale", "support"][number / 10 % 2]);
        let lines = [
            format!(r#"{{"id":"{day}a","time":{at},"type":"chat.started",{chat},"team":"{team}"}}"#),
            format!(r#"{{"id":"{day}b","time":{at},"type":"chat.message",{chat},"from":"customer"}}"#),
            format!(r#"{{"id":"{day}c","time":{},"type":"chat.message",{chat},"from":"agent","agent":"{agent}"}}"#, at + answered),
        ];
        for (line, offset) in lines.iter().zip(day * 3..) {
            let position = Position { partition: PartitionId { topic: 0, partition: 0 }, offset };
            core.take(Record { position, arrived: None, value: line.as_bytes() });
        }
    }
    core.advance(Reach::Through(core.engine().newest_of_all().unwrap()));
    let mut store = Sqlite::open(Path::new(&config.store.path), &["events".to_owned()]).unwrap();
    store.commit(Commit { rows: core.changes(), ..Commit::default() }).unwrap();
    (config, core)
}

/// The rows of a published copy, in their order: what they are of, and all of them.
fn published(copy: &Path) -> (Vec<String>, Vec<String>) {
    let connection = Connection::open(copy).unwrap();
    let rows = |columns: &str| {
        let mut query = connection.prepare(&format!("SELECT concat_ws(' ', {columns}) FROM total ORDER BY rowid")).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let of = "period, state, scope, id, team, medium, kpi, corrects";
    (rows(of), rows(&format!("{of}, value, count, sum, numerator, denominator, p50, p90, p99")))
}

#[test]
fn however_few_closed_months_are_read_at_a_time_the_copy_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (config, mut core) = setting(folder.path());
    let copies = [1, 2_000, usize::MAX].map(|at_a_time| {
        let copy = folder.path().join(format!("{at_a_time}.db"));
        publish_some_at_a_time(&config, &copy, START, at_a_time).unwrap();
        published(&copy)
    });
    let row = |row: crate::kpi::TotalRow| {
        let of =
            [Some(row.period.to_string()), Some(row.state.word().to_owned()), Some(row.scope.word().to_owned()), Some(row.id.to_string())];
        let more = [row.team.map(|team| team.to_string()), row.medium.map(|medium| medium.word().to_owned()), Some(row.kpi.id.to_owned())];
        let all = of.into_iter().chain(more).chain([row.corrects.map(|month| month.to_string())]);
        all.flatten().collect::<Vec<_>>().join(" ")
    };
    let wanted: Vec<String> = core.totals(PeriodKind::Month).map(row).collect();
    let months =
        |ends: &str| wanted.iter().filter(|row| row.contains(ends)).map(|row| &row[..7]).collect::<std::collections::BTreeSet<_>>().len();
    assert!(months(" closed ") > 3 && wanted.iter().any(|row| row.ends_with(" 2026-01")), "{wanted:?}");
    assert_eq!(copies[0].0, wanted);
    assert_eq!(copies[0], copies[1]);
    assert_eq!(copies[1], copies[2]);
}

#[test]
fn a_closed_month_that_cannot_be_read_leaves_the_copy_before() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = setting(folder.path());
    let copy = folder.path().join("copy.db");
    publish_ledger(&config, &copy, START).unwrap();
    let before = fs::read(&copy).unwrap();
    let mut store = Sqlite::open(Path::new(&config.store.path), &["events".to_owned()]).unwrap();
    let newer = Row::put(Table::Total, 99, &(Day(20_460), "?"), &0);
    store.commit(Commit { rows: vec![newer], ..Commit::default() }).unwrap();
    let failed = publish_ledger(&config, &copy, START).unwrap_err().to_string();
    assert!(failed.contains("newer deskpulse"), "{failed}");
    assert_eq!(fs::read(&copy).unwrap(), before);
}

#[test]
fn months_are_read_together_as_far_as_there_is_room() {
    let sizes = |sizes: &[(i32, usize)]| sizes.iter().map(|(month, size)| (Month(*month), *size)).collect::<BTreeMap<_, _>>();
    let table = [
        (vec![], 9, vec![]),
        (vec![(1, 4), (2, 6), (3, 1), (5, 10)], 9, vec![(1, 3), (3, 4), (5, 6)]),
        (vec![(1, 4), (2, 6), (3, 1), (5, 10)], 5, vec![(1, 3), (3, 4)]),
        (vec![(1, 40), (2, 50), (3, 1)], 9, vec![(1, 2), (2, 3), (3, 4)]),
        (vec![(1, 1), (5, 9)], 9, vec![(1, 6)]),
    ];
    for (given, end, wanted) in table {
        let found = some_at_a_time(&sizes(&given), Month(end), 10);
        assert_eq!(found, wanted.into_iter().map(|(from, to)| Month(from)..Month(to)).collect::<Vec<_>>(), "{given:?} before {end}");
    }
}
