//! The span of time a request is about: `Minutes`, `StartDate`, `EndDate` (taskrouter.md sections 12.5 and 13).

use ids::time::{Millis, Timestamp};

use crate::error::ApiError;
use crate::parameters::Parameters;

/// Minutes a request is about when it does not say.
const MINUTES_DEFAULT: u32 = 15;

/// A span of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// From this moment on.
    pub from: Timestamp,
    /// Up to this moment, which is not in the future.
    pub until: Timestamp,
}

impl TimeRange {
    /// Reads `StartDate` and `EndDate`; without the former, `Minutes` before the end, 15 if nothing is said.
    ///
    /// # Errors
    /// 20001 for what is no date or number, and for a start after the end.
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

    /// The moment right after it.
    pub fn end(self) -> Timestamp {
        self.until + Millis::from_millis(1)
    }
}

/// A date in UTC with or without the time and the `Z`.
fn date(text: &str) -> Result<Timestamp, String> {
    let forms = [
        text.to_owned(),
        format!("{text}Z"),
        format!("{text}T00:00:00Z"),
    ];
    let read = forms
        .iter()
        .find_map(|form| form.parse::<Timestamp>().ok())
        .filter(|date| date.as_millis() >= 0);
    read.ok_or_else(|| "expected a date such as 2015-07-31T01:09:51Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples::NOON;

    fn span(query: &str) -> Result<TimeRange, ApiError> {
        TimeRange::read(&Parameters::of_query(query).unwrap(), NOON)
    }

    #[test]
    fn a_span_is_fifteen_minutes_up_to_now_unless_somebody_says_otherwise() {
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
            assert_eq!(span(query).unwrap(), TimeRange { from, until }, "{query}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused_by_name() {
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
            let message = span(query).unwrap_err().to_string();
            assert!(message.starts_with(sentence), "{query}: {message}");
        }
    }
}
