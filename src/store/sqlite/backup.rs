//! Copies of a store: a backup while the service runs, snapshots by the hour, and the way back.
//!
//! A copy is one state of the store, positions included: what came after it is read again from Kafka, and gives the same numbers. It gets its name
//! only after it was opened and everything in it held against its checksums.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::Time;
use crate::store::StoreError;

use super::file;
use super::reader::Reader;

/// How names of snapshots begin.
const SNAPSHOT_PREFIX: &str = "deskpulse-";
/// How they end.
const SNAPSHOT_SUFFIX: &str = ".db";

/// Copies the store into a new file, while the service runs or not.
///
/// # Errors
/// When the file is there already, cannot be written, or the store cannot be read or is damaged; then there is no new file.
pub fn backup(store: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::InTheWay { path: to.to_owned(), advice: "name a file that is not there yet" });
    }
    let part = beside(to, ".part");
    let done = copy_verified(store, &part).and_then(|()| put_in_place(&part, to));
    if done.is_err() {
        // What is half done is of no use; that it cannot be removed is not the error to tell.
        drop(fs::remove_file(&part));
    }
    done
}

fn copy_verified(store: &Path, part: &Path) -> Result<(), StoreError> {
    remove_if_there(part)?;
    Reader::open(store)?.copy_into(part)?;
    Reader::open(part)?.verify()
}

/// Puts a backup in the place of the store, which must not be in use. A store that is there is refused, or with `force` kept beside, with
/// `.replaced` after its name.
///
/// # Errors
/// When the backup is damaged, the store in use or in the way, or a file cannot be written; then the store is as it was.
pub fn restore(backup: &Path, store: &Path, force: bool) -> Result<(), StoreError> {
    if !backup.exists() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        return Err(StoreError::Open { path: backup.to_owned(), source: Box::new(source) });
    }
    let _lock = file::lock(store)?;
    if store.exists() && !force {
        let advice = "say --force to put the backup in its place; it is then kept beside, with .replaced after its name";
        return Err(StoreError::InTheWay { path: store.to_owned(), advice });
    }
    let part = beside(store, ".part");
    copy_verified(backup, &part)?;
    for ending in ["", "-wal"] {
        let old = beside(store, ending);
        let aside = beside(store, &format!(".replaced{ending}"));
        remove_if_there(&aside)?;
        if old.exists() {
            fs::rename(&old, &aside).map_err(|error| unwritable(&aside, error))?;
        }
    }
    remove_if_there(&beside(store, "-shm"))?;
    put_in_place(&part, store)
}

/// Where a store is being made that is to be whole before it has its name. Nobody else makes or opens one there meanwhile.
#[derive(Debug)]
pub struct Place {
    store: PathBuf,
    part: PathBuf,
    _lock: file::Lock,
}

impl Place {
    /// Keeps the place of a store that is not there. What an earlier try has left behind is removed.
    ///
    /// # Errors
    /// When there is a store, or another process makes one.
    pub fn keep(store: &Path) -> Result<Self, StoreError> {
        let lock = file::lock(store)?;
        if store.exists() {
            let advice = "move it away, or name a file in store.path that is not there yet";
            return Err(StoreError::InTheWay { path: store.to_owned(), advice });
        }
        let part = beside(store, ".part");
        for ending in ["", "-wal", "-shm"] {
            remove_if_there(&beside(&part, ending))?;
        }
        Ok(Self { store: store.to_owned(), part, _lock: lock })
    }

    /// The file in which it is made.
    #[must_use]
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Gives the store its name. It must have been closed.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn finish(self) -> Result<(), StoreError> {
        put_in_place(&self.part, &self.store)?;
        remove_if_there(&beside(&self.part, ".lock"))
    }
}

/// Makes a snapshot of the store in a folder, then removes the oldest ones beyond `keep`. One that fails removes nothing.
///
/// # Errors
/// As [`backup`], and when old ones cannot be removed.
pub fn snapshot(store: &Path, folder: &Path, now: Time, keep: usize) -> Result<PathBuf, StoreError> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let moment = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ");
    let file = folder.join(format!("{SNAPSHOT_PREFIX}{moment}{SNAPSHOT_SUFFIX}"));
    backup(store, &file)?;
    let mut others = snapshots(folder)?;
    others.retain(|other| *other != file);
    let beyond = (others.len() + 1).saturating_sub(keep.max(1));
    for old in &others[..beyond] {
        fs::remove_file(old).map_err(|error| unwritable(old, error))?;
    }
    Ok(file)
}

/// The snapshots of a folder, the oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn snapshots(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(|error| unwritable(folder, error))?;
    let is_snapshot = |name: &str| name.starts_with(SNAPSHOT_PREFIX) && name.ends_with(SNAPSHOT_SUFFIX);
    let names = entries.iter().map(fs::DirEntry::path);
    let mut found: Vec<PathBuf> = names.filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_snapshot)).collect();
    found.sort();
    Ok(found)
}

/// Gives a file that is written its name, for good.
pub(super) fn put_in_place(part: &Path, to: &Path) -> Result<(), StoreError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = || -> io::Result<()> {
        File::open(part)?.sync_all()?;
        fs::rename(part, to)?;
        File::open(folder)?.sync_all()
    };
    place().map_err(|error| unwritable(to, error))
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path, error)),
        _ => Ok(()),
    }
}

/// The path with something after its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn unwritable(path: &Path, source: io::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Mark, NextOffset, PartitionId, Reached, Row, Table};
    use crate::store::sqlite::tests::rows_of;
    use crate::store::{Commit, Sqlite, Store};

    fn open(path: &Path) -> Sqlite {
        Sqlite::open(path, &["chats".to_owned()]).unwrap()
    }

    fn commit(store: &mut Sqlite, value: u32) {
        let positions = BTreeMap::from([(
            PartitionId { topic: 0, partition: 0 },
            Reached { next: NextOffset(i64::from(value)), last: Some(Mark::of(i64::from(value) - 1, b"x")) },
        )]);
        let rows = vec![Row::put(Table::Agent, 1, &"amy", &value), Row::put(Table::Agent, 1, &format!("a{value}"), &value)];
        store.commit(Commit { rows, positions, ..Commit::default() }).unwrap();
    }

    fn contents(path: &Path) -> Vec<Row> {
        rows_of(&Reader::open(path).unwrap()).unwrap()
    }

    #[test]
    fn a_backup_is_one_state_of_a_store_that_is_written_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("store.db"), folder.path().join("copy.db"));
        let mut store = open(&path);
        commit(&mut store, 1);
        let before = contents(&path);
        backup(&path, &copy).unwrap();
        commit(&mut store, 2);
        assert_eq!(contents(&copy), before);
        assert_ne!(contents(&path), before);
        Reader::open(&copy).unwrap().verify().unwrap();
        let said = backup(&path, &copy).unwrap_err().to_string();
        assert!(said.contains("copy.db") && said.contains("name a file that is not there yet"), "{said}");
    }

    #[test]
    fn a_restored_store_goes_on_where_the_backup_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("store.db"), folder.path().join("copy.db"));
        let mut store = open(&path);
        commit(&mut store, 1);
        backup(&path, &copy).unwrap();
        commit(&mut store, 2);
        let id = store.id().clone();
        let said = restore(&copy, &path, true).unwrap_err().to_string();
        assert!(said.contains("in use"), "{said}");
        drop(store);
        let said = restore(&copy, &path, false).unwrap_err().to_string();
        assert!(said.contains("--force"), "{said}");
        restore(&copy, &path, true).unwrap();
        assert_eq!(contents(&path), contents(&copy));
        let mut store = open(&path);
        assert_eq!(*store.id(), id);
        let positions = store.load(&mut |_| Ok(())).unwrap();
        assert_eq!(positions[&PartitionId { topic: 0, partition: 0 }].next, NextOffset(1));
        commit(&mut store, 3);
        drop(store);
        restore(&copy, &folder.path().join("elsewhere.db"), false).unwrap();
        let replaced = folder.path().join("store.db.replaced");
        assert!(replaced.exists() && contents(&replaced).len() == 3, "the store that was there is kept beside");
    }

    #[test]
    fn a_damaged_store_gives_no_backup_and_a_damaged_backup_is_not_restored() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("store.db"), folder.path().join("copy.db"));
        commit(&mut open(&path), 1);
        rusqlite::Connection::open(&path).unwrap().execute("UPDATE recent SET content = x'01'", []).unwrap();
        assert!(backup(&path, &copy).unwrap_err().to_string().contains("damaged"));
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().ends_with("copy.db.part")).count(),
            0
        );
        assert!(!copy.exists());
        let other = folder.path().join("other.db");
        assert!(restore(&path, &other, false).is_err() && !other.exists());
        assert!(restore(&folder.path().join("none.db"), &other, false).unwrap_err().to_string().contains("none.db"));
    }

    #[test]
    fn snapshots_are_made_before_old_ones_go_and_a_failed_one_removes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, kept) = (folder.path().join("store.db"), folder.path().join("snapshots"));
        let mut store = open(&path);
        for hour in 0..5 {
            commit(&mut store, hour + 1);
            snapshot(&path, &kept, Time(i64::from(hour) * 3_600_000), 3).unwrap();
        }
        let names = |folder: &Path| -> Vec<String> {
            snapshots(folder).unwrap().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        let wanted = ["deskpulse-19700101T020000Z.db", "deskpulse-19700101T030000Z.db", "deskpulse-19700101T040000Z.db"];
        assert_eq!(names(&kept), wanted);
        drop(store);
        rusqlite::Connection::open(&path).unwrap().execute("UPDATE recent SET content = x'01'", []).unwrap();
        assert!(snapshot(&path, &kept, Time(6 * 3_600_000), 1).is_err());
        assert_eq!(names(&kept), wanted);
    }
}
