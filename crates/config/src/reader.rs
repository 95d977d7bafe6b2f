//! Converts YAML values to typed settings, and collects the problems.

use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

use ids::time::Millis;
use task_router::model::{Expression, PartId};
use vocabulary::check_visible;

use crate::document::{self, Entry, Node, Value, place};
use crate::names::{self, Names};
use crate::problem::{Place, Problem};

/// Most problems in one report; further ones are dropped.
const PROBLEMS_MAX: usize = 100;

/// Maximum length of a friendly name, in characters (taskrouter.md section 14).
const NAME_CHARS_MAX: usize = 64;

/// Characters of an invalid value that a message repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// Reads the values of one file. Every method records its problem and then returns `None`.
pub(crate) struct Reader<'a> {
    source: &'a str,
    file: &'a str,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    places: BTreeMap<PartId, Place>,
}

/// The entries of a mapping that has been checked for unknown keys.
pub(crate) struct Fields<'n> {
    place: Place,
    what: &'n str,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// The value of a key. Of a duplicate key, which is already a recorded problem, the last value.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .rev()
            .find(|entry| entry.key.value == key)
            .map(|entry| &entry.value)
    }
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a str, file: &'a str) -> Self {
        Self {
            source,
            file,
            problems: Vec::new(),
            warnings: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// The text of the file.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// Name of the file in messages.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// Records the position of a part's name.
    pub fn record_place(&mut self, part: PartId, place: Place) {
        self.places.insert(part, place);
    }

    /// Takes the recorded positions of all names.
    pub fn take_places(&mut self) -> BTreeMap<PartId, Place> {
        std::mem::take(&mut self.places)
    }

    /// Records a problem.
    pub fn problem(&mut self, place: Place, message: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem {
                file: self.file.to_owned(),
                place,
                message: message.into(),
            });
        }
    }

    /// Records a warning: a valid setting that is most likely a mistake.
    pub fn warning(&mut self, place: Place, message: impl Into<String>) {
        if self.warnings.len() < PROBLEMS_MAX {
            self.warnings.push(Problem {
                file: self.file.to_owned(),
                place,
                message: message.into(),
            });
        }
    }

    /// All problems and all warnings, without duplicates, in the order of the file.
    pub fn into_problems_and_warnings(mut self) -> (Vec<Problem>, Vec<Problem>) {
        for noted in [&mut self.problems, &mut self.warnings] {
            noted.sort();
            noted.dedup();
        }
        (self.problems, self.warnings)
    }

    /// Records that a value is not the expected one: `max_reserved_workers: expected …, got 0`.
    pub fn unexpected(&mut self, node: &Node, key: &str, expected: &str) {
        let got = self.shape(node);
        self.problem(
            place(node),
            format!("{key}: expected {expected}, got {got}"),
        );
    }

    /// Returns the value of a result, or records its error.
    pub fn take<T>(&mut self, result: Result<T, String>, place: Place) -> Option<T> {
        result.map_err(|message| self.problem(place, message)).ok()
    }

    /// A mapping with only `allowed` keys; `what` names it in messages: "a workflow".
    pub fn mapping<'n>(
        &mut self,
        node: &'n Node,
        what: &'n str,
        allowed: &[&str],
    ) -> Option<Fields<'n>> {
        let Value::Mapping(entries) = &node.value else {
            let got = self.shape(node);
            let expected = allowed.join(", ");
            self.problem(
                place(node),
                format!("expected {what} with the keys {expected}; got {got}"),
            );
            return None;
        };
        for (index, entry) in entries.iter().enumerate() {
            let key = entry.key.value.as_str();
            if !allowed.contains(&key) {
                self.problem(place(&entry.key), names::unknown_key(key, what, allowed));
            } else if entries
                .iter()
                .take(index)
                .any(|earlier| earlier.key.value == key)
            {
                self.problem(
                    place(&entry.key),
                    format!("duplicate key \"{key}\" in {what}"),
                );
            }
        }
        Some(Fields {
            place: place(node),
            what,
            entries,
        })
    }

    /// The value of a required key.
    pub fn required<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let found = fields.get(key);
        if found.is_none() {
            self.problem(
                fields.place,
                format!("{} needs the key \"{key}\"", fields.what),
            );
        }
        found
    }

    /// The elements of a list, at most `max`.
    pub fn list<'n>(&mut self, node: &'n Node, key: &str, max: usize) -> &'n [Node] {
        let Value::List(elements) = &node.value else {
            self.unexpected(node, key, "a list");
            return &[];
        };
        if elements.len() > max {
            self.problem(
                place(node),
                format!(
                    "{key}: expected at most {max} entries, got {}",
                    elements.len()
                ),
            );
        }
        elements.get(..max).unwrap_or(elements)
    }

    /// A text. An unquoted number or boolean counts as text.
    pub fn text<'n>(&mut self, node: &'n Node, key: &str, expected: &str) -> Option<&'n str>
    where
        'a: 'n,
    {
        match &node.value {
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => Some(document::written(node, self.source)),
            Value::Null | Value::List(_) | Value::Mapping(_) => {
                self.unexpected(node, key, expected);
                None
            }
        }
    }

    /// A friendly name of 1 to [`NAME_CHARS_MAX`] characters, none of which is hidden.
    pub fn friendly_name<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n str>
    where
        'a: 'n,
    {
        let name = self.text(node, key, "a name")?;
        let chars = name.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            let message = format!(
                "{key}: expected a name of 1 to {NAME_CHARS_MAX} characters, got {chars} characters"
            );
            self.problem(place(node), message);
            return None;
        }
        if let Err(problem) = check_visible(name) {
            self.problem(place(node), format!("{key}: {problem}"));
            return None;
        }
        Some(name)
    }

    /// The id of a name that another section of the file declares.
    pub fn reference<S: Copy>(&mut self, node: &Node, key: &str, names: &Names<S>) -> Option<S> {
        let name = self.text(node, key, "a name")?.to_owned();
        // Finding the nearest names takes time, which is wasted when the problem is dropped.
        let found = if self.problems.len() < PROBLEMS_MAX {
            names.resolve(&name)
        } else {
            Err(String::new())
        };
        self.take(found, place(node))
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        if let Value::Bool(value) = &node.value {
            return Some(*value);
        }
        self.unexpected(node, key, "true or false");
        None
    }

    /// A whole number in `range`.
    pub fn whole_number(
        &mut self,
        node: &Node,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = match &node.value {
            Value::Number(number) => number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok()),
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Mapping(_) => {
                None
            }
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.unexpected(
                node,
                key,
                &format!("a whole number from {} to {}", range.start(), range.end()),
            );
        }
        number
    }

    /// One of a few words; `choices` maps each word to its meaning.
    pub fn choice<T: Copy>(&mut self, node: &Node, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let expected = choices
            .iter()
            .map(|(word, _)| *word)
            .collect::<Vec<_>>()
            .join(" or ");
        let word = self.text(node, key, &expected)?;
        let chosen = choices
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, meaning)| *meaning);
        if chosen.is_none() {
            self.unexpected(node, key, &expected);
        }
        chosen
    }

    /// A duration from one second to `max_secs`: `90`, `90s`, `20m`, `1h`.
    pub fn duration(&mut self, node: &Node, key: &str, max_secs: u32) -> Option<Millis> {
        self.duration_within(node, key, 1..=max_secs)
    }

    /// A duration within a range of seconds: `0s`, `90`, `90s`, `20m`, `1h`.
    pub fn duration_within(
        &mut self,
        node: &Node,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Option<Millis> {
        let secs = match &node.value {
            Value::Number(number) => number.as_u64(),
            Value::Text(text) => secs_of(text),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Mapping(_) => None,
        };
        let secs = secs
            .and_then(|secs| u32::try_from(secs).ok())
            .filter(|secs| range.contains(secs));
        if secs.is_none() {
            let min = range.start();
            let max = range.end();
            self.unexpected(
                node,
                key,
                &format!("a duration such as 120s, 20m or 1h, from {min}s to {max}s"),
            );
        }
        secs.map(|secs| Millis::from_secs(secs.into()))
    }

    /// An expression; `None` for an empty text. If the text is on one line of the file, a problem
    /// has the position within the expression.
    pub fn expression(&mut self, node: &Node, key: &str) -> Option<Expression> {
        let text = self
            .text(node, key, "an expression such as `languages HAS \"en\"`")?
            .to_owned();
        if text.trim().is_empty() {
            return None;
        }
        match text.parse::<Expression>() {
            Ok(expression) => {
                for warning in expression.warnings() {
                    self.warning(place(node), format!("{key}: {warning}"));
                }
                Some(expression)
            }
            Err(error) => {
                let inside = document::place_inside(
                    node,
                    &text,
                    error.column.saturating_sub(1),
                    self.source,
                );
                match inside {
                    Some(place) => self.problem(place, format!("{key}: {}", error.message)),
                    None => self.problem(
                        place(node),
                        format!("{key}, character {}: {}", error.column, error.message),
                    ),
                }
                None
            }
        }
    }

    /// A value as JSON. An unquoted number with a plus is a phone number and becomes text, although
    /// YAML reads a number.
    pub fn json(&self, node: &Node) -> Json {
        match &node.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => match document::written(node, self.source) {
                written if written.starts_with('+') => Json::String(written.to_owned()),
                _ => Json::Number(number.clone()),
            },
            Value::Text(text) => Json::String(text.clone()),
            Value::List(elements) => {
                Json::Array(elements.iter().map(|element| self.json(element)).collect())
            }
            Value::Mapping(entries) => Json::Object(self.object(entries)),
        }
    }

    /// The entries of a mapping as a JSON object.
    pub fn object(&self, entries: &[Entry]) -> Map<String, Json> {
        entries
            .iter()
            .map(|entry| (entry.key.value.clone(), self.json(&entry.value)))
            .collect()
    }

    fn shape(&self, node: &Node) -> String {
        match &node.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(_) => shortened(document::written(node, self.source)),
            Value::Text(text) => format!("\"{}\"", shortened(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// Whether the text is a phone number such as `+17075550183`: a plus, a country code, 8 to 15
/// digits.
pub(crate) fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let dialable = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    dialable && (8..=15).contains(&digits.len())
}

fn secs_of(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let (number, secs_per_unit) = match unit {
        's' => (text.strip_suffix('s')?, 1),
        'm' => (text.strip_suffix('m')?, 60),
        'h' => (text.strip_suffix('h')?, 3_600),
        _digit => (text, 1),
    };
    let digits_only = number.bytes().all(|digit| digit.is_ascii_digit());
    if !digits_only {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(secs_per_unit)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some(_) => text.chars().take(SHOWN_CHARS_MAX).chain(['…']).collect(),
        None => text.to_owned(),
    }
}
