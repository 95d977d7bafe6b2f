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

use crate::Carrier;

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
