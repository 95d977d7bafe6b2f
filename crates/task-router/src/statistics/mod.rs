//! Statistics (taskrouter.md section 13): counted from events, kept in rows that can be added up.
//!
//! Reading order: [`Tallies`] (what is counted, and how two counts become one), [`WaitTimes`] and [`ActivityDurations`] (the parts of it that
//! are more than a number), [`ActiveTasks`] (the Tasks there are now), [`parts`] (which rows and which events make up a span of time).
//!
//! A minute that is over is counted once from its events; hours are made of minutes and days of hours. So a question about a
//! month is answered from some two hundred rows, however many Tasks there were.

mod active_tasks;
mod activity_durations;
mod rows;
mod tally;
#[cfg(test)]
mod tests;
mod time_range;
mod wait_times;

pub use active_tasks::{ActiveTask, ActiveTasks};
pub use activity_durations::{ActivityDurations, Durations};
pub use rows::{Entry, Family, pack, unpack};
pub use tally::{Counter, Tallies, Tally, TaskCell, WorkerCell};
pub use time_range::{Grain, Part, RolledUp, parts};
pub use wait_times::WaitTimes;

use crate::router::events::{Event, Parameter};

/// The value of a parameter, read.
fn said<T: std::str::FromStr>(event: &Event, parameter: Parameter) -> Option<T> {
    event.parameters.get(parameter)?.parse().ok()
}
