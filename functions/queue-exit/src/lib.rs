//! `/queue-exit` and below: what a caller gets who is no longer in the queue, and what becomes of the Task.

use std::sync::Arc;

use ids::TaskSid;
use runtime::voice::{Failure, Voice, Webhook, language, no_such_path};
use shared::menu::{Language, Menu, documents};
use shared::twiml::Response;
use shared::webhook::{QueueExit, QueueResult, Recording, Reply, Request, TimedOut, path};
use task_router::model::instruction::Plan;
use task_router::model::{AssignmentStatus, EndReason, Reservation, Task};
use task_router::router::{Answer, Command};

/// Answers what the carrier asks and tells about a caller who left the queue.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    match request.path() {
        path::QUEUE_EXIT => voice.document(&request, left).await,
        path::TIMED_OUT => voice.document(&request, timed_out).await,
        path::RECORDED => voice.document(&request, recorded).await,
        _ => no_such_path(&request),
    }
}

/// The caller left the queue.
async fn left(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let exit = QueueExit::parse(&webhook.parameters)?;
    if let Some(task_sid) = still_wanted(voice, webhook, &exit).await? {
        let menu = voice.menu(webhook).await;
        tracing::warn!(call_sid = %exit.call.call_sid, %task_sid, "connected without a Reservation; the caller waits on");
        return Ok(documents::enqueue(
            language(&menu, exit.selected_language.as_deref())?,
            task_sid,
        ));
    }
    if !webhook.is_preview() {
        tell_task(voice, &exit).await?;
    }
    if !is_heard(exit.queue_result) {
        return Ok(documents::nothing());
    }
    let settings = voice.settings().await?;
    let language = language(&settings.menu, exit.selected_language.as_deref())?;
    Ok(document(&settings.menu, language, &exit))
}

/// What becomes of the Task of a caller who left the queue. A carrier whose TaskRouter we are tells of it apart from the
/// `action` of `<Enqueue>`, which is an application's own.
///
/// # Errors
/// [`Failure::Store`], or [`Failure::Unheard`] when nobody is on the line.
pub async fn tell_task(voice: &Voice, exit: &QueueExit) -> Result<(), Failure> {
    match event(exit) {
        Some(event) => apply(voice, exit, &event).await,
        None => Ok(()),
    }
}

/// The call was sent here, its Task having ended without a worker.
async fn timed_out(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let timed_out = TimedOut::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    tracing::info!(call_sid = %timed_out.call.call_sid, task_sid = shown(timed_out.task_sid), "timed out");
    let language = language(&settings.menu, timed_out.selected_language.as_deref())?;
    Ok(documents::timed_out(
        language,
        settings.menu.voicemail,
        timed_out.task_sid,
    ))
}

/// The caller left a message. It is kept by the carrier, so thanks are due whatever the table says.
async fn recorded(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let recording = Recording::parse(&webhook.parameters)?;
    tracing::info!(
        call_sid = %recording.call.call_sid,
        task_sid = shown(recording.task_sid),
        recording_sid = recording.recording_sid.map(|sid| sid.to_string()),
        duration_secs = recording.recording_duration_secs,
        "voicemail left"
    );
    let menu = voice.menu(webhook).await;
    Ok(documents::voicemail_thanks(language(
        &menu,
        recording.selected_language.as_deref(),
    )?))
}

/// The Task of a caller who is on the line after being connected, or about to be, while nobody has accepted it: the Worker
/// hung up or the Reservation ended in that very moment. The call is not lost: the caller goes back into the queue.
async fn still_wanted(
    voice: &Voice,
    webhook: &Webhook,
    exit: &QueueExit,
) -> Result<Option<TaskSid>, Failure> {
    let was_dequeued = matches!(
        exit.queue_result,
        QueueResult::Bridged | QueueResult::BridgingInProcess
    );
    let (true, false, Some(task_sid)) = (
        was_dequeued && !webhook.is_preview(),
        exit.call.status.is_final(),
        exit.task_sid,
    ) else {
        return Ok(None);
    };
    let status = voice
        .store
        .task(task_sid)
        .await?
        .map(|task| task.assignment_status);
    Ok(matches!(
        status,
        Some(AssignmentStatus::Pending | AssignmentStatus::Reserved)
    )
    .then_some(task_sid))
}

async fn apply(voice: &Voice, exit: &QueueExit, event: &Command) -> Result<(), Failure> {
    let failure = if is_heard(exit.queue_result) {
        Failure::Store
    } else {
        Failure::Unheard
    };
    let applied = voice
        .store
        .apply(event, voice.now())
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
        .map_err(failure)
}

/// A caller who was moved by a `redirect` that accepts by being carried out: should whoever moved them not have heard so from
/// the carrier, it is known by this.
async fn accept_redirect(
    voice: &Voice,
    result: QueueResult,
    task: Option<&Task>,
) -> Result<(), store::Error> {
    let accepts = |offer: &&Reservation| {
        offer
            .instruction
            .as_ref()
            .is_some_and(|issued| issued.accepts && issued.plan == Plan::Redirect)
    };
    let Some(task) = task.filter(|_| result == QueueResult::Redirected) else {
        return Ok(());
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

/// What it means for the Task; nothing where the URL names none: hosted TaskRouter sees for itself. A Task that has ended is told
/// too: it learns which of the carrier's queues can be deleted.
fn event(exit: &QueueExit) -> Option<Command> {
    let reason = match exit.queue_result {
        QueueResult::Hangup => EndReason::Hangup,
        QueueResult::Bridged
        | QueueResult::Leave
        | QueueResult::RedirectedFromBridged
        | QueueResult::QueueFull
        | QueueResult::Error
        | QueueResult::SystemError => EndReason::LeftQueue,
        // By an instruction of ours, or by somebody else.
        QueueResult::Redirected => {
            return Some(Command::CallerMoved {
                task: exit.task_sid?,
                carrier_queue: exit.queue_sid,
            });
        }
        // The conversation is only about to begin.
        QueueResult::BridgingInProcess => return None,
    };
    Some(Command::CallerGone {
        task: exit.task_sid?,
        reason,
        carrier_queue: exit.queue_sid,
    })
}

/// Whether the caller is there and hears our answer. Who hung up is not; who was moved listens to another document.
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

/// What the caller hears.
fn document(menu: &Menu, language: &Language, exit: &QueueExit) -> Response {
    match exit.queue_result {
        QueueResult::Bridged => documents::goodbye(language),
        // `/wait-music` lets a caller go whose Task has ended.
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
