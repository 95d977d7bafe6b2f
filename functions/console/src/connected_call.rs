//! The call of an assigned Task. While it is connected the Task is neither wrapped up nor completed:
//! its Worker would become available and the next caller would be sent to a busy phone.

use http::StatusCode;
use task_router::model::Task;
use task_router::router::effects::Callback;

use crate::console::Refused;
use crate::request_context::RequestContext;

/// The reason for which a Task cannot be changed now.
const STILL_CONNECTED: &str =
    "The call is still connected. Hang up first; then the Task can be completed.";

/// Refuses what would free the Worker while the call is connected.
pub fn refuse_while_connected(task: &Task) -> Result<(), Refused> {
    match task.connected_call() {
        Some(_) => Err(Refused {
            status: StatusCode::CONFLICT,
            message: STILL_CONNECTED.to_owned(),
        }),
        None => Ok(()),
    }
}

/// Asks the carrier to end the Worker's call, which ends the conversation. The carrier reports the
/// end, and the Task then wraps up or is completed. A call that has ended needs no request.
pub async fn hang_up(context: &RequestContext<'_>, task: &Task) -> Result<(), Refused> {
    let Some((_, call)) = task.connected_call() else {
        return Ok(());
    };
    let stop = Callback::StopWorkerCall {
        call,
        task: Some(task.sid),
    };
    context
        .console
        .api
        .outbox
        .callback(stop)
        .await
        .map_err(|error| {
            tracing::error!(%error, task_sid = %task.sid, call_sid = %call, "call not hung up");
            Refused {
                status: StatusCode::SERVICE_UNAVAILABLE,
                message: "The call could not be hung up; try again.".to_owned(),
            }
        })
}
