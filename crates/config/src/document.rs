//! YAML into a tree of values that know where they stand.
//!
//! A tree, and not `derive(Deserialize)` into the final types: serde stops at the first thing that is wrong, and a person
//! wants to hear of all of them at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{DuplicateKeyPolicy, Location, Options, Spanned};

use crate::problem::Place;

/// Lists and mappings inside one another; the deepest sensible file has ten.
const DEPTH_MAX: usize = 32;

/// Values in a file, aliases counted as often as they stand for something: a full-sized file has some 20 for a Worker.
const VALUES_MAX: usize = 400_000;

/// YAML documents looked at: a second one is a mistake to report, a third one is not looked at.
const DOCUMENTS_MAX: usize = 2;

/// How the parser begins its sentence when one of the limits above is passed.
const LIMITS: [&str; 3] = ["budget breached", "alias replay", "recursion limit"];

/// A value and where it stands.
pub(crate) type Node = Spanned<Value>;

/// What YAML can say.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// One `key: value`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: Spanned<String>,
    pub value: Node,
}

/// Reads a text, or says what is wrong with it as YAML.
pub(crate) fn parse(text: &str) -> Result<Node, (Place, String)> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| sentence(&error))
}

/// How this program reads YAML: only `true` and `false` are booleans (a language may be called `no`), keys that are there
/// twice are for the reader to report, and no input can take more than its share.
pub(crate) fn options() -> Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_nodes: VALUES_MAX,
            max_events: VALUES_MAX * 2,
            max_documents: DOCUMENTS_MAX,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: VALUES_MAX },
    }
}

/// Where and what, as a sentence without the place.
pub(crate) fn sentence(error: &serde_saphyr::Error) -> (Place, String) {
    let message = error.without_snippet().to_string();
    let Some(location) = error.location() else {
        return (Place::START, message);
    };
    let place = format!(" at line {}, column {}", location.line(), location.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    let plainer = match message {
        _ if message.starts_with("multiple YAML documents") => {
            "expected one YAML document, got several; remove the `---`"
        }
        _ if LIMITS.iter().any(|limit| message.starts_with(limit)) => {
            return (
                place_at(location),
                format!(
                    "expected at most {DEPTH_MAX} levels and {VALUES_MAX} values, aliases counted in full"
                ),
            );
        }
        "expected sequence start" => "expected a list",
        "expected mapping start" => "expected a mapping of keys to values",
        "expected string scalar" => "expected a text",
        "invalid u8" => "expected a whole number from 0 to 255",
        "invalid u16" => "expected a whole number from 0 to 65535",
        clear => clear,
    };
    (place_at(location), plainer.to_owned())
}

/// Where a value stands; of an alias, where its anchor does: that is the text to change.
pub(crate) fn place<T>(spanned: &Spanned<T>) -> Place {
    place_at(spanned.defined)
}

fn place_at(location: Location) -> Place {
    Place {
        line: location.line().max(1),
        column: location.column().max(1),
    }
}

/// A value exactly as the file writes it, quotes included; empty if that is not known.
pub(crate) fn written<'s>(node: &Node, source: &'s str) -> &'s str {
    let bytes = || {
        let span = node.defined.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let length = usize::try_from(span.byte_len()?).ok()?;
        source.get(start..start.checked_add(length)?)
    };
    bytes().unwrap_or_default()
}

/// The place of the character number `index` (from 0) of a text, if the text stands in one line of the file.
pub(crate) fn place_inside(node: &Node, text: &str, index: usize, source: &str) -> Option<Place> {
    let written = written(node, source);
    let quote = written
        .chars()
        .next()
        .filter(|first| matches!(first, '\'' | '"'));
    let mut in_file = written.chars().skip(usize::from(quote.is_some()));
    let mut column = place(node).column + u64::from(quote.is_some());
    for meant in text.chars().take(index) {
        let mut next = in_file.next()?;
        let escapes = (quote == Some('"') && next == '\\') || (quote == Some('\'') && next == '\'');
        if escapes {
            next = in_file.next()?;
            column += 1;
        }
        if next != meant {
            return None;
        }
        column += 1;
    }
    Some(Place {
        column,
        ..place(node)
    })
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("expected a number with an end"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut mapping = Vec::new();
        while let Some((key, value)) = entries.next_entry()? {
            mapping.push(Entry { key, value });
        }
        Ok(Value::Mapping(mapping))
    }
}
