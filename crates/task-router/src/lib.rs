//! The routing engine: TaskRouter's semantics as pure functions.
//!
//! Reading order:
//!
//! 1. [`model`]: TaskRouter's nouns: Task, Reservation, Worker, Activity, TaskQueue, Workflow, TaskChannel, Workspace.
//! 2. [`router`]: a snapshot, a command and `now` in; a decision out.
//! 3. [`statistics`]: counts of events, and how counts are added up.
//!
//! The engine has no IO, clock, randomness or AWS type: `clippy.toml` beside this crate forbids them, and `Cargo.toml`
//! has no crate that could do them. `now` and ids are arguments.

pub mod model;
pub mod router;
pub mod statistics;
