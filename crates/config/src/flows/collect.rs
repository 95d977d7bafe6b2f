//! The verb `collect`.

use voice_flows::{Collect, DIGITS_MAX, Input, Pattern};

use super::compiler::{Compiler, Within};
use super::defaults::lengths_of;
use crate::document::{Node, Value, place};
use crate::reader::Fields;

const KEYS: [&str; 12] = [
    "into",
    "say",
    "digits",
    "pattern",
    "speech",
    "confirm",
    "secret",
    "attempts",
    "timeout",
    "no_input",
    "no_match",
    "on_failure",
];

/// The most patterns of a value.
const PATTERNS_MAX: usize = 20;

impl Compiler<'_, '_> {
    pub fn collect(&mut self, node: &Node, within: &Within<'_>) -> Option<Collect> {
        let fields = self.reader.mapping(node, "a collect step", &KEYS)?;
        let into = self.reader.required(&fields, "into");
        let into = into.and_then(|node| self.value_name(node, "into"));
        let prompt = self.reader.required(&fields, "say");
        let prompt = prompt.and_then(|node| self.say(node));
        let input = self.input(node, &fields);
        let confirm = self.optional_say(fields.get("confirm"));
        let is_secret = fields
            .get("secret")
            .and_then(|node| self.reader.boolean(node, "secret"))
            .unwrap_or(false);
        if let Some(node) = fields.get("confirm")
            && is_secret
        {
            let message = "confirm: a secret value is not read back; remove confirm or secret";
            self.reader.problem(place(node), message);
        }
        Some(Collect {
            is_secret,
            confirm,
            attempts: self.attempts(&fields),
            timeout_secs: self.input_timeout(&fields),
            no_input: self.optional_say(fields.get("no_input")),
            no_match: self.optional_say(fields.get("no_match")),
            on_failure: self.optional_target(fields.get("on_failure"), "on_failure", within),
            into: into?,
            prompt: prompt?,
            input: input?,
        })
    }

    /// The name of a value that a step sets.
    pub fn value_name(&mut self, node: &Node, key: &str) -> Option<String> {
        let name = self
            .reader
            .text(node, key, "the name of a value")?
            .to_owned();
        self.declare_value(key, &name, place(node)).then_some(name)
    }

    fn input(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Input> {
        let is_spoken = fields
            .get("speech")
            .and_then(|node| self.reader.boolean(node, "speech"))
            .unwrap_or(false);
        let patterns = self.patterns(fields.get("pattern"));
        let lengths = match fields.get("digits") {
            Some(node) => Some(self.lengths(node)?),
            None => lengths_of(&patterns),
        };
        match lengths {
            Some((min, max)) => Some(Input::Digits {
                min,
                max,
                patterns,
                is_spoken,
            }),
            None if is_spoken => Some(Input::Speech),
            None => {
                let message = "a collect step needs one of digits, pattern, speech";
                self.reader.problem(place(node), message);
                None
            }
        }
    }

    /// `8`, or `6-10`.
    fn lengths(&mut self, node: &Node) -> Option<(u8, u8)> {
        let text = self.reader.text(node, "digits", "a number of digits")?;
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        let lengths = (min.trim().parse::<u8>().ok()).zip(max.trim().parse::<u8>().ok());
        let lengths = lengths.filter(|(min, max)| 1 <= *min && min <= max && *max <= DIGITS_MAX);
        if lengths.is_none() {
            let expected = format!("a number of digits such as 8 or 6-10, from 1 to {DIGITS_MAX}");
            self.reader.unexpected(node, "digits", &expected);
        }
        lengths
    }

    fn patterns(&mut self, node: Option<&Node>) -> Vec<Pattern> {
        let Some(node) = node else {
            return Vec::new();
        };
        let nodes = match &node.value {
            Value::List(_) => self.reader.list(node, "pattern", PATTERNS_MAX),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Mapping(_) => std::slice::from_ref(node),
        };
        let mut patterns = Vec::new();
        for node in nodes {
            if let Some(text) = self.reader.text(node, "pattern", "a pattern of digits") {
                let read = text
                    .parse::<Pattern>()
                    .map_err(|error| format!("pattern: {error}"));
                patterns.extend(self.reader.take(read, place(node)));
            }
        }
        patterns
    }
}
