//! The list of Workspaces, and the choice of the one that the pages of this browser show.
//!
//! The choice is a cookie. The token of a form is valid for one Workspace, so a page that was
//! opened before the choice changed cannot change the other Workspace.

use http::{StatusCode, header};
use ids::WorkspaceSid;
use maud::{Markup, html};
use serde_json::Value;

use super::resource::{Field, Input, PAGING, input, pager};
use crate::console::{Body, Refused, entries, text};
use crate::form::Form;
use crate::layout::{self, Page, button, csrf};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;

/// The console's address of the list.
const PATH: &str = "/console/workspaces";

/// The API's address of the list.
const API_PATH: &str = "/v1/Workspaces";

#[rustfmt::skip]
const FIELDS: &[Field] = &[
    Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
    Field { name: "EventCallbackUrl", property: "", label: "Event callback", input: Input::Line, help: "The URL that Events are sent to. Optional." },
];

/// The list.
pub async fn list(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let query = context.query.encode(&PAGING);
    let list = context
        .console
        .request(
            http::Method::GET,
            &format!("{API_PATH}?{query}"),
            Body::Nothing,
        )
        .await?;
    let live = html! {
        div .scroll role="region" aria-label="Workspaces" tabindex="0" {
            table {
                caption { "The pages show one Workspace at a time." }
                thead { tr { th scope="col" { "Workspace" } th scope="col" { "SID" } th scope="col" { "Shown" } } }
                tbody { @for workspace in entries(&list) { (row(context, workspace)) } }
            }
        }
        (pager(Section::Workspaces, &list))
    };
    let head = html! { p { a .button href={ (PATH) "/new" } { "New Workspace" } } };
    Ok(layout::page(
        context,
        Page {
            title: "Workspaces",
            section: Some(Section::Workspaces),
            watch: None,
            head,
            live,
        },
    ))
}

fn row(context: &RequestContext<'_>, workspace: &Value) -> Markup {
    let sid = text(workspace, "sid");
    html! {
        tr id={ "row-" (sid) } {
            th scope="row" { (text(workspace, "friendly_name")) }
            td { code { (sid) } }
            td {
                @if context.workspace.to_string() == sid { strong #shown { "yes" } }
                @else { (button(context, &format!("{PATH}/{sid}/open"), "Show", &[], "")) }
            }
        }
    }
}

/// The form for a new Workspace.
pub async fn new(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    Ok(form(context, &Form::default(), None).await)
}

/// Creates a Workspace and shows it.
pub async fn create(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let mut given = Form::default();
    for field in FIELDS
        .iter()
        .filter(|field| !context.form.text(field.name).is_empty())
    {
        given.push(field.name, context.form.text(field.name));
    }
    match context
        .console
        .request(http::Method::POST, API_PATH, Body::Form(given.encode_all()))
        .await
    {
        Ok(made) => open(context, text(&made, "sid")).await,
        Err(refused) => Ok(form(context, &context.form, Some(&refused)).await),
    }
}

/// Makes the pages of this browser show this Workspace.
pub async fn open(context: &RequestContext<'_>, sid: &str) -> Result<Reply, Refused> {
    let sid: WorkspaceSid = sid.parse().map_err(|_| context.no_such_page())?;
    context
        .console
        .request(
            http::Method::GET,
            &format!("{API_PATH}/{sid}"),
            Body::Nothing,
        )
        .await?;
    Ok(Reply::see_other("/console/tasks").with(
        header::SET_COOKIE,
        context.console.signer.workspace_cookie(sid),
    ))
}

async fn form(context: &RequestContext<'_>, values: &Form, refused: Option<&Refused>) -> Reply {
    let field_error = refused
        .and_then(Refused::field_error)
        .filter(|(name, _)| FIELDS.iter().any(|field| field.name == *name));
    let mut inputs = Vec::new();
    for field in FIELDS {
        let error = field_error
            .filter(|(name, _)| *name == field.name)
            .map(|(_, problem)| problem);
        inputs.push(input(context, field, values.text(field.name), error).await);
    }
    let live = html! {
        @if let Some(refused) = refused {
            p .alert role="alert" { "Nothing was created. " @if field_error.is_none() { (refused.message) } @else { "See the marked field." } }
        }
        form .stacked method="post" action={ (PATH) "/new" } {
            (csrf(context))
            @for (field, input) in FIELDS.iter().zip(inputs) { label for=(field.name) { (field.label) } (input) }
            button .primary type="submit" { "Save" }
        }
        p { a href=(PATH) { "Back to Workspaces" } }
    };
    let page = Page {
        title: "New Workspace",
        section: Some(Section::Workspaces),
        watch: None,
        head: html! {},
        live,
    };
    layout::page_with(
        context,
        refused.map_or(StatusCode::OK, |refused| refused.status),
        page,
    )
}
