//! All Workspaces, and which of them the pages of this browser show.
//!
//! The choice is a cookie. Tokens of forms are good for one Workspace only, so a page that was opened before the choice changed
//! can do nothing in the other one.

use http::{StatusCode, header};
use ids::WorkspaceSid;
use maud::{Markup, html};
use serde_json::Value;

use super::resource::{Field, Input, input, pager};
use crate::form::Form;
use crate::layout::{self, Page, button, csrf};
use crate::reply::Reply;
use crate::request_context::{Body, Refused, RequestContext, entries, text};
use crate::routes::nothing_here;

/// Their section.
pub const SECTION: &str = "workspaces";

/// What the API calls them.
const PLACE: &str = "/v1/Workspaces";

#[rustfmt::skip]
const FIELDS: &[Field] = &[
    Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
    Field { name: "EventCallbackUrl", property: "", label: "Event callback", input: Input::Line, help: "Where what happens in it is told; may stay empty." },
];

/// The table.
pub async fn list(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let query = visit.query.encode(&super::resource::PAGING);
    let list = visit
        .console
        .ask(
            http::Method::GET,
            &format!("{PLACE}?{query}"),
            Body::Nothing,
        )
        .await?;
    let live = html! {
        div .scroll role="region" aria-label="Workspaces" tabindex="0" {
            table {
                caption { "The pages show one Workspace at a time." }
                thead { tr { th scope="col" { "Workspace" } th scope="col" { "SID" } th scope="col" { "Shown" } } }
                tbody { @for workspace in entries(&list) { (row(visit, workspace)) } }
            }
        }
        (pager(SECTION, &list))
    };
    let head = html! { p { a .button href={ "/console/" (SECTION) "/new" } { "New Workspace" } } };
    Ok(layout::page(
        visit,
        Page {
            title: "Workspaces",
            section: SECTION,
            watch: None,
            head,
            live,
        },
    ))
}

fn row(visit: &RequestContext<'_>, workspace: &Value) -> Markup {
    let sid = text(workspace, "sid");
    html! {
        tr id={ "row-" (sid) } {
            th scope="row" { (text(workspace, "friendly_name")) }
            td { code { (sid) } }
            td {
                @if visit.workspace.to_string() == sid { strong #shown { "this one" } }
                @else { (button(visit, &format!("/console/{SECTION}/{sid}/open"), "Show", &[], "")) }
            }
        }
    }
}

/// The form for a new one.
pub async fn new(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    Ok(form(visit, &Form::default(), None).await)
}

/// Makes one and shows it.
pub async fn create(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let mut given = Form::default();
    for field in FIELDS
        .iter()
        .filter(|field| !visit.form.text(field.name).is_empty())
    {
        given.push(field.name, visit.form.text(field.name));
    }
    match visit
        .console
        .ask(http::Method::POST, PLACE, Body::Form(given.encode_all()))
        .await
    {
        Ok(made) => open(visit, text(&made, "sid")).await,
        Err(refused) => Ok(form(visit, &visit.form, Some(&refused)).await),
    }
}

/// From now on this browser's pages show this one.
pub async fn open(visit: &RequestContext<'_>, sid: &str) -> Result<Reply, Refused> {
    let sid: WorkspaceSid = sid.parse().map_err(|_| nothing_here(visit))?;
    visit
        .console
        .ask(http::Method::GET, &format!("{PLACE}/{sid}"), Body::Nothing)
        .await?;
    Ok(Reply::see_other("/console/tasks").with(
        header::SET_COOKIE,
        visit.console.signer.workspace_cookie(sid),
    ))
}

async fn form(visit: &RequestContext<'_>, values: &Form, refused: Option<&Refused>) -> Reply {
    let about = refused
        .and_then(Refused::about)
        .filter(|(name, _)| FIELDS.iter().any(|field| field.name == *name));
    let mut inputs = Vec::new();
    for field in FIELDS {
        let mistake = about
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        inputs.push(input(visit, field, values.text(field.name), mistake).await);
    }
    let live = html! {
        @if let Some(refused) = refused {
            p .alert role="alert" { "Nothing was made. " @if about.is_none() { (refused.message) } @else { "See below." } }
        }
        form .stacked method="post" action={ "/console/" (SECTION) "/new" } {
            (csrf(visit))
            @for (field, input) in FIELDS.iter().zip(inputs) { label for=(field.name) { (field.label) } (input) }
            button .primary type="submit" { "Save" }
        }
        p { a href={ "/console/" (SECTION) } { "Back to Workspaces" } }
    };
    let page = Page {
        title: "New Workspace",
        section: SECTION,
        watch: None,
        head: html! {},
        live,
    };
    layout::page_with(
        visit,
        refused.map_or(StatusCode::OK, |refused| refused.status),
        page,
    )
}
