//! TaskChannel: a kind of work, with a capacity of its own (taskrouter.md sections 2.5 and 4).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use ids::time::Millis;
use ids::{TaskChannelSid, WorkspaceSid};

/// The longest unique name of a TaskChannel, in characters (taskrouter.md section 14).
pub const TASK_CHANNEL_NAME_CHARS_MAX: usize = 64;

/// The most TaskChannels of a Workspace: each is an item, and part of every free Worker's
/// Readiness.
pub const TASK_CHANNELS_MAX: usize = 50;

/// A TaskChannel's unique name: letters, digits, `_` and `$`, not beginning with a digit
/// (taskrouter.md section 2.5). It is an array, so that it is copied, compared and looked up
/// without allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskChannelName {
    /// ASCII, then zeros: text order is array order.
    text: [u8; TASK_CHANNEL_NAME_CHARS_MAX],
    length: u8,
}

/// The text cannot name a TaskChannel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a TaskChannel's unique name has 1 to {TASK_CHANNEL_NAME_CHARS_MAX} letters, digits, `_` or `$` and does not begin with a digit"
)]
pub struct TaskChannelNameError;

impl TaskChannelName {
    /// Work without a TaskChannel of its own.
    pub const DEFAULT: Self = Self::standard(b"default");
    /// Telephone calls.
    pub const VOICE: Self = Self::standard(b"voice");
    /// Chat conversations.
    pub const CHAT: Self = Self::standard(b"chat");
    /// Text messages.
    pub const SMS: Self = Self::standard(b"sms");
    /// Video calls.
    pub const VIDEO: Self = Self::standard(b"video");

    /// The TaskChannels of every new Workspace, in the order of taskrouter.md section 2.1.
    pub const STANDARD: [Self; 5] = [
        Self::DEFAULT,
        Self::VOICE,
        Self::CHAT,
        Self::SMS,
        Self::VIDEO,
    ];

    const fn standard(name: &[u8]) -> Self {
        let mut text = [0; TASK_CHANNEL_NAME_CHARS_MAX];
        let mut at = 0;
        while at < name.len() {
            text[at] = name[at];
            at += 1;
        }
        Self {
            text,
            length: name.len() as u8,
        }
    }

    /// The unique name in the API.
    pub fn as_str(&self) -> &str {
        let text = self
            .text
            .get(..usize::from(self.length))
            .unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl FromStr for TaskChannelName {
    type Err = TaskChannelNameError;

    fn from_str(name: &str) -> Result<Self, TaskChannelNameError> {
        let first = name.bytes().next().ok_or(TaskChannelNameError)?;
        if name.len() > TASK_CHANNEL_NAME_CHARS_MAX
            || first.is_ascii_digit()
            || !name.bytes().all(is_name_byte)
        {
            return Err(TaskChannelNameError);
        }
        Ok(Self::standard(name.as_bytes()))
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

impl fmt::Display for TaskChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TaskChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TaskChannelName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TaskChannelName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A TaskChannel of a Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskChannel {
    /// `TC…`.
    pub sid: TaskChannelSid,
    /// The name in the API; it never changes.
    pub unique_name: TaskChannelName,
    /// The name on pages; at most 64 characters.
    pub friendly_name: String,
    /// Whether routing compares the idle time of Workers in this channel alone (taskrouter.md
    /// section 9).
    pub channel_optimized_routing: bool,
    /// What follows for a Task of this channel when its conversation has ended.
    pub after_conversation: AfterConversation,
    /// Whether free Workers are listed for its Tasks.
    #[serde(default, skip_serializing_if = "ChannelUse::is_used")]
    pub usage: ChannelUse,
}

/// Whether free Workers are listed for the Tasks of a TaskChannel. To list a Worker in one more
/// TaskChannel costs two writes of each call, so a channel that the file does not declare is unused
/// until its first Task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelUse {
    /// Free Workers are in ready lists for the channel.
    #[default]
    Used,
    /// They are not. The first Task of the channel puts it to use, for good.
    Unused,
}

/// What follows for an assigned Task when its conversation has ended. TaskRouter always leaves it
/// in `wrapping` until a request completes it (taskrouter.md section 5); the other two variants
/// make that request unnecessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterConversation {
    /// `wrapping`, until a request to the API completes it.
    Wrap,
    /// `wrapping`, for this time at most.
    WrapFor(Millis),
    /// `completed` at once.
    Complete,
}

impl TaskChannel {
    /// The TaskChannel of this name with its defaults; its SID is derived from Workspace and name.
    pub fn of(workspace: WorkspaceSid, unique_name: TaskChannelName) -> Self {
        let sid = TaskChannelSid::derive(&[&workspace.to_string(), unique_name.as_str()]);
        let friendly_name = unique_name.to_string();
        let after_conversation = AfterConversation::Wrap;
        Self {
            sid,
            unique_name,
            friendly_name,
            channel_optimized_routing: false,
            after_conversation,
            usage: ChannelUse::Used,
        }
    }
}

impl ChannelUse {
    /// Whether it is the default, which is not stored.
    fn is_used(&self) -> bool {
        *self == Self::Used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_name_is_a_short_identifier() {
        for right in ["voice", "a", "$x_1", &"x".repeat(64)] {
            assert_eq!(right.parse::<TaskChannelName>().unwrap().as_str(), right);
        }
        for wrong in ["", "1a", "a-b", "a b", "naïve", &"x".repeat(65)] {
            assert_eq!(
                wrong.parse::<TaskChannelName>(),
                Err(TaskChannelNameError),
                "{wrong}"
            );
        }
        assert!(
            TaskChannelName::CHAT < TaskChannelName::VOICE,
            "names must be ordered like texts"
        );
    }
}
