//! TaskChannel: a kind of work with a capacity of its own (taskrouter.md sections 2.5 and 4).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{TaskChannelSid, WorkspaceSid};

/// The TaskChannels every Workspace begins with (taskrouter.md section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskChannelName {
    /// Whatever has no channel of its own.
    Default,
    /// Telephone calls.
    Voice,
    /// Chat conversations.
    Chat,
    /// Text messages.
    Sms,
    /// Video calls.
    Video,
}

impl TaskChannelName {
    /// Every channel, in the order of the reference.
    pub const ALL: [Self; 5] = [Self::Default, Self::Voice, Self::Chat, Self::Sms, Self::Video];

    /// The unique name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Voice => "voice",
            Self::Chat => "chat",
            Self::Sms => "sms",
            Self::Video => "video",
        }
    }
}

impl fmt::Display for TaskChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A TaskChannel of a Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskChannel {
    /// `TC…`.
    pub sid: TaskChannelSid,
    /// The name in the API.
    pub unique_name: TaskChannelName,
}

impl TaskChannel {
    /// The channel of this name in `workspace`; its id follows from both.
    pub fn of(workspace: WorkspaceSid, unique_name: TaskChannelName) -> Self {
        let sid = TaskChannelSid::derive(&[&workspace.to_string(), unique_name.as_str()]);
        Self { sid, unique_name }
    }
}
