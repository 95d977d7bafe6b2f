//! The settings of the voice functions: one phone number, one menu, and the Workflow of its calls.

use serde::{Deserialize, Serialize};

use crate::dialing::Dialing;
use crate::flows_version::FlowsVersion;
use crate::menu::Menu;
use ids::{ActivitySid, TaskQueueSid, WorkflowSid, WorkspaceSid};

/// Settings of the voice functions. Declared in `contact-centre.yaml`, stored in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoiceSettings {
    /// The number that callers dial, E.164.
    pub phone_number: String,
    /// The Workspace of the Tasks.
    pub workspace_sid: WorkspaceSid,
    /// The Workflow of every call's Task.
    pub workflow_sid: WorkflowSid,
    /// The Activity a Worker moves to after a conversation, named by the `dequeue` instruction.
    pub post_work_activity_sid: Option<ActivitySid>,
    /// How long a Worker's phone rings, in seconds (taskrouter.md section 11.3, dequeue `timeout`).
    pub worker_ring_timeout_secs: u32,
    /// The TaskQueue of the Tasks that voicemails become; `None`: they become none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voicemail_task_queue_sid: Option<TaskQueueSid>,
    /// Limits of the calls that the contact centre places.
    #[serde(default)]
    pub dialing: Dialing,
    /// The sentences that callers and Workers hear.
    pub menu: Menu,
    /// The flows of new calls; `None`: callers hear the menu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows: Option<FlowsVersion>,
}
