//! NDJSON files and standard input as records: one line, one record, in bounded memory whatever the lines hold.
//!
//! * A line ends with LF or CRLF; neither belongs to the record. The end of the last line makes no further record (ruling 19).
//! * A line of nothing but white space is a tombstone: its value is empty (ruling 19).
//! * What begins as zstd does is uncompressed.
//! * A line over [`RECORD_LIMIT`] bytes is never held whole: its value is its first [`RECORD_LIMIT`] + 1 bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::model::{PartitionId, Position};

use super::{Batch, RECORD_LIMIT, Record};

#[cfg(test)]
mod tests;

/// A batch of a file is full at this many records…
const BATCH_RECORDS: usize = 1_000;
/// …or when its values have this many bytes, so that it never exceeds this by more than one record.
const BATCH_BYTES: usize = 1 << 20;
/// Read from the operating system in pieces of this size.
const BUFFER: usize = 1 << 17;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {cause}; name an NDJSON file that this user may read, or - for standard input", path.display())]
pub struct FileError {
    /// The file as it was named.
    pub path: PathBuf,
    /// What the operating system said.
    #[source]
    pub cause: io::Error,
}

/// Reads one file, or standard input, line by line.
pub struct FileReader {
    path: PathBuf,
    lines: Lines<BufReader<Box<dyn Read + Send>>>,
    partition: PartitionId,
}

impl FileReader {
    /// Opens a file; `-` is standard input. `index` is its position on the command line: the topic of its records' positions.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, index: u16) -> Result<Self, FileError> {
        let failed = |cause| FileError { path: path.to_owned(), cause };
        let input: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).and_then(refuse_directory).map_err(failed)?)
        };
        let input = uncompressed(input).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            lines: Lines::new(BufReader::with_capacity(BUFFER, input)),
            partition: PartitionId { topic: index, partition: 0 },
        })
    }

    /// The next record, valid until the next call; its offset is the line's number, from 1. `None` at the end of the file.
    ///
    /// # Errors
    /// When the operating system cannot read on.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, FileError> {
        match self.lines.next_line() {
            Err(cause) => Err(FileError { path: self.path.clone(), cause }),
            Ok(false) => Ok(None),
            Ok(true) => {
                let position = Position { partition: self.partition, offset: self.lines.number };
                Ok(Some(Record { position, arrived: None, value: &self.lines.line }))
            }
        }
    }

    /// The next thousand records or megabyte; `None` at the end of the file.
    ///
    /// # Errors
    /// When the operating system cannot read on.
    pub fn read_batch(&mut self) -> Result<Option<Batch>, FileError> {
        let mut batch = Batch::with_capacity(BATCH_RECORDS, 0);
        while batch.len() < BATCH_RECORDS && batch.size() < BATCH_BYTES {
            match self.read()? {
                Some(record) => batch.push(record.position, record.arrived, record.value),
                None => break,
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }
}

/// Opening a directory succeeds on Unix and only reading it fails; say so at once.
fn refuse_directory(file: File) -> io::Result<File> {
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    Ok(file)
}

/// The input itself, or what is compressed in it.
fn uncompressed(input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let is_compressed = is_zstd(input.fill_buf()?);
    Ok(if is_compressed { Box::new(zstd::stream::read::Decoder::with_buffer(input)?) } else { Box::new(input) })
}

/// Whether bytes begin as zstd does: with a frame, or with one that it passes over. No JSON does.
fn is_zstd(begin: &[u8]) -> bool {
    let Some(magic) = begin.first_chunk::<4>() else { return false };
    let magic = u32::from_le_bytes(*magic);
    magic == zstd::zstd_safe::MAGICNUMBER || (0x184D_2A50..=0x184D_2A5F).contains(&magic)
}

/// Cuts a stream of bytes into lines.
struct Lines<R> {
    input: R,
    /// The present line as a record's value.
    line: Vec<u8>,
    /// Its number, from 1.
    number: i64,
}

impl<R: BufRead> Lines<R> {
    fn new(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0 }
    }

    /// Reads one line; false when there is none.
    fn next_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        // Bytes of the line so far, its end included: more than are kept when it is too large.
        let mut length = 0_u64;
        let mut last_two = [0_u8; 2];
        loop {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = &available[..end.map_or(available.len(), |at| at + 1)];
            // Two more than the limit, so that a line of exactly the limit still has its CRLF here.
            let room = (RECORD_LIMIT + 2).saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            last_two = last_bytes(last_two, piece);
            length += piece.len() as u64;
            let used = piece.len();
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if length == 0 {
            return Ok(false);
        }
        self.number += 1;
        let line_end = match last_two {
            [b'\r', b'\n'] => 2,
            [_, b'\n'] => 1,
            _ => 0,
        };
        self.finish(length - line_end);
        Ok(true)
    }

    /// Takes the line's end off, and makes a tombstone of a blank line. `length` is that of the value, also where it was not kept whole.
    fn finish(&mut self, length: u64) {
        let kept = usize::try_from(length).unwrap_or(usize::MAX).min(RECORD_LIMIT + 1);
        self.line.truncate(kept);
        if kept <= RECORD_LIMIT && self.line.trim_ascii().is_empty() {
            self.line.clear();
        }
    }
}

/// The last two bytes of what came before followed by `piece`.
fn last_bytes(before: [u8; 2], piece: &[u8]) -> [u8; 2] {
    match piece {
        [] => before,
        [only] => [before[1], *only],
        [.., first, second] => [*first, *second],
    }
}
