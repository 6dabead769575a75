use std::collections::BTreeMap;
use std::path::Path;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::store::sqlite::tests::{contents, open, place, refused, settled, tamper};
use crate::store::{Commit, Reader, Sqlite, Store as _};

fn agent(number: u32, value: Option<Vec<u8>>) -> Row {
    match value {
        Some(value) => Row::put(Table::Agent, 1, &number, &value),
        None => Row::remove(Table::Agent, &number),
    }
}

fn commit(store: &mut Sqlite, rows: Vec<Row>) {
    store.commit(Commit { rows, ..Commit::default() }).unwrap();
}

fn count(path: &Path, relation: &str) -> i64 {
    rusqlite::Connection::open(path).unwrap().query_row(&format!("SELECT count(*) FROM {relation}"), (), |row| row.get(0)).unwrap()
}

#[test]
fn whatever_is_carried_over_and_whenever_it_is_opened_the_rows_are_those_that_were_committed() {
    for seed in 0..20 {
        let (place, mut chance) = (place(), SmallRng::seed_from_u64(seed));
        let (mut store, mut model, mut most) = (open(&place.path), BTreeMap::new(), 0);
        for _ in 0..150 {
            let numbers: std::collections::BTreeSet<u32> = (0..chance.random_range(0..4)).map(|_| chance.random_range(0..30)).collect();
            let rows: Vec<Row> = numbers
                .into_iter()
                .map(|number| {
                    let value = chance.random_bool(0.7).then(|| vec![chance.random(); chance.random_range(0..50)]);
                    agent(number, value)
                })
                .collect();
            for row in &rows {
                match &row.value {
                    Some(_) => drop(model.insert(row.key.clone(), row.clone())),
                    None => drop(model.remove(&row.key)),
                }
            }
            commit(&mut store, rows);
            most = most.max(store.recent.pieces.len());
            if chance.random_bool(0.03) {
                drop(store);
                store = open(&place.path);
            }
            if chance.random_bool(0.1) {
                assert_eq!(contents(&mut store).unwrap().0, model.values().cloned().collect::<Vec<_>>(), "seed {seed}");
            }
        }
        let reader = Reader::open(&place.path).unwrap();
        let mut read = Vec::new();
        reader
            .rows(&mut |rows| {
                read.extend_from_slice(rows);
                Ok(())
            })
            .unwrap();
        assert_eq!(read, model.into_values().collect::<Vec<_>>(), "seed {seed}");
        reader.verify().unwrap();
        assert!(count(&place.path, "state") > 0 && most < 120, "rows are carried over and pieces go: {most}");
    }
}

#[test]
fn a_row_that_changes_again_while_a_round_is_on_its_way_is_not_lost_with_the_piece_before() {
    let place = place();
    let mut store = open(&place.path);
    let value = |value: u8| Some(vec![value]);
    commit(&mut store, (0..4).map(|number| agent(number, value(1))).collect());
    // Each of these carries one row over: the first is changed again after that, and a round ends before its turn comes.
    for number in [0, 3, 3, 3] {
        commit(&mut store, vec![agent(number, value(2))]);
    }
    drop(store);
    let wanted: Vec<Row> = [2, 1, 1, 2].into_iter().zip(0..).map(|(at, number)| agent(number, value(at))).collect();
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, wanted);
}

#[test]
fn a_commit_of_very_many_bytes_is_carried_over_at_once_with_all_before_it() {
    let place = place();
    let mut store = open(&place.path);
    commit(&mut store, vec![agent(1, Some(vec![1; 100])), agent(2, Some(vec![2; 100]))]);
    assert!(count(&place.path, "recent") > 0);
    let large: Vec<Row> = (2..52).map(|number| agent(number, Some(vec![3; 1 << 20]))).collect();
    commit(&mut store, large.clone());
    assert_eq!((count(&place.path, "recent"), store.recent.bytes, store.recent.stored), (0, 0, 0));
    drop(store);
    let wanted: Vec<Row> = [vec![agent(1, Some(vec![1; 100]))], large].concat();
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, wanted);
}

#[test]
fn what_waits_is_counted_by_its_bytes() {
    let place = place();
    let mut store = open(&place.path);
    commit(&mut store, (0..50).map(|number| agent(number, Some(vec![1; 100]))).collect());
    commit(&mut store, (0..50).map(|number| agent(number, Some(vec![1; 20]))).collect());
    let bytes = |recent: &Recent| -> usize { recent.rows.iter().map(|(key, value)| cost(&key.1, value.as_deref())).sum() };
    assert_eq!(
        (store.recent.rows.len(), store.recent.bytes),
        (49, bytes(&store.recent)),
        "one row came again after it was carried over, the next was"
    );
    let (bytes, stored) = (store.recent.bytes, store.recent.stored);
    drop(store);
    let read = open(&place.path).recent;
    assert_eq!(read.stored, stored);
    assert!(read.bytes > bytes, "what was carried over is there until its piece goes");
}

#[test]
fn a_piece_that_was_changed_removed_added_or_moved_is_found() {
    for sql in [
        "UPDATE recent SET content = (SELECT content FROM recent WHERE number = 1) WHERE number = 2",
        "UPDATE recent SET number = number + 10 WHERE number = 1",
        "UPDATE recent SET checksum = checksum + 1",
        "DELETE FROM recent WHERE number = 2",
        "DELETE FROM recent",
        "INSERT INTO recent SELECT number + 10, content, checksum FROM recent",
    ] {
        let place = place();
        let mut store = open(&place.path);
        (0..3).for_each(|number| commit(&mut store, vec![agent(number, Some(vec![1])), agent(number + 10, Some(vec![2]))]));
        drop(store);
        tamper(&place.path, sql);
        let said = refused(&place.path, &["chats", "agents"]);
        assert!(said.contains("is damaged") && said.ends_with("restore a backup"), "{sql}: {said}");
        assert!(Reader::open(&place.path).unwrap().verify().is_err(), "{sql}");
    }
}

#[test]
fn nothing_waits_after_all_was_carried_over() {
    let place = place();
    commit(&mut open(&place.path), vec![agent(1, Some(vec![1])), agent(2, Some(vec![2]))]);
    settled(&place.path);
    assert_eq!((count(&place.path, "recent"), count(&place.path, "state")), (0, 2));
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, [agent(1, Some(vec![1])), agent(2, Some(vec![2]))]);
}
