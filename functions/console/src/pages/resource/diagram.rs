//! A Workflow as a list of filters: the TaskQueues and Workers of each step, and the default.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::cells::link;
use crate::console::{entries, text};
use crate::request_context::RequestContext;
use crate::section::Resource;

/// The names of TaskQueues, by SID.
type Names = BTreeMap<String, String>;

/// The section of a Workflow's page. Without an answer of the API, queues are named by their SID.
pub async fn of(context: &RequestContext<'_>, workflow: &Value) -> Markup {
    let list = context
        .get("TaskQueues?PageSize=200")
        .await
        .unwrap_or_default();
    let name = |queue: &Value| {
        (
            text(queue, "sid").to_owned(),
            text(queue, "friendly_name").to_owned(),
        )
    };
    let names: Names = entries(&list).iter().map(name).collect();
    let configuration: Value =
        serde_json::from_str(text(workflow, "configuration")).unwrap_or_default();
    let routing = configuration.get("task_routing").unwrap_or(&Value::Null);
    let filters = routing
        .get("filters")
        .and_then(Value::as_array)
        .map_or(&[] as &[Value], Vec::as_slice);
    html! {
        section aria-labelledby="diagram" {
            h2 #diagram { "Path of a Task" }
            ol .flow {
                @for (at, filter) in filters.iter().enumerate() { (filter_box(at, filter, &names)) }
                @if let Some(default) = routing.get("default_filter").filter(|default| !default.is_null()) {
                    li .card {
                        h3 { "All other Tasks" }
                        ol .steps { (step(default, &names)) }
                    }
                } @else {
                    li .card { h3 { "All other Tasks" } p .quiet { "are canceled: there is no default filter." } }
                }
            }
        }
    }
}

fn filter_box(at: usize, filter: &Value, names: &Names) -> Markup {
    // TaskRouter accepts both spellings.
    let name = ["filter_friendly_name", "friendly_name"]
        .into_iter()
        .map(|key| text(filter, key))
        .find(|name| !name.is_empty());
    let targets = filter
        .get("targets")
        .and_then(Value::as_array)
        .map_or(&[] as &[Value], Vec::as_slice);
    html! {
        li .card {
            h3 { (at + 1) ". " (name.unwrap_or("Filter")) }
            p { "Tasks with " code { (text(filter, "expression")) } }
            ol .steps { @for target in targets { (step(target, names)) } }
        }
    }
}

/// One step as a sentence.
fn step(target: &Value, names: &Names) -> Markup {
    let queue = text(target, "queue");
    let value = |key: &str| {
        target
            .get(key)
            .filter(|value| !value.is_null())
            .map(|value| match value {
                Value::String(text) => text.clone(),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => value.to_string(),
            })
    };
    html! {
        li {
            "TaskQueue " (link(Resource::TaskQueues, queue, names.get(queue).map_or("", String::as_str)))
            @if let Some(expression) = value("expression") { ", Workers with " code { (expression) } }
            @if let Some(worker) = value("known_worker_sid").or_else(|| value("known_worker_friendly_name")) { ", known Worker " code { (worker) } }
            @if let Some(order) = value("order_by") { ", ordered by " code { (order) } }
            @if let Some(priority) = value("priority") { ", priority " (priority) }
            @if let Some(timeout) = value("timeout") { ", timeout " (timeout) " s" }
            @if let Some(skip) = value("skip_if") { ", skipped if " code { (skip) } }
        }
    }
}
