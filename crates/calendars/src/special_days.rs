//! Holidays and exceptions: dates with a name and with hours of their own.

use std::str::FromStr;

use ids::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::dates::Dates;
use crate::hours::Hours;
use crate::weekdays::{Weekday, Weekdays};
use crate::written::{WrittenError, check_name};

/// A holiday or an exception: its hours replace the weekly ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct SpecialDays {
    dates: Dates,
    #[serde(skip_serializing_if = "Option::is_none")]
    weekdays: Option<Weekdays>,
    name: String,
    #[serde(skip_serializing_if = "Hours::is_closed")]
    hours: Hours,
}

/// Special days as written in the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    dates: Dates,
    weekdays: Option<Weekdays>,
    name: String,
    #[serde(default)]
    hours: Hours,
}

impl SpecialDays {
    /// Days with a name and hours; with `weekdays` only these days of the week.
    pub fn new(
        dates: Dates,
        weekdays: Option<Weekdays>,
        name: impl Into<String>,
        hours: Hours,
    ) -> Result<Self, WrittenError> {
        let name = name.into();
        check_name(&name)?;
        Ok(Self {
            dates,
            weekdays,
            name,
            hours,
        })
    }

    /// The name, which a flow can speak.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dates, the weekdays not considered.
    pub fn dates(&self) -> Dates {
        self.dates
    }

    /// The days of the week; `None`: all of them.
    pub fn weekdays(&self) -> Option<&Weekdays> {
        self.weekdays.as_ref()
    }

    /// The hours of each of the days.
    pub fn hours(&self) -> &Hours {
        &self.hours
    }

    /// Whether they are in the past, as of the date of `now` in UTC.
    pub fn are_before(&self, now: Timestamp) -> bool {
        let now = jiff::Timestamp::from_millisecond(now.as_millis());
        now.is_ok_and(|now| self.dates.are_before(now.to_zoned(TimeZone::UTC).date()))
    }

    pub(crate) fn contain(&self, date: Date) -> bool {
        let is_weekday = |days: &Weekdays| days.contains(Weekday::of(date.weekday()));
        self.dates.contain(date) && self.weekdays.as_ref().is_none_or(is_weekday)
    }
}

impl TryFrom<Given> for SpecialDays {
    type Error = WrittenError;

    fn try_from(given: Given) -> Result<Self, WrittenError> {
        Self::new(given.dates, given.weekdays, given.name, given.hours)
    }
}

/// Reads a line: `2026-12-25 Christmas Day` is closed, `12-24 Christmas Eve, 08:00-12:00` has hours.
/// The hours begin after the first comma that a digit follows, or after a last `, closed`.
impl FromStr for SpecialDays {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let (dates, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let dates = dates.parse()?;
        let (name, hours) = match hours_at(rest) {
            Some((name, hours)) => (name, hours.parse()?),
            None => (rest, Hours::CLOSED),
        };
        Self::new(dates, None, name.trim(), hours)
    }
}

/// Splits a line at the comma before its hours.
fn hours_at(text: &str) -> Option<(&str, &str)> {
    let commas = text.match_indices(',').map(|(at, _)| at);
    commas
        .filter_map(|at| Some((text.get(..at)?, text.get(at + 1..)?.trim())))
        .find(|(_, hours)| {
            hours.starts_with(|first: char| first.is_ascii_digit()) || *hours == "closed"
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_dates_name_and_hours() {
        for (line, dates, name, hours) in [
            (
                "2026-12-25 Christmas Day",
                "2026-12-25",
                "Christmas Day",
                "closed",
            ),
            (
                "12-24 Christmas Eve, 08:00-12:00",
                "12-24",
                "Christmas Eve",
                "08:00-12:00",
            ),
            (
                "12-27..12-30  Between, the years, 10:00-12:00, 13:00-14:00",
                "12-27..12-30",
                "Between, the years",
                "10:00-12:00, 13:00-14:00",
            ),
            ("01-06 Epiphany, closed", "01-06", "Epiphany", "closed"),
            ("01-06 24/7 day", "01-06", "24/7 day", "closed"),
        ] {
            let days: SpecialDays = line.parse().unwrap();
            assert_eq!(days.dates().to_string(), dates);
            assert_eq!(days.name(), name);
            assert_eq!(days.hours().to_string(), hours);
        }
    }

    #[test]
    fn wrong_line_says_what_to_write() {
        for (line, expected) in [
            ("Christmas", "got \"Christmas\""),
            (
                "12-25",
                "expected a name of 1 to 100 characters, got 0 characters",
            ),
            (
                "12-25 , 08:00-09:00",
                "expected a name of 1 to 100 characters, got 0 characters",
            ),
            ("12-25 Christmas, 8 to 12", "or closed, got \"8 to 12\""),
            (
                "12-25 Christ\tmas",
                "without control characters, got \"Christ\\tmas\"",
            ),
        ] {
            let message = line.parse::<SpecialDays>().unwrap_err().to_string();
            assert!(message.ends_with(expected), "{message}");
        }
    }
}
