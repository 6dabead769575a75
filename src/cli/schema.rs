//! `deskpulse schema`: the JSON Schema of all events.
#![expect(clippy::print_stdout, reason = "the schema is the output")]

use super::CommandError;

/// Print the JSON Schema of all events
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub(super) fn run(_args: &Args) -> Result<(), CommandError> {
    println!("{:#}", crate::decode::schema());
    Ok(())
}
