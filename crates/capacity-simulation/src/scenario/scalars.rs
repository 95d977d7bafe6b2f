//! Durations and times of day, as a scenario writes them.

use std::fmt;

use ids::time::Millis;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_saphyr::Spanned;

/// The longest duration of a scenario: a Task waits for a day at most.
const DURATION_MAX_SECS: f64 = 7.0 * 86_400.0;

/// A duration: `90`, `90s`, `1.5m`, `1h`, or `250ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Millis);

/// A time of day: `08:00`, or `24:00` for the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub Millis);

impl Span {
    /// The duration in seconds.
    pub fn as_secs(self) -> f64 {
        secs(self.0)
    }
}

/// A span in seconds, with its fraction.
#[allow(
    clippy::cast_precision_loss,
    reason = "a week has fewer milliseconds than a double is exact for"
)]
pub(crate) fn secs(span: Millis) -> f64 {
    span.as_millis() as f64 / 1000.0
}

/// A span of seconds, rounded to milliseconds.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is within 0 and a week"
)]
pub(crate) fn millis(secs: f64) -> Millis {
    Millis::from_millis((secs.clamp(0.0, DURATION_MAX_SECS) * 1000.0).round() as u64)
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_secs() / 60;
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// What a duration is, in errors.
const DURATION: &str = "a duration such as 90, 90s, 1.5m, 1h or 250ms, at most 7 days";

/// What a time of day is, in errors.
const TIME: &str = "a time of day such as \"08:00\", from \"00:00\" to \"24:00\"";

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Spanned::<Scalar>::deserialize(deserializer)?;
        let span = match &written.value {
            Scalar::Number(secs) => span_of(*secs),
            Scalar::Text(text) => parse_span(text),
        };
        span.ok_or_else(|| unexpected(&written, DURATION))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Spanned::<Scalar>::deserialize(deserializer)?;
        let time = match &written.value {
            Scalar::Number(_) => None,
            Scalar::Text(text) => parse_time(text),
        };
        time.ok_or_else(|| unexpected(&written, TIME))
    }
}

/// A number or a text.
enum Scalar {
    Number(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
        // A number that 32 bits do not hold is too long a duration.
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        Ok(Scalar::Number(f64::from(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
        let value = i32::try_from(value).unwrap_or(i32::MIN);
        Ok(Scalar::Number(f64::from(value)))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }
}

fn unexpected<E: de::Error>(written: &Spanned<Scalar>, expected: &str) -> E {
    let got = match &written.value {
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) => format!("{text:?}"),
    };
    error_at(written, &format!("expected {expected}, got {got}"))
}

/// An error that begins with its place. An error of serde has no place of its own, and the parser
/// would add that of the mapping around it ([`place_of`]).
pub(super) fn error_at<T, E: de::Error>(value: &Spanned<T>, message: &str) -> E {
    let location = value.defined;
    E::custom(format!(
        "{}:{}: {message}",
        location.line(),
        location.column()
    ))
}

/// The place at the beginning of a message, and the rest.
pub(super) fn place_of(message: &str) -> Option<((u64, u64), &str)> {
    let (line, rest) = message.split_once(':')?;
    let (column, rest) = rest.split_once(": ")?;
    Some(((line.parse().ok()?, column.parse().ok()?), rest))
}

fn span_of(secs: f64) -> Option<Span> {
    (0.0..=DURATION_MAX_SECS)
        .contains(&secs)
        .then(|| Span(millis(secs)))
}

/// A duration from its text.
pub(crate) fn parse_span(text: &str) -> Option<Span> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let number: f64 = number.parse().ok()?;
    let unit = match unit.trim() {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    span_of(number * unit)
}

/// A time of day from its text: hours, minutes, and seconds if there are any.
pub(crate) fn parse_time(text: &str) -> Option<TimeOfDay> {
    let mut parts = text.trim().split(':').map(|part| {
        let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse::<u64>().ok()).flatten()
    });
    let hours = parts.next()??;
    let minutes = parts.next()??;
    let secs = match parts.next() {
        Some(secs) => secs?,
        None => 0,
    };
    let total = hours * 3_600 + minutes * 60 + secs;
    let is_time = minutes < 60 && secs < 60 && total <= 86_400 && parts.next().is_none();
    is_time.then(|| TimeOfDay(Millis::from_secs(total)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_has_a_unit_or_is_in_seconds() {
        for (text, millis) in [
            ("90", 90_000),
            ("90s", 90_000),
            ("1.5m", 90_000),
            ("1h", 3_600_000),
            ("250ms", 250),
            ("0", 0),
        ] {
            let span = parse_span(text).map(|span| span.0.as_millis());
            assert_eq!(span, Some(millis), "{text}");
        }
        for wrong in ["", "s", "-3", "3d", "1h30m", "8 days", "700h", "nan", "inf"] {
            assert_eq!(parse_span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn time_of_day_has_two_or_three_parts() {
        for (text, secs) in [
            ("08:00", 28_800),
            ("8:30", 30_600),
            ("23:59:59", 86_399),
            ("24:00", 86_400),
        ] {
            let time = parse_time(text).map(|time| time.0.as_secs());
            assert_eq!(time, Some(secs), "{text}");
        }
        for wrong in ["", "8", "08:60", "24:01", "08:00:00:00", "-8:00", "008:00"] {
            assert_eq!(parse_time(wrong), None, "{wrong}");
        }
    }
}
