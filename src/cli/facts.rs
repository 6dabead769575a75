//! `deskpulse facts`: the receipts behind the numbers.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::model::{Receipt, ReceiptQuery};
use crate::store::Reader;
use crate::view::receipts::{self, Asked};

use super::CommandError;

/// Receipts that are read at once.
const PIECE: usize = 50_000;

/// Print the receipts that the store keeps, one JSON object a fact, as replay prints them; the service may run meanwhile
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file (TOML): its store is read
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Credited to this agent, or judged against him
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// Of this team, or judged against it
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// The kinds of fact behind this KPI
    #[arg(long, value_name = "KPI")]
    kpi: Option<String>,
    /// Kinds of fact, separated by commas: response,breach
    #[arg(long, value_name = "KINDS")]
    fact: Option<String>,
    /// Of this conversation: chat:ID or ticket:ID
    #[arg(long, value_name = "CONVERSATION")]
    conversation: Option<String>,
    /// Not before: a time, or a day of the reporting zone
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before: a time, or a day of the reporting zone
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// The first ones only
    #[arg(long, value_name = "N", value_parser = super::whole::<usize>(1, u64::MAX))]
    limit: Option<usize>,
    /// Add the hash of the configuration that each was decided under
    #[arg(long)]
    with_configuration: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<(), CommandError> {
    let config = super::configuration(args.config.as_deref())?;
    let query = query(args, &config)?;
    let reader = Reader::open(Path::new(&config.store.path)).map_err(CommandError::failed)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = write(&reader, query, args.limit.unwrap_or(usize::MAX), args.with_configuration, &mut out)?;
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| CommandError::failed(format!("cannot write the output: {error}"))),
    }
}

fn query(args: &Args, config: &Config) -> Result<ReceiptQuery, CommandError> {
    let asked = Asked {
        agent: args.agent.clone(),
        team: args.team.clone(),
        kpi: args.kpi.clone(),
        fact: args.fact.clone(),
        conversation: args.conversation.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        after: None,
        limit: None,
    };
    asked.query(&config.zone().map_err(CommandError::usage)?).map_err(CommandError::usage)
}

/// Writes receipts piece by piece; `Err` outside is the store's, inside the output's.
fn write(
    reader: &Reader,
    mut query: ReceiptQuery,
    mut left: usize,
    with_configuration: bool,
    out: &mut impl Write,
) -> Result<io::Result<()>, CommandError> {
    loop {
        query.limit = left.min(PIECE);
        let page = reader.receipts(&query).map_err(CommandError::failed)?;
        let shown = |receipt: &Receipt| if with_configuration { receipts::with_configuration(receipt) } else { receipt.line.clone() };
        if let Err(error) = page.receipts.iter().try_for_each(|receipt| writeln!(out, "{}", shown(receipt))) {
            return Ok(Err(error));
        }
        left -= page.receipts.len();
        query.after = page.receipts.last().map(|last| last.place.clone());
        if !page.has_more || left == 0 {
            return Ok(Ok(()));
        }
    }
}
