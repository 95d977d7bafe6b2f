//! CB307 to CB310: attributes that are compared or spelled in two ways.

use std::collections::{BTreeMap, BTreeSet};

use task_router::model::{Operand, Operator};
use vocabulary::{distance, similar};

use super::Report;
use super::view::ComparisonView;
use crate::reasoning::variable::{Context, Meaning, Owner, Variable};
use crate::{Centre, DeclaredWorkflow, Rule, Spot};

/// Attributes of the Task of a call (taskrouter.md section 16).
const OF_CALLS: [&str; 10] = [
    "selected_language",
    "call_sid",
    "account_sid",
    "from",
    "to",
    "caller",
    "called",
    "call_status",
    "direction",
    "api_version",
];

/// The attribute with the language that the caller chose.
const LANGUAGE: &str = "selected_language";

/// Characters from which on a name is long enough to be called misspelled.
const MISSPELLED_CHARS_MIN: usize = 5;

/// Names that a misspelled one is compared with: far more than the attributes of a real centre.
const NAMES_COMPARED_MAX: usize = 300;

/// What an attribute is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Text,
    Number,
    Bool,
    Array,
}

impl Type {
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Array => "an array",
        }
    }
}

/// One use of an attribute.
struct Use {
    variable: Variable,
    spot: Spot,
    compared: BTreeSet<Type>,
    texts: Vec<String>,
}

pub(super) fn check(centre: &Centre, report: &mut Report) {
    let mut all = Vec::new();
    for workflow in &centre.workflows {
        let uses = uses_in(workflow);
        mixed_types(centre, &uses, report);
        misspelled(centre, workflow, &uses, report);
        languages(centre, workflow, &uses, report);
        all.extend(uses);
    }
    for view in centre.expressions() {
        if view.context == Context::Queue {
            all.extend(
                view.comparisons()
                    .iter()
                    .filter_map(|one| used_by(Context::Queue, one)),
            );
        }
    }
    other_case(&all, report);
}

fn uses_in(workflow: &DeclaredWorkflow) -> Vec<Use> {
    let mut uses = Vec::new();
    for view in workflow.expressions() {
        let comparisons = view.comparisons();
        uses.extend(
            comparisons
                .iter()
                .filter_map(|one| used_by(view.context, one)),
        );
    }
    uses
}

/// The use of an attribute by a comparison with constants.
fn used_by(context: Context, view: &ComparisonView<'_>) -> Option<Use> {
    let comparison = view.comparison;
    let (path, constant, is_left) = match (&comparison.left, &comparison.right) {
        (Operand::Path(path), Operand::Path(_)) => (path, &Operand::Null, true),
        (Operand::Path(path), constant) => (path, constant, true),
        (constant, Operand::Path(path)) => (path, constant, false),
        _no_path => return None,
    };
    let Meaning::Variable(variable) = context.meaning(path.steps()) else {
        return None;
    };
    if !matches!(variable.owner, Owner::Task | Owner::Worker) {
        return None;
    }
    let mut compared = BTreeSet::new();
    let mut texts = Vec::new();
    note_constants(constant, &mut compared, &mut texts);
    let is_of_array = match comparison.operator {
        Operator::Has => is_left,
        Operator::In | Operator::NotIn => !is_left,
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Contains => false,
    };
    if is_of_array {
        compared = BTreeSet::from([Type::Array]);
    }
    if comparison.operator == Operator::Contains {
        texts.clear();
    }
    Some(Use {
        variable,
        spot: view.spot.clone(),
        compared,
        texts,
    })
}

fn note_constants(operand: &Operand, compared: &mut BTreeSet<Type>, texts: &mut Vec<String>) {
    match operand {
        Operand::Null | Operand::Path(_) => {}
        Operand::Bool(_) => drop(compared.insert(Type::Bool)),
        Operand::Number(_) => drop(compared.insert(Type::Number)),
        Operand::Text(text) => {
            compared.insert(Type::Text);
            texts.push(text.clone());
        }
        Operand::Array(elements) => elements
            .iter()
            .for_each(|element| note_constants(element, compared, texts)),
    }
}

/// CB307. The types of a Worker's attributes are those of the Workers, where they are given. An
/// expression that compares one attribute as two types knows that it has both.
fn mixed_types(centre: &Centre, uses: &[Use], report: &mut Report) {
    let mut in_expression: BTreeMap<(&Variable, &str), BTreeSet<Type>> = BTreeMap::new();
    for one in uses {
        let types = in_expression
            .entry((&one.variable, &one.spot.path))
            .or_default();
        types.extend(&one.compared);
    }
    let on_purpose: BTreeSet<&Variable> = in_expression
        .iter()
        .filter(|(_, types)| types.len() > 1)
        .map(|((variable, _), _)| *variable)
        .collect();
    let mut seen: BTreeMap<&Variable, Type> = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for one in uses {
        let is_known = one.variable.owner == Owner::Worker && centre.workers.is_some();
        if is_known || on_purpose.contains(&one.variable) {
            continue;
        }
        for compared in &one.compared {
            let first = *seen.entry(&one.variable).or_insert(*compared);
            if first != *compared && reported.insert(&one.variable) {
                report.add(
                    Rule::MixedTypes,
                    one.spot.clone(),
                    format!(
                        "`{}` is compared as {} here and as {} before: for each value one of the two is \
                         always false",
                        one.variable.path,
                        compared.shown(),
                        first.shown()
                    ),
                );
            }
        }
    }
}

/// CB308.
fn other_case(uses: &[Use], report: &mut Report) {
    let mut seen: BTreeMap<(&Variable, String), &str> = BTreeMap::new();
    let mut reported = BTreeSet::new();
    for one in uses {
        for text in &one.texts {
            let first = *seen
                .entry((&one.variable, text.to_lowercase()))
                .or_insert(text);
            if first != text && reported.insert((&one.variable, text)) {
                report.add(
                    Rule::OtherCase,
                    one.spot.clone(),
                    format!(
                        "`{}` is compared with \"{text}\" here and with \"{first}\" before: upper and \
                         lower case are different values",
                        one.variable.path
                    ),
                );
            }
        }
    }
}

/// CB309.
fn misspelled(centre: &Centre, workflow: &DeclaredWorkflow, uses: &[Use], report: &mut Report) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in uses.iter().filter(|one| one.variable.owner == Owner::Task) {
        *counts.entry(&one.variable.path).or_default() += 1;
    }
    let of_calls = match centre.voice_of(workflow.workflow.sid) {
        Some(_) => &OF_CALLS[..],
        None => &[],
    };
    for one in uses.iter().filter(|one| one.variable.owner == Owner::Task) {
        let name = one.variable.path.as_str();
        if counts.get(name) != Some(&1) || of_calls.contains(&name) {
            continue;
        }
        let often = counts.iter().filter(|(_, count)| **count > 1);
        let known = often.map(|(name, _)| *name).chain(of_calls.iter().copied());
        if let Some(meant) = meant_by(name, known) {
            report.add(
                Rule::UnknownTaskAttribute,
                one.spot.clone(),
                format!("`{name}` occurs only here; `{meant}` is most likely meant"),
            );
        }
    }
}

/// The name that is most likely meant by a misspelled one. Names that differ by a digit, or of which
/// one begins with the other, are different names: `skill1` and `skill2`, `language` and `languages`.
pub(super) fn meant_by<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.chars().count() < MISSPELLED_CHARS_MIN {
        return None;
    }
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let other = known.filter(|known| {
        *known != name
            && !known.starts_with(name)
            && !name.starts_with(known)
            && digits(known) == digits(name)
    });
    similar(name, other.take(NAMES_COMPARED_MAX)).filter(|meant| distance(name, meant) <= 2)
}

/// CB310.
fn languages(centre: &Centre, workflow: &DeclaredWorkflow, uses: &[Use], report: &mut Report) {
    let Some(voice) = centre.voice_of(workflow.workflow.sid) else {
        return;
    };
    let in_use = uses
        .iter()
        .filter(|one| one.variable.owner == Owner::Task && one.variable.path == LANGUAGE);
    for one in in_use {
        for text in one
            .texts
            .iter()
            .filter(|text| !voice.languages.contains(text))
        {
            let known = voice.languages.join(", ");
            report.add(
                Rule::UnknownLanguage,
                one.spot.clone(),
                format!(
                    "no language of the menu has the selected_language \"{text}\"; it has {known}"
                ),
            );
        }
    }
}
