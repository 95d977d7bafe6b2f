//! `console`: web pages for the people of a contact centre, rendered here and kept up to date by htmx.
//!
//! Reading order: `routes` (every address), `visit` (a request, and the centre as the REST API shows it), `session` (who is
//! let in), `reply` (the headers that keep a page to itself), `frame` (what is around every page), `pages` (one kind of
//! page a file), `changes` (how a page hears that it is out of date), `assets`.
//!
//! Nothing here decides anything: every change is a request to the [`api`] function, made without a network between.

mod assets;
mod changes;
mod compress;
mod form;
mod layout;
mod pages;
mod reply;
mod request_context;
mod routes;
mod session;

pub mod phones;

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use ids::time::Timestamp;

use api::Api;
use form::Form;
use phones::Phones;
use reply::Reply;

pub use session::{Role, SESSION_LIFE, Signer, TICKET_LIFE};

/// Largest form taken: what the API takes.
pub const BODY_BYTES_MAX: usize = api::BODY_BYTES_MAX;

/// The function's world.
pub struct Console {
    /// Everything is read and changed through it.
    pub api: Arc<Api>,
    /// Makes and checks sessions.
    pub signer: Signer,
    /// The simulated telephones, where there are any.
    pub phones: Option<Arc<dyn Phones>>,
}

impl Console {
    /// The address that signs an administrator in, for an hour from now, below `base`.
    pub fn sign_in_link(&self, base: &str, now: Timestamp) -> String {
        format!(
            "{base}/console/sign-in?ticket={}",
            self.signer.ticket(Role::Administrator, now)
        )
    }
}

/// Answers one request. Never fails: what goes wrong is a page too.
pub async fn handle(console: Arc<Console>, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let reply = match early(&parts.method, &parts.headers, path, &body) {
        Some(reply) => reply,
        None => {
            let query = Form::read(parts.uri.query().unwrap_or_default().as_bytes());
            let incoming = routes::Incoming {
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
    let (method, status) = (&parts.method, response.status().as_u16());
    tracing::info!(%method, path, status, "answered");
    response
}

/// What needs no session: files, and refusals.
fn early(method: &Method, headers: &HeaderMap, path: &str, body: &[u8]) -> Option<Reply> {
    if *method == Method::GET && path.starts_with(assets::PATH) {
        return Some(
            assets::serve(path, headers)
                .unwrap_or_else(|| pages::problem::plain(404, "there is no such file")),
        );
    }
    if body.len() > BODY_BYTES_MAX {
        return Some(pages::problem::plain(413, "the form is too large"));
    }
    let from_elsewhere = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none");
    let is_refused = from_elsewhere && *method != Method::GET;
    is_refused.then(|| pages::problem::plain(403, "forms from other sites are not taken"))
}
