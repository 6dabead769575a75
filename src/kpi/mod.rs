//! KPIs: the catalogue of all numbers, and the sums behind them. It does not know where facts come from.

mod catalogue;
mod counted;
mod counter;
mod hashed;
mod keyed;
mod kpis;
mod names;
mod percentile;
mod totals;
mod window;

pub use catalogue::{CATALOGUE, Kpi, Scopes, Unit};
pub use counter::{AnswerKey, BreachKey, CONFIGURED, CounterReadings, Edges, Family, Histogram, HistogramKey, Seconds, TimeKey};
pub use keyed::Column;
pub use kpis::{KpiSettings, Kpis};
pub use percentile::Sparse;
pub use totals::{Numbers, Period, PeriodKind, Scope, State, TotalRow, month_of};
pub use window::{AgentSeries, GroupSeries, LONGEST, Measure, Reading, SpentReading, WindowReadings};
