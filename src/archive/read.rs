//! Reading a file, piece by piece.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::model::{NextOffset, Reached, Time};

use super::format::{self, FRONT, Head, Lines, PieceHead, TAIL, Title};
use super::{ArchiveError, parse_name};

/// Read from the operating system in pieces of this size.
const BUFFER: usize = 1 << 17;

/// Bytes at the end of a file in which the last piece is looked for first; then in so many times more.
const WINDOW: (u64, u64) = (1 << 16, 16);

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
    title: Title,
}

/// Where a file ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// Where the last piece begins, and what it says; `None` where none is whole.
    pub(super) last: Option<(u64, PieceHead)>,
    /// Bytes up to its end.
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
        let mut reader = Self { path: path.to_owned(), input: BufReader::with_capacity(BUFFER, file), at: 0, title };
        match reader.next_head()? {
            None => Ok(None),
            Some(Head::Title(title)) => Ok(Some(Self { title, ..reader })),
            Some(Head::Piece(_)) => Err(ArchiveError::Damaged { path: path.to_owned(), at: 0 }),
        }
    }

    /// Whose records it holds.
    #[must_use]
    pub fn title(&self) -> &Title {
        &self.title
    }

    /// The next piece; `None` at the end, or where the rest is less than a piece: it is being written, or never was to its end.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, ArchiveError> {
        let begin = self.at;
        let Some((head, packed)) = self.next_packed()? else { return Ok(None) };
        let (sequence, clock, from, reached) = (head.sequence, head.clock, head.from, head.reached());
        let lines = head.lines(&packed).ok_or_else(|| self.damaged(begin))?;
        Ok(Some(Piece { sequence, clock, from, reached, lines }))
    }

    /// The same without reading the lines.
    fn next_packed(&mut self) -> Result<Option<(PieceHead, Vec<u8>)>, ArchiveError> {
        let begin = self.at;
        let head = match self.next_head()? {
            None => return Ok(None),
            Some(Head::Title(_)) => return Err(self.damaged(begin)),
            Some(Head::Piece(head)) => head,
        };
        let mut packed = vec![0; head.packed as usize];
        if !self.fill(&mut packed)? {
            return Ok(None);
        }
        let wanted = format::tail(self.at - begin);
        let mut tail = [0; TAIL];
        match self.fill(&mut tail)? {
            false => Ok(None),
            true if tail != wanted => Err(self.damaged(begin)),
            true => Ok(Some((head, packed))),
        }
    }

    fn next_head(&mut self) -> Result<Option<Head>, ArchiveError> {
        let begin = self.at;
        let mut front = [0; FRONT];
        if !self.fill(&mut front)? {
            return Ok(None);
        }
        let length = format::head_length(front).ok_or_else(|| self.damaged(begin))?;
        let mut bytes = vec![0; length];
        if !self.fill(&mut bytes)? {
            return Ok(None);
        }
        format::head(&bytes).ok_or_else(|| self.damaged(begin)).map(Some)
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

/// Whether a file with the name of one of an archive was made and not even its title is whole: the process ended then, or is at it.
#[must_use]
pub fn is_unbegun(path: &Path) -> bool {
    if parse_name(path).is_none() {
        return false;
    }
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FRONT as u64).read_to_end(&mut begin));
    read.is_ok() && format::may_be_ours(&begin) && matches!(PieceReader::open(path), Ok(None))
}

/// The number of the last commit in a file; 0 where no piece is whole.
///
/// # Errors
/// When it cannot be read.
pub fn last_sequence(path: &Path) -> Result<u64, ArchiveError> {
    Ok(end(path)?.last.map_or(0, |(_, last)| last.sequence))
}

/// Bytes of the title that a file begins with.
pub(super) fn title_length(file: &mut File) -> io::Result<u64> {
    let front = between(file, 0, FRONT as u64)?;
    let length = front.first_chunk::<FRONT>().and_then(|front| format::head_length(*front)).unwrap_or(0);
    Ok((FRONT + length) as u64)
}

/// Finds the last whole piece of a file, from its end: whatever stands after that is not whole.
pub(super) fn end(path: &Path) -> Result<End, ArchiveError> {
    let nothing = |length| End { last: None, whole: 0, has_more: length > 0 };
    let find = || -> io::Result<End> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut window = WINDOW.0;
        loop {
            let begin = length.saturating_sub(window);
            let mut bytes = between(&mut file, begin, length)?;
            while let Some((at, piece)) = format::last_tail(&bytes) {
                let tail = begin + at as u64;
                if let Some(last) = piece_before(&mut file, tail, piece)? {
                    let whole = tail + TAIL as u64;
                    return Ok(End { last: Some((tail - piece, last)), whole, has_more: whole < length });
                }
                bytes.truncate(at + TAIL - 1);
            }
            if begin == 0 {
                return Ok(nothing(length));
            }
            window *= WINDOW.1;
        }
    };
    find().map_err(|source| ArchiveError::Read { path: path.to_owned(), source })
}

/// The head of the piece of so many bytes before this place, if it is what was written.
fn piece_before(file: &mut File, at: u64, length: u64) -> io::Result<Option<PieceHead>> {
    let Some(begin) = at.checked_sub(length) else { return Ok(None) };
    let bytes = between(file, begin, at)?;
    let Some((front, rest)) = bytes.split_first_chunk::<FRONT>() else { return Ok(None) };
    let parts = format::head_length(*front).and_then(|length| rest.split_at_checked(length));
    let found = parts.and_then(|(head, packed)| match format::head(head)? {
        Head::Piece(head) if head.packed as usize == packed.len() => head.clone().lines(packed).map(|_| head),
        _ => None,
    });
    Ok(found)
}

pub(super) fn between(file: &mut File, begin: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(begin))?;
    file.take(end - begin).read_to_end(&mut bytes)?;
    Ok(bytes)
}
