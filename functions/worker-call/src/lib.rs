//! `/worker-call` and below: the leg to the worker's phone.
//!
//! Answering it leads to the caller; the Reservation is accepted in the moment before both are connected, so that a
//! worker who hangs up during the greeting has taken nothing and the caller waits on (taskrouter.md section 11.3,
//! dequeue: accepts on bridge). The end of the leg ends the conversation, or the offer.

mod conference;
mod conference_documents;
mod dial_queue;
mod relay;

use std::sync::Arc;

use runtime::voice::{Failure, Voice, Webhook, language, no_such_path};
use shared::menu::{Language, documents};
use shared::twiml::{Hangup, Response};
use shared::voice_settings::VoiceSettings;
use shared::webhook::{
    CallStatus, DialCallStatus, DialEnded, Reply, Request, WorkerCall, WorkerCallStatus, path,
};
use store::Applied;
use task_router::model::{IssuedInstruction, Reservation, ReservationStatus, Task};
use task_router::router::{Answer, Command, Outcome};

/// Answers what the carrier asks and tells about a worker's leg.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::WORKER_CALL => voice.document(&request, answered).await,
        path::WORKER_CALL_CONNECTING => voice.document(&request, connecting).await,
        path::WORKER_CALL_STATUS => voice.notification(&request, progressed).await,
        path::WORKER_CALL_ENDED => voice.document(&request, ended).await,
        path::CONFERENCE_STATUS => voice.notification(&request, conference::progressed).await,
        path::CUSTOMER => voice.document(&request, conference::customer).await,
        path::CUSTOMER_LEFT => voice.document(&request, conference::customer_left).await,
        path::SUPERVISOR => voice.document(&request, conference::supervisor).await,
        path::DIAL_QUEUE => voice.notification(&request, dial_queue::dialed).await,
        _ => no_such_path(&request),
    }
}

/// The worker picked up: the way to the caller, if the offer still stands.
async fn answered(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let worker_call = WorkerCall::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    if webhook.is_preview() {
        return Ok(connected(language(&settings.menu, None)?, &worker_call));
    }
    // Names the leg, should the carrier's reply to the request that placed it have been lost.
    let (task, reservation) = (worker_call.task_sid, worker_call.reservation_sid);
    let named = Command::WorkerCallNamed {
        task,
        reservation,
        call: worker_call.call.call_sid,
    };
    let task = apply(voice, &worker_call, &named).await?.task;
    let language = language_of(&settings, task.as_ref())?;
    let offer = task
        .as_ref()
        .and_then(|task| task.reservation(reservation))
        .filter(|offer| still_stands(offer));
    Ok(
        match offer.map(|offer| {
            offer
                .instruction
                .as_ref()
                .and_then(IssuedInstruction::conference)
        }) {
            None => documents::caller_gone(language),
            Some(None) => connected(language, &worker_call),
            Some(Some(plan)) => {
                conference_documents::worker(&plan.conference, worker_call.task_sid, reservation)
            }
        },
    )
}

/// Caller and worker are about to be connected: the Reservation is accepted. The caller hears nothing of it.
async fn connecting(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let worker_call = WorkerCall::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(documents::nothing());
    }
    let (task, reservation) = (worker_call.task_sid, worker_call.reservation_sid);
    let event = Command::Answered {
        task,
        reservation,
        answer: Answer::Accept,
    };
    let applied = apply(voice, &worker_call, &event).await?;
    if let Outcome::Refused(refusal) = applied.outcome {
        tracing::warn!(task_sid = %task, reservation_sid = %reservation, %refusal, "connected without a Reservation");
    }
    Ok(documents::nothing())
}

/// The worker's leg got further. Its end matters if nobody answered; after a conversation it has been told before.
async fn progressed(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let progress = WorkerCallStatus::parse(&webhook.parameters)?;
    let status = progress.worker_call.call.status;
    tracing::info!(
        call_sid = %progress.worker_call.call.call_sid,
        reservation_sid = %progress.worker_call.reservation_sid,
        %status,
        "worker's leg"
    );
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    let task = match status.is_final() {
        true => {
            apply(voice, &progress.worker_call, &end_of(&progress.worker_call))
                .await?
                .task
        }
        // Earlier notices come only if somebody asked for them, or if they are all we learn of the call.
        false => {
            apply(voice, &progress.worker_call, &on_the_way(&progress))
                .await?
                .task
        }
    };
    if let Some(task) = task {
        relay::call(voice, webhook, &progress, &task).await?;
    }
    Ok(Reply::empty())
}

/// The connection between worker and caller is over, or never came to be.
///
/// A conversation that is over is told twice beside this: by the caller's `/queue-exit`, in this very moment, and by the
/// worker's `/worker-call/status`, since this answer ends the leg. A third writer would only race the first.
async fn ended(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let ended = DialEnded::parse(&webhook.parameters)?;
    if was_connected(ended.dial_call_status) {
        return Ok(Response::new().then(Hangup));
    }
    let settings = voice.settings().await?;
    let applied = match webhook.is_preview() {
        true => None,
        false => Some(apply(voice, &ended.worker_call, &end_of_dial(&ended)).await?),
    };
    let task = applied.as_ref().and_then(|applied| applied.task.as_ref());
    Ok(documents::caller_gone(language_of(&settings, task)?))
}

async fn apply(
    voice: &Voice,
    worker_call: &WorkerCall,
    event: &Command,
) -> Result<Applied, Failure> {
    let applied = voice.store.apply(event, voice.now()).await?;
    tracing::info!(
        call_sid = %worker_call.call.call_sid,
        task_sid = %worker_call.task_sid,
        reservation_sid = %worker_call.reservation_sid,
        outcome = ?applied.outcome,
        "worker's leg applied"
    );
    Ok(applied)
}

/// The leg is under way: that names it, should nothing else have, and says when it is answered.
fn on_the_way(progress: &WorkerCallStatus) -> Command {
    let WorkerCall {
        task_sid: task,
        reservation_sid: reservation,
        ..
    } = progress.worker_call;
    let call = progress.worker_call.call.call_sid;
    match progress.worker_call.call.status {
        CallStatus::InProgress => Command::WorkerCallAnswered {
            task,
            reservation,
            call,
        },
        CallStatus::Queued
        | CallStatus::Initiated
        | CallStatus::Ringing
        | CallStatus::Completed
        | CallStatus::Busy
        | CallStatus::Failed
        | CallStatus::NoAnswer
        | CallStatus::Canceled => Command::WorkerCallNamed {
            task,
            reservation,
            call,
        },
    }
}

fn end_of_dial(ended: &DialEnded) -> Command {
    let (task, reservation) = (
        ended.worker_call.task_sid,
        ended.worker_call.reservation_sid,
    );
    match ended.dial_call_status {
        DialCallStatus::NoAnswer => Command::CallerNotFound { task, reservation },
        DialCallStatus::Completed
        | DialCallStatus::Answered
        | DialCallStatus::Busy
        | DialCallStatus::Failed
        | DialCallStatus::Canceled => end_of(&ended.worker_call),
    }
}

fn end_of(worker_call: &WorkerCall) -> Command {
    Command::WorkerCallEnded {
        task: worker_call.task_sid,
        reservation: worker_call.reservation_sid,
        code: None,
    }
}

/// Is the offer open, or accepted by a request that came twice?
fn still_stands(offer: &Reservation) -> bool {
    match offer.status {
        ReservationStatus::Pending | ReservationStatus::Accepted => true,
        ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Wrapping
        | ReservationStatus::Completed => false,
    }
}

/// The worker is spoken to in the caller's language: it is one of theirs.
fn language_of<'c>(
    settings: &'c VoiceSettings,
    task: Option<&Task>,
) -> Result<&'c Language, Failure> {
    language(
        &settings.menu,
        task.and_then(|task| task.attributes.text("selected_language")),
    )
}

fn connected(language: &Language, worker_call: &WorkerCall) -> Response {
    documents::worker(language, worker_call.task_sid, worker_call.reservation_sid)
}

/// Was there a conversation? Then there is nothing to say after it; a worker who found nobody is told so.
fn was_connected(dial: DialCallStatus) -> bool {
    match dial {
        DialCallStatus::Completed | DialCallStatus::Answered => true,
        DialCallStatus::Busy
        | DialCallStatus::NoAnswer
        | DialCallStatus::Failed
        | DialCallStatus::Canceled => false,
    }
}
