//! Single values of expressions and attributes, compared as the engine compares them
//! (taskrouter.md section 8.3).

use std::cmp::Ordering;

use serde_json::Value as Json;
use task_router::model::{Number, Operand};

/// A value that is neither an array nor an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Missing, or `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

impl Scalar {
    /// The scalar of a constant operand. `None`: it is an array or a path.
    pub fn of_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Null => Some(Self::Null),
            Operand::Bool(value) => Some(Self::Bool(*value)),
            Operand::Number(value) => Some(Self::Number(*value)),
            Operand::Text(text) => Some(Self::Text(text.clone())),
            Operand::Array(_) | Operand::Path(_) => None,
        }
    }

    /// The scalar of a JSON value. `None`: it is an array or an object.
    pub fn of_json(value: &Json) -> Option<Self> {
        match value {
            Json::Null => Some(Self::Null),
            Json::Bool(value) => Some(Self::Bool(*value)),
            Json::Number(number) => Some(Number::of_json(number).map_or(Self::Null, Self::Number)),
            Json::String(text) => Some(Self::Text(text.clone())),
            Json::Array(_) | Json::Object(_) => None,
        }
    }

    /// The order of two numbers or two texts. `None`: they have no order.
    pub fn ordering(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_), _) => None,
        }
    }
}
