//! The verb `menu`.

use std::collections::BTreeMap;

use shared::menu::Digit;
use voice_flows::{KeyOption, Menu, StepId, Target, Text, normalized};

use super::compiler::{Compiler, Within};
use super::defaults::{ATTEMPTS, INPUT_TIMEOUT_SECS};
use crate::document::{Entry, Node, Value, place};
use crate::reader::Fields;

const KEYS: [&str; 8] = [
    "say",
    "keys",
    "attempts",
    "timeout",
    "no_input",
    "no_match",
    "on_no_input",
    "on_no_match",
];

const OPTION_KEYS: [&str; 3] = ["phrases", "language", "then"];

/// The most times a question is asked.
const ATTEMPTS_MAX: u32 = 10;

/// The longest silence, in seconds.
const TIMEOUT_MAX_SECS: u32 = 60;

/// The most phrases of an option in one language: the carrier takes 500 hints for a question.
const PHRASES_MAX: usize = 40;

/// The longest phrase, in characters, as the carrier takes them.
const PHRASE_CHARS_MAX: usize = 100;

impl Compiler<'_, '_> {
    pub fn menu(&mut self, node: &Node, id: StepId, within: &Within<'_>) -> Option<Menu> {
        let fields = self.reader.mapping(node, "a menu", &KEYS)?;
        let prompt = self
            .reader
            .required(&fields, "say")
            .and_then(|node| self.say(node));
        let inside = Within {
            menu: Some(id),
            menu_above: within.menu,
            ..within.clone()
        };
        let options = self
            .reader
            .required(&fields, "keys")
            .and_then(|node| self.options(node, &inside));
        Some(Menu {
            attempts: self.attempts(&fields),
            timeout_secs: self.input_timeout(&fields),
            no_input: self.optional_say(fields.get("no_input")),
            no_match: self.optional_say(fields.get("no_match")),
            on_no_input: self.optional_target(fields.get("on_no_input"), "on_no_input", &inside),
            on_no_match: self.optional_target(fields.get("on_no_match"), "on_no_match", &inside),
            prompt: prompt?,
            options: options?,
        })
    }

    fn options(&mut self, node: &Node, within: &Within<'_>) -> Option<Vec<KeyOption>> {
        let Value::Mapping(entries) = &node.value else {
            self.reader
                .unexpected(node, "keys", "a mapping of keys to steps");
            return None;
        };
        if entries.is_empty() {
            self.reader.unexpected(node, "keys", "at least one key");
            return None;
        }
        let options: Vec<KeyOption> = entries
            .iter()
            .filter_map(|entry| self.option(entry, within))
            .collect();
        for (index, entry) in entries.iter().enumerate() {
            let earlier = entries.iter().take(index);
            if earlier
                .into_iter()
                .any(|other| other.key.value == entry.key.value)
            {
                let message = format!("keys: key {} is used twice", entry.key.value);
                self.reader.problem(place(&entry.key), message);
            }
        }
        (options.len() == entries.len()).then_some(options)
    }

    fn option(&mut self, entry: &Entry, within: &Within<'_>) -> Option<KeyOption> {
        let text = entry.key.value.as_str();
        let mut chars = text.chars();
        let key = match (chars.next().and_then(Digit::new), chars.next()) {
            (Some(key), None) => key,
            (Some(_) | None, _) => {
                let message = format!("keys: expected a key, 0 to 9 or \"*\", got \"{text}\"");
                self.reader.problem(place(&entry.key), message);
                return None;
            }
        };
        let within = Within {
            label: format!("{}/{text}", within.label),
            ..within.clone()
        };
        let Value::Mapping(_) = &entry.value.value else {
            return Some(KeyOption {
                key: Some(key),
                phrases: BTreeMap::new(),
                language: None,
                then: self.target(&entry.value, "keys", &within)?,
            });
        };
        let fields = self
            .reader
            .mapping(&entry.value, "an option of a menu", &OPTION_KEYS)?;
        let then = self.optional_target(fields.get("then"), "then", &within);
        Some(KeyOption {
            key: Some(key),
            phrases: self.phrases(fields.get("phrases")),
            language: match fields.get("language") {
                Some(node) => Some(self.language(node)?),
                None => None,
            },
            then: then.unwrap_or(Target::Next),
        })
    }

    /// Phrases: a list for every language, or one for each.
    fn phrases(&mut self, node: Option<&Node>) -> BTreeMap<String, Vec<String>> {
        let Some(node) = node else {
            return BTreeMap::new();
        };
        let Value::Mapping(entries) = &node.value else {
            let phrases = self.phrase_list(node);
            return BTreeMap::from([(Text::ANY.to_owned(), phrases)]);
        };
        let languages = self.languages();
        let mut phrases = BTreeMap::new();
        for entry in entries {
            if languages.contains(&entry.key.value) {
                phrases.insert(entry.key.value.clone(), self.phrase_list(&entry.value));
            } else {
                let message =
                    super::references::unknown("language", &entry.key.value, languages.iter());
                self.reader
                    .problem(place(&entry.key), format!("phrases: {message}"));
            }
        }
        phrases
    }

    fn phrase_list(&mut self, node: &Node) -> Vec<String> {
        let mut phrases = Vec::new();
        for node in self.reader.list(node, "phrases", PHRASES_MAX) {
            let Some(text) = self.reader.text(node, "phrases", "a phrase") else {
                continue;
            };
            let phrase = normalized(text);
            if phrase.is_empty() || phrase.chars().count() > PHRASE_CHARS_MAX {
                let expected = format!("a phrase of 1 to {PHRASE_CHARS_MAX} letters and digits");
                self.reader.unexpected(node, "phrases", &expected);
            } else {
                phrases.push(phrase);
            }
        }
        phrases
    }

    /// The setting `attempts` of a question.
    pub fn attempts(&mut self, fields: &Fields<'_>) -> u8 {
        let given = fields
            .get("attempts")
            .and_then(|node| self.reader.whole_number(node, "attempts", 1..=ATTEMPTS_MAX));
        given
            .and_then(|attempts| u8::try_from(attempts).ok())
            .unwrap_or(ATTEMPTS)
    }

    /// The setting `timeout` of a question, in seconds.
    pub fn input_timeout(&mut self, fields: &Fields<'_>) -> u16 {
        let given = fields
            .get("timeout")
            .and_then(|node| self.reader.duration(node, "timeout", TIMEOUT_MAX_SECS));
        given
            .and_then(|timeout| u16::try_from(timeout.as_secs()).ok())
            .unwrap_or(INPUT_TIMEOUT_SECS)
    }
}
