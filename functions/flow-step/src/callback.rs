//! A callback: one Task for one number at a time.

use ids::time::Timestamp;
use ids::{TaskSid, WorkflowSid};
use runtime::voice::{Failure, Voice};
use serde_json::Value;
use store::CallbackNumber;
use task_router::model::{AssignmentStatus, Task};
use task_router::router::TASK_TIMEOUT_DEFAULT;
use voice_flows::NewCallTask;

use crate::task::route;

/// Creates the Task of a callback, unless one for the same number waits or is being talked about; the
/// moment from which it waits.
pub(crate) async fn create(
    voice: &Voice,
    workflow: WorkflowSid,
    new: &NewCallTask,
) -> Result<Option<Timestamp>, Failure> {
    let settings = voice.settings().await?;
    let number = new.attributes.get("outbound_to").and_then(Value::as_str);
    let number = CallbackNumber {
        workspace: settings.workspace_sid,
        number: number.unwrap_or_default(),
    };
    let before = voice.store.callback_of(number).await?;
    if before != Some(new.sid) {
        if let Some(active) = active(voice, before).await? {
            tracing::info!(task_sid = %active.sid, "callback: the number is called back already");
            return Ok(Some(active.virtual_start_time));
        }
        let waits_until = voice.now() + new.timeout.unwrap_or(TASK_TIMEOUT_DEFAULT);
        let claim = voice
            .store
            .claim_callback(number, new.sid, before, waits_until);
        if !claim.await? {
            tracing::info!("callback: requested for the same number at the same time");
            return Ok(Some(voice.now()));
        }
    }
    route(voice, workflow, new).await
}

/// The Task, if it has not ended.
async fn active(voice: &Voice, task: Option<TaskSid>) -> Result<Option<Task>, Failure> {
    let Some(task) = task else {
        return Ok(None);
    };
    let task = voice.store.task(task).await?;
    Ok(task.filter(|task| match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned => true,
        AssignmentStatus::Wrapping | AssignmentStatus::Completed | AssignmentStatus::Canceled => {
            false
        }
    }))
}
