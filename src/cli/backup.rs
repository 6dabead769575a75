//! `deskpulse backup` and `deskpulse restore`: a copy of the store, and the way back.

use std::path::{Path, PathBuf};

use crate::store::backup;

use super::CommandError;

/// Copy the store into a new file, while the service runs; the copy is opened and checked before it gets its name
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML): its store is copied
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The new file
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

/// Put a backup in the place of the store; what came after it is read again from Kafka
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// Configuration file (TOML): its store is written
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Replace the store that is there; it is kept beside, with .replaced after its name
    #[arg(long)]
    force: bool,
    /// The backup, or a snapshot
    #[arg(value_name = "FILE")]
    from: PathBuf,
}

/// Runs the command `backup`.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(args.config.as_deref())?;
    backup::backup(Path::new(&config.store.path), &args.to).map_err(CommandError::failed)?;
    super::print(&format!("{}\n", args.to.display()))
}

/// Runs the command `restore`.
pub(super) fn restore(args: &RestoreArgs) -> Result<(), CommandError> {
    let config = super::configuration(args.config.as_deref())?;
    backup::restore(&args.from, Path::new(&config.store.path), args.force).map_err(CommandError::failed)?;
    super::print(&format!("{}\n", config.store.path))
}
