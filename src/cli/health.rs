//! `deskpulse health`: is a running service alive, or ready?
#![expect(clippy::print_stdout, reason = "the answer is the output")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::CommandError;

/// How long the service may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Ask a running service whether it is alive; exit code 0 or 1
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask whether it is ready: caught up, and ingestion not stale
    #[arg(long)]
    ready: bool,
    /// Where the service listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    address: SocketAddr,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let answer = ask(args.address, path)
        .map_err(|error| CommandError::failed(format!("no answer from {}: {error}; is the service running there?", args.address)))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        print!("{body}");
        return Ok(());
    }
    Err(CommandError::failed(body.trim_end()))
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
