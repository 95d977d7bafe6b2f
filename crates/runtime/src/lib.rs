//! What the functions share at their edge: settings, clock, logs, the AWS clients, the queues they send to, and the
//! adapter between Lambda's HTTP events and [`shared::webhook`].
//!
//! Everything here touches the world; everything that decides is in `shared`.

pub mod aws;
mod clock;
pub mod env;
pub mod http;
pub mod log;
pub mod outbox;
pub mod parameter_store;
pub mod redelivery;
pub mod voice;
mod webhook_journal;

pub use clock::SystemClock;
pub use env::{Env, EnvError};
pub use outbox::{Outbox, OutboxError};
pub use redelivery::{Received, Redelivery};
pub use voice::Voice;
pub use webhook_journal::{Begun, WebhookJournal};
