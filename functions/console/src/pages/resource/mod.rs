//! The resources of TaskRouter as tables and forms. Each kind is one entry of [`kinds::KINDS`],
//! with the API's names and parameters. A list passes its query to the API, a form its values. An
//! error of the API is shown at the field that it names.

mod cells;
mod detail;
mod diagram;
mod edit;
mod field_error;
mod json_text;
mod kinds;
mod list;
mod related;
mod schema;
mod shadow;
mod timeline;
mod warnings;
mod why;

use http::Method;

use crate::console::Refused;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Resource;

use cells::sid_of;
pub use cells::{age, left_secs, link, longest_wait_of};
pub use edit::input;
pub use list::pager;
use schema::Removal;
pub use schema::{Field, Input, PAGING};

/// Answers a request for a list, for one resource, or for a form.
pub async fn answer(
    context: &RequestContext<'_>,
    method: &Method,
    section: &str,
    rest: &[&str],
) -> Result<Reply, Refused> {
    let kind = kinds::KINDS
        .iter()
        .find(|kind| kind.resource.path() == section)
        .ok_or_else(|| context.no_such_page())?;
    match (method.as_str(), rest) {
        ("GET", []) => list::show(context, kind).await,
        ("GET", ["new"]) if !kind.create.is_empty() => edit::new(context, kind).await,
        ("POST", ["new"]) if !kind.create.is_empty() => edit::create(context, kind).await,
        ("GET", [sid]) => detail::show(context, kind, sid_of(context, sid)?).await,
        ("GET", [sid, "edit"]) if !kind.update.is_empty() => {
            edit::form(context, kind, sid_of(context, sid)?).await
        }
        ("POST", [sid, "edit"]) if !kind.update.is_empty() => {
            edit::update(context, kind, sid_of(context, sid)?).await
        }
        ("POST", [sid, "status"]) if kind.resource == Resource::Tasks => {
            edit::set_status(context, kind, sid_of(context, sid)?).await
        }
        ("POST", [sid, "hang-up"]) if kind.resource == Resource::Tasks => {
            edit::hang_up(context, kind, sid_of(context, sid)?).await
        }
        ("POST", [sid, "remove"]) if kind.removal == Removal::Allowed => {
            edit::remove(context, kind, sid_of(context, sid)?).await
        }
        _ => Err(context.no_such_page()),
    }
}
