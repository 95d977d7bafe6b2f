//! Evaluates expressions (taskrouter.md sections 8.2 to 8.4). A missing key is NULL. Evaluation
//! never fails and never allocates. It recurses as deep as the expression, whose depth the parser
//! bounds.

mod scopes;
mod time_of_day;
pub mod why;

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::model::{Comparison, Expression, Number, Operand, Operator, PathStep, Term};

pub use scopes::{TargetScope, TaskScope, WorkerScope};
pub(crate) use time_of_day::next_change;

/// The object in which an expression's keys are looked up.
pub trait Scope {
    /// The value at `path`; [`Value::Null`] when any step of it is missing.
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a>;

    /// The owner of the value at `path`, for the explanation of a false condition. `None`: the path
    /// has no owner, because it lacks the prefix that is mandatory in this scope.
    fn owner(&self, path: &[PathStep]) -> Option<&'static str>;
}

/// A value during evaluation. It borrows, so that evaluation allocates nothing.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Missing, or JSON null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; integers and decimals compare numerically.
    Number(Number),
    /// A string.
    Text(&'a str),
    /// An array from attributes.
    Array(&'a [Json]),
    /// An array written in the expression; its paths are looked up one by one.
    Literal(&'a [Operand]),
    /// A JSON object: an expression can only ask whether it exists.
    Object,
}

impl Expression {
    /// Is the expression true in this scope?
    pub fn matches(&self, scope: &dyn Scope) -> bool {
        term(self.root(), scope)
    }
}

impl<'a> Value<'a> {
    /// The value of a JSON value.
    pub fn of(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Number::of_json(number).map_or(Self::Null, Self::Number),
            Json::String(text) => Self::Text(text),
            Json::Array(elements) => Self::Array(elements),
            Json::Object(_) => Self::Object,
        }
    }

    fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    fn is_compound(self) -> bool {
        matches!(self, Self::Array(_) | Self::Literal(_) | Self::Object)
    }
}

fn term(condition: &Term, scope: &dyn Scope) -> bool {
    match condition {
        Term::Any(terms) => terms.iter().any(|inner| term(inner, scope)),
        Term::All(terms) => terms.iter().all(|inner| term(inner, scope)),
        Term::Not(inner) => !term(inner, scope),
        Term::Compare(comparison) => compare(comparison, scope),
    }
}

/// Evaluates one comparison (taskrouter.md section 8.3). It is false if the operator does not apply
/// to the kinds of its operands.
fn compare(comparison: &Comparison, scope: &dyn Scope) -> bool {
    let left = value(&comparison.left, scope);
    let right = value(&comparison.right, scope);
    match comparison.operator {
        Operator::Equal => can_be_equal(left, right) && equal(left, right),
        Operator::NotEqual => can_be_equal(left, right) && !equal(left, right),
        Operator::Less => ordering(left, right).is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => ordering(left, right).is_some_and(Ordering::is_le),
        Operator::Greater => ordering(left, right).is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => ordering(left, right).is_some_and(Ordering::is_ge),
        Operator::Contains => {
            matches!((left, right), (Value::Text(text), Value::Text(part)) if text.contains(part))
        }
        Operator::Has => has(left, right, scope).unwrap_or(false),
        Operator::In => has(right, left, scope).unwrap_or(false),
        // A missing list rejects no Worker (taskrouter.md section 8.4, the reject-list idiom).
        Operator::NotIn => right.is_null() || has(right, left, scope).is_some_and(|has| !has),
    }
}

fn value<'a>(operand: &'a Operand, scope: &'a dyn Scope) -> Value<'a> {
    match operand {
        Operand::Null => Value::Null,
        Operand::Bool(value) => Value::Bool(*value),
        Operand::Number(value) => Value::Number(*value),
        Operand::Text(text) => Value::Text(text),
        Operand::Array(elements) => Value::Literal(elements),
        Operand::Path(path) => scope.lookup(path.steps()),
    }
}

/// Does `array` contain `element`? `None`: `array` is no array, or `element` is an array or object.
fn has(array: Value<'_>, element: Value<'_>, scope: &dyn Scope) -> Option<bool> {
    match array {
        _ if element.is_compound() => None,
        Value::Array(elements) => Some(
            elements
                .iter()
                .any(|candidate| equal(Value::of(candidate), element)),
        ),
        Value::Literal(elements) => Some(
            elements
                .iter()
                .any(|candidate| equal(value(candidate, scope), element)),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Object => None,
    }
}

/// An array or object equals nothing and differs from nothing, except that
/// `task.preferred_agents != null` asks whether it exists.
fn can_be_equal(left: Value<'_>, right: Value<'_>) -> bool {
    left.is_null() || right.is_null() || !(left.is_compound() || right.is_compound())
}

fn equal(left: Value<'_>, right: Value<'_>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        _ => false,
    }
}

fn ordering(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(&right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
