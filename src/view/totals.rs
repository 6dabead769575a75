//! Totals as JSON lines: what `replay --print totals` prints.

use super::json::{Object, Ratio};
use super::number;
use crate::kpi::{Numbers, TotalRow};

/// The row as one line, without the line end. A correction holds differences only (ruling 61).
#[must_use]
pub fn line(row: &TotalRow) -> String {
    let mut out = String::with_capacity(256);
    let mut object = Object::new(&mut out);
    object
        .field("period", row.period.to_string().as_str())
        .field("state", row.state.word())
        .field("scope", row.scope.word())
        .field("id", &row.id)
        .field("team", row.team.as_ref())
        .field("medium", row.medium)
        .field("kpi", row.kpi.id)
        .field("unit", row.kpi.unit.word());
    numbers(&mut object, row);
    if let Some(month) = row.corrects {
        object.field("corrects", month.to_string().as_str());
    }
    object.end();
    out
}

/// `value`, and the sums behind it. Of a correction ratios and durations have no value: a difference of ratios means nothing.
fn numbers(object: &mut Object<'_>, row: &TotalRow) {
    let ordinary = row.corrects.is_none();
    match row.numbers {
        Numbers::Duration { count, sum, p50, p90, p99 } => {
            object.field("value", number::mean(sum, count).filter(|_| ordinary)).field("count", count).field("sum", sum);
            for (name, percentile) in [("p50", p50), ("p90", p90), ("p99", p99)] {
                if let Some(percentile) = percentile.filter(|_| ordinary) {
                    object.field(name, percentile);
                }
            }
        }
        Numbers::Sum { sum } => {
            object.field("value", sum).field("sum", sum);
        }
        Numbers::Ratio { numerator, denominator } => {
            let value = ordinary.then_some(Ratio(numerator, denominator));
            object.field("value", value).field("numerator", numerator).field("denominator", denominator);
        }
        Numbers::TimeRatio { numerator, denominator } => {
            let value = ordinary.then_some(Ratio(numerator.0, denominator.0));
            object.field("value", value).field("numerator", numerator).field("denominator", denominator);
        }
        Numbers::Count { value } => {
            object.field("value", value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::{CATALOGUE, Period, Scope, State};
    use crate::model::{Day, Medium, Month, Span};

    const NOVEMBER: Month = Month(2026 * 12 + 10);

    fn row(kpi: &str, numbers: Numbers) -> TotalRow {
        TotalRow {
            period: Period::Month(NOVEMBER),
            state: State::Open,
            scope: Scope::Agent,
            id: "amy".into(),
            team: Some("presale".into()),
            medium: Some(Medium::Chat),
            kpi: CATALOGUE.iter().find(|known| known.id == kpi).unwrap(),
            numbers,
            corrects: None,
        }
    }

    fn duration(count: i64, sum: i64) -> Numbers {
        let percentile = Some(Span(20_000));
        Numbers::Duration { count, sum: Span(sum), p50: percentile, p90: percentile, p99: percentile }
    }

    #[test]
    fn a_duration_reads_as_in_the_documentation() {
        let wanted = r#"{"period":"2026-11","state":"open","scope":"agent","id":"amy","team":"presale","medium":"chat","kpi":"response_time","unit":"seconds","value":20.0,"count":1,"sum":20.0,"p50":20.0,"p90":20.0,"p99":20.0}"#;
        assert_eq!(line(&row("response_time", duration(1, 20_000))), wanted);
    }

    /// The end of a line, from its value on.
    fn tail(row: &TotalRow) -> String {
        let line = line(row);
        line[line.find("\"value\"").unwrap()..].to_owned()
    }

    #[test]
    fn each_unit_shows_what_is_behind_its_value() {
        let table = [
            (
                "response_within_target",
                Numbers::Ratio { numerator: 2, denominator: 3 },
                r#""value":0.666667,"numerator":2,"denominator":3}"#,
            ),
            ("reopen_ratio", Numbers::Ratio { numerator: 1, denominator: 0 }, r#""value":null,"numerator":1,"denominator":0}"#),
            (
                "utilization",
                Numbers::TimeRatio { numerator: Span(10_800_000), denominator: Span(28_800_000) },
                r#""value":0.375,"numerator":10800.0,"denominator":28800.0}"#,
            ),
            ("work_time", Numbers::Sum { sum: Span(10_800_000) }, r#""value":10800.0,"sum":10800.0}"#),
            ("unanswered", Numbers::Count { value: 3 }, r#""value":3}"#),
        ];
        for (kpi, numbers, wanted) in table {
            assert_eq!(tail(&row(kpi, numbers)), wanted);
        }
    }

    #[test]
    fn a_correction_holds_differences_only() {
        let corrects = Some(NOVEMBER);
        let table = [
            ("response_time", duration(-1, -20_000), r#""value":null,"count":-1,"sum":-20.0,"corrects":"2026-11"}"#),
            (
                "response_within_target",
                Numbers::Ratio { numerator: 1, denominator: 0 },
                r#""value":null,"numerator":1,"denominator":0,"corrects":"2026-11"}"#,
            ),
            ("response_breaches", Numbers::Count { value: -1 }, r#""value":-1,"corrects":"2026-11"}"#),
            ("work_time", Numbers::Sum { sum: Span(-500) }, r#""value":-0.5,"sum":-0.5,"corrects":"2026-11"}"#),
        ];
        for (kpi, numbers, wanted) in table {
            assert_eq!(tail(&TotalRow { corrects, ..row(kpi, numbers) }), wanted);
        }
    }

    #[test]
    fn a_row_of_all_has_an_empty_id_and_no_team() {
        let all = TotalRow {
            period: Period::Day(Day(20_000)),
            scope: Scope::All,
            id: "".into(),
            team: None,
            medium: None,
            ..row("work_time", Numbers::Sum { sum: Span(1) })
        };
        assert!(
            line(&all)
                .starts_with(r#"{"period":"2024-10-04","state":"open","scope":"all","id":"","team":null,"medium":null,"kpi":"work_time""#)
        );
    }
}
