//! Days of the week: `mon`, `mon-fri`, `sat, sun`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::written::{WrittenError, serde_as_written, shortened};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Days of the week, in the order of the week and without duplicates; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Weekdays(Vec<Weekday>);

serde_as_written!(Weekdays);

impl Weekday {
    /// The week, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// The written form: `mon`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    pub(crate) const fn of(date: jiff::civil::Weekday) -> Self {
        match date {
            jiff::civil::Weekday::Monday => Self::Mon,
            jiff::civil::Weekday::Tuesday => Self::Tue,
            jiff::civil::Weekday::Wednesday => Self::Wed,
            jiff::civil::Weekday::Thursday => Self::Thu,
            jiff::civil::Weekday::Friday => Self::Fri,
            jiff::civil::Weekday::Saturday => Self::Sat,
            jiff::civil::Weekday::Sunday => Self::Sun,
        }
    }
}

impl Weekdays {
    /// The days in the order of the week.
    pub fn days(&self) -> &[Weekday] {
        &self.0
    }

    /// Whether the day is one of these.
    pub fn contains(&self, day: Weekday) -> bool {
        self.0.contains(&day)
    }
}

impl FromStr for Weekday {
    type Err = WrittenError;

    fn from_str(text: &str) -> Result<Self, WrittenError> {
        Self::ALL
            .into_iter()
            .find(|day| day.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| WrittenError::Weekdays(shortened(text)))
    }
}

impl FromStr for Weekdays {
    type Err = WrittenError;

    /// Reads days and ranges of days. A range may pass the end of the week: `sat-mon`.
    fn from_str(text: &str) -> Result<Self, WrittenError> {
        let mut days = Vec::new();
        for piece in text.split(',') {
            match piece.split_once('-') {
                Some((first, last)) => days.extend(range(
                    first.trim().parse::<Weekday>()?,
                    last.trim().parse::<Weekday>()?,
                )),
                None => days.push(piece.trim().parse::<Weekday>()?),
            }
        }
        days.sort_unstable();
        days.dedup();
        Ok(Self(days))
    }
}

fn range(first: Weekday, last: Weekday) -> impl Iterator<Item = Weekday> {
    let steps = (last as usize + 7 - first as usize) % 7;
    Weekday::ALL
        .into_iter()
        .cycle()
        .skip(first as usize)
        .take(steps + 1)
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, day) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{day}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_ranges_of_days_are_read() {
        for (text, expected) in [
            ("mon", "mon"),
            ("Mon-Fri", "mon, tue, wed, thu, fri"),
            ("sat-mon", "mon, sat, sun"),
            ("sun , sat, sat", "sat, sun"),
            ("tue-tue", "tue"),
            ("mon-sun", "mon, tue, wed, thu, fri, sat, sun"),
        ] {
            assert_eq!(text.parse::<Weekdays>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn unknown_day_is_refused() {
        for (text, got) in [
            ("", ""),
            ("monday", "monday"),
            ("mon-", ""),
            ("mon fri", "mon fri"),
        ] {
            let expected =
                format!("expected days such as mon, mon-fri or \"sat, sun\", got \"{got}\"");
            let error = text.parse::<Weekdays>().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
