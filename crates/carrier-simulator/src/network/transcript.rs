//! What the person at a phone heard and did, as a list that cannot grow without end.

use ids::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Entries kept for one call: an hour of hold music with announcements.
pub const ENTRIES_MAX: usize = 400;
/// Of these, the first ones stay: how a call began explains the rest.
const FIRST_ENTRIES_KEPT: usize = 100;
/// Characters of one entry's text.
const TEXT_CHARS_MAX: usize = 2_000;

/// The entries of one call, oldest first. When there are too many, those in the middle are let go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transcript(Vec<Entry>);

/// One thing heard, done, or gone wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub event: Event,
    /// In words.
    pub text: String,
}

/// Kinds of transcript entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The person, or the centre, dialled.
    Dialed,
    /// The phone rings.
    Ringing,
    /// Picked up.
    Answered,
    /// The person refused the call.
    Declined,
    /// A text was read aloud.
    Heard,
    /// Audio or tones were played.
    Playing,
    /// A beep, then everything is recorded.
    Recording,
    /// The person pressed keys.
    Pressed,
    /// The call is in a queue.
    Waiting,
    /// The call left a queue without talking to anybody.
    LeftQueue,
    /// Connected to somebody.
    Bridged,
    /// That conversation is over.
    Unbridged,
    /// In a conference now.
    JoinedConference,
    /// How the person is in the conference changed: muted, on hold, coaching; or the conference itself began.
    Conference,
    /// Out of the conference.
    LeftConference,
    /// The person hung up.
    HungUp,
    /// The call is over.
    Ended,
    /// Something was ignored; the call goes on.
    Warning,
    /// Something failed.
    Error,
}

impl Transcript {
    /// Adds an entry at the end.
    pub fn push(&mut self, at: Timestamp, event: Event, text: impl Into<String>) {
        if self.0.len() >= ENTRIES_MAX {
            self.0.remove(FIRST_ENTRIES_KEPT);
        }
        let text = text.into().chars().take(TEXT_CHARS_MAX).collect();
        self.0.push(Entry { at, event, text });
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}
