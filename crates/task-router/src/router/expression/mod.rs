//! Evaluating expressions (taskrouter.md sections 8.2 to 8.4). A missing key is NULL; nothing here can fail, and nothing
//! allocates. Recursion is as deep as the expression, which is bounded when it is parsed.

mod scopes;
pub mod why;

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::model::{Comparison, Expression, Operand, Operator, PathStep, Term};

pub use scopes::{TargetScope, TaskScope, WorkerScope};

/// Where an expression's keys are looked up.
pub trait Scope {
    /// The value at `path`; [`Value::Null`] when any step of it is missing.
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a>;

    /// Who has, or would have, the value at `path`: for people who read why a condition is false.
    /// `None`: nobody, it lacks the prefix that is mandatory here.
    fn owner(&self, path: &[PathStep]) -> Option<&'static str>;
}

/// A value during evaluation; borrowed, so evaluation allocates nothing.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Missing, or JSON null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; integers and decimals compare numerically.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// An array from attributes.
    Array(&'a [Json]),
    /// An array written in the expression; its paths are looked up one by one.
    Literal(&'a [Operand]),
    /// A JSON object: whether it is there can be asked, and nothing else.
    Object,
}

impl Expression {
    /// Is it true in this scope?
    pub fn matches(&self, scope: &dyn Scope) -> bool {
        term(self.root(), scope)
    }
}

impl<'a> Value<'a> {
    /// The JSON value, seen by an expression.
    pub fn of(value: &'a Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
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

/// One comparison (taskrouter.md section 8.3). Operands an operator is not made for make it false.
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
        // A missing list rejects nobody (taskrouter.md section 8.4, the reject-list idiom).
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

/// Does `array` hold `element`? `None` when `array` is no array, or `element` could not be in one.
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

/// An array or object equals nothing and differs from nothing; but `task.preferred_agents != null` asks whether it is
/// there.
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
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
