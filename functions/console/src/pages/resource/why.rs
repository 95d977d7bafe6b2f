//! Why a Task waits, and why nothing comes to a Worker: what the API's `Explain` says, to be read by people.

use maud::{Markup, html};
use serde::de::DeserializeOwned;
use task_router::router::explain::{
    Ahead, Candidate, Channel, Queue, Reason, TaskExplanation, Waiting, WorkerExplanation,
};

use super::cells::link;
use crate::request_context::{Refused, RequestContext};

/// The section of a Task's page.
pub async fn task_waits(visit: &RequestContext<'_>, task: &str) -> Markup {
    let told = ask::<TaskExplanation>(visit, &format!("Tasks/{task}/Explain")).await;
    section("Why is this waiting?", &told, |told| {
        (told.summary.as_str(), of_task(told))
    })
}

/// The section of a Worker's page.
pub async fn nothing_comes(visit: &RequestContext<'_>, worker: &str) -> Markup {
    let told = ask::<WorkerExplanation>(visit, &format!("Workers/{worker}/Explain")).await;
    section("Why does nothing come?", &told, |told| {
        (told.summary.as_str(), of_worker(told))
    })
}

async fn ask<T: DeserializeOwned>(visit: &RequestContext<'_>, place: &str) -> Result<T, Refused> {
    let unreadable = |error: serde_json::Error| Refused {
        status: http::StatusCode::BAD_GATEWAY,
        message: error.to_string(),
    };
    serde_json::from_value(visit.get(place).await?).map_err(unreadable)
}

fn section<'t, T>(
    title: &str,
    told: &'t Result<T, Refused>,
    show: impl Fn(&'t T) -> (&'t str, Markup),
) -> Markup {
    html! {
        section aria-labelledby="why" {
            h2 #why { (title) }
            @match told.as_ref().map(show) {
                Ok((summary, details)) => { p #why-summary { (summary) } (details) }
                Err(refused) => p .quiet { (refused.message) },
            }
        }
    }
}

fn of_task(told: &TaskExplanation) -> Markup {
    html! {
        @if let Some(journey) = &told.workflow {
            p {
                "It is in " (journey.place) ", "
                (link("task-queues", &told.task_queue_sid.to_string(), &told.task_queue_friendly_name))
                @if let Some(ahead) = told.ahead { ", " (tasks(ahead)) " before it" }
                ", " (journey.outlook) "."
            }
            @if !told.workers.is_empty() { (candidates(told)) }
        }
    }
}

fn candidates(told: &TaskExplanation) -> Markup {
    let more = [
        (told.more_in_task_queue, "of the TaskQueue"),
        (told.more_outside, "outside it"),
    ];
    html! {
        div .scroll role="region" aria-label="Workers, and what keeps them from it" tabindex="0" {
            table {
                caption { "Workers, and what keeps them from it" }
                thead { tr { th scope="col" { "Worker" } th scope="col" { "Activity" } th scope="col" { "TaskQueue" } th scope="col" { "In the way" } } }
                tbody { @for worker in &told.workers { (candidate(worker)) } }
            }
        }
        @for (number, whose) in more { @if number > 0 { p .quiet { "and " (number) " more " (whose) } } }
        @if told.more_not_looked_at { p .quiet { "The Workspace has more Workers, who were not looked at." } }
    }
}

fn candidate(worker: &Candidate) -> Markup {
    html! {
        tr id={ "why-" (worker.worker_sid) } {
            th scope="row" { (link("workers", &worker.worker_sid.to_string(), &worker.friendly_name)) }
            td { (worker.activity_name) }
            td { @if worker.in_task_queue { "yes" } @else { "no" } }
            td { (reasons(&worker.obstacles, "Nothing: it is offered to them at once.")) }
        }
    }
}

fn of_worker(told: &WorkerExplanation) -> Markup {
    html! {
        @if !told.waiting_for_them.is_empty() {
            h3 { "Waiting for them alone" }
            (waiting(&told.waiting_for_them))
        }
        div .scroll role="region" aria-label="TaskQueues" tabindex="0" {
            table {
                caption { "TaskQueues" }
                thead { tr { th scope="col" { "TaskQueue" } th scope="col" { "Theirs" } th scope="col" { "Waiting" } th scope="col" { "In the way" } } }
                tbody { @for queue in &told.task_queues { (queue_row(queue)) } }
            }
        }
        @for (number, whose) in [(told.more_served, "of theirs"), (told.more_not_served, "of others")] {
            @if number > 0 { p .quiet { "and " (number) " more TaskQueues " (whose) } }
        }
        div .scroll role="region" aria-label="Capacity" tabindex="0" {
            table {
                caption { "Capacity" }
                thead { tr { th scope="col" { "TaskChannel" } th scope="col" { "Taken" } th scope="col" { "By" } } }
                tbody { @for channel in &told.channels { (channel_row(channel)) } }
            }
        }
    }
}

fn queue_row(queue: &Queue) -> Markup {
    html! {
        tr id={ "why-" (queue.task_queue_sid) } {
            th scope="row" { (link("task-queues", &queue.task_queue_sid.to_string(), &queue.friendly_name)) }
            td { @if queue.serves { "yes" } @else { "no" } }
            td { @if let Some(waiting) = queue.waiting { (tasks(waiting)) } @else { "not looked at" } }
            td {
                @match &queue.obstacle {
                    Some(obstacle) => (reasons(std::slice::from_ref(obstacle), "")),
                    None if queue.tasks.is_empty() => "Nothing waits.",
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
            td { @for task in &channel.task_sids { (link("tasks", &task.to_string(), "")) " " } }
        }
    }
}

fn waiting(tasks: &[Waiting]) -> Markup {
    html! {
        ul {
            @for task in tasks {
                li {
                    (link("tasks", &task.task_sid.to_string(), ""))
                    (reasons(&task.obstacles, "Nothing is in the way: it comes to them at once."))
                }
            }
        }
    }
}

/// What is in the way; of an expression also the whole of it, with the false parts marked.
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
