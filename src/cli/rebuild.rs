//! `deskpulse rebuild`: a new store out of an archive.
#![expect(clippy::print_stderr, reason = "what was left out goes to standard error")]

use std::path::PathBuf;

use crate::app;

use super::CommandError;
use super::progress::ProgressLine;

/// Compute everything in the archive again into a new store, under the present configuration; the service goes on from it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The store in store.path must not be there yet: move the old one away first. Start the service on the new one with --bootstrap."
)]
pub struct Args {
    /// Configuration file (TOML): its store is made
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Files of the archive, in any order; without any, all in archive.path
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(Some(&args.config))?;
    let zone = config.zone().map_err(CommandError::usage)?;
    let line = ProgressLine::new(zone.clone());
    let rebuilt = app::rebuild(&config, &args.files, &mut |progress| line.tell(progress)).map_err(CommandError::failed)?;
    for ((topic, partition), (from, next)) in &rebuilt.partitions {
        super::print(&format!("{topic}/{partition} offsets {} to {}\n", from.0, next.0))?;
    }
    if rebuilt.rejected > 0 {
        eprintln!("deskpulse: warning: {} lines are no events for this version: use the one that wrote them", rebuilt.rejected);
    }
    let clock = rebuilt.clock.map_or_else(|| "no day".to_owned(), |clock| zone.day(clock).to_string());
    super::print(&format!("{}: {} events up to {clock}; start the service on it with --bootstrap\n", config.store.path, rebuilt.applied))
}
