//! A recorded day of a contact centre: repeats its routing decisions, and answers what another
//! configuration would have done with the same calls.
//!
//! Reading order: [`Write`] (what a recording consists of), [`check()`] (every decision is made
//! again and compared), [`Day`] (the calls and Workers of the day, without the decisions),
//! [`what_if`] (the day in virtual time under another configuration), [`report`], [`story`].
//!
//! Every decision is one of the routing engine, `task_router::router`: the crate contains no rule
//! of routing. It has no clock and no IO, and the same recording gives the same report.

mod check;
mod compare;
mod day;
mod names;
pub mod report;
pub mod story;
mod world;
mod write;

pub use check::{Checked, Difference, Offer, Subject, Topic, Verdict, check};
pub use compare::{CallChange, Comparison, Totals, WAIT_TOLERANCE};
pub use day::{Day, RecordedTask};
pub use names::NameError;
pub use world::{Outcome, RunError, WaitEnd, what_if};
pub use write::{Change, Write};
