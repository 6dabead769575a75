//! Windows as rows: one row per series and slice of time, so that a new sample rewrites a few minutes and not the hour.

use serde::{Deserialize, Serialize};

use super::ring::{Point, Ring};
use super::{AgentSeries, GroupSeries, Mark, Windows, note};
use crate::kpi::hashed::NumberedKey;
use crate::kpi::names::{Names, Number};
use crate::model::{Name, Row, RowError, Span, Table, Time};

const VERSION: u8 = 1;
/// Agents have few samples.
const AGENT_SLICE: Span = Span(5 * Span::MINUTE.0);
/// Groups have hundreds a minute.
const GROUP_SLICE: Span = Span(10 * Span::SECOND.0);

/// The key of a row: a series, and the number of its slice since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slice<N = Name> {
    /// Five minutes of an agent.
    Agent(AgentSeries<N>, i64),
    /// Ten seconds of a group.
    Group(GroupSeries<N>, i64),
}

impl Slice<Number> {
    pub fn of_agent(series: AgentSeries<Number>, at: Time) -> Self {
        Self::Agent(series, at.0.div_euclid(AGENT_SLICE.0))
    }

    pub fn of_group(series: GroupSeries<Number>, at: Time) -> Self {
        Self::Group(series, at.0.div_euclid(GROUP_SLICE.0))
    }

    fn named(self, names: &Names) -> Slice {
        match self {
            Self::Agent(series, number) => Slice::Agent(series.named(names), number),
            Self::Group(series, number) => Slice::Group(series.named(names), number),
        }
    }

    /// First instant, and first instant after it.
    fn bounds(&self) -> (Time, Time) {
        let (number, length) = match self {
            Self::Agent(_, number) => (*number, AGENT_SLICE),
            Self::Group(_, number) => (*number, GROUP_SLICE),
        };
        let start = Time(number.saturating_mul(length.0));
        (start, start + length)
    }
}

/// One sample of a row: milliseconds since the begin of its slice, what it says about its target, its duration.
type Stored = (u32, u8, Span);

const MARKS: [Mark; 4] = [Mark::Plain, Mark::Met, Mark::Missed, Mark::Unanswered];

impl Windows {
    /// Each slice that changed or went since the last call, once, in the order of their keys.
    pub fn changes(&mut self, names: &Names, rows: &mut Vec<Row>) {
        self.settle();
        let Some(touched) = &mut self.touched else { return };
        let mut slices: Vec<(Slice, Slice<Number>)> = touched.drain().map(|slice| (slice.named(names), slice)).collect();
        slices.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        rows.extend(slices.iter().map(|(named, slice)| match self.stored(*slice) {
            samples if samples.is_empty() => Row::remove(Table::Window, named),
            samples => Row::put(Table::Window, VERSION, named, &samples),
        }));
    }

    /// Takes in a row of [`Table::Window`]. Its samples are counted from the next change or reading on.
    ///
    /// # Errors
    /// When the row is damaged or of a newer version.
    pub fn restore(&mut self, row: &Row, names: &mut Names) -> Result<(), RowError> {
        let (named, samples): (Slice, Vec<Stored>) = row.read(VERSION)?;
        let slice = match &named {
            Slice::Agent(series, number) => Slice::Agent(series.with(|name| names.number(name)), *number),
            Slice::Group(series, number) => Slice::Group(series.with(|name| names.number(name)), *number),
        };
        let (start, _) = slice.bounds();
        let points = samples.into_iter().map(|(offset, mark, value)| {
            let mark = *MARKS.get(usize::from(mark)).ok_or(RowError::Damaged { table: Table::Window })?;
            Ok(Point { at: start + Span(i64::from(offset)), mark, value })
        });
        self.restored.push((slice, points.collect::<Result<_, RowError>>()?));
        Ok(())
    }

    /// Puts what was restored in its place, slice by slice in order of time: the keys of rows are in another, in which most samples would be put
    /// before millions of others. To be called before anything is read or taken in.
    pub fn settle(&mut self) {
        let mut restored = std::mem::take(&mut self.restored);
        restored.sort_by_key(|(slice, _)| slice.bounds().0);
        for (slice, points) in restored {
            for point in &points {
                match slice {
                    Slice::Agent(series, _) => self.put_back_agent(series, *point),
                    Slice::Group(series, _) => self.put_back_group(series, *point),
                }
            }
            // What was just read is only written again when some of it has expired.
            if self.stored(slice).len() != points.len() {
                note(&mut self.touched, || slice);
            }
        }
    }

    fn stored(&self, slice: Slice<Number>) -> Vec<Stored> {
        let ring = match slice {
            Slice::Agent(series, _) => self.agents.get(series).map(|agent| agent.ring()),
            Slice::Group(series, _) => self.groups.get(series).map(|group| group.ring()),
        };
        ring.map_or_else(Vec::new, |ring| samples(ring, slice.bounds()))
    }
}

fn samples(ring: &Ring, (start, end): (Time, Time)) -> Vec<Stored> {
    let inside = ring.from(ring.after(Time(start.0 - 1))).take_while(|point| point.at < end);
    inside.map(|point| (u32::try_from((point.at - start).0).unwrap_or(0), point.mark as u8, point.value)).collect()
}
