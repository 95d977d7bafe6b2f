//! Attributes: the JSON object of every Task and Worker (taskrouter.md sections 2.3 and 2.8).

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Path, PathStep};

/// The longest attributes text in characters, blanks included (taskrouter.md section 14).
pub const ATTRIBUTES_CHARS_MAX: usize = 4_096;

/// A JSON object, and its text. In the API and in the table it is JSON inside a string, and that
/// string comes back as it was sent: the order of the keys, blanks and the digits of numbers
/// included. Equal attributes have equal texts; [`Attributes::as_object`] compares the values.
///
/// Clones share one object: a Task or Worker is cloned for each Decision, and rarely changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributes(Arc<Parsed>);

#[derive(Debug, PartialEq)]
struct Parsed {
    /// Only shown and stored.
    text: String,
    /// The object that `text` denotes.
    object: Map<String, Value>,
}

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
        let attributes = Self::of_object(object);
        check_length(&attributes.0.text)?;
        Ok(attributes)
    }

    fn of_object(object: Map<String, Value>) -> Self {
        let text = Value::Object(object.clone()).to_string();
        Self::of_parts(text, object)
    }

    fn of_parts(text: String, object: Map<String, Value>) -> Self {
        Self(Arc::new(Parsed { text, object }))
    }

    /// The value of a top-level key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.object.get(key)
    }

    /// The value of a top-level key, if it is a string.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.object.get(key)?.as_str()
    }

    /// These attributes with one top-level key set.
    ///
    /// # Errors
    /// [`AttributesError::TooLong`] if the result exceeds [`ATTRIBUTES_CHARS_MAX`].
    pub fn with(&self, key: &str, value: Value) -> Result<Self, AttributesError> {
        let mut object = self.0.object.clone();
        object.insert(key.to_owned(), value);
        self.replaced_by(object)
    }

    /// These attributes changed by a JSON merge patch (RFC 7396): `null` removes a key, an object
    /// is merged into the value below the key, any other value replaces it.
    ///
    /// # Errors
    /// [`AttributesError::TooLong`] if the result exceeds [`ATTRIBUTES_CHARS_MAX`].
    pub fn merged(&self, patch: &Map<String, Value>) -> Result<Self, AttributesError> {
        let mut object = self.0.object.clone();
        merge(&mut object, patch);
        self.replaced_by(object)
    }

    /// Attributes of this object. The text is made from the object, unless its values are the
    /// present ones.
    fn replaced_by(&self, object: Map<String, Value>) -> Result<Self, AttributesError> {
        if object == self.0.object {
            return Ok(self.clone());
        }
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
            .try_fold(self.0.object.get(key)?, |value, step| match step {
                PathStep::Key(key) => value.get(key),
                PathStep::Index(index) => value.get(index),
            })
    }

    /// The JSON object.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0.object
    }

    /// The JSON text, as it was sent; of attributes that were changed here, as we write it.
    pub fn to_json(&self) -> String {
        self.0.text.clone()
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self::of_object(Map::new())
    }
}

impl FromStr for Attributes {
    type Err = AttributesError;
    fn from_str(text: &str) -> Result<Self, AttributesError> {
        check_length(text)?;
        let object = serde_json::from_str(text)?;
        Ok(Self::of_parts(text.to_owned(), object))
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
        serializer.serialize_str(&self.0.text)
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Stored attributes are always readable: their length was checked when they were accepted.
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(|object| Self::of_parts(text, object))
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

    #[test]
    fn text_is_kept_as_it_was_sent() {
        let sent = "{ \"b\": 1.0,\n \"a\": [1e3, 10000000000000000000000, \"\\u00e9\"] }";
        let attributes: Attributes = sent.parse().unwrap();
        assert_eq!(attributes.to_json(), sent);
        let stored = serde_json::to_string(&attributes).unwrap();
        let read: Attributes = serde_json::from_str(&stored).unwrap();
        assert_eq!((read.to_json(), &read), (sent.to_owned(), &attributes));
        let changed = attributes.with("c", Value::Null).unwrap();
        assert_eq!(
            changed.to_json(),
            r#"{"a":[1000.0,1e+22,"é"],"b":1.0,"c":null}"#
        );
        let other: Attributes = r#"{"c":null,"a":[1e3,1e22,"é"],"b":1.0}"#.parse().unwrap();
        assert_ne!(changed, other);
        assert_eq!(changed.as_object(), other.as_object());
        assert_eq!(attributes.merged(&Map::new()).unwrap(), attributes);
        assert_eq!(Attributes::default().to_json(), "{}");
    }

    /// Numbers such as `1e15` are printed with more characters than they were sent with.
    #[test]
    fn length_of_the_text_that_was_sent_counts() {
        let numbers = vec!["1e15"; 800].join(",");
        let given = format!(r#"{{"a":[{numbers}]}}"#);
        let attributes: Attributes = given.parse().unwrap();
        assert!(matches!(
            attributes.with("b", Value::Null),
            Err(AttributesError::TooLong { .. })
        ));
        let fits = format!(r#"{{"a":"{}"}}"#, "x".repeat(ATTRIBUTES_CHARS_MAX - 8));
        assert!(fits.parse::<Attributes>().is_ok());
        assert!(matches!(
            (fits + " ").parse::<Attributes>(),
            Err(AttributesError::TooLong { .. })
        ));
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
                before.merged(&patch).unwrap().as_object(),
                after.as_object(),
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
