//! What somebody sees when a page cannot be shown.

use http::{HeaderName, StatusCode};
use maud::html;

use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext};

/// A refusal within the console. A page that asked for a part of itself keeps what it shows, and says the sentence above it.
pub fn page(visit: &RequestContext<'_>, refused: &Refused) -> Reply {
    let title = match refused.status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not for you",
        _ => "That did not work",
    };
    let live = html! {
        p .alert role="alert" { (refused.message) }
        p { a href=(visit.path) { "Load this page again" } " or " a href="/console" { "go to the first page" } "." }
    };
    let page = Page {
        title,
        section: "",
        watch: None,
        head: html! {},
        live,
    };
    let reply = layout::page_with(visit, refused.status, page);
    if !visit.is_part() {
        return reply;
    }
    let places = [
        ("hx-retarget", "#refusal"),
        ("hx-reselect", "#live > .alert"),
        ("hx-reswap", "innerHTML"),
    ];
    places.into_iter().fold(reply, |reply, (name, place)| {
        reply.with(HeaderName::from_static(name), place)
    })
}

/// A refusal without a session.
pub fn plain(status: u16, sentence: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content = html! {
        p .alert role="alert" { (sentence) }
        p { a href="/console" { "Go to the first page" } }
    };
    layout::bare(status, "That did not work", content)
}
