//! What a step has if the file does not say, for reading and for writing a file.

use ids::time::Millis;
use voice_flows::Pattern;

/// Number of times a question is asked.
pub(crate) const ATTEMPTS: u8 = 3;

/// Seconds of silence that count as no input.
pub(crate) const INPUT_TIMEOUT_SECS: u16 = 5;

/// The interval of announcements.
pub(crate) const ANNOUNCE_EVERY: Millis = Millis::from_secs(60);

/// Maximum length of a voicemail, in seconds.
pub(crate) const VOICEMAIL_SECS: u16 = 120;

/// Seconds in which a Worker accepts a call with a key.
pub(crate) const ACCEPT_SECS: u16 = 5;

/// Seconds in which a caller refuses to be recorded.
pub(crate) const REFUSE_SECS: u16 = 3;

/// Timeout of a look-up: what a caller takes for a pause.
pub(crate) const LOOK_UP_TIMEOUT: Millis = Millis::from_secs(3);

/// How long another party's phone rings, in seconds.
pub(crate) const RING_SECS: u16 = 30;

/// The condition of `else`: true for every call.
pub(crate) const ALWAYS: &str = "1 == 1";

/// The condition of the key `open` of an `hours` step.
pub(crate) fn open(calendar: &str) -> String {
    format!("hours.{calendar}.open == true")
}

/// The calendar of such a condition.
#[cfg(feature = "apply")]
pub(crate) fn is_open(condition: &str) -> Option<&str> {
    let calendar = condition.strip_prefix("hours.")?;
    let calendar = calendar.strip_suffix(".open == true")?;
    (open(calendar) == condition && !calendar.contains('.')).then_some(calendar)
}

/// The fewest and the most digits of patterns, which are those of a step without `digits`.
pub(crate) fn lengths_of(patterns: &[Pattern]) -> Option<(u8, u8)> {
    let lengths = || {
        patterns
            .iter()
            .filter_map(|pattern| u8::try_from(pattern.len()).ok())
    };
    Some((lengths().min()?, lengths().max()?))
}
