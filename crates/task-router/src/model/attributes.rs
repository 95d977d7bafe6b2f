//! Attributes: the JSON object of every Task and Worker (taskrouter.md sections 2.3 and 2.8).

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Path, PathStep};

/// The longest attributes text in characters, blanks included (taskrouter.md section 14).
pub const ATTRIBUTES_CHARS_MAX: usize = 4_096;

/// A JSON object. It is data in memory and text outside: in the API and in the table it is JSON
/// inside a string.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes(Map<String, Value>);

/// Why a text is not attributes.
#[derive(Debug, thiserror::Error)]
pub enum AttributesError {
    /// The text is too long.
    #[error(
        "attributes have {chars} characters; at most {ATTRIBUTES_CHARS_MAX} are allowed, blanks included"
    )]
    TooLong {
        /// Characters in the text.
        chars: usize,
    },
    /// The text is not JSON, or not a JSON object.
    #[error("attributes must be a JSON object such as {{\"languages\":[\"en\"]}}: {0}")]
    NotAnObject(#[from] serde_json::Error),
}

impl Attributes {
    /// Attributes of this object.
    ///
    /// # Errors
    /// [`AttributesError::TooLong`] if its text exceeds [`ATTRIBUTES_CHARS_MAX`].
    pub fn new(object: Map<String, Value>) -> Result<Self, AttributesError> {
        let attributes = Self(object);
        check_length(&attributes.to_json())?;
        Ok(attributes)
    }

    /// The value of a top-level key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The value of a top-level key, if it is a string.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// These attributes with one top-level key set.
    ///
    /// # Errors
    /// [`AttributesError::TooLong`] if the result exceeds [`ATTRIBUTES_CHARS_MAX`].
    pub fn with(&self, key: &str, value: Value) -> Result<Self, AttributesError> {
        let mut object = self.0.clone();
        object.insert(key.to_owned(), value);
        Self::new(object)
    }

    /// These attributes changed by a JSON merge patch (RFC 7396): `null` removes a key, an object
    /// is merged into the value below the key, any other value replaces it.
    ///
    /// # Errors
    /// [`AttributesError::TooLong`] if the result exceeds [`ATTRIBUTES_CHARS_MAX`].
    pub fn merged(&self, patch: &Map<String, Value>) -> Result<Self, AttributesError> {
        let mut object = self.0.clone();
        merge(&mut object, patch);
        Self::new(object)
    }

    /// The value at a path, if it is a string.
    pub fn text_at(&self, path: &Path) -> Option<&str> {
        self.value_at(path)?.as_str()
    }

    /// The value at a path, if it exists.
    pub fn value_at(&self, path: &Path) -> Option<&Value> {
        let (first, rest) = path.steps().split_first()?;
        let PathStep::Key(key) = first else {
            return None;
        };
        rest.iter()
            .try_fold(self.0.get(key)?, |value, step| match step {
                PathStep::Key(key) => value.get(key),
                PathStep::Index(index) => value.get(index),
            })
    }

    /// The JSON object.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The JSON text, as the API and the table have it.
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

impl FromStr for Attributes {
    type Err = AttributesError;
    fn from_str(text: &str) -> Result<Self, AttributesError> {
        check_length(text)?;
        // The text that we print may be longer than the text that was parsed: `1e15` has four
        // characters, printed it has sixteen digits.
        Self::new(serde_json::from_str(text)?)
    }
}

/// Recurses as deep as the patch, whose depth the JSON parser limits.
fn merge(object: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, change) in patch {
        match change {
            Value::Null => {
                object.remove(key);
            }
            Value::Object(inner) => {
                let below = object.entry(key.clone()).or_insert(Value::Null);
                if !below.is_object() {
                    *below = Value::Object(Map::new());
                }
                if let Value::Object(below) = below {
                    merge(below, inner);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                object.insert(key.clone(), change.clone());
            }
        }
    }
}

fn check_length(text: &str) -> Result<(), AttributesError> {
    match text.chars().count() {
        chars if chars > ATTRIBUTES_CHARS_MAX => Err(AttributesError::TooLong { chars }),
        _ => Ok(()),
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_json())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Stored attributes are always readable: their length was checked when they were accepted.
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_requires_object_within_limit() {
        assert!(r#"{"languages":["hi"]}"#.parse::<Attributes>().is_ok());
        for wrong in ["", "[]", "3", "{", "null"] {
            assert!(
                matches!(
                    wrong.parse::<Attributes>(),
                    Err(AttributesError::NotAnObject(_))
                ),
                "{wrong}"
            );
        }
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(ATTRIBUTES_CHARS_MAX));
        assert!(matches!(
            long.parse::<Attributes>(),
            Err(AttributesError::TooLong { .. })
        ));
    }

    /// Numbers such as `1e15` are printed with more characters than they were parsed from.
    #[test]
    fn parse_refuses_text_too_long_when_printed() {
        let numbers = vec!["1e15"; 800].join(",");
        let given = format!(r#"{{"a":[{numbers}]}}"#);
        assert!(given.len() < ATTRIBUTES_CHARS_MAX);
        assert!(matches!(
            given.parse::<Attributes>(),
            Err(AttributesError::TooLong { .. })
        ));
        let fits = format!(r#"{{"a":"{}"}}"#, "x".repeat(ATTRIBUTES_CHARS_MAX - 8))
            .parse::<Attributes>()
            .unwrap();
        let written = serde_json::to_string(&fits).unwrap();
        assert_eq!(serde_json::from_str::<Attributes>(&written).unwrap(), fits);
    }

    #[test]
    fn merge_patch_follows_rfc_7396() {
        // The cases of RFC 7396, appendix A, that patch an object.
        for (before, patch, after) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            (
                r#"{"a":1}"#,
                r#"{"a":{"b":{"c":null}}}"#,
                r#"{"a":{"b":{}}}"#,
            ),
            ("{}", "{}", "{}"),
        ] {
            let before: Attributes = before.parse().unwrap();
            let after: Attributes = after.parse().unwrap();
            let patch: Map<String, Value> = serde_json::from_str(patch).unwrap();
            assert_eq!(
                before.merged(&patch).unwrap(),
                after,
                "{before:?} {patch:?}"
            );
        }
        let long = Map::from_iter([(
            "a".to_owned(),
            Value::String("x".repeat(ATTRIBUTES_CHARS_MAX)),
        )]);
        assert!(matches!(
            Attributes::default().merged(&long),
            Err(AttributesError::TooLong { .. })
        ));
    }
}
