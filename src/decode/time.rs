//! Times as producers write them: RFC 3339 with offset, or integer milliseconds since the epoch (ruling 13).

use crate::model::Time;

/// The instants that an event may carry: from 2000-01-01 to 2100-01-01, both ends included.
pub(super) const FIRST: i64 = 946_684_800_000;
/// The last of them.
pub(super) const LAST: i64 = 4_102_444_800_000;

/// Why something is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Written in another way.
    #[error("RFC 3339 with an offset wanted, like 2026-11-23T09:00:00+08:00, or an integer of milliseconds")]
    Form,
    /// An integer of another unit.
    #[error("milliseconds wanted, this looks like {0}")]
    Unit(&'static str),
    /// Too early or too late.
    #[error("a time from 2000-01-01 to 2100-01-01 wanted")]
    Range,
}

/// A time on a command line: RFC 3339 with offset, or an integer of milliseconds since the epoch (ruling 25).
///
/// # Errors
/// What is wanted instead; the caller names what it found.
pub fn parse_time(text: &str) -> Result<Time, TimeError> {
    match text.parse() {
        Ok(ms) => milliseconds(ms),
        Err(_) => rfc3339(text),
    }
}

/// An integer of milliseconds since the epoch.
pub(super) fn milliseconds(ms: i64) -> Result<Time, TimeError> {
    const UNITS: [(i64, i64, &str); 3] = [(1_000, 1, "seconds"), (1, 1_000, "microseconds"), (1, 1_000_000, "nanoseconds")];
    in_range(ms).map_err(|error| {
        let unit = UNITS.iter().find(|(up, down, _)| in_range(ms.saturating_mul(*up) / down).is_ok());
        unit.map_or(error, |(_, _, unit)| TimeError::Unit(unit))
    })
}

/// RFC 3339 with offset; digits past the milliseconds are cut.
pub(super) fn rfc3339(text: &str) -> Result<Time, TimeError> {
    in_range(instant(text.as_bytes()).ok_or(TimeError::Form)?)
}

fn in_range(ms: i64) -> Result<Time, TimeError> {
    if (FIRST..=LAST).contains(&ms) { Ok(Time(ms)) } else { Err(TimeError::Range) }
}

fn instant(text: &[u8]) -> Option<i64> {
    let (date_time, rest) = text.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't', h1, h2, b':', i1, i2, b':', s1, s2] = *date_time else {
        return None;
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (below(24, &[h1, h2])?, below(60, &[i1, i2])?, below(60, &[s1, s2])?);
    if !(1..=12).contains(&month) || !(1..=days_of(month, year)).contains(&day) {
        return None;
    }
    let (fraction, offset) = fraction(rest)?;
    let minutes = (days_before(year, month, day) * 24 + hour) * 60 + minute - self::offset(offset)?;
    Some((minutes * 60 + second) * 1_000 + fraction)
}

/// Milliseconds of the fraction, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = text else { return Some((0, text)) };
    let (digits, rest) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let ms = match digits {
        [] => return None,
        [a] => number(&[*a])? * 100,
        [a, b] => number(&[*a, *b])? * 10,
        [a, b, c, ..] => number(&[*a, *b, *c])?,
    };
    Some((ms, rest))
}

/// Minutes ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = below(24, &[*h1, *h2])? * 60 + below(60, &[*m1, *m2])?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn below(limit: i64, digits: &[u8]) -> Option<i64> {
    number(digits).filter(|number| *number < limit)
}

fn days_of(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date: years are counted from March, so that a leap day is the last of its year.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}
