//! `deskpulse demo`: the main job with nothing installed.
#![expect(clippy::print_stderr, reason = "the status line goes to standard error")]

use std::io::IsTerminal;
use std::net::SocketAddr;

use crate::app::{self, Demo, DemoStatus};
use crate::model::Span;
use crate::telemetry;

use super::CommandError;

/// Show it at work with nothing installed: a simulated contact center, an embedded broker, the real service
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of board, API and metrics; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464", value_parser = super::parse_address)]
    listen: SocketAddr,
    /// The same number gives the same contact center
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::whole::<u64>(0, u64::MAX))]
    seed: u64,
    /// Agents on the roster; about half of them are on duty at the peaks
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = super::whole::<u32>(1, 10_000))]
    agents: u32,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    telemetry::log_to_stderr();
    let demo = Demo { listen: args.listen, seed: args.seed, agents: args.agents };
    let terminal = std::io::stderr().is_terminal();
    let mut was_live = false;
    let done = app::demo(&demo, announce, move |status| {
        if terminal {
            eprint!("\r\x1b[K{}", line(&status));
        } else if status.is_live != was_live {
            eprintln!("{}", line(&status));
        }
        was_live = status.is_live;
    });
    if terminal {
        eprintln!();
    }
    done.map_err(CommandError::of_app)
}

fn announce(address: SocketAddr) {
    let text = format!(
        "board    http://{address}/\nmetrics  http://{address}/metrics\nAPI      http://{address}/api/v1/live\n\
         A simulated contact center, from two hours ago to now and on. Ctrl-C ends it.\n"
    );
    // Without anybody to read the addresses the demo goes on all the same.
    let _told = super::print(&text).is_ok();
}

fn line(status: &DemoStatus) -> String {
    if status.is_live {
        return format!("live: {} events so far", status.records);
    }
    format!("catching up: {} events, {} min behind the clock", status.records, status.behind.0 / Span::MINUTE.0)
}
