//! CB409, CB410: Workers and Activities that expressions name and that do not exist.

use ids::ActivitySid;
use task_router::model::{Operand, Operator, PathStep, Worker};
use vocabulary::similar;

use super::Report;
use super::serving::Serving;
use super::view::{ComparisonView, ExpressionView};
use crate::reasoning::variable::{Context, Meaning, Owner};
use crate::{Centre, Rule};

pub(super) fn check(centre: &Centre, serving: &Serving, report: &mut Report) {
    for view in centre.expressions() {
        for comparison in view.comparisons() {
            if serving.is_complete {
                workers_by_name(centre, &view, &comparison, report);
            }
            activities_by_name(centre, &view, &comparison, report);
        }
    }
}

/// The texts that a path ending in one of these built-in names is compared with.
fn texts_compared<'c>(
    view: &ExpressionView<'_>,
    comparison: &ComparisonView<'c>,
    built_in: &str,
) -> Vec<&'c str> {
    let is_wanted = |operand: &Operand| match operand {
        Operand::Path(path) => matches!(
            view.context.meaning(path.steps()),
            Meaning::Variable(variable)
                if variable.owner == Owner::Worker && variable.path == built_in
        ),
        Operand::Null
        | Operand::Bool(_)
        | Operand::Number(_)
        | Operand::Text(_)
        | Operand::Array(_) => false,
    };
    let compared = comparison.comparison;
    if compared.operator == Operator::Contains {
        return Vec::new();
    }
    let constant = match (is_wanted(&compared.left), is_wanted(&compared.right)) {
        (true, false) => &compared.right,
        (false, true) => &compared.left,
        _neither => return Vec::new(),
    };
    let text = |operand: &'c Operand| match operand {
        Operand::Text(text) => Some(text.as_str()),
        Operand::Null
        | Operand::Bool(_)
        | Operand::Number(_)
        | Operand::Array(_)
        | Operand::Path(_) => None,
    };
    if let Operand::Array(elements) = constant {
        return elements.iter().filter_map(text).collect();
    }
    text(constant).into_iter().collect()
}

/// CB409.
fn workers_by_name(
    centre: &Centre,
    view: &ExpressionView<'_>,
    comparison: &ComparisonView<'_>,
    report: &mut Report,
) {
    let workers = || centre.workers().iter().map(|worker| &worker.part);
    for name in texts_compared(view, comparison, "friendly_name") {
        if workers().any(|worker: &Worker| worker.friendly_name == name) {
            continue;
        }
        let nearest = similar(name, workers().map(|worker| worker.friendly_name.as_str()));
        let guess = nearest.map_or(String::new(), |near| format!("; the nearest is \"{near}\""));
        let message = format!("there is no Worker with the name \"{name}\"{guess}");
        report.add(Rule::UnknownWorker, comparison.spot.clone(), message);
    }
    for sid in texts_compared(view, comparison, "sid") {
        if !workers().any(|worker| worker.sid.to_string() == sid) {
            let message = format!("there is no Worker {sid}");
            report.add(Rule::UnknownWorker, comparison.spot.clone(), message);
        }
    }
}

/// CB410.
fn activities_by_name(
    centre: &Centre,
    view: &ExpressionView<'_>,
    comparison: &ComparisonView<'_>,
    report: &mut Report,
) {
    let Some(activities) = &centre.activities else {
        return;
    };
    let names = || {
        activities
            .iter()
            .map(|activity| activity.part.friendly_name.as_str())
    };
    for name in texts_compared(view, comparison, "activity_name") {
        if names().any(|known| known == name) {
            continue;
        }
        let guess = similar(name, names());
        let guess = guess.map_or(String::new(), |near| format!("; the nearest is \"{near}\""));
        let message = format!("there is no Activity \"{name}\"{guess}");
        report.add(Rule::UnknownActivity, comparison.spot.clone(), message);
    }
    let exists = |sid: &str| {
        activities
            .iter()
            .any(|activity| sid.parse::<ActivitySid>() == Ok(activity.part.sid))
    };
    let counted = comparison
        .paths()
        .into_iter()
        .filter_map(|path| match path.steps() {
            [PathStep::Key(_), PathStep::Key(name)] if view.context == Context::SkipIf => {
                Some(name.as_str()).filter(|name| name.starts_with("WA"))
            }
            _other => None,
        });
    let compared = texts_compared(view, comparison, "activity_sid");
    for sid in counted.chain(compared) {
        if !exists(sid) {
            let message = format!("there is no Activity {sid}");
            report.add(Rule::UnknownActivity, comparison.spot.clone(), message);
        }
    }
}
