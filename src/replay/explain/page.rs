//! The look of the page: a column of times, a column of words, a column of sentences; colours only where somebody looks.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::model::{Day, Time, Zone};

/// Width of a full time.
const TIME_WIDTH: usize = 23;
/// Width of the words: the longest is `ticket.followed_up`.
const WORD_WIDTH: usize = 18;

/// How a row is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it stands.
    Plain,
    /// All is well.
    Good,
    /// Look twice.
    Warning,
    /// A target was missed.
    Bad,
}

impl Tone {
    fn colour(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
        }
    }
}

/// The page being written.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    zone: &'a Zone,
    colours: bool,
    /// The day of the step at hand: times on it are told without it.
    day: Option<Day>,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub fn new(out: &'a mut dyn Write, zone: &'a Zone, colours: bool) -> Self {
        Self { out, zone, colours, day: None }
    }

    /// The first line.
    pub fn title(&mut self, conversation: &str, zone: &str) -> io::Result<()> {
        let conversation = self.paint("1", conversation);
        writeln!(self.out, "{conversation}, times in {zone}; facts as they come out, in UTC\n")
    }

    /// Begins a step.
    pub fn head(&mut self, at: Time, word: &str, text: &str, place: &str) -> io::Result<()> {
        self.day = None;
        let time = self.stamp(at);
        self.day = Some(self.zone.day(at));
        let word = self.paint("1", &format!("{word:<WORD_WIDTH$}"));
        let place = if place.is_empty() { String::new() } else { self.paint("2", &format!("  [{place}]")) };
        let line = format!("{time:<TIME_WIDTH$}  {word}  {text}{place}");
        writeln!(self.out, "{}", line.trim_end())
    }

    /// A row of the step.
    pub fn row(&mut self, word: &str, text: &str, tone: Tone) -> io::Result<()> {
        let text = self.paint(tone.colour(), text);
        writeln!(self.out, "{:TIME_WIDTH$}  {word:<WORD_WIDTH$}  {text}", "")
    }

    /// A fact as it came out.
    pub fn receipt(&mut self, line: &str) -> io::Result<()> {
        let line = self.paint("2", line);
        writeln!(self.out, "{:TIME_WIDTH$}  {:WORD_WIDTH$}  {line}", "", "")
    }

    /// The last line.
    pub fn end(&mut self, clock: Time, text: &str) -> io::Result<()> {
        self.day = None;
        let time = self.stamp(clock);
        let word = self.paint("1", &format!("{:<WORD_WIDTH$}", "at the end"));
        writeln!(self.out, "{time:<TIME_WIDTH$}  {word}  {text}")
    }

    /// A time in the reporting zone: with its date, unless that is the step's.
    pub fn stamp(&self, at: Time) -> String {
        let Ok(timestamp) = Timestamp::from_millisecond(at.0) else { return "never".to_owned() };
        let form = if self.day == Some(self.zone.day(at)) { "%H:%M:%S%.3f" } else { "%Y-%m-%d %H:%M:%S%.3f" };
        timestamp.to_zoned(self.zone.tz().clone()).strftime(form).to_string()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours && !code.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
