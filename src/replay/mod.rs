//! Replay: the service's own core over files, no broker, deterministic.

mod explain;
mod input;
mod inputs;
mod sorted;

use std::io::{self, Write};
use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::config::{Config, ConfigError};
use crate::decode;
use crate::engine::{ClockMode, Frontier, Reach};
use crate::ingest::Record;
use crate::ingest::file::FileError;
use crate::kpi::PeriodKind;
use crate::model::{Fact, Output, PartitionId, Place, Posted, Time};
use crate::pipeline::{Core, CoreError, Taken};
use crate::view::{self, Summary};

pub use explain::{Explain, Explained, Nearest};
pub use inputs::{InputError, Inputs};
pub use sorted::Sorted;

/// Records that are taken between two moves of the clock: it changes no result, only the speed.
const RECORDS_PER_ADVANCE: u32 = 512;

/// One replay.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Files in their order; `-` is standard input.
    pub files: &'a [PathBuf],
    /// Where the clock is moved at the end, if that is later than the newest event.
    pub until: Option<Time>,
    /// Whether fields that nobody knows are complained about.
    pub strict: bool,
}

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// Rows of totals, one JSON object a line.
    Totals(PeriodKind),
    /// Every fact, one JSON object a line.
    Facts,
    /// The Prometheus exposition at the end: the KPI series, and of the service's own the counters, with the files in place of topics.
    Metrics,
    /// The live view at the end.
    Live,
    /// What became of the lines.
    Summary,
}

/// A line that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint<'a> {
    /// The file as it was named.
    pub file: &'a std::path::Path,
    /// The line, from 1.
    pub line: i64,
    /// What was found, and what is allowed.
    pub message: String,
}

impl std::fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events taken so far.
    pub applied: u64,
    /// Where the clock stands.
    pub clock: Time,
}

/// Why a replay failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What the configuration comes to.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The files.
    #[error(transparent)]
    Input(#[from] InputError),
    /// What was to be printed.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl ReplayError {
    /// Whether whoever reads the output has closed it: no error for a command in a pipe.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether the user has to change what he wrote.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        use io::ErrorKind::{IsADirectory, NotFound, PermissionDenied};
        let is_of_name = |cause: &io::Error| matches!(cause.kind(), NotFound | PermissionDenied | IsADirectory);
        match self {
            Self::Output(_) | Self::Input(InputError::Spool(_)) => false,
            Self::Input(InputError::File(FileError { cause, .. })) => is_of_name(cause),
            Self::Input(InputError::Archive(ArchiveError::Read { source, .. })) => is_of_name(source),
            Self::Input(InputError::Archive(_)) => false,
            Self::Config(_) | Self::Core(_) | Self::Input(_) => true,
        }
    }
}

impl Replay<'_> {
    /// Runs the files through the core and prints.
    ///
    /// # Errors
    /// When the configuration is wrong, a file cannot be read, or the output not be written.
    pub fn print(&self, what: Print, out: &mut dyn Write, complain: &mut dyn FnMut(&Complaint<'_>)) -> Result<Summary, ReplayError> {
        self.print_telling(what, out, complain, &mut |_| {})
    }

    /// As [`Replay::print`], and tells how far it is again and again; `None` when all is read, before anything is written.
    ///
    /// # Errors
    /// As [`Replay::print`].
    pub fn print_telling(
        &self,
        what: Print,
        out: &mut dyn Write,
        complain: &mut dyn FnMut(&Complaint<'_>),
        tell: &mut dyn FnMut(Option<Progress>),
    ) -> Result<Summary, ReplayError> {
        let mut facts = Sorted::default();
        let mut sequence = 0_u64;
        let mut core = Core::new(&self.config.core_settings()?)?;
        let done = self.drive(&mut core, complain, &mut |core, posted| {
            tell(Some(Progress::of(core)));
            for one in posted {
                if let (Print::Facts, Output::Fact(fact)) = (what, &one.output) {
                    sequence += 1;
                    push(&mut facts, fact, sequence)?;
                }
            }
            Ok(())
        });
        tell(None);
        done?;
        let summary = core.summary();
        match what {
            Print::Facts => facts.finish(out)?,
            Print::Totals(period) => {
                for row in core.totals(period) {
                    writeln!(out, "{}", view::totals::line(&row))?;
                }
            }
            Print::Metrics => {
                let snapshot = core.snapshot(true, &self.config.display()?);
                out.write_all(view::metrics::render(&snapshot, core.engine().clock()).as_bytes())?;
                let files: Vec<String> = inputs::names(self.files)?.iter().map(|file| file.display().to_string()).collect();
                out.write_all(view::metrics::counters(&core.own_counters(&files)).as_bytes())?;
            }
            Print::Live => {
                let snapshot = core.snapshot(true, &self.config.display()?);
                let moment = view::live::Moment { now: core.engine().clock(), caught_up: true, names: &snapshot.names };
                writeln!(out, "{}", view::live::json(&snapshot.live, moment))?;
            }
            Print::Summary => writeln!(out, "{}", summary.json())?,
        }
        Ok(summary)
    }

    /// Runs the files through the core; `each` sees what was decided, in order.
    ///
    /// # Errors
    /// When the configuration is wrong, a file cannot be read, or `each` fails.
    pub fn run(
        &self,
        complain: &mut dyn FnMut(&Complaint<'_>),
        each: &mut dyn FnMut(&Posted) -> io::Result<()>,
    ) -> Result<Core, ReplayError> {
        let mut core = Core::new(&self.config.core_settings()?)?;
        self.drive(&mut core, complain, &mut |_, posted| posted.iter().try_for_each(&mut *each))?;
        Ok(core)
    }

    /// Runs the files through a core; after each move of the clock `moved` is given it, with what was decided.
    fn drive(
        &self,
        core: &mut Core,
        complain: &mut dyn FnMut(&Complaint<'_>),
        moved: &mut dyn FnMut(&mut Core, &[Posted]) -> io::Result<()>,
    ) -> Result<(), ReplayError> {
        let settings = self.config.engine_settings()?;
        let mut inputs = Inputs::open(self.files, core.decoder(), &settings)?;
        let files = (0..inputs.count()).map(|topic| PartitionId { topic, partition: 0 });
        let mut frontier = Frontier::new(ClockMode::Events, settings.allowed_lateness, files);
        let mut advance = |core: &mut Core, reach| {
            let posted = core.advance(reach);
            moved(core, &posted)
        };
        while let Some((partition, _)) = frontier.slowest() {
            for _ in 0..RECORDS_PER_ADVANCE {
                if frontier.slowest().is_none_or(|(slowest, _)| slowest != partition)
                    || !self.step(core, &mut inputs, partition, complain)?
                {
                    break;
                }
                if let Some(newest) = core.engine().newest(partition) {
                    frontier.newest(partition, newest);
                }
            }
            if inputs.is_ended(partition.topic) {
                frontier.idle(partition);
            }
            if let reach @ Reach::Before(_) = frontier.reach() {
                advance(core, reach)?;
            }
        }
        let newest = core.engine().newest_of_all().unwrap_or(Time::MIN);
        advance(core, Reach::Through(self.until.map_or(newest, |until| until.max(newest))))?;
        Ok(())
    }

    /// Takes the next line of a file; false at its end.
    fn step(
        &self,
        core: &mut Core,
        inputs: &mut Inputs,
        partition: PartitionId,
        complain: &mut dyn FnMut(&Complaint<'_>),
    ) -> Result<bool, ReplayError> {
        let Some((record, is_duplicate)) = inputs.next(partition.topic)? else { return Ok(false) };
        let line = record.position.offset;
        let mut messages = if self.strict { complaints_of_unknown_fields(&record) } else { Vec::new() };
        if is_duplicate {
            core.count_duplicate(partition);
        } else if let Taken::Rejected(reject) = core.take(record) {
            messages.push(format!("{}: {}", reject.reason.word(), reject.message));
        }
        for message in messages {
            complain(&Complaint { file: inputs.path(partition.topic), line, message });
        }
        Ok(true)
    }
}

fn complaints_of_unknown_fields(record: &Record<'_>) -> Vec<String> {
    let hint = |nearest: Option<&str>| nearest.map_or_else(String::new, |nearest| format!(", did you mean {nearest}?"));
    decode::unknown_fields(record.value).iter().map(|field| format!("unknown field {}{}", field.name, hint(field.nearest))).collect()
}

impl Progress {
    fn of(core: &Core) -> Self {
        Self { applied: core.engine().counts().iter().map(|counts| counts.applied).sum(), clock: core.engine().clock() }
    }
}

fn push(facts: &mut Sorted, fact: &Fact, sequence: u64) -> io::Result<()> {
    match view::fact::line(fact) {
        Some(line) => facts.push(Place::of(fact, sequence), line),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_meanwhile_is_told_from_what_was_written_wrong() {
        let is_usage = |error: InputError| ReplayError::from(error).is_usage();
        assert!(is_usage(InputError::StandardInput(2)));
        let file = |kind: io::ErrorKind| InputError::from(FileError { path: PathBuf::from("a.ndjson"), cause: kind.into() });
        assert!(is_usage(file(io::ErrorKind::NotFound)) && !is_usage(file(io::ErrorKind::InvalidData)));
        assert!(!is_usage(InputError::Spool(io::ErrorKind::StorageFull.into())));
        assert!(!is_usage(InputError::Archive(ArchiveError::Damaged { path: PathBuf::from("a.zst"), at: 7 })));
        assert!(!ReplayError::Output(io::ErrorKind::StorageFull.into()).is_usage());
    }
}
