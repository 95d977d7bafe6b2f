//! The first page.

use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::{Resource, Section};

/// Redirects to the simulated telephones if there are any, otherwise to the table of Tasks.
pub fn first_page(context: &RequestContext<'_>) -> Reply {
    let section = if context.console.phones.is_some() {
        Section::Phones
    } else {
        Section::Resource(Resource::Tasks)
    };
    Reply::see_other(format!("/console/{}", section.path()))
}
