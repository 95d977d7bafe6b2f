//! `/queue-exit` and its subpaths: the document for a caller who left the queue, and the effect on
//! the Task.

mod flow;
mod voicemail;

use std::sync::Arc;

use ids::TaskSid;
use runtime::voice::{Failure, Voice, Webhook, language, no_such_path};
use shared::menu::{Language, Menu, documents};
use shared::twiml::Response;
use shared::webhook::{QueueExit, QueueResult, Recording, Reply, Request, TimedOut, path};
use task_router::model::instruction::Plan;
use task_router::model::{AssignmentStatus, EndReason, Reservation, Task};
use task_router::router::{Answer, Command};

/// Answers the carrier's requests about a caller who left the queue.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::QUEUE_EXIT => voice.document(&request, left).await,
        path::TIMED_OUT => voice.document(&request, timed_out).await,
        path::RECORDED => voice.document(&request, recorded).await,
        _ => no_such_path(&request),
    }
}

/// The `action` of `<Enqueue>`: the caller left the queue.
async fn left(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let exit = QueueExit::parse(&webhook.parameters)?;
    if let Some(task_sid) = task_still_waiting(voice, webhook, &exit).await? {
        tracing::warn!(call_sid = %exit.call.call_sid, %task_sid, "caller connected without a Reservation, enqueuing again");
        if let Some(state) = flow::carried(webhook) {
            return Ok(Response::new().then(voice_flows::enqueue(task_sid, &state)));
        }
        let menu = voice.menu(webhook).await;
        return Ok(documents::enqueue(
            language(&menu, exit.selected_language.as_deref())?,
            task_sid,
        ));
    }
    let task = if webhook.is_preview() {
        None
    } else {
        update_task(voice, &exit).await?
    };
    if !is_heard(exit.queue_result) {
        return Ok(documents::nothing());
    }
    if let Some(state) = flow::of(webhook, task.as_ref()) {
        return Ok(flow::after(&state, &exit, task.as_ref()));
    }
    let settings = voice.settings().await?;
    let language = language(&settings.menu, exit.selected_language.as_deref())?;
    Ok(document(&settings.menu, language, &exit))
}

/// Applies the exit of a caller from the queue to the Task. A carrier that is coupled with our
/// TaskRouter reports the exit separately from the `action` of `<Enqueue>`, which then belongs to
/// an application. Returns the Task.
///
/// # Errors
/// [`Failure::Store`], or [`Failure::Unheard`] when the caller is no longer on the line.
pub async fn update_task(voice: &Voice, exit: &QueueExit) -> Result<Option<Task>, Failure> {
    match command(exit) {
        Some(command) => apply(voice, exit, &command).await,
        None => Ok(None),
    }
}

/// The call was redirected here because its Task ended without a Worker.
async fn timed_out(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let timed_out = TimedOut::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    tracing::info!(call_sid = %timed_out.call.call_sid, task_sid = shown(timed_out.task_sid), "timed out");
    if settings.flows.is_some()
        && let Some(task_sid) = timed_out.task_sid
        && let Some(task) = voice.store.task(task_sid).await?
        && let Some(state) = flow::of(webhook, Some(&task))
    {
        return Ok(flow::timed_out(&state));
    }
    let language = language(&settings.menu, timed_out.selected_language.as_deref())?;
    Ok(documents::timed_out(
        language,
        settings.menu.voicemail,
        timed_out.task_sid,
    ))
}

/// The caller left a message. The recording is stored by the carrier; what is known of it, in the
/// table. If that fails, the request is repeated, as every request of a caller is.
async fn recorded(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let recording = Recording::parse(&webhook.parameters)?;
    tracing::info!(
        call_sid = %recording.call.call_sid,
        task_sid = shown(recording.task_sid),
        recording_sid = recording.recorded.sid.map(|sid| sid.to_string()),
        duration_secs = recording.recorded.duration_secs,
        "voicemail left"
    );
    if !webhook.is_preview() {
        voicemail::keep(voice, &recording).await?;
    }
    let menu = voice.menu(webhook).await;
    Ok(documents::voicemail_thanks(language(
        &menu,
        recording.selected_language.as_deref(),
    )?))
}

/// The Task of a caller who is still on the line and was connected, or was about to be, although no
/// Worker has accepted the Task: the Worker hung up, or the Reservation ended at the same moment.
/// The caller returns to the queue, so the call is not lost.
async fn task_still_waiting(
    voice: &Voice,
    webhook: &Webhook,
    exit: &QueueExit,
) -> Result<Option<TaskSid>, Failure> {
    let was_dequeued = matches!(
        exit.queue_result,
        QueueResult::Bridged | QueueResult::BridgingInProcess
    );
    if webhook.is_preview() || !was_dequeued || exit.call.status.is_final() {
        return Ok(None);
    }
    let Some(task_sid) = exit.task_sid else {
        return Ok(None);
    };
    let status = voice
        .store
        .task(task_sid)
        .await?
        .map(|task| task.assignment_status);
    Ok(match status {
        Some(AssignmentStatus::Pending | AssignmentStatus::Reserved) => Some(task_sid),
        Some(
            AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled,
        )
        | None => None,
    })
}

async fn apply(
    voice: &Voice,
    exit: &QueueExit,
    command: &Command,
) -> Result<Option<Task>, Failure> {
    let failure = if is_heard(exit.queue_result) {
        Failure::Store
    } else {
        Failure::Unheard
    };
    let applied = voice
        .store
        .apply(command, voice.now())
        .await
        .map_err(failure)?;
    tracing::info!(
        call_sid = %exit.call.call_sid,
        task_sid = shown(exit.task_sid),
        queue_result = %exit.queue_result,
        outcome = ?applied.outcome,
        "caller left the queue"
    );
    accept_redirect(voice, exit.queue_result, applied.task.as_ref())
        .await
        .map_err(failure)?;
    Ok(applied.task)
}

/// Accepts a pending Reservation whose `redirect` instruction accepts when the caller is moved.
/// This repairs a lost reply of the carrier to the request that moved the caller.
async fn accept_redirect(
    voice: &Voice,
    result: QueueResult,
    task: Option<&Task>,
) -> Result<(), store::Error> {
    let (QueueResult::Redirected, Some(task)) = (result, task) else {
        return Ok(());
    };
    let accepts = |offer: &&Reservation| {
        offer
            .instruction
            .as_ref()
            .is_some_and(|issued| issued.accepts && issued.plan == Plan::Redirect)
    };
    let Some(offer) = task.pending_reservations().find(accepts) else {
        return Ok(());
    };
    let accepted = Command::Answered {
        task: task.sid,
        reservation: offer.sid,
        answer: Answer::Accept,
    };
    voice.store.apply(&accepted, voice.now()).await.map(|_| ())
}

fn shown(task_sid: Option<TaskSid>) -> Option<String> {
    task_sid.map(|sid| sid.to_string())
}

/// The Command for the Task; `None` where the URL names no Task, because hosted TaskRouter observes
/// the exit itself. A Task that has ended gets the Command, too: it records which of the carrier's
/// queues can be deleted.
fn command(exit: &QueueExit) -> Option<Command> {
    let reason = match exit.queue_result {
        QueueResult::Hangup => EndReason::Hangup,
        QueueResult::Bridged
        | QueueResult::Leave
        | QueueResult::RedirectedFromBridged
        | QueueResult::QueueFull
        | QueueResult::Error
        | QueueResult::SystemError => EndReason::LeftQueue,
        // Moved by our own instruction, or by another REST request.
        QueueResult::Redirected => {
            return Some(Command::CallerMoved {
                task: exit.task_sid?,
                carrier_queue: exit.queue_sid,
            });
        }
        // The conversation has not begun yet.
        QueueResult::BridgingInProcess => return None,
    };
    Some(Command::CallerGone {
        task: exit.task_sid?,
        reason,
        carrier_queue: exit.queue_sid,
    })
}

/// Whether the caller hears our document. A caller who hung up does not, and a moved caller hears
/// another document.
fn is_heard(result: QueueResult) -> bool {
    match result {
        QueueResult::Bridged
        | QueueResult::Leave
        | QueueResult::QueueFull
        | QueueResult::Error
        | QueueResult::SystemError => true,
        QueueResult::Hangup
        | QueueResult::BridgingInProcess
        | QueueResult::Redirected
        | QueueResult::RedirectedFromBridged => false,
    }
}

/// The document for the caller.
fn document(menu: &Menu, language: &Language, exit: &QueueExit) -> Response {
    match exit.queue_result {
        QueueResult::Bridged => documents::goodbye(language),
        // `/wait-music` answers `<Leave>` to a caller whose Task has ended.
        QueueResult::Leave => documents::timed_out(language, menu.voicemail, exit.task_sid),
        QueueResult::QueueFull | QueueResult::Error | QueueResult::SystemError => {
            match menu.voicemail {
                Some(_) => documents::timed_out(language, menu.voicemail, exit.task_sid),
                None => documents::apology([language], None),
            }
        }
        QueueResult::Hangup
        | QueueResult::BridgingInProcess
        | QueueResult::Redirected
        | QueueResult::RedirectedFromBridged => documents::nothing(),
    }
}
