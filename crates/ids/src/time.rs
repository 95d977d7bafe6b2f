//! Moments and spans of time, in whole milliseconds. Nothing in this module reads a clock:
//! [`Clock`] is a port, and functions take the moment as an argument.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The source of `now`: the system clock in a Lambda, a simulated clock in a test.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A span of time, in milliseconds; never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(u64);

impl Timestamp {
    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The span from `earlier` to this moment; zero when `earlier` is later than this moment.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2015-07-31T01:09:51Z`: the form of every date in TaskRouter's API (taskrouter.md section 1,
    /// "dates").
    pub fn to_iso8601(self) -> String {
        self.to_zoned().map_or_else(
            || self.0.to_string(),
            |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )
    }

    /// `2015-07-31T01:09:51.123Z`: for pages and logs, where milliseconds matter.
    pub fn to_iso8601_millis(self) -> String {
        self.to_zoned().map_or_else(
            || self.0.to_string(),
            |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        )
    }

    /// `Fri, 31 Jul 2015 01:09:51 +0000`: the form of dates in the carrier's API (voice-webhooks.md
    /// section 8).
    pub fn to_rfc2822(self) -> String {
        self.to_zoned().map_or_else(
            || self.0.to_string(),
            |zoned| zoned.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
        )
    }

    fn to_zoned(self) -> Option<jiff::Zoned> {
        Some(
            jiff::Timestamp::from_millisecond(self.0)
                .ok()?
                .to_zoned(jiff::tz::TimeZone::UTC),
        )
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    /// Reads an ISO 8601 date with an offset, `2015-07-31T01:09:51Z`.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        Ok(Self(text.parse::<jiff::Timestamp>()?.as_millisecond()))
    }
}

impl Millis {
    /// Zero milliseconds.
    pub const ZERO: Self = Self(0);

    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// The span in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The span in whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The span in whole seconds, rounded up: a timer set to it never fires early.
    pub const fn as_secs_ceil(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// `5 s`, `3 min 20 s`, `2 h 5 min`, `1 d 4 h`: for pages and sentences, rounded down.
    pub fn in_words(self) -> String {
        let secs = self.as_secs();
        match secs {
            0..60 => format!("{secs} s"),
            60..3_600 => format!("{} min {} s", secs / 60, secs % 60),
            3_600..86_400 => format!("{} h {} min", secs / 3_600, secs % 3_600 / 60),
            _ => format!("{} d {} h", secs / 86_400, secs % 86_400 / 3_600),
        }
    }

    /// The sum of both spans; the largest span on overflow.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)),
        )
    }
}

impl AddAssign<Millis> for Timestamp {
    fn add_assign(&mut self, span: Millis) {
        *self = *self + span;
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.0).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_iso8601_millis())
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl From<Millis> for std::time::Duration {
    fn from(span: Millis) -> Self {
        Self::from_millis(span.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_prints_three_date_formats() {
        let moment: Timestamp = "2015-07-31T01:09:51.123Z".parse().unwrap();
        assert_eq!(moment.to_iso8601(), "2015-07-31T01:09:51Z");
        assert_eq!(moment.to_iso8601_millis(), "2015-07-31T01:09:51.123Z");
        assert_eq!(moment.to_rfc2822(), "Fri, 31 Jul 2015 01:09:51 +0000");
    }

    #[test]
    fn since_saturates_and_secs_round_up() {
        let earlier = Timestamp::from_millis(1_000);
        assert_eq!(earlier.since(earlier + Millis::from_secs(1)), Millis::ZERO);
        assert_eq!(Millis::from_millis(1_001).as_secs_ceil(), 2);
    }
}
