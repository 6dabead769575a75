//! `deskpulse check`: is the configuration right, and what does it come to?
#![expect(clippy::print_stdout, reason = "the resolved configuration is the output")]

use std::path::PathBuf;

use crate::config;

use super::CommandError;

/// Validate the configuration and print what it comes to, secrets masked
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the reference of all keys instead (Markdown)
    #[arg(long, conflicts_with = "config")]
    reference: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    if args.reference {
        print!("{}", config::markdown().map_err(CommandError::failed)?);
        return Ok(());
    }
    let config = super::configuration(args.config.as_deref())?;
    for warning in config.warnings() {
        super::warn(&warning);
    }
    print!("{}", config.show().map_err(CommandError::failed)?);
    Ok(())
}
