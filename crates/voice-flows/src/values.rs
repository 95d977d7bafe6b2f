//! What a flow knows of a call besides the call itself: collected input, answers of look-ups,
//! attributes that the flow sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::webhook::FromParameter;

/// The most bytes of a call's values as JSON. They are carried in URLs, of which carriers accept
/// about 4,000 characters, and percent-encoding makes them longer.
pub const VALUES_BYTES_MAX: usize = 1_200;

/// The values of a call, by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Values(BTreeMap<String, Value>);

/// A value does not fit beside the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: the values of a call have at most {VALUES_BYTES_MAX} bytes together")]
pub struct ValueTooLong {
    /// The name of the value.
    pub name: String,
}

impl Values {
    /// The value with this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All values, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a value.
    ///
    /// # Errors
    /// [`ValueTooLong`] beyond [`VALUES_BYTES_MAX`]; then nothing changes.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), ValueTooLong> {
        let before = self.0.insert(name.to_owned(), value);
        if self.json().len() <= VALUES_BYTES_MAX {
            return Ok(());
        }
        match before {
            Some(before) => self.0.insert(name.to_owned(), before),
            None => self.0.remove(name),
        };
        Err(ValueTooLong {
            name: name.to_owned(),
        })
    }

    /// Removes a value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// The values as a JSON object.
    pub fn json(&self) -> String {
        // A map of JSON values always serializes.
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl FromParameter for Values {
    fn expected() -> String {
        format!("a JSON object of at most {VALUES_BYTES_MAX} bytes")
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() > VALUES_BYTES_MAX {
            return None;
        }
        serde_json::from_str(text).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_value_changes_nothing() {
        let mut values = Values::default();
        values.set("account", json!("1234")).unwrap();
        let long = "9".repeat(VALUES_BYTES_MAX);
        for name in ["account", "another"] {
            assert!(values.set(name, json!(long)).is_err());
            assert_eq!(values.json(), r#"{"account":"1234"}"#);
        }
    }

    #[test]
    fn values_are_read_as_written() {
        let mut values = Values::default();
        values.set("vip", json!(true)).unwrap();
        values.set("name", json!("Ärzte & \"Co\"")).unwrap();
        assert_eq!(Values::parse(&values.json()), Some(values));
        assert_eq!(Values::parse("[1]"), None);
    }
}
