//! What a table shows beside the resources of a page: who holds a Task, what a Worker's channels take, a TaskQueue's numbers. All
//! that is asked for a page is asked at once, however many rows it has.

use std::collections::BTreeMap;
use std::str::FromStr;

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use task_router::model::{Task, Worker, Workspace};

use super::Kind;
use crate::request_context::{Refused, RequestContext, text};

/// Statuses of a Task in which somebody holds it or is offered it.
const HELD: [&str; 3] = ["reserved", "assigned", "wrapping"];

/// TaskQueues the API tells the numbers of at once.
const QUEUES_AT_ONCE: usize = 50;

/// By the resource's SID.
pub type Beside = BTreeMap<String, Value>;

/// What belongs to these resources; nothing, if it cannot be had: the table itself is worth showing.
pub async fn of(visit: &RequestContext<'_>, kind: &Kind, resources: &[Value]) -> Beside {
    let read = match kind.place {
        "Tasks" => of_tasks(visit, resources).await,
        "Workers" => of_workers(visit, resources).await,
        "TaskQueues" => of_queues(visit, resources).await,
        _ => Ok(Beside::new()),
    };
    read.unwrap_or_default()
}

/// The Workers of open Reservations. They are in the Tasks as the table has them: a read for each hundred.
async fn of_tasks(visit: &RequestContext<'_>, resources: &[Value]) -> Result<Beside, Refused> {
    let held: Vec<&Value> = resources
        .iter()
        .filter(|task| HELD.contains(&text(task, "assignment_status")))
        .collect();
    let tasks = visit
        .console
        .api
        .store
        .tasks(&sids(held.into_iter()))
        .await
        .map_err(Refused::away)?;
    Ok(tasks
        .iter()
        .map(|task| (task.sid.to_string(), json!({ "workers": holders(task) })))
        .collect())
}

fn holders(task: &Task) -> Value {
    let open = task
        .reservations
        .iter()
        .filter(|reservation| reservation.status.is_open());
    open.map(|reservation| json!({ "sid": reservation.worker_sid, "friendly_name": reservation.worker_name })).collect()
}

/// Channels and Reservations. They are in the Workers as the table has them: a read for each hundred.
async fn of_workers(visit: &RequestContext<'_>, resources: &[Value]) -> Result<Beside, Refused> {
    let store = &visit.console.api.store;
    let workers = store
        .workers(&sids(resources.iter()))
        .await
        .map_err(Refused::away)?;
    let workspace = store
        .workspace(visit.workspace, visit.now)
        .await
        .map_err(Refused::away)?;
    let Some(workspace) = workspace else {
        return Ok(Beside::new());
    };
    let row = |worker: &Worker| json!({ "channels": channels(worker, &workspace), "reservations": reservations(worker) });
    Ok(workers
        .iter()
        .map(|worker| (worker.sid.to_string(), row(worker)))
        .collect())
}

fn channels(worker: &Worker, workspace: &Workspace) -> Value {
    let shown = workspace.task_channels.values().map(|channel| {
        let share = worker.share(channel.unique_name);
        json!({
            "name": channel.unique_name.as_str(),
            "occupied": worker.occupied(channel.unique_name),
            "capacity": share.configured_capacity,
            "is_open": share.available,
        })
    });
    shown.collect()
}

fn reservations(worker: &Worker) -> Value {
    let open = worker.open_reservations.iter();
    open.map(|open| json!({ "task_sid": open.task_sid, "channel": open.channel.as_str() }))
        .collect()
}

/// The numbers of the moment: what the API makes them of is read once for all TaskQueues of the page.
async fn of_queues(visit: &RequestContext<'_>, resources: &[Value]) -> Result<Beside, Refused> {
    let sids: Vec<&str> = resources.iter().map(|queue| text(queue, "sid")).collect();
    let parts = sids.chunks(QUEUES_AT_ONCE).map(|part| async move {
        visit
            .post_json(
                "TaskQueues/RealTimeStatistics",
                &json!({ "QueueSids": part }),
            )
            .await
    });
    let answers = try_join_all(parts).await?;
    let all = answers
        .iter()
        .filter_map(|answer| answer.get("task_queue_data")?.as_array())
        .flatten();
    Ok(all
        .map(|queue| (text(queue, "task_queue_sid").to_owned(), queue.clone()))
        .collect())
}

fn sids<'r, S: FromStr>(resources: impl Iterator<Item = &'r Value>) -> Vec<S> {
    resources
        .filter_map(|resource| text(resource, "sid").parse().ok())
        .collect()
}
