//! What every part of Cordboard shares, and nothing that touches the world.
//!
//! Reading order:
//!
//! 1. [`model`]: TaskRouter's nouns: Task, Reservation, Worker, Activity, TaskQueue, Workflow, TaskChannel, Workspace.
//! 2. [`router`]: the pure core. A snapshot, an event and `now` in; a decision out.
//! 3. [`statistics`]: what is counted of events, and how counts are added up.
//! 4. [`twiml`]: TwiML documents, and the only place where text is escaped.
//! 5. [`webhook`]: what a carrier sends us, as one typed struct per webhook; signatures.
//! 6. [`menu`]: what callers and workers are told, and in which language.
//!
//! There is no IO here, no clock, no randomness and no AWS type: `clippy.toml` beside this crate forbids them, and
//! `Cargo.toml` has no crate that could do them. `now` and ids are arguments.

pub mod menu;
pub mod model;
pub mod planted;
pub mod router;
pub mod statistics;
pub mod twiml;
pub mod webhook;
mod words;
