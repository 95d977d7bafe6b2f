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
mod in_use;
pub mod items;
pub mod keys;
mod leftovers;
mod listing;
mod living;
mod many;
mod once;
mod pieces;
mod removal;
pub mod schema;
mod statistics;
mod store;
pub mod stream;
mod waits;
mod webhooks;
mod workers;

pub use apply::{Applied, COMMIT_ATTEMPTS_MAX, WorkerChange, pause};
pub use configuration::{CONFIGURATION_KEPT, READINESS_KEPT};
pub use error::Error;
pub use events::{Ahead, EventFilter, EventPage, EventWatch, KEPT_LATE_MAX, LOOK_EVERY, ROUNDS_PER_PAGE_MAX};
pub use in_use::PartsInUse;
pub use listing::{Entry, Part, Reading};
pub use living::{LivingNow, UNROLLED_MAX, UNROLLED_ROUNDS_MAX};
pub use store::{Created, Store};
pub use waits::{RecentWaits, WAITS_KEPT};
pub use webhooks::WEBHOOKS_READ_MAX;
