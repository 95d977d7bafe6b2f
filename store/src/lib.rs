//! The table: how TaskRouter's nouns are kept in one DynamoDB table, and the ways they are read and written.
//!
//! Reading order: [`keys`] (where everything is), [`items`] (what it looks like), [`Store`] (the access patterns by
//! name), [`apply`](Store::apply) (load, decide, commit), [`stream`] (a change as the stream tells it), [`schema`].
//!
//! Two rules hold everywhere. Every write of a Task or Worker is conditional on the version that was read; and what is
//! read from an index is a hint, which the condition of the write will check.

mod apply;
pub mod compact;
mod configuration;
mod dialed;
mod error;
mod events;
pub mod items;
pub mod keys;
mod listings;
mod many;
mod pieces;
pub mod schema;
mod store;
pub mod stream;
mod waits;
mod workers;

pub use apply::{Applied, COMMIT_ATTEMPTS_MAX, WorkerChange, pause};
pub use configuration::CONFIGURATION_KEPT;
pub use error::Error;
pub use events::{EventFilter, EventPage, ROUNDS_PER_PAGE_MAX};
pub use store::{Created, Store};
pub use waits::RecentWaits;
