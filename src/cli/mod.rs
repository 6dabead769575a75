//! The command line: what users type. Each command has its file; this one only tells them apart and turns errors into exit codes.
#![expect(clippy::print_stderr, reason = "errors of the command line go to standard error")]

mod backup;
mod check;
mod demo;
mod dump;
mod explain;
mod facts;
mod health;
mod ledger;
mod progress;
mod quarantine;
mod rebuild;
mod replay;
mod schema;
mod serve;
mod simulate;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What to begin with, under the help of the whole.
const FIRST_STEPS: &str = "\
To see it work:         deskpulse demo
Your events as a file:  deskpulse replay events.ndjson
Your Kafka:             deskpulse serve --config deskpulse.toml

Exit codes: 0 done, 1 failed while running, 2 usage or configuration.";

/// Live contact-center KPIs from Kafka: the 30-second rule, resolution, complaints, utilization
#[derive(Debug, Parser)]
#[command(name = "deskpulse", version, max_term_width = 120, arg_required_else_help = true, after_help = FIRST_STEPS)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Replay(replay::Args),
    Explain(explain::Args),
    Check(check::Args),
    Dump(dump::Args),
    Schema(schema::Args),
    Health(health::Args),
    Simulate(simulate::Args),
    Facts(facts::Args),
    Quarantine(quarantine::Args),
    Backup(backup::Args),
    Restore(backup::RestoreArgs),
    Rebuild(rebuild::Args),
    Ledger(ledger::Args),
}

/// Why a command failed, and with which exit code.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The command was used or configured in a way that cannot work: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It failed while running: exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl CommandError {
    /// Something that the user wrote.
    pub(crate) fn usage(error: impl std::fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// Why the program ended.
    pub(crate) fn of_app(error: crate::app::AppError) -> Self {
        if error.is_usage() { Self::usage(error) } else { Self::failed(error) }
    }

    /// Something that happened.
    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs the command that was typed. Exit codes: 0 done, 1 failed while running, 2 usage or configuration.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Dump(args) => dump::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Facts(args) => facts::run(&args),
        Command::Quarantine(args) => quarantine::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Rebuild(args) => rebuild::run(&args),
        Command::Ledger(args) => ledger::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("deskpulse: {}", error.to_string().trim_end());
            ExitCode::from(match error {
                CommandError::Usage(_) => 2,
                CommandError::Failed(_) => 1,
            })
        }
    }
}

/// The configuration of a command: its file, if one is given, and the environment over it.
pub(crate) fn configuration(file: Option<&std::path::Path>) -> Result<crate::config::Config, CommandError> {
    crate::config::load(file, std::env::vars()).map_err(CommandError::usage)
}

/// Writes the output of a command. Whoever reads it may stop early: for a command in a pipe that is no error.
pub(crate) fn print(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| CommandError::failed(format!("cannot write the output: {error}"))),
    }
}

/// Reads a whole number of the command line, from the least to the most that is allowed.
pub(crate) fn whole<T: TryFrom<u64>>(least: u64, most: u64) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    let wanted = if most == u64::MAX { format!("of {least} or more") } else { format!("from {least} to {most}") };
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| format!("a whole number {wanted} wanted"))
    }
}

/// Reads an address of the command line.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an IP address with a port wanted, like 127.0.0.1:9464".to_owned())
}

/// Says what is allowed but probably not meant.
pub(crate) fn warn(warning: &str) {
    eprintln!("deskpulse: warning: {warning}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What Rust says where a user's words are wanted.
    const PROGRAMMERS: [&str; 7] = ["invalid digit", "..", "u64", "u32", "syntax", "parse", "float"];

    #[test]
    fn a_wrong_value_of_any_flag_is_refused_in_the_users_words() {
        let mut refusals = 0;
        for command in Cli::command().get_subcommands() {
            for flag in
                command.get_arguments().filter(|argument| argument.get_action().takes_values()).filter_map(|argument| argument.get_long())
            {
                for value in ["-1", "nonsense", "99999999999999999999", "1.5", "", "0"] {
                    let line = ["deskpulse".to_owned(), command.get_name().to_owned(), format!("--{flag}={value}")];
                    let Err(error) = Cli::try_parse_from(line) else { continue };
                    let message = error.to_string();
                    let Some(sentence) = message.lines().next().filter(|_| message.contains("invalid value")) else { continue };
                    refusals += 1;
                    assert_eq!(PROGRAMMERS.iter().find(|word| sentence.contains(**word)), None, "{sentence}");
                    assert!(message.contains("wanted") || message.contains("possible values") || message.contains("such as"), "{message}");
                }
            }
        }
        assert!(refusals > 60, "{refusals}");
    }
}
