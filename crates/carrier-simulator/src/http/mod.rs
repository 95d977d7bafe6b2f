//! The carrier from outside: people at their phones, the REST API, recordings.

mod control;
mod form;
mod page;
mod recordings;
mod resources;
mod rest;
mod rest_error;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use ids::CallSid;

use crate::Carrier;
use crate::network::{Input, Output, Refusal};

/// Bytes of a request's body; the largest sensible one carries 4,000 characters of TwiML.
const BODY_BYTES_MAX: usize = 64 * 1024;

impl Carrier {
    /// Everything this carrier serves: `/simulator/…` for people, `/2010-04-01/…` for programs.
    pub fn http(self: Arc<Self>) -> Router {
        control::routes()
            .merge(rest::routes(&self))
            .merge(recordings::routes())
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self)
    }
}

/// Lets an input happen.
///
/// # Errors
/// The refusal, when the network refuses it.
fn accept(carrier: &Carrier, input: Input) -> Result<Vec<Output>, Refusal> {
    let outputs = carrier.handle(input);
    match outputs.first() {
        Some(Output::Refused(refusal)) => Err(refusal.clone()),
        Some(
            Output::Fetch(_)
            | Output::CallCreated(_)
            | Output::QueueCreated(_)
            | Output::Dequeued(_),
        )
        | None => Ok(outputs),
    }
}

/// The call that an input made.
fn created_call(outputs: Vec<Output>) -> Option<CallSid> {
    outputs.into_iter().find_map(|output| match output {
        Output::CallCreated(sid) => Some(sid),
        Output::Fetch(_) | Output::QueueCreated(_) | Output::Dequeued(_) | Output::Refused(_) => {
            None
        }
    })
}
