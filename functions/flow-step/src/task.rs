//! Creates the Tasks of a flow.

use ids::WorkflowSid;
use ids::time::Timestamp;
use runtime::NewVoicemail;
use runtime::voice::{Failure, Voice, Webhook};
use task_router::model::{Attributes, TaskChannelName};
use task_router::router::NewTask;
use voice_flows::{NewCallTask, Purpose};

use crate::callback;

/// Creates a Task, unless it exists, and returns the moment from which it waits. `None`: it cannot
/// be routed, so the step fails. A browser's preview creates nothing.
///
/// # Errors
/// [`Failure::Store`], after which the carrier repeats the request, and [`Failure::NotSetUp`].
pub(crate) async fn create(
    voice: &Voice,
    webhook: &Webhook,
    new: &NewCallTask,
) -> Result<Option<Timestamp>, Failure> {
    if webhook.is_preview() {
        return Ok(Some(voice.now()));
    }
    match new.purpose {
        Purpose::Conversation(workflow) => route(voice, workflow, new).await,
        Purpose::Callback(workflow) => callback::create(voice, workflow, new).await,
        Purpose::Voicemail(task_queue) => {
            let voicemail = NewVoicemail {
                sid: new.sid,
                task_queue,
                attributes: new.attributes.clone(),
                priority: new.priority,
            };
            voice.create_voicemail(voicemail).await
        }
    }
}

/// Creates a Task that its Workflow routes.
pub(crate) async fn route(
    voice: &Voice,
    workflow: WorkflowSid,
    new: &NewCallTask,
) -> Result<Option<Timestamp>, Failure> {
    let attributes = Attributes::new(new.attributes.clone())?;
    let task = NewTask::new(new.sid, attributes, TaskChannelName::VOICE);
    let task = NewTask {
        priority: new.priority,
        timeout: new.timeout.unwrap_or(task.timeout),
        virtual_start_time: new.virtual_start_time,
        redial: new.redial.clone(),
        ..task
    };
    let workspace = voice.workspace().await?;
    voice.create_task(&workspace, workflow, task).await
}
