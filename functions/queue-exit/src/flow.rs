//! A caller in a flow who left the queue: the flow continues at `/flow-step`.

use runtime::voice::Webhook;
use shared::twiml::Response;
use shared::webhook::{QueueExit, QueueResult};
use task_router::model::{EndReason, Task};
use voice_flows::{Resume, State, continue_at};

/// The state that the webhook carries; `None`: the caller is in no flow.
pub(crate) fn carried(webhook: &Webhook) -> Option<State> {
    State::parse(&webhook.parameters).ok().flatten()
}

/// The state that the webhook carries, or else the one in the caller's Task: a call that we
/// redirect arrives without it.
pub(crate) fn of(webhook: &Webhook, task: Option<&Task>) -> Option<State> {
    carried(webhook).or_else(|| {
        let task = task?;
        let state = State::of_attributes(task.attributes.as_object())?;
        // The place of the call in the queue, for its next Task.
        let since = state.waiting_since.or(Some(task.virtual_start_time));
        Some(State {
            waiting_since: since,
            ..state
        })
    })
}

/// The document of a caller who left the queue and is still on the line.
pub(crate) fn after(state: &State, exit: &QueueExit, task: Option<&Task>) -> Response {
    let left_by_key = || {
        task.and_then(|task| task.reason.as_ref())
            .is_some_and(|reason| *reason == EndReason::LeftQueue)
    };
    let on = match exit.queue_result {
        QueueResult::Bridged | QueueResult::BridgingInProcess => Resume::Bridged,
        QueueResult::Leave if left_by_key() => Resume::Left,
        QueueResult::Leave
        | QueueResult::QueueFull
        | QueueResult::Error
        | QueueResult::SystemError
        | QueueResult::Redirected
        | QueueResult::RedirectedFromBridged
        | QueueResult::Hangup => Resume::TimedOut,
    };
    continue_at(state, on)
}

/// The document of a caller whose Task ended without a Worker.
pub(crate) fn timed_out(state: &State) -> Response {
    continue_at(state, Resume::TimedOut)
}
