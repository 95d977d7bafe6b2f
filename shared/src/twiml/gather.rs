//! `<Gather>`: collect keys (voice-webhooks.md section 6.1).

use super::xml::Element;
use super::{Pause, Play, Say};

/// Collects keys while `nested` is heard. With input the carrier asks `action`; without, the next verb runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// How many keys make an answer.
    pub num_digits: u8,
    /// Seconds of silence after which waiting for a key ends, counted from the end of the nested verbs.
    pub timeout_secs: u16,
    /// Where the keys are sent, as `Digits`.
    pub action: String,
    /// What is heard meanwhile; a key stops it.
    pub nested: Vec<Prompt>,
}

/// What may be heard inside a [`Gather`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// A spoken text.
    Say(Say),
    /// A sound file.
    Play(Play),
    /// Silence.
    Pause(Pause),
}

impl Gather {
    pub(super) fn element(&self) -> Element {
        Element::parent("Gather", self.nested.iter().map(Prompt::element).collect())
            .attribute("numDigits", Some(self.num_digits))
            .attribute("timeout", Some(self.timeout_secs))
            .attribute("action", Some(&self.action))
    }
}

impl Prompt {
    fn element(&self) -> Element {
        match self {
            Self::Say(say) => say.element(),
            Self::Play(play) => play.element(),
            Self::Pause(pause) => pause.element(),
        }
    }
}
