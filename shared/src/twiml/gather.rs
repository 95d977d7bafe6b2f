//! `<Gather>`: collects pressed keys and speech (voice-webhooks.md section 6.1).

use super::xml::Element;
use super::{Pause, Play, Say};

/// Collects keys, or speech as well, while `nested` is played. On input the carrier requests
/// `action`; without input the next verb runs.
///
/// ```
/// use shared::twiml::{Gather, Prompt, Response, Say};
///
/// let gather = Gather {
///     num_digits: Some(1),
///     timeout_secs: 5,
///     action: "/chosen".to_owned(),
///     nested: vec![Prompt::Say(Say::new("Press 1 for sales."))],
///     ..Gather::default()
/// };
/// let xml = Response::new().then(gather).to_xml()?;
/// assert!(xml.contains(r#"<Gather numDigits="1" timeout="5" action="/chosen">"#));
/// assert!(xml.contains("<Say>Press 1 for sales.</Say>"));
/// # Ok::<(), shared::twiml::DocumentTooLong>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gather {
    /// The speech that is recognized besides keys; `None`: keys only.
    pub speech: Option<Speech>,
    /// Number of keys after which the input is complete; `None`: `#` or a pause completes it.
    pub num_digits: Option<u8>,
    /// Seconds without a key until the input ends, counted from the end of the nested verbs.
    pub timeout_secs: u16,
    /// URL that receives the keys as `Digits`.
    pub action: String,
    /// Verbs that are played while keys are collected; a key stops them.
    pub nested: Vec<Prompt>,
}

/// The speech that a [`Gather`] recognizes. A pause ends it (`speechTimeout="auto"`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Speech {
    /// Language of the speech, `de-DE`.
    pub language: String,
    /// Words and phrases that are likely, separated by commas; at most 500 phrases of 100
    /// characters.
    pub hints: String,
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
        let speech = self.speech.as_ref();
        let hints = speech
            .map(|speech| &speech.hints)
            .filter(|hints| !hints.is_empty());
        Element::parent("Gather", self.nested.iter().map(Prompt::element).collect())
            .attribute("input", speech.map(|_| "dtmf speech"))
            .attribute("language", speech.map(|speech| &speech.language))
            .attribute("hints", hints)
            .attribute("speechTimeout", speech.map(|_| "auto"))
            .attribute("numDigits", self.num_digits)
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
