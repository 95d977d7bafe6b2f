//! A voicemail: its recording becomes attributes of the caller's Task, and a Task of its own in the
//! TaskQueue that `voicemail_task_queue` names.

use ids::{CallSid, TaskQueueSid, TaskSid};
use runtime::voice::{Failure, Router, Voice};
use serde_json::{Map, Value};
use shared::webhook::Recording;
use task_router::model::{Attributes, RoutingTarget, Task, TaskChannelName, Workspace};
use task_router::router::{self, AttributesChange, Command, NewTask, NotRoutable, TaskChanges};

/// The value of the attribute `type` of a voicemail's Task.
const TYPE: &str = "voicemail";

/// Stores what is known of a recording. Idempotent: a repeated request finds the Task. With hosted
/// TaskRouter the Tasks are not ours, and the carrier's recording is all there is.
///
/// # Errors
/// [`Failure::Store`], after which the carrier repeats the request.
pub(crate) async fn keep(voice: &Voice, recording: &Recording) -> Result<(), Failure> {
    if matches!(voice.router, Router::Twilio { .. }) {
        return Ok(());
    }
    let task = match recording.task_sid {
        Some(task) => add_recording(voice, task, recording).await?,
        None => None,
    };
    let settings = voice.settings().await?;
    let Some(queue) = settings.voicemail_task_queue_sid else {
        return Ok(());
    };
    let now = voice.now();
    let Some(workspace) = voice.store.workspace(settings.workspace_sid, now).await? else {
        return Ok(());
    };
    let new = task_of(queue, &workspace, recording, task.as_ref())?;
    let Some(workflow) = workspace.workflows.get(&settings.workflow_sid) else {
        return Err(Failure::NotSetUp("Workflow"));
    };
    let created = match router::create_task(&workspace, workflow, new, now) {
        Ok(created) => created,
        Err(NotRoutable::NoSuchTaskQueue(task_queue_sid)) => {
            tracing::error!(%task_queue_sid, "no Task for the voicemail: its TaskQueue was deleted");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    voice.store.create_task(&created, &workspace).await?;
    tracing::info!(task_sid = %created.sid, call_sid = %recording.call.call_sid, "Task of a voicemail created");
    Ok(())
}

/// Adds the recording to the attributes of the caller's Task, which has ended; the Task after it.
/// An Event `task.updated` follows from the write.
async fn add_recording(
    voice: &Voice,
    task: TaskSid,
    recording: &Recording,
) -> Result<Option<Task>, Failure> {
    let changes = TaskChanges {
        attributes: Some(AttributesChange::Merge(attributes_of(recording))),
        ..TaskChanges::default()
    };
    let applied = voice
        .store
        .apply(&Command::TaskUpdated { task, changes }, voice.now())
        .await?;
    tracing::info!(task_sid = %task, outcome = ?applied.outcome, "recording added to the Task");
    Ok(applied.task)
}

/// The Task of a voicemail in this TaskQueue.
fn task_of(
    queue: TaskQueueSid,
    workspace: &Workspace,
    recording: &Recording,
    of_call: Option<&Task>,
) -> Result<NewTask, Failure> {
    let mut attributes = attributes_of(recording);
    let mut set = |name: &str, value: &str| attributes.insert(name.to_owned(), value.into());
    set("type", TYPE);
    // Not `call_sid`: the call has ended, and a Task with it would be treated as a call.
    set("from", recording.call.from.as_str());
    set("to", recording.call.to.as_str());
    if let Some(language) = &recording.selected_language {
        set("selected_language", language);
    }
    if let Some(task) = recording.task_sid {
        set("task_sid", task.text().as_str());
    }
    let channel = [TaskChannelName::DEFAULT, TaskChannelName::VOICE]
        .into_iter()
        .find(|channel| workspace.task_channels.contains_key(channel))
        .unwrap_or(TaskChannelName::VOICE);
    let sid = sid_of(recording.call.call_sid, &recording.recording_url);
    Ok(NewTask {
        priority: of_call.map_or(0, |task| task.priority),
        routing_target: Some(RoutingTarget::TaskQueue(queue)),
        ..NewTask::new(sid, Attributes::new(attributes)?, channel)
    })
}

/// The SID of a voicemail's Task: the same for a repeated request.
fn sid_of(call: CallSid, recording_url: &str) -> TaskSid {
    TaskSid::derive(&[TYPE, call.text().as_str(), recording_url])
}

fn attributes_of(recording: &Recording) -> Map<String, Value> {
    let mut attributes = Map::new();
    attributes.insert(
        "recording_url".to_owned(),
        recording.recording_url.as_str().into(),
    );
    if let Some(sid) = recording.recording_sid {
        attributes.insert("recording_sid".to_owned(), sid.text().as_str().into());
    }
    if let Some(secs) = recording.recording_duration_secs {
        attributes.insert("recording_duration".to_owned(), secs.into());
    }
    attributes
}
