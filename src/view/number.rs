//! Numbers as they are shown, in JSON and in Prometheus alike: exact from integers, and always with a decimal point where the
//! unit has fractions.

use std::fmt::{self, Write};

use crate::model::Span;

/// Seconds with up to 3 decimals and at least one: `20.0`, `0.125`.
pub fn seconds(out: &mut String, span: Span) {
    decimal(out, span.0, 3);
}

/// Hundredths as an amount with up to 2 decimals and at least one: `12.5`.
pub fn amount(out: &mut String, cents: i64) {
    decimal(out, cents, 2);
}

/// A ratio with up to 6 decimals and at least one: `0.666667`.
pub fn ratio(out: &mut String, numerator: i64, denominator: i64) {
    const PARTS: i128 = 1_000_000;
    let (numerator, denominator) = (i128::from(numerator) * PARTS, i128::from(denominator));
    let rounded = nearest(numerator.abs(), denominator.abs().max(1));
    let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    decimal(out, i64::try_from(rounded * sign).unwrap_or(i64::MAX), 6);
}

/// The mean of `count` spans to the nearest millisecond.
pub fn mean(sum: Span, count: i64) -> Option<Span> {
    (count > 0).then(|| Span(i64::try_from(nearest(sum.0.into(), count.into())).unwrap_or(i64::MAX)))
}

/// The nearest integer to a fraction, halves to the even neighbour as IEEE 754 rounds, so that other programs print the same digits.
fn nearest(numerator: i128, denominator: i128) -> i128 {
    let (below, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    below + i128::from(2 * rest > denominator || (2 * rest == denominator && below % 2 != 0))
}

/// An integer.
pub fn integer(out: &mut String, value: u64) {
    digits(out, value, 1);
}

/// `value` times 10 to the power of minus `places`, without trailing zeros but for the first.
fn decimal(out: &mut String, value: i64, places: u32) {
    let unit = 10_u64.pow(places);
    let (whole, mut fraction) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let mut width = places as usize;
    while width > 1 && fraction % 10 == 0 {
        fraction /= 10;
        width -= 1;
    }
    if value < 0 {
        out.push('-');
    }
    digits(out, whole, 1);
    out.push('.');
    digits(out, fraction, width);
}

/// Decimal digits, with zeros in front up to a width. By hand, since a page of metrics has a million numbers.
fn digits(out: &mut String, mut value: u64, width: usize) {
    let mut text = [b'0'; 20];
    let mut place = text.len();
    while value > 0 || text.len() - place < width {
        place -= 1;
        text[place] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.push_str(std::str::from_utf8(&text[place..]).unwrap_or_default());
}

/// Appends formatted text.
pub fn put(out: &mut String, text: fmt::Arguments<'_>) {
    #[expect(clippy::expect_used, reason = "writing to a string cannot fail")]
    out.write_fmt(text).expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn seconds_have_up_to_three_decimals_and_at_least_one() {
        let table = [(0, "0.0"), (20_000, "20.0"), (125, "0.125"), (1_500, "1.5"), (30_010, "30.01"), (-250, "-0.25"), (-61_000, "-61.0")];
        for (ms, wanted) in table {
            assert_eq!(shown(|out| seconds(out, Span(ms))), wanted);
        }
    }

    #[test]
    fn ratios_have_up_to_six_decimals() {
        let table = [(1, 2, "0.5"), (2, 3, "0.666667"), (1, 1, "1.0"), (0, 7, "0.0"), (1, 3, "0.333333"), (-1, 8, "-0.125"), (5, 1, "5.0")];
        for (numerator, denominator, wanted) in table {
            assert_eq!(shown(|out| ratio(out, numerator, denominator)), wanted);
        }
    }

    #[test]
    fn amounts_have_two_decimals_at_most() {
        assert_eq!(shown(|out| amount(out, 1_250)), "12.5");
        assert_eq!(shown(|out| amount(out, 5)), "0.05");
    }

    #[test]
    fn a_mean_is_rounded_to_the_millisecond() {
        assert_eq!(mean(Span(10), 4), Some(Span(2)), "halves go to the even neighbour");
        assert_eq!(mean(Span(14), 4), Some(Span(4)), "halves go to the even neighbour");
        assert_eq!(mean(Span(11), 4), Some(Span(3)));
        assert_eq!(mean(Span(9), 4), Some(Span(2)));
        assert_eq!(mean(Span(0), 0), None);
    }

    proptest! {
        #[test]
        fn seconds_lose_nothing(ms in -1_000_000_000_000_i64..1_000_000_000_000) {
            let text = shown(|out| seconds(out, Span(ms)));
            prop_assert_eq!((text.parse::<f64>().unwrap() * 1_000.0).round() as i64, ms);
        }

        #[test]
        fn a_ratio_is_right_to_half_a_millionth(numerator in -100_000_i64..100_000, denominator in 1_i64..100_000) {
            let text = shown(|out| ratio(out, numerator, denominator));
            let off = text.parse::<f64>().unwrap() - numerator as f64 / denominator as f64;
            prop_assert!(off.abs() <= 0.000_000_501);
        }
    }
}
