//! KPIs: the catalogue of all numbers, and the sums behind them. It does not know where facts come from.

mod catalogue;
mod percentile;
mod totals;

pub use catalogue::{CATALOGUE, Kpi, Scopes, Unit};
pub use percentile::Sparse;
pub use totals::{Numbers, Period, PeriodKind, Scope, State, TotalRow, Totals, TotalsSettings};
