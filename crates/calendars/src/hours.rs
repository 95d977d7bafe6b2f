//! Hours of one day: `08:00-12:00, 13:00-18:00`, or `closed`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::written::{WrittenError, number, serde_as_written, shortened};

/// Most ranges of one day: every two hours a break.
pub const RANGES_PER_DAY_MAX: usize = 12;

/// Minutes of a day without a change of the clock.
const DAY_MINUTES: u16 = 24 * 60;

const CLOSED: &str = "closed";

/// A time of day, in minutes: `00:00` to `24:00`, the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// Hours from one time to another, the end excluded: `08:00-12:00`. An end that is not after the
/// beginning is on the next day: `22:00-06:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    from: TimeOfDay,
    to: TimeOfDay,
}

/// The hours of a day, in order and without overlaps; only the last range can pass midnight.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours(Vec<TimeRange>);

serde_as_written!(Hours);

impl TimeOfDay {
    pub(crate) const MIDNIGHT: Self = Self(0);
    pub(crate) const END: Self = Self(DAY_MINUTES);

    /// Minutes since midnight, 0 to 1,440.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl TimeRange {
    /// First minute of the range.
    pub const fn from(self) -> TimeOfDay {
        self.from
    }

    /// End of the range, on the next day if [`TimeRange::passes_midnight`].
    pub const fn to(self) -> TimeOfDay {
        self.to
    }

    /// Whether the range ends on the day after its beginning.
    pub const fn passes_midnight(self) -> bool {
        self.to.0 < self.from.0
    }
}

impl Hours {
    /// No hours.
    pub const CLOSED: Self = Self(Vec::new());

    /// The ranges in order; none if closed.
    pub fn ranges(&self) -> &[TimeRange] {
        &self.0
    }

    /// Whether the day has no hours.
    pub fn is_closed(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for TimeOfDay {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let minutes = || {
            let (hour, minute) = text.split_once(':')?;
            let hour: u16 = number(hour, 2)?;
            let minute = number::<u16>(minute, 2).filter(|minute| *minute < 60)?;
            let minutes = hour * 60 + minute;
            (minutes <= DAY_MINUTES).then_some(Self(minutes))
        };
        minutes().ok_or_else(|| WrittenError::Time(shortened(text)))
    }
}

impl FromStr for TimeRange {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let Some((from, to)) = text.split_once('-') else {
            return Err(WrittenError::Range(shortened(text)));
        };
        let range = Self {
            from: from.trim().parse()?,
            to: to.trim().parse()?,
        };
        if range.from.0 == DAY_MINUTES {
            return Err(WrittenError::Range(shortened(text)));
        }
        if range.from == range.to {
            return Err(WrittenError::EmptyRange(range));
        }
        Ok(range)
    }
}

impl FromStr for Hours {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        if text.trim() == CLOSED {
            return Ok(Self::CLOSED);
        }
        let count = text.split(',').count();
        if count > RANGES_PER_DAY_MAX {
            return Err(WrittenError::RangeCount(count));
        }
        let ranges = text
            .split(',')
            .map(|range| range.trim().parse())
            .collect::<Result<Vec<TimeRange>, _>>()?;
        for pair in ranges.windows(2) {
            if let [earlier, later] = pair
                && (earlier.passes_midnight() || later.from < earlier.to)
            {
                return Err(WrittenError::RangeOrder {
                    earlier: *earlier,
                    later: *later,
                });
            }
        }
        Ok(Self(ranges))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_closed() {
            return f.write_str(CLOSED);
        }
        for (index, range) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{range}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_printed_as_written() {
        for text in [
            "closed",
            "00:00-24:00",
            "08:00-12:00, 12:00-18:00",
            "08:00-12:00, 22:00-06:00",
            "22:00-00:00",
        ] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
        }
        let hours: Hours = " 08:00 - 12:00,13:00-18:30 ".parse().unwrap();
        assert_eq!(hours.to_string(), "08:00-12:00, 13:00-18:30");
    }

    #[test]
    fn wrong_hours_say_what_to_write() {
        let thirteen = ["08:00-09:00"; RANGES_PER_DAY_MAX + 1].join(",");
        for (text, expected) in [
            (
                "",
                "expected hours such as 08:00-12:00, or closed, got \"\"",
            ),
            ("8-12", "expected a time from 00:00 to 24:00, got \"8\""),
            (
                "08:60-12:00",
                "expected a time from 00:00 to 24:00, got \"08:60\"",
            ),
            (
                "08:00-24:01",
                "expected a time from 00:00 to 24:00, got \"24:01\"",
            ),
            (
                "99:99-12:00",
                "expected a time from 00:00 to 24:00, got \"99:99\"",
            ),
            (
                "+8:00-12:00",
                "expected a time from 00:00 to 24:00, got \"+8:00\"",
            ),
            (
                "24:00-06:00",
                "expected hours such as 08:00-12:00, or closed, got \"24:00-06:00\"",
            ),
            (
                "08:00-12:00,",
                "expected hours such as 08:00-12:00, or closed, got \"\"",
            ),
            (
                "08:00-08:00",
                "the hours 08:00-08:00 end when they begin; a whole day is 00:00-24:00",
            ),
            (
                "08:00-12:00, 11:00-13:00",
                "the hours 11:00-13:00 begin before the end of 08:00-12:00; write them in order",
            ),
            (
                "22:00-06:00, 23:00-24:00",
                "the hours 23:00-24:00 begin before the end of 22:00-06:00; write them in order",
            ),
            (
                &thirteen,
                "expected at most 12 ranges of hours a day, got 13",
            ),
        ] {
            let error = text.parse::<Hours>().unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }
}
