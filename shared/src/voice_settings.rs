//! The contact centre as a caller meets it: one number, one menu, one Workflow behind it.

use serde::{Deserialize, Serialize};

use crate::menu::Menu;
use ids::{ActivitySid, WorkflowSid, WorkspaceSid};

/// What the voice functions need to know. Comes from `contact-centre.yaml`, lives in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoiceSettings {
    /// The number people dial, E.164.
    pub phone_number: String,
    /// Where its Tasks are routed.
    pub workspace_sid: WorkspaceSid,
    /// The Workflow every call's Task enters.
    pub workflow_sid: WorkflowSid,
    /// The Activity a Worker moves to when a conversation has ended, named by the `dequeue` instruction.
    pub post_work_activity_sid: Option<ActivitySid>,
    /// How long a Worker's phone rings, in seconds (taskrouter.md section 11.3, dequeue `timeout`).
    pub worker_ring_timeout_secs: u32,
    /// What callers and workers are told.
    pub menu: Menu,
}
