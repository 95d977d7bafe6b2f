//! The `collect` step: digits or speech that become a value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Prompt;
use crate::step::Target;

/// The most digits that are collected at once.
pub const DIGITS_MAX: u8 = 32;

/// The most characters of speech that become a value.
const SPEECH_CHARS_MAX: usize = 200;

/// A question that is answered with digits or speech.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collect {
    /// The name of the value.
    pub into: String,
    /// What the caller hears; input interrupts it.
    pub prompt: Prompt,
    /// The kind of input.
    pub input: Input,
    /// What the caller hears before they confirm the input; empty: the input is not confirmed.
    pub confirm: Prompt,
    /// Whether the value is secret: it is known until the next question, and then only as `****`.
    pub is_secret: bool,
    /// Number of times the question is asked.
    pub attempts: u8,
    /// Seconds of silence that count as no input.
    pub timeout_secs: u16,
    /// What is heard before the question is repeated, after no input; the built-in text if empty.
    pub no_input: Prompt,
    /// What is heard before the question is repeated, after invalid input; the built-in text if
    /// empty.
    pub no_match: Prompt,
    /// Where the call continues when no attempt is left.
    pub on_failure: Option<Target>,
}

/// The kind of input that a [`Collect`] accepts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Digits, by key or spoken.
    Digits {
        /// The fewest digits.
        min: u8,
        /// The most digits; the input is complete with them.
        max: u8,
        /// The patterns of which the digits must match one; empty: any digits.
        patterns: Vec<Pattern>,
        /// Whether digits may be spoken.
        is_spoken: bool,
    },
    /// Any speech.
    Speech,
}

/// A pattern of digits: `49######`, where `#` is any digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// A text that is no [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {DIGITS_MAX} digits, with # for any digit, such as 49######; got \"{0}\"")]
pub struct PatternError(String);

impl Collect {
    /// The value of keys that were pressed; `None` if they are not what is asked for.
    pub fn of_keys(&self, keys: &str) -> Option<String> {
        match &self.input {
            Input::Digits { .. } => self.digits(keys),
            Input::Speech => None,
        }
    }

    /// The value of recognized speech; `None` if it is not what is asked for.
    pub fn of_speech(&self, speech: &str) -> Option<String> {
        match &self.input {
            Input::Digits { is_spoken, .. } => {
                let digits: String = speech.chars().filter(char::is_ascii_digit).collect();
                is_spoken.then(|| self.digits(&digits)).flatten()
            }
            Input::Speech => {
                let speech: String = speech.trim().chars().take(SPEECH_CHARS_MAX).collect();
                (!speech.is_empty()).then_some(speech)
            }
        }
    }

    /// Whether the step recognizes speech.
    pub fn has_speech(&self) -> bool {
        match &self.input {
            Input::Digits { is_spoken, .. } => *is_spoken,
            Input::Speech => true,
        }
    }

    /// Number of keys that complete the input.
    pub fn num_digits(&self) -> Option<u8> {
        match &self.input {
            Input::Digits { max, .. } => Some(*max),
            Input::Speech => None,
        }
    }

    fn digits(&self, digits: &str) -> Option<String> {
        let Input::Digits {
            min, max, patterns, ..
        } = &self.input
        else {
            return None;
        };
        let has_length = (usize::from(*min)..=usize::from(*max)).contains(&digits.len());
        let has_pattern =
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(digits));
        let are_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
        (has_length && has_pattern && are_digits).then(|| digits.to_owned())
    }
}

impl Pattern {
    /// Whether the digits match, one by one.
    pub fn matches(&self, digits: &str) -> bool {
        let pairs = self.0.chars().zip(digits.chars());
        self.0.len() == digits.len()
            && pairs
                .into_iter()
                .all(|(wanted, digit)| wanted == '#' || wanted == digit)
    }

    /// Number of digits.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a pattern has at least one digit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let is_known = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'#');
        if text.is_empty() || text.len() > usize::from(DIGITS_MAX) || !is_known {
            return Err(PatternError(text.chars().take(40).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(input: Input) -> Collect {
        Collect {
            into: "account".to_owned(),
            prompt: Prompt::default(),
            input,
            confirm: Prompt::default(),
            is_secret: false,
            attempts: 3,
            timeout_secs: 5,
            no_input: Prompt::default(),
            no_match: Prompt::default(),
            on_failure: None,
        }
    }

    #[test]
    fn digits_have_length_and_pattern() {
        let patterns = vec!["49######".parse().unwrap(), "50######".parse().unwrap()];
        let account = collect(Input::Digits {
            min: 8,
            max: 8,
            patterns,
            is_spoken: true,
        });
        for (keys, expected) in [
            ("49123456", true),
            ("50123456", true),
            ("51123456", false),
            ("4912345", false),
            ("49*23456", false),
            ("", false),
        ] {
            assert_eq!(account.of_keys(keys).is_some(), expected, "{keys}");
        }
        let spoken = account.of_speech("four nine: 49 12 34 56.");
        assert_eq!(spoken.as_deref(), Some("49123456"));
    }

    #[test]
    fn speech_is_kept_as_it_was_said() {
        let reason = collect(Input::Speech);
        assert_eq!(
            reason.of_speech(" My meter. ").as_deref(),
            Some("My meter.")
        );
        assert_eq!(reason.of_speech("  "), None);
        assert_eq!(reason.of_keys("1"), None);
        let long = reason.of_speech(&"é".repeat(SPEECH_CHARS_MAX + 1)).unwrap();
        assert_eq!(long.chars().count(), SPEECH_CHARS_MAX);
    }

    #[test]
    fn pattern_has_digits_and_places() {
        for text in ["", "49-1", "x", &"#".repeat(33)] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
