//! Where one comes in.

use crate::reply::Reply;
use crate::visit::Visit;

/// The telephones, where there are any to try; otherwise what is being worked on.
pub fn first_page(visit: &Visit<'_>) -> Reply {
    let section = if visit.console.phones.is_some() { "phones" } else { "tasks" };
    Reply::see_other(format!("/console/{section}"))
}
