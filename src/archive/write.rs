//! Writing the archive, one call for each commit, before it is made.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::model::{Day, NextOffset, PartitionId, Reached, Time, Topics};

use super::format::{self, Lines, PieceHead, Stretch, Title};
use super::read;
use super::{ArchiveError, file_name, files, parse_name};

/// How hard zstd tries: its own choice, which keeps up with any log that is read.
const LEVEL: i32 = 3;
/// The file whose lock says that somebody writes.
const LOCK: &str = "archive.lock";
/// A test may end the process where this is reached, between the files of two partitions.
const BETWEEN: &str = "mid_archive";

/// The service's end of an archive.
pub struct Archive {
    folder: PathBuf,
    store: String,
    topics: Topics,
    partitions: BTreeMap<PartitionId, Partition>,
    /// Commits so far, over the life of the archive.
    sequence: u64,
    /// The day that is written; `None` before anything is.
    day: Option<Day>,
    /// That of the newest file: the day never goes back behind it.
    newest: Option<Day>,
    compressor: zstd::bulk::Compressor<'static>,
    /// Told the name of a point that was reached.
    reached: fn(&str),
    _lock: Lock,
}

/// The archive of one partition.
#[derive(Debug, Default)]
struct Partition {
    /// How far it goes.
    reached: Reached,
    /// The file of the day, once something was written to it.
    file: Option<(PathBuf, File)>,
}

impl Archive {
    /// Opens the archive in a folder, or makes it, for a store that has read so far. Half a piece at the end of a file is cut off; `reached` is
    /// told the points that are passed.
    ///
    /// # Errors
    /// When it cannot be written, is in use or damaged, or belongs to another store.
    pub fn open(
        folder: &Path,
        store: &str,
        topics: Topics,
        positions: &BTreeMap<PartitionId, Reached>,
        reached: fn(&str),
    ) -> Result<Self, ArchiveError> {
        let unwritable = |source| ArchiveError::Write { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(unwritable)?;
        let lock = lock(folder)?;
        let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(unwritable)?;
        compressor.include_checksum(true).map_err(unwritable)?;
        let mut archive = Self {
            folder: folder.to_owned(),
            store: store.to_owned(),
            topics,
            partitions: positions.iter().map(|(id, reached)| (*id, Partition { reached: *reached, file: None })).collect(),
            sequence: 0,
            day: None,
            newest: None,
            compressor,
            reached,
            _lock: lock,
        };
        for (id, of_partition) in of_partitions(folder, &archive.topics)? {
            archive.newest = archive.newest.max(of_partition.first().map(|(day, _)| *day));
            let ours = positions.get(&id).map_or(NextOffset(0), |reached| reached.next);
            if let Some(last) = mended(&of_partition, ours)? {
                archive.sequence = archive.sequence.max(last.sequence);
                archive.go_on(id, &last, ours)?;
            }
        }
        // The names of files that an earlier process has made.
        synced(folder)?;
        Ok(archive)
    }

    /// Goes on where the files of a partition end.
    fn go_on(&mut self, id: PartitionId, last: &PieceHead, ours: NextOffset) -> Result<(), ArchiveError> {
        let (topic, partition, next) = (self.topic(id).to_owned(), id.partition, last.next);
        if last.store != format::hash_of(&self.store) && next > ours {
            return Err(ArchiveError::Foreign { path: self.folder.clone(), topic, partition, archived: next.0, read: ours.0 });
        }
        if next < ours {
            tracing::warn!(
                "archive {}: {topic}/{partition} ends at offset {}, and was read on to {} without it: a rebuild cannot pass that gap",
                self.folder.display(),
                next.0,
                ours.0
            );
            return Ok(());
        }
        self.partitions.entry(id).or_default().reached = last.reached();
        Ok(())
    }

    fn topic(&self, id: PartitionId) -> &str {
        self.topics.get(usize::from(id.topic)).map_or("topic", String::as_str)
    }

    /// The next record of a partition that is not in the archive: those before are not to be given to it.
    #[must_use]
    pub fn next(&self, partition: PartitionId) -> NextOffset {
        self.partitions.get(&partition).map_or(NextOffset(0), |partition| partition.reached.next)
    }

    /// Adds what a commit has read, and returns when it is on the disk. `clock` is that of the commit before, `now` the wall's: it decides the
    /// day, in UTC, and never goes back.
    ///
    /// # Errors
    /// When it cannot be written: then the commit must not be made.
    pub fn write(
        &mut self,
        (clock, now): (Time, Time),
        positions: &BTreeMap<PartitionId, Reached>,
        mut lines: BTreeMap<PartitionId, Lines>,
    ) -> Result<(), ArchiveError> {
        let is_news = |id: &PartitionId, reached: &Reached| self.partitions.get(id).is_none_or(|known| reached.next > known.reached.next);
        let news: BTreeMap<PartitionId, Reached> =
            positions.iter().filter(|(id, reached)| is_news(id, reached)).map(|(id, reached)| (*id, *reached)).collect();
        if news.is_empty() {
            return Ok(());
        }
        self.sequence += 1;
        let today = self.day.max(self.newest).max(Some(day_of(now)));
        let mut pieces = news;
        if today != self.day {
            self.day = today;
            // Each day says of every partition where it stands, so that days before it may go.
            for (id, partition) in &mut self.partitions {
                partition.file = None;
                pieces.entry(*id).or_insert(partition.reached);
            }
        }
        let ids: Vec<PartitionId> = pieces.keys().copied().collect();
        let mut has_new_file = false;
        for (id, reached) in pieces {
            has_new_file |= self.add(id, clock, reached, lines.remove(&id).unwrap_or_default())?;
            (self.reached)(BETWEEN);
        }
        self.sync(&ids, has_new_file)
    }

    /// Writes a piece; true when its file is new.
    fn add(&mut self, id: PartitionId, clock: Time, reached: Reached, lines: Lines) -> Result<bool, ArchiveError> {
        let from = self.next(id);
        let stretch = Stretch { store: format::hash_of(&self.store), sequence: self.sequence, clock, from, reached };
        let piece = format::piece(stretch, lines, &mut self.compressor);
        let mut piece = piece.map_err(|source| ArchiveError::Write { path: self.folder.clone(), source })?;
        let topic = self.topic(id).to_owned();
        let path = self.folder.join(file_name(&topic, id.partition, self.day.unwrap_or(Day(0))));
        let title = Title { store: self.store.clone(), topic, number: id.topic, partition: id.partition };
        let partition = self.partitions.entry(id).or_default();
        let write = || -> io::Result<bool> {
            let mut is_new = false;
            let (_, file) = match &mut partition.file {
                Some(open) => open,
                none => {
                    is_new = !path.exists();
                    if is_new {
                        piece = [format::title(title)?, std::mem::take(&mut piece)].concat();
                    }
                    none.insert((path.clone(), File::options().append(true).create(true).open(&path)?))
                }
            };
            file.write_all(&piece).map(|()| is_new)
        };
        let is_new = write().map_err(|source| ArchiveError::Write { path, source })?;
        partition.reached = reached;
        Ok(is_new)
    }

    /// Returns when the files of these partitions are on the disk, and so that they are found there.
    fn sync(&self, ids: &[PartitionId], has_new_file: bool) -> Result<(), ArchiveError> {
        for (path, file) in ids.iter().filter_map(|id| self.partitions.get(id)?.file.as_ref()) {
            file.sync_data().map_err(|source| ArchiveError::Write { path: path.clone(), source })?;
        }
        if has_new_file { synced(&self.folder) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("folder", &self.folder).field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// Returns when the names in a folder are on the disk.
fn synced(folder: &Path) -> Result<(), ArchiveError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| ArchiveError::Write { path: folder.to_owned(), source })
}

fn day_of(now: Time) -> Day {
    const DAY: i64 = 86_400_000;
    Day(i32::try_from(now.0.div_euclid(DAY)).unwrap_or(i32::MAX))
}

/// The files of each partition of our topics, the newest first.
fn of_partitions(folder: &Path, topics: &Topics) -> Result<BTreeMap<PartitionId, Vec<(Day, PathBuf)>>, ArchiveError> {
    let mut found: BTreeMap<PartitionId, Vec<(Day, PathBuf)>> = BTreeMap::new();
    for path in files(folder)? {
        let Some((topic, partition, day)) = parse_name(&path) else { continue };
        let number = (0_u16..).zip(topics.iter()).find(|(_, name)| *name == topic).map(|(number, _)| number);
        if let Some(topic) = number {
            found.entry(PartitionId { topic, partition }).or_default().push((day, path.clone()));
        }
    }
    found.values_mut().for_each(|files| files.sort_by(|a, b| b.cmp(a)));
    Ok(found)
}

/// Cuts off what is not whole at the end of the newest files of a partition, and says what the last piece says. What the store has read must be
/// whole. What it has not may be in the system's memory only: of the last piece nobody knows that it is on the disk.
fn mended(newest_first: &[(Day, PathBuf)], ours: NextOffset) -> Result<Option<PieceHead>, ArchiveError> {
    let (mut torn, mut last) = (Vec::new(), None);
    for (_, path) in newest_first {
        let end = read::end(path)?;
        if end.has_more || end.whole == 0 {
            torn.push((path, end.whole));
        }
        if let Some((begin, head)) = end.last {
            last = Some((path, begin..end.whole, head));
            break;
        }
    }
    let is_short = last.as_ref().is_none_or(|(.., head)| head.next < ours);
    for (path, whole) in torn {
        if is_short && ours > NextOffset(0) {
            return Err(ArchiveError::Damaged { path: path.clone(), at: whole });
        }
        cut(path, whole).map_err(|source| ArchiveError::Write { path: path.clone(), source })?;
    }
    let Some((path, piece, head)) = last else { return Ok(None) };
    if head.next > ours {
        settle(path, piece).map_err(|source| ArchiveError::Write { path: path.clone(), source })?;
    }
    Ok(Some(head))
}

/// Returns when a piece, and the title that it may have been written with, are on the disk. No fsync does that for what one that has failed was
/// to write: it counts as written. So it is written again.
fn settle(path: &Path, piece: Range<u64>) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let title = 0..read::title_length(&mut file)?;
    for place in [title, piece] {
        let bytes = read::between(&mut file, place.start, place.end)?;
        file.seek(SeekFrom::Start(place.start))?;
        file.write_all(&bytes)?;
    }
    file.sync_all()
}

fn cut(path: &Path, whole: u64) -> io::Result<()> {
    if whole == 0 {
        return fs::remove_file(path);
    }
    let file = File::options().write(true).open(path)?;
    file.set_len(whole)?;
    file.sync_all()
}

/// Whether a process writes the archive in this folder.
#[must_use]
pub fn is_in_use(folder: &Path) -> bool {
    File::open(folder.join(LOCK)).is_ok_and(|file| matches!(Lock(file).0.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Held for as long as the archive is written.
#[derive(Debug)]
struct Lock(File);

/// Closing the file is not enough: a process that was started a moment ago has it, too, until it runs its own program.
impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.unlock());
    }
}

fn lock(folder: &Path) -> Result<Lock, ArchiveError> {
    let unwritable = |source| ArchiveError::Write { path: folder.to_owned(), source };
    let file = File::options().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK)).map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unwritable(source)),
    }
}
