//! The Tasks that voice functions create.

use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkflowSid};
use serde_json::{Map, Value};
use store::Created;
use task_router::model::{Attributes, RoutingTarget, TaskChannelName, Workspace};
use task_router::router::{self, NewTask, NotRoutable};

use crate::voice::{Failure, Voice};

/// The value of the attribute `type` of a voicemail's Task.
const TYPE: &str = "voicemail";

/// A message of a caller that becomes a Task.
pub struct NewVoicemail {
    /// Derived from the message, so that a repeated webhook creates the same Task.
    pub sid: TaskSid,
    /// The TaskQueue of the Task.
    pub task_queue: TaskQueueSid,
    /// Its attributes, besides `type`. Not `call_sid`: no caller waits, and a Task with it would be
    /// treated as a call.
    pub attributes: Map<String, Value>,
    /// Its priority.
    pub priority: u32,
}

impl Voice {
    /// The Workspace of the voice settings.
    ///
    /// # Errors
    /// [`Failure::Store`], and [`Failure::NotSetUp`] before it is stored.
    pub async fn workspace(&self) -> Result<std::sync::Arc<Workspace>, Failure> {
        let settings = self.settings().await?;
        let workspace = self
            .store
            .workspace(settings.workspace_sid, self.now())
            .await?;
        workspace.ok_or(Failure::NotSetUp("Workspace"))
    }

    /// Creates a Task, unless it exists, and returns the moment from which it waits. `None`, after a
    /// line in the log: no filter of the Workflow matches it, or its TaskQueue was deleted.
    ///
    /// # Errors
    /// [`Failure::Store`], after which the carrier repeats the request, and [`Failure::NotSetUp`].
    pub async fn create_task(
        &self,
        workspace: &Workspace,
        workflow: WorkflowSid,
        new: NewTask,
    ) -> Result<Option<Timestamp>, Failure> {
        let sid = new.sid;
        let workflow = workspace.workflows.get(&workflow);
        let workflow = workflow.ok_or(Failure::NotSetUp("Workflow"))?;
        let task = match router::create_task(workspace, workflow, new, self.now()) {
            Ok(task) => task,
            Err(
                error @ (NotRoutable::NoFilterMatches { .. } | NotRoutable::NoSuchTaskQueue(_)),
            ) => {
                tracing::error!(task_sid = %sid, %error, "no Task for a call");
                return Ok(None);
            }
            Err(error @ NotRoutable::NoTaskQueue) => return Err(error.into()),
        };
        let created = self.store.create_task(&task, workspace).await?;
        let is_new = created == Created::New;
        tracing::info!(task_sid = %sid, is_new, "Task of a call");
        Ok(Some(match created {
            Created::New => task.virtual_start_time,
            Created::AlreadyThere(there) => there.virtual_start_time,
        }))
    }

    /// Creates the Task of a voicemail, as [`Voice::create_task`] does. Its Worker accepts it on the
    /// desktop.
    ///
    /// # Errors
    /// As [`Voice::create_task`].
    pub async fn create_voicemail(&self, new: NewVoicemail) -> Result<Option<Timestamp>, Failure> {
        let settings = self.settings().await?;
        let workspace = self.workspace().await?;
        let mut attributes = new.attributes;
        attributes.insert("type".to_owned(), TYPE.into());
        let channel = channel_of_messages(&workspace);
        let task = NewTask {
            priority: new.priority,
            routing_target: Some(RoutingTarget::TaskQueue(new.task_queue)),
            ..NewTask::new(new.sid, Attributes::new(attributes)?, channel)
        };
        self.create_task(&workspace, settings.workflow_sid, task)
            .await
    }
}

/// The TaskChannel of messages. A message is no call, so it must not take the slot of one.
fn channel_of_messages(workspace: &Workspace) -> TaskChannelName {
    [TaskChannelName::DEFAULT, TaskChannelName::VOICE]
        .into_iter()
        .find(|channel| workspace.task_channels.contains_key(channel))
        .unwrap_or(TaskChannelName::VOICE)
}
