//! A table: a page of a list of the API, with its filters.

use http::StatusCode;
use ids::time::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::{Kind, PAGING, Row, edit, related};
use crate::form::Form;
use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext, entries, text};

/// The table. What the API says of a filter is shown beside that filter.
pub async fn show(visit: &RequestContext<'_>, kind: &Kind) -> Result<Reply, Refused> {
    let names: Vec<&str> = kind
        .filters
        .iter()
        .map(|filter| filter.name)
        .chain(PAGING)
        .collect();
    let answer = visit
        .get(&format!("{}?{}", kind.place, visit.query.encode(&names)))
        .await;
    let (status, live) = match &answer {
        Ok(list) => (StatusCode::OK, table(visit, kind, list).await),
        Err(refused) => (
            refused.status,
            html! { p .alert role="alert" { (refused.message) } },
        ),
    };
    let head = html! {
        (filters(visit, kind, answer.as_ref().err()).await)
        @if !kind.create.is_empty() {
            p { a .button href={ "/console/" (kind.section) "/new" } { "New " (kind.one) } }
        }
    };
    let page = Page {
        title: title(kind),
        section: kind.section,
        watch: Some(kind.watch),
        head,
        live,
    };
    Ok(layout::page_with(visit, status, page))
}

fn title(kind: &Kind) -> &'static str {
    kind.place
}

/// A form that asks for this page anew; it works by itself, without scripts.
async fn filters(visit: &RequestContext<'_>, kind: &Kind, refused: Option<&Refused>) -> Markup {
    let about = refused.and_then(Refused::about);
    let mut fields = Vec::new();
    for field in kind.filters {
        let mistake = about
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        fields.push(edit::input(visit, field, visit.query.text(field.name), mistake).await);
    }
    html! {
        form .row method="get" role="search" aria-label={ "Filter " (kind.place) } {
            @for (field, input) in kind.filters.iter().zip(fields) {
                div .field { label for=(field.name) { (field.label) } (input) }
            }
            button type="submit" { "Show" }
        }
    }
}

async fn table(visit: &RequestContext<'_>, kind: &Kind, list: &Value) -> Markup {
    let mut resources = entries(list).to_vec();
    resources
        .iter_mut()
        .for_each(|resource| add_times(resource, visit.now));
    let beside = related::of(visit, kind, &resources).await;
    let row = |resource| Row {
        resource,
        beside: beside.get(text(resource, "sid")).unwrap_or(&Value::Null),
    };
    let rows: Vec<Row<'_>> = resources.iter().map(row).collect();
    html! {
        div .scroll role="region" aria-label=(kind.place) tabindex="0" {
            table {
                caption { (caption(kind, rows.len())) }
                thead { tr { @for column in kind.columns { th scope="col" { (column.title) } } } }
                tbody { @for row in &rows { (table_row(kind, row)) } }
            }
        }
        (pager(kind.section, list))
    }
}

fn caption(kind: &Kind, rows: usize) -> String {
    match rows {
        0 => format!("No {} here.", kind.place),
        1 => format!("1 {} on this page", kind.one),
        rows => format!("{rows} {} on this page", kind.place),
    }
}

fn table_row(kind: &Kind, row: &Row<'_>) -> Markup {
    let sid = text(row.resource, "sid");
    html! {
        tr id={ "row-" (sid) } {
            @for (at, column) in kind.columns.iter().enumerate() {
                @if at == 0 {
                    th scope="row" { a id={ "to-" (sid) } href={ "/console/" (kind.section) "/" (sid) } { ((column.cell)(row)) } }
                } @else {
                    td { ((column.cell)(row)) }
                }
            }
        }
    }
}

/// How long a Worker has been in their Activity, which the API does not say.
pub fn add_times(resource: &mut Value, now: Timestamp) {
    let since: Option<Timestamp> = text(resource, "date_status_changed").parse().ok();
    if let (Some(since), Some(resource)) = (since, resource.as_object_mut()) {
        resource.insert(
            "seconds_in_status".to_owned(),
            now.since(since).as_secs().into(),
        );
    }
}

/// The neighbouring pages: the API's own, under our address.
pub fn pager(section: &str, list: &Value) -> Markup {
    let neighbour = |key: &str| {
        let address = list
            .pointer(&format!("/meta/{key}"))
            .and_then(Value::as_str)?;
        let (_, query) = address.split_once('?')?;
        Some(format!(
            "/console/{section}?{}",
            Form::read(query.as_bytes()).encode_all()
        ))
    };
    let (previous, next) = (neighbour("previous_page_url"), neighbour("next_page_url"));
    html! {
        @if previous.is_some() || next.is_some() {
            nav .pager aria-label="More of the list" {
                @if let Some(previous) = previous { a #previous rel="prev" href=(previous) { "← Back" } }
                @if let Some(next) = next { a #next rel="next" href=(next) { "On →" } }
            }
        }
    }
}
