//! `deskpulse health`: is a running service alive, or ready?

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::CommandError;

/// How long the service may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Ask a running service whether it is alive: exit code 0 if it is, 1 if not
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ask whether it is ready instead: caught up with the log, and ingestion not stale
    #[arg(long)]
    ready: bool,
    /// Where the service listens: http.listen, or http.metrics_listen, of its configuration
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464", value_parser = super::parse_address)]
    address: SocketAddr,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let answer = ask(args.address, path).map_err(|error| {
        let address = args.address;
        CommandError::failed(format!("no answer from {address}: {error}; start the service there, or say with --address where it listens"))
    })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        return super::print(&format!("{}\n", body.trim_end()));
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
