//! The reporting calendar: which day and month an instant belongs to.
//!
//! Days and months are half-open and know clock changes: a day starts at the first instant that shows its date.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Span, Time};

/// Clock changes are looked up to 2101-01-01T00:00:00Z: no event is later than 2100.
const LAST_CHANGE: Time = Time(4_133_980_800_000);

/// A date in the reporting zone: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

/// A month in the reporting zone: months since January of year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month(pub i32);

impl Day {
    /// The month that it lies in.
    #[must_use]
    pub fn month(self) -> Month {
        let date = self.date();
        Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// The next day.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    fn date(self) -> jiff::civil::Date {
        // Dates end with the years -9999 and 9999, 4 million days away at most.
        let days = self.0.clamp(-4_500_000, 4_500_000);
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(days))
    }

    fn of(date: jiff::civil::Date) -> Self {
        let since = jiff::civil::date(1970, 1, 1).duration_until(date).as_hours() / 24;
        Self(i32::try_from(since).unwrap_or(i32::MAX))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl Month {
    /// The next month.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Day {
        let (year, month) = (self.0.div_euclid(12), self.0.rem_euclid(12) + 1);
        let date = jiff::civil::Date::new(i16::try_from(year).unwrap_or(i16::MAX), i8::try_from(month).unwrap_or(1), 1);
        Day::of(date.unwrap_or(jiff::civil::Date::MAX))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

/// The reporting zone.
///
/// Holds the clock changes of the zone with the latest date that was shown before each, so that an instant's day is one
/// binary search. After 2100, where no event can be, the last offset stands.
#[derive(Debug, Clone)]
pub struct Zone {
    zone: TimeZone,
    stretches: Arc<[Stretch]>,
}

/// The time between two clock changes.
#[derive(Debug)]
struct Stretch {
    /// Its first instant.
    start: Time,
    /// What local clocks are ahead of UTC.
    offset: Span,
    /// The latest date that was shown before it.
    shown: Day,
}

impl Zone {
    /// The zone with this IANA name.
    ///
    /// # Errors
    /// When no such zone is known.
    pub fn new(name: &str) -> Result<Self, jiff::Error> {
        Ok(Self::of(TimeZone::get(name)?))
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self::of(TimeZone::UTC)
    }

    fn of(zone: TimeZone) -> Self {
        let offset = |of: jiff::tz::Offset| Span(i64::from(of.seconds()) * 1_000);
        let first = Stretch { start: Time::MIN, offset: offset(zone.to_offset(jiff::Timestamp::MIN)), shown: Day(i32::MIN) };
        let mut stretches = vec![first];
        for change in zone.following(jiff::Timestamp::MIN) {
            let start = Time(change.timestamp().as_millisecond());
            if start >= LAST_CHANGE {
                break;
            }
            let shown = stretches.last().map_or(Day(i32::MIN), |before| before.day(start - Span(1)));
            stretches.push(Stretch { start, offset: offset(change.offset()), shown });
        }
        Self { zone, stretches: stretches.into() }
    }

    /// The underlying zone, for calendars and for showing local times.
    #[must_use]
    pub fn tz(&self) -> &TimeZone {
        &self.zone
    }

    /// The day that an instant belongs to.
    #[must_use]
    pub fn day(&self, at: Time) -> Day {
        let after = self.stretches.partition_point(|stretch| stretch.start <= at);
        self.stretches[after.saturating_sub(1)].day(at)
    }

    /// The month that an instant belongs to.
    #[must_use]
    pub fn month(&self, at: Time) -> Month {
        self.day(at).month()
    }

    /// The first instant that shows the day's date, or, when the zone skips that date, a later one.
    #[must_use]
    pub fn start(&self, day: Day) -> Time {
        let after = self.stretches.partition_point(|stretch| stretch.shown < day);
        let stretch = &self.stretches[after.saturating_sub(1)];
        let midnight = Time(i64::from(day.0) * Span::DAY.0) - stretch.offset;
        // A day whose midnight is skipped starts with the stretch, where clocks already show a later time.
        midnight.max(stretch.start)
    }

    /// The first instant of a month.
    #[must_use]
    pub fn month_start(&self, month: Month) -> Time {
        self.start(month.first_day())
    }

    /// Splits `[from, to)` at midnights: each day with its part, in order. Nothing when `to` is not after `from`.
    pub fn split(&self, from: Time, to: Time) -> impl Iterator<Item = (Day, Span)> {
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let day = self.day(at);
            let end = self.start(day.next()).min(to);
            let part = end - at;
            at = end;
            Some((day, part))
        })
    }
}

impl std::str::FromStr for Day {
    type Err = jiff::Error;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self::of)
    }
}

impl Stretch {
    /// The latest date shown up to `at`: where clocks are set back over midnight, the day that has begun goes on (ruling 26).
    fn day(&self, at: Time) -> Day {
        let date = (at + self.offset).0.div_euclid(Span::DAY.0);
        Day(i32::try_from(date).unwrap_or(if date < 0 { i32::MIN } else { i32::MAX })).max(self.shown)
    }
}

#[cfg(test)]
mod tests;
