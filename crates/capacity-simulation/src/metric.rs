//! The figures that are reported, with their formulas (docs/internals/statistics.md).

use crate::figures::{AgentCell, Cell};

/// A figure of a group of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Calls of a day whose wait ended.
    Offered,
    /// Calls of a day that a Worker accepted.
    Answered,
    /// Calls of a day whose caller hung up before that.
    Abandoned,
    /// Calls of a day that the centre ended before that.
    Lost,
    /// Calls of a day that a Workflow moved to another TaskQueue.
    Moved,
    /// The share of all calls accepted within N seconds.
    ServiceLevel,
    /// The same without the calls that were abandoned within N seconds.
    ServiceLevelWithoutShort,
    /// The share of accepted calls accepted within N seconds.
    ServiceLevelOfAnswered,
    /// The average speed of answer: the mean wait of accepted calls.
    SpeedOfAnswer,
    /// The share of calls whose caller hung up.
    Abandonment,
    /// The mean wait of abandoned calls.
    AbandonedWait,
    /// The longest wait of a day.
    LongestWait,
    /// The share of the time on duty that agents talk or wrap up.
    Occupancy,
}

/// A figure of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentMetric {
    /// Calls of a day.
    Answered,
    /// Missed offers of a day.
    Missed,
    /// The share of the time on duty that the agent talks or wraps up.
    Occupancy,
    /// Hours of a day on duty.
    OnDuty,
    /// Hours of a day in conversations.
    Talking,
}

/// How a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Calls.
    Calls,
    /// A share, from 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
}

impl Metric {
    /// Every figure, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::Offered,
        Self::Answered,
        Self::Abandoned,
        Self::Lost,
        Self::Moved,
        Self::ServiceLevel,
        Self::ServiceLevelWithoutShort,
        Self::ServiceLevelOfAnswered,
        Self::SpeedOfAnswer,
        Self::Abandonment,
        Self::AbandonedWait,
        Self::LongestWait,
        Self::Occupancy,
    ];

    /// The name in JSON and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Lost => "lost",
            Self::Moved => "moved",
            Self::ServiceLevel => "service_level",
            Self::ServiceLevelWithoutShort => "service_level_without_short",
            Self::ServiceLevelOfAnswered => "service_level_of_answered",
            Self::SpeedOfAnswer => "asa",
            Self::Abandonment => "abandonment",
            Self::AbandonedWait => "abandoned_wait",
            Self::LongestWait => "longest_wait",
            Self::Occupancy => "occupancy",
        }
    }

    /// The formula.
    pub fn formula(self) -> &'static str {
        match self {
            Self::Offered => "answered + abandoned + lost, a day",
            Self::Answered => "calls that a Worker accepted, a day",
            Self::Abandoned => "calls whose caller hung up before a Worker accepted, a day",
            Self::Lost => {
                "calls that the centre ended before: Workflow timed out or waiting list full, a day"
            }
            Self::Moved => "calls that a Workflow moved to another TaskQueue, a day",
            Self::ServiceLevel => "answered within N s / offered",
            Self::ServiceLevelWithoutShort => {
                "answered within N s / (offered - abandoned within N s)"
            }
            Self::ServiceLevelOfAnswered => "answered within N s / answered",
            Self::SpeedOfAnswer => "sum of waits of answered calls / answered",
            Self::Abandonment => "abandoned / offered",
            Self::AbandonedWait => "sum of waits of abandoned calls / abandoned",
            Self::LongestWait => "longest wait of a call, answered or not",
            Self::Occupancy => {
                "(conversation + wrap-up) / time on duty, over the agents of the group"
            }
        }
    }

    /// The unit.
    pub fn unit(self) -> Unit {
        match self {
            Self::Offered | Self::Answered | Self::Abandoned | Self::Lost | Self::Moved => {
                Unit::Calls
            }
            Self::ServiceLevel
            | Self::ServiceLevelWithoutShort
            | Self::ServiceLevelOfAnswered
            | Self::Abandonment
            | Self::Occupancy => Unit::Share,
            Self::SpeedOfAnswer | Self::AbandonedWait | Self::LongestWait => Unit::Seconds,
        }
    }

    /// The value of a replication of `days` days; `None` where the formula divides by zero.
    pub(crate) fn of(self, cell: &Cell, days: u32) -> Option<f64> {
        let per_day = |count: u64| Some(number(count) / f64::from(days));
        match self {
            Self::Offered => per_day(cell.offered()),
            Self::Answered => per_day(cell.answered),
            Self::Abandoned => per_day(cell.abandoned),
            Self::Lost => per_day(cell.lost),
            Self::Moved => per_day(cell.moved),
            Self::ServiceLevel => ratio(cell.answered_in_time, cell.offered()),
            Self::ServiceLevelWithoutShort => ratio(
                cell.answered_in_time,
                cell.offered() - cell.abandoned_in_time,
            ),
            Self::ServiceLevelOfAnswered => ratio(cell.answered_in_time, cell.answered),
            Self::SpeedOfAnswer => ratio(cell.answered_wait, cell.answered * 1_000),
            Self::Abandonment => ratio(cell.abandoned, cell.offered()),
            Self::AbandonedWait => ratio(cell.abandoned_wait, cell.abandoned * 1_000),
            Self::LongestWait if cell.offered() == 0 => None,
            Self::LongestWait => Some(number(cell.longest_wait) / 1_000.0),
            Self::Occupancy => ratio(cell.busy, cell.staffed),
        }
    }
}

impl AgentMetric {
    /// Every figure, in the order of reports.
    pub const ALL: [Self; 5] = [
        Self::Answered,
        Self::Missed,
        Self::Occupancy,
        Self::OnDuty,
        Self::Talking,
    ];

    /// The name in JSON and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Occupancy => "occupancy",
            Self::OnDuty => "on_duty",
            Self::Talking => "talking",
        }
    }

    /// The unit.
    pub fn unit(self) -> Unit {
        match self {
            Self::Answered | Self::Missed => Unit::Calls,
            Self::Occupancy => Unit::Share,
            Self::OnDuty | Self::Talking => Unit::Hours,
        }
    }

    pub(crate) fn of(self, cell: &AgentCell, days: u32) -> Option<f64> {
        let per_day = |count: u64| Some(number(count) / f64::from(days));
        let hours = |millis: u64| Some(number(millis) / 3_600_000.0 / f64::from(days));
        match self {
            Self::Answered => per_day(cell.answered),
            Self::Missed => per_day(cell.missed),
            Self::Occupancy => ratio(cell.busy(), cell.staffed()),
            Self::OnDuty => hours(cell.staffed()),
            Self::Talking => hours(cell.talking),
        }
    }
}

impl Unit {
    /// A value as text.
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Calls => format!("{value:.1}"),
            Self::Share => format!("{:.1} %", value * 100.0),
            Self::Seconds => format!("{value:.1} s"),
            Self::Hours => format!("{value:.2} h"),
        }
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "sums of milliseconds of a year of 15,000 agents are below 2^53"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_hold() {
        let cell = Cell {
            answered: 8,
            abandoned: 2,
            lost: 0,
            moved: 4,
            answered_in_time: 6,
            abandoned_in_time: 1,
            answered_wait: 80_000,
            abandoned_wait: 30_000,
            longest_wait: 25_000,
            busy: 900,
            staffed: 1_000,
        };
        for (metric, expected) in [
            (Metric::Offered, 5.0),
            (Metric::Answered, 4.0),
            (Metric::Abandoned, 1.0),
            (Metric::Lost, 0.0),
            (Metric::Moved, 2.0),
            (Metric::ServiceLevel, 0.6),
            (Metric::ServiceLevelWithoutShort, 6.0 / 9.0),
            (Metric::ServiceLevelOfAnswered, 0.75),
            (Metric::SpeedOfAnswer, 10.0),
            (Metric::Abandonment, 0.2),
            (Metric::AbandonedWait, 15.0),
            (Metric::LongestWait, 25.0),
            (Metric::Occupancy, 0.9),
        ] {
            assert_eq!(metric.of(&cell, 2), Some(expected), "{metric:?}");
        }
        assert_eq!(Metric::ServiceLevel.of(&Cell::default(), 1), None);
        assert_eq!(Metric::LongestWait.of(&Cell::default(), 1), None);
    }
}
