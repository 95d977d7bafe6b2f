//! `console`: web pages for the people of a contact centre, rendered on the server and updated by
//! htmx.
//!
//! Reading order: `routes` (every address), `request_context` (one request), `console` (the
//! dependencies and the requests of the REST API), `session` (sign-in and authorization), `sign_ins`
//! (the limit of wrong ones), `reply`
//! (security headers), `layout` (the frame of every page), `pages` (one kind of page per file),
//! `changes` (the long poll for live updates), `assets`.
//!
//! The console takes no decision: every change is a request of the [`api`] function, made in the
//! same process.

mod assets;
mod changes;
mod compress;
mod connected_call;
mod console;
mod form;
mod layout;
mod pages;
mod reply;
mod request_context;
mod routes;
mod section;
mod session;
mod sign_ins;

pub mod phones;

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};

use form::Form;
use reply::Reply;
use request_context::IncomingRequest;

pub use changes::PATH as CHANGES_PATH;
pub use console::Console;
pub use session::{Principal, Role, SESSION_LIFE, Signer, TICKET_LIFE, Transport};

/// Maximum size of a form in bytes: the API's limit.
pub const BODY_BYTES_MAX: usize = api::BODY_BYTES_MAX;

/// The beginning of the API's paths. In the cloud those of its event streams lead here, because they
/// and the polls of pages share a function.
const API_PATHS: &str = "/v1/";

/// Answers one request. Never fails: an error is a page, too.
pub async fn handle(console: Arc<Console>, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    if request.uri().path().starts_with(API_PATHS) {
        return api::handle(Arc::clone(&console.api), request).await;
    }
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let reply = match without_session(&parts.method, &parts.headers, path, &body) {
        Some(reply) => reply,
        None => {
            let query = Form::read(parts.uri.query().unwrap_or_default().as_bytes());
            let incoming = IncomingRequest {
                method: &parts.method,
                path,
                query,
                body: &body,
                headers: &parts.headers,
            };
            routes::answer(&console, incoming).await
        }
    };
    let response = reply.compressed(&parts.headers).into_response();
    let method = &parts.method;
    let status = response.status().as_u16();
    tracing::info!(%method, path, status, "answered");
    response
}

/// Answers that need no session: assets, and refusals of unacceptable requests.
fn without_session(method: &Method, headers: &HeaderMap, path: &str, body: &[u8]) -> Option<Reply> {
    if *method == Method::GET && path.starts_with(assets::PATH) {
        return Some(
            assets::serve(path, headers)
                .unwrap_or_else(|| pages::problem::plain(404, "there is no such file")),
        );
    }
    if body.len() > BODY_BYTES_MAX {
        return Some(pages::problem::plain(413, "the form is too large"));
    }
    let is_cross_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    if is_cross_site && *method != Method::GET {
        return Some(pages::problem::plain(
            403,
            "forms from other sites are refused",
        ));
    }
    None
}
