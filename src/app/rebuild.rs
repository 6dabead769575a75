//! A new store out of an archive: what was read once is computed again, under the present configuration, commit by commit as it was read.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use crate::archive::{self, ArchiveError, NextFile, Piece, PieceReader};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Reach;
use crate::ingest::Record;
use crate::model::{NextOffset, PartitionId, Position, Reached, Span, Time, Topics};
use crate::pipeline::{Core, Evidence, Taken, warm};
use crate::replay::Progress;
use crate::store::backup::Place;
use crate::store::{Commit, Lookup, Sqlite, Store, StoreError};

use super::{AppError, accept};

/// Events of a commit.
const COMMIT_EVENTS: usize = 20_000;
/// Bytes of facts after which a commit is made.
const COMMIT_BYTES: usize = 32 << 20;

/// Why no store can be made of an archive.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is nothing to make it of.
    #[error("{0} holds no archive: name the folder in archive.path, or give its files")]
    Nothing(String),
    /// A file of another kind.
    #[error("{} is no file of an archive, or its beginning is damaged: leave it out, or restore it from a copy", .0.display())]
    Other(PathBuf),
    /// A topic that is not configured.
    #[error("the archive holds topic {0}, which kafka.topics does not name: add it, or give only the files of other topics")]
    Topic(String),
    /// Something was read and is not in the archive.
    #[error(
        "{topic}/{partition}: offsets {from} to {to} are not in the archive (no file of it was given, or the service read them without archive.path): give \
         all files, or only those after the gap; {} begins after it", path.display()
    )]
    Gap {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The first that is missing.
        from: i64,
        /// The last that is missing.
        to: i64,
        /// The file after the gap.
        path: PathBuf,
    },
    /// What ends the service too.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<ArchiveError> for RebuildError {
    fn from(error: ArchiveError) -> Self {
        Self::App(error.into())
    }
}

impl From<StoreError> for RebuildError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events applied.
    pub applied: u64,
    /// Lines that this program does not take for events: a newer one wrote them.
    pub rejected: u64,
    /// Where the clock stands; `None` before the first event.
    pub clock: Option<Time>,
    /// From where to where each partition was in the archive.
    pub partitions: BTreeMap<(String, u32), (NextOffset, NextOffset)>,
}

/// Makes the configured store, which must not be there, of these files, or of all in the configured archive. A service that writes the archive
/// may run on: what it has read by then is in the new store.
///
/// # Errors
/// When the store is there or cannot be written, or the archive is damaged, has a gap, or does not fit the configuration; then there is no store.
pub fn rebuild(config: &Config, files: &[PathBuf], tell: &mut dyn FnMut(Option<Progress>)) -> Result<Rebuilt, RebuildError> {
    let place = Place::keep(Path::new(&config.store.path))?;
    let files = if files.is_empty() { configured(config)? } else { files.to_vec() };
    let mut work = Work::begin(config, place.part(), &files)?;
    let done = work.run(tell);
    tell(None);
    done?;
    let rebuilt = work.rebuilt();
    work.close()?;
    place.finish()?;
    Ok(rebuilt)
}

fn configured(config: &Config) -> Result<Vec<PathBuf>, RebuildError> {
    let folder = &config.archive.path;
    let files = if folder.is_empty() { Vec::new() } else { archive::files(Path::new(folder))? };
    if files.is_empty() {
        return Err(RebuildError::Nothing(if folder.is_empty() { "archive.path is empty and".to_owned() } else { folder.clone() }));
    }
    Ok(files)
}

/// A rebuild on its way.
struct Work {
    core: Core,
    /// The way to conversations that are in the store only. It must be gone before the store is closed.
    lookup: Option<Box<dyn Lookup>>,
    keep_hot: Span,
    store: Sqlite,
    topics: Topics,
    evidence: Evidence,
    chains: BTreeMap<PartitionId, Chain>,
    /// The last commit of the archive that is whole.
    until: u64,
    positions: BTreeMap<PartitionId, Reached>,
    events: usize,
    rejected: u64,
}

impl Work {
    fn begin(config: &Config, part: &Path, files: &[PathBuf]) -> Result<Self, RebuildError> {
        let mut store = Sqlite::open(part, &config.kafka.topics)?;
        let topics = store.topics();
        let chains = chains(files, &topics)?;
        let mut core = Core::new(&config.core_settings().map_err(AppError::from)?.keeping_changes()).map_err(AppError::from)?;
        core.evict_closed();
        // What counters show begins here.
        core.counters();
        accept::enter(config, &mut store, core.engine().clock(), Clock::start().now(), false)?;
        store.keep_receipts(config.store.keep_receipts);
        let until = whole_until(&chains)?;
        let (positions, evidence, lookup, keep_hot) =
            (BTreeMap::new(), Evidence::new(true), store.lookup()?, config.keep_hot().map_err(AppError::from)?);
        Ok(Self { core, lookup, keep_hot, store, topics, evidence, chains, until, positions, events: 0, rejected: 0 })
    }

    fn run(&mut self, tell: &mut dyn FnMut(Option<Progress>)) -> Result<(), RebuildError> {
        while let Some(sequence) = self.next_sequence()? {
            self.take(sequence)?;
            if self.events >= COMMIT_EVENTS || self.evidence.bytes() >= COMMIT_BYTES {
                self.commit()?;
                let applied = self.core.summary().applied;
                tell(Some(Progress { applied, clock: self.core.engine().clock() }));
            }
        }
        self.commit()
    }

    /// The number of the next commit.
    fn next_sequence(&mut self) -> Result<Option<u64>, RebuildError> {
        let mut least = None;
        for (id, chain) in &mut self.chains {
            let name = self.topics.get(usize::from(id.topic)).map_or("?", String::as_str);
            if let Some(piece) = chain.peek((name, id.partition))? {
                least = Some(least.map_or(piece.sequence, |least: u64| least.min(piece.sequence)));
            }
        }
        Ok(least.filter(|least| *least <= self.until))
    }

    /// Takes what one commit has read. Before it was, everything up to its clock had been decided.
    fn take(&mut self, sequence: u64) -> Result<(), RebuildError> {
        let of_commit = |chain: &mut Chain| chain.piece.take_if(|piece| piece.sequence == sequence);
        let pieces: Vec<_> = self.chains.iter_mut().filter_map(|(id, chain)| Some((*id, of_commit(chain)?))).collect();
        let clock = pieces.iter().map(|(_, piece)| piece.clock).max().unwrap_or(Time::MIN);
        let reach = Reach::Before(clock);
        if let Some(lookup) = &mut self.lookup {
            warm(&mut self.core, &mut **lookup, reach)?;
        }
        let posted = self.core.advance(reach);
        self.evidence.posted(posted);
        for (id, piece) in pieces {
            let Some(chain) = self.chains.get_mut(&id) else { continue };
            let records = piece.lines.iter().filter(|line| line.offset >= chain.next.0).map(|line| {
                let position = Position { partition: id, offset: line.offset };
                Record { position, arrived: line.arrived, value: &piece.lines.text[line.place] }
            });
            let (events, rejected) = (&mut self.events, &mut self.rejected);
            self.core.take_all(records, |_, taken| {
                *events += 1;
                *rejected += u64::from(matches!(taken, Taken::Rejected(_)));
            });
            if piece.reached.next >= chain.next {
                chain.next = piece.reached.next;
                self.positions.insert(id, piece.reached);
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), RebuildError> {
        let positions = std::mem::take(&mut self.positions);
        let (rows, remembers_since) = (self.core.changes(), Some(self.core.engine().remembers_since()));
        let mut commit = Commit { rows, positions, remembers_since, ..Commit::default() };
        self.evidence.take().put_into(&mut commit);
        self.events = 0;
        self.store.commit(commit)?;
        self.core.cool(self.core.engine().clock() - self.keep_hot);
        Ok(())
    }

    /// Makes one file of the store.
    fn close(mut self) -> Result<(), StoreError> {
        drop(self.lookup);
        self.store.close()
    }

    fn rebuilt(&self) -> Rebuilt {
        let name = |id: &PartitionId| (self.topics.get(usize::from(id.topic)).cloned().unwrap_or_default(), id.partition);
        Rebuilt {
            applied: self.core.summary().applied,
            rejected: self.rejected,
            clock: Some(self.core.engine().clock()).filter(|clock| *clock > Time::MIN),
            partitions: self.chains.iter().map(|(id, chain)| (name(id), (chain.first, chain.next))).collect(),
        }
    }
}

/// The files of one partition.
struct Chain {
    files: VecDeque<PathBuf>,
    path: PathBuf,
    reader: Option<PieceReader>,
    /// The next piece.
    piece: Option<Piece>,
    /// Where the archive begins.
    first: NextOffset,
    /// The next record.
    next: NextOffset,
}

impl Chain {
    /// The next piece, which goes on where the one before has ended.
    fn peek(&mut self, (topic, partition): (&str, u32)) -> Result<Option<&Piece>, RebuildError> {
        while self.piece.is_none() {
            let Some(reader) = &mut self.reader else {
                let Some(path) = self.files.pop_front() else { return Ok(None) };
                self.reader = PieceReader::open(&path)?;
                self.path = path;
                continue;
            };
            match reader.next_piece()? {
                None => self.reader = None,
                Some(piece) if piece.from > self.next => {
                    let (topic, path) = (topic.to_owned(), self.path.clone());
                    return Err(RebuildError::Gap { topic, partition, from: self.next.0, to: piece.from.0 - 1, path });
                }
                found => self.piece = found,
            }
        }
        Ok(self.piece.as_ref())
    }
}

fn chains(files: &[PathBuf], topics: &Topics) -> Result<BTreeMap<PartitionId, Chain>, RebuildError> {
    let mut found: BTreeMap<PartitionId, Vec<NextFile>> = BTreeMap::new();
    for path in files {
        let Some(file) = archive::begin(path)? else {
            if archive::is_unbegun(path) {
                continue;
            }
            return Err(RebuildError::Other(path.clone()));
        };
        let number = (0_u16..).zip(topics.iter()).find(|(_, name)| **name == file.title.topic).map(|(number, _)| number);
        let topic = number.ok_or_else(|| RebuildError::Topic(file.title.topic.clone()))?;
        found.entry(PartitionId { topic, partition: file.title.partition }).or_default().push(file);
    }
    let chain = |mut files: Vec<NextFile>| {
        files.sort_by_key(|file| (file.from, file.sequence));
        let first = files.first().map_or(NextOffset(0), |file| file.from);
        let files = files.into_iter().map(|file| file.path).collect();
        Chain { files, path: PathBuf::new(), reader: None, piece: None, first, next: first }
    };
    Ok(found.into_iter().map(|(id, files)| (id, chain(files))).collect())
}

/// The last commit of which every piece is there: while the archive is written, the one before the newest.
fn whole_until(chains: &BTreeMap<PartitionId, Chain>) -> Result<u64, ArchiveError> {
    let newest = chains.values().filter_map(|chain| chain.files.back());
    let is_in_use =
        |path: &PathBuf| archive::is_in_use(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    if !newest.clone().any(is_in_use) {
        return Ok(u64::MAX);
    }
    let sequences = newest.map(|path| archive::last_sequence(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(sequences.into_iter().max().unwrap_or(0).saturating_sub(1))
}

#[cfg(test)]
mod tests;
