//! What the functions share at their edge: environment variables, clock, logs, AWS clients, outbox,
//! redelivery of failed messages, and the adapter between Lambda's HTTP events and
//! [`shared::webhook`].
//!
//! This crate does the input and output. Routing decisions are in `task_router`, webhook parsing
//! and TwiML in `shared`.

pub mod aws;
mod clock;
mod emf;
pub mod env;
pub mod http;
mod http_event;
pub mod log;
pub mod outbox;
pub mod parameter_store;
pub mod redelivery;
pub mod sdk_http;
pub mod signed_request;
pub mod voice;
mod voice_tasks;
mod webhook_journal;

pub use clock::SystemClock;
pub use env::{Env, EnvError};
pub use outbox::{Outbox, OutboxError};
pub use redelivery::{Received, Redelivery};
pub use voice::Voice;
pub use voice_tasks::NewVoicemail;
pub use webhook_journal::{Begun, WebhookJournal};
