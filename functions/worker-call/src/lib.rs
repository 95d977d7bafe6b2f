//! `/worker-call` and its subpaths: the call leg to the Worker's phone.
//!
//! When the Worker answers, the document connects the leg to the caller. The Reservation is
//! accepted immediately before both are connected. A Worker who hangs up during the greeting has
//! therefore accepted nothing, and the caller stays in the queue (taskrouter.md section 11.3,
//! dequeue: accepts on bridge). The end of the leg ends the conversation, or the offer.

mod conference;
mod conference_documents;
mod dial_queue;
mod greeting;
mod relay;

use std::sync::Arc;

use ids::ReservationSid;
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

use greeting::Greets;

/// Answers the carrier's requests about a Worker's leg.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::WORKER_CALL => voice.document(&request, answered).await,
        path::WORKER_CALL_ACCEPT => voice.document(&request, greeting::answered).await,
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

/// The Worker answered: connects the leg to the caller, if the offer is still open.
async fn answered(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let worker_call = WorkerCall::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    if webhook.is_preview() {
        return Ok(connected(language(&settings.menu, None)?, &worker_call));
    }
    // Records the leg, in case the carrier's reply to the request that placed the call was lost.
    let task = worker_call.task_sid;
    let reservation = worker_call.reservation_sid;
    let named = Command::WorkerCallNamed {
        task,
        reservation,
        call: worker_call.call.call_sid,
    };
    let task = apply(voice, &worker_call, &named).await?.task;
    match &task {
        Some(task) if open_offer(task, reservation).is_some() => {
            greeting::before(voice, webhook, &worker_call, task).await
        }
        Some(_) | None => caller_gone(voice, task.as_ref()).await,
    }
}

/// The Reservation with this SID, if it is pending or accepted.
fn open_offer(task: &Task, reservation: ReservationSid) -> Option<&Reservation> {
    let offer = task.reservation(reservation);
    offer.filter(|offer| is_open_or_accepted(offer))
}

/// The document that connects the Worker: to the caller in the queue, or to a conference.
async fn documents_of(
    voice: &Voice,
    worker_call: &WorkerCall,
    task: &Task,
    greets: Greets,
) -> Result<Response, Failure> {
    let reservation = worker_call.reservation_sid;
    let issued = open_offer(task, reservation).and_then(|offer| offer.instruction.as_ref());
    if let Some(plan) = issued.and_then(IssuedInstruction::conference) {
        return Ok(conference_documents::worker(
            &plan.conference,
            task.sid,
            reservation,
        ));
    }
    match greets {
        Greets::Flow => Ok(documents::dial_queue(task.sid, reservation)),
        Greets::BuiltIn => {
            let settings = voice.settings().await?;
            let language = language_of(&settings, Some(task))?;
            Ok(connected(language, worker_call))
        }
    }
}

/// The document of a Worker who answered too late, or whose caller hung up.
async fn caller_gone(voice: &Voice, task: Option<&Task>) -> Result<Response, Failure> {
    let settings = voice.settings().await?;
    Ok(documents::caller_gone(language_of(&settings, task)?))
}

/// Caller and Worker are about to be connected: accepts the Reservation. The caller hears nothing
/// of it.
async fn connecting(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let worker_call = WorkerCall::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(documents::nothing());
    }
    let task = worker_call.task_sid;
    let reservation = worker_call.reservation_sid;
    let accept = Command::Answered {
        task,
        reservation,
        answer: Answer::Accept,
    };
    let applied = apply(voice, &worker_call, &accept).await?;
    if let Outcome::Refused(refusal) = applied.outcome {
        tracing::warn!(task_sid = %task, reservation_sid = %reservation, %refusal, "connected without a Reservation");
    }
    Ok(documents::nothing())
}

/// A status callback of the Worker's leg. The end matters if the leg was never connected; after a
/// conversation it has been reported before.
async fn progressed(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let progress = WorkerCallStatus::parse(&webhook.parameters)?;
    let status = progress.worker_call.call.status;
    tracing::info!(
        call_sid = %progress.worker_call.call.call_sid,
        reservation_sid = %progress.worker_call.reservation_sid,
        %status,
        "status of the Worker's leg"
    );
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    // The carrier sends notices before the end only if an instruction subscribed to them, or if
    // they are the only reports about the call.
    let command = if status.is_final() {
        end_of(&progress.worker_call)
    } else {
        on_the_way(&progress)
    };
    let applied = apply(voice, &progress.worker_call, &command).await?;
    if let Some(task) = applied.task {
        relay::call(voice, webhook, &progress, &task).await?;
    }
    Ok(Reply::empty())
}

/// The Worker's `<Dial>` ended, with or without a conversation.
///
/// The end of a conversation is also reported by two other webhooks: by the caller's `/queue-exit`,
/// at the same moment, and by the Worker's `/worker-call/status`, because this response ends the
/// leg. A third writer would only contend with the first.
async fn ended(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let ended = DialEnded::parse(&webhook.parameters)?;
    if was_connected(ended.dial_call_status) {
        return Ok(Response::new().then(Hangup));
    }
    let mut task = None;
    if !webhook.is_preview() {
        let applied = apply(voice, &ended.worker_call, &end_of_dial(&ended)).await?;
        task = applied.task;
    }
    caller_gone(voice, task.as_ref()).await
}

async fn apply(
    voice: &Voice,
    worker_call: &WorkerCall,
    command: &Command,
) -> Result<Applied, Failure> {
    let applied = voice.store.apply(command, voice.now()).await?;
    tracing::info!(
        call_sid = %worker_call.call.call_sid,
        task_sid = %worker_call.task_sid,
        reservation_sid = %worker_call.reservation_sid,
        outcome = ?applied.outcome,
        "notice of the Worker's leg applied"
    );
    Ok(applied)
}

/// The Command for a leg in progress: records the leg, and the moment it is answered.
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
    let task = ended.worker_call.task_sid;
    let reservation = ended.worker_call.reservation_sid;
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

/// Whether the Reservation is pending, or accepted, for example by a duplicate of this request.
fn is_open_or_accepted(offer: &Reservation) -> bool {
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

/// The caller's language. The Worker is addressed in it, because it is one of the Worker's
/// languages.
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

/// Whether there was a conversation. After one the document is empty; a Worker who reached no
/// caller hears an announcement.
fn was_connected(dial: DialCallStatus) -> bool {
    match dial {
        DialCallStatus::Completed | DialCallStatus::Answered => true,
        DialCallStatus::Busy
        | DialCallStatus::NoAnswer
        | DialCallStatus::Failed
        | DialCallStatus::Canceled => false,
    }
}
