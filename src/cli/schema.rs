//! `deskpulse schema`: the JSON Schema of all events.

use super::CommandError;

/// Print the JSON Schema of all events, to validate what a producer writes
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub(super) fn run(_args: &Args) -> Result<(), CommandError> {
    super::print(&format!("{:#}\n", crate::decode::schema()))
}
