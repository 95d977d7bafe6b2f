//! CB307 to CB310: attributes that are compared or spelled in two ways.

use std::collections::{BTreeMap, BTreeSet};

use task_router::model::{Operand, Operator};

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

/// The name that is most likely meant by a misspelled one. Names that differ by a digit, or at their
/// end, are different names: `skill1` and `skill2`, `skill_a` and `skill_b`, `language` and
/// `languages`.
pub(super) fn meant_by<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.chars().count() < MISSPELLED_CHARS_MIN {
        return None;
    }
    known
        .take(NAMES_COMPARED_MAX)
        .find(|known| is_typing_error(name, known))
}

/// Do two words differ by one typing error before their last letter: a letter that is missing, too
/// many or another one, or two letters in the other order?
fn is_typing_error(left: &str, right: &str) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let common = left
        .iter()
        .zip(&right)
        .take_while(|(one, other)| one == other)
        .count();
    let rest = |word: &[char]| word.get(common..).unwrap_or_default().to_vec();
    let (left, right) = (rest(&left), rest(&right));
    let ends = left.iter().rev().zip(right.iter().rev());
    let end = ends.take_while(|(one, other)| one == other).count();
    let differing = |word: &[char]| word.get(..word.len() - end).unwrap_or_default().to_vec();
    match (differing(&left).as_slice(), differing(&right).as_slice()) {
        ([one], []) | ([], [one]) => end > 0 && !one.is_ascii_digit(),
        ([one], [other]) => end > 0 && !one.is_ascii_digit() && !other.is_ascii_digit(),
        ([first, second], [other, another]) => first == another && second == other,
        _more => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_typing_error_is_misspelled() {
        let known = ["languages", "skill_en", "skill1", "region"];
        for (name, expected) in [
            ("langauges", Some("languages")),
            ("langages", Some("languages")),
            ("lanngues", None),
            ("skill_fr", None),
            ("skill_em", None),
            ("skill2", None),
            ("regin", Some("region")),
            ("regoin", Some("region")),
            ("regions", None),
            ("reg", None),
        ] {
            assert_eq!(meant_by(name, known.into_iter()), expected, "{name}");
        }
    }
}
