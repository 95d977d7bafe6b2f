//! The shadow of a Workflow: where it would have decided otherwise.

use maud::{Markup, html};
use serde_json::Value;

use super::cells::link;
use crate::console::text;
use crate::request_context::RequestContext;
use crate::section::Resource;

/// The section of a Workflow's page. Empty for a Workflow without a shadow.
pub async fn of_workflow(context: &RequestContext<'_>, workflow: &str) -> Markup {
    let answer = context.get(&format!("Workflows/{workflow}/Shadow")).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(refused) => return html! { p .quiet { (refused.message) } },
    };
    let shadow = text(&answer, "shadow_workflow_sid");
    if shadow.is_empty() {
        return html! {};
    }
    let differences = answer.get("differences").and_then(Value::as_array);
    let differences = differences.map(Vec::as_slice).unwrap_or_default();
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    html! {
        section aria-labelledby="shadow" {
            h2 #shadow { "Shadow" }
            p #shadow-summary {
                (link(Resource::Workflows, shadow, "The shadow Workflow"))
                " would have decided " (number("differing")) " of the latest " (number("compared"))
                " offers and waits otherwise."
            }
            @if !differences.is_empty() { (table(differences)) }
        }
    }
}

fn table(differences: &[Value]) -> Markup {
    html! {
        div .scroll role="region" aria-label="Differences" tabindex="0" {
            table {
                caption { "Differences" }
                thead { tr {
                    th scope="col" { "Time" } th scope="col" { "Task" } th scope="col" { "Differs in" }
                    th scope="col" { "This Workflow" } th scope="col" { "Shadow" }
                } }
                tbody {
                    @for difference in differences {
                        tr {
                            td { (text(difference, "date")) }
                            td { (link(Resource::Tasks, text(difference, "task_sid"), "")) }
                            td { (respects(difference)) }
                            td { (placement(difference.get("live"))) }
                            td { (placement(difference.get("shadow"))) }
                        }
                    }
                }
            }
        }
    }
}

fn respects(difference: &Value) -> String {
    let differs = difference.get("differs").and_then(Value::as_array);
    let names = differs.into_iter().flatten().filter_map(Value::as_str);
    names
        .map(|name| name.replace('_', " "))
        .collect::<Vec<_>>()
        .join(", ")
}

fn placement(placement: Option<&Value>) -> Markup {
    let Some(placement) = placement.filter(|placement| placement.is_object()) else {
        return html! { "The Task has left the Workflow." };
    };
    let workers = placement.get("workers").and_then(Value::as_array);
    let workers = workers.map(Vec::as_slice).unwrap_or_default();
    let priority = placement.get("priority").and_then(Value::as_u64);
    html! {
        (text(placement, "task_queue_friendly_name")) ", " (text(placement, "step"))
        ", priority " (priority.unwrap_or_default()) ", "
        @if workers.is_empty() { "no Worker" }
        @for worker in workers {
            (link(Resource::Workers, text(worker, "sid"), text(worker, "friendly_name"))) " "
        }
    }
}
