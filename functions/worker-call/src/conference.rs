//! The conference of Worker and caller: the Worker joins first, then the caller is moved into it,
//! and the Reservation is accepted when both have joined (taskrouter.md section 11.3, conference).

use crate::conference_documents;
use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::twiml::{Hangup, Response};
use shared::webhook::{ConferenceNotice, ConferenceStatus, Reply, SupervisorCall, WorkerCall};
use task_router::model::{AssignmentStatus, IssuedInstruction, Task};
use task_router::router::effects::Callback;
use task_router::router::{Command, Leaving, Outcome};
use voice_flows::{Resume, State, continue_at, enqueue};

use crate::{apply, is_open_or_accepted, language_of, relay};

/// A status callback of the conference. When the Worker has joined, the caller follows, through the
/// table's stream.
pub(crate) async fn progressed(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let status = ConferenceStatus::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    tracing::info!(conference_sid = %status.conference_sid, task_sid = %status.task_sid, notice = %status.notice, "conference event");
    if status.is_dialed_customer {
        record_customer_call(voice, &status).await?;
    }
    let task = match command(&status) {
        Some(command) => voice.store.apply(&command, voice.now()).await?.task,
        None => voice.store.task(status.task_sid).await?,
    };
    if let Some(task) = task {
        relay::conference(voice, webhook, &status, &task).await?;
    }
    Ok(Reply::empty())
}

/// Records the leg of a customer we dialed, in case the carrier's reply to the request that
/// placed the call was lost. If the Reservation has ended, the leg is ended instead of staying in
/// an empty conference.
async fn record_customer_call(voice: &Voice, status: &ConferenceStatus) -> Result<(), Failure> {
    let Some(call) = status.call_sid else {
        return Ok(());
    };
    let named = Command::CustomerCallNamed {
        task: status.task_sid,
        reservation: status.reservation_sid,
        call,
    };
    let refused = matches!(
        voice.store.apply(&named, voice.now()).await?.outcome,
        Outcome::Refused(_)
    );
    match &voice.outbox {
        Some(outbox) if refused && status.notice == ConferenceNotice::Join => Ok(outbox
            .callback(Callback::StopWorkerCall {
                call,
                task: Some(status.task_sid),
            })
            .await?),
        Some(_) | None => Ok(()),
    }
}

/// The caller is leaving the queue for the conference, in which the Worker waits: accepts the
/// Reservation. If the Reservation ended at the same moment, the caller returns to the queue.
pub(crate) async fn customer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let customer = WorkerCall::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(documents::nothing());
    }
    let task = customer.task_sid;
    let reservation = customer.reservation_sid;
    let applied = apply(
        voice,
        &customer,
        &Command::ConferenceJoined { task, reservation },
    )
    .await?;
    let offer = applied
        .task
        .as_ref()
        .and_then(|task| task.reservation(reservation));
    let plan = offer
        .and_then(|offer| offer.instruction.as_ref())
        .and_then(IssuedInstruction::conference);
    match (applied.outcome, plan) {
        (Outcome::Changed | Outcome::AlreadySo, Some(plan)) => Ok(conference_documents::customer(
            &plan.conference,
            task,
            reservation,
        )),
        (Outcome::Changed | Outcome::AlreadySo | Outcome::Refused(_), _) => {
            send_back(voice, applied.task.as_ref()).await
        }
    }
}

/// The caller's `<Dial>` ended. A caller who is still on the line was left by all other
/// participants, and hears the rest of their flow.
pub(crate) async fn customer_left(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let customer = WorkerCall::parse(&webhook.parameters)?;
    let mut left = None;
    if !webhook.is_preview() {
        let task = customer.task_sid;
        let reservation = customer.reservation_sid;
        let leaving = Leaving::Call(customer.call.call_sid);
        left = apply(
            voice,
            &customer,
            &Command::ConferenceLeft {
                task,
                reservation,
                leaving,
            },
        )
        .await?
        .task;
    }
    let talked = left.as_ref().filter(|task| was_taken(task));
    if let Some(state) = talked.and_then(state_of) {
        return Ok(continue_at(&state, Resume::Bridged));
    }
    let settings = voice.settings().await?;
    Ok(documents::goodbye(language_of(&settings, left.as_ref())?))
}

/// The state of a Task's call in its flow; `None`: the call is in no flow.
fn state_of(task: &Task) -> Option<State> {
    State::of_attributes(task.attributes.as_object())
}

/// Whether a Worker had the Task.
fn was_taken(task: &Task) -> bool {
    match task.assignment_status {
        AssignmentStatus::Assigned | AssignmentStatus::Wrapping | AssignmentStatus::Completed => {
            true
        }
        AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Canceled => {
            false
        }
    }
}

/// A supervisor answered: joins the conversation if it is not over.
pub(crate) async fn supervisor(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let SupervisorCall { worker_call, mode } = SupervisorCall::parse(&webhook.parameters)?;
    let task = voice.store.task(worker_call.task_sid).await?;
    let offer = task
        .as_ref()
        .and_then(|task| task.reservation(worker_call.reservation_sid));
    let offer = offer.filter(|offer| is_open_or_accepted(offer));
    let worker = offer.and_then(|offer| offer.instruction.as_ref()?.worker_call_sid);
    Ok(match worker {
        Some(worker) => conference_documents::supervisor(mode, Some(worker), worker_call.task_sid),
        None => Response::new().then(Hangup),
    })
}

/// The Command that a notice causes, if any.
fn command(status: &ConferenceStatus) -> Option<Command> {
    let task = status.task_sid;
    let reservation = status.reservation_sid;
    let conference = status.conference_sid;
    match status.notice {
        ConferenceNotice::Join if status.is_dialed_customer => {
            Some(Command::ConferenceJoined { task, reservation })
        }
        ConferenceNotice::Join => Some(Command::ConferenceEntered {
            task,
            reservation,
            conference,
            call: status.call_sid?,
        }),
        ConferenceNotice::Leave => Some(Command::ConferenceLeft {
            task,
            reservation,
            leaving: Leaving::Call(status.call_sid?),
        }),
        ConferenceNotice::End => Some(Command::ConferenceLeft {
            task,
            reservation,
            leaving: Leaving::Conference(conference),
        }),
        ConferenceNotice::Start
        | ConferenceNotice::Mute
        | ConferenceNotice::Unmute
        | ConferenceNotice::Hold
        | ConferenceNotice::Unhold
        | ConferenceNotice::Modify
        | ConferenceNotice::SpeechStart
        | ConferenceNotice::SpeechStop => None,
    }
}

/// The document for a caller without a conference: the queue again while the Task waits
/// for a Worker, otherwise the document that matches the end of the Task.
async fn send_back(voice: &Voice, task: Option<&Task>) -> Result<Response, Failure> {
    if let Some(task) = task
        && let Some(state) = state_of(task)
    {
        return Ok(match task.assignment_status {
            AssignmentStatus::Pending | AssignmentStatus::Reserved => {
                Response::new().then(enqueue(task.sid, &state))
            }
            AssignmentStatus::Canceled => continue_at(&state, Resume::TimedOut),
            AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed => continue_at(&state, Resume::Bridged),
        });
    }
    let settings = voice.settings().await?;
    let language = language_of(&settings, task)?;
    Ok(match task.map(|task| (task.sid, task.assignment_status)) {
        Some((sid, AssignmentStatus::Pending | AssignmentStatus::Reserved)) => {
            documents::enqueue(language, sid)
        }
        Some((sid, AssignmentStatus::Canceled)) => {
            documents::timed_out(language, settings.menu.voicemail, Some(sid))
        }
        Some((
            _,
            AssignmentStatus::Assigned | AssignmentStatus::Wrapping | AssignmentStatus::Completed,
        ))
        | None => documents::goodbye(language),
    })
}
