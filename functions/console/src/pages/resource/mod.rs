//! The resources of TaskRouter as tables: each is one entry of [`KINDS`], in the words and with the parameters of the API. A
//! list passes its query on to the API, a form its values, and what the API refuses is shown at the field it is about.

mod cells;
mod detail;
mod diagram;
mod edit;
mod field_error;
mod kinds;
mod list;
mod related;
mod timeline;
mod why;

use http::Method;
use serde_json::Value;

use crate::changes::Watch;
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext};
use crate::routes::nothing_here;

use cells::sid_of;
pub use cells::{age, left_secs, waits};
pub use edit::input;
pub use list::pager;

/// A kind of resource.
pub struct Kind {
    /// Its part of our addresses, `task-queues`.
    pub section: &'static str,
    /// What the API calls a list of them, `TaskQueues`.
    pub place: &'static str,
    /// One of them, `TaskQueue`.
    pub one: &'static str,
    /// What it has to be told of.
    pub watch: Watch,
    /// What a row shows; the first one leads to the resource.
    pub columns: &'static [Column],
    /// What a list can be narrowed down by.
    pub filters: &'static [Field],
    /// What a new one is made from; nothing: it cannot be made here.
    pub create: &'static [Field],
    /// What can be changed.
    pub update: &'static [Field],
    /// Whether it can be removed here.
    pub removable: bool,
}

/// A column.
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// What stands in it.
    pub cell: fn(&Row<'_>) -> maud::Markup,
}

/// A resource with what is known beside it.
pub struct Row<'r> {
    /// As the API shows it.
    pub resource: &'r Value,
    /// What the API says beside it: a Task's Reservations, a TaskQueue's numbers.
    pub beside: &'r Value,
}

/// A parameter of the API as a field of a form.
pub struct Field {
    /// The parameter.
    pub name: &'static str,
    /// The resource's property with its present value.
    pub property: &'static str,
    /// For people.
    pub label: &'static str,
    /// What can be put in.
    pub input: Input,
    /// A sentence of help.
    pub help: &'static str,
}

/// What can be put into a field.
#[derive(Clone, Copy)]
pub enum Input {
    /// A line.
    Line,
    /// A whole number.
    Number,
    /// JSON over several lines.
    Json,
    /// An expression.
    Expression,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A resource of another kind, by its SID: the API's list of them.
    Of(&'static str),
}

/// The parameters of a list that say which page is shown.
pub const PAGING: [&str; 3] = ["PageSize", "Page", "PageToken"];

/// A list, one of it, or a form about it.
pub async fn answer(
    visit: &RequestContext<'_>,
    method: &Method,
    section: &str,
    rest: &[&str],
) -> Result<Reply, Refused> {
    let kind = kinds::KINDS
        .iter()
        .find(|kind| kind.section == section)
        .ok_or_else(|| nothing_here(visit))?;
    match (method.as_str(), rest) {
        ("GET", []) => list::show(visit, kind).await,
        ("GET", ["new"]) if !kind.create.is_empty() => edit::new(visit, kind).await,
        ("POST", ["new"]) if !kind.create.is_empty() => edit::create(visit, kind).await,
        ("GET", [sid]) => detail::show(visit, kind, sid_of(visit, sid)?).await,
        ("GET", [sid, "edit"]) if !kind.update.is_empty() => {
            edit::form(visit, kind, sid_of(visit, sid)?).await
        }
        ("POST", [sid, "edit"]) if !kind.update.is_empty() => {
            edit::update(visit, kind, sid_of(visit, sid)?).await
        }
        ("POST", [sid, "status"]) if kind.place == "Tasks" => {
            edit::set_status(visit, kind, sid_of(visit, sid)?).await
        }
        ("POST", [sid, "remove"]) if kind.removable => {
            edit::remove(visit, kind, sid_of(visit, sid)?).await
        }
        _ => Err(nothing_here(visit)),
    }
}
