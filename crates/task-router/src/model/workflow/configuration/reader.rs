//! Reads one JSON object of a configuration, and names the path of what is wrong in it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json};

use super::ConfigurationError;
use crate::model::Expression;

pub(super) struct Reader<'a> {
    path: String,
    object: &'a Map<String, Json>,
}

impl<'a> Reader<'a> {
    /// The object at `path`; the empty path is the root.
    pub(super) fn new(path: String, value: &'a Json) -> Result<Self, ConfigurationError> {
        match value {
            Json::Object(object) => Ok(Self { path, object }),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                let path = if path.is_empty() {
                    "the configuration".to_owned()
                } else {
                    path
                };
                Err(ConfigurationError::Value {
                    path,
                    message: format!("expected an object, found {}", kind(value)),
                })
            }
        }
    }

    /// The value of `key`; null counts as missing.
    pub(super) fn get(&self, key: &str) -> Option<&'a Json> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(
        &self,
        key: &str,
        expected: &str,
    ) -> Result<Option<&'a str>, ConfigurationError> {
        match self.get(key) {
            None => Ok(None),
            // An empty text counts as missing.
            Some(Json::String(text)) => {
                Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty()))
            }
            Some(other) => {
                Err(self.error(key, format!("expected {expected}, found {}", kind(other))))
            }
        }
    }

    /// A whole number, written as a number or as a text.
    pub(super) fn integer(
        &self,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ConfigurationError> {
        let number = match self.get(key) {
            None => return Ok(None),
            Some(Json::Number(number)) => number.as_u64(),
            Some(Json::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        let number = number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number));
        let expected = || {
            format!(
                "expected a whole number from {} to {}",
                range.start(),
                range.end()
            )
        };
        number.map(Some).ok_or_else(|| self.error(key, expected()))
    }

    pub(super) fn list(&self, key: &str) -> Result<Option<&'a [Json]>, ConfigurationError> {
        match self.get(key) {
            None => Ok(None),
            Some(Json::Array(elements)) => Ok(Some(elements)),
            Some(other) => {
                Err(self.error(key, format!("expected an array, found {}", kind(other))))
            }
        }
    }

    /// An expression. An empty one counts as missing (taskrouter.md section 8.1, "empty
    /// expression").
    pub(super) fn expression(&self, key: &str) -> Result<Option<Expression>, ConfigurationError> {
        let text = self.text(key, "an expression in a text")?;
        text.map(|text| text.parse().map_err(|error| self.error(key, error)))
            .transpose()
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(super) fn path_in(&self, key: &str, index: usize) -> String {
        format!("{}[{index}]", self.path_of(key))
    }

    pub(super) fn error(&self, key: &str, message: impl Display) -> ConfigurationError {
        ConfigurationError::Value {
            path: self.path_of(key),
            message: message.to_string(),
        }
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
