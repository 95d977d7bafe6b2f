//! Whether a calendar is open, by which rule, and until when.

use ids::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;

/// Maximum length of the reason of a switch, in characters: one sentence.
pub const REASON_CHARS_MAX: usize = 200;

/// An emergency opening or closing, which has precedence over the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "GivenSwitch")]
pub struct Switch {
    /// Open or closed, whatever the calendar says.
    pub state: SwitchState,
    /// The moment from which the calendar applies again; `None`: until the switch is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The reason: "Fire alarm".
    pub reason: String,
}

/// The state that a [`Switch`] sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchState {
    /// Open outside the hours, too.
    Open,
    /// Closed within the hours, too.
    Closed,
}

/// The reason of a switch is longer than [`REASON_CHARS_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reason: expected at most {REASON_CHARS_MAX} characters, got {0}")]
pub struct ReasonTooLong(usize);

/// A switch as written in the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenSwitch {
    state: SwitchState,
    until: Option<Timestamp>,
    #[serde(default)]
    reason: String,
}

/// The state of a calendar at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Whether the calendar is open.
    pub open: bool,
    /// The rule that decides it.
    pub rule: Rule,
    /// The first later moment at which `open` differs; `None` if there is none within
    /// [`crate::HORIZON_DAYS`].
    pub next_change: Option<Timestamp>,
}

/// The rule that decides whether a calendar is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The switch.
    Switch {
        /// Its reason.
        reason: String,
    },
    /// An exception.
    Exception {
        /// Its name.
        name: String,
    },
    /// A holiday.
    Holiday {
        /// Its name.
        name: String,
    },
    /// The weekly hours.
    WeeklyHours,
}

/// A status as plain values, for expressions: `hours.support.open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Whether the calendar is open.
    pub open: bool,
    /// The rule: `switch`, `exception`, `holiday` or `hours`.
    pub rule: &'static str,
    /// Name of the exception or holiday, reason of the switch; empty for the weekly hours.
    pub name: String,
    /// Minutes until the calendar opens, rounded up; `None` if it is open or does not open.
    pub opens_in_minutes: Option<u64>,
    /// Minutes until the calendar closes, rounded up; `None` if it is closed or does not close.
    pub closes_in_minutes: Option<u64>,
}

impl Calendar {
    /// The state at `now`: that of the switch until it ends, then that of the calendar.
    pub fn status(&self, switch: Option<&Switch>, now: Timestamp) -> Status {
        match switch {
            Some(switch) if switch.until.is_none_or(|until| now < until) => self.switched(switch),
            Some(_) | None => self.scheduled(now),
        }
    }

    fn switched(&self, switch: &Switch) -> Status {
        let open = switch.state == SwitchState::Open;
        let next_change = switch.until.and_then(|until| {
            let after = self.scheduled(until);
            if after.open == open {
                after.next_change
            } else {
                Some(until)
            }
        });
        Status {
            open,
            rule: Rule::Switch {
                reason: switch.reason.clone(),
            },
            next_change,
        }
    }
}

impl Status {
    /// The moment at which the calendar opens; `None` if it is open or does not open.
    pub fn opens_at(&self) -> Option<Timestamp> {
        if self.open { None } else { self.next_change }
    }

    /// The moment at which the calendar closes; `None` if it is closed or does not close.
    pub fn closes_at(&self) -> Option<Timestamp> {
        if self.open { self.next_change } else { None }
    }

    /// The status as plain values; `now` is the moment of the status.
    pub fn facts(&self, now: Timestamp) -> Facts {
        let minutes_until = |moment: Timestamp| moment.since(now).as_millis().div_ceil(60_000);
        Facts {
            open: self.open,
            rule: self.rule.kind(),
            name: self.rule.name().to_owned(),
            opens_in_minutes: self.opens_at().map(minutes_until),
            closes_in_minutes: self.closes_at().map(minutes_until),
        }
    }
}

impl Rule {
    /// The kind in one word: `switch`, `exception`, `holiday` or `hours`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Switch { .. } => "switch",
            Self::Exception { .. } => "exception",
            Self::Holiday { .. } => "holiday",
            Self::WeeklyHours => "hours",
        }
    }

    /// Name of the exception or holiday, reason of the switch; empty for the weekly hours.
    pub fn name(&self) -> &str {
        match self {
            Self::Switch { reason } => reason,
            Self::Exception { name } | Self::Holiday { name } => name,
            Self::WeeklyHours => "",
        }
    }
}

impl TryFrom<GivenSwitch> for Switch {
    type Error = ReasonTooLong;

    fn try_from(given: GivenSwitch) -> Result<Self, ReasonTooLong> {
        let chars = given.reason.chars().count();
        if chars > REASON_CHARS_MAX {
            return Err(ReasonTooLong(chars));
        }
        Ok(Self {
            state: given.state,
            until: given.until,
            reason: given.reason,
        })
    }
}
