//! Explain: why a Task waits and why a Worker is offered no Task. An addition to TaskRouter. The
//! engine explains ([`task_router::router::explain`]); this file reads the Workers and Tasks that
//! it needs, up to fixed limits.

use futures_util::{StreamExt, TryStreamExt, stream};
use ids::AccountSid;
use serde::Serialize;
use store::Reading;
use task_router::model::{RoutingTarget, Task, Worker, Workspace};
use task_router::router::explain::{
    AHEAD_READ_MAX, TaskQuestion, WAITING_LIST_READ_MAX, WORKERS_READ_MAX, WaitingListHead,
    WorkerQuestion, of_task, of_worker,
};
use task_router::router::order::{WaitingList, position_of, waiting_list_of};

use super::{READS_AT_ONCE, configuration, task, worker};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// An explanation, with the properties that every resource has.
#[derive(Serialize)]
struct Explained<T> {
    account_sid: AccountSid,
    /// The moment for which the explanation holds.
    date: String,
    url: String,
    #[serde(flatten)]
    explanation: T,
}

/// `GET …/Tasks/{TaskSid}/Explain`. Reads at most a thousand Workers, and a hundred Tasks that are
/// served before this one.
pub async fn of_one_task(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    let task = task::find(context, "TaskSid").await?;
    let (workers, more_workers) = candidates(context, &workspace, &task).await?;
    let (ahead, more_ahead) = tasks_ahead(context, &workspace, &task).await?;
    let question = TaskQuestion {
        workspace: &workspace,
        task: &task,
        workers: &workers,
        more_workers,
        ahead: &ahead,
        more_ahead,
        now: context.now,
    };
    answer(
        context,
        &task::url(&context.view, workspace.sid),
        &task.sid.to_string(),
        of_task(&question),
    )
}

/// `GET …/Workers/{WorkerSid}/Explain`. Reads the first Tasks of at most two hundred waiting lists.
pub async fn of_one_worker(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    let worker = worker::find(context, "WorkerSid").await?;
    let heads: Vec<WaitingListHead> =
        stream::iter(WorkerQuestion::waiting_lists(&workspace, &worker))
            .map(|waiting_list| first_tasks(context, waiting_list))
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
    let question = WorkerQuestion {
        workspace: &workspace,
        worker: &worker,
        heads: &heads,
        now: context.now,
    };
    answer(
        context,
        &worker::url(&context.view, workspace.sid),
        &worker.sid.to_string(),
        of_worker(&question),
    )
}

fn answer(
    context: &RequestContext<'_>,
    list: &str,
    sid: &str,
    explanation: impl Serialize,
) -> Result<Answer, ApiError> {
    let explained = Explained {
        account_sid: context.view.account_sid,
        date: context.now.to_iso8601(),
        url: format!("{list}/{sid}/Explain"),
        explanation,
    };
    Ok(Answer::ok(serde_json::to_value(explained)?))
}

/// The candidates for a pending Task, and whether there are more: the Worker who is its routing
/// target, or else the Workers of the Workspace.
async fn candidates(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<(Vec<Worker>, bool), ApiError> {
    if !task.is_pending() {
        return Ok((Vec::new(), false));
    }
    let store = &context.api.store;
    if let Some(RoutingTarget::Worker(target)) = task.routing_target {
        let target = store
            .worker(target)
            .await?
            .filter(|worker| worker.workspace_sid == workspace.sid);
        return Ok((target.into_iter().collect(), false));
    }
    let listed = store
        .listed_workers(workspace.sid, &Reading::Forward(None), WORKERS_READ_MAX)
        .await?;
    let sids: Vec<_> = listed.entries.iter().map(|entry| entry.sid).collect();
    Ok((store.recent_workers(&sids).await?, listed.has_more))
}

/// The Tasks that are before this one in its waiting list, and whether there are more.
async fn tasks_ahead(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<(Vec<Task>, bool), ApiError> {
    if !task.is_pending() {
        return Ok((Vec::new(), false));
    }
    let Some(waiting_list) = waiting_list_of(workspace, task) else {
        return Ok((Vec::new(), false));
    };
    let mut first = context
        .api
        .store
        .waiting_tasks(waiting_list, None, AHEAD_READ_MAX)
        .await?;
    first.retain(|other| position_of(other) < position_of(task));
    let more = first.len() == usize::from(AHEAD_READ_MAX);
    Ok((first, more))
}

/// The first Tasks of a waiting list.
async fn first_tasks(
    context: &RequestContext<'_>,
    waiting_list: WaitingList,
) -> Result<WaitingListHead, ApiError> {
    let tasks = context
        .api
        .store
        .waiting_tasks(waiting_list, None, WAITING_LIST_READ_MAX)
        .await?;
    Ok(WaitingListHead {
        waiting_list,
        more: tasks.len() == usize::from(WAITING_LIST_READ_MAX),
        tasks,
    })
}
