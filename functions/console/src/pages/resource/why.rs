//! The API's `Explain`: why a Task waits, and why a Worker is offered no Task.

use maud::{Markup, html};
use serde::de::DeserializeOwned;
use task_router::router::explain::{
    Ahead, Candidate, Channel, Queue, Reason, TaskExplanation, Waiting, WorkerExplanation,
};

use super::cells::link;
use crate::console::Refused;
use crate::request_context::RequestContext;
use crate::section::Resource;

/// The section of a Task's page.
pub async fn task_waits(context: &RequestContext<'_>, task: &str) -> Markup {
    let explanation = explain::<TaskExplanation>(context, &format!("Tasks/{task}/Explain")).await;
    section("Why is this Task waiting?", &explanation, |explanation| {
        (explanation.summary.as_str(), of_task(explanation))
    })
}

/// The section of a Worker's page.
pub async fn worker_is_idle(context: &RequestContext<'_>, worker: &str) -> Markup {
    let explanation =
        explain::<WorkerExplanation>(context, &format!("Workers/{worker}/Explain")).await;
    section(
        "Why is this Worker offered no Task?",
        &explanation,
        |explanation| (explanation.summary.as_str(), of_worker(explanation)),
    )
}

async fn explain<T: DeserializeOwned>(
    context: &RequestContext<'_>,
    place: &str,
) -> Result<T, Refused> {
    let unreadable = |error: serde_json::Error| Refused {
        status: http::StatusCode::BAD_GATEWAY,
        message: error.to_string(),
    };
    serde_json::from_value(context.get(place).await?).map_err(unreadable)
}

fn section<'t, T>(
    title: &str,
    explanation: &'t Result<T, Refused>,
    show: impl Fn(&'t T) -> (&'t str, Markup),
) -> Markup {
    html! {
        section aria-labelledby="why" {
            h2 #why { (title) }
            @match explanation.as_ref().map(show) {
                Ok((summary, details)) => { p #why-summary { (summary) } (details) }
                Err(refused) => p .quiet { (refused.message) },
            }
        }
    }
}

fn of_task(explanation: &TaskExplanation) -> Markup {
    html! {
        @if let Some(journey) = &explanation.workflow {
            p {
                "The Task is in " (journey.place) ", "
                (link(Resource::TaskQueues, &explanation.task_queue_sid.to_string(), &explanation.task_queue_friendly_name))
                @if let Some(ahead) = explanation.ahead { ", " (tasks(ahead)) " before it" }
                ", " (journey.outlook) "."
            }
            @if !explanation.workers.is_empty() { (candidates(explanation)) }
        }
    }
}

fn candidates(explanation: &TaskExplanation) -> Markup {
    let more = [
        (explanation.more_in_task_queue, "Workers of the TaskQueue"),
        (explanation.more_outside, "Workers outside the TaskQueue"),
    ];
    html! {
        div .scroll role="region" aria-label="Workers and their obstacles" tabindex="0" {
            table {
                caption { "Workers and their obstacles" }
                thead { tr { th scope="col" { "Worker" } th scope="col" { "Activity" } th scope="col" { "TaskQueue" } th scope="col" { "Obstacles" } } }
                tbody { @for worker in &explanation.workers { (candidate(worker)) } }
            }
        }
        @for (number, group) in more { @if number > 0 { p .quiet { "and " (number) " more " (group) } } }
        @if explanation.more_not_looked_at { p .quiet { "The Workspace has more Workers that were not examined." } }
    }
}

fn candidate(worker: &Candidate) -> Markup {
    html! {
        tr id={ "why-" (worker.worker_sid) } {
            th scope="row" { (link(Resource::Workers, &worker.worker_sid.to_string(), &worker.friendly_name)) }
            td { (worker.activity_name) }
            td { @if worker.in_task_queue { "yes" } @else { "no" } }
            td { (reasons(&worker.obstacles, "None: this Worker is offered the Task at once.")) }
        }
    }
}

fn of_worker(explanation: &WorkerExplanation) -> Markup {
    html! {
        @if !explanation.waiting_for_them.is_empty() {
            h3 { "Tasks that wait for this Worker only" }
            (waiting(&explanation.waiting_for_them))
        }
        div .scroll role="region" aria-label="TaskQueues" tabindex="0" {
            table {
                caption { "TaskQueues" }
                thead { tr { th scope="col" { "TaskQueue" } th scope="col" { "Member" } th scope="col" { "Waiting" } th scope="col" { "Obstacles" } } }
                tbody { @for queue in &explanation.task_queues { (queue_row(queue)) } }
            }
        }
        @for (number, group) in [(explanation.more_served, "that this Worker serves"), (explanation.more_not_served, "that this Worker does not serve")] {
            @if number > 0 { p .quiet { "and " (number) " more TaskQueues " (group) } }
        }
        div .scroll role="region" aria-label="Capacity" tabindex="0" {
            table {
                caption { "Capacity" }
                thead { tr { th scope="col" { "TaskChannel" } th scope="col" { "Occupied" } th scope="col" { "Tasks" } } }
                tbody { @for channel in &explanation.channels { (channel_row(channel)) } }
            }
        }
    }
}

fn queue_row(queue: &Queue) -> Markup {
    html! {
        tr id={ "why-" (queue.task_queue_sid) } {
            th scope="row" { (link(Resource::TaskQueues, &queue.task_queue_sid.to_string(), &queue.friendly_name)) }
            td { @if queue.serves { "yes" } @else { "no" } }
            td { @if let Some(waiting) = queue.waiting { (tasks(waiting)) } @else { "not examined" } }
            td {
                @match &queue.obstacle {
                    Some(obstacle) => (reasons(std::slice::from_ref(obstacle), "")),
                    None if queue.tasks.is_empty() => "No Task waits.",
                    None => (waiting(&queue.tasks)),
                }
            }
        }
    }
}

fn channel_row(channel: &Channel) -> Markup {
    html! {
        tr {
            th scope="row" { (channel.task_channel_unique_name) }
            td {
                (channel.occupied) " of " (channel.configured_capacity)
                @if !channel.available { ", set to unavailable" }
            }
            td { @for task in &channel.task_sids { (link(Resource::Tasks, &task.to_string(), "")) " " } }
        }
    }
}

fn waiting(tasks: &[Waiting]) -> Markup {
    html! {
        ul {
            @for task in tasks {
                li {
                    (link(Resource::Tasks, &task.task_sid.to_string(), ""))
                    (reasons(&task.obstacles, "No obstacle: this Worker is offered the Task at once."))
                }
            }
        }
    }
}

/// The obstacles. An expression is shown in full, with its false parts marked.
fn reasons(reasons: &[Reason], none: &str) -> Markup {
    html! {
        @if reasons.is_empty() { p { (none) } }
        @else {
            ul .reasons {
                @for reason in reasons {
                    li {
                        (reason.text)
                        @if let Some(expression) = &reason.expression {
                            br;
                            code { @for (piece, is_false) in expression.marked() { @if is_false { mark { (piece) } } @else { (piece) } } }
                        }
                    }
                }
            }
        }
    }
}

fn tasks(count: Ahead) -> Markup {
    html! { @if count.at_least { "at least " } (count.tasks) @if count.tasks == 1 { " Task" } @else { " Tasks" } }
}
