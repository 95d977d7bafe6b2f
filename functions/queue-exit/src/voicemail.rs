//! A voicemail: its recording becomes attributes of the caller's Task, and a Task of its own in the
//! TaskQueue that `voicemail_task_queue` names.

use ids::{CallSid, TaskSid};
use runtime::NewVoicemail;
use runtime::voice::{Failure, Router, Voice};
use serde_json::{Map, Value};
use shared::webhook::Recording;
use task_router::model::Task;
use task_router::router::{AttributesChange, Command, TaskChanges};

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
    let Some(task_queue) = settings.voicemail_task_queue_sid else {
        return Ok(());
    };
    let voicemail = NewVoicemail {
        sid: sid_of(recording.call.call_sid, &recording.recorded.url),
        task_queue,
        attributes: attributes_of(recording),
        priority: task.map_or(0, |task| task.priority),
    };
    // Without a TaskQueue there is no Task, and the message is still at the carrier.
    voice.create_voicemail(voicemail).await.map(|_| ())
}

/// Adds the recording to the attributes of the caller's Task, which has ended; the Task after it.
/// An Event `task.updated` follows from the write.
async fn add_recording(
    voice: &Voice,
    task: TaskSid,
    recording: &Recording,
) -> Result<Option<Task>, Failure> {
    let changes = TaskChanges {
        attributes: Some(AttributesChange::Merge(recording.recorded.attributes(""))),
        ..TaskChanges::default()
    };
    let applied = voice
        .store
        .apply(&Command::TaskUpdated { task, changes }, voice.now())
        .await?;
    tracing::info!(task_sid = %task, outcome = ?applied.outcome, "recording added to the Task");
    Ok(applied.task)
}

fn attributes_of(recording: &Recording) -> Map<String, Value> {
    let mut attributes = recording.recorded.attributes("");
    let mut set = |name: &str, value: &str| attributes.insert(name.to_owned(), value.into());
    set("from", recording.call.from.as_str());
    set("to", recording.call.to.as_str());
    if let Some(language) = &recording.selected_language {
        set("selected_language", language);
    }
    if let Some(task) = recording.task_sid {
        set("task_sid", task.text().as_str());
    }
    attributes
}

/// The SID of a voicemail's Task: the same for a repeated request.
fn sid_of(call: CallSid, recording_url: &str) -> TaskSid {
    TaskSid::derive(&["voicemail", call.text().as_str(), recording_url])
}
