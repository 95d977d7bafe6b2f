//! The reservation protocol, every way it can go.
//!
//! Two Tasks and two Workers in a table, and messages between writers who may be as slow as they like: each one reads the
//! table, asks the core ([`task_router::router::decide`]), and writes on condition that nothing it read has changed. Between
//! reading and writing everybody else goes on; a writer may die there, and between writing a Task and giving its Worker
//! a slot back. What follows from a write are the core's own effects ([`task_router::router::effects`]). Messages come in any
//! order, late, and again; a timer may come at any moment after its own. `stateright` visits every state that can be
//! reached within the bounds of a [`Bounds`] and checks the properties in [`properties`] in each.

mod message;
pub mod properties;
mod protocol;
mod report;
mod setup;
mod state;

pub use message::{Action, Choice, Message};
pub use protocol::{Protocol, Rules};
pub use report::{Report, SCENARIOS, visit};
pub use setup::Bounds;
pub use state::{State, Stored, UnderWay};
