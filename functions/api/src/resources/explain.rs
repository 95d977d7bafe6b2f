//! Why a Task waits and why nothing comes to a Worker: an addition to TaskRouter. The core says it
//! ([`task_router::router::explain`]); here is read what it says it about, never more than is bounded.

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

use super::{READS_AT_ONCE, task, worker};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// An explanation with what every resource shows.
#[derive(Serialize)]
struct Explained<T> {
    account_sid: AccountSid,
    /// The moment it was true.
    date: String,
    url: String,
    #[serde(flatten)]
    explanation: T,
}

/// `GET …/Tasks/{TaskSid}/Explain`. Reads a thousand Workers at most, and a hundred Tasks that stand before it.
pub async fn of_one_task(call: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let (workspace, task) = (call.workspace().await?, task::find(call, "TaskSid").await?);
    let (workers, more_workers) = candidates(call, &workspace, &task).await?;
    let (ahead, more_ahead) = ahead(call, &workspace, &task).await?;
    let (workers, ahead) = (workers.as_slice(), ahead.as_slice());
    let question = TaskQuestion {
        workspace: &workspace,
        task: &task,
        workers,
        more_workers,
        ahead,
        more_ahead,
        now: call.now,
    };
    answer(
        call,
        &task::url(&call.view, workspace.sid),
        &task.sid.to_string(),
        of_task(&question),
    )
}

/// `GET …/Workers/{WorkerSid}/Explain`. Reads the heads of two hundred lines at most.
pub async fn of_one_worker(call: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let (workspace, worker) = (
        call.workspace().await?,
        worker::find(call, "WorkerSid").await?,
    );
    let heads = stream::iter(WorkerQuestion::waiting_lists(&workspace, &worker))
        .map(|waiting_list| head_of(call, waiting_list));
    let heads: Vec<WaitingListHead> = heads.buffered(READS_AT_ONCE).try_collect().await?;
    let question = WorkerQuestion {
        workspace: &workspace,
        worker: &worker,
        heads: &heads,
        now: call.now,
    };
    answer(
        call,
        &worker::url(&call.view, workspace.sid),
        &worker.sid.to_string(),
        of_worker(&question),
    )
}

fn answer(
    call: &RequestContext<'_>,
    list: &str,
    sid: &str,
    explanation: impl Serialize,
) -> Result<Answer, ApiError> {
    let (account_sid, date) = (call.view.account_sid, call.now.to_iso8601());
    let explained = Explained {
        account_sid,
        date,
        url: format!("{list}/{sid}/Explain"),
        explanation,
    };
    Ok(Answer::ok(serde_json::to_value(explained)?))
}

/// The Workers who come into question, and whether there are more: the one it is meant for, or the Workspace's.
async fn candidates(
    call: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<(Vec<Worker>, bool), ApiError> {
    if !task.is_pending() {
        return Ok((Vec::new(), false));
    }
    let store = &call.api.store;
    if let Some(RoutingTarget::Worker(meant)) = task.routing_target {
        let meant = store
            .worker(meant)
            .await?
            .filter(|worker| worker.workspace_sid == workspace.sid);
        return Ok((meant.into_iter().collect(), false));
    }
    let listed = store
        .listed_workers(workspace.sid, &Reading::Forward(None), WORKERS_READ_MAX)
        .await?;
    let sids: Vec<_> = listed.entries.iter().map(|entry| entry.sid).collect();
    Ok((store.recent_workers(&sids).await?, listed.has_more))
}

/// The Tasks that stand before this one in its line, and whether there are more.
async fn ahead(
    call: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<(Vec<Task>, bool), ApiError> {
    let Some(line) = waiting_list_of(workspace, task).filter(|_| task.is_pending()) else {
        return Ok((Vec::new(), false));
    };
    let mut first = call
        .api
        .store
        .waiting_tasks(line, None, AHEAD_READ_MAX)
        .await?;
    first.retain(|other| position_of(other) < position_of(task));
    let more = first.len() == usize::from(AHEAD_READ_MAX);
    Ok((first, more))
}

async fn head_of(
    call: &RequestContext<'_>,
    waiting_list: WaitingList,
) -> Result<WaitingListHead, ApiError> {
    let tasks = call
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
