//! Relays the carrier's notices to the status callbacks that an instruction names (taskrouter.md
//! section 11.3). The callbacks queue sends them, so that a slow receiver never delays the response
//! to the carrier.

use runtime::voice::{Failure, Voice, Webhook};
use shared::webhook::{CallStatus, ConferenceStatus, WorkerCallStatus, path};
use task_router::model::Task;
use task_router::model::instruction::{IssuedInstruction, Plan};
use task_router::router::effects::{Callback, Relay};
use vocabulary::CallEvent;

/// Relays a notice about the Worker's leg, if the instruction subscribed to it.
pub(crate) async fn call(
    voice: &Voice,
    webhook: &Webhook,
    progress: &WorkerCallStatus,
    task: &Task,
) -> Result<(), Failure> {
    let reservation = task.reservation(progress.worker_call.reservation_sid);
    let Some(issued) = reservation.and_then(|reservation| reservation.instruction.as_ref()) else {
        return Ok(());
    };
    let status = progress.worker_call.call.status;
    let wanted = issued
        .status_callback()
        .filter(|callback| callback.events.contains(&event(status)));
    let Some(callback) = wanted else {
        return Ok(());
    };
    let mut parameters = path::without_our_own(&webhook.parameters);
    if let (Plan::Dequeue { .. }, Some(caller)) = (&issued.plan, task.call_sid()) {
        parameters.push(("taskCallSid".to_owned(), caller.to_string()));
    }
    let idempotency_token = format!("{}-{status}", progress.worker_call.call.call_sid);
    let relay = Relay {
        url: callback.url.clone(),
        method: callback.method,
        parameters,
        idempotency_token,
        task: Some(task.sid),
    };
    send(voice, relay).await
}

/// Relays a notice about a conference, if the instruction subscribed to it.
pub(crate) async fn conference(
    voice: &Voice,
    webhook: &Webhook,
    status: &ConferenceStatus,
    task: &Task,
) -> Result<(), Failure> {
    let reservation = task.reservation(status.reservation_sid);
    let issued = reservation.and_then(|reservation| reservation.instruction.as_ref());
    let callback = issued
        .and_then(IssuedInstruction::conference)
        .and_then(|plan| {
            let callback = plan.conference.conference_status_callback.as_ref()?;
            callback
                .events
                .contains(&status.notice.event()?)
                .then_some(callback)
        });
    let Some(callback) = callback else {
        return Ok(());
    };
    let parameters = path::without_our_own(&webhook.parameters);
    let participant = status
        .call_sid
        .map(|sid| sid.to_string())
        .unwrap_or_default();
    let sequence_number = status
        .sequence_number
        .map(|number| number.to_string())
        .unwrap_or_default();
    let idempotency_token = format!(
        "{}-{}-{participant}-{sequence_number}",
        status.conference_sid, status.notice
    );
    let relay = Relay {
        url: callback.url.clone(),
        method: callback.method,
        parameters,
        idempotency_token,
        task: Some(task.sid),
    };
    send(voice, relay).await
}

async fn send(voice: &Voice, relay: Relay) -> Result<(), Failure> {
    match &voice.outbox {
        Some(outbox) => Ok(outbox.callback(Callback::Relay(relay)).await?),
        None => {
            tracing::warn!("status callback not relayed: this function has no callbacks queue");
            Ok(())
        }
    }
}

const fn event(status: CallStatus) -> CallEvent {
    match status {
        CallStatus::Queued | CallStatus::Initiated => CallEvent::Initiated,
        CallStatus::Ringing => CallEvent::Ringing,
        CallStatus::InProgress => CallEvent::Answered,
        CallStatus::Completed
        | CallStatus::Busy
        | CallStatus::Failed
        | CallStatus::NoAnswer
        | CallStatus::Canceled => CallEvent::Completed,
    }
}
