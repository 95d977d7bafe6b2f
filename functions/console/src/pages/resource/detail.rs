//! One resource: what it says, what can be done with it, and what belongs to it.

use maud::{Markup, html};
use serde_json::Value;

use super::edit::readable;
use super::{Kind, cells, timeline, why};
use crate::changes::Watch;
use crate::layout::{self, Page, button};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext, text};

/// Properties that are documents.
const DOCUMENTS: [&str; 3] = ["attributes", "configuration", "event_data"];

/// Properties that say nothing to people.
const NOT_SHOWN: [&str; 5] = ["links", "url", "addons", "account_sid", "workspace_sid"];

/// The page.
pub async fn show(visit: &RequestContext<'_>, kind: &Kind, sid: &str) -> Result<Reply, Refused> {
    let resource = visit.get(&format!("{}/{sid}", kind.place)).await?;
    let name = text(&resource, "friendly_name");
    let title = if name.is_empty() {
        format!("{} {sid}", kind.one)
    } else {
        format!("{} {name}", kind.one)
    };
    let live = html! {
        (actions(visit, kind, sid, &resource))
        @if kind.place == "Workflows" { (super::diagram::of(visit, &resource).await) }
        @if kind.place == "Tasks" { (why::task_waits(visit, sid).await) }
        @if kind.place == "Workers" { (why::nothing_comes(visit, sid).await) }
        @if kind.place == "Tasks" { (timeline::of(visit, sid).await) }
        (properties(&resource))
    };
    let watch = match kind.place {
        "Events" => None,
        // What a Task waits for may be a Worker.
        _ => Some(Watch::Everything),
    };
    let head = html! { p { a href={ "/console/" (kind.section) } { "All " (kind.place) } } };
    Ok(layout::page(
        visit,
        Page {
            title: &title,
            section: kind.section,
            watch,
            head,
            live,
        },
    ))
}

fn actions(visit: &RequestContext<'_>, kind: &Kind, sid: &str, resource: &Value) -> Markup {
    let here = format!("/console/{}/{sid}", kind.section);
    html! {
        div .controls {
            @if !kind.update.is_empty() { a .button href={ (here) "/edit" } { "Change" } }
            @if kind.place == "Workers" { a .button href={ "/console/desk/" (sid) } { "Open the desktop" } }
            @if kind.place == "Tasks" { (task_actions(visit, &here, resource)) }
            @if kind.removable {
                details #remove {
                    summary { "Remove" }
                    (button(visit, &format!("{here}/remove"), &format!("Remove this {}", kind.one), &[], "danger"))
                }
            }
        }
    }
}

/// The changes of status that TaskRouter allows from where the Task is.
fn task_actions(visit: &RequestContext<'_>, here: &str, task: &Value) -> Markup {
    let set = |status: &str, label: &str| {
        button(
            visit,
            &format!("{here}/status"),
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
    if let (true, Value::String(document)) = (DOCUMENTS.contains(&name), value) {
        return html! { pre tabindex="0" aria-label=(name) { (readable(document)) } };
    }
    match value {
        Value::String(text) => match section_of(text) {
            Some(section) => cells::link(section, text, ""),
            None => html! { (text) },
        },
        Value::Object(_) | Value::Array(_) => {
            html! { pre tabindex="0" aria-label=(name) { (readable(&value.to_string())) } }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => html! { (value) },
    }
}

/// Where a SID leads, by its two capitals.
fn section_of(text: &str) -> Option<&'static str> {
    let (prefix, digits) = text.split_at_checked(2)?;
    let is_sid = digits.len() == 32 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    let section = match prefix {
        "WT" => "tasks",
        "WK" => "workers",
        "WQ" => "task-queues",
        "WW" => "workflows",
        "WA" => "activities",
        _ => return None,
    };
    is_sid.then_some(section)
}
