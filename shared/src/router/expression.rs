//! Evaluating expressions (taskrouter.md sections 8.2 to 8.4). A missing key is NULL; nothing here can fail.

use serde_json::{Map, Value as Json};

use crate::model::{Comparison, Expression, Operand, Operator, PathStep, Task, Term, Worker, Workspace};

/// Where an expression's keys are looked up.
pub trait Scope {
    /// The value at `path`; [`Value::Null`] when any step of it is missing.
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a>;
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
    /// An array written in the expression.
    Literal(&'a [Operand]),
    /// A JSON object: compares with nothing.
    Object,
}

impl Expression {
    /// Is it true in this scope?
    pub fn matches(&self, scope: &dyn Scope) -> bool {
        term(self.root(), scope)
    }
}

fn term(condition: &Term, scope: &dyn Scope) -> bool {
    match condition {
        Term::Any(terms) => terms.iter().any(|inner| term(inner, scope)),
        Term::All(terms) => terms.iter().all(|inner| term(inner, scope)),
        Term::Compare(comparison) => compare(comparison, scope),
    }
}

fn compare(comparison: &Comparison, scope: &dyn Scope) -> bool {
    let left = operand(&comparison.left, scope);
    let right = operand(&comparison.right, scope);
    match comparison.operator {
        Operator::Equal => is_scalar_pair(left, right) && equal(left, right),
        Operator::NotEqual => is_scalar_pair(left, right) && !equal(left, right),
        Operator::Less => ordering(left, right).is_some_and(|order| order.is_lt()),
        Operator::LessOrEqual => ordering(left, right).is_some_and(|order| order.is_le()),
        Operator::Greater => ordering(left, right).is_some_and(|order| order.is_gt()),
        Operator::GreaterOrEqual => ordering(left, right).is_some_and(|order| order.is_ge()),
        Operator::Contains => matches!((left, right), (Value::Text(text), Value::Text(part)) if text.contains(part)),
        Operator::Has => array_has(left, right).unwrap_or(false),
        Operator::In => array_has(right, left).unwrap_or(false),
        // A missing list rejects nobody (taskrouter.md section 8.4, the reject-list idiom).
        Operator::NotIn => is_null(right) || array_has(right, left).is_some_and(|has| !has),
    }
}

/// Does `array` hold `element`? `None` when `array` is no array.
fn array_has(array: Value<'_>, element: Value<'_>) -> Option<bool> {
    match array {
        Value::Array(elements) => Some(elements.iter().any(|candidate| equal(json(candidate), element))),
        Value::Literal(elements) => Some(elements.iter().any(|candidate| equal(literal(candidate), element))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Object => None,
    }
}

fn is_scalar_pair(left: Value<'_>, right: Value<'_>) -> bool {
    let compound = |value| matches!(value, Value::Array(_) | Value::Literal(_) | Value::Object);
    // `task.preferred_agents != null` asks whether a list is there: null compares with everything.
    is_null(left) || is_null(right) || !(compound(left) || compound(right))
}

fn is_null(value: Value<'_>) -> bool {
    matches!(value, Value::Null)
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

fn ordering(left: Value<'_>, right: Value<'_>) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn operand<'a>(operand: &'a Operand, scope: &'a dyn Scope) -> Value<'a> {
    match operand {
        Operand::Path(path) => scope.lookup(path.steps()),
        Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_) | Operand::Array(_) => {
            literal(operand)
        }
    }
}

fn literal(operand: &Operand) -> Value<'_> {
    match operand {
        // A key inside an array literal has no meaning of its own: arrays hold constants.
        Operand::Null | Operand::Path(_) => Value::Null,
        Operand::Bool(value) => Value::Bool(*value),
        Operand::Number(value) => Value::Number(*value),
        Operand::Text(text) => Value::Text(text),
        Operand::Array(elements) => Value::Literal(elements),
    }
}

fn json(value: &Json) -> Value<'_> {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_f64().map_or(Value::Null, Value::Number),
        Json::String(text) => Value::Text(text),
        Json::Array(elements) => Value::Array(elements),
        Json::Object(_) => Value::Object,
    }
}

/// The value at `path` below `object`.
fn attribute<'a>(object: &'a Map<String, Json>, path: &[PathStep]) -> Value<'a> {
    let Some((PathStep::Key(key), rest)) = path.split_first() else { return Value::Null };
    let mut value = object.get(key);
    for step in rest {
        value = match (step, value) {
            (PathStep::Key(key), Some(Json::Object(inner))) => inner.get(key),
            (PathStep::Index(index), Some(Json::Array(elements))) => elements.get(*index),
            (PathStep::Key(_) | PathStep::Index(_), _) => None,
        };
    }
    value.map_or(Value::Null, json)
}

/// `path` without its first step, if that is the key `prefix`.
fn strip<'p>(path: &'p [PathStep], prefix: &str) -> Option<&'p [PathStep]> {
    match path.split_first() {
        Some((PathStep::Key(key), rest)) if key == prefix && !rest.is_empty() => Some(rest),
        _ => None,
    }
}

/// Bare keys are a Worker's: the scope of a TaskQueue's `target_workers`, with `worker.` as a synonym.
pub struct WorkerScope<'a> {
    worker: &'a Worker,
    sid: String,
    activity_sid: String,
    activity_name: &'a str,
}

impl<'a> WorkerScope<'a> {
    /// The scope of `worker` in `workspace`.
    pub fn new(worker: &'a Worker, workspace: &'a Workspace) -> Self {
        let activity = workspace.activities.get(&worker.activity_sid);
        Self {
            worker,
            sid: worker.sid.to_string(),
            activity_sid: worker.activity_sid.to_string(),
            activity_name: activity.map_or("", |activity| &activity.friendly_name),
        }
    }

    /// The value at `path` of the Worker: a built-in name first, then attributes (taskrouter.md section 8.2).
    pub fn value(&self, path: &[PathStep]) -> Value<'_> {
        match path {
            [PathStep::Key(key)] => match key.as_str() {
                "sid" => Value::Text(&self.sid),
                "friendly_name" => Value::Text(&self.worker.friendly_name),
                "activity_sid" => Value::Text(&self.activity_sid),
                "activity_name" => Value::Text(self.activity_name),
                _attribute => attribute(self.worker.attributes.as_object(), path),
            },
            [PathStep::Key(channel), PathStep::Key(name), PathStep::Key(figure)] if channel == "channel" => {
                self.channel(name, figure)
            }
            _ => attribute(self.worker.attributes.as_object(), path),
        }
    }

    /// `channel.<name>.configured_capacity | assigned_tasks | available_capacity_percentage` (taskrouter.md section 4).
    fn channel(&self, name: &str, figure: &str) -> Value<'_> {
        let Some(share) = self.worker.channels.iter().find(|share| share.channel.as_str() == name) else {
            return Value::Null;
        };
        let open = self.worker.open_reservations.iter().filter(|open| open.channel == share.channel).count() as f64;
        let capacity = f64::from(share.configured_capacity);
        match figure {
            "configured_capacity" => Value::Number(capacity),
            "assigned_tasks" => Value::Number(open),
            "available_capacity_percentage" if capacity == 0.0 => Value::Number(0.0),
            "available_capacity_percentage" => Value::Number(((1.0 - open / capacity) * 100.0).floor()),
            _unknown => Value::Null,
        }
    }
}

impl Scope for WorkerScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        self.value(strip(path, "worker").unwrap_or(path))
    }
}

/// Bare keys are a Task's attributes: the scope of a Workflow filter, with `task.` as a synonym.
pub struct TaskScope<'a>(pub &'a Task);

impl Scope for TaskScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        attribute(self.0.attributes.as_object(), strip(path, "task").unwrap_or(path))
    }
}

/// `task.x` and `worker.x`: the scope of a Workflow target, where prefixes are mandatory.
pub struct TargetScope<'a> {
    /// The Task that looks for a Worker.
    pub task: &'a Task,
    /// The candidate.
    pub worker: WorkerScope<'a>,
}

impl Scope for TargetScope<'_> {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        if let Some(rest) = strip(path, "task") {
            return attribute(self.task.attributes.as_object(), rest);
        }
        strip(path, "worker").map_or(Value::Null, |rest| self.worker.value(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Object(Map<String, Json>);

    impl Scope for Object {
        fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
            attribute(&self.0, path)
        }
    }

    fn check(attributes: &str, cases: &[(&str, bool)]) {
        let scope = Object(serde_json::from_str(attributes).unwrap());
        for (source, expected) in cases {
            let expression: Expression = source.parse().unwrap();
            assert_eq!(expression.matches(&scope), *expected, "{source} over {attributes}");
        }
    }

    #[test]
    fn operators_do_what_the_reference_says() {
        check(
            r#"{"skills":["a"],"tags":["x","y"],"name":"Maria Lopez","level":3,"a":1,"vip":true,"deep":{"list":[{"k":"v"}]}}"#,
            &[
                (r#"skills HAS "a""#, true),
                (r#"skills HAS "b""#, false),
                (r#"tags == "x""#, false),
                (r#"name CONTAINS "Lop""#, true),
                ("level >= 3", true),
                ("level == 3.0", true),
                ("level == '3'", false),
                ("level != '3'", true),
                ("level < 'x'", false),
                ("a == 1 OR b == 1 AND c == 1", true),
                ("(a == 1 OR b == 1) AND c == 1", false),
                ("vip == true", true),
                ("vip > false", false),
                ("level IN [1, 2, 3]", true),
                ("level NOT IN [1, 2]", true),
                ("name IN 'Maria'", false),
                ("name NOT IN 'Maria'", false),
                ("deep.list[0].k == 'v'", true),
                ("deep.list[1].k == null", true),
                ("tags != null", true),
                ("1 == 1", true),
            ],
        );
    }

    #[test]
    fn a_missing_key_is_null() {
        check(
            "{}",
            &[
                ("x == null", true),
                ("x != null", false),
                ("x == 'a'", false),
                ("x != 'a'", true),
                ("x != true", true),
                ("x > 1", false),
                ("x CONTAINS 'a'", false),
                ("x HAS 'a'", false),
                ("x IN ['a']", false),
                ("'a' IN x", false),
                ("'a' NOT IN x", true),
                ("x NOT IN ['a']", true),
            ],
        );
    }

    #[test]
    fn has_on_a_text_is_accepted_and_never_matches() {
        check(r#"{"skills":"a"}"#, &[(r#"skills HAS "a""#, false)]);
    }
}
