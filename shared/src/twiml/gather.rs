//! `<Gather>`: collects pressed keys (voice-webhooks.md section 6.1).

use super::xml::Element;
use super::{Pause, Play, Say};

/// Collects keys while `nested` is played. On input the carrier requests `action`; without input
/// the next verb runs.
///
/// ```
/// use shared::twiml::{Gather, Prompt, Response, Say};
///
/// let gather = Gather {
///     num_digits: 1,
///     timeout_secs: 5,
///     action: "/chosen".to_owned(),
///     nested: vec![Prompt::Say(Say::new("Press 1 for sales."))],
/// };
/// let xml = Response::new().then(gather).to_xml()?;
/// assert!(xml.contains(r#"<Gather numDigits="1" timeout="5" action="/chosen">"#));
/// assert!(xml.contains("<Say>Press 1 for sales.</Say>"));
/// # Ok::<(), shared::twiml::DocumentTooLong>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// Number of keys after which the input is complete.
    pub num_digits: u8,
    /// Seconds without a key until the input ends, counted from the end of the nested verbs.
    pub timeout_secs: u16,
    /// URL that receives the keys as `Digits`.
    pub action: String,
    /// Verbs that are played while keys are collected; a key stops them.
    pub nested: Vec<Prompt>,
}

/// A verb that may be nested in a [`Gather`].
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
