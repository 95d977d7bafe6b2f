//! One language of the menu: its key, voice and texts.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::built_in::{self, BuiltIn};
use super::texts::{GivenTexts, TextError, Texts};
use crate::twiml::Say;
use crate::webhook::Digits;

/// Maximum length of the name of a language or voice, in characters.
const NAME_MAX_CHARS: usize = 64;

/// A language that callers can choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given")]
pub struct Language {
    /// The key that chooses the language.
    pub key: Digit,
    /// Value of the Task's attribute `selected_language`: `en`.
    pub selected_language: String,
    /// `<Say language>`: `en-US`.
    pub language: String,
    /// `<Say voice>`: `Polly.Joanna`; the account's default voice if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// The sentences in this language.
    pub texts: Texts,
}

/// A key that a menu can use: `0` to `9` or `*`. Not `#`, which ends the input (`finishOnKey`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digit(char);

/// A language with an invalid setting. The message says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LanguageError {
    /// A name is empty or longer than `NAME_MAX_CHARS`.
    #[error("menu.languages.{field}: expected 1 to {NAME_MAX_CHARS} characters, got {got}")]
    Name {
        /// The setting.
        field: &'static str,
        /// Length of the name, in characters.
        got: usize,
    },
    /// The language is not built in, and settings are missing.
    #[error(
        "language {selected_language} is not built in ({known} are): it needs {missing}",
        known = built_in::CODES
    )]
    NotBuiltIn {
        /// The undeclared language.
        selected_language: String,
        /// Names of all missing settings.
        missing: String,
    },
    /// A text is invalid.
    #[error("language {selected_language}: {error}")]
    Text {
        /// The language of the text.
        selected_language: String,
        /// The error in the text.
        #[source]
        error: TextError,
    },
}

impl Language {
    /// The built-in language of a name, with its voice and texts: English for `en` and its variants
    /// (`en-GB`). `None` for a language that is not built in.
    pub fn built_in(key: Digit, selected_language: &str) -> Option<Self> {
        let BuiltIn {
            language,
            voice,
            texts,
        } = built_in::find(selected_language)?;
        Some(Self {
            key,
            selected_language: selected_language.to_owned(),
            language,
            voice: Some(voice),
            texts,
        })
    }

    /// Speaks `text` in this language; `None` for an empty text.
    pub fn say(&self, text: &str) -> Option<Say> {
        if text.is_empty() {
            return None;
        }
        Some(Say {
            voice: self.voice.clone(),
            language: Some(self.language.clone()),
            ..Say::new(text)
        })
    }
}

impl Digit {
    /// The key, if a menu can use it.
    pub fn new(key: char) -> Option<Self> {
        matches!(key, '0'..='9' | '*').then_some(Self(key))
    }

    /// The character of the key.
    pub const fn as_char(self) -> char {
        self.0
    }

    /// Whether `digits` is exactly this key.
    pub fn is(self, digits: &Digits) -> bool {
        digits.as_str().chars().eq([self.0])
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Digit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.0)
    }
}

/// Accepts a number, too: YAML reads `key: 1` as one.
impl<'de> Deserialize<'de> for Digit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DigitVisitor;

        impl Visitor<'_> for DigitVisitor {
            type Value = Digit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key of the telephone, 0 to 9 or *")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Digit, E> {
                let key = u32::try_from(number)
                    .ok()
                    .and_then(|number| char::from_digit(number, 10));
                key.and_then(Digit::new)
                    .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Digit, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Digit, E> {
                let mut keys = text.chars();
                match (keys.next().and_then(Digit::new), keys.next()) {
                    (Some(digit), None) => Ok(digit),
                    (Some(_) | None, _) => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(DigitVisitor)
    }
}

/// A language as written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    key: Digit,
    selected_language: String,
    language: Option<String>,
    voice: Option<String>,
    #[serde(default)]
    texts: GivenTexts,
}

impl TryFrom<Given> for Language {
    type Error = LanguageError;

    fn try_from(given: Given) -> Result<Self, LanguageError> {
        let Given {
            key,
            selected_language,
            language,
            voice,
            texts,
        } = given;
        let mut missing = texts.missing();
        if language.is_none() {
            missing.insert(0, "language");
        }
        // A complete language, such as one from the table, needs no built-in one, which would have
        // to be parsed.
        let built_in = if missing.is_empty() {
            None
        } else {
            built_in::find(&selected_language)
        };
        // A declared `language` may need another voice than the built-in one. Then the account's
        // default applies.
        let default_voice = match (&language, &built_in) {
            (None, Some(built_in)) => Some(built_in.voice.clone()),
            (Some(_), _) | (None, None) => None,
        };
        let language = language.or_else(|| built_in.as_ref().map(|it| it.language.clone()));
        let texts = texts.or(built_in.map(|it| it.texts));
        let (Some(language), Some(texts)) = (language, texts) else {
            return Err(LanguageError::NotBuiltIn {
                selected_language,
                missing: missing.join(", "),
            });
        };

        let voice = voice.or(default_voice);
        for (field, name) in [
            ("selected_language", Some(&selected_language)),
            ("language", Some(&language)),
            ("voice", voice.as_ref()),
        ] {
            check_name(field, name)?;
        }
        match texts.check() {
            Ok(()) => Ok(Self {
                key,
                selected_language,
                language,
                voice,
                texts,
            }),
            Err(error) => Err(LanguageError::Text {
                selected_language,
                error,
            }),
        }
    }
}

fn check_name(field: &'static str, name: Option<&String>) -> Result<(), LanguageError> {
    let got = name.map_or(1, |name| name.chars().count());
    if got == 0 || got > NAME_MAX_CHARS {
        Err(LanguageError::Name { field, got })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(language: Value) -> Result<Language, String> {
        serde_json::from_value(language).map_err(|error| error.to_string())
    }

    fn built_in(name: &str) -> Language {
        Language::built_in(Digit('1'), name).unwrap()
    }

    #[test]
    fn built_in_language_can_be_overridden() {
        let texts = json!({"prompt": "For help, press {key}."});
        let language = read(
            json!({"key": "*", "selected_language": "en-GB", "language": "en-GB", "texts": texts}),
        )
        .unwrap();
        assert_eq!(
            (language.key.as_char(), language.language.as_str()),
            ('*', "en-GB")
        );
        assert_eq!(
            language.voice, None,
            "an American voice would speak British English"
        );
        assert_eq!(language.texts.prompt, "For help, press {key}.");
        assert_eq!(language.texts.goodbye, built_in("en").texts.goodbye);
    }

    #[test]
    fn any_language_can_be_declared_in_full() {
        let mut texts = serde_json::to_value(built_in("en").texts).unwrap();
        texts["goodbye"] = json!("Hej då.");
        let given = json!({"key": 3, "selected_language": "sv", "language": "sv-SE", "voice": "Polly.Astrid", "texts": texts});
        let language = read(given.clone()).unwrap();
        assert_eq!(
            serde_json::to_value(&language.texts).unwrap(),
            given["texts"]
        );
        assert_eq!(read(serde_json::to_value(&language).unwrap()), Ok(language));
    }

    #[test]
    fn invalid_language_says_what_to_change() {
        let en = |more: Value| {
            let mut language = json!({"key": 1, "selected_language": "en"});
            for (name, value) in more.as_object().unwrap() {
                language[name] = value.clone();
            }
            language
        };
        for (language, expected) in [
            (
                json!({"key": 3, "selected_language": "sv", "texts": {"prompt": "Tryck {key}."}}),
                "language sv is not built in (de, en, es, fr, hi, it, ja, nl, pl, pt are): it needs language, texts.wrong_key, texts.no_input, ",
            ),
            (
                en(json!({"key": 10})),
                "invalid value: integer `10`, expected a key of the telephone, 0 to 9 or *",
            ),
            (
                en(json!({"key": -1})),
                "invalid value: integer `-1`, expected a key",
            ),
            (
                en(json!({"key": "#"})),
                "invalid value: string \"#\", expected a key",
            ),
            (
                en(json!({"key": "12"})),
                "invalid value: string \"12\", expected a key",
            ),
            (
                en(json!({"voice": ""})),
                "menu.languages.voice: expected 1 to 64 characters, got 0",
            ),
            (
                en(json!({"texts": {"hello": "Hi"}})),
                "unknown field `hello`",
            ),
            (
                en(json!({"texts": {"position": "You are {place}."}})),
                "language en: texts.position: unknown placeholder {place}; it may hold {position}",
            ),
        ] {
            let message = read(language).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
