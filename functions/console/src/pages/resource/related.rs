//! Data that a table shows beside the resources of a page: the Workers of a Task, the capacity of a
//! Worker, the statistics of a TaskQueue. It is requested in batches for the whole page, not for
//! each row.

use std::collections::BTreeMap;
use std::str::FromStr;

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use task_router::model::{Task, Worker, Workspace};

use crate::console::{Refused, text};
use crate::request_context::RequestContext;
use crate::section::Resource;

/// The statuses in which a Task may have an open Reservation.
const HELD: [&str; 3] = ["reserved", "assigned", "wrapping"];

/// Maximum number of TaskQueues in one request of real-time statistics.
const QUEUE_BATCH_MAX: usize = 50;

/// Related data by the SID of the resource.
pub type Related = BTreeMap<String, Value>;

/// The related data of these resources. If it cannot be read, the result is empty and the table is
/// shown without it.
pub async fn of(context: &RequestContext<'_>, kind: Resource, resources: &[Value]) -> Related {
    let read = match kind {
        Resource::Tasks => of_tasks(context, resources).await,
        Resource::Workers => of_workers(context, resources).await,
        Resource::TaskQueues => of_queues(context, resources).await,
        Resource::Workflows | Resource::Activities | Resource::Events => Ok(Related::new()),
    };
    read.unwrap_or_default()
}

/// The Workers with open Reservations. They are part of the Task in the table, which is read in
/// batches of a hundred.
async fn of_tasks(context: &RequestContext<'_>, resources: &[Value]) -> Result<Related, Refused> {
    let held = resources
        .iter()
        .filter(|task| HELD.contains(&text(task, "assignment_status")));
    let tasks = context
        .console
        .api
        .store
        .tasks(&sids(held))
        .await
        .map_err(Refused::unavailable)?;
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

/// The capacity and the Reservations of Workers. They are part of the Worker in the table, which is
/// read in batches of a hundred.
async fn of_workers(context: &RequestContext<'_>, resources: &[Value]) -> Result<Related, Refused> {
    let store = &context.console.api.store;
    let workers = store
        .workers(&sids(resources.iter()))
        .await
        .map_err(Refused::unavailable)?;
    let workspace = store
        .workspace(context.workspace, context.now)
        .await
        .map_err(Refused::unavailable)?;
    let Some(workspace) = workspace else {
        return Ok(Related::new());
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

/// The real-time statistics. The API reads their source once for all TaskQueues of a request.
async fn of_queues(context: &RequestContext<'_>, resources: &[Value]) -> Result<Related, Refused> {
    let sids: Vec<&str> = resources.iter().map(|queue| text(queue, "sid")).collect();
    let parts = sids.chunks(QUEUE_BATCH_MAX).map(|part| async move {
        context
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
