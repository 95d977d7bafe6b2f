//! `<Gather>`: listening for keys, for speech, or for both (voice-webhooks.md section 6.1).

use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, SECONDS_MAX, shorten};
use super::parse::{is_key, sound};
use super::xml::Element;
use super::{Link, Method, Sound};

/// Phrases of `hints` that the carrier takes.
const HINTS_MAX: usize = 500;
/// Characters of one phrase of `hints`.
const HINT_CHARS_MAX: usize = 100;

/// `<Gather>` (voice-webhooks.md section 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gather {
    /// The URL that receives the input; the document's own URL if absent.
    pub action: Option<String>,
    /// The method of that request.
    pub method: Method,
    /// Number of keys after which the Gather ends.
    pub num_digits: Option<u32>,
    /// The key that ends the Gather; it is not one of the digits.
    pub finish_on_key: Option<char>,
    /// Seconds of silence that end the Gather, counted after the prompts.
    pub timeout_secs: u32,
    /// Whether `action` is requested without any input.
    pub action_on_empty_result: bool,
    /// Whether keys are accepted at all.
    pub listens_to_keys: bool,
    /// How speech is recognised; `None` when only keys are accepted.
    #[serde(default)]
    pub speech: Option<Recognition>,
    /// What the person hears while the Gather runs; a key stops it.
    pub prompts: Vec<Sound>,
}

/// The speech recognition of a Gather.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognition {
    /// The silence after speech that ends the Gather.
    pub timeout: SpeechTimeout,
    /// The language of the person, as a BCP 47 tag.
    pub language: String,
    /// Phrases that the person is likely to say.
    pub hints: Vec<String>,
    /// The callback that is notified while the person speaks.
    pub partial_results: Option<Link>,
    /// Whether speech stops the prompts.
    pub barge_in: bool,
}

/// The silence after speech that ends a Gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpeechTimeout {
    /// This many seconds.
    Secs(u32),
    /// The first pause (`auto`).
    Auto,
}

pub(super) fn gather(element: &Element, warnings: &mut Vec<String>) -> Gather {
    let prompts = element
        .elements()
        .filter_map(|nested| prompt(nested, warnings))
        .collect();
    let mut attributes = Attributes::of(element, warnings);
    attributes.no_effect(&["profanityFilter", "speechModel", "enhanced", "debug"]);
    let (listens_to_keys, listens_to_speech) = input(&mut attributes);
    let timeout_secs = attributes.number("timeout", 5, 0..=SECONDS_MAX);
    let recognition = recognition(&mut attributes, timeout_secs);
    let gather = Gather {
        action: attributes.text("action").map(str::to_owned),
        method: attributes.method("method"),
        num_digits: attributes.optional_number("numDigits", 1..=1_000),
        finish_on_key: finish_on_key(&mut attributes),
        timeout_secs,
        action_on_empty_result: attributes.flag("actionOnEmptyResult", false),
        listens_to_keys,
        speech: listens_to_speech.then_some(recognition),
        prompts,
    };
    attributes.finish();
    gather
}

/// Whether keys and whether speech are accepted. Without a known word, keys are.
fn input(attributes: &mut Attributes<'_>) -> (bool, bool) {
    let text = attributes.text("input").unwrap_or("dtmf");
    let mut keys = false;
    let mut speech = false;
    for word in text.split_whitespace() {
        match word {
            "dtmf" => keys = true,
            "speech" => speech = true,
            unknown => attributes.unusable("input", unknown, "dtmf, speech or both"),
        }
    }
    (keys || !speech, speech)
}

fn recognition(attributes: &mut Attributes<'_>, timeout_secs: u32) -> Recognition {
    let language = attributes.text("language").map(str::trim);
    Recognition {
        timeout: speech_timeout(attributes, timeout_secs),
        language: language
            .filter(|language| !language.is_empty())
            .unwrap_or("en-US")
            .to_owned(),
        hints: hints(attributes),
        partial_results: attributes.link("partialResultCallback", "partialResultCallbackMethod"),
        barge_in: attributes.flag("bargeIn", true),
    }
}

/// `speechTimeout`; `timeout` if it is absent or invalid.
fn speech_timeout(attributes: &mut Attributes<'_>, timeout_secs: u32) -> SpeechTimeout {
    if attributes.text("speechTimeout").map(str::trim) == Some("auto") {
        return SpeechTimeout::Auto;
    }
    SpeechTimeout::Secs(attributes.number("speechTimeout", timeout_secs, 0..=SECONDS_MAX))
}

/// The phrases of `hints`; those that the carrier refuses are left out with a warning.
fn hints(attributes: &mut Attributes<'_>) -> Vec<String> {
    let text = attributes.text("hints").unwrap_or_default();
    let phrases = text.split(',').map(str::trim);
    let (mut known, long): (Vec<&str>, Vec<&str>) = phrases
        .filter(|phrase| !phrase.is_empty())
        .partition(|phrase| phrase.chars().count() <= HINT_CHARS_MAX);
    for phrase in long {
        let expected = format!("phrases of at most {HINT_CHARS_MAX} characters");
        attributes.unusable("hints", phrase, &expected);
    }
    if known.len() > HINTS_MAX {
        attributes.unusable("hints", text, &format!("at most {HINTS_MAX} phrases"));
        known.truncate(HINTS_MAX);
    }
    known.into_iter().map(str::to_owned).collect()
}

fn prompt(nested: &Element, warnings: &mut Vec<String>) -> Option<Sound> {
    if !["Say", "Play", "Pause"].contains(&nested.name.as_str()) {
        warnings.push(format!(
            "<{}> cannot be nested in <Gather>; ignored",
            shorten(&nested.name)
        ));
        return None;
    }
    let sound = sound(nested, warnings)?;
    if matches!(sound, Sound::Tones { .. }) {
        warnings.push("digits of <Play> cannot be nested in <Gather>; ignored".to_owned());
        return None;
    }
    Some(sound)
}

fn finish_on_key(attributes: &mut Attributes<'_>) -> Option<char> {
    let Some(text) = attributes.text("finishOnKey") else {
        return Some('#');
    };
    let mut keys = text.chars();
    match (keys.next(), keys.next()) {
        (None, _) => None,
        (Some(key), None) if is_key(key) => Some(key),
        (Some(_), _) => {
            attributes.unusable("finishOnKey", text, "one of 0-9 * #, or nothing");
            Some('#')
        }
    }
}
