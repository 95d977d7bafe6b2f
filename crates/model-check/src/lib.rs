//! The reservation protocol, in every interleaving.
//!
//! The model is a table with two Tasks and two Workers, and messages between writers of any speed.
//! Each writer reads the table, calls the engine ([`task_router::router::decide`]), and writes on
//! condition that nothing it read has changed. Between its read and its write the other writers
//! proceed. A writer may crash there, and also between the write of a Task and the release of its
//! Worker's slot. The Effects of a write are the engine's own ([`task_router::router::effects`]).
//! Messages arrive in any order, late, and more than once; a timer may fire at any moment after its
//! own. `stateright` visits every state that is reachable within a [`Bounds`] and checks the
//! [`properties`] in each state.

pub mod matcher;
mod message;
pub mod properties;
mod protocol;
mod report;
mod setup;
mod state;

pub use message::{Action, Choice, Message};
pub use protocol::{Protocol, Rules};
pub use report::{Report, SCENARIOS, explore, explore_for};
pub use setup::Bounds;
pub use state::{PendingWrite, State, Stored};
