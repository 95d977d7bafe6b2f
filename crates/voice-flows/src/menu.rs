//! The `menu` step: a question that is answered by a key or by a spoken phrase.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::menu::Digit;

use crate::step::Target;
use crate::{Prompt, Text};

/// A question with options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Menu {
    /// What the caller hears; a key or a spoken phrase interrupts it.
    pub prompt: Prompt,
    /// The options, in the order of the file.
    pub options: Vec<KeyOption>,
    /// Number of times the question is asked.
    pub attempts: u8,
    /// Seconds of silence that count as no input.
    pub timeout_secs: u16,
    /// What is heard before the question is repeated, after no input; the built-in text if empty.
    pub no_input: Prompt,
    /// What is heard before the question is repeated, after another input; the built-in text if
    /// empty.
    pub no_match: Prompt,
    /// Where the call continues when the last attempt had no input.
    pub on_no_input: Option<Target>,
    /// Where the call continues when the last attempt had another input.
    pub on_no_match: Option<Target>,
}

/// One option of a menu.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyOption {
    /// The key.
    pub key: Option<Digit>,
    /// Spoken phrases by language, in normal form ([`normalized`]).
    pub phrases: BTreeMap<String, Vec<String>>,
    /// The language in which the call continues, if the option chooses one.
    pub language: Option<String>,
    /// Where the call continues.
    pub then: Target,
}

/// The most characters of recognized speech that are compared.
const SPEECH_CHARS_MAX: usize = 200;

impl Menu {
    /// The option with this key.
    pub fn by_key(&self, keys: &str) -> Option<&KeyOption> {
        let mut chars = keys.chars();
        let (Some(key), None) = (chars.next(), chars.next()) else {
            return None;
        };
        self.options
            .iter()
            .find(|option| option.key.is_some_and(|known| known.as_char() == key))
    }

    /// The option whose longest phrase is contained in `speech` as whole words. Of two equally long
    /// ones, the first in the file.
    pub fn by_speech(&self, speech: &str, language: &str) -> Option<&KeyOption> {
        let spoken: String = speech.chars().take(SPEECH_CHARS_MAX).collect();
        let spoken = format!(" {} ", normalized(&spoken));
        let longest = |option: &KeyOption| {
            let phrases = phrases_in(option, language);
            let said = phrases.filter(|phrase| spoken.contains(&format!(" {phrase} ")));
            said.map(|phrase| phrase.chars().count()).max()
        };
        // `max_by_key` returns the last of equal elements, so the order is reversed.
        let options = self.options.iter().rev();
        options
            .filter_map(|option| Some((longest(option)?, option)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, option)| option)
    }

    /// Whether the menu recognizes speech in `language`.
    pub fn has_speech(&self, language: &str) -> bool {
        self.options
            .iter()
            .any(|option| phrases_in(option, language).next().is_some())
    }

    /// The phrases in `language`, separated by commas, as hints for the recognition.
    pub fn hints(&self, language: &str) -> String {
        let phrases = self
            .options
            .iter()
            .flat_map(|option| phrases_in(option, language));
        phrases.collect::<Vec<_>>().join(", ")
    }
}

fn phrases_in<'o>(option: &'o KeyOption, language: &str) -> impl Iterator<Item = &'o str> {
    let own = option.phrases.get(language);
    let phrases = own.or_else(|| option.phrases.get(Text::ANY));
    phrases.into_iter().flatten().map(String::as_str)
}

/// A phrase in the form in which phrases are compared: lower case, words separated by one space,
/// without punctuation.
pub fn normalized(phrase: &str) -> String {
    let spaced: String = phrase
        .chars()
        .map(|char| if char.is_alphanumeric() { char } else { ' ' })
        .collect();
    let words: Vec<String> = spaced.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(key: char, phrases: &[&str]) -> KeyOption {
        let phrases: Vec<String> = phrases.iter().map(|phrase| normalized(phrase)).collect();
        KeyOption {
            key: Digit::new(key),
            phrases: BTreeMap::from([("en".to_owned(), phrases)]),
            language: None,
            then: Target::Next,
        }
    }

    fn menu(options: Vec<KeyOption>) -> Menu {
        Menu {
            prompt: Prompt::default(),
            options,
            attempts: 3,
            timeout_secs: 5,
            no_input: Prompt::default(),
            no_match: Prompt::default(),
            on_no_input: None,
            on_no_match: None,
        }
    }

    #[test]
    fn longest_spoken_phrase_wins() {
        let menu = menu(vec![
            option('1', &["bill", "invoice"]),
            option('2', &["Bill payment", "pay"]),
            option('3', &["power cut"]),
        ]);
        let key = |speech: &str| {
            let option = menu.by_speech(speech, "en")?;
            option.key.map(|key| key.as_char())
        };
        for (speech, expected) in [
            ("My bill, please.", Some('1')),
            ("bill payment", Some('2')),
            ("I'd like to PAY", Some('2')),
            ("there is a power-cut here", Some('3')),
            ("billing", None),
            ("", None),
        ] {
            assert_eq!(key(speech), expected, "{speech}");
        }
        assert!(menu.by_speech("bill", "fr").is_none());
        assert!(menu.has_speech("en") && !menu.has_speech("fr"));
        assert_eq!(
            menu.hints("en"),
            "bill, invoice, bill payment, pay, power cut"
        );
    }

    #[test]
    fn only_a_single_key_is_an_option() {
        let menu = menu(vec![option('1', &[]), option('*', &[])]);
        for (keys, expected) in [
            ("1", true),
            ("*", true),
            ("2", false),
            ("11", false),
            ("", false),
        ] {
            assert_eq!(menu.by_key(keys).is_some(), expected, "{keys}");
        }
    }
}
