//! `deskpulse serve`: the service.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{app, telemetry};

use super::CommandError;

/// Run the service: read events from Kafka, serve metrics, board and API
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML); `deskpulse check` says what it comes to
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Address of board, API and metrics, in place of http.listen
    #[arg(long, value_name = "ADDRESS", value_parser = super::parse_address)]
    listen: Option<SocketAddr>,
    /// Let an empty store, or another one than before, begin to read for kafka.group: its numbers begin with what the topics still hold
    #[arg(long)]
    bootstrap: bool,
    /// Take a configuration that would change time that has passed: it counts from here on, what was told stays as it was told
    #[arg(long)]
    accept_config: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let mut config = super::configuration(Some(&args.config))?;
    if let Some(listen) = args.listen {
        config.http.listen = listen;
        config.check().map_err(CommandError::usage)?;
    }
    telemetry::log_to_stderr();
    for warning in config.warnings() {
        super::warn(&warning);
    }
    let options = app::ServeOptions { bootstrap: args.bootstrap, accept_config: args.accept_config };
    let (file, listen) = (args.config.clone(), args.listen);
    let load = move || {
        let mut config = crate::config::load(Some(&file), std::env::vars())?;
        config.http.listen = listen.unwrap_or(config.http.listen);
        Ok(config)
    };
    app::serve(&config, options, load).map_err(CommandError::of_app)
}
