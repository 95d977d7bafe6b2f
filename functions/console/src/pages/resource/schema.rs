//! How a kind of resource is described: its table, its filters and its forms.

use serde_json::Value;

use crate::changes::Watch;
use crate::section::Resource;

/// The table and the forms of one kind of resource.
pub struct Kind {
    /// The kind of resource.
    pub resource: Resource,
    /// The changes that refresh the table.
    pub watch: Watch,
    /// The columns; the first one links to the resource.
    pub columns: &'static [Column],
    /// The API's filters of the list.
    pub filters: &'static [Field],
    /// The parameters of a new resource; empty if the console creates none.
    pub create: &'static [Field],
    /// The parameters that can be changed; empty if there are none.
    pub update: &'static [Field],
    /// Whether the console deletes such resources.
    pub removal: Removal,
}

/// Whether the console deletes resources of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// There is a button for it.
    Allowed,
    /// The API has no such operation.
    Impossible,
}

/// A column of a table.
pub struct Column {
    /// The heading.
    pub title: &'static str,
    /// Renders the cell of a row.
    pub cell: fn(&Row<'_>) -> maud::Markup,
}

/// A resource and the related data of its row.
pub struct Row<'r> {
    /// The resource as the API shows it.
    pub resource: &'r Value,
    /// Data that is not in the resource: a Task's Workers, a TaskQueue's statistics.
    pub related: &'r Value,
}

/// A parameter of the API as a field of a form.
pub struct Field {
    /// The API's name of the parameter.
    pub name: &'static str,
    /// The property of the resource with the present value; empty in forms for new resources.
    pub property: &'static str,
    /// The label.
    pub label: &'static str,
    /// The kind of input.
    pub input: Input,
    /// A note below the field; may be empty.
    pub help: &'static str,
}

/// The kind of input of a field.
#[derive(Clone, Copy)]
pub enum Input {
    /// One line of text.
    Line,
    /// A whole number.
    Number,
    /// A JSON document.
    Json,
    /// An expression.
    Expression,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The SID of a resource of another kind, from this list of the API.
    Of(&'static str),
}

/// The API's parameters that select the page of a list.
pub const PAGING: [&str; 3] = ["PageSize", "Page", "PageToken"];
