use std::collections::BTreeMap;
use std::path::Path;

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::store::sqlite::tests::{contents, open, place, refused, rows_of, settled, tamper};
use crate::store::{Commit, Reader, Sqlite, Store as _};

fn agent(number: u32, value: Option<Vec<u8>>) -> Row {
    row(Table::Agent, number, value)
}

fn row(table: Table, number: u32, value: Option<Vec<u8>>) -> Row {
    match value {
        Some(value) => Row::put(table, 1, &number, &value),
        None => Row::remove(table, &number),
    }
}

/// What a small piece counts.
const SMALL: usize = 1 << 16;

/// A store that has room for so many small pieces in each lane.
fn open_with(path: &Path, pieces: usize) -> Sqlite {
    let mut store = open(path);
    store.recent.lanes.iter_mut().for_each(|lane| lane.stored_max = pieces * SMALL);
    store
}

fn stored(store: &Sqlite) -> [usize; 2] {
    store.recent.lanes.each_ref().map(|lane| lane.stored)
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
        let room = chance.random_range(0..40);
        let (mut store, mut model, mut most) = (open_with(&place.path, room), BTreeMap::new(), 0);
        for _ in 0..100 {
            let keys: std::collections::BTreeSet<(Table, u32)> = (0..chance.random_range(0..100))
                .map(|_| (if chance.random() { Table::Agent } else { Table::Conversation }, chance.random_range(0..300)))
                .collect();
            let rows: Vec<Row> = keys
                .into_iter()
                .map(|(table, number)| {
                    let value = chance.random_bool(0.7).then(|| vec![chance.random(); chance.random_range(0..50)]);
                    row(table, number, value)
                })
                .collect();
            for row in &rows {
                match &row.value {
                    Some(_) => drop(model.insert((row.table, row.key.clone()), row.clone())),
                    None => drop(model.remove(&(row.table, row.key.clone()))),
                }
            }
            commit(&mut store, rows);
            most = most.max(stored(&store).into_iter().sum());
            if chance.random_bool(0.03) {
                drop(store);
                store = open_with(&place.path, room);
            }
            if chance.random_bool(0.1) {
                assert_eq!(contents(&mut store).unwrap().0, model.values().cloned().collect::<Vec<_>>(), "seed {seed}");
            }
        }
        assert_eq!(rows_of(&Reader::open(&place.path).unwrap()).unwrap(), model.into_values().collect::<Vec<_>>(), "seed {seed}");
        Reader::open(&place.path).unwrap().verify().unwrap();
        assert!(count(&place.path, "state") > 0 && most <= 2 * (room + 2) * SMALL, "rows are carried over and pieces go: {most} of {room}");
    }
}

#[test]
fn a_row_that_changes_again_while_a_round_is_on_its_way_is_not_lost_with_the_piece_before() {
    let value = |value: u8| Some(vec![value]);
    for commits in 1..20 {
        let place = place();
        let mut store = open_with(&place.path, 6);
        commit(&mut store, (0..4).map(|number| agent(number, value(1))).collect());
        commit(&mut store, vec![agent(1, value(2))]);
        (0..commits).for_each(|_| commit(&mut store, vec![agent(3, value(2))]));
        drop(store);
        let wanted: Vec<Row> = [1, 2, 1, 2].into_iter().zip(0..).map(|(at, number)| agent(number, value(at))).collect();
        assert_eq!(contents(&mut open(&place.path)).unwrap().0, wanted, "{commits}");
    }
}

#[test]
fn a_row_that_every_commit_changes_is_never_carried_over_and_its_pieces_go() {
    let place = place();
    let mut store = open_with(&place.path, 6);
    for value in 0..200 {
        commit(&mut store, (0..10).map(|number| agent(number, Some(vec![value; 20]))).collect());
        assert!(stored(&store)[0] <= 7 * SMALL, "{:?}", stored(&store));
    }
    assert_eq!(count(&place.path, "state"), 0);
    commit(&mut store, vec![row(Table::Conversation, 1, Some(vec![1]))]);
    assert_eq!(store.recent.lanes[1].pieces.len(), 1, "conversations have pieces of their own");
}

#[test]
fn rows_that_an_older_program_has_put_into_one_piece_are_carried_over_with_the_next_commit() {
    let place = place();
    let rows = |value: u8| [row(Table::Conversation, 1, Some(vec![1])), agent(1, Some(vec![value])), agent(2, Some(vec![1]))];
    let mut store = open(&place.path);
    let Sqlite { connection, digests, recent, .. } = &mut store;
    let transaction = connection.as_mut().unwrap().transaction().unwrap();
    let both = recent.lanes[1].write(&transaction, digests, &rows(1).each_ref(), 0).unwrap();
    recent.lanes[0].write(&transaction, digests, &[&rows(2)[1]], both).unwrap();
    digests.write(&transaction).unwrap();
    transaction.commit().unwrap();
    drop(store);
    let mut store = open(&place.path);
    assert_eq!(contents(&mut store).unwrap().0, rows(2));
    commit(&mut store, vec![agent(2, None)]);
    assert_eq!((count(&place.path, "recent"), count(&place.path, "state")), (0, 2));
    commit(&mut store, vec![agent(2, Some(vec![3]))]);
    assert_eq!((count(&place.path, "recent"), count(&place.path, "state")), (1, 2), "once is enough");
    drop(store);
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, [&rows(2)[..2], &[agent(2, Some(vec![3]))]].concat());
}

#[test]
fn no_commit_carries_much_more_over_than_others() {
    let place = place();
    let (mut store, mut before) = (open_with(&place.path, 40), 0);
    for number in 0..150 {
        commit(
            &mut store,
            (0..100).map(|row| self::row(Table::Conversation, 7_919 * (100 * number + row) % 16_000, Some(vec![1]))).collect(),
        );
        let carried = count(&place.path, "state");
        assert!(carried - before <= 384, "{} with commit {number}", carried - before);
        before = carried;
    }
    assert!(before > 10_000, "of 15,000 rows, {before}");
}

#[test]
fn a_commit_of_very_many_bytes_is_carried_over_at_once_with_all_before_it() {
    let place = place();
    let mut store = open(&place.path);
    commit(&mut store, vec![agent(1, Some(vec![1; 100])), agent(2, Some(vec![2; 100]))]);
    assert!(count(&place.path, "recent") > 0);
    let large: Vec<Row> = (2..52).map(|number| agent(number, Some(vec![3; 1 << 20]))).collect();
    commit(&mut store, large.clone());
    assert_eq!((count(&place.path, "recent"), stored(&store)), (0, [0, 0]));
    drop(store);
    let wanted: Vec<Row> = [vec![agent(1, Some(vec![1; 100]))], large].concat();
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, wanted);
}

#[test]
fn what_waits_is_counted_by_its_bytes() {
    let place = place();
    let mut store = open(&place.path);
    commit(&mut store, (0..50).map(|number| agent(number, Some(vec![1; 2_000]))).collect());
    commit(&mut store, (0..50).map(|number| row(Table::Conversation, number, Some(vec![1; 20]))).collect());
    let [often, seldom] = stored(&store);
    assert!((100_000..105_000).contains(&often) && seldom == SMALL, "{often}, {seldom}");
    drop(store);
    assert_eq!(stored(&open(&place.path)), [often, seldom]);
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
