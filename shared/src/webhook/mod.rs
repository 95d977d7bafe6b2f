//! The carrier's webhooks: one typed struct for each, signature checking, and our replies.
//!
//! A function handles a [`Request`] in four steps: [`admit`] it (limits, decoding, signature),
//! parse its parameters into the struct of its webhook, decide, and return a [`Reply`]. Unknown
//! parameters are ignored. A missing or malformed parameter becomes an [`Error`] that names it.

mod access;
mod address;
mod assignment;
mod attributes;
mod call;
mod conference;
mod connection_override;
mod enqueue_call;
mod enqueued_task;
mod error;
mod exchange;
mod form;
mod incoming_call;
pub mod mask;
mod parameters;
pub mod path;
mod queue_exit;
mod recording;
mod redact;
mod reply;
mod request;
mod samples;
pub mod signature;
mod wait_music;
mod worker_call;

pub use access::{Access, Admitted, Checks, admit};
pub use address::Address;
pub use assignment::Assignment;
pub use attributes::{attributes_of_call, places_of_call};
pub use call::{Call, CallStatus, Direction};
pub use conference::{CUSTOMER_LABEL, ConferenceNotice, ConferenceStatus, SupervisorCall};
pub use connection_override::{ConnectionOverride, DeliveryFailure, RetryPolicy};
pub use enqueue_call::{Digits, EnqueueCall};
pub use enqueued_task::EnqueuedTask;
pub use error::Error;
pub use exchange::{ANSWER_CHARS_MAX, Exchange, Way, shown_answer, shown_error, shown_url};
pub use form::{FormError, MAX_BODY_BYTES, MAX_PARAMETERS};
pub use incoming_call::IncomingCall;
pub use parameters::{FromParameter, ParameterError, Parameters};
pub use queue_exit::{QueueExit, QueueResult, TimedOut};
pub use recording::{CallRecorded, Recorded, Recording};
pub use redact::redact;
pub use reply::Reply;
pub use request::{Method, Request};
pub use wait_music::WaitMusic;
pub use worker_call::{DialCallStatus, DialEnded, DialQueue, WorkerCall, WorkerCallStatus};
