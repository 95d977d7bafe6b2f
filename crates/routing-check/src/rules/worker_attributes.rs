//! CB407, CB408, CB411: attributes that no Worker has, or that have another type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use task_router::model::{Number, Operand, Operator, Path, PathStep};

use super::Report;
use super::attributes::{Type, meant_by};
use super::serving::Serving;
use super::view::{ComparisonView, ExpressionView};
use crate::reasoning::variable::{BUILT_IN, Context, Meaning, Owner};
use crate::{Centre, Rule, Spot};

pub(super) fn check(centre: &Centre, serving: &Serving, report: &mut Report) {
    if !serving.is_complete {
        return;
    }
    let known = KnownAttributes::of(centre);
    for view in centre.expressions() {
        for comparison in view.comparisons() {
            compared(&known, &view, &comparison, report);
        }
    }
    orders(centre, &known, report);
}

/// The attributes of the Workers: their paths, and the types that they have.
struct KnownAttributes {
    types: BTreeMap<String, BTreeSet<Type>>,
    /// Attributes that an integer, or no integer, is the value of.
    integers: BTreeMap<String, bool>,
    objects: BTreeSet<String>,
}

impl KnownAttributes {
    fn of(centre: &Centre) -> Self {
        let mut known = Self {
            types: BTreeMap::new(),
            integers: BTreeMap::new(),
            objects: BTreeSet::new(),
        };
        for worker in centre.workers() {
            for (key, value) in worker.part.attributes.as_object() {
                known.note(key.clone(), value);
            }
        }
        known
    }

    fn note(&mut self, path: String, value: &Json) {
        let noted = match value {
            Json::Null => return,
            Json::Bool(_) => Type::Bool,
            Json::Number(number) => {
                let is_whole = Number::of_json(number).is_some_and(Number::is_whole);
                *self.integers.entry(path.clone()).or_default() |= is_whole;
                Type::Number
            }
            Json::String(_) => Type::Text,
            Json::Array(_) => Type::Array,
            Json::Object(inner) => {
                self.objects.insert(path.clone());
                for (key, value) in inner {
                    self.note(format!("{path}.{key}"), value);
                }
                return;
            }
        };
        self.types.entry(path).or_default().insert(noted);
    }

    fn has(&self, path: &str) -> bool {
        self.types.contains_key(path) || self.objects.contains(path)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }
}

/// The path of a Worker's attribute, without its prefix. `None`: it is something else.
fn attribute_of(context: Context, path: &Path) -> Option<String> {
    let Meaning::Variable(variable) = context.meaning(path.steps()) else {
        return None;
    };
    let is_index = path
        .steps()
        .iter()
        .any(|step| matches!(step, PathStep::Index(_)));
    let is_channel = variable.path.starts_with("channel.");
    let is_built_in = BUILT_IN.contains(&variable.path.as_str());
    (variable.owner == Owner::Worker && !is_index && !is_channel && !is_built_in)
        .then_some(variable.path)
}

/// CB407, CB408.
fn compared(
    known: &KnownAttributes,
    view: &ExpressionView<'_>,
    comparison: &ComparisonView<'_>,
    report: &mut Report,
) {
    for path in comparison.paths() {
        let Some(name) = attribute_of(view.context, path) else {
            continue;
        };
        // `task.x` in a TaskQueue has a rule of its own.
        if report.has(Rule::WrongOwner, &view.at) {
            continue;
        }
        if known.has(&name) {
            wrong_type(known, &name, comparison, report);
            continue;
        }
        let meant = meant_by(&name, known.names()).or_else(|| {
            known
                .names()
                .find(|known| known.eq_ignore_ascii_case(&name))
        });
        // `!=`, `NOT IN` and `== null` are written for Workers without the attribute, and `== true` for
        // those to which a program gives it for a time.
        if meant.is_none() && (!comparison.is_positive || may_be_absent(comparison)) {
            continue;
        }
        let guess = meant.map_or(String::new(), |meant| {
            format!("; \"{meant}\" is most likely meant")
        });
        report.add(
            Rule::UnknownWorkerAttribute,
            comparison.spot.clone(),
            format!("no declared Worker has the attribute \"{name}\"{guess}"),
        );
    }
}

fn may_be_absent(comparison: &ComparisonView<'_>) -> bool {
    let compared = comparison.comparison;
    let is_flag = |operand: &Operand| matches!(operand, Operand::Null | Operand::Bool(_));
    match compared.operator {
        Operator::NotEqual | Operator::NotIn => true,
        Operator::Equal => is_flag(&compared.left) || is_flag(&compared.right),
        Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Contains
        | Operator::Has
        | Operator::In => false,
    }
}

/// CB408.
fn wrong_type(
    known: &KnownAttributes,
    name: &str,
    comparison: &ComparisonView<'_>,
    report: &mut Report,
) {
    let Some(types) = known.types.get(name) else {
        return;
    };
    let Some(expected) = expected_type(comparison) else {
        return;
    };
    if !types.contains(&expected) {
        let found: Vec<_> = types.iter().map(|one| one.shown()).collect();
        report.add(
            Rule::WrongAttributeType,
            comparison.spot.clone(),
            format!(
                "`{}` needs {}, and \"{name}\" is {} in every Worker that has it",
                comparison.comparison,
                expected.shown(),
                found.join(" or ")
            ),
        );
    }
}

/// The type that the attribute must have for the comparison to mean something.
fn expected_type(comparison: &ComparisonView<'_>) -> Option<Type> {
    let compared = comparison.comparison;
    let type_of = |operand: &Operand| match operand {
        Operand::Text(_) => Some(Type::Text),
        Operand::Number(_) => Some(Type::Number),
        Operand::Bool(_) => Some(Type::Bool),
        Operand::Null | Operand::Array(_) | Operand::Path(_) => None,
    };
    match (&compared.left, compared.operator, &compared.right) {
        (Operand::Path(_), Operator::Has, constant)
        | (constant, Operator::In | Operator::NotIn, Operand::Path(_)) => {
            type_of(constant).map(|_| Type::Array)
        }
        (Operand::Path(_), Operator::Contains, Operand::Text(_)) => Some(Type::Text),
        (Operand::Path(_), Operator::In | Operator::NotIn, Operand::Array(elements)) => {
            let mut types = elements.iter().map(type_of);
            let first = types.next()??;
            types.all(|other| other == Some(first)).then_some(first)
        }
        (
            Operand::Path(_),
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual,
            constant,
        )
        | (
            constant,
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual,
            Operand::Path(_),
        ) => type_of(constant),
        _other => None,
    }
}

/// CB411, and CB407 for the attributes that Workers are ordered by.
fn orders(centre: &Centre, known: &KnownAttributes, report: &mut Report) {
    for workflow in &centre.workflows {
        for step in workflow.steps() {
            let clauses = step
                .target
                .order_by
                .as_ref()
                .map_or(&[][..], |order| order.clauses());
            for clause in clauses {
                let name = clause.path.to_string();
                let at = || Spot::at(format!("{}.order_by", step.at));
                if name.starts_with("channel.") || name.contains('[') {
                    continue;
                }
                if BUILT_IN.contains(&name.as_str())
                    || (known.has(&name) && !has_integer(known, &name))
                {
                    let message = format!(
                        "Workers are ordered by integers alone, and \"{name}\" is none in any Worker: \
                         this order is ignored"
                    );
                    report.add(Rule::OrderIgnored, at(), message);
                } else if !known.has(&name) {
                    let meant = meant_by(&name, known.names());
                    let guess = meant.map_or(String::new(), |meant| {
                        format!("; \"{meant}\" is most likely meant")
                    });
                    let message = format!("no declared Worker has the attribute \"{name}\"{guess}");
                    report.add(Rule::UnknownWorkerAttribute, at(), message);
                }
            }
        }
    }
}

fn has_integer(known: &KnownAttributes, name: &str) -> bool {
    known.integers.get(name).copied().unwrap_or_default()
}
