//! A calendar: its time zone, weekly hours, holidays and exceptions.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::hours::Hours;
use crate::special_days::SpecialDays;
use crate::weekdays::Weekday;
use crate::written::shortened;

/// Maximum length of a calendar's name, in characters: that of every name in the file.
pub const CALENDAR_NAME_CHARS_MAX: usize = 64;

/// Most holidays: a calendar file of 30 a year, for 30 years. Each takes some 80 bytes of the
/// table's JSON.
pub const HOLIDAYS_MAX: usize = 1_000;

/// Most exceptions: far more than a person writes.
pub const EXCEPTIONS_MAX: usize = 200;

/// Opening hours. The exception of a date has precedence over its holiday, the holiday over the
/// weekly hours; of several exceptions or holidays of a date the first one applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct Calendar {
    /// The name in expressions: letters, digits and `_`, not starting with a digit.
    pub name: String,
    /// The time zone of all dates and times.
    pub time_zone: Zone,
    /// The hours of each day of the week; an absent day is closed.
    pub hours: BTreeMap<Weekday, Hours>,
    /// Dates with hours of their own, most of them closed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<SpecialDays>,
    /// Dates with hours of their own that also replace holidays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<SpecialDays>,
}

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// A calendar with an invalid setting. The message says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The name cannot be used in expressions.
    #[error(
        "the name of a calendar has 1 to {CALENDAR_NAME_CHARS_MAX} letters, digits or _ and starts \
         with a letter, got \"{0}\""
    )]
    Name(String),
    /// More than [`HOLIDAYS_MAX`] holidays.
    #[error("holidays: expected at most {HOLIDAYS_MAX}, got {0}")]
    HolidayCount(usize),
    /// More than [`EXCEPTIONS_MAX`] exceptions.
    #[error("exceptions: expected at most {EXCEPTIONS_MAX}, got {0}")]
    ExceptionCount(usize),
}

/// A time zone that the IANA database does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone \"{given}\"; expected {expected}")]
pub struct UnknownTimeZone {
    given: String,
    expected: String,
}

/// A calendar as written in the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    name: String,
    time_zone: Zone,
    hours: BTreeMap<Weekday, Hours>,
    #[serde(default)]
    holidays: Vec<SpecialDays>,
    #[serde(default)]
    exceptions: Vec<SpecialDays>,
}

impl Calendar {
    /// The calendar, if its name and the number of its special days are valid.
    pub fn check(self) -> Result<Self, CalendarError> {
        if !is_name(&self.name) {
            return Err(CalendarError::Name(shortened(&self.name)));
        }
        if self.holidays.len() > HOLIDAYS_MAX {
            return Err(CalendarError::HolidayCount(self.holidays.len()));
        }
        if self.exceptions.len() > EXCEPTIONS_MAX {
            return Err(CalendarError::ExceptionCount(self.exceptions.len()));
        }
        Ok(self)
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(is_part)
        && name.len() <= CALENDAR_NAME_CHARS_MAX
}

impl TryFrom<Given> for Calendar {
    type Error = CalendarError;

    fn try_from(given: Given) -> Result<Self, CalendarError> {
        let Given {
            name,
            time_zone,
            hours,
            holidays,
            exceptions,
        } = given;
        Self {
            name,
            time_zone,
            hours,
            holidays,
            exceptions,
        }
        .check()
    }
}

impl Zone {
    /// The name in the IANA database.
    pub fn name(&self) -> &str {
        // Only zones of the database exist, and each of them has a name.
        self.0.iana_name().unwrap_or_default()
    }

    pub(crate) fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = UnknownTimeZone;

    /// Finds a zone in the built-in database, whatever its case.
    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        let found = TimeZoneDatabase::bundled().get(name);
        found
            .ok()
            .filter(|zone| !zone.is_unknown())
            .map(Self)
            .ok_or_else(|| UnknownTimeZone {
                given: shortened(name),
                expected: expected(name),
            })
    }
}

/// The zones of a city, if `name` is one: `Europe/Berlin` for `Berlin`. Otherwise an example.
fn expected(name: &str) -> String {
    let city = name.rsplit('/').next().unwrap_or(name).replace(' ', "_");
    let is_of_city = |zone: &str| {
        let last = zone.rsplit('/').next().unwrap_or(zone);
        last.eq_ignore_ascii_case(&city)
    };
    let database = TimeZoneDatabase::bundled();
    let of_city = database
        .available()
        .map(|zone| zone.to_string())
        .find(|zone| is_of_city(zone));
    match of_city {
        Some(zone) => zone,
        None => "a name of the IANA database such as Europe/Berlin".to_owned(),
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownTimeZone;

    fn try_from(name: String) -> Result<Self, UnknownTimeZone> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(calendar: Value) -> Result<Calendar, String> {
        serde_json::from_value(calendar).map_err(|error| error.to_string())
    }

    #[test]
    fn calendar_survives_a_round_trip() {
        let given = json!({
            "name": "support",
            "time_zone": "Europe/Berlin",
            "hours": {"mon": "08:00-12:00, 13:00-18:00", "sat": "22:00-06:00"},
            "holidays": [
                {"dates": "2026-12-25", "name": "Christmas Day"},
                {"dates": "12-24", "name": "Christmas Eve", "hours": "08:00-12:00"},
            ],
            "exceptions": [
                {"dates": "2026-11-28..2026-12-19", "weekdays": "sat, sun", "name": "Advent",
                 "hours": "10:00-16:00"},
            ],
        });
        let calendar = read(given.clone()).unwrap();
        assert_eq!(serde_json::to_value(calendar).unwrap(), given);
    }

    #[test]
    fn smallest_calendar_has_no_hours() {
        let given = json!({"name": "a", "time_zone": "utc", "hours": {}});
        let calendar = read(given).unwrap();
        assert_eq!(calendar.time_zone.name(), "UTC");
        assert!(calendar.hours.is_empty());
    }

    #[test]
    fn invalid_calendar_says_what_to_change() {
        let with = |name: &str, value: Value| {
            let mut calendar = json!({"name": "a", "time_zone": "UTC", "hours": {}});
            calendar[name] = value;
            calendar
        };
        let day = json!({"dates": "12-25", "name": "Christmas"});
        for (calendar, expected) in [
            (with("name", json!("")), "starts with a letter, got \"\""),
            (
                with("name", json!("1st")),
                "starts with a letter, got \"1st\"",
            ),
            (
                with("name", json!("a.b")),
                "starts with a letter, got \"a.b\"",
            ),
            (
                with("name", json!("a".repeat(65))),
                "has 1 to 64 letters, digits or _",
            ),
            (
                with("time_zone", json!("berlin")),
                "unknown time zone \"berlin\"; expected Europe/Berlin",
            ),
            (
                with("time_zone", json!("America/New York")),
                "unknown time zone \"America/New York\"; expected America/New_York",
            ),
            (
                with("time_zone", json!("CEST")),
                "unknown time zone \"CEST\"; expected a name of the IANA database such as Europe/Berlin",
            ),
            (with("time_zone", json!("Etc/Unknown")), "unknown time zone"),
            (
                with("hours", json!({"mon-fri": "closed"})),
                "unknown variant `mon-fri`",
            ),
            (
                with("hours", json!({"mon": "8-12"})),
                "expected a time from 00:00 to 24:00",
            ),
            (
                with("holidays", json!(vec![&day; HOLIDAYS_MAX + 1])),
                "holidays: expected at most 1000, got 1001",
            ),
            (
                with("exceptions", json!(vec![&day; EXCEPTIONS_MAX + 1])),
                "exceptions: expected at most 200, got 201",
            ),
            (
                with("holidays", json!([{"dates": "12-25", "name": ""}])),
                "expected a name of 1 to",
            ),
            (with("closed", json!(true)), "unknown field `closed`"),
        ] {
            let message = read(calendar).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
