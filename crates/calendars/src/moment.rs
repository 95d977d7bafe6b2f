//! Moments as people write them: `18:00`, `Mon 18:05`, `2026-12-24 18:00`, `2h`.

use std::str::FromStr;

use ids::time::{Millis, Timestamp};
use jiff::civil::Date;

use crate::calendar::Zone;
use crate::hours::TimeOfDay;
use crate::weekdays::Weekday;
use crate::written::{WrittenError, shortened};

/// Longest span of [`Moment::After`], in minutes: a leap year. A longer one is a mistake.
const SPAN_MINUTES_MAX: u64 = 366 * 24 * 60;

/// Days after today in which the next time of day is searched. A time that the clock skips today
/// exists within a week on the same day of the week.
const SEARCHED_DAYS: usize = 15;

/// A moment relative to the present one and to a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After a span of time: `90m`, `2h`, `1d`.
    After(Millis),
    /// The next time that clocks show this: `18:00`, or on a day of the week, `Mon 18:05`.
    Next(Option<Weekday>, TimeOfDay),
    /// On a date: `2026-12-24 18:00`.
    On(Date, TimeOfDay),
    /// With an offset from UTC: `2026-12-24T18:00:00+01:00`.
    Exact(Timestamp),
}

impl Moment {
    /// The moment in a time zone, as seen from `now`.
    pub fn resolve(self, zone: &Zone, now: Timestamp) -> Timestamp {
        match self {
            Self::After(span) => now + span,
            Self::Next(weekday, time) => next(zone, weekday, time, now),
            Self::On(date, time) => zone.moment(date, time),
            Self::Exact(moment) => moment,
        }
    }
}

/// The first moment after `now` at which the zone's clocks show this time.
fn next(zone: &Zone, weekday: Option<Weekday>, time: TimeOfDay, now: Timestamp) -> Timestamp {
    let today = zone.date_at(now);
    let days = std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(SEARCHED_DAYS);
    let is_wanted = |day: &Date| weekday.is_none_or(|wanted| Weekday::of(day.weekday()) == wanted);
    days.filter(is_wanted)
        .map(|day| zone.moment(day, time))
        .find(|moment| *moment > now)
        .unwrap_or(now)
}

impl Zone {
    /// A moment as the zone's clocks show it: `Mon 2026-12-07 18:05`.
    pub fn shown(&self, moment: Timestamp) -> String {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis());
        let moment = moment.unwrap_or(jiff::Timestamp::MAX);
        let clock = moment.to_zoned(self.rules().clone());
        clock.strftime("%a %Y-%m-%d %H:%M").to_string()
    }
}

impl FromStr for Moment {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let text = text.trim();
        span(text)
            .or_else(|| on_clock(text))
            .or_else(|| text.parse().ok().map(Self::Exact))
            .ok_or_else(|| WrittenError::Moment(shortened(text)))
    }
}

/// `90m`, `2h`, `1d`.
fn span(text: &str) -> Option<Moment> {
    let unit = match text.chars().last()? {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let minutes = digits.parse::<u64>().ok().filter(|_| is_number)?;
    let minutes = minutes.checked_mul(unit)?;
    (minutes <= SPAN_MINUTES_MAX).then_some(Moment::After(Millis::from_secs(minutes * 60)))
}

/// `18:00`, `Mon 18:05`, `2026-12-24 18:00`; the date may be separated by `T`, as browsers write it.
fn on_clock(text: &str) -> Option<Moment> {
    if let Ok(time) = text.parse() {
        return Some(Moment::Next(None, time));
    }
    let (day, time) = text.rsplit_once([' ', 'T'])?;
    let time = time.parse().ok()?;
    let day = day.trim();
    match day.parse::<Weekday>() {
        Ok(weekday) => Some(Moment::Next(Some(weekday), time)),
        Err(_not_a_weekday) => Some(Moment::On(day.parse().ok()?, time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Monday, 17:30 in Berlin.
    const NOW: &str = "2026-11-30T17:30:00+01:00";

    fn resolved(text: &str) -> Result<String, String> {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let moment = text.parse::<Moment>().map_err(|error| error.to_string())?;
        Ok(zone.shown(moment.resolve(&zone, NOW.parse().unwrap())))
    }

    #[test]
    fn moment_is_resolved_in_its_zone() {
        for (text, expected) in [
            ("18:00", "Mon 2026-11-30 18:00"),
            ("17:30", "Tue 2026-12-01 17:30"),
            ("24:00", "Tue 2026-12-01 00:00"),
            ("Mon 18:05", "Mon 2026-11-30 18:05"),
            ("mon 08:00", "Mon 2026-12-07 08:00"),
            ("sun 09:00", "Sun 2026-12-06 09:00"),
            ("2026-12-24 18:00", "Thu 2026-12-24 18:00"),
            ("2026-12-24T18:00", "Thu 2026-12-24 18:00"),
            ("2026-12-24T18:00:00Z", "Thu 2026-12-24 19:00"),
            ("90m", "Mon 2026-11-30 19:00"),
            ("2h", "Mon 2026-11-30 19:30"),
            (" 1d ", "Tue 2026-12-01 17:30"),
        ] {
            assert_eq!(resolved(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn wrong_moment_names_the_forms() {
        for text in [
            "",
            "soon",
            "h",
            "+2h",
            "367d",
            "99999999999999999999h",
            "25:00",
            "monday 18:05",
            "2026-02-30 18:00",
            "2026-12-24",
        ] {
            let error = resolved(text).unwrap_err();
            let expected = format!("\"Mon 18:05\", \"2026-12-24 18:00\" or 2h, got \"{text}\"");
            assert!(error.contains(&expected), "{error}");
        }
    }

    /// Where the clock skips a time, the one after the gap counts, as for opening hours.
    #[test]
    fn skipped_time_is_after_the_gap() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let now = "2026-03-28T12:00:00+01:00".parse().unwrap();
        let moment: Moment = "sun 02:30".parse().unwrap();
        assert_eq!(
            zone.shown(moment.resolve(&zone, now)),
            "Sun 2026-03-29 03:30"
        );
    }
}
