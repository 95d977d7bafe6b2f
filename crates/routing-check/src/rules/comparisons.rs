//! CB301 to CB306: comparisons and keys that cannot mean what they say.

use task_router::model::{Path, PathStep, Term};
use vocabulary::similar;

use super::Report;
use super::view::{ComparisonView, ExpressionView};
use crate::reasoning::Reasoner;
use crate::reasoning::variable::{Context, Meaning, TIME_NAMES, TIME_PREFIX};
use crate::{Centre, Rule, Spot};

pub(super) fn check(centre: &Centre, report: &mut Report) {
    for view in centre.expressions() {
        for comparison in view.comparisons() {
            let reported = keys(&view, &comparison, report);
            if !reported {
                never_true(&view, &comparison, report);
            }
        }
        alternatives(&view, report);
        for warning in view.expression.warnings() {
            report.add(Rule::QuotedKey, Spot::at(&view.at), warning);
        }
    }
}

/// CB303 to CB305: keys that are looked up in vain. Whether one was found.
fn keys(view: &ExpressionView<'_>, comparison: &ComparisonView<'_>, report: &mut Report) -> bool {
    let mut found = false;
    for path in comparison.paths() {
        let problem = time_name(view.context, path)
            .or_else(|| prefix(view.context, path))
            .or_else(|| owner(view.context, path));
        if let Some((rule, message)) = problem {
            report.add(rule, comparison.spot.clone(), message);
            found = true;
        }
    }
    found
}

/// CB305.
fn time_name(context: Context, path: &Path) -> Option<(Rule, String)> {
    let [PathStep::Key(first), rest @ ..] = path.steps() else {
        return None;
    };
    let is_of_time = first == TIME_PREFIX && matches!(context, Context::Filter | Context::Target);
    let is_known = matches!(rest, [PathStep::Key(name)] if TIME_NAMES.contains(&name.as_str()));
    if !is_of_time || is_known {
        return None;
    }
    let names = TIME_NAMES.join(", ");
    let guess = match rest {
        [PathStep::Key(name)] => similar(name, TIME_NAMES.into_iter()),
        _other => None,
    };
    let guess = guess.map_or(String::new(), |name| format!(" Did you mean {name}?"));
    Some((
        Rule::UnknownTimeName,
        format!("`{path}` is always null: the names of the time of day are {names}.{guess}"),
    ))
}

/// CB303: in a target the prefixes are mandatory.
fn prefix(context: Context, path: &Path) -> Option<(Rule, String)> {
    (context == Context::Target && context.meaning(path.steps()) == Meaning::Nothing).then(|| {
        let message =
            format!("`{path}` is always null: a key of a step is `task.{path}` or `worker.{path}`");
        (Rule::PrefixMissing, message)
    })
}

/// CB304: a filter sees no Worker, a TaskQueue sees no Task.
fn owner(context: Context, path: &Path) -> Option<(Rule, String)> {
    let [PathStep::Key(first), PathStep::Key(_), ..] = path.steps() else {
        return None;
    };
    let message = match (context, first.as_str()) {
        (Context::Filter, "worker") => format!(
            "`{path}`: a filter is a condition on the Task alone. Conditions on Workers belong into the \
             expression of a step"
        ),
        (Context::Filter, "workers") | (Context::Queue, "workers") => {
            format!("`{path}`: only skip_if counts Workers")
        }
        (Context::Queue, "task") => format!(
            "`{path}`: a TaskQueue is a condition on Workers alone. Conditions on the Task belong into \
             the expression of a step"
        ),
        (Context::Queue, TIME_PREFIX) => {
            format!("`{path}`: a TaskQueue does not see the time of day; a filter or a step does")
        }
        (Context::Queue, "channel") => {
            format!("`{path}`: a TaskQueue does not see channels; a step does, as `worker.{path}`")
        }
        _other => return None,
    };
    Some((Rule::WrongOwner, message))
}

/// CB301.
fn never_true(view: &ExpressionView<'_>, comparison: &ComparisonView<'_>, report: &mut Report) {
    if !comparison.is_positive || comparison.paths().is_empty() {
        return;
    }
    // A skip_if that is never true has a rule of its own.
    if view.context == Context::SkipIf {
        return;
    }
    let mut reasoner = Reasoner::new().assuming_single_values();
    let formula = reasoner.comparison(view.context, comparison.comparison);
    if reasoner.is_never(&[&formula]) {
        let message = format!(
            "`{}` can never be true: {}",
            comparison.comparison,
            reason(comparison)
        );
        report.add(Rule::ComparisonNeverTrue, comparison.spot.clone(), message);
    }
}

/// Why a comparison can never be true.
fn reason(comparison: &ComparisonView<'_>) -> &'static str {
    use task_router::model::{Operand, Operator};
    let compared = comparison.comparison;
    let is_array = |operand: &Operand| matches!(operand, Operand::Array(_));
    let asks_for_time = comparison
        .paths()
        .iter()
        .any(|path| path.to_string().starts_with("taskrouter."));
    if asks_for_time {
        return "the time of day is never this. currentTime is hour and minute as one number, currentHour \
                is 0 to 23, dayOfWeek is Mon to Sun";
    }
    match compared.operator {
        Operator::In | Operator::NotIn => "IN needs an array on its right",
        Operator::Has => "HAS needs an array on its left and a single value on its right",
        Operator::Contains => "CONTAINS looks for a text in a text",
        Operator::Equal | Operator::NotEqual
            if is_array(&compared.left) || is_array(&compared.right) =>
        {
            "an array is equal to nothing; use HAS or IN"
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            "only numbers and texts have an order"
        }
        Operator::Equal | Operator::NotEqual => "no value satisfies it",
    }
}

/// CB302: an alternative of the outermost OR.
fn alternatives(view: &ExpressionView<'_>, report: &mut Report) {
    let Term::Any(terms) = view.expression.root() else {
        return;
    };
    if report.has(Rule::ComparisonNeverTrue, &view.at) {
        return;
    }
    let mut reasoner = Reasoner::new().assuming_single_values();
    let whole = reasoner.formula(view.context, view.expression);
    if reasoner.is_never(&[&whole]) {
        return;
    }
    for term in terms {
        let formula = reasoner.of_term(view.context, term);
        if matches!(term, Term::All(_)) && reasoner.is_never(&[&formula]) {
            report.add(
                Rule::AlternativeNeverTrue,
                Spot::at(&view.at),
                format!("the alternative `{term}` can never be true: its conditions contradict each other"),
            );
        }
    }
}
