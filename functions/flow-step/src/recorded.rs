//! `/flow-step/recorded`: the recording of a call is ready. It becomes attributes of the call's Tasks.

use ids::{CallSid, TaskSid};
use runtime::voice::{Failure, Voice, Webhook};
use shared::webhook::{CallRecorded, Recorded, Reply};
use task_router::router::{AttributesChange, Command, TaskChanges};
use voice_flows::TASKS_MAX;

/// What the names of the attributes begin with. A voicemail of the same call has `recording_url`.
const PREFIX: &str = "call_";

pub(crate) async fn keep(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let CallRecorded { call_sid, recorded } = CallRecorded::parse(&webhook.parameters)?;
    if webhook.is_preview() {
        return Ok(Reply::empty());
    }
    let Some(recorded) = recorded else {
        tracing::info!(%call_sid, "nothing of the call was recorded");
        return Ok(Reply::empty());
    };
    let mut tasks = 0_u32;
    for task in tasks_of(call_sid) {
        if !add(voice, task, &recorded).await? {
            break;
        }
        tasks += 1;
    }
    tracing::info!(%call_sid, tasks, "recording of a call");
    Ok(Reply::empty())
}

/// The SIDs of a call's Tasks, in the order of their creation.
fn tasks_of(call: CallSid) -> impl Iterator<Item = TaskSid> {
    let later = (2..=u32::from(TASKS_MAX)).map(move |number| TaskSid::of_enqueue(call, number));
    std::iter::once(TaskSid::of_call(call)).chain(later)
}

/// Adds the recording to a Task. False: there is no such Task.
async fn add(voice: &Voice, task: TaskSid, recorded: &Recorded) -> Result<bool, Failure> {
    let changes = TaskChanges {
        attributes: Some(AttributesChange::Merge(recorded.attributes(PREFIX))),
        ..TaskChanges::default()
    };
    let updated = Command::TaskUpdated { task, changes };
    let applied = voice.store.apply(&updated, voice.now()).await?;
    Ok(applied.task.is_some())
}
