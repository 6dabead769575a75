//! Reading a file, piece by piece.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::model::{NextOffset, Reached, Time};

use super::ArchiveError;
use super::format::{self, FRONT, Head, Lines, PieceHead, Title};

/// Read from the operating system in pieces of this size.
const BUFFER: usize = 1 << 17;

/// What one commit read of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Counts the commits of the archive.
    pub sequence: u64,
    /// Where the service's clock stood at the commit before.
    pub clock: Time,
    /// Everything before was in earlier pieces.
    pub from: NextOffset,
    /// How far the partition was read then.
    pub reached: Reached,
    /// Its events.
    pub lines: Lines,
}

/// One file of an archive.
pub struct PieceReader {
    path: PathBuf,
    input: BufReader<File>,
    /// Bytes read so far.
    at: u64,
    /// Those of them that are whole titles and pieces.
    whole: u64,
    title: Title,
}

/// Where a file ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// Whose records stand last, the last number of a commit, and how far was read then; `None` where no piece is whole.
    pub(super) last: Option<(Title, u64, Reached)>,
    /// Bytes of what is whole.
    pub(super) whole: u64,
    /// Whether more stands after them.
    pub(super) has_more: bool,
}

/// A file of an archive, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextFile {
    /// The file.
    pub path: PathBuf,
    /// Whose records come first in it.
    pub title: Title,
    /// Everything before is in earlier files.
    pub from: NextOffset,
    /// The number of its first commit.
    pub sequence: u64,
}

/// Where a file of an archive begins; one without a whole piece after all others. `None` when it is none of an archive, as its first bytes say, or
/// cannot be opened: that is told by whoever reads it as something else.
///
/// # Errors
/// When it is not what was written.
pub fn begin(path: &Path) -> Result<Option<NextFile>, ArchiveError> {
    let mut begin = [0; FRONT + 4];
    if File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_err() || !format::is_ours(&begin) {
        return Ok(None);
    }
    let Some(mut reader) = PieceReader::open(path)? else { return Ok(None) };
    let title = reader.title.clone();
    let first = reader.next_packed()?.map_or((NextOffset(i64::MAX), u64::MAX), |(head, _)| (head.from, head.sequence));
    Ok(Some(NextFile { path: path.to_owned(), title, from: first.0, sequence: first.1 }))
}

impl PieceReader {
    /// Opens a file; `None` when not even its title is whole.
    ///
    /// # Errors
    /// When it cannot be read, or does not begin with a title.
    pub fn open(path: &Path) -> Result<Option<Self>, ArchiveError> {
        let file = File::open(path).map_err(|source| ArchiveError::Read { path: path.to_owned(), source })?;
        let title = Title { store: String::new(), topic: String::new(), number: 0, partition: 0 };
        let mut reader = Self { path: path.to_owned(), input: BufReader::with_capacity(BUFFER, file), at: 0, whole: 0, title };
        match reader.next_head()? {
            None => Ok(None),
            Some(Head::Title(title)) => Ok(Some(Self { title, ..reader })),
            Some(Head::Piece(_)) => Err(ArchiveError::Damaged { path: path.to_owned(), at: 0 }),
        }
    }

    /// Whose records the last piece held; at the beginning, the first will.
    #[must_use]
    pub fn title(&self) -> &Title {
        &self.title
    }

    /// The next piece; `None` at the end, or where the rest is less than a piece: it is being written, or never was to its end.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, ArchiveError> {
        let before = self.whole;
        let Some((head, packed)) = self.next_packed()? else { return Ok(None) };
        let (sequence, clock, from, reached) = (head.sequence, head.clock, head.from, head.reached());
        let lines = head.lines(&packed).ok_or_else(|| self.damaged(before))?;
        Ok(Some(Piece { sequence, clock, from, reached, lines }))
    }

    /// The same without reading the lines, for whoever looks for the end.
    pub(super) fn next_packed(&mut self) -> Result<Option<(PieceHead, Vec<u8>)>, ArchiveError> {
        loop {
            match self.next_head()? {
                None => return Ok(None),
                Some(Head::Title(title)) => {
                    self.title = title;
                    self.whole = self.at;
                }
                Some(Head::Piece(head)) => {
                    let mut packed = vec![0; head.packed as usize];
                    if !self.fill(&mut packed)? {
                        return Ok(None);
                    }
                    self.whole = self.at;
                    return Ok(Some((head, packed)));
                }
            }
        }
    }

    fn next_head(&mut self) -> Result<Option<Head>, ArchiveError> {
        let mut front = [0; FRONT];
        if !self.fill(&mut front)? {
            return Ok(None);
        }
        let length = format::head_length(front).ok_or_else(|| self.damaged(self.whole))?;
        let mut bytes = vec![0; length];
        if !self.fill(&mut bytes)? {
            return Ok(None);
        }
        format::head(&bytes).ok_or_else(|| self.damaged(self.whole)).map(Some)
    }

    /// Reads as many bytes; false when there are not so many.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<bool, ArchiveError> {
        match self.input.read_exact(bytes) {
            Ok(()) => {
                self.at += bytes.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(source) => Err(ArchiveError::Read { path: self.path.clone(), source }),
        }
    }

    fn damaged(&self, at: u64) -> ArchiveError {
        ArchiveError::Damaged { path: self.path.clone(), at }
    }
}

/// Whether a file of an archive was made and not even its title is whole: the process ended then, or is at it.
#[must_use]
pub fn is_unbegun(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FRONT as u64).read_to_end(&mut begin));
    read.is_ok() && format::may_be_ours(&begin) && matches!(PieceReader::open(path), Ok(None))
}

/// The number of the last commit in a file; 0 where no piece is whole.
///
/// # Errors
/// When it cannot be read.
pub fn last_sequence(path: &Path) -> Result<u64, ArchiveError> {
    Ok(end(path)?.last.map_or(0, |(_, sequence, _)| sequence))
}

/// Finds where a file ends in what was written whole: whatever stands after that is not. Of the pieces only the last one is looked into: those
/// before it were on the disk when it was written.
pub(super) fn end(path: &Path) -> Result<End, ArchiveError> {
    let unreadable = |source| ArchiveError::Read { path: path.to_owned(), source };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    let mut end = End { last: None, whole: 0, has_more: length > 0 };
    let mut reader = match PieceReader::open(path) {
        Ok(Some(reader)) => reader,
        Ok(None) | Err(ArchiveError::Damaged { .. }) => return Ok(end),
        Err(error) => return Err(error),
    };
    let mut latest: Option<(PieceHead, Vec<u8>, End)> = None;
    loop {
        match reader.next_packed() {
            Ok(Some((head, packed))) => {
                let last = Some((reader.title.clone(), head.sequence, head.reached()));
                let after = End { last, whole: reader.whole, has_more: reader.whole < length };
                if let Some((.., before)) = latest.replace((head, packed, after)) {
                    end = before;
                }
            }
            Ok(None) | Err(ArchiveError::Damaged { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    let sound = latest.and_then(|(head, packed, after)| head.lines(&packed).map(|_| after));
    Ok(sound.unwrap_or(End { has_more: length > end.whole, ..end }))
}
