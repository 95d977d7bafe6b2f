//! The table: how TaskRouter's nouns are kept in one DynamoDB table, and the ways they are read and written.
//!
//! Reading order: [`keys`] (where everything is), [`items`] (what it looks like), [`Store`] (the access patterns by
//! name), [`apply`](Store::apply) (load, decide, commit), [`stream`] (a change as the stream tells it), [`schema`].
//!
//! Two rules hold everywhere. Every write of a Task or Worker is conditional on the version that was read; and what is
//! read from an index is a hint, which the condition of the write will check.

mod active_tasks;
mod apply;
mod batch;
mod chunked_configuration;
pub mod compact;
mod configuration;
mod deletion;
mod error;
mod events;
mod expired_tasks;
pub mod items;
pub mod keys;
mod listing;
mod one_time_token;
mod references;
mod reservation_index;
pub mod schema;
mod statistics;
mod store;
pub mod stream;
mod wait_times;
mod webhooks;
mod workers;

pub use active_tasks::{LivingNow, UNROLLED_MAX, UNROLLED_ROUNDS_MAX};
pub use apply::{Applied, COMMIT_ATTEMPTS_MAX, WorkerChange, pause};
pub use configuration::{CONFIGURATION_KEPT, READINESS_KEPT};
pub use error::Error;
pub use events::{
    Ahead, EventFilter, EventPage, EventWatch, KEPT_LATE_MAX, LOOK_EVERY, ROUNDS_PER_PAGE_MAX,
};
pub use listing::{Entry, Part, Reading};
pub use references::PartsInUse;
pub use store::{Created, Store};
pub use wait_times::{RecentWaits, WAITS_KEPT};
pub use webhooks::WEBHOOKS_READ_MAX;
