//! The page of one resource: its properties, the actions it allows, and related sections.

use maud::{Markup, html};
use serde_json::Value;

use super::json_text::readable;
use super::schema::{Kind, Removal};
use super::{cells, diagram, edit, shadow, timeline, warnings, why};
use crate::changes::Watch;
use crate::console::{Refused, text};
use crate::layout::{self, Page, button};
use crate::pages::flows;
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Resource;

/// Properties whose text is a JSON document.
const DOCUMENTS: [&str; 3] = ["attributes", "configuration", "event_data"];

/// Properties without information for a reader.
const NOT_SHOWN: [&str; 5] = ["links", "url", "addons", "account_sid", "workspace_sid"];

/// The page.
pub async fn show(context: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    let resource = context
        .get(&format!("{}/{sid}", kind.resource.list()))
        .await?;
    let name = text(&resource, "friendly_name");
    let title = if name.is_empty() {
        format!("{} {sid}", kind.resource.singular())
    } else {
        format!("{} {name}", kind.resource.singular())
    };
    let is_connected = match kind.resource {
        Resource::Tasks => edit::task(context, sid)
            .await?
            .is_some_and(|task| task.connected_call().is_some()),
        Resource::Workers
        | Resource::TaskQueues
        | Resource::Workflows
        | Resource::Activities
        | Resource::Events => false,
    };
    let live = html! {
        (actions(context, kind, sid, &resource, is_connected))
        @match kind.resource {
            Resource::Workflows => {
                (warnings::of_workflow(context, sid).await)
                (shadow::of_workflow(context, sid).await)
                (diagram::of(context, &resource).await)
            }
            Resource::Tasks => {
                (why::task_waits(context, sid).await)
                (flows::path(context, &resource).await)
                (timeline::of(context, sid).await)
            }
            Resource::Workers => (why::worker_is_idle(context, sid).await),
            Resource::TaskQueues | Resource::Activities | Resource::Events => {}
        }
        (properties(&resource))
    };
    let watch = match kind.resource {
        Resource::Events => None,
        // A change of a Worker may change the reason for which a Task waits.
        Resource::Tasks
        | Resource::Workers
        | Resource::TaskQueues
        | Resource::Workflows
        | Resource::Activities => Some(Watch::Everything),
    };
    let head = html! { p { a href={ "/console/" (kind.resource.path()) } { "All " (kind.resource.list()) } } };
    Ok(layout::page(
        context,
        Page {
            title: &title,
            section: Some(kind.resource.into()),
            watch,
            head,
            live,
        },
    ))
}

fn actions(
    context: &RequestContext<'_>,
    kind: &Kind,
    sid: &str,
    resource: &Value,
    is_connected: bool,
) -> Markup {
    let address = format!("/console/{}/{sid}", kind.resource.path());
    html! {
        div .controls {
            @if !kind.update.is_empty() { a .button href={ (address) "/edit" } { "Change" } }
            @if kind.resource == Resource::Workers { a .button href={ "/console/desk/" (sid) } { "Open the desktop" } }
            @if is_connected {
                (button(context, &format!("{address}/hang-up"), "Hang up", &[], "danger"))
            } @else if kind.resource == Resource::Tasks {
                (task_actions(context, &address, resource))
            }
            @if kind.removal == Removal::Allowed && !is_connected {
                details #remove {
                    summary { "Remove" }
                    (button(context, &format!("{address}/remove"), &format!("Remove this {}", kind.resource.singular()), &[], "danger"))
                }
            }
        }
    }
}

/// Buttons for the changes of status that TaskRouter allows from the Task's present status.
fn task_actions(context: &RequestContext<'_>, address: &str, task: &Value) -> Markup {
    let set = |status: &str, label: &str| {
        button(
            context,
            &format!("{address}/status"),
            label,
            &[("AssignmentStatus", status)],
            "",
        )
    };
    html! {
        @match text(task, "assignment_status") {
            "pending" | "reserved" => (set("canceled", "Cancel")),
            "assigned" => { (set("wrapping", "Wrap up")) (set("completed", "Complete")) }
            "wrapping" => (set("completed", "Complete")),
            _ => {}
        }
    }
}

fn properties(resource: &Value) -> Markup {
    let all = resource.as_object().into_iter().flatten();
    let shown = all.filter(|(name, value)| !NOT_SHOWN.contains(&name.as_str()) && !value.is_null());
    html! {
        dl { @for (name, value) in shown { dt { (name) } dd { (property(name, value)) } } }
    }
}

fn property(name: &str, value: &Value) -> Markup {
    match value {
        Value::String(document) if DOCUMENTS.contains(&name) => {
            html! { pre tabindex="0" aria-label=(name) { (readable(document)) } }
        }
        Value::String(text) => match Resource::of_sid(text) {
            Some(resource) => cells::link(resource, text, ""),
            None => html! { (text) },
        },
        Value::Object(_) | Value::Array(_) => {
            html! { pre tabindex="0" aria-label=(name) { (readable(&value.to_string())) } }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => html! { (value) },
    }
}
