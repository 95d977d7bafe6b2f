//! The HTTP interface of the carrier: the control API, the REST API, and recordings.

mod control;
mod form;
mod page;
mod recordings;
mod resources;
mod rest;
mod rest_error;
mod wav;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use ids::CallSid;

use crate::Carrier;
use crate::network::{Input, Output, Refusal};

/// Largest body of a request, in bytes; the largest sensible one carries 4,000 characters of TwiML.
const BODY_BYTES_MAX: usize = 64 * 1024;

impl Carrier {
    /// All routes of this carrier: `/simulator/…` for people and tests, `/2010-04-01/…` for
    /// programs.
    pub fn http(self: Arc<Self>) -> Router {
        control::routes()
            .merge(rest::routes(&self))
            .merge(recordings::routes())
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self)
    }
}

/// Applies an input.
///
/// # Errors
/// The refusal, if the network refuses the input.
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

/// The call that an input created.
fn created_call(outputs: Vec<Output>) -> Option<CallSid> {
    outputs.into_iter().find_map(|output| match output {
        Output::CallCreated(sid) => Some(sid),
        Output::Fetch(_) | Output::QueueCreated(_) | Output::Dequeued(_) | Output::Refused(_) => {
            None
        }
    })
}
