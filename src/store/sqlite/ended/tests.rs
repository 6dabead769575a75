use std::path::Path;

use super::super::tests::place;
use super::super::{Reader, Sqlite};
use super::*;
use crate::store::{Commit, Lookup, Store, StoreError};

fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &["chats".to_owned()]).unwrap()
}

fn row(name: &str, touched: i64) -> Row {
    Row::put(Table::Ended, 1, &name, &(touched.to_le_bytes(), vec![7_u8; 60]))
}

fn key(name: &str) -> Vec<u8> {
    Row::remove(Table::Ended, &name).key
}

fn commit(store: &mut Sqlite, rows: Vec<Row>, since: Option<i64>) -> Result<(), StoreError> {
    store.commit(Commit { rows, remembers_since: since.map(Time), ..Commit::default() })
}

/// A closed store with rows of these names, each touched at its place in the list.
fn filled(path: &Path, names: &[&str]) {
    let rows = names.iter().zip(0..).map(|(name, touched)| row(name, touched)).collect();
    commit(&mut open(path), rows, None).unwrap();
}

fn find(path: &Path, names: &[&str]) -> Result<Vec<Row>, String> {
    let mut found = Vec::new();
    let keys: Vec<Vec<u8>> = names.iter().map(|name| key(name)).collect();
    let mut take = |rows: &[Row]| {
        found.extend_from_slice(rows);
        Ok(())
    };
    let done = Reader::open(path).and_then(|mut reader| reader.find(&keys, &mut take));
    done.map(|()| found).map_err(|error| error.to_string())
}

fn loaded(path: &Path) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let store = Sqlite::open(path, &["chats".to_owned()]);
    let read = store.and_then(|mut store| {
        store.load(&mut |piece| {
            rows.extend_from_slice(piece);
            Ok(())
        })
    });
    read.map(|_| rows).map_err(|error| error.to_string())
}

fn verified(path: &Path) -> Result<(), String> {
    Reader::open(path).and_then(|reader| reader.verify()).map_err(|error| error.to_string())
}

fn tamper(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_row_is_found_by_its_key_and_no_start_reads_it() {
    let place = place();
    filled(&place.path, &["b", "d", "f"]);
    assert_eq!(find(&place.path, &["a", "b", "c", "d", "e", "f", "g"]).unwrap(), [row("b", 0), row("d", 1), row("f", 2)]);
    assert_eq!(loaded(&place.path).unwrap(), []);
    verified(&place.path).unwrap();
}

#[test]
fn of_many_keys_in_one_gap_none_hides_a_row_behind_it() {
    let place = place();
    filled(&place.path, &["c", "f"]);
    assert_eq!(find(&place.path, &["a", "b", "c", "d", "e", "f", "g", "h"]).unwrap(), [row("c", 0), row("f", 1)]);
    assert_eq!(find(&place.path, &["h", "g", "f", "e", "d", "c", "b", "a"]).unwrap(), [row("f", 1), row("c", 0)]);
    tamper(&place.path, "DELETE FROM ended WHERE key = x'0166'");
    assert_eq!(find(&place.path, &["a", "b", "c"]).unwrap(), [row("c", 0)]);
    assert!(find(&place.path, &["a", "b", "d", "e", "f"]).unwrap_err().contains("is gone"));
    assert!(find(&place.path, &["g", "h"]).unwrap_err().contains("is gone"));
}

#[test]
fn what_is_kept_is_found_while_the_store_is_written() {
    let place = place();
    let mut store = open(&place.path);
    let mut lookup = store.lookup().unwrap().unwrap();
    let mut seen = |store: &mut Sqlite, rows: Vec<Row>| {
        commit(store, rows, None).unwrap();
        let mut found = Vec::new();
        let take: TakeRows<'_> = &mut |rows| {
            found.extend_from_slice(rows);
            Ok(())
        };
        lookup.find(&[key("a"), key("b")], take).unwrap();
        found
    };
    assert_eq!(seen(&mut store, vec![row("a", 1)]), [row("a", 1)]);
    assert_eq!(seen(&mut store, vec![row("b", 2), row("a", 3)]), [row("a", 3), row("b", 2)]);
    assert_eq!(seen(&mut store, vec![Row::remove(Table::Ended, &"a"), Row::remove(Table::Ended, &"c")]), [row("b", 2)]);
    drop((store, lookup));
    verified(&place.path).unwrap();
}

#[test]
fn whatever_is_put_and_removed_in_whatever_order_the_rest_is_there() {
    use rand::{Rng as _, SeedableRng as _};
    let place = place();
    let mut store = open(&place.path);
    let mut chance = rand::rngs::SmallRng::seed_from_u64(3);
    let mut wanted = std::collections::BTreeMap::new();
    for touched in 0..60 {
        let mut rows = std::collections::BTreeMap::new();
        for _ in 0..chance.random_range(0..8) {
            let name = format!("c{}", chance.random_range(0..25));
            let row = if chance.random_bool(0.6) { row(&name, touched) } else { Row::remove(Table::Ended, &name) };
            rows.insert(row.key.clone(), row);
        }
        for (key, row) in &rows {
            match row.value {
                Some(_) => wanted.insert(key.clone(), row.clone()),
                None => wanted.remove(key),
            };
        }
        commit(&mut store, rows.into_values().collect(), None).unwrap();
    }
    drop(store);
    let names: Vec<String> = (0..25).map(|number| format!("c{number}")).collect();
    let mut found = find(&place.path, &names.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    found.sort();
    assert!(!found.is_empty());
    assert_eq!(found, wanted.into_values().collect::<Vec<_>>());
    verified(&place.path).unwrap();
}

#[test]
fn rows_that_are_not_needed_leave_the_store_some_at_a_time() {
    let place = place();
    let mut store = open(&place.path);
    let rows = (0..3_500).map(|number| row(&format!("c{number:04}"), number)).collect();
    commit(&mut store, rows, Some(-1)).unwrap();
    let count = |store: &Sqlite| -> i64 {
        store.connection.as_ref().unwrap().query_row("SELECT count(*) - 1 FROM ended", (), |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&store), 3_500);
    for (since, left) in [(3_000, 2_500), (3_000, 1_500), (3_000, 500), (3_000, 500), (3_001, 499), (9_999, 0)] {
        commit(&mut store, Vec::new(), Some(since)).unwrap();
        assert_eq!(count(&store), left, "before {since}");
    }
    let again = (0..2_000).map(|number| row(&format!("d{number:04}"), 9_000)).collect();
    commit(&mut store, again, Some(0)).unwrap();
    let new = (0..600).map(|number| row(&format!("e{number:04}"), 9_999)).collect();
    commit(&mut store, new, Some(9_500)).unwrap();
    assert_eq!(count(&store), 600, "more go than come");
    drop(store);
    verified(&place.path).unwrap();
    assert_eq!(find(&place.path, &["c0001", "e0001"]).unwrap(), [row("e0001", 9_999)]);
}

#[test]
fn damage_is_found_when_the_row_is_asked_for_and_in_every_copy() {
    for sql in [
        "UPDATE ended SET value = x'01ff' WHERE key = x'0164'",
        "UPDATE ended SET checksum = 5 WHERE key = x'0164'",
        "UPDATE ended SET key = x'0165' WHERE key = x'0164'",
        "UPDATE ended SET key = x'0141' WHERE key = x'0164'",
        "DELETE FROM ended WHERE key = x'0164'",
        "DELETE FROM ended WHERE key > x''",
        "DELETE FROM ended",
    ] {
        let place = place();
        filled(&place.path, &["b", "d", "f"]);
        tamper(&place.path, sql);
        let said = find(&place.path, &["d"]).unwrap_err();
        assert!(said.contains("is damaged") && said.ends_with("restore a backup"), "{sql}: {said}");
        assert!(verified(&place.path).unwrap_err().contains("is damaged"), "{sql}");
    }
}

#[test]
fn damage_that_no_look_up_meets_is_found_in_every_copy() {
    for sql in [
        "UPDATE ended SET touched = 0 WHERE key = x'0164'",
        "UPDATE ended SET link = 0 WHERE key = x'0166'",
        "UPDATE digests SET sum = sum + 1 WHERE tbl = 13",
        "DELETE FROM digests WHERE tbl = 13",
    ] {
        let place = place();
        filled(&place.path, &["b", "d", "f"]);
        tamper(&place.path, sql);
        assert_eq!(find(&place.path, &["d"]).unwrap(), [row("d", 1)]);
        assert!(verified(&place.path).unwrap_err().contains("is damaged"), "{sql}");
    }
}

#[test]
fn a_start_notices_that_all_are_gone() {
    for sql in ["DELETE FROM ended", "DELETE FROM ended WHERE key > x''", "DELETE FROM digests WHERE tbl = 13"] {
        let place = place();
        filled(&place.path, &["b", "d"]);
        tamper(&place.path, sql);
        assert!(loaded(&place.path).unwrap_err().contains("is damaged"), "{sql}");
    }
}

#[test]
fn nothing_is_written_over_damage_and_nothing_given_up_for_a_wrong_time() {
    for (sql, rows, since) in [
        ("DELETE FROM ended WHERE key = x'0164'", vec![row("d", 9)], None),
        ("DELETE FROM ended WHERE key = x'0164'", vec![row("e", 9)], None),
        ("DELETE FROM ended WHERE key = x'0164'", vec![Row::remove(Table::Ended, &"b")], None),
        ("DELETE FROM ended WHERE key = x'0164'", vec![Row::remove(Table::Ended, &"d")], None),
        ("UPDATE ended SET touched = -9 WHERE key = x'0164'", Vec::new(), Some(0)),
    ] {
        let place = place();
        filled(&place.path, &["b", "d", "f"]);
        tamper(&place.path, sql);
        let said = commit(&mut open(&place.path), rows, since).unwrap_err().to_string();
        assert!(said.contains("is damaged"), "{sql}: {said}");
    }
}

#[test]
fn whatever_bit_is_flipped_no_other_row_is_given_out_and_none_is_lost_unnoticed() {
    use rand::{Rng as _, SeedableRng as _};
    let original = place();
    let names: Vec<String> = (0..3_000).map(|number| format!("chat:{number:05}")).collect();
    let written: Vec<Row> = names.iter().zip(0..).filter(|(_, number)| number % 3 > 0).map(|(name, number)| row(name, number)).collect();
    commit(&mut open(&original.path), written.clone(), None).unwrap();
    let bytes = std::fs::read(&original.path).unwrap();
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(find(&original.path, &asked).unwrap(), written);
    let mut chance = rand::rngs::SmallRng::seed_from_u64(5);
    let mut noticed = 0;
    for flip in 0..100 {
        let (at, bit) = (chance.random_range(0..bytes.len()), chance.random_range(0..8));
        let spoiled = place();
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << bit;
        std::fs::write(&spoiled.path, bytes).unwrap();
        // One by one: each has to be sure of itself.
        let all = Reader::open(&spoiled.path).and_then(|mut reader| {
            for (name, number) in asked.iter().zip(0..) {
                let mut found = Vec::new();
                let take: TakeRows<'_> = &mut |rows| {
                    found.extend_from_slice(rows);
                    Ok(())
                };
                reader.find(&[key(name)], take)?;
                let wanted: Vec<Row> = (number % 3 > 0).then(|| row(name, number)).into_iter().collect();
                assert_eq!(found, wanted, "flip {flip} of bit {bit} at {at}: {name}");
            }
            Ok(())
        });
        noticed += u32::from(all.is_err());
    }
    assert!(noticed > 40, "most of the file is in use: {noticed} of 100 were noticed");
}
