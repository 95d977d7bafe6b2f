//! What somebody sees when a page cannot be shown.

use http::StatusCode;
use maud::html;

use crate::frame::{self, Page};
use crate::reply::Reply;
use crate::visit::{Refused, Visit};

/// A refusal within the console.
pub fn page(visit: &Visit<'_>, refused: &Refused) -> Reply {
    let title = match refused.status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not for you",
        _ => "That did not work",
    };
    let live = html! {
        p .alert role="alert" { (refused.message) }
        p { a href=(visit.path) { "Load this page again" } " or " a href="/console" { "go to the first page" } "." }
    };
    let page = Page { title, section: "", watch: None, head: html! {}, live };
    frame::page_with(visit, refused.status, page)
}

/// A refusal without a session.
pub fn plain(status: u16, sentence: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content = html! {
        p .alert role="alert" { (sentence) }
        p { a href="/console" { "Go to the first page" } }
    };
    frame::bare(status, "That did not work", content)
}
