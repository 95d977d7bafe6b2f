//! Opening hours: [`Calendar`] decides whether a contact centre is open at a moment, by which rule,
//! and when that changes.
//!
//! 1. [`Hours`], [`Weekdays`], [`Dates`], [`SpecialDays`]: the pieces, each with its written form.
//! 2. [`Calendar`]: data, stored as JSON and validated whenever it is deserialized.
//! 3. [`Calendar::status`]: switch, exception, holiday, weekly hours, in this order of precedence.
//! 4. [`ics`]: holidays from a calendar file.
//! 5. [`Moment`]: the moments that people write, for switches and for calls at another time.
//!
//! ```
//! use calendars::{Calendar, Rule, Switch, SwitchState};
//! use ids::time::Timestamp;
//!
//! let calendar: Calendar = serde_json::from_str(r#"{
//!     "name": "support",
//!     "time_zone": "Europe/Berlin",
//!     "hours": {"mon": "08:00-12:00, 13:00-18:00", "tue": "08:00-18:00"},
//!     "holidays": [{"dates": "12-24..12-26", "name": "Christmas"}]
//! }"#)?;
//!
//! // A Monday, in the break.
//! let now: Timestamp = "2026-11-30T12:30:00+01:00".parse()?;
//! let status = calendar.status(None, now);
//! assert!(!status.open);
//! assert_eq!(status.rule, Rule::WeeklyHours);
//! assert_eq!(status.opens_at(), Some("2026-11-30T13:00:00+01:00".parse()?));
//! assert_eq!(status.facts(now).opens_in_minutes, Some(30));
//!
//! let switch = Switch { state: SwitchState::Open, until: None, reason: "Storm".to_owned() };
//! assert!(calendar.status(Some(&switch), now).open);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate has no IO, no clock and no randomness. The time zone database is built in, so that a
//! result does not depend on the machine.

mod calendar;
mod dates;
mod hours;
pub mod ics;
mod moment;
mod schedule;
mod special_days;
mod status;
mod weekdays;
mod written;

pub use calendar::{
    CALENDAR_NAME_CHARS_MAX, Calendar, CalendarError, EXCEPTIONS_MAX, HOLIDAYS_MAX,
    UnknownTimeZone, Zone,
};
pub use dates::Dates;
pub use hours::{Hours, RANGES_PER_DAY_MAX, TimeOfDay, TimeRange};
pub use moment::Moment;
pub use schedule::HORIZON_DAYS;
pub use special_days::SpecialDays;
pub use status::{Facts, REASON_CHARS_MAX, ReasonTooLong, Rule, Status, Switch, SwitchState};
pub use weekdays::{Weekday, Weekdays};
pub use written::{NAME_CHARS_MAX, WrittenError};
