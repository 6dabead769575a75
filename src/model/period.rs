//! The reporting calendar: which day and month an instant belongs to.
//!
//! Days and months are half-open and know clock changes: a day starts at the first instant that shows its date.

use std::cell::Cell;
use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Time;

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
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(self.0))
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

/// The reporting zone. Remembers the day it was asked for last, since neighbours in time are asked for in turn.
#[derive(Debug, Clone)]
pub struct Zone {
    zone: TimeZone,
    last: Cell<(Day, Time, Time)>,
}

impl Zone {
    /// The zone with this IANA name.
    ///
    /// # Errors
    /// When no such zone is known.
    pub fn new(name: &str) -> Result<Self, jiff::Error> {
        Ok(Self { zone: TimeZone::get(name)?, last: Cell::new((Day(0), Time(0), Time(0))) })
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, last: Cell::new((Day(0), Time(0), Time(0))) }
    }

    /// The underlying zone, for calendars and for showing local times.
    #[must_use]
    pub fn tz(&self) -> &TimeZone {
        &self.zone
    }

    /// The day that an instant belongs to.
    #[must_use]
    pub fn day(&self, at: Time) -> Day {
        let (day, start, end) = self.last.get();
        if start <= at && at < end {
            return day;
        }
        let shown = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MIN).to_zoned(self.zone.clone()).date();
        let mut day = Day::of(shown);
        // Clocks set back over midnight show the old date again: the day has begun with the first instant of its date.
        if at >= self.start(day.next()) {
            day = day.next();
        }
        self.last.set((day, self.start(day), self.start(day.next())));
        day
    }

    /// The month that an instant belongs to.
    #[must_use]
    pub fn month(&self, at: Time) -> Month {
        self.day(at).month()
    }

    /// The first instant that shows the day's date, or a later one when the zone skips that date.
    #[must_use]
    pub fn start(&self, day: Day) -> Time {
        let midnight = day.date().at(0, 0, 0, 0);
        let at = self.zone.to_ambiguous_timestamp(midnight).compatible();
        Time(at.map_or(i64::MAX / 4, jiff::Timestamp::as_millisecond))
    }

    /// The first instant of a month.
    #[must_use]
    pub fn month_start(&self, month: Month) -> Time {
        self.start(month.first_day())
    }
}

impl std::str::FromStr for Day {
    type Err = jiff::Error;

    /// Reads `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self::of)
    }
}
