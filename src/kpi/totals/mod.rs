//! Totals: what was posted, added up by day, scope, id and medium.

mod figures;
mod row;

pub use figures::{Counts, Figures, Resolutions, Responses, Share};
pub use row::{Numbers, Period, PeriodKind, Scope, State, TotalRow};

use crate::model::{Posted, Row, RowError, Span, Tally, Time, Zone};

/// What totals are told.
#[derive(Debug, Clone)]
pub struct TotalsSettings {
    /// The reporting zone.
    pub zone: Zone,
    /// How long after its end a month still changes.
    pub settle: Span,
    /// Abandoned up to this long after the people's clock started: not offered (ruling 81).
    pub short_abandon: Span,
    /// Whether `changes()` will be asked for.
    pub track_changes: bool,
}

/// All totals.
#[derive(Debug)]
pub struct Totals {
    settings: TotalsSettings,
}

impl Totals {
    /// Totals of nothing yet.
    #[must_use]
    pub fn new(settings: TotalsSettings) -> Self {
        Self { settings }
    }

    /// Counts one output of the engine. Clocks never go back.
    pub fn post(&mut self, _posted: &Posted) {}

    /// Every row of days or months as the totals stand at `clock`, in the order of ruling 92, a period at a time.
    /// `open` is what still open intervals would give now.
    pub fn rows(&self, _kind: PeriodKind, _clock: Time, _open: &[Tally]) -> impl Iterator<Item = TotalRow> + '_ {
        std::iter::empty()
    }

    /// The rows of the month that `clock` lies in, quickly: without percentiles, and of agents only when asked.
    #[must_use]
    pub fn month_to_date(&self, _clock: Time, _open: &[Tally], _agents: bool) -> Vec<TotalRow> {
        Vec::new()
    }

    /// Each row changed since the last call, once.
    pub fn changes(&mut self, _rows: &mut Vec<Row>) {}

    /// Takes over one stored row.
    ///
    /// # Errors
    /// When it was written by a newer version, or is damaged.
    pub fn restore(&mut self, _row: &Row) -> Result<(), RowError> {
        Ok(())
    }
}
