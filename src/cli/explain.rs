//! `deskpulse explain`: why the numbers of one conversation are what they are.
#![expect(clippy::print_stderr, reason = "rejected lines go to standard error")]

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use crate::model::{ConversationId, Time};
use crate::replay::{Complaint, Explain, Explained, Replay, ReplayError};
use crate::view::receipts;

use super::CommandError;

/// Tell one conversation's story: every event, who had it, the clocks and targets, each fact and the rule behind it
#[derive(Debug, clap::Args)]
#[command(after_help = "Rulings are cited by number: docs/rulings.md says what each decides, docs/kpis.md what the words mean.")]
pub struct Args {
    /// Which conversation: chat:ID or ticket:ID
    #[arg(long, value_name = "CONVERSATION", value_parser = receipts::conversation)]
    conversation: ConversationId,
    /// Configuration file (TOML); without one, the built-in values
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Let time go on to here after the last event: RFC 3339, or milliseconds since 1970
    #[arg(long, value_name = "TIME", value_parser = super::replay::parse_time)]
    until: Option<Time>,
    /// Files of events, as for replay: all of them, since others decide about time too; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(args.config.as_deref())?;
    let replay = Replay { config: &config, files: &args.files, until: args.until, strict: false };
    let explain = Explain { replay, conversation: &args.conversation, colours: colours() };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let done = explain.print(&mut out, &mut |complaint: &Complaint<'_>| eprintln!("{complaint}"));
    match done.and_then(|explained| out.flush().map(|()| explained).map_err(ReplayError::from)) {
        Ok(Explained::Written) => Ok(()),
        Ok(Explained::Unknown(nearest)) => {
            let ConversationId { medium, id } = &args.conversation;
            Err(CommandError::failed(format!("no event names {}:{id}: {nearest}", medium.word())))
        }
        Err(error) => super::replay::failed(error),
    }
}

/// Colours are for terminals, and for whoever has not asked for none (no-color.org).
fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
