//! Parses YAML into a tree of values with their positions in the file.
//!
//! A tree, and not `derive(Deserialize)` into the final types: serde stops at the first error, and
//! all errors have to be reported at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::{DuplicateKeyPolicy, Location, Options, Spanned};

use crate::problem::Place;

/// Most levels of nested lists and mappings; the deepest sensible file has ten.
const DEPTH_MAX: usize = 32;

/// Most values in a file, with every alias counted in full. A file of maximum size has about 20 for
/// each Worker.
const VALUES_MAX: usize = 400_000;

/// YAML documents that are parsed: a second one is reported as a problem, a third one is not
/// reached.
const DOCUMENTS_MAX: usize = 2;

/// Beginnings of the parser's messages about an exceeded limit.
const LIMITS: [&str; 3] = ["budget breached", "alias replay", "recursion limit"];

/// A value with its position.
pub(crate) type Node = Spanned<Value>;

/// A YAML value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: Spanned<String>,
    pub value: Node,
}

/// Parses a text; the error is a problem with the YAML itself.
pub(crate) fn parse(text: &str) -> Result<Node, (Place, String)> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| sentence(&error))
}

/// Parser options: only `true` and `false` are booleans (a language may be called `no`), duplicate
/// keys are left for the reader to report, and limits bound the resources that any input can use.
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

/// The position and message of a parser error.
pub(crate) fn sentence(error: &serde_saphyr::Error) -> (Place, String) {
    let message = error.without_snippet().to_string();
    let Some(location) = error.location() else {
        return (Place::START, message);
    };
    let suffix = format!(" at line {}, column {}", location.line(), location.column());
    let message = message.strip_suffix(&suffix).unwrap_or(&message);
    let message = match message {
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
        other => other,
    };
    (place_at(location), message.to_owned())
}

/// Position of a value. For an alias the position of its anchor, because that text has to be
/// changed.
pub(crate) fn place<T>(spanned: &Spanned<T>) -> Place {
    place_at(spanned.defined)
}

fn place_at(location: Location) -> Place {
    Place {
        line: location.line().max(1),
        column: location.column().max(1),
    }
}

/// A value as written in the file, quotes included; empty if its position is unknown.
pub(crate) fn written<'s>(node: &Node, source: &'s str) -> &'s str {
    let bytes = || {
        let span = node.defined.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let length = usize::try_from(span.byte_len()?).ok()?;
        source.get(start..start.checked_add(length)?)
    };
    bytes().unwrap_or_default()
}

/// Position of the character with this `index` (from 0) of a text, if the text is on one line of
/// the file.
pub(crate) fn place_inside(node: &Node, text: &str, index: usize, source: &str) -> Option<Place> {
    let written = written(node, source);
    let quote = written
        .chars()
        .next()
        .filter(|first| matches!(first, '\'' | '"'));
    let mut in_file = written.chars().skip(usize::from(quote.is_some()));
    let mut column = place(node).column + u64::from(quote.is_some());
    for wanted in text.chars().take(index) {
        let mut next = in_file.next()?;
        let escapes = (quote == Some('"') && next == '\\') || (quote == Some('\'') && next == '\'');
        if escapes {
            next = in_file.next()?;
            column += 1;
        }
        if next != wanted {
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
            .ok_or_else(|| E::custom("expected a finite number"))
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
