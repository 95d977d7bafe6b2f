//! The transcript of a call: what the person at the phone heard and did, in a list of limited
//! length.

use ids::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::twiml::default_language;

/// Entries that are kept for one call: an hour of hold music with announcements.
pub const ENTRIES_MAX: usize = 400;
/// The first entries that are never removed: how a call began explains the rest.
const FIRST_ENTRIES_KEPT: usize = 100;
/// Longest text of an entry, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// The entries of one call, oldest first. When there are too many, entries in the middle are
/// removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transcript(Vec<Entry>);

/// One thing that was heard, was done, or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// What kind of entry it is.
    pub event: Event,
    /// The description, at most 2,000 characters.
    pub text: String,
    /// The sound that the person hears, for programs that make it audible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<EntrySound>,
}

/// A sound that a person hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntrySound {
    /// A voice reads the text of the entry.
    Speech {
        /// The language of the voice, as a BCP 47 tag.
        language: String,
    },
    /// An audio file.
    Audio {
        /// The URL of the file.
        url: String,
        /// Number of repetitions, at least 1.
        loops: u32,
    },
}

impl EntrySound {
    /// Speech in the language of a Say that names none.
    pub(super) fn default_speech() -> Self {
        Self::Speech {
            language: default_language(),
        }
    }
}

/// Kinds of transcript entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The person or the contact centre dialled.
    Dialed,
    /// The phone rings.
    Ringing,
    /// The phone was picked up.
    Answered,
    /// The person declined the call.
    Declined,
    /// A text was read aloud.
    Heard,
    /// Audio or tones were played.
    Playing,
    /// The person is recorded, after a beep, or the call is recorded from here on.
    Recording,
    /// The person pressed keys.
    Pressed,
    /// The person spoke.
    Said,
    /// The call is in a queue.
    Waiting,
    /// The call left a queue without a conversation.
    LeftQueue,
    /// A conversation with another call started.
    Bridged,
    /// The conversation ended.
    Unbridged,
    /// The call joined a conference.
    JoinedConference,
    /// The participant changed (muted, on hold, coaching), or the conference started.
    Conference,
    /// The call left the conference.
    LeftConference,
    /// The person hung up.
    HungUp,
    /// The call is over.
    Ended,
    /// Something was ignored; the call continues.
    Warning,
    /// Something failed; the text begins with the carrier's code.
    Error,
}

impl Transcript {
    /// Adds an entry at the end.
    pub fn push(
        &mut self,
        at: Timestamp,
        event: Event,
        text: impl Into<String>,
        sound: Option<EntrySound>,
    ) {
        if self.0.len() >= ENTRIES_MAX {
            self.0.remove(FIRST_ENTRIES_KEPT);
        }
        let text = text.into().chars().take(TEXT_CHARS_MAX).collect();
        self.0.push(Entry {
            at,
            event,
            text,
            sound,
        });
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}
