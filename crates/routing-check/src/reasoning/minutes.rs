//! Sets of minutes of a day: `taskrouter.currentTime`, `currentHour` and `currentMin` are three
//! numbers of one minute, so they are narrowed together.

use task_router::model::Number;

use super::domain::Test;
use super::scalar::Scalar;

/// Minutes of a day.
const DAY: usize = 1_440;

const WORD_BITS: usize = 64;

const WORDS: usize = DAY.div_ceil(WORD_BITS);

/// A number of the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeField {
    /// `currentTime`: hour and minute as one number, 905 at five past nine.
    Time,
    /// `currentHour`.
    Hour,
    /// `currentMin`.
    Minute,
}

impl TimeField {
    fn at(self, minute: usize) -> Number {
        let (hour, minute) = (minute / 60, minute % 60);
        let number = match self {
            Self::Time => hour * 100 + minute,
            Self::Hour => hour,
            Self::Minute => minute,
        };
        Number::from(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

/// A set of minutes of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minutes([u64; WORDS]);

impl Minutes {
    /// The whole day.
    pub fn all() -> Self {
        Self::of(|_| true)
    }

    /// The minutes at which a number of the time of day passes a test.
    pub fn passing(field: TimeField, test: &Test) -> Self {
        Self::of(|minute| test.passes(&Scalar::Number(field.at(minute))))
    }

    fn of(has: impl Fn(usize) -> bool) -> Self {
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            for bit in 0..WORD_BITS {
                let minute = index * WORD_BITS + bit;
                if minute < DAY && has(minute) {
                    *word |= 1 << bit;
                }
            }
        }
        Self(words)
    }

    /// The minutes of both sets, or of the first without the second.
    pub fn narrow(&mut self, other: &Self, truth: bool) {
        for (word, of_other) in self.0.iter_mut().zip(other.0) {
            *word &= if truth { of_other } else { !of_other };
        }
    }

    /// Has it no minute?
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Its first minute, as `HH:MM`.
    pub fn first(&self) -> Option<String> {
        let (index, word) = self.0.iter().enumerate().find(|(_, word)| **word != 0)?;
        let minute = index * WORD_BITS + usize::try_from(word.trailing_zeros()).ok()?;
        Some(format!("{:02}:{:02}", minute / 60, minute % 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_router::model::Operator;

    fn passing(field: TimeField, operator: Operator, number: i64) -> Minutes {
        Minutes::passing(field, &Test::Order(operator, Scalar::Number(number.into())))
    }

    #[test]
    fn hour_and_time_are_one_clock() {
        let mut morning = passing(TimeField::Hour, Operator::Less, 9);
        morning.narrow(
            &passing(TimeField::Time, Operator::GreaterOrEqual, 900),
            true,
        );
        assert!(morning.is_empty());
    }

    #[test]
    fn first_minute_is_named() {
        assert_eq!(Minutes::all().first().as_deref(), Some("00:00"));
        let evening = passing(TimeField::Time, Operator::Greater, 1_759);
        assert_eq!(evening.first().as_deref(), Some("18:00"));
        assert_eq!(
            passing(TimeField::Hour, Operator::Greater, 23).first(),
            None
        );
    }
}
