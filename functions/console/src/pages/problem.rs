//! Error pages.

use http::{HeaderName, StatusCode};
use maud::html;

use crate::console::Refused;
use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::RequestContext;

/// The title of an error page that has no more specific one.
const FAILED: &str = "The request failed";

/// The error page of a session. If htmx sent the request, the open page stays usable and shows
/// the message above its content.
pub fn page(context: &RequestContext<'_>, refused: &Refused) -> Reply {
    let title = match refused.status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Access denied",
        _ => FAILED,
    };
    let live = html! {
        p .alert role="alert" { (refused.message) }
        p { a href=(context.path) { "Reload this page" } " or " a href="/console" { "go to the first page" } "." }
    };
    let page = Page {
        title,
        section: None,
        watch: None,
        head: html! {},
        live,
    };
    let reply = layout::page_with(context, refused.status, page);
    if !context.is_part() {
        return reply;
    }
    reply
        .with(HeaderName::from_static("hx-retarget"), "#refusal")
        .with(HeaderName::from_static("hx-reselect"), "#live > .alert")
        .with(HeaderName::from_static("hx-reswap"), "innerHTML")
}

/// The error page of a browser without a session.
pub fn plain(status: u16, message: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content = html! {
        p .alert role="alert" { (message) }
        p { a href="/console" { "Go to the first page" } }
    };
    layout::bare(status, FAILED, content)
}
