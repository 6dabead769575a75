//! The inputs of a replay, merged: the one whose newest event is the oldest is read next, so that all move through time together.
//!
//! Which of two equal events is the duplicate is decided by the order of files, then lines (ruling 22), so several files are read twice:
//! first in that order to find the duplicates, then merged.

use std::collections::BTreeSet;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::archive::ArchiveError;
use crate::decode::{Decoded, Decoder};
use crate::engine::{Dedup, EventKey, Settings};
use crate::ingest::Record;
use crate::ingest::file::FileError;
use crate::model::{Position, Time};

use super::input::{Group, Input, group};

/// Files in the order of the command line, and which of their lines are duplicates of earlier ones.
pub struct Inputs {
    readers: Vec<Input>,
    names: Vec<PathBuf>,
    ended: Vec<bool>,
    duplicates: BTreeSet<Position>,
    /// Standard input, kept when it has to be read twice.
    _spooled: Vec<tempfile::NamedTempFile>,
}

/// Why the inputs cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// More files than can be numbered.
    #[error("{0} files: at most 65535 can be replayed together")]
    TooMany(usize),
    /// Standard input more than once.
    #[error("- is named {0} times, and standard input can be read once: name it once, or give files")]
    StandardInput(usize),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of an archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The copy of standard input.
    #[error("cannot keep standard input in the folder for temporary files: {0}; free some space, or give it as a file")]
    Spool(#[from] io::Error),
}

impl Inputs {
    /// Opens the files; several are read once already.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn open(files: &[PathBuf], decoder: &Decoder, settings: &Settings) -> Result<Self, InputError> {
        let dashes = files.iter().filter(|path| path.as_path() == Path::new("-")).count();
        if dashes > 1 {
            return Err(InputError::StandardInput(dashes));
        }
        let mut spooled = Vec::new();
        let mut groups = group(files)?;
        let names: Vec<PathBuf> = groups.iter().map(Group::name).collect();
        let are_several = groups.len() > 1;
        for group in groups.iter_mut().filter(|group| are_several && **group == Group::File("-".into())) {
            let copy = spool()?;
            *group = Group::File(copy.path().to_owned());
            spooled.push(copy);
        }
        let duplicates = if are_several { find_duplicates(&groups, decoder, settings)? } else { BTreeSet::new() };
        Ok(Self { readers: open_all(&groups)?, names, ended: vec![false; groups.len()], duplicates, _spooled: spooled })
    }

    /// The next line of an input, by its place among them, and whether its event was in an earlier file or line.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn next(&mut self, file: u16) -> Result<Option<(Record<'_>, bool)>, InputError> {
        let file = usize::from(file);
        let Some(record) = self.readers[file].read()? else {
            self.ended[file] = true;
            return Ok(None);
        };
        Ok(Some((record, self.duplicates.contains(&record.position))))
    }

    /// The file of the last line of an input.
    #[must_use]
    pub fn path(&self, file: u16) -> &Path {
        let file = usize::from(file);
        self.readers[file].path().unwrap_or(&self.names[file])
    }

    /// Whether the end of an input has been seen.
    #[must_use]
    pub fn is_ended(&self, file: u16) -> bool {
        self.ended[usize::from(file)]
    }

    /// How many inputs there are.
    #[must_use]
    pub fn count(&self) -> u16 {
        u16::try_from(self.readers.len()).unwrap_or(u16::MAX)
    }
}

/// How the inputs of these files are called, in their order.
///
/// # Errors
/// When one cannot be read.
pub fn names(files: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    Ok(group(files)?.iter().map(Group::name).collect())
}

fn open_all(groups: &[Group]) -> Result<Vec<Input>, InputError> {
    let numbered = groups.iter().enumerate();
    numbered.map(|(index, group)| Input::open(group, u16::try_from(index).map_err(|_| InputError::TooMany(groups.len()))?)).collect()
}

fn spool() -> io::Result<tempfile::NamedTempFile> {
    let mut copy = tempfile::NamedTempFile::new()?;
    io::copy(&mut io::stdin().lock(), &mut copy)?;
    copy.flush()?;
    copy.seek(SeekFrom::Start(0))?;
    Ok(copy)
}

fn find_duplicates(groups: &[Group], decoder: &Decoder, settings: &Settings) -> Result<BTreeSet<Position>, InputError> {
    let mut dedup = Dedup::new(settings.duplicate_window, settings.duplicate_limit);
    let mut found = BTreeSet::new();
    for mut reader in open_all(groups)? {
        let mut newest = Time::MIN;
        while let Some(record) = reader.read()? {
            let Decoded::Event(event) = decoder.decode(record.value) else { continue };
            let reference = newest.max(event.time);
            if dedup.seen(EventKey::of(event.source.as_ref(), &event.id), event.time, reference) {
                found.insert(record.position);
            } else {
                newest = reference;
                dedup.forget(Time::MIN);
            }
        }
    }
    Ok(found)
}
