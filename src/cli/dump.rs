//! `deskpulse dump`: the topics as files.

use std::path::PathBuf;

use crate::{app, telemetry};

use super::CommandError;

/// Write the topics as NDJSON files, one a partition, and print their names in the order for replay
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML): its [kafka] section says what is read
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder for the files; made if it is missing
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(Some(&args.config))?;
    telemetry::log_to_stderr();
    for file in app::dump(&config.kafka, &args.out).map_err(CommandError::failed)? {
        super::print(&format!("{}\n", file.display()))?;
    }
    Ok(())
}
