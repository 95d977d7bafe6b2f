//! Errors of the written forms, and helpers that they share.

use crate::dates::{DATES_FORM, Dates};
use crate::hours::{RANGES_PER_DAY_MAX, TimeRange};

/// Characters of an invalid text that a message repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// Maximum length of the name of a holiday or exception, in characters. Names are spoken to callers,
/// and published calendar files have long ones.
pub const NAME_CHARS_MAX: usize = 100;

/// A text that does not have its written form. The message has the text and the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// Not a time of day.
    #[error("expected a time from 00:00 to 24:00, got \"{0}\"")]
    Time(String),
    /// Not a range of times.
    #[error("expected hours such as 08:00-12:00, or closed, got \"{0}\"")]
    Range(String),
    /// A range that begins and ends at the same time.
    #[error("the hours {0} end when they begin; a whole day is 00:00-24:00")]
    EmptyRange(TimeRange),
    /// A range that begins before the end of the one before it.
    #[error("the hours {later} begin before the end of {earlier}; write them in order")]
    RangeOrder {
        /// The range that is written first.
        earlier: TimeRange,
        /// The range after it.
        later: TimeRange,
    },
    /// More than [`RANGES_PER_DAY_MAX`] ranges.
    #[error("expected at most {RANGES_PER_DAY_MAX} ranges of hours a day, got {0}")]
    RangeCount(usize),
    /// Not a day of the week.
    #[error("expected days such as mon, mon-fri or \"sat, sun\", got \"{0}\"")]
    Weekdays(String),
    /// Not a date.
    #[error("expected {DATES_FORM}, got \"{0}\"")]
    Dates(String),
    /// A range of dates of which one has a year and the other one has none.
    #[error("expected a year in both dates or in neither, got \"{0}\"")]
    MixedDates(String),
    /// A range of dates that ends before it begins.
    #[error("the dates {0} end before they begin")]
    DateOrder(Dates),
    /// Not a moment.
    #[error(
        "expected a moment such as 18:00, \"Mon 18:05\", \"2026-12-24 18:00\" or 2h, got \"{0}\""
    )]
    Moment(String),
    /// The name is absent or longer than [`NAME_CHARS_MAX`].
    #[error("expected a name of 1 to {NAME_CHARS_MAX} characters, got {0} characters")]
    NameLength(usize),
    /// The name has a control character.
    #[error("expected a name without control characters, got \"{0}\"")]
    NameCharacter(String),
}

/// Checks the name of a holiday or exception.
pub(crate) fn check_name(name: &str) -> Result<(), WrittenError> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX {
        return Err(WrittenError::NameLength(chars));
    }
    if name.chars().any(char::is_control) {
        return Err(WrittenError::NameCharacter(
            shortened(name).escape_debug().to_string(),
        ));
    }
    Ok(())
}

/// The first [`SHOWN_CHARS_MAX`] characters of a text.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some(_) => text.chars().take(SHOWN_CHARS_MAX).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// A number of exactly `digits` decimal digits.
pub(crate) fn number<N: std::str::FromStr>(text: &str, digits: usize) -> Option<N> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Implements serde with the written form of a type, for `#[serde(try_from, into)]`.
macro_rules! serde_as_written {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::written::WrittenError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}
pub(crate) use serde_as_written;
