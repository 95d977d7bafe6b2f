//! Which rows, and which events, make up a span of time.

use serde::{Deserialize, Serialize};

use ids::time::{Millis, Timestamp};

/// How long the time of one row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day, as UTC has it.
    Day,
}

/// How far events have been rolled up into rows of each grain; each moment is one at which such a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledUp {
    /// Of a minute.
    pub minutes: Timestamp,
    /// Of an hour; not later than minutes.
    pub hours: Timestamp,
    /// Of a day; not later than hours.
    pub days: Timestamp,
}

/// A part of a span, `from..until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// To be read from rows of this grain; both ends are ends of such rows.
    Rows {
        /// Which rows.
        grain: Grain,
        /// From here on.
        from: Timestamp,
        /// Up to here.
        until: Timestamp,
    },
    /// To be counted from the events themselves.
    Events {
        /// From here on.
        from: Timestamp,
        /// Up to here.
        until: Timestamp,
    },
}

impl Grain {
    /// The time of one row.
    pub const fn length(self) -> Millis {
        match self {
            Self::Minute => Millis::from_secs(60),
            Self::Hour => Millis::from_secs(3_600),
            Self::Day => Millis::from_secs(86_400),
        }
    }

    /// The beginning of the row a moment falls into.
    pub fn floor(self, moment: Timestamp) -> Timestamp {
        let length = i64::try_from(self.length().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(moment.as_millis() - moment.as_millis().rem_euclid(length))
    }

    /// The moment itself, if a row begins there, or else the end of the row it falls into.
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
    /// Where a Workspace begins that has never been rolled up: with the hour before the one it is.
    pub fn beginning(now: Timestamp) -> Self {
        let begin = Grain::Hour.floor(now - Grain::Hour.length());
        Self {
            minutes: begin,
            hours: begin,
            days: Grain::Day.floor(begin),
        }
    }

    /// The same, but for what lies before `oldest`: of that nothing is kept any more.
    #[must_use]
    pub fn not_before(self, oldest: Timestamp) -> Self {
        let oldest = Grain::Hour.ceil(oldest);
        let (minutes, hours) = (self.minutes.max(oldest), self.hours.max(oldest));
        Self {
            minutes,
            hours,
            days: self.days.max(Grain::Day.floor(oldest)),
        }
    }

    /// How far rows of this grain reach.
    pub fn until(&self, grain: Grain) -> Timestamp {
        match grain {
            Grain::Minute => self.minutes,
            Grain::Hour => self.hours,
            Grain::Day => self.days,
        }
    }
}

/// The parts of `from..until`, in their order: days where there are whole ones, hours and minutes at their ends, and events for what
/// is less than a minute or not rolled up yet. Five spans of rows and two of events at most.
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
    let (begin, end) = (
        grain.ceil(from),
        grain.floor(until.min(rolled.until(grain))),
    );
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
