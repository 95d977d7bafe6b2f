//! The time range of a request: `Minutes`, `StartDate`, `EndDate` (taskrouter.md sections 12.5 and
//! 13).

use ids::time::{Millis, Timestamp};

use crate::error::ApiError;
use crate::parameters::Parameters;

/// The length in minutes of a time range that has neither `Minutes` nor `StartDate`.
const MINUTES_DEFAULT: u32 = 15;

/// A time range that includes both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment.
    pub from: Timestamp,
    /// The last moment. It is not in the future.
    pub until: Timestamp,
}

impl TimeRange {
    /// Parses `StartDate` and `EndDate`. Without `StartDate` the range begins `Minutes` before its
    /// end, 15 by default. An end in the future, and a missing one, become `now`.
    ///
    /// # Errors
    /// 20001 for an invalid date or number, and for a start after the end.
    pub fn read(query: &Parameters, now: Timestamp) -> Result<Self, ApiError> {
        let minutes = query
            .whole_number("Minutes", 1..=u32::MAX)?
            .unwrap_or(MINUTES_DEFAULT);
        let until = query.parsed("EndDate", date)?.unwrap_or(now).min(now);
        let from = query.parsed("StartDate", date)?;
        let from = from.unwrap_or(until - Millis::from_secs(u64::from(minutes) * 60));
        if from > until {
            return Err(ApiError::parameter(
                "StartDate",
                "expected a date before EndDate and not in the future",
            ));
        }
        Ok(Self { from, until })
    }

    /// The first moment after the range, one millisecond after its last.
    pub fn end(self) -> Timestamp {
        self.until + Millis::from_millis(1)
    }
}

/// Parses a date in UTC, with or without the time and the `Z`, from 1970 on.
fn date(text: &str) -> Result<Timestamp, String> {
    let formats = [
        text.to_owned(),
        format!("{text}Z"),
        format!("{text}T00:00:00Z"),
    ];
    let date = formats
        .iter()
        .find_map(|format| format.parse::<Timestamp>().ok())
        .filter(|date| date.as_millis() >= 0);
    date.ok_or_else(|| "expected a date such as 2015-07-31T01:09:51Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples::NOON;

    fn time_range(query: &str) -> Result<TimeRange, ApiError> {
        TimeRange::read(&Parameters::of_query(query).unwrap(), NOON)
    }

    #[test]
    fn time_range_defaults_to_fifteen_minutes() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let minutes = |minutes: u64| NOON - Millis::from_secs(minutes * 60);
        for (query, from, until) in [
            ("", minutes(15), NOON),
            ("Minutes=1", minutes(1), NOON),
            ("EndDate=2030-01-01", minutes(15), NOON),
            (
                "EndDate=2026-11-22T10:15:00Z",
                at("2026-11-22T10:00:00Z"),
                at("2026-11-22T10:15:00Z"),
            ),
            (
                "EndDate=2026-11-22T10:15:00&Minutes=15",
                at("2026-11-22T10:00:00Z"),
                at("2026-11-22T10:15:00Z"),
            ),
            (
                "StartDate=2026-11-22&Minutes=3",
                at("2026-11-22T00:00:00Z"),
                NOON,
            ),
        ] {
            assert_eq!(
                time_range(query).unwrap(),
                TimeRange { from, until },
                "{query}"
            );
        }
    }

    #[test]
    fn invalid_time_range_names_its_parameter() {
        for (query, sentence) in [
            ("Minutes=0", "Minutes: expected a whole number"),
            ("Minutes=-1", "Minutes: "),
            ("Minutes=a", "Minutes: "),
            ("StartDate=yesterday", "StartDate: expected a date such as"),
            ("StartDate=1950-01-01", "StartDate: "),
            ("EndDate=2026-13-01", "EndDate: "),
            (
                "StartDate=2030-01-01",
                "StartDate: expected a date before EndDate",
            ),
            ("StartDate=2026-11-22&EndDate=2026-11-21", "StartDate: "),
        ] {
            let message = time_range(query).unwrap_err().to_string();
            assert!(message.starts_with(sentence), "{query}: {message}");
        }
    }
}
