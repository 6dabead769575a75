//! The oracle: the spec once more, written slowly and obviously, apart from the engine.
//!
//! It sees a whole log at once. First it puts the events in the order in which they are applied ([`order`]); then it
//! walks through them one by one with everything remembered and nothing derived ([`world`]): each conversation keeps its
//! whole history, each agent all his intervals, each sum is a list of its parts ([`ledger`]). Nothing of the engine is used.

pub mod agent;
pub mod cases;
pub mod compare;
pub mod conversation;
pub mod cycle;
pub mod event;
pub mod generator;
pub mod handling;
pub mod ledger;
pub mod limit;
pub mod messages;
pub mod order;
pub mod program;
pub mod resolution;
pub mod rows;
pub mod settings;
pub mod spans;
pub mod tickets;
pub mod timesheet;
pub mod waiting;
pub mod world;

use std::fmt;

use serde_json::Value;

use self::settings::Settings;

/// Milliseconds: an instant since 1970, or a length.
pub type Ms = i64;

/// A log as `replay` is given it.
#[derive(Clone)]
pub struct Log {
    /// The configuration, in TOML.
    pub config: String,
    /// One list of events a file, each in the order of its lines.
    pub files: Vec<Vec<Value>>,
    /// Where the clock goes at the end.
    pub until: Option<Ms>,
}

impl fmt::Debug for Log {
    /// As it is fed, without the fields that say nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.config)?;
        for (index, lines) in self.files.iter().enumerate() {
            writeln!(f, "# file {index}")?;
            for line in lines {
                let mut line = line.clone();
                line.as_object_mut().expect("an object").retain(|_, value| !value.is_null() && *value != false);
                writeln!(f, "{line}")?;
            }
        }
        write!(f, "# until {:?}", self.until)
    }
}

/// What `replay` prints, line by line.
#[derive(Debug, Clone, Default)]
pub struct Printed {
    /// `--print facts`.
    pub facts: Vec<Value>,
    /// `--print totals --period month`.
    pub months: Vec<Value>,
    /// `--print totals --period day`.
    pub days: Vec<Value>,
}

/// What the spec says that `replay` prints.
pub fn print(log: &Log) -> Printed {
    let settings = Settings::read(&log.config);
    let applied = order::applied(log, &settings);
    let mut world = world::World::new(settings);
    for step in &applied {
        world.step(step);
    }
    let newest = applied.iter().map(|step| step.event.time).max();
    let end = newest.max(log.until);
    world.finish(end)
}
