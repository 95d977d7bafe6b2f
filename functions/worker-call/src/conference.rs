//! The conference of worker and caller: the worker comes first, the caller is moved there, and it is accepted when both
//! are in (taskrouter.md section 11.3, conference).

use crate::conference_documents;
use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::twiml::{Hangup, Response};
use shared::webhook::{ConferenceNotice, ConferenceStatus, Reply, SupervisorCall, WorkerCall};
use task_router::model::{AssignmentStatus, IssuedInstruction, Task};
use task_router::router::effects::Callback;
use task_router::router::{Command, Leaving, Outcome};

use crate::{apply, language_of, relay, still_stands};

/// Something happened in the conference. That the worker is in makes the caller follow, through the table's stream.
pub(crate) async fn progressed(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let status = ConferenceStatus::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    tracing::info!(conference_sid = %status.conference_sid, task_sid = %status.task_sid, notice = %status.notice, "conference");
    if status.is_dialed_customer {
        know_customer(voice, &status).await?;
    }
    let task = match event(&status) {
        Some(event) => voice.store.apply(&event, voice.now()).await?.task,
        None => voice.store.task(status.task_sid).await?,
    };
    if let Some(task) = task {
        relay::conference(voice, webhook, &status, &task).await?;
    }
    Ok(Reply::empty())
}

/// A customer whom we dialed: who they are, should the carrier's reply to the request that placed the call have been lost.
/// If the offer has ended meanwhile, they are not kept in an empty conference.
async fn know_customer(voice: &Voice, status: &ConferenceStatus) -> Result<(), Failure> {
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

/// The caller has left the queue for the conference, where the worker is: accepted. If the offer has ended in that very
/// moment, the caller goes back into the queue.
pub(crate) async fn customer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let customer = WorkerCall::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(documents::nothing());
    }
    let (task, reservation) = (customer.task_sid, customer.reservation_sid);
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

/// The caller is no longer in the conference. Who is still on the line has been left by everybody else.
pub(crate) async fn customer_left(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let customer = WorkerCall::parse(&webhook.parameters)?;
    let mut left = None;
    if !webhook.is_preview() {
        let (task, reservation) = (customer.task_sid, customer.reservation_sid);
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
    let settings = voice.settings().await?;
    Ok(documents::goodbye(language_of(&settings, left.as_ref())?))
}

/// A supervisor picked up: into the conversation, if it goes on.
pub(crate) async fn supervisor(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let SupervisorCall { worker_call, mode } = SupervisorCall::parse(&webhook.parameters)?;
    let task = voice.store.task(worker_call.task_sid).await?;
    let offer = task
        .as_ref()
        .and_then(|task| task.reservation(worker_call.reservation_sid));
    let offer = offer.filter(|offer| still_stands(offer));
    let worker = offer.and_then(|offer| offer.instruction.as_ref()?.worker_call_sid);
    Ok(match worker {
        Some(worker) => conference_documents::supervisor(mode, Some(worker), worker_call.task_sid),
        None => Response::new().then(Hangup),
    })
}

/// What a notice means for the Task, if anything.
fn event(status: &ConferenceStatus) -> Option<Command> {
    let (task, reservation, conference) = (
        status.task_sid,
        status.reservation_sid,
        status.conference_sid,
    );
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

/// What a caller gets for whom there is no conference after all: the queue again while somebody may still come, else what
/// the end of their Task says.
async fn send_back(voice: &Voice, task: Option<&Task>) -> Result<Response, Failure> {
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
