//! Dates of holidays and exceptions: once, or every year.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::written::{WrittenError, number, serde_as_written, shortened};

pub(crate) const DATES_FORM: &str =
    "a date such as 2026-12-25, 12-25 for every year, or a range such as 12-24..12-26";

/// A year in which every day of a year exists.
const LEAP_YEAR: i16 = 2024;

/// A date or a range of dates, both ends included: `2026-12-25`, `2026-12-24..2027-01-01`, and
/// without a year, for every year: `12-25`, `12-24..01-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dates(Kind);

serde_as_written!(Dates);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Once {
        first: Date,
        last: Date,
    },
    /// The last day may be in the following year: `12-24..01-01`.
    Yearly {
        first: MonthDay,
        last: MonthDay,
    },
}

/// A day of every year; 29 February in leap years alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct MonthDay {
    month: i8,
    day: i8,
}

impl Dates {
    /// The dates from `first` to `last`, both included.
    pub(crate) fn once(first: Date, last: Date) -> Result<Self, WrittenError> {
        let dates = Self(Kind::Once { first, last });
        if last < first {
            return Err(WrittenError::DateOrder(dates));
        }
        Ok(dates)
    }

    /// The days from `first` to `last` in every year, whatever their years.
    pub(crate) fn yearly(first: Date, last: Date) -> Self {
        Self(Kind::Yearly {
            first: MonthDay::of(first),
            last: MonthDay::of(last),
        })
    }

    /// Whether the last of the dates is before `date`. Dates of every year never are.
    pub(crate) fn are_before(&self, date: Date) -> bool {
        match self.0 {
            Kind::Once { last, .. } => last < date,
            Kind::Yearly { .. } => false,
        }
    }

    pub(crate) fn contain(&self, date: Date) -> bool {
        match self.0 {
            Kind::Once { first, last } => first <= date && date <= last,
            Kind::Yearly { first, last } => {
                let day = MonthDay::of(date);
                if first <= last {
                    first <= day && day <= last
                } else {
                    first <= day || day <= last
                }
            }
        }
    }
}

impl MonthDay {
    fn of(date: Date) -> Self {
        Self {
            month: date.month(),
            day: date.day(),
        }
    }
}

/// One end of a range.
enum End {
    Date(Date),
    MonthDay(MonthDay),
}

impl FromStr for Dates {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let ends = end(first).zip(end(last));
        let ends = ends.ok_or_else(|| WrittenError::Dates(shortened(text)))?;
        match ends {
            (End::Date(first), End::Date(last)) => Self::once(first, last),
            (End::MonthDay(first), End::MonthDay(last)) => Ok(Self(Kind::Yearly { first, last })),
            (End::Date(_), End::MonthDay(_)) | (End::MonthDay(_), End::Date(_)) => {
                Err(WrittenError::MixedDates(shortened(text)))
            }
        }
    }
}

fn end(text: &str) -> Option<End> {
    let mut pieces = text.split('-');
    let end = match (pieces.next()?, pieces.next()?, pieces.next()) {
        (month, day, None) => {
            let date = Date::new(LEAP_YEAR, number(month, 2)?, number(day, 2)?).ok()?;
            End::MonthDay(MonthDay::of(date))
        }
        (year, month, Some(day)) => {
            End::Date(Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()?)
        }
    };
    pieces.next().is_none().then_some(end)
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Once { first, last } if first == last => write!(f, "{first}"),
            Kind::Once { first, last } => write!(f, "{first}..{last}"),
            Kind::Yearly { first, last } if first == last => write!(f, "{first}"),
            Kind::Yearly { first, last } => write!(f, "{first}..{last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_contain_both_ends() {
        for (dates, inside, outside) in [
            ("2026-12-25", date(2026, 12, 25), date(2027, 12, 25)),
            ("12-25", date(2031, 12, 25), date(2031, 12, 26)),
            ("2026-12-24..2027-01-01", date(2027, 1, 1), date(2027, 1, 2)),
            (
                "2026-12-24..2027-01-01",
                date(2026, 12, 24),
                date(2026, 12, 23),
            ),
            ("12-24..01-01", date(2030, 1, 1), date(2030, 1, 2)),
            ("12-24..01-01", date(2030, 12, 24), date(2030, 12, 23)),
            ("03-01..03-31", date(2030, 3, 31), date(2030, 2, 28)),
            ("02-29", date(2028, 2, 29), date(2027, 2, 28)),
        ] {
            let parsed: Dates = dates.parse().unwrap();
            assert!(parsed.contain(inside), "{dates} {inside}");
            assert!(!parsed.contain(outside), "{dates} {outside}");
            assert_eq!(parsed.to_string(), dates);
        }
    }

    #[test]
    fn wrong_dates_say_what_to_write() {
        for text in [
            "",
            "2026-02-29",
            "13-01",
            "1-1",
            "25.12.2026",
            "2026-12-25-1",
            "12",
            "a..b",
        ] {
            let expected = format!("expected {DATES_FORM}, got \"{text}\"");
            let error = text.parse::<Dates>().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        for (text, expected) in [
            (
                "2026-12-24..12-26",
                "expected a year in both dates or in neither, got \"2026-12-24..12-26\"",
            ),
            (
                "2026-12-24..2026-12-23",
                "the dates 2026-12-24..2026-12-23 end before they begin",
            ),
        ] {
            assert_eq!(text.parse::<Dates>().unwrap_err().to_string(), expected);
        }
    }
}
