//! The rows and Events that make up a time range.

use serde::{Deserialize, Serialize};

use ids::time::{Millis, Timestamp};

/// The length of time that one row covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
}

/// How far Events have been rolled up into rows of each grain. Each moment is the end of a row of
/// that grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledUp {
    /// The end of the last row of a minute.
    pub minutes: Timestamp,
    /// The end of the last row of an hour; not later than `minutes`.
    pub hours: Timestamp,
    /// The end of the last row of a day; not later than `hours`.
    pub days: Timestamp,
}

/// A part of a time range, `from..until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Read from the rows of this grain; both ends are ends of such rows.
    Rows {
        /// The grain of the rows.
        grain: Grain,
        /// The beginning, inclusive.
        from: Timestamp,
        /// The end, exclusive.
        until: Timestamp,
    },
    /// Counted from the Events themselves.
    Events {
        /// The beginning, inclusive.
        from: Timestamp,
        /// The end, exclusive.
        until: Timestamp,
    },
}

impl Grain {
    /// The length of one row.
    pub const fn length(self) -> Millis {
        match self {
            Self::Minute => Millis::from_secs(60),
            Self::Hour => Millis::from_secs(3_600),
            Self::Day => Millis::from_secs(86_400),
        }
    }

    /// The beginning of the row that contains a moment.
    pub fn floor(self, moment: Timestamp) -> Timestamp {
        let length = i64::try_from(self.length().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(moment.as_millis() - moment.as_millis().rem_euclid(length))
    }

    /// The moment itself, if a row begins there; otherwise the end of the row that contains it.
    pub fn ceil(self, moment: Timestamp) -> Timestamp {
        let floor = self.floor(moment);
        if floor == moment {
            moment
        } else {
            floor + self.length()
        }
    }

    fn finer(self) -> Option<Self> {
        match self {
            Self::Minute => None,
            Self::Hour => Some(Self::Minute),
            Self::Day => Some(Self::Hour),
        }
    }
}

impl RolledUp {
    /// The state of a Workspace before its first roll-up: it begins with the hour before the
    /// current one.
    pub fn beginning(now: Timestamp) -> Self {
        let begin = Grain::Hour.floor(now - Grain::Hour.length());
        Self {
            minutes: begin,
            hours: begin,
            days: Grain::Day.floor(begin),
        }
    }

    /// The same state, moved forward to `oldest`: rows before it are no longer kept.
    #[must_use]
    pub fn not_before(self, oldest: Timestamp) -> Self {
        let oldest = Grain::Hour.ceil(oldest);
        Self {
            minutes: self.minutes.max(oldest),
            hours: self.hours.max(oldest),
            days: self.days.max(Grain::Day.floor(oldest)),
        }
    }

    /// The end of the last row of this grain.
    pub fn until(&self, grain: Grain) -> Timestamp {
        match grain {
            Grain::Minute => self.minutes,
            Grain::Hour => self.hours,
            Grain::Day => self.days,
        }
    }
}

/// The parts of `from..until` in their order: rows of whole days, rows of hours and minutes at the
/// ends, and Events for what is shorter than a minute or not rolled up yet. There are at most five
/// parts of rows and two of Events.
pub fn parts(from: Timestamp, until: Timestamp, rolled: &RolledUp) -> Vec<Part> {
    let begin = Grain::Minute.ceil(from);
    let end = Grain::Minute.floor(until.min(rolled.minutes));
    let mut parts = Vec::new();
    if begin >= end {
        push_events(&mut parts, from, until);
        return parts;
    }
    push_events(&mut parts, from, begin);
    push_rows(&mut parts, Grain::Day, begin, end, rolled);
    push_events(&mut parts, end, until);
    parts
}

fn push_events(parts: &mut Vec<Part>, from: Timestamp, until: Timestamp) {
    if from < until {
        parts.push(Part::Events { from, until });
    }
}

fn push_rows(
    parts: &mut Vec<Part>,
    grain: Grain,
    from: Timestamp,
    until: Timestamp,
    rolled: &RolledUp,
) {
    let begin = grain.ceil(from);
    let end = grain.floor(until.min(rolled.until(grain)));
    let finer = grain.finer();
    if begin >= end {
        if let Some(finer) = finer {
            push_rows(parts, finer, from, until, rolled);
        }
        return;
    }
    if let Some(finer) = finer {
        push_rows(parts, finer, from, begin, rolled);
    }
    parts.push(Part::Rows {
        grain,
        from: begin,
        until: end,
    });
    if let Some(finer) = finer {
        push_rows(parts, finer, end, until, rolled);
    }
}
