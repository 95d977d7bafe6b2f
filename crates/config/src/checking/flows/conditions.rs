//! CB807, CB808: cases that are never true or never reached; CB310 in flows.

use routing_check::Rule;
use routing_check::reasoning::variable::Context;
use routing_check::reasoning::{Formula, Reasoner};
use task_router::model::{Expression, Operand, Operator, Path, PathStep};
use voice_flows::{Action, Case, StepId};

use super::{Centre, Report};

pub(super) fn check(centre: &Centre<'_>, report: &mut Report) {
    for (id, step) in centre.steps() {
        if let Action::Branch(cases) = &step.action {
            branch(centre, id, cases, report);
            for case in cases {
                languages(centre, id, &case.condition, report);
            }
        }
    }
}

fn branch(centre: &Centre<'_>, id: StepId, cases: &[Case], report: &mut Report) {
    let mut reasoner = Reasoner::new().assuming_single_values();
    let formulas: Vec<Formula> = cases
        .iter()
        .map(|case| reasoner.formula(Context::Filter, &case.condition))
        .collect();
    let mut earlier: Vec<Formula> = Vec::new();
    for (case, formula) in cases.iter().zip(&formulas) {
        let condition = &case.condition;
        // `1 == 0` turns a case off on purpose.
        let is_constant = condition.paths().is_empty();
        if reasoner.is_never(&[formula]) {
            if !is_constant {
                let message = format!("the case `{condition}` can never be true");
                centre.add(Rule::CaseNeverTrue, id, message, report);
            }
            continue;
        }
        let mut together: Vec<&Formula> = earlier.iter().collect();
        together.push(formula);
        if !earlier.is_empty() && reasoner.is_never(&together) {
            let message = if is_constant {
                "`else` is never reached: the cases before it match every call".to_owned()
            } else {
                format!(
                    "the case `{condition}` is never reached: the cases before it match all of its calls"
                )
            };
            centre.add(Rule::CaseNeverReached, id, message, report);
        }
        earlier.push(formula.negated());
    }
}

/// CB310: the language of a call is compared with one that the file does not have.
fn languages(centre: &Centre<'_>, id: StepId, condition: &Expression, report: &mut Report) {
    let known: Vec<&str> = centre
        .flows
        .languages()
        .map(|language| language.selected_language.as_str())
        .collect();
    for condition in condition.conditions() {
        let comparison = condition.comparison;
        let compares = matches!(comparison.operator, Operator::Equal | Operator::NotEqual);
        let text = match (&comparison.left, &comparison.right) {
            (Operand::Path(path), Operand::Text(text))
            | (Operand::Text(text), Operand::Path(path))
                if compares && is_language(path) =>
            {
                text
            }
            (_, _) => continue,
        };
        if !known.contains(&text.as_str()) {
            let message = format!(
                "no call has the language \"{text}\"; the file has {}",
                known.join(", ")
            );
            centre.add(Rule::UnknownLanguage, id, message, report);
        }
    }
}

fn is_language(path: &Path) -> bool {
    matches!(path.steps(), [PathStep::Key(key)] if key == "language")
}
