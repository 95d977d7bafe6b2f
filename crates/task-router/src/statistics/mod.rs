//! Statistics (taskrouter.md section 13): counted from Events, stored in rows that can be merged.
//!
//! Reading order: [`Tallies`] (what is counted, and how two counts become one), [`WaitTimes`] and
//! [`ActivityDurations`] (the parts of a tally that are distributions), [`ActiveTasks`] (the Tasks
//! that exist now), [`parts`] (the rows and Events that make up a time range).
//!
//! Roll-up: a finished minute is counted once from its Events; hours are merged from minutes and
//! days from hours. A query about a month therefore reads about two hundred rows, however many
//! Tasks there were.

mod active_tasks;
mod activity_durations;
mod rows;
mod tally;
#[cfg(test)]
mod tests;
mod time_range;
mod wait_times;

pub use active_tasks::{ActiveTask, ActiveTasks, WrittenTask};
pub use activity_durations::{ActivityDurations, Durations};
pub use rows::{Entry, Family, pack, unpack};
pub use tally::{Counter, Tallies, Tally, TaskCell, WorkerCell};
pub use time_range::{Grain, Part, RolledUp, parts};
pub use wait_times::WaitTimes;

use crate::router::events::{Event, Parameter};

/// The value of an Event's parameter, parsed; `None` when the Event does not have it or it does not
/// parse.
fn parsed<T: std::str::FromStr>(event: &Event, parameter: Parameter) -> Option<T> {
    event.parameters.get(parameter)?.parse().ok()
}
