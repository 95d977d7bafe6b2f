//! Where one comes in.

use crate::reply::Reply;
use crate::request_context::RequestContext;

/// The telephones, where there are any to try; otherwise what is being worked on.
pub fn first_page(visit: &RequestContext<'_>) -> Reply {
    let section = if visit.console.phones.is_some() {
        "phones"
    } else {
        "tasks"
    };
    Reply::see_other(format!("/console/{section}"))
}
