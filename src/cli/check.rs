//! `deskpulse check`: is the configuration right, and what does it come to?

use std::path::PathBuf;

use crate::config;
use crate::ingest::KafkaSource;

use super::CommandError;

/// Validate the configuration and print what it comes to, secrets masked
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML); without one, the built-in values and DESKPULSE_SECTION__KEY variables
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print what every key means instead (Markdown)
    #[arg(long, conflicts_with = "config")]
    reference: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    if args.reference {
        return super::print(&config::markdown().map_err(CommandError::failed)?);
    }
    let config = super::configuration(args.config.as_deref())?;
    KafkaSource::check(&config.kafka).map_err(CommandError::usage)?;
    for warning in config.warnings() {
        super::warn(&warning);
    }
    let whole = config.written_out().map_err(CommandError::usage)?;
    let built_in = config.built_in_policies().map_err(CommandError::usage)?;
    let built_in = built_in.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect::<String>();
    let shown = whole.show().map_err(CommandError::failed)?;
    super::print(&format!("{shown}\n# Where no policy of yours decides, these do:\n#\n{built_in}"))
}
