//! The sentences that callers and Workers hear, by language: the `menu` of `contact-centre.yaml`.
//!
//! [`Menu`] is data. It is written as YAML, stored in the table, and validated whenever it is
//! deserialized, so every existing `Menu` can be spoken. [`documents`] renders it as TwiML.

mod built_in;
pub mod documents;
mod language;
mod texts;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use language::{Digit, Language, LanguageError};
pub use texts::{TEXT_MAX_CHARS, TextError, Texts};

use crate::twiml::DocumentTooLong;
use crate::webhook::Digits;

/// Most languages in a menu: one for each key.
pub const LANGUAGES_MAX: usize = 11;

/// Maximum of [`Menu::attempts_max`].
pub const ATTEMPTS_MAX: u8 = 10;

/// Maximum of [`Menu::gather_timeout_secs`], in seconds.
pub const GATHER_TIMEOUT_MAX_SECS: u16 = 60;

/// Maximum length of a voicemail, in seconds: ten minutes of speech.
pub const VOICEMAIL_MAX_SECS: u16 = 600;

/// The language menu, and every sentence that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct Menu {
    /// The languages, in the order in which they are offered.
    pub languages: Vec<Language>,
    /// Number of times the menu is played before [`Menu::on_no_input`] or [`Menu::on_wrong_key`]
    /// applies.
    pub attempts_max: u8,
    /// Seconds of silence after the menu that count as no input.
    pub gather_timeout_secs: u16,
    /// What follows when no key is pressed in the last attempt.
    pub on_no_input: LastResort,
    /// What follows when a key that is not in the menu is pressed in the last attempt.
    pub on_wrong_key: LastResort,
    /// Voicemail for callers whose Task timed out; `None`: no voicemail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voicemail: Option<Voicemail>,
}

/// What follows when the caller has not chosen a language in the last attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastResort {
    /// `hang_up`: a goodbye, then hang-up.
    #[default]
    HangUp,
    /// `choose: en`: continue in this language, a `selected_language` of the menu.
    Choose(String),
}

/// Settings of the voicemail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voicemail {
    /// Maximum length of the message, in seconds.
    #[serde(default = "default_voicemail_secs")]
    pub max_length_secs: u16,
}

/// Result of a menu input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The call continues in this language.
    Language(&'a Language),
    /// The menu is played again, for the `attempt`-th time.
    AskAgain {
        /// Number of the next attempt, from 2.
        attempt: u8,
    },
    /// No attempt is left, and the call ends.
    HangUp,
}

/// An invalid menu. The message says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MenuError {
    /// There is no language, or there are more than [`LANGUAGES_MAX`].
    #[error("menu.languages: expected 1 to {LANGUAGES_MAX} languages, got {0}")]
    LanguageCount(usize),
    /// Two languages have the same key.
    #[error("menu.languages: key {0} is used twice; each language needs its own")]
    SameKey(Digit),
    /// A language is declared twice.
    #[error("menu.languages: selected_language {0} is declared twice")]
    SameLanguage(String),
    /// `on_no_input` or `on_wrong_key` names a language that the menu does not have.
    #[error("menu.{field}: there is no language {language}; the menu has {known}")]
    UnknownLanguage {
        /// The setting.
        field: &'static str,
        /// The unknown language.
        language: String,
        /// The languages of the menu.
        known: String,
    },
    /// A number is out of its range.
    #[error("menu.{field}: expected 1 to {max}, got {got}")]
    OutOfRange {
        /// The setting.
        field: &'static str,
        /// Largest allowed value.
        max: u16,
        /// The invalid value.
        got: u16,
    },
    /// The menu with all its languages is larger than the carrier accepts.
    #[error(transparent)]
    TooLong(#[from] DocumentTooLong),
}

impl Menu {
    /// Result of pressing `digits` in the `attempt`-th menu; `None` when no key was pressed.
    pub fn choose(&self, digits: Option<&Digits>, attempt: u8) -> Choice<'_> {
        let pressed = digits.and_then(|digits| {
            self.languages
                .iter()
                .find(|language| language.key.is(digits))
        });
        if let Some(language) = pressed {
            return Choice::Language(language);
        }
        if attempt < self.attempts_max {
            return Choice::AskAgain {
                attempt: attempt + 1,
            };
        }
        let last_resort = if digits.is_some() {
            &self.on_wrong_key
        } else {
            &self.on_no_input
        };
        self.chosen_by(last_resort)
            .map_or(Choice::HangUp, Choice::Language)
    }

    /// The language with this `selected_language`. An unknown name yields the first language of the
    /// menu, because the caller has to hear some language.
    pub fn language(&self, selected_language: &str) -> Option<&Language> {
        self.languages
            .iter()
            .find(|language| language.selected_language == selected_language)
            .or_else(|| self.languages.first())
    }

    fn chosen_by(&self, last_resort: &LastResort) -> Option<&Language> {
        match last_resort {
            LastResort::HangUp => None,
            LastResort::Choose(name) => self
                .languages
                .iter()
                .find(|language| language.selected_language == *name),
        }
    }

    fn check(self) -> Result<Self, MenuError> {
        self.check_languages()?;
        let voicemail_secs = self
            .voicemail
            .map_or(VOICEMAIL_MAX_SECS, |voicemail| voicemail.max_length_secs);
        for (field, max, got) in [
            (
                "attempts_max",
                u16::from(ATTEMPTS_MAX),
                u16::from(self.attempts_max),
            ),
            (
                "gather_timeout_secs",
                GATHER_TIMEOUT_MAX_SECS,
                self.gather_timeout_secs,
            ),
            (
                "voicemail.max_length_secs",
                VOICEMAIL_MAX_SECS,
                voicemail_secs,
            ),
        ] {
            if got == 0 || got > max {
                return Err(MenuError::OutOfRange { field, max, got });
            }
        }
        for (field, last_resort) in [
            ("on_no_input", &self.on_no_input),
            ("on_wrong_key", &self.on_wrong_key),
        ] {
            self.check_last_resort(field, last_resort)?;
        }
        // The two largest documents: both contain every menu sentence in every language.
        documents::wrong_key(&self, 1).to_xml()?;
        documents::wrong_key(&self, self.attempts_max).to_xml()?;
        Ok(self)
    }

    fn check_languages(&self) -> Result<(), MenuError> {
        if self.languages.is_empty() || self.languages.len() > LANGUAGES_MAX {
            return Err(MenuError::LanguageCount(self.languages.len()));
        }
        let mut keys = BTreeSet::new();
        let mut names = BTreeSet::new();
        for language in &self.languages {
            if !keys.insert(language.key) {
                return Err(MenuError::SameKey(language.key));
            }
            if !names.insert(&language.selected_language) {
                return Err(MenuError::SameLanguage(language.selected_language.clone()));
            }
        }
        Ok(())
    }

    fn check_last_resort(
        &self,
        field: &'static str,
        last_resort: &LastResort,
    ) -> Result<(), MenuError> {
        match last_resort {
            LastResort::Choose(language) if self.chosen_by(last_resort).is_none() => {
                let known: Vec<_> = self
                    .languages
                    .iter()
                    .map(|known| known.selected_language.as_str())
                    .collect();
                Err(MenuError::UnknownLanguage {
                    field,
                    language: language.clone(),
                    known: known.join(", "),
                })
            }
            LastResort::Choose(_) | LastResort::HangUp => Ok(()),
        }
    }
}

/// English on 1, Hindi on 2, no voicemail.
impl Default for Menu {
    fn default() -> Self {
        Self {
            languages: [('1', "en"), ('2', "hi")]
                .into_iter()
                .filter_map(|(key, name)| Language::built_in(Digit::new(key)?, name))
                .collect(),
            attempts_max: default_attempts(),
            gather_timeout_secs: default_gather_timeout_secs(),
            on_no_input: LastResort::default(),
            on_wrong_key: LastResort::default(),
            voicemail: None,
        }
    }
}

/// A menu as written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    languages: Vec<Language>,
    #[serde(default = "default_attempts")]
    attempts_max: u8,
    #[serde(default = "default_gather_timeout_secs")]
    gather_timeout_secs: u16,
    #[serde(default)]
    on_no_input: LastResort,
    #[serde(default)]
    on_wrong_key: LastResort,
    #[serde(default)]
    voicemail: Option<Voicemail>,
}

impl TryFrom<Given> for Menu {
    type Error = MenuError;

    fn try_from(given: Given) -> Result<Self, MenuError> {
        let Given {
            languages,
            attempts_max,
            gather_timeout_secs,
            on_no_input,
            on_wrong_key,
            voicemail,
        } = given;
        Self {
            languages,
            attempts_max,
            gather_timeout_secs,
            on_no_input,
            on_wrong_key,
            voicemail,
        }
        .check()
    }
}

const fn default_attempts() -> u8 {
    3
}

const fn default_gather_timeout_secs() -> u16 {
    5
}

const fn default_voicemail_secs() -> u16 {
    120
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::webhook::FromParameter;

    fn read(menu: Value) -> Result<Menu, String> {
        serde_json::from_value(menu).map_err(|error| error.to_string())
    }

    #[test]
    fn built_in_menu_needs_only_keys_and_names() {
        let menu = read(json!({"languages": [
            {"key": 1, "selected_language": "en"},
            {"key": "2", "selected_language": "hi"},
        ]}));
        assert_eq!(menu, Ok(Menu::default()));
    }

    #[test]
    fn menu_survives_a_round_trip() {
        let menu = Menu {
            on_no_input: LastResort::Choose("hi".into()),
            voicemail: Some(Voicemail {
                max_length_secs: 60,
            }),
            ..Menu::default()
        };
        assert_eq!(read(serde_json::to_value(&menu).unwrap()), Ok(menu));
    }

    #[test]
    fn invalid_menu_says_what_to_change() {
        let en = json!({"key": 1, "selected_language": "en"});
        let hi = json!({"key": 2, "selected_language": "hi"});
        let long = json!({"key": 1, "selected_language": "en", "texts": {
            "prompt": "&".repeat(TEXT_MAX_CHARS), "wrong_key": "&".repeat(TEXT_MAX_CHARS),
            "no_input": "&".repeat(TEXT_MAX_CHARS), "goodbye": "&".repeat(TEXT_MAX_CHARS)}});
        let all_long: Vec<Value> = (0..LANGUAGES_MAX)
            .map(|key| {
                let mut language = long.clone();
                language["key"] = if key == 10 { json!("*") } else { json!(key) };
                language["selected_language"] = json!(format!("en-{key}"));
                language["language"] = json!("en-US");
                language
            })
            .collect();
        for (menu, expected) in [
            (
                json!({"languages": []}),
                "menu.languages: expected 1 to 11 languages, got 0",
            ),
            (
                json!({"languages": [en, en]}),
                "menu.languages: key 1 is used twice; each language needs its own",
            ),
            (
                json!({"languages": [en, {"key": 3, "selected_language": "en"}]}),
                "menu.languages: selected_language en is declared twice",
            ),
            (
                json!({"languages": [en, hi], "on_no_input": {"choose": "fr"}}),
                "menu.on_no_input: there is no language fr; the menu has en, hi",
            ),
            (
                json!({"languages": [en], "on_wrong_key": {"choose": "hi"}}),
                "menu.on_wrong_key: there is no language hi; the menu has en",
            ),
            (
                json!({"languages": [en], "attempts_max": 0}),
                "menu.attempts_max: expected 1 to 10, got 0",
            ),
            (
                json!({"languages": [en], "gather_timeout_secs": 61}),
                "menu.gather_timeout_secs: expected 1 to 60, got 61",
            ),
            (
                json!({"languages": [en], "voicemail": {"max_length_secs": 601}}),
                "menu.voicemail.max_length_secs: expected 1 to 600, got 601",
            ),
            (
                json!({"languages": [en], "on_no_input": "shout"}),
                "unknown variant `shout`",
            ),
            (
                json!({"languages": [en], "welcome": "Hi"}),
                "unknown field `welcome`",
            ),
            (
                json!({"languages": all_long}),
                "the carrier accepts at most 65536: shorten the menu's texts",
            ),
        ] {
            let message = read(menu).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn key_chooses_language_or_last_resort_applies() {
        let hang_up = Menu::default();
        let choosing = Menu {
            on_no_input: LastResort::Choose("hi".into()),
            on_wrong_key: LastResort::Choose("en".into()),
            ..Menu::default()
        };
        for (menu, digits, attempt, expected) in [
            (&hang_up, "1", 1, "en"),
            (&hang_up, "2", 3, "hi"),
            (&hang_up, "9", 1, "again 2"),
            (&hang_up, "9", 2, "again 3"),
            (&hang_up, "9", 3, "hang up"),
            (&hang_up, "12", 3, "hang up"),
            (&hang_up, "9", 255, "hang up"),
            (&hang_up, "9", 0, "again 1"),
            (&hang_up, "", 1, "again 2"),
            (&hang_up, "", 3, "hang up"),
            (&choosing, "9", 3, "en"),
            (&choosing, "", 3, "hi"),
        ] {
            let pressed = if digits.is_empty() {
                None
            } else {
                Digits::parse(digits)
            };
            let got = match menu.choose(pressed.as_ref(), attempt) {
                Choice::Language(language) => language.selected_language.clone(),
                Choice::AskAgain { attempt } => format!("again {attempt}"),
                Choice::HangUp => "hang up".to_owned(),
            };
            assert_eq!(got, expected, "{digits:?} in attempt {attempt}");
        }
    }

    #[test]
    fn unknown_language_falls_back_to_the_first() {
        let menu = Menu::default();
        for (name, expected) in [("hi", "hi"), ("en", "en"), ("fr", "en"), ("", "en")] {
            assert_eq!(
                menu.language(name)
                    .map(|language| language.selected_language.as_str()),
                Some(expected)
            );
        }
    }
}
