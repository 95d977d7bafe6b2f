//! A table: one page of a list of the API, with its filters.

use http::StatusCode;
use ids::time::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::schema::{Kind, PAGING, Row};
use super::{edit, related};
use crate::console::{Refused, entries, text};
use crate::form::Form;
use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::{Resource, Section};

/// The page of a list. The API's error about a filter is shown at that filter.
pub async fn show(context: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    let names: Vec<&str> = kind
        .filters
        .iter()
        .map(|filter| filter.name)
        .chain(PAGING)
        .collect();
    let range = time_range(context, kind);
    let minutes = range.as_ref().map_or(String::new(), |range| {
        format!("&{MINUTES}={}", range.minutes)
    });
    let answer = context
        .get(&format!(
            "{}?{}{minutes}",
            kind.resource.list(),
            context.query.encode(&names)
        ))
        .await;
    let (status, live) = match &answer {
        Ok(list) => (StatusCode::OK, table(context, kind, list).await),
        Err(refused) => (
            refused.status,
            html! { p .alert role="alert" { (refused.message) } },
        ),
    };
    let head = html! {
        (filters(context, kind, answer.as_ref().err()).await)
        @if let Some(range) = &range { (range.show(context, kind)) }
        @if !kind.create.is_empty() {
            p { a .button href={ "/console/" (kind.resource.path()) "/new" } { "New " (kind.resource.singular()) } }
        }
    };
    let page = Page {
        title: kind.resource.list(),
        section: Some(kind.resource.into()),
        watch: Some(kind.watch),
        head,
        live,
    };
    Ok(layout::page_with(context, status, page))
}

/// The API's parameter of Events for their time range.
const MINUTES: &str = "Minutes";

/// Time ranges of Events, in minutes: the API's default, and longer ones up to the retention period.
const RANGES: [(u32, &str); 4] = [
    (15, "15 minutes"),
    (60, "hour"),
    (24 * 60, "day"),
    (30 * 24 * 60, "30 days"),
];

/// The time range of a list of Events that names none. Those of one Task are few, so the whole
/// retention period is read; of all others, the API's default.
struct TimeRange {
    minutes: u32,
}

fn time_range(context: &RequestContext<'_>, kind: &Kind) -> Option<TimeRange> {
    let is_chosen = !context.query.text(MINUTES).is_empty();
    if kind.resource != Resource::Events || is_chosen {
        return None;
    }
    let [(default, _), .., (all, _)] = RANGES;
    let is_of_task = !context.query.text("TaskSid").is_empty();
    Some(TimeRange {
        minutes: if is_of_task { all } else { default },
    })
}

impl TimeRange {
    /// The range in words, and links to the longer ones.
    fn show(&self, context: &RequestContext<'_>, kind: &Kind) -> Markup {
        let name = RANGES.iter().find(|(minutes, _)| *minutes == self.minutes);
        let names: Vec<&str> = kind.filters.iter().map(|filter| filter.name).collect();
        let query = context.query.encode(&names);
        let longer = RANGES.iter().filter(|(minutes, _)| *minutes > self.minutes);
        html! {
            p #range {
                "Events of the last " (name.map_or("", |(_, name)| name)) "."
                @for (minutes, name) in longer {
                    " " a href={ "/console/" (kind.resource.path()) "?" (query) "&" (MINUTES) "=" (minutes) } { "Last " (name) }
                }
            }
        }
    }
}

/// The filters as a form that requests this page; it works without scripts.
async fn filters(context: &RequestContext<'_>, kind: &Kind, refused: Option<&Refused>) -> Markup {
    let field_error = refused.and_then(Refused::field_error);
    let mut fields = Vec::new();
    for field in kind.filters {
        let error = field_error
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        fields.push(edit::input(context, field, context.query.text(field.name), error).await);
    }
    html! {
        form .row method="get" role="search" aria-label={ "Filter " (kind.resource.list()) } {
            @for (field, input) in kind.filters.iter().zip(fields) {
                div .field { label for=(field.name) { (field.label) } (input) }
            }
            button type="submit" { "Show" }
        }
    }
}

async fn table(context: &RequestContext<'_>, kind: &Kind, list: &Value) -> Markup {
    let mut resources = entries(list).to_vec();
    resources
        .iter_mut()
        .for_each(|resource| add_seconds_in_status(resource, context.now));
    let related = related::of(context, kind.resource, &resources).await;
    let rows: Vec<Row<'_>> = resources
        .iter()
        .map(|resource| Row {
            resource,
            related: related.get(text(resource, "sid")).unwrap_or(&Value::Null),
        })
        .collect();
    html! {
        div .scroll role="region" aria-label=(kind.resource.list()) tabindex="0" {
            table {
                caption { (caption(kind, rows.len())) }
                thead { tr { @for column in kind.columns { th scope="col" { (column.title) } } } }
                tbody { @for row in &rows { (table_row(kind, row)) } }
            }
        }
        (pager(kind.resource.into(), list))
    }
}

fn caption(kind: &Kind, rows: usize) -> String {
    match rows {
        0 => format!("No {} here.", kind.resource.list()),
        1 => format!("1 {} on this page", kind.resource.singular()),
        rows => format!("{rows} {} on this page", kind.resource.list()),
    }
}

fn table_row(kind: &Kind, row: &Row<'_>) -> Markup {
    let sid = text(row.resource, "sid");
    html! {
        tr id={ "row-" (sid) } {
            @for (at, column) in kind.columns.iter().enumerate() {
                @if at == 0 {
                    th scope="row" { a id={ "to-" (sid) } href={ "/console/" (kind.resource.path()) "/" (sid) } { ((column.cell)(row)) } }
                } @else {
                    td { ((column.cell)(row)) }
                }
            }
        }
    }
}

/// Adds the seconds since a Worker's Activity changed, which the API does not report.
fn add_seconds_in_status(resource: &mut Value, now: Timestamp) {
    let since: Option<Timestamp> = text(resource, "date_status_changed").parse().ok();
    if let (Some(since), Some(resource)) = (since, resource.as_object_mut()) {
        resource.insert(
            "seconds_in_status".to_owned(),
            now.since(since).as_secs().into(),
        );
    }
}

/// Links to the previous and next page: the API's pages, at the console's address.
pub fn pager(section: Section, list: &Value) -> Markup {
    let neighbour = |key: &str| {
        let address = list
            .pointer(&format!("/meta/{key}"))
            .and_then(Value::as_str)?;
        let (_, query) = address.split_once('?')?;
        Some(format!(
            "/console/{}?{}",
            section.path(),
            Form::read(query.as_bytes()).encode_all()
        ))
    };
    let previous = neighbour("previous_page_url");
    let next = neighbour("next_page_url");
    html! {
        @if previous.is_some() || next.is_some() {
            nav .pager aria-label="Pages of the list" {
                @if let Some(previous) = previous { a #previous rel="prev" href=(previous) { "← Previous" } }
                @if let Some(next) = next { a #next rel="next" href=(next) { "Next →" } }
            }
        }
    }
}
