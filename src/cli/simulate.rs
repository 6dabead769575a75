//! `deskpulse simulate`: a simulated contact center's events, to standard output or to Kafka.
#![expect(clippy::print_stderr, reason = "the closing line goes to standard error")]

use std::io::{self, BufWriter, StdoutLock, Write};
use std::time::Duration;

use super::CommandError;
use crate::clock::Clock;
use crate::decode::parse_time;
use crate::ingest::{KafkaSettings, Producer, ProducerError};
use crate::model::{Span, Time};
use crate::simulate::{FaultSettings, Faults, SimulatedRecord, Simulation, SimulationSettings, Topic};

/// 2026-11-23T08:00:00+08:00: where a simulation starts that is told nothing, so that one seed always gives the same bytes.
const DEFAULT_START: Time = Time(1_795_392_000_000);
/// How far before the present a live simulation starts.
const LIVE_LEAD: Span = Span(2 * Span::HOUR.0);
/// The time of day at which a live simulation starts, so that agents are at work wherever and whenever it is run.
const LIVE_TIME_OF_DAY: Span = Span(8 * Span::HOUR.0);
/// Agents when neither their number nor a rate is given.
const DEFAULT_AGENTS: u32 = 60;
/// How often a live simulation looks for what is due.
const LIVE_STEP: Duration = Duration::from_millis(20);
/// How long the broker may take for the last records.
const FLUSH_LIMIT: Duration = Duration::from_secs(30);

/// Write a simulated contact center's events, one JSON object a line, to standard output or to Kafka
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Chooses everything that is left to chance: the same seed gives the same events
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::whole::<u64>(0, u64::MAX))]
    seed: u64,
    /// Events per second, as the mean over a day; the peaks have more than twice as many [default: what the agents can serve]
    #[arg(long, value_name = "EVENTS_PER_S", value_parser = positive)]
    rate: Option<f64>,
    /// Agents on the roster; about half of them are on duty at the peaks [default: as many as the rate needs, or 60]
    #[arg(long, value_name = "N", value_parser = super::whole::<u32>(1, 1_000_000))]
    agents: Option<u32>,
    /// Teams: aftersale, presale, complaints, vip, technical, then second ones of them
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = super::whole::<u16>(1, 1_000))]
    teams: u16,
    /// First instant, RFC 3339 or milliseconds [default: 2026-11-23T08:00:00+08:00; with --live two hours ago]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<Time>,
    /// First instant that is left out [default: a day after the first; with --live none]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Time>,
    /// Stop after so many records
    #[arg(long, value_name = "N", conflicts_with = "until", value_parser = super::whole::<u64>(0, u64::MAX))]
    events: Option<u64>,
    /// Keep pace with the clock: what is past is written at once, the rest when its time comes; the simulated day starts at 8 in the morning
    #[arg(long)]
    live: bool,
    /// Share of records that are written twice, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    duplicates: f64,
    /// How far records may be out of order, like 2s
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    disorder: Span,
    /// Share of records that are late beyond the disorder, by up to a minute
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    late: f64,
    /// Share of records beside which a broken one is written
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    malformed: f64,
    /// Share of records beside which one of an unknown type is written
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    unknown: f64,
    /// Share of records dated up to an hour ahead
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    future: f64,
    /// Write to these Kafka brokers, not to standard output
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    brokers: Vec<String>,
    /// One topic for all events, or three: for chats, tickets and the rest
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', requires = "brokers", default_values_t = Topic::ALL.map(|topic| topic.name().to_owned()))]
    topics: Vec<String>,
}

/// Why a simulation was not written to its end.
#[derive(Debug, thiserror::Error)]
enum SimulateError {
    /// The number of topics fits nothing.
    #[error("--topics names {0} topics: name one for all events, or three, for chats, tickets and the rest")]
    Topics(usize),
    /// Nothing would be written.
    #[error("--until is not after --from: nothing would be written; name a later time")]
    Empty,
    /// The broker did not take records.
    #[error(transparent)]
    Kafka(#[from] ProducerError),
    /// Standard output did not take records.
    #[error("standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl SimulateError {
    /// Whether only the reader of our output has gone, as `head` does.
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Runs the command: writes until the end that was asked for.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    match write(args) {
        Ok(written) => {
            eprintln!("{written} records written");
            Ok(())
        }
        Err(error) if error.is_broken_pipe() => Ok(()),
        Err(error @ (SimulateError::Topics(_) | SimulateError::Empty | SimulateError::Kafka(ProducerError::Settings(_)))) => {
            Err(CommandError::usage(error))
        }
        Err(error) => Err(CommandError::failed(error)),
    }
}

/// Writes the records, those of a live simulation when their time has come; gives their number.
fn write(args: &Args) -> Result<u64, SimulateError> {
    let clock = args.live.then(Clock::start);
    let mut stream = Stream::new(args, clock.as_ref())?;
    let mut sink = Sink::open(args)?;
    let mut written = 0;
    while args.events.is_none_or(|events| written < events) {
        let due = clock.as_ref().map_or(stream.until, |clock| stream.until.min(clock.now() + Span(1)));
        if let Some(record) = stream.next_before(due) {
            sink.write(&record)?;
            written += 1;
        } else if due < stream.until {
            sink.flush()?;
            std::thread::sleep(LIVE_STEP);
        } else {
            break;
        }
    }
    sink.flush()?;
    Ok(written)
}

/// The records to be written.
struct Stream {
    simulation: Simulation,
    faults: Faults,
    until: Time,
}

impl Stream {
    fn new(args: &Args, live: Option<&Clock>) -> Result<Self, SimulateError> {
        let start = args.from.unwrap_or_else(|| live.map_or(DEFAULT_START, |clock| clock.now() - LIVE_LEAD));
        let endless = live.is_some() || args.events.is_some();
        let until = args.until.unwrap_or(if endless { Time::MAX } else { start + Span::DAY });
        if until <= start {
            return Err(SimulateError::Empty);
        }
        let agents = args.agents.or_else(|| args.rate.map(SimulationSettings::agents_for_rate)).unwrap_or(DEFAULT_AGENTS);
        let mut settings = SimulationSettings { teams: args.teams, ..SimulationSettings::new(args.seed, agents, start) };
        if let Some(rate) = args.rate {
            settings = settings.with_rate(rate);
        }
        if live.is_some() {
            settings = settings.with_time_of_day(LIVE_TIME_OF_DAY);
        }
        let faults = FaultSettings {
            seed: args.seed,
            duplicates: args.duplicates,
            disorder: args.disorder,
            late: args.late,
            malformed: args.malformed,
            unknown: args.unknown,
            future: args.future,
        };
        Ok(Self { simulation: Simulation::new(&settings), faults: Faults::new(faults), until })
    }

    fn next_before(&mut self, due: Time) -> Option<SimulatedRecord> {
        self.faults.next_before(due, |before| self.simulation.next_before(before))
    }
}

/// Where they are written.
enum Sink {
    Output(BufWriter<StdoutLock<'static>>),
    Kafka { producer: Producer, topics: Vec<String> },
}

impl Sink {
    fn open(args: &Args) -> Result<Self, SimulateError> {
        if args.brokers.is_empty() {
            return Ok(Self::Output(BufWriter::with_capacity(1 << 16, io::stdout().lock())));
        }
        let topics = match args.topics.as_slice() {
            [all] => vec![all.clone(); Topic::ALL.len()],
            three if three.len() == Topic::ALL.len() => three.to_vec(),
            others => return Err(SimulateError::Topics(others.len())),
        };
        let settings = KafkaSettings { brokers: args.brokers.clone(), ..KafkaSettings::default() };
        Ok(Self::Kafka { producer: Producer::new(&settings)?, topics })
    }

    fn write(&mut self, record: &SimulatedRecord) -> Result<(), SimulateError> {
        match self {
            Self::Output(out) => {
                out.write_all(&record.value)?;
                out.write_all(b"\n")?;
            }
            Self::Kafka { producer, topics } => producer.send(&topics[record.topic as usize], &record.key, &record.value)?,
        }
        Ok(())
    }

    /// Waits until all that was written has arrived.
    fn flush(&mut self) -> Result<(), SimulateError> {
        match self {
            Self::Output(out) => out.flush()?,
            Self::Kafka { producer, .. } => producer.flush(FLUSH_LIMIT)?,
        }
        Ok(())
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1, such as 0.05".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e6 => Ok(rate),
        _ => Err("a rate is a number above 0 and up to 1000000, such as 12.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::ingest::EmbeddedBroker;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &str) -> Args {
        Line::try_parse_from(std::iter::once("simulate").chain(line.split_whitespace())).unwrap().args
    }

    fn records(line: &str) -> usize {
        let mut stream = Stream::new(&args(line), None).unwrap();
        let until = stream.until;
        std::iter::from_fn(|| stream.next_before(until)).count()
    }

    #[test]
    fn a_rate_gives_about_so_many_events_with_enough_agents_for_them() {
        let day = records("--rate 0.5") as f64;
        assert!((0.8..1.25).contains(&(day / (0.5 * 86_400.0))), "{day}");
    }

    #[test]
    fn broken_and_unknown_records_come_on_top() {
        let clean = records("--agents 10 --from 2026-11-23T08:00:00+08:00 --until 2026-11-23T12:00:00+08:00");
        let spoiled = records(
            "--agents 10 --from 2026-11-23T08:00:00+08:00 --until 2026-11-23T12:00:00+08:00 --malformed 0.5 --unknown 1 --duplicates 1",
        );
        assert!(spoiled > 3 * clean, "{clean} {spoiled}");
    }

    #[test]
    fn two_topics_and_an_empty_time_are_refused() {
        let two = args("--brokers 127.0.0.1:1 --topics a,b");
        assert!(matches!(run(&two), Err(CommandError::Usage(_))));
        let empty = args("--until 2026-01-01T00:00:00Z");
        assert!(matches!(run(&empty), Err(CommandError::Usage(_))));
        for wrong in ["--duplicates 2", "--late -1", "--rate 0", "--disorder 5", "--agents 0", "--topics a", "--events 1 --until 0"] {
            assert!(Line::try_parse_from(std::iter::once("simulate").chain(wrong.split_whitespace())).is_err(), "{wrong}");
        }
    }

    #[test]
    fn records_are_delivered_to_a_broker() {
        let topics = Topic::ALL.map(|topic| topic.name().to_owned());
        let broker = EmbeddedBroker::start(&topics, 2).unwrap();
        let line = format!("--agents 5 --events 300 --brokers {}", broker.settings().brokers.join(","));
        run(&args(&line)).unwrap();
    }
}
