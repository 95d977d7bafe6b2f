//! The moments of a story.

use ids::time::{Millis, Timestamp};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;

use crate::problem::{Place, Problem};
use crate::words::Word;

/// The moment at which every story begins: Sunday, 2026-11-22T12:00:00Z.
pub const BEGIN: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// The forms of a moment, in messages.
const EXPECTED: &str = "a moment such as 01:30 (minutes and seconds of the story), +20s, Mon 18:05 or 2026-12-24 18:05";

/// Longest time between the beginning of a story and a moment: a little more than ten years.
const LENGTH_MAX: Millis = Millis::from_secs(10 * 366 * 86_400);

/// When a line happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// This long after the beginning of the story.
    Elapsed(Millis),
    /// This long after the line before.
    After(Millis),
    /// The next such weekday and time.
    Weekday(Weekday, Time),
    /// A date and time.
    Date(DateTime),
}

impl When {
    /// Takes the moment from the beginning of a line: one word, or two for a day and its time.
    pub(crate) fn take(words: &[Word], line: Place) -> Result<(Self, usize), Problem> {
        let Some(first) = words.first() else {
            return Err(Problem::new(line, format!("expected {EXPECTED}")));
        };
        let text = first.text.as_str();
        if let Some(span) = text.strip_prefix('+') {
            let span = span_of(span).ok_or_else(|| wrong(first))?;
            return Ok((Self::After(span), 1));
        }
        let day = weekday(text).map(Day::Weekday);
        if let Some(day) = day.or_else(|| text.parse().ok().map(Day::Date)) {
            let time = words.get(1).and_then(|word| time_of(&word.text));
            let time = time.ok_or_else(|| {
                let message = format!("{text:?} needs a time, such as {text} 18:05");
                Problem::new(words.get(1).unwrap_or(first).place, message)
            })?;
            return Ok((
                match day {
                    Day::Weekday(day) => Self::Weekday(day, time),
                    Day::Date(date) => Self::Date(date.to_datetime(time)),
                },
                2,
            ));
        }
        match elapsed(text) {
            Some(elapsed) => Ok((Self::Elapsed(elapsed), 1)),
            None => Err(wrong(first)),
        }
    }

    /// The moment, with the moment of the line before and the time zone of the story.
    ///
    /// # Errors
    /// It is before the beginning or too far away.
    pub fn moment(&self, before: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
        let moment = match self {
            Self::Elapsed(elapsed) => BEGIN + *elapsed,
            Self::After(span) => before + *span,
            Self::Weekday(day, time) => next_weekday(before, zone, *day, *time)
                .ok_or_else(|| "the calendar ends before this moment".to_owned())?,
            Self::Date(at) => at
                .to_zoned(zone.clone())
                .map(|at| Timestamp::from_millis(at.timestamp().as_millisecond()))
                .map_err(|error| error.to_string())?,
        };
        if moment < BEGIN {
            return Err(format!(
                "a story begins at {}; this moment is earlier",
                BEGIN.to_iso8601()
            ));
        }
        if moment.since(BEGIN) > LENGTH_MAX {
            return Err("this moment is more than ten years after the beginning".to_owned());
        }
        Ok(moment)
    }
}

enum Day {
    Weekday(Weekday),
    Date(Date),
}

/// The first such weekday and time that is not before `before`.
fn next_weekday(before: Timestamp, zone: &TimeZone, day: Weekday, time: Time) -> Option<Timestamp> {
    let now = jiff::Timestamp::from_millisecond(before.as_millis()).ok()?;
    let mut date = now.to_zoned(zone.clone()).date();
    // A week and a day: today may be the day, and its time may have passed.
    for _ in 0..=7 {
        if date.weekday() == day {
            let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
            let at = Timestamp::from_millis(at.timestamp().as_millisecond());
            if at >= before {
                return Some(at);
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

fn wrong(word: &Word) -> Problem {
    Problem::new(
        word.place,
        format!("expected {EXPECTED}, got {:?}", word.text),
    )
}

fn weekday(text: &str) -> Option<Weekday> {
    let names = [
        (Weekday::Monday, "monday"),
        (Weekday::Tuesday, "tuesday"),
        (Weekday::Wednesday, "wednesday"),
        (Weekday::Thursday, "thursday"),
        (Weekday::Friday, "friday"),
        (Weekday::Saturday, "saturday"),
        (Weekday::Sunday, "sunday"),
    ];
    let lower = text.to_ascii_lowercase();
    let found = names
        .into_iter()
        .find(|(_, name)| lower == *name || name.get(..3) == Some(lower.as_str()));
    found.map(|(day, _)| day)
}

/// A time of day: `18:05` or `18:05:30`.
fn time_of(text: &str) -> Option<Time> {
    let parts: Vec<i8> = numbers(text)?;
    match parts.as_slice() {
        [hour, minute] => Time::new(*hour, *minute, 0, 0).ok(),
        [hour, minute, second] => Time::new(*hour, *minute, *second, 0).ok(),
        _ => None,
    }
}

/// `mm:ss` or `h:mm:ss`.
fn elapsed(text: &str) -> Option<Millis> {
    let parts: Vec<u64> = numbers(text)?;
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let seconds = parts
        .iter()
        .try_fold(0_u64, |sum, part| sum.checked_mul(60)?.checked_add(*part))?;
    Some(Millis::from_secs(seconds)).filter(|elapsed| *elapsed <= LENGTH_MAX)
}

fn numbers<N: std::str::FromStr>(text: &str) -> Option<Vec<N>> {
    let is_number =
        |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    text.split(':')
        .map(|part| part.parse().ok().filter(|_| is_number(part)))
        .collect()
}

/// A span such as `20s`, `1m30s`, `2h` or `500ms`.
pub(crate) fn span_of(text: &str) -> Option<Millis> {
    let mut millis = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let unit_length = after
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_length);
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        millis = millis.checked_add(number.checked_mul(factor)?)?;
        rest = after;
    }
    Some(Millis::from_millis(millis)).filter(|span| !text.is_empty() && *span <= LENGTH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Part;

    fn moment(text: &str, zone: &str) -> Result<String, String> {
        let part = Part {
            text,
            line: 1,
            column: 1,
        };
        let (when, _) =
            When::take(&part.words(), part.place()).map_err(|problem| problem.message)?;
        let zone = TimeZone::get(zone).unwrap();
        let before = BEGIN + Millis::from_secs(60);
        when.moment(before, &zone).map(Timestamp::to_iso8601)
    }

    #[test]
    fn moments_have_four_forms() {
        for (text, zone, expected) in [
            ("01:30", "UTC", "2026-11-22T12:01:30Z"),
            ("1:00:05", "UTC", "2026-11-22T13:00:05Z"),
            ("+1m30s", "UTC", "2026-11-22T12:02:30Z"),
            ("Sun 12:01", "UTC", "2026-11-22T12:01:00Z"),
            ("Sun 12:00", "UTC", "2026-11-29T12:00:00Z"),
            ("Monday 18:05", "Europe/Berlin", "2026-11-23T17:05:00Z"),
            ("2026-12-24 18:05:30", "UTC", "2026-12-24T18:05:30Z"),
        ] {
            assert_eq!(moment(text, zone).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_moments_are_refused() {
        for (text, expected) in [
            ("soon", "expected a moment such as"),
            ("12", "expected a moment such as"),
            ("+20", "expected a moment such as"),
            ("Mon", "needs a time, such as Mon 18:05"),
            ("Mon 25:00", "needs a time"),
            ("2026-11-01 10:00", "this moment is earlier"),
            ("2040-01-01 10:00", "more than ten years"),
        ] {
            let error = moment(text, "UTC").unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
