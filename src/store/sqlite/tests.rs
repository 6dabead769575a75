use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::model::{Mark, NextOffset, Row, Table};

pub(super) struct Place {
    _folder: tempfile::TempDir,
    pub(super) path: PathBuf,
}

pub(super) fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    Place { _folder: folder, path }
}

fn topics(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &topics(&["chats", "agents"])).unwrap()
}

pub(super) fn contents(store: &mut Sqlite) -> Result<(Vec<Row>, BTreeMap<PartitionId, Reached>), StoreError> {
    let mut rows = Vec::new();
    let positions = store.load(&mut |piece| {
        rows.extend_from_slice(piece);
        Ok(())
    })?;
    Ok((rows, positions))
}

fn part(topic: u16, partition: u32) -> PartitionId {
    PartitionId { topic, partition }
}

fn reached(next: i64) -> Reached {
    Reached { next: NextOffset(next), last: Some(Mark::of(next - 1, b"value")) }
}

fn agents(names: &[&str], value: u32) -> Vec<Row> {
    names.iter().map(|name| Row::put(Table::Agent, 1, name, &value)).collect()
}

/// A closed store with some rows.
fn filled(path: &Path) {
    let mut store = open(path);
    contents(&mut store).unwrap();
    store
        .commit(Commit { rows: agents(&["amy", "bob"], 1), positions: BTreeMap::from([(part(0, 3), reached(7))]), ..Commit::default() })
        .unwrap();
}

/// All rows that a start would read, in their order.
pub(super) fn rows_of(reader: &Reader) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::new();
    let mut take = |rows: &[Row]| {
        found.extend_from_slice(rows);
        Ok(())
    };
    reader.rows(&mut take).map(|()| found)
}

/// Leaves no rows that changed lately beside the others.
pub(super) fn settled(path: &Path) {
    let mut store = open(path);
    let Sqlite { connection, digests, recent, .. } = &mut store;
    let transaction = connection.as_mut().unwrap().transaction().unwrap();
    recent.carry_all(&transaction, digests, &[]).unwrap();
    digests.write(&transaction).unwrap();
    transaction.commit().unwrap();
}

pub(super) fn refused(path: &Path, names: &[&str]) -> String {
    match Sqlite::open(path, &topics(names)) {
        Ok(mut store) => contents(&mut store).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

/// Runs SQL on the file behind the store's back.
pub(super) fn tamper(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn what_an_index_has_lost_is_damage() {
    let place = place();
    drop(open(&place.path));
    let root: i64 = {
        let connection = rusqlite::Connection::open(&place.path).unwrap();
        connection.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'receipt_block_day'", (), |row| row.get(0)).unwrap()
    };
    let verified = || Reader::open(&place.path).unwrap().verify().map_err(|error| error.to_string());
    assert_eq!(verified(), Ok(()));
    tamper(&place.path, "INSERT INTO receipt_block VALUES (0, 0, 0, 9, 0, 0, 0, 0, x'', 0, 0, x'')");
    // A row that changes while the index is out of the schema is found where it was.
    tamper(&place.path, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'receipt_block_day'");
    tamper(&place.path, "UPDATE receipt_block SET day = 7");
    tamper(
        &place.path,
        &format!(
            "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('index', 'receipt_block_day', 'receipt_block', {root}, \
             'CREATE INDEX receipt_block_day ON receipt_block (day, from_ms)')"
        ),
    );
    assert!(verified().unwrap_err().contains("receipt_block_day"));
}

#[test]
fn what_was_committed_is_there_after_the_store_was_opened_again() {
    let place = place();
    filled(&place.path);
    let mut store = open(&place.path);
    assert!(!store.is_new());
    contents(&mut store).unwrap();
    let mut rows = agents(&["amy"], 2);
    rows.push(Row::remove(Table::Agent, &"bob"));
    rows.push(Row::remove(Table::Agent, &"cleo"));
    rows.push(Row::put(Table::Clock, 1, &0, &9));
    store.commit(Commit { rows, positions: BTreeMap::from([(part(1, 0), reached(2))]), ..Commit::default() }).unwrap();
    drop(store);
    let (rows, positions) = contents(&mut open(&place.path)).unwrap();
    assert_eq!(rows, [Row::put(Table::Clock, 1, &0, &9), Row::put(Table::Agent, 1, &"amy", &2_u32)]);
    assert_eq!(positions, BTreeMap::from([(part(0, 3), reached(7)), (part(1, 0), reached(2))]));
}

#[test]
fn a_second_process_is_kept_out_and_told_who_has_the_store() {
    let place = place();
    let first = open(&place.path);
    let said = refused(&place.path, &["chats", "agents"]);
    assert!(said.contains(&format!("in use by process {}", std::process::id())), "{said}");
    drop(first);
    drop(open(&place.path));
}

#[test]
fn a_store_keeps_its_id_and_no_two_have_the_same() {
    let (one, other) = (place(), place());
    let (first, second) = (open(&one.path).id().clone(), open(&other.path).id().clone());
    assert_ne!(first, second);
    assert_eq!(open(&one.path).id(), &first);
    assert!(first.as_str().starts_with(StoreId::PREFIX) && first.as_str().len() == StoreId::PREFIX.len() + 32, "{first:?}");
}

#[test]
fn topics_keep_their_numbers_whatever_the_order_of_the_configuration() {
    let place = place();
    drop(open(&place.path));
    let store = Sqlite::open(&place.path, &topics(&["tickets", "agents", "chats"])).unwrap();
    assert_eq!(*store.topics(), topics(&["chats", "agents", "tickets"]));
    drop(store);
    let said = refused(&place.path, &["chats", "tickets"]);
    assert!(said.contains("topic agents, which kafka.topics does not name"), "{said}");
}

#[test]
fn a_topic_that_is_left_keeps_its_number_and_may_come_back() {
    let place = place();
    filled(&place.path);
    let unread = |store: &Sqlite| store.unread().iter().cloned().collect::<Vec<_>>();
    let store = Sqlite::open_leaving(&place.path, &topics(&["agents", "tickets"])).unwrap();
    assert_eq!((unread(&store), store.topics().to_vec()), (topics(&["chats"]), topics(&["chats", "agents", "tickets"])));
    drop(store);
    drop(Sqlite::open(&place.path, &topics(&["agents", "tickets"])).expect("it was accepted once"));
    let mut store = Sqlite::open(&place.path, &topics(&["tickets", "agents", "chats"])).unwrap();
    assert_eq!(unread(&store), topics(&[]));
    assert!(contents(&mut store).unwrap().1.contains_key(&part(0, 3)));
}

#[test]
fn a_database_of_another_program_and_a_newer_store_are_refused_and_left_as_they_are() {
    let (other, newer, text) = (place(), place(), place());
    tamper(&other.path, "CREATE TABLE t (x); PRAGMA user_version = 7");
    assert!(refused(&other.path, &["chats"]).contains("is no store of deskpulse"));
    filled(&newer.path);
    tamper(&newer.path, "PRAGMA user_version = 5");
    let wanted = "was written in version 5 of its form, this deskpulse knows up to 4: use the newer deskpulse again";
    assert!(refused(&newer.path, &["chats"]).ends_with(wanted));
    assert!(Reader::open(&newer.path).unwrap_err().to_string().ends_with(wanted));
    std::fs::write(&text.path, "time_zone = \"UTC\"\n".repeat(100)).unwrap();
    assert!(refused(&text.path, &["chats"]).contains("is no store of deskpulse"));
    assert!(std::fs::read_to_string(&text.path).unwrap().starts_with("time_zone"));
}

#[test]
fn a_row_that_was_changed_removed_added_or_moved_is_found() {
    for sql in [
        "UPDATE state SET value = x'01ff'",
        "UPDATE state SET key = x'03626f63' WHERE key = x'03626f62'",
        "UPDATE state SET tbl = 7 WHERE key = x'03626f62'",
        "UPDATE state SET tbl = 250 WHERE key = x'03626f62'",
        "DELETE FROM state WHERE key = x'03626f62'",
        "DELETE FROM state",
        "UPDATE positions SET next_offset = 8",
        "UPDATE positions SET last_hash = NULL",
        "UPDATE positions SET topic = 1",
        "DELETE FROM positions",
        "DELETE FROM digests WHERE tbl = 6",
        "UPDATE digests SET sum = sum + 1",
        "UPDATE topics SET name = 'tickets' WHERE number = 0",
        "DELETE FROM store",
    ] {
        let place = place();
        filled(&place.path);
        settled(&place.path);
        tamper(&place.path, sql);
        let said = refused(&place.path, &["chats", "agents"]);
        assert!(said.contains("is damaged") && said.ends_with("restore a backup"), "{sql}: {said}");
    }
}

fn slices(numbers: &[u8], value: u32) -> Vec<Row> {
    numbers.iter().map(|number| Row::put(Table::Pending, 2, &[*number], &value)).collect()
}

#[test]
fn slices_are_put_replaced_removed_and_given_out_among_the_rows_of_their_tables() {
    let place = place();
    let mut store = open(&place.path);
    let clock = Row::put(Table::Clock, 2, &(), &5);
    let rows = [slices(&[1, 2, 3], 1), agents(&["amy"], 1), vec![clock.clone()]].concat();
    store.commit(Commit { rows, ..Commit::default() }).unwrap();
    let rows = [slices(&[3, 4], 2), vec![Row::remove(Table::Pending, &[1_u8]), Row::remove(Table::Pending, &[9_u8])]].concat();
    store.commit(Commit { rows, ..Commit::default() }).unwrap();
    drop(store);
    let wanted = [vec![clock], slices(&[2], 1), slices(&[3, 4], 2), agents(&["amy"], 1)].concat();
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, wanted);
    for sql in
        ["UPDATE slices SET value = x'02'", "UPDATE slices SET key = x'07' WHERE key = x'03'", "DELETE FROM slices WHERE key = x'03'"]
    {
        let copy = self::place();
        std::fs::copy(&place.path, &copy.path).unwrap();
        tamper(&copy.path, sql);
        assert!(refused(&copy.path, &["chats", "agents"]).contains("is damaged"), "{sql}");
    }
}

/// A closed store as the first form had it: slices stood among the rows, and there was nothing else.
fn of_the_first_form() -> (Place, Vec<Row>) {
    let place = place();
    let rows = [slices(&[1, 2], 1), agents(&["amy"], 1)].concat();
    open(&place.path).commit(Commit { rows: rows.clone(), ..Commit::default() }).unwrap();
    settled(&place.path);
    tamper(
        &place.path,
        "INSERT INTO state SELECT tbl, key, value, checksum FROM slices; DROP TABLE slices; DROP TABLE ended; DROP TABLE recent; PRAGMA user_version = 1",
    );
    (place, rows)
}

fn form(path: &Path) -> i64 {
    rusqlite::Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_store_of_the_first_form_is_brought_up_to_the_present_one() {
    let (place, rows) = of_the_first_form();
    let mut store = open(&place.path);
    assert!(!store.is_new());
    assert_eq!(contents(&mut store).unwrap().0, rows);
    let ended = Row::put(Table::Ended, 1, &"c1", &0_i64.to_le_bytes());
    store.commit(Commit { rows: vec![Row::remove(Table::Pending, &[1_u8]), ended], ..Commit::default() }).unwrap();
    drop(store);
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, rows[1..]);
    assert_eq!(form(&place.path), file::FORM);
}

#[test]
fn a_store_of_the_first_form_is_read_copied_and_restored_before_a_service_has_opened_it() {
    let (place, rows) = of_the_first_form();
    let reader = Reader::open(&place.path).unwrap();
    assert_eq!(rows_of(&reader).unwrap(), rows);
    reader.verify().unwrap();
    let (copy, restored) = (place.path.with_extension("copy"), place.path.with_extension("restored"));
    backup::backup(&place.path, &copy).unwrap();
    backup::restore(&copy, &restored, false).unwrap();
    assert_eq!(form(&place.path), 1, "reading has changed nothing");
    for path in [place.path.as_path(), &restored] {
        assert_eq!(contents(&mut open(path)).unwrap().0, rows);
    }
    assert_eq!(rows_of(&reader).unwrap(), rows, "whoever had it open before reads on in the present form");
}

#[test]
fn a_writer_that_came_in_behind_our_back_is_noticed_before_anything_is_written() {
    let place = place();
    filled(&place.path);
    let mut store = open(&place.path);
    contents(&mut store).unwrap();
    tamper(&place.path, "UPDATE store SET commits = commits + 1");
    let commit = Commit { rows: agents(&["cleo"], 1), positions: BTreeMap::new(), ..Commit::default() };
    let said = store.commit(commit.clone()).unwrap_err().to_string();
    assert!(said.contains("written by another process"), "{said}");
    assert!(store.commit(commit).is_err(), "a handle that has failed is not used again");
    drop(store);
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, agents(&["amy", "bob"], 1));
}

#[test]
fn a_full_disk_ends_the_commit_with_a_sentence_and_loses_nothing_that_was_kept() {
    let place = place();
    filled(&place.path);
    let mut store = open(&place.path);
    contents(&mut store).unwrap();
    let pages: i64 = store.connection.as_ref().unwrap().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.connection.as_ref().unwrap().pragma_update(None, "max_page_count", pages).unwrap();
    let incompressible: Vec<u32> = (0..250_000_u32).map(|number| number.wrapping_mul(number).wrapping_mul(2_654_435_761)).collect();
    let large = Row::put(Table::Agent, 1, &"cleo", &incompressible);
    let said = store.commit(Commit { rows: vec![large], positions: BTreeMap::new(), ..Commit::default() }).unwrap_err().to_string();
    assert!(said.contains("cannot be written") && said.contains("full"), "{said}");
    drop(store);
    assert_eq!(contents(&mut open(&place.path)).unwrap().0, agents(&["amy", "bob"], 1));
}

/// A closed store whose state fills some hundred pages; half of the rows have changed lately.
fn large(path: &Path) -> (Vec<Row>, BTreeMap<PartitionId, Reached>) {
    let row = |number: u32, value: u32| Row::put(Table::Conversation, 1, &format!("chat:{number:05}"), &vec![number * value; 60]);
    let positions = (0..40).map(|partition| (part(0, partition), reached(i64::from(partition) + 1))).collect();
    let commit = |rows: Vec<Row>, positions| open(path).commit(Commit { rows, positions, ..Commit::default() }).unwrap();
    commit((0..4_000).map(|number| row(number, 1)).collect(), positions);
    settled(path);
    commit((0..4_000).step_by(2).map(|number| row(number, 3)).collect(), BTreeMap::new());
    contents(&mut open(path)).unwrap()
}

/// Opens a spoiled copy: either it is refused, or nothing of it has changed.
fn spoiled(original: &[u8], written: &(Vec<Row>, BTreeMap<PartitionId, Reached>), what: &str, spoil: impl FnOnce(&mut Vec<u8>)) -> bool {
    let place = place();
    let mut bytes = original.to_vec();
    spoil(&mut bytes);
    std::fs::write(&place.path, bytes).unwrap();
    let read = Sqlite::open(&place.path, &topics(&["chats", "agents"])).and_then(|mut store| contents(&mut store));
    match read {
        Ok(read) => {
            assert!(read == *written, "{what}: another state was given out");
            false
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains("backup") || said.contains("newer deskpulse") || said.contains("kafka.topics"), "{what}: {said}");
            true
        }
    }
}

#[test]
fn whatever_bit_is_flipped_and_wherever_it_is_cut_no_other_state_is_given_out() {
    use rand::{Rng as _, SeedableRng as _};
    let place = place();
    let written = large(&place.path);
    let original = std::fs::read(&place.path).unwrap();
    let mut chance = rand::rngs::SmallRng::seed_from_u64(5);
    let (flips, mut refused) = (std::env::var("FLIPS").map_or(100, |flips| flips.parse().unwrap()), 0);
    for flip in 0..flips {
        let (at, bit) = (chance.random_range(0..original.len()), chance.random_range(0..8));
        refused += u32::from(spoiled(&original, &written, &format!("flip {flip} of bit {bit} at {at}"), |bytes| bytes[at] ^= 1 << bit));
    }
    assert!(refused > flips / 2, "most of the file is in use: {refused} of {flips} were noticed");
    for cut in 0..flips / 5 {
        let length = chance.random_range(1..original.len());
        assert!(spoiled(&original, &written, &format!("cut {cut} to {length}"), |bytes| bytes.truncate(length)));
    }
}
