//! A configuration file as a tree of values, in the order in which it is written.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value as Json};
use task_router::model::Expression;

use ids::time::Millis;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// `null`, in the attributes of Workers and Tasks.
    Null,
    /// A text.
    Text(String),
    /// An expression. Two are equal when they are the same condition, however they are written.
    Expression(Condition),
    /// A list.
    List(Vec<Tree>),
    /// Keys with values.
    Map(Vec<(String, Tree)>),
}

/// An expression in its written form, compared by its normal form.
#[derive(Debug, Clone)]
pub struct Condition {
    source: String,
    normal: String,
}

impl Condition {
    /// Its normal form, on one line.
    pub fn normal_form(&self) -> &str {
        &self.normal
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Tree {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn number(number: impl Into<Number>) -> Self {
        Self::Number(number.into())
    }

    /// An expression.
    pub fn expression(expression: &Expression) -> Self {
        Self::Expression(Condition {
            source: expression.source().to_owned(),
            normal: expression.to_string(),
        })
    }

    /// A length of time: `20m`.
    pub fn duration(duration: Millis) -> Self {
        let secs = duration.as_secs();
        let (number, unit) = match secs {
            0 => (0, 's'),
            _ if secs.is_multiple_of(3_600) => (secs / 3_600, 'h'),
            _ if secs.is_multiple_of(60) => (secs / 60, 'm'),
            _ => (secs, 's'),
        };
        Self::Text(format!("{number}{unit}"))
    }

    /// JSON as it is.
    pub fn json(value: &Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(elements) => Self::List(elements.iter().map(Self::json).collect()),
            Json::Object(entries) => {
                let entry = |(key, value): (&String, &Json)| (key.clone(), Self::json(value));
                Self::Map(entries.iter().map(entry).collect())
            }
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let entry = entries.iter().find(|(known, _)| known == key);
        entry.map(|(_, value)| value)
    }

    /// The text of a key.
    pub fn text_at(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            Self::Bool(_)
            | Self::Number(_)
            | Self::Null
            | Self::Expression(_)
            | Self::List(_)
            | Self::Map(_) => None,
        }
    }
}

/// A mapping while it is written.
#[derive(Debug, Default)]
pub(crate) struct Entries(Vec<(String, Tree)>);

impl Entries {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key.
    pub fn set(&mut self, key: impl Into<String>, value: Tree) {
        self.0.push((key.into(), value));
    }

    /// Adds a key with a value that may be absent.
    pub fn set_some(&mut self, key: &str, value: Option<Tree>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Adds a key whose value is not the default one.
    pub fn set_unless<T: PartialEq>(
        &mut self,
        key: &str,
        value: &T,
        default: &T,
        tree: impl FnOnce(&T) -> Tree,
    ) {
        if value != default {
            self.set(key, tree(value));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_tree(self) -> Tree {
        Tree::Map(self.0)
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Expression(condition) => serializer.serialize_str(&condition.source),
            Self::List(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(element)?;
                }
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Expressions become texts.
impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a configuration file")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::number(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Number::from_f64(value)
            .map(Tree::Number)
            .ok_or_else(|| E::custom("expected a finite number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
