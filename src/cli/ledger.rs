//! `deskpulse ledger`: the published copy, for people with `sqlite3`.

use std::path::PathBuf;

use crate::app;
use crate::clock::Clock;

use super::CommandError;

/// Publish totals, corrections, quarantine and configurations as a SQLite file for people; the service may run meanwhile
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML): its store is read
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The published copy; one that is there is replaced
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(args.config.as_deref())?;
    app::publish_ledger(&config, &args.to, Clock::start().now()).map_err(CommandError::of_app)?;
    super::print(&format!("{}\n", args.to.display()))
}
