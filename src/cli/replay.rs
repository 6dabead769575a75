//! `deskpulse replay`: the same engine over files.
#![expect(clippy::print_stderr, reason = "rejected lines and the closing line go to standard error")]

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use crate::decode;
use crate::kpi::PeriodKind;
use crate::model::Time;
use crate::replay::{Complaint, Print, Replay, ReplayError};

use super::CommandError;
use super::progress::ProgressLine;

/// Compute the numbers of NDJSON files of events: the service's own engine, without a broker
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML); without one, the built-in values
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Let time go on to here after the last event: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Time>,
    /// What to print
    #[arg(long, value_enum, default_value_t = What::Totals)]
    print: What,
    /// Periods of the totals
    #[arg(long, value_enum, default_value_t = Periods::Month)]
    period: Periods,
    /// Exit with 1 when a line is rejected or has an unknown field; all lines are told all the same
    #[arg(long)]
    strict: bool,
    /// Files of events, one JSON object a line; - is standard input. Several are merged by time
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Every KPI of each agent, team and all: one JSON object a row
    Totals,
    /// Every receipt behind the totals: one JSON object a fact
    Facts,
    /// The page that Prometheus would scrape, as of the end
    Metrics,
    /// Who waits and what each agent does, as of the end
    Live,
    /// How many lines were applied, duplicate, late, rejected
    Summary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Periods {
    /// Months of the reporting zone
    Month,
    /// Days of the reporting zone
    Day,
}

/// Reads a time of the command line.
pub(super) fn parse_time(text: &str) -> Result<Time, String> {
    decode::parse_time(text).map_err(|error| error.to_string())
}

/// What a replay that stopped comes to: nothing bad, when whoever reads the output has closed it.
pub(super) fn failed(error: ReplayError) -> Result<(), CommandError> {
    match error {
        error if error.is_broken_pipe() => Ok(()),
        error if error.is_usage() => Err(CommandError::usage(error)),
        error => Err(CommandError::failed(error)),
    }
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(args.config.as_deref())?;
    let period = if args.period == Periods::Month { PeriodKind::Month } else { PeriodKind::Day };
    let print = match args.print {
        What::Totals => Print::Totals(period),
        What::Facts => Print::Facts,
        What::Metrics => Print::Metrics,
        What::Live => Print::Live,
        What::Summary => Print::Summary,
    };
    let replay = Replay { config: &config, files: &args.files, until: args.until, strict: args.strict };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut complained = false;
    let line = ProgressLine::new(config.zone().map_err(CommandError::usage)?);
    let mut complain = |complaint: &Complaint<'_>| {
        complained = true;
        line.clear();
        eprintln!("{complaint}");
    };
    let done = replay.print_telling(print, &mut out, &mut complain, &mut |progress| line.tell(progress));
    let summary = match done.and_then(|summary| out.flush().map(|()| summary).map_err(ReplayError::from)) {
        Ok(summary) => summary,
        Err(error) => return failed(error),
    };
    let rejected: u64 = summary.rejected.values().sum();
    eprintln!("{} applied, {} duplicate, {} late, {rejected} rejected", summary.applied, summary.duplicate, summary.late);
    if args.strict && complained {
        return Err(CommandError::failed("--strict: some lines were rejected or have unknown fields: correct them, or leave out --strict"));
    }
    Ok(())
}
