//! Statistics (taskrouter.md section 13).
//!
//! Reading order: [`query`] (the parameters of a request), [`counts`] (the rows and Events that an
//! answer is computed from, and what they cost to read), [`cumulative`], [`real_time`] and
//! [`durations`] (the JSON). Each operation is a few lines here.

mod counts;
mod cumulative;
mod durations;
mod object;
mod query;
mod real_time;

use std::sync::Arc;

use ids::{TaskQueueSid, WorkflowSid};
use serde_json::{Value, json};
use task_router::model::{PartId, TaskQueue, Worker, Workspace};
use task_router::statistics::{ActiveTasks, Family, Tallies};

use super::configuration::{self, Row};
use super::worker as worker_resource;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::request_context::RequestContext;
use object::{Object, fields};
use query::{Query, Scope};

/// TaskQueues in one bulk request, as the official document says.
const BULK_QUEUES_MAX: usize = 50;

/// `GET …/RealTimeStatistics`
pub async fn workspace_real_time(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    tasks_real_time(context, &*context.workspace().await?, Scope::Workspace).await
}

/// `GET …/CumulativeStatistics`
pub async fn workspace_cumulative(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    tasks_cumulative(context, &*context.workspace().await?, Scope::Workspace).await
}

/// `GET …/Statistics`
pub async fn workspace(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    tasks_both(context, &*context.workspace().await?, Scope::Workspace).await
}

/// `GET …/TaskQueues/{TaskQueueSid}/RealTimeStatistics`
pub async fn task_queue_real_time(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    tasks_real_time(context, &workspace, queue_of(context, &workspace)?).await
}

/// `GET …/TaskQueues/{TaskQueueSid}/CumulativeStatistics`
pub async fn task_queue_cumulative(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    tasks_cumulative(context, &workspace, queue_of(context, &workspace)?).await
}

/// `GET …/TaskQueues/{TaskQueueSid}/Statistics`
pub async fn task_queue(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    tasks_both(context, &workspace, queue_of(context, &workspace)?).await
}

/// `GET …/Workflows/{WorkflowSid}/RealTimeStatistics`
pub async fn workflow_real_time(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    tasks_real_time(context, &workspace, workflow_of(context, &workspace)?).await
}

/// `GET …/Workflows/{WorkflowSid}/CumulativeStatistics`
pub async fn workflow_cumulative(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    tasks_cumulative(context, &workspace, workflow_of(context, &workspace)?).await
}

/// `GET …/Workflows/{WorkflowSid}/Statistics`
pub async fn workflow(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    tasks_both(context, &workspace, workflow_of(context, &workspace)?).await
}

/// `GET …/TaskQueues/Statistics`; filter `FriendlyName`. The counts are read once for the whole
/// page.
pub async fn task_queues(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let workspace = configuration::read(context).await?;
    let query = Query::read(context, &workspace)?;
    let name = context.query.text("FriendlyName");
    let matching = workspace
        .task_queues
        .values()
        .filter(|queue| name.is_none_or(|name| queue.friendly_name == name));
    let in_list = |queue: &TaskQueue| {
        let part = PartId::TaskQueue(queue.sid);
        Row::new(&workspace, queue.sid, part, queue.sid)
    };
    let queues: Vec<Row<TaskQueueSid>> = matching.map(in_list).collect();
    let now = Now::read(context, &workspace, Scope::Workspace).await?;
    let tallies =
        counts::tallies(context, &workspace, Family::Tasks, query.from, query.until).await?;
    let url = format!(
        "{}/TaskQueues/Statistics",
        context.view.workspace(workspace.sid)
    );
    paging.answer("task_queues_statistics", &url, queues, |queue| {
        let scope = Scope::Queue(queue.part);
        let mut object = scope.object(context, &workspace);
        object.insert(
            "realtime".to_owned(),
            now.shown(&query, &workspace, scope).into(),
        );
        object.insert(
            "cumulative".to_owned(),
            cumulative::of_tasks(&tallies, &query, scope).into(),
        );
        Ok(object.into())
    })
}

/// `POST …/TaskQueues/RealTimeStatistics` with `{"QueueSids":["WQ…"]}`, or `queueSids`. A TaskQueue
/// that does not exist has zeros (api-operations.md, "From the public product documentation").
pub async fn task_queues_real_time(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sids = query::queue_sids(context.headers, context.body, BULK_QUEUES_MAX)?;
    let workspace = configuration::read(context).await?;
    let query = Query::read_now(context, &workspace)?;
    let now = Now::read(context, &workspace, Scope::Workspace).await?;
    let shown = sids.into_iter().map(|sid| {
        let scope = Scope::Queue(sid);
        let mut object = scope.named();
        object.extend(now.shown(&query, &workspace, scope));
        Value::from(object)
    });
    let queues: Vec<Value> = shown.collect();
    let mut object = Scope::Workspace.object(context, &workspace);
    object.extend(fields(json!({
        "task_queue_response_count": queues.len(),
        "task_queue_data": queues,
        "url": format!("{}/TaskQueues/RealTimeStatistics", context.view.workspace(workspace.sid)),
    })));
    Ok(Answer::ok(object.into()))
}

/// `GET …/Workers/RealTimeStatistics`
pub async fn workers_real_time(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    Query::read_now(context, &workspace)?;
    let workers = counts::workers(context, &workspace).await?;
    let mut object = Scope::Workspace.object(context, &workspace);
    object.extend(real_time::of_workers(&workers, &workspace));
    object.insert(
        "url".to_owned(),
        workers_url(context, &workspace, "RealTimeStatistics"),
    );
    Ok(Answer::ok(object.into()))
}

/// `GET …/Workers/CumulativeStatistics`
pub async fn workers_cumulative(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    let query = Query::read(context, &workspace)?;
    let workers = few_workers(context, &workspace).await?;
    let cumulative =
        cumulative_of(context, &workspace, &query, &workers, Counted::AllWorkers).await?;
    let mut object = Scope::Workspace.object(context, &workspace);
    object.extend(cumulative);
    object.insert(
        "url".to_owned(),
        workers_url(context, &workspace, "CumulativeStatistics"),
    );
    Ok(Answer::ok(object.into()))
}

/// `GET …/Workers/Statistics`; filters `TaskQueueSid`, `TaskQueueName`, `FriendlyName`.
pub async fn workers(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    let query = Query::read(context, &workspace)?;
    let filter = query::WorkerFilter::read(&context.query)?;
    let mut workers = few_workers(context, &workspace).await?;
    workers.retain(|worker| filter.includes(worker, &workspace));
    let counted = if filter.is_all() {
        Counted::AllWorkers
    } else {
        Counted::TheseWorkers
    };
    let cumulative = cumulative_of(context, &workspace, &query, &workers, counted).await?;
    let mut object = Scope::Workspace.object(context, &workspace);
    object.insert(
        "realtime".to_owned(),
        real_time::of_workers(&workers, &workspace).into(),
    );
    object.insert("cumulative".to_owned(), cumulative.into());
    object.insert(
        "url".to_owned(),
        workers_url(context, &workspace, "Statistics"),
    );
    Ok(Answer::ok(object.into()))
}

/// `GET …/Workers/{WorkerSid}/Statistics`
pub async fn worker(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    let query = Query::read(context, &workspace)?;
    let worker = worker_resource::find(context, "WorkerSid").await?;
    let cumulative = cumulative_of(
        context,
        &workspace,
        &query,
        std::slice::from_ref(&worker),
        Counted::TheseWorkers,
    )
    .await?;
    let mut object = Scope::Workspace.object(context, &workspace);
    object.extend(fields(json!({
        "worker_sid": worker.sid,
        "cumulative": cumulative,
        "url": workers_url(context, &workspace, &format!("{}/Statistics", worker.sid)),
    })));
    Ok(Answer::ok(object.into()))
}

/// The active Tasks and the Workers of this moment.
struct Now {
    active: Arc<ActiveTasks>,
    /// Empty for a Workflow, whose statistics do not include Workers.
    workers: Vec<Worker>,
}

impl Now {
    async fn read(
        context: &RequestContext<'_>,
        workspace: &Workspace,
        scope: Scope,
    ) -> Result<Self, ApiError> {
        let workers = match scope {
            Scope::Workspace | Scope::Queue(_) => counts::workers(context, workspace).await?,
            Scope::Workflow(_) => Vec::new(),
        };
        Ok(Self {
            active: counts::active_tasks(context, workspace).await?,
            workers,
        })
    }

    fn shown(&self, query: &Query, workspace: &Workspace, scope: Scope) -> Object {
        let mut object = real_time::of_tasks(&self.active, query, scope);
        match scope {
            Scope::Workspace => object.extend(real_time::of_workers(&self.workers, workspace)),
            Scope::Queue(queue) => {
                object.extend(real_time::of_queue(&self.workers, workspace, queue))
            }
            Scope::Workflow(_) => {}
        }
        object
    }
}

async fn tasks_real_time(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    scope: Scope,
) -> Result<Answer, ApiError> {
    let query = Query::read_now(context, workspace)?;
    let mut object = scope.object(context, workspace);
    object.extend(
        Now::read(context, workspace, scope)
            .await?
            .shown(&query, workspace, scope),
    );
    object.insert(
        "url".to_owned(),
        scope.url(context, workspace, "RealTimeStatistics"),
    );
    Ok(Answer::ok(object.into()))
}

async fn tasks_cumulative(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    scope: Scope,
) -> Result<Answer, ApiError> {
    let query = Query::read(context, workspace)?;
    let tallies =
        counts::tallies(context, workspace, Family::Tasks, query.from, query.until).await?;
    let mut object = scope.object(context, workspace);
    object.extend(cumulative::of_tasks(&tallies, &query, scope));
    object.insert(
        "url".to_owned(),
        scope.url(context, workspace, "CumulativeStatistics"),
    );
    Ok(Answer::ok(object.into()))
}

async fn tasks_both(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    scope: Scope,
) -> Result<Answer, ApiError> {
    let query = Query::read(context, workspace)?;
    let now = Now::read(context, workspace, scope).await?;
    let tallies: Tallies =
        counts::tallies(context, workspace, Family::Tasks, query.from, query.until).await?;
    let mut object = scope.object(context, workspace);
    object.insert(
        "realtime".to_owned(),
        now.shown(&query, workspace, scope).into(),
    );
    object.insert(
        "cumulative".to_owned(),
        cumulative::of_tasks(&tallies, &query, scope).into(),
    );
    object.insert(
        "url".to_owned(),
        scope.url(context, workspace, "Statistics"),
    );
    Ok(Answer::ok(object.into()))
}

/// The Workers whose Events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// All Workers, including deleted ones.
    AllWorkers,
    /// Only the Workers that are given.
    TheseWorkers,
}

/// The cumulative statistics of these Workers.
async fn cumulative_of(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    query: &Query,
    workers: &[Worker],
    counted: Counted,
) -> Result<Object, ApiError> {
    let within =
        counts::tallies(context, workspace, Family::Workers, query.from, query.until).await?;
    let after = counts::tallies(
        context,
        workspace,
        Family::Workers,
        query.until,
        context.now,
    )
    .await?;
    let includes =
        |sid| counted == Counted::AllWorkers || workers.iter().any(|worker| worker.sid == sid);
    let mut object = cumulative::of_workers(&within, query, includes);
    let durations = durations::of_workers(&within, &after, query, workers, includes);
    object.insert(
        "activity_durations".to_owned(),
        durations::shown(&durations, workspace),
    );
    Ok(object)
}

/// All Workers.
///
/// # Errors
/// [`ApiError::TooManyWorkers`] for more than [`counts::WORKERS_MAX`] Workers.
async fn few_workers(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<Vec<Worker>, ApiError> {
    let sids = context.api.store.worker_sids(workspace.sid).await?;
    if sids.len() > counts::WORKERS_MAX {
        return Err(ApiError::TooManyWorkers {
            workers: sids.len(),
            max: counts::WORKERS_MAX,
        });
    }
    Ok(context.api.store.workers(&sids).await?)
}

fn queue_of(context: &RequestContext<'_>, workspace: &Workspace) -> Result<Scope, ApiError> {
    let sid: TaskQueueSid = context.sid("TaskQueueSid")?;
    if workspace.task_queues.contains_key(&sid) {
        Ok(Scope::Queue(sid))
    } else {
        Err(context.not_found())
    }
}

fn workflow_of(context: &RequestContext<'_>, workspace: &Workspace) -> Result<Scope, ApiError> {
    let sid: WorkflowSid = context.sid("WorkflowSid")?;
    if workspace.workflows.contains_key(&sid) {
        Ok(Scope::Workflow(sid))
    } else {
        Err(context.not_found())
    }
}

fn workers_url(context: &RequestContext<'_>, workspace: &Workspace, name: &str) -> Value {
    format!(
        "{}/{name}",
        worker_resource::url(&context.view, workspace.sid)
    )
    .into()
}
