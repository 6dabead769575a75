//! Durations as people write them: digits with ms, s, m, h or d, also joined (`1h30m`, ruling 95).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Span;

const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("duration {0:?}: wanted digits with a unit of ms, s, m, h or d, such as \"30s\" or \"1h30m\"")]
pub struct DurationError(String);

impl FromStr for Span {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let wrong = || DurationError(text.chars().take(40).collect());
        let (mut rest, mut sum) = (text, 0_i64);
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, tail) = rest.split_at(digits);
            let unit_len = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, next) = tail.split_at(unit_len);
            let number: i64 = number.parse().map_err(|_| wrong())?;
            let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            sum = number.checked_mul(*unit_ms).and_then(|part| sum.checked_add(part)).ok_or_else(wrong)?;
            rest = next;
        }
        if text.is_empty() || sum > Self::MAX_WRITTEN.0 {
            return Err(wrong());
        }
        Ok(Self(sum))
    }
}

impl Span {
    /// The longest duration that can be written: a thousand years.
    const MAX_WRITTEN: Self = Self(365_000 * 86_400_000);
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (name, unit_ms) in UNITS {
            if rest / unit_ms != 0 {
                write!(f, "{}{name}", rest / unit_ms)?;
                rest %= unit_ms;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    /// A duration as people write it, or milliseconds in binary forms.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        deserializer.deserialize_str(Written)
    }
}

struct Written;

impl serde::de::Visitor<'_> for Written {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, such as \"30s\" or \"1h30m\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_digits_with_units_also_joined() {
        for (text, ms) in [("30s", 30_000), ("1h30m", 5_400_000), ("1m30s", 90_000), ("2m500ms", 120_500), ("7d", 604_800_000), ("0s", 0)] {
            assert_eq!(text.parse(), Ok(Span(ms)), "{text}");
            assert_eq!(text.parse::<Span>().map(|span| span.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "30", "s", "30 s", "1.5h", "-1s", "1h30", "1w", "99999999999999999999s", "400000d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
