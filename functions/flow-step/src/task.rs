//! Creates the Tasks of a flow.

use ids::WorkflowSid;
use ids::time::Timestamp;
use runtime::voice::{Failure, Voice, Webhook};
use shared::voice_settings::VoiceSettings;
use store::Created;
use task_router::model::{Attributes, RoutingTarget, TaskChannelName, Workspace};
use task_router::router::{self, NewTask, NotRoutable};
use voice_flows::{NewCallTask, Purpose};

/// Creates a Task, unless it exists, and returns the moment from which it waits. `None`: the
/// Workflow cannot route it, so the step fails. A browser's preview creates nothing.
///
/// # Errors
/// [`Failure::Store`], after which the carrier repeats the request, and [`Failure::NotSetUp`].
pub(crate) async fn create(
    voice: &Voice,
    webhook: &Webhook,
    new: &NewCallTask,
) -> Result<Option<Timestamp>, Failure> {
    let now = voice.now();
    if webhook.is_preview() {
        return Ok(Some(now));
    }
    let settings = voice.settings().await?;
    let workspace = voice
        .store
        .workspace(settings.workspace_sid, now)
        .await?
        .ok_or(Failure::NotSetUp("Workspace"))?;
    let workflow = workspace
        .workflows
        .get(&workflow_of(new, &settings))
        .ok_or(Failure::NotSetUp("Workflow"))?;
    let task = match router::create_task(&workspace, workflow, routed(new, &workspace)?, now) {
        Ok(task) => task,
        Err(error @ (NotRoutable::NoFilterMatches { .. } | NotRoutable::NoSuchTaskQueue(_))) => {
            tracing::error!(task_sid = %new.sid, %error, "no Task for a call");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let created = voice.store.create_task(&task, &workspace).await?;
    let since = match &created {
        Created::New => task.virtual_start_time,
        Created::AlreadyThere(there) => there.virtual_start_time,
    };
    tracing::info!(task_sid = %task.sid, purpose = ?new.purpose, is_new = created == Created::New, "Task of a flow");
    Ok(Some(since))
}

fn workflow_of(new: &NewCallTask, settings: &VoiceSettings) -> WorkflowSid {
    match new.purpose {
        Purpose::Conversation(workflow) | Purpose::Callback(workflow) => workflow,
        Purpose::Voicemail(_) => settings.workflow_sid,
    }
}

fn routed(new: &NewCallTask, workspace: &Workspace) -> Result<NewTask, Failure> {
    let routing_target = match new.purpose {
        Purpose::Conversation(_) | Purpose::Callback(_) => None,
        Purpose::Voicemail(queue) => Some(RoutingTarget::TaskQueue(queue)),
    };
    // A voicemail is no call: it must not take the slot of one.
    let channel = match new.purpose {
        Purpose::Conversation(_) | Purpose::Callback(_) => TaskChannelName::VOICE,
        Purpose::Voicemail(_) => [TaskChannelName::DEFAULT, TaskChannelName::VOICE]
            .into_iter()
            .find(|channel| workspace.task_channels.contains_key(channel))
            .unwrap_or(TaskChannelName::VOICE),
    };
    let task = NewTask::new(new.sid, Attributes::new(new.attributes.clone())?, channel);
    Ok(NewTask {
        priority: new.priority,
        timeout: new.timeout.unwrap_or(task.timeout),
        virtual_start_time: new.virtual_start_time,
        routing_target,
        ..task
    })
}
