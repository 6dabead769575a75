//! One input of a replay: a file of lines, or the files of one partition out of an archive, read as one.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::archive::{self, ArchiveError, NextFile, PieceReader};
use crate::ingest::Record;
use crate::ingest::file::FileReader;
use crate::model::{NextOffset, PartitionId, Position};

use super::inputs::InputError;

/// What is read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Group {
    /// A file of lines.
    File(PathBuf),
    /// The files of one partition, in their order.
    Archive(Vec<PathBuf>),
}

impl Group {
    /// How it is called: a file by its name, a partition by that of its files without the day.
    pub(super) fn name(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Archive(paths) => paths.first().map_or_else(PathBuf::new, |path| archive::without_day(path)),
        }
    }
}

/// What the files of a command line are read as. Files of an archive come together, by partition, in the place of the first of them: in the order
/// in which the service's topics are numbered, so that ties at one instant are decided as there.
pub(super) fn group(files: &[PathBuf]) -> Result<Vec<Group>, InputError> {
    let mut groups = Vec::new();
    let mut archived: BTreeMap<(u16, String, u32), Vec<NextFile>> = BTreeMap::new();
    let mut place = None;
    for path in files {
        let begin = if path == Path::new("-") { None } else { archive::begin(path)? };
        match begin {
            None if archive::is_unbegun(path) => {}
            None => groups.push(Group::File(path.clone())),
            Some(file) => {
                place.get_or_insert(groups.len());
                let title = &file.title;
                archived.entry((title.number, title.topic.clone(), title.partition)).or_default().push(file);
            }
        }
    }
    let archived = archived.into_values().map(|mut files| {
        files.sort_by_key(|file| (file.from, file.sequence));
        Group::Archive(files.into_iter().map(|file| file.path).collect())
    });
    let place = place.unwrap_or(groups.len());
    groups.splice(place..place, archived);
    Ok(groups)
}

/// An input that is open.
pub(super) enum Input {
    File(FileReader),
    Archive(Chain),
}

impl Input {
    /// Opens what is read as one; `index` is its place.
    pub(super) fn open(group: &Group, index: u16) -> Result<Self, InputError> {
        Ok(match group {
            Group::File(path) => Self::File(FileReader::open(path, index)?),
            Group::Archive(paths) => Self::Archive(Chain::new(paths, index)),
        })
    }

    /// The next record, valid until the next call.
    pub(super) fn read(&mut self) -> Result<Option<Record<'_>>, InputError> {
        match self {
            Self::File(reader) => Ok(reader.read()?),
            Self::Archive(chain) => Ok(chain.read()?),
        }
    }

    /// The file of the last record, of several.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(_) => None,
            Self::Archive(chain) => Some(&chain.path),
        }
    }
}

/// The files of one partition. A record that two of them hold comes once; its offset is that in Kafka.
pub(super) struct Chain {
    partition: PartitionId,
    files: VecDeque<PathBuf>,
    /// The file that is read, or was read last.
    path: PathBuf,
    reader: Option<PieceReader>,
    text: Vec<u8>,
    /// Offsets and places of the lines that are not given out yet.
    lines: VecDeque<(i64, Range<usize>)>,
    next: NextOffset,
}

impl Chain {
    fn new(paths: &[PathBuf], index: u16) -> Self {
        Self {
            partition: PartitionId { topic: index, partition: 0 },
            files: paths.iter().cloned().collect(),
            path: PathBuf::new(),
            reader: None,
            text: Vec::new(),
            lines: VecDeque::new(),
            next: NextOffset(i64::MIN),
        }
    }

    fn read(&mut self) -> Result<Option<Record<'_>>, ArchiveError> {
        while self.lines.is_empty() {
            if !self.load()? {
                return Ok(None);
            }
        }
        let Some((offset, place)) = self.lines.pop_front() else { return Ok(None) };
        self.next = NextOffset::after(offset);
        // As in a dump, nobody knows when it arrived.
        Ok(Some(Record { position: Position { partition: self.partition, offset }, arrived: None, value: &self.text[place] }))
    }

    /// Reads the next piece; false when there is none.
    fn load(&mut self) -> Result<bool, ArchiveError> {
        let Some(reader) = &mut self.reader else {
            let Some(path) = self.files.pop_front() else { return Ok(false) };
            self.reader = PieceReader::open(&path)?;
            self.path = path;
            return Ok(true);
        };
        match reader.next_piece()? {
            None => self.reader = None,
            Some(piece) => {
                let places = piece.lines.iter().filter(|line| line.offset >= self.next.0).map(|line| (line.offset, line.place));
                self.lines = places.collect();
                self.text = piece.lines.text;
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
