//! Statistics (taskrouter.md section 13): counted from events, kept in rows that can be added up.
//!
//! Reading order: [`Tallies`] (what is counted, and how two counts become one), [`Waits`] and [`Stays`] (the parts of it that
//! are more than a number), [`Living`] (the Tasks there are now), [`parts`] (which rows and which events make up a span of time).
//!
//! A minute that is over is counted once from its events; hours are made of minutes and days of hours. So a question about a
//! month is answered from some two hundred rows, however many Tasks there were.

mod living;
mod rows;
mod span;
mod stays;
mod tally;
#[cfg(test)]
mod tests;
mod waits;

pub use living::{Living, LivingTask};
pub use rows::{Entry, Family, pack, unpack};
pub use span::{Grain, Part, RolledUp, parts};
pub use stays::{Durations, Stays};
pub use tally::{Counter, Tallies, Tally, TaskCell, WorkerCell};
pub use waits::Waits;

use crate::router::events::{Event, Parameter};

/// The value of a parameter, read.
fn said<T: std::str::FromStr>(event: &Event, parameter: Parameter) -> Option<T> {
    event.parameters.get(parameter)?.parse().ok()
}
