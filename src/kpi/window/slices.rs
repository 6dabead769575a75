//! Rows of older programs, which kept the samples of each series by slices of time: they are read, and go when they have expired.

use std::collections::VecDeque;

use serde::Deserialize;

use super::ring::{Mark, Point};
use super::{AgentSeries, GroupSeries};
use crate::kpi::names::{Names, Number};
use crate::model::{Name, Row, RowError, Span, Table, Time};

const VERSION: u8 = 1;
const AGENT_SLICE: Span = Span(5 * Span::MINUTE.0);
const GROUP_SLICE: Span = Span(10 * Span::SECOND.0);

/// Whose samples a row has.
#[derive(Debug, Clone, Copy, Deserialize)]
pub enum Whose<N = Name> {
    /// Those of an agent, of five minutes.
    Agent(AgentSeries<N>),
    /// Those of a group, of ten seconds.
    Group(GroupSeries<N>),
}

/// One sample of a row: milliseconds since the begin of its slice, what it says about its target, its duration.
type Stored = (u32, u8, Span);

const MARKS: [Mark; 4] = [Mark::Plain, Mark::Met, Mark::Missed, Mark::Unanswered];

/// What was read.
#[derive(Debug, Default)]
pub struct Slices {
    /// What is not in its place yet.
    read: Vec<Slice>,
    /// The first instant behind each slice, and its key.
    rows: VecDeque<(Time, Vec<u8>)>,
}

/// One row.
#[derive(Debug)]
pub struct Slice {
    /// Whose samples it has.
    pub whose: Whose<Number>,
    /// They.
    pub points: Vec<Point>,
    begin: Time,
    end: Time,
    key: Vec<u8>,
}

impl Slices {
    /// Reads a row of [`Table::Window`].
    ///
    /// # Errors
    /// When the row is damaged or of a newer version.
    pub fn restore(&mut self, row: &Row, names: &mut Names) -> Result<(), RowError> {
        let damaged = || RowError::Damaged { table: Table::Window };
        let ((whose, number), samples): ((Whose, i64), Vec<Stored>) = row.read(VERSION)?;
        let (whose, length) = match whose {
            Whose::Agent(series) => (Whose::Agent(series.with(|name| names.number(name))), AGENT_SLICE),
            Whose::Group(series) => (Whose::Group(series.with(|name| names.number(name))), GROUP_SLICE),
        };
        let begin = Time(number.saturating_mul(length.0));
        let points = samples.into_iter().map(|(offset, mark, value)| {
            let mark = *MARKS.get(usize::from(mark)).ok_or_else(damaged)?;
            Ok(Point { at: begin + Span(i64::from(offset)), mark, value })
        });
        let points = points.collect::<Result<_, RowError>>()?;
        self.read.push(Slice { whose, points, begin, end: begin + length, key: row.key.clone() });
        Ok(())
    }

    /// Whether nothing waits to be put in its place.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    /// Gives what was read, to be put in its place, in order of time.
    pub fn take(&mut self) -> Vec<Slice> {
        let mut slices = std::mem::take(&mut self.read);
        slices.sort_by_key(|slice| slice.begin);
        self.rows.extend(slices.iter().map(|slice| (slice.end, slice.key.clone())));
        self.rows.make_contiguous().sort_unstable();
        slices
    }

    /// The removal of each row in which everything has expired.
    pub fn remove_expired(&mut self, expired: Time, rows: &mut Vec<Row>) {
        while let Some((_, key)) = self.rows.pop_front_if(|(end, _)| *end <= expired) {
            rows.push(Row { table: Table::Window, key, value: None });
        }
    }
}
