//! `deskpulse quarantine`: records that are no events.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::ingest::single_record;
use crate::model::{RejectCount, Rejected};
use crate::store::Reader;
use crate::view::quarantine as shown;

use super::CommandError;

/// Look at records that are no events: all are counted, the newest 100,000 kept, without a word that a person wrote
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How many there are, by topic, source and reason
    List {
        /// Configuration file (TOML): its store is read
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// One JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// One record: its position, what was wrong with it, and its JSON with the length of every text in the place of the text, and of every long number
    Show {
        /// Configuration file (TOML): its store is read
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Print the record's bytes instead, fetched from Kafka, if it still has them
        #[arg(long)]
        raw: bool,
        /// The record: TOPIC/PARTITION/OFFSET
        #[arg(value_name = "RECORD", value_parser = parse_position)]
        record: Position,
    },
    /// Every record that is kept, the newest first, one JSON object a line
    Export {
        /// Configuration file (TOML): its store is read
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Of this reason only
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
        /// Of this topic only
        #[arg(long, value_name = "TOPIC")]
        topic: Option<String>,
    },
}

/// Where a record stands.
#[derive(Debug, Clone)]
struct Position {
    topic: String,
    partition: u32,
    offset: i64,
}

fn parse_position(text: &str) -> Result<Position, String> {
    let mut parts = text.rsplitn(3, '/');
    let found = (|| {
        let (offset, partition, topic) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Position { topic: topic.to_owned(), partition, offset })
    })();
    found.filter(|found| !found.topic.is_empty()).ok_or_else(|| "topic, partition and offset wanted, like chat.events/0/1047".to_owned())
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    match &args.what {
        What::List { config, json } => {
            let counts = open(config.as_deref())?.1.reject_counts().map_err(CommandError::failed)?;
            let lines: String = counts.iter().map(|count| shown::count_line(count) + "\n").collect();
            super::print(&if *json { lines } else { table(&counts) })
        }
        What::Show { config, raw, record } => show(config.as_deref(), record, *raw),
        What::Export { config, reason, topic } => {
            let wanted = |rejected: &Rejected| {
                reason.as_ref().is_none_or(|reason| *reason == rejected.reason)
                    && topic.as_ref().is_none_or(|topic| *topic == rejected.topic)
            };
            export(&open(config.as_deref())?.1, &wanted)
        }
    }
}

fn open(config: Option<&Path>) -> Result<(Config, Reader), CommandError> {
    let config = super::configuration(config)?;
    let reader = Reader::open(Path::new(&config.store.path)).map_err(CommandError::failed)?;
    Ok((config, reader))
}

/// Counts as people read them: the largest first.
fn table(counts: &[RejectCount]) -> String {
    let mut counts: Vec<&RejectCount> = counts.iter().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.records));
    let mut rows = vec![["records", "reason", "topic", "source", "last"].map(str::to_owned)];
    rows.extend(counts.iter().map(|count| {
        let last = jiff::Timestamp::from_millisecond(count.last.0).map_or_else(|_| String::new(), |last| format!("{last:.0}"));
        let source = if count.source.is_empty() { "-" } else { &count.source };
        [count.records.to_string(), count.reason.clone(), count.topic.clone(), source.to_owned(), last]
    }));
    let widths: Vec<usize> = (0..5).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn show(config: Option<&Path>, record: &Position, raw: bool) -> Result<(), CommandError> {
    let (config, reader) = open(config)?;
    let Position { topic, partition, offset } = record;
    let kept = reader.rejected_at(topic, *partition, *offset).map_err(CommandError::failed)?;
    let Some(kept) = kept else {
        return Err(CommandError::failed(format!(
            "no rejected record {topic}/{partition}/{offset} is kept: `deskpulse quarantine export` lists those that are"
        )));
    };
    if !raw {
        return super::print(&format!("{}\n", shown::line(&kept)));
    }
    let value = single_record(&config.kafka, topic, *partition, *offset).map_err(CommandError::failed)?;
    let value = value.ok_or_else(|| {
        CommandError::failed(format!(
            "Kafka does not hold {topic}/{partition}/{offset} any more: only its outline is left, see it without --raw"
        ))
    })?;
    if !crate::store::is_same(&kept, &value) {
        return Err(CommandError::failed(format!(
            "Kafka holds another record at {topic}/{partition}/{offset} than the one that was rejected: the topic was made anew"
        )));
    }
    done(io::stdout().lock().write_all(&value))
}

fn export(reader: &Reader, wanted: &dyn Fn(&Rejected) -> bool) -> Result<(), CommandError> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut written = Ok(());
    let read = reader.rejected(&mut |rejected| {
        if wanted(&rejected) {
            written = writeln!(out, "{}", shown::line(&rejected));
        }
        written.is_ok()
    });
    read.map_err(CommandError::failed)?;
    done(written.and_then(|()| out.flush()))
}

fn done(written: io::Result<()>) -> Result<(), CommandError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| CommandError::failed(format!("cannot write the output: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_position_is_topic_partition_and_offset() {
        let found = parse_position("a/b.events/3/1047").unwrap();
        assert_eq!((found.topic.as_str(), found.partition, found.offset), ("a/b.events", 3, 1_047));
        for wrong in ["", "chat.events", "chat.events/3", "/3/4", "chat.events/x/4", "chat.events/3/four"] {
            assert!(parse_position(wrong).unwrap_err().contains("chat.events/0/1047"), "{wrong}");
        }
    }

    #[test]
    fn the_table_has_the_largest_count_first() {
        let count = |source: &str, records| RejectCount {
            topic: "chat.events".to_owned(),
            source: source.to_owned(),
            reason: "bad_time".to_owned(),
            records,
            first: Time(0),
            last: Time(1_700_000_000_000),
        };
        let wanted = "records  reason    topic        source  last\n\
                      1200     bad_time  chat.events  crm     2023-11-14T22:13:20Z\n\
                      7        bad_time  chat.events  -       2023-11-14T22:13:20Z\n";
        assert_eq!(table(&[count("", 7), count("crm", 1_200)]), wanted);
    }
}
