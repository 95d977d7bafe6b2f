//! The table: how TaskRouter's resources are stored in one DynamoDB table, and how they are read
//! and written.
//!
//! Reading order: [`keys`] (the keys of all items), [`items`] (their attributes), [`Store`] (the
//! access patterns by name), [`apply`](Store::apply) (load, decide, commit), [`stream`] (a change
//! as the table's stream shows it), [`schema`].
//!
//! Two rules hold everywhere:
//!
//! 1. Every write of a Task or Worker is conditional: on the version that was read, or, for a new
//!    one, on its absence. The deletion of an ended Task and of a deleted Workspace's Tasks carries
//!    no condition.
//! 2. What is read from an index is a hint. It may be stale, and the condition of the write checks
//!    it.

mod active_tasks;
mod apply;
pub mod attributes;
mod batch;
mod calendar_switches;
mod call_counts;
mod call_slots;
mod callback_numbers;
mod chunked_configuration;
pub mod compact;
mod configuration;
mod deletion;
mod erasure;
mod error;
mod events;
mod expired_tasks;
pub mod items;
pub mod keys;
mod listing;
mod matcher_lease;
mod one_time_token;
mod references;
mod reservation_index;
pub mod schema;
mod session_generation;
mod shadow;
mod sounds;
mod staffing;
mod statistics;
mod store;
pub mod stream;
mod sweep_cursor;
mod voice_flows;
mod wait_times;
mod webhooks;
mod workers;

pub use active_tasks::{ActiveTasksNow, UNROLLED_MAX, UNROLLED_ROUNDS_MAX};
pub use apply::{Applied, COMMIT_ATTEMPTS_MAX, WorkerChange, back_off};
pub use calendar_switches::CalendarSwitch;
pub use callback_numbers::CallbackNumber;
pub use configuration::{CONFIGURATION_KEPT, READINESS_KEPT, ReadyListSeen, workspace_of_rows};
pub use erasure::{Erased, oldest_event};
pub use error::Error;
pub use events::{
    EventFilter, EventPage, EventWatch, KEPT_LATE_MAX, LOOK_EVERY, NextEvents, ROUNDS_PER_PAGE_MAX,
};
pub use listing::{Entry, Part, Reading};
pub use references::PartsInUse;
pub use shadow::{SHADOWS_KEPT, SHADOWS_READ_MAX};
pub use store::{Created, Store, TRANSACTION_ITEMS_MAX};
pub use sweep_cursor::SweepCursor;
pub use voice_flows::FLOWS_KEPT;
pub use wait_times::{RecentWaits, WAITS_KEPT};
pub use webhooks::WEBHOOKS_READ_MAX;
