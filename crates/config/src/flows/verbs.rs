//! The verbs with few settings: `set`, `tag`, `language`, `look_up`, `transfer`, `use`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use shared::webhook::redact;
use voice_flows::{LookUp, StepId, Text, Transfer, TransferTo};

use super::compiler::{Compiler, Within};
use super::defaults::{LOOK_UP_TIMEOUT, RING_SECS};
use super::references::unknown;
use crate::document::{Node, Value, place};
use crate::reader::is_e164;

/// The most values that one step sets.
const VALUES_MAX: usize = 40;

/// The longest timeout of a look-up, in seconds. The carrier waits 15 s for a document.
const LOOK_UP_MAX_SECS: u32 = 8;

/// The longest ring, in seconds (voice-webhooks.md section 6.3).
const RING_MAX_SECS: u32 = 600;

impl Compiler<'_, '_> {
    /// Values by name.
    pub fn set(&mut self, node: &Node) -> Option<BTreeMap<String, Json>> {
        self.attributes(node, "set", true)
    }

    /// Attributes or values by name. Texts may have placeholders.
    pub fn attributes(
        &mut self,
        node: &Node,
        key: &str,
        are_values: bool,
    ) -> Option<BTreeMap<String, Json>> {
        let Value::Mapping(entries) = &node.value else {
            self.reader
                .unexpected(node, key, "a mapping of names to values");
            return None;
        };
        if entries.len() > VALUES_MAX {
            let expected = format!("at most {VALUES_MAX} values");
            self.reader.unexpected(node, key, &expected);
        }
        let mut values = BTreeMap::new();
        for entry in entries.iter().take(VALUES_MAX) {
            let name = &entry.key.value;
            if are_values && !self.declare_value(key, name, place(&entry.key)) {
                continue;
            }
            if let Value::Text(text) = &entry.value.value {
                for placeholder in Text::placeholders(text) {
                    self.use_value(placeholder, place(&entry.value));
                }
            }
            values.insert(name.clone(), self.reader.json(&entry.value));
        }
        Some(values)
    }

    pub fn tag(&mut self, node: &Node) -> Option<String> {
        self.reader.friendly_name(node, "tag").map(str::to_owned)
    }

    /// The name of a language of the file.
    pub fn language(&mut self, node: &Node) -> Option<String> {
        let name = self.reader.text(node, "language", "a language")?.to_owned();
        let languages = self.languages();
        if languages.contains(&name) {
            return Some(name);
        }
        let message = unknown("language", &name, languages.iter());
        self.reader
            .problem(place(node), format!("language: {message}"));
        None
    }

    pub fn look_up(&mut self, node: &Node) -> Option<LookUp> {
        let keys = ["url", "send", "take", "timeout"];
        let fields = self.reader.mapping(node, "a look_up step", &keys)?;
        let url = self.reader.required(&fields, "url");
        let url = url.and_then(|node| self.url(node));
        let send = match fields.get("send") {
            Some(node) => self.sent(node),
            None => BTreeSet::new(),
        };
        let take = self.reader.required(&fields, "take");
        let take = take.and_then(|node| self.taken(node));
        let timeout = fields
            .get("timeout")
            .and_then(|node| self.reader.duration(node, "timeout", LOOK_UP_MAX_SECS));
        Some(LookUp {
            url: url?,
            send,
            take: take?,
            timeout: timeout.unwrap_or(LOOK_UP_TIMEOUT),
        })
    }

    fn url(&mut self, node: &Node) -> Option<String> {
        let expected = "a URL such as https://example.com/customers";
        let text = self.reader.text(node, "url", expected)?.to_owned();
        if text.starts_with("https://") || text.starts_with("http://") {
            return Some(text);
        }
        self.reader.unexpected(node, "url", expected);
        None
    }

    fn sent(&mut self, node: &Node) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for node in self.reader.list(node, "send", VALUES_MAX) {
            if let Some(name) = self.reader.text(node, "send", "the name of a value") {
                let name = name.to_owned();
                self.use_value(&name, place(node));
                names.insert(name);
            }
        }
        names
    }

    /// A list of names, or a mapping of names to keys of the answer.
    fn taken(&mut self, node: &Node) -> Option<BTreeMap<String, String>> {
        let mut taken = BTreeMap::new();
        if let Value::Mapping(entries) = &node.value {
            for entry in entries.iter().take(VALUES_MAX) {
                let name = entry.key.value.clone();
                if let Some(key) = self
                    .reader
                    .text(&entry.value, "take", "a key of the answer")
                {
                    let key = key.to_owned();
                    if self.declare_value("take", &name, place(&entry.key)) {
                        taken.insert(name, key);
                    }
                }
            }
            return Some(taken);
        }
        for node in self.reader.list(node, "take", VALUES_MAX) {
            if let Some(name) = self.value_name(node, "take") {
                taken.insert(name.clone(), name);
            }
        }
        Some(taken)
    }

    pub fn transfer(&mut self, node: &Node, within: &Within<'_>) -> Option<Transfer> {
        if let Value::Text(_) | Value::Number(_) = &node.value {
            return Some(Transfer {
                to: self.party(node)?,
                timeout_secs: RING_SECS,
                on_no_answer: None,
            });
        }
        let keys = ["to", "timeout", "on_no_answer"];
        let fields = self.reader.mapping(node, "a transfer step", &keys)?;
        let to = self.reader.required(&fields, "to");
        let to = to.and_then(|node| self.party(node));
        let timeout = fields
            .get("timeout")
            .and_then(|node| self.reader.duration(node, "timeout", RING_MAX_SECS));
        let timeout_secs = timeout.and_then(|timeout| u16::try_from(timeout.as_secs()).ok());
        Some(Transfer {
            on_no_answer: self.optional_target(fields.get("on_no_answer"), "on_no_answer", within),
            to: to?,
            timeout_secs: timeout_secs.unwrap_or(RING_SECS),
        })
    }

    fn party(&mut self, node: &Node) -> Option<TransferTo> {
        let expected =
            "a number such as \"+17075550183\", or a SIP address such as sip:office@example.com";
        let text = self.reader.text(node, "transfer", expected)?.to_owned();
        if is_e164(&text) {
            return Some(TransferTo::Number(text));
        }
        if text.starts_with("sip:") && text.contains('@') {
            return Some(TransferTo::Sip(text));
        }
        let message = format!("transfer: expected {expected}, got \"{}\"", redact(&text));
        self.reader.problem(place(node), message);
        None
    }

    pub fn use_flow(&mut self, node: &Node) -> Option<StepId> {
        let name = self
            .reader
            .text(node, "use", "the name of a flow")?
            .to_owned();
        self.flow(&name, place(node))
    }
}
