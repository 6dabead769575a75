//! Dump: the topics as files, one a partition, as a replay reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::ingest::{Batch, Beginning, KafkaSettings, KafkaSource, KafkaSourceError, Source, SourceEvent};
use crate::model::PartitionId;

/// How long closing the connection may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// How long the brokers may leave us without an answer.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// Why a dump failed.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The Kafka client.
    #[error(transparent)]
    Kafka(#[from] KafkaSourceError),
    /// The log.
    #[error("{0}")]
    Source(String),
    /// The files.
    #[error("cannot write {path}: {source}; give a folder that can be written with --out")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Writes every record up to where the partitions end now, and returns the files in the order of topics and partitions.
///
/// A record is a line: line feeds inside it become carriage returns, which JSON reads alike; a tombstone is an empty line.
///
/// # Errors
/// When the brokers do not answer, a partition cannot be read, or a file not be written.
pub fn dump(settings: &KafkaSettings, folder: &Path) -> Result<Vec<PathBuf>, DumpError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::fs::create_dir_all(folder).map_err(|source| DumpError::Write { path: folder.to_owned(), source })?;
    runtime.block_on(async {
        let mut source = KafkaSource::start(settings, Beginning::default(), Clock::start())?;
        let mut files = Files { folder, topics: &settings.topics, open: BTreeMap::new() };
        let mut unread = BTreeSet::new();
        let mut trouble = "they do not answer".to_owned();
        loop {
            let event = tokio::time::timeout(SILENCE_LIMIT, source.next()).await;
            match event.map_err(|_| DumpError::Source(format!("nothing heard of the brokers for 30 s: {trouble}")))? {
                Some(SourceEvent::Assigned(partitions)) => {
                    for assignment in partitions {
                        files.add(assignment.partition)?;
                        unread.insert(assignment.partition);
                    }
                }
                Some(SourceEvent::Batch(batch)) => files.write(&batch)?,
                Some(SourceEvent::Confirmed { partition, .. }) => {
                    unread.remove(&partition);
                    if unread.is_empty() {
                        break;
                    }
                }
                Some(SourceEvent::Lag { .. }) => {}
                Some(SourceEvent::Trouble { reason, .. }) => trouble = reason,
                Some(SourceEvent::Failed { reason, .. } | SourceEvent::Fatal(reason)) => return Err(DumpError::Source(reason)),
                None => return Err(DumpError::Source("the source has ended: try again".to_owned())),
            }
        }
        let _closed_in_time = source.close(CLOSE_LIMIT).await;
        files.finish()
    })
}

/// The file of each partition.
struct Files<'a> {
    folder: &'a Path,
    topics: &'a [String],
    open: BTreeMap<PartitionId, (PathBuf, BufWriter<File>)>,
}

impl Files<'_> {
    fn add(&mut self, partition: PartitionId) -> Result<(), DumpError> {
        let topic = self.topics.get(usize::from(partition.topic)).map_or("topic", String::as_str);
        let path = self.folder.join(format!("{topic}-{:03}.ndjson", partition.partition));
        let file = File::create(&path).map_err(|source| DumpError::Write { path: path.clone(), source })?;
        self.open.insert(partition, (path, BufWriter::new(file)));
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<(), DumpError> {
        for record in batch.iter() {
            if let Some((path, file)) = self.open.get_mut(&record.position.partition) {
                write_line(file, record.value).map_err(|source| DumpError::Write { path: path.clone(), source })?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<PathBuf>, DumpError> {
        let files = self.open.into_values();
        files
            .map(|(path, mut file)| match file.flush() {
                Ok(()) => Ok(path),
                Err(source) => Err(DumpError::Write { path, source }),
            })
            .collect()
    }
}

fn write_line(file: &mut impl Write, value: &[u8]) -> io::Result<()> {
    let mut parts = value.split(|byte| *byte == b'\n');
    file.write_all(parts.next().unwrap_or_default())?;
    for part in parts {
        file.write_all(b"\r")?;
        file.write_all(part)?;
    }
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_whatever_line_feeds_it_has() {
        let mut out = Vec::new();
        write_line(&mut out, b"{\n\"id\": 1\n}").unwrap();
        write_line(&mut out, b"").unwrap();
        assert_eq!(out, b"{\r\"id\": 1\r}\n\n");
    }
}
