//! JSON objects that are put together from parts.

use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;

/// The properties of a JSON object; none for any other value.
pub fn fields(value: Value) -> Object {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Object::new()
        }
    }
}
