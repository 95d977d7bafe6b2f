//! CB4xx: TaskQueues and steps without Workers, parts that are not used, and names that do not
//! exist.

use std::collections::{BTreeMap, BTreeSet};

use ids::ActivitySid;
use serde_json::Value as Json;
use task_router::model::{
    ChannelUse, Number, Operand, Operator, Path, PathStep, TaskChannelName, Worker,
};
use vocabulary::similar;

use super::Report;
use super::attributes::{Type, meant_by};
use super::serving::{Serving, capacity};
use super::view::{ComparisonView, ExpressionView, is_constant};
use crate::reasoning::Reasoner;
use crate::reasoning::variable::{BUILT_IN, Context, Meaning, Owner};
use crate::{Centre, Rule, Spot};

pub(super) fn check(centre: &Centre, serving: &Serving, report: &mut Report) {
    queues(centre, serving, report);
    steps(centre, serving, report);
    activities(centre, report);
    channels(centre, serving, report);
    let known = KnownAttributes::of(centre);
    for view in centre.expressions() {
        for comparison in view.comparisons() {
            if serving.is_complete {
                worker_attributes(&known, &view, &comparison, report);
                workers_by_name(centre, &view, &comparison, report);
            }
            activities_by_name(centre, &view, &comparison, report);
        }
    }
    if serving.is_complete {
        orders(centre, &known, report);
    }
}

/// CB401, CB402, CB404, CB702.
fn queues(centre: &Centre, serving: &Serving, report: &mut Report) {
    let mut used = BTreeSet::new();
    for workflow in &centre.workflows {
        for step in workflow.steps() {
            let queue = step.target.queue;
            used.insert(queue);
            if centre.task_queues.is_some() && centre.task_queue(queue).is_none() {
                report.add(
                    Rule::UnknownQueue,
                    Spot::at(format!("{}.queue", step.at)),
                    format!("there is no TaskQueue {queue} among those given"),
                );
            }
        }
    }
    if let Some(voice) = &centre.voice {
        used.extend(voice.voicemail_task_queue_sid);
    }
    for (index, queue) in centre.task_queues().iter().enumerate() {
        let name = &queue.part.friendly_name;
        let is_used = used.contains(&queue.part.sid);
        if !is_used && !centre.workflows.is_empty() {
            let message = format!("no Workflow uses the TaskQueue \"{name}\"");
            report.add(
                Rule::UnusedQueue,
                Spot::at(format!("{}.name", queue.at)),
                message,
            );
        }
        let Some(expression) = &queue.part.target_workers else {
            continue;
        };
        let at = format!("{}.target_workers", queue.at);
        let is_known = report.has(Rule::ComparisonNeverTrue, &at) || is_constant(expression);
        let mut reasoner = Reasoner::new().assuming_single_values();
        let formula = reasoner.formula(Context::Queue, expression);
        if reasoner.is_never(&[&formula]) {
            if !is_known {
                let message = format!(
                    "the TaskQueue \"{name}\" can never have a Worker: its expression can never be true"
                );
                report.add(Rule::QueueNeverTrue, Spot::at(at), message);
            }
        } else if serving.is_complete && is_used && serving.of_queue(index).is_empty() {
            let message = format!(
                "no declared Worker serves the TaskQueue \"{name}\": a Task waits in it in vain"
            );
            report.add(Rule::QueueWithoutWorkers, Spot::at(at), message);
        }
    }
}

/// CB403.
fn steps(centre: &Centre, serving: &Serving, report: &mut Report) {
    if !serving.is_complete {
        return;
    }
    for workflow in &centre.workflows {
        for step in workflow.steps() {
            let Some(expression) = &step.target.expression else {
                continue;
            };
            let at = format!("{}.expression", step.at);
            let is_known = is_constant(expression)
                || [
                    Rule::ComparisonNeverTrue,
                    Rule::StepNeverTrue,
                    Rule::PrefixMissing,
                ]
                .iter()
                .any(|rule| report.has(*rule, &at));
            let mut queues = centre.task_queues().iter();
            let queue = queues.position(|queue| queue.part.sid == step.target.queue);
            let Some(queue) = queue.filter(|queue| !serving.of_queue(*queue).is_empty()) else {
                continue;
            };
            if !is_known && !serving.has_worker(centre, queue, expression) {
                report.add(
                    Rule::StepWithoutWorkers,
                    Spot::at(at),
                    "no declared Worker of the TaskQueue can satisfy this expression, whatever the Task \
                     is",
                );
            }
        }
    }
}

/// CB405, CB406.
fn activities(centre: &Centre, report: &mut Report) {
    let (Some(activities), Some(settings)) = (&centre.activities, &centre.settings) else {
        return;
    };
    if !activities.iter().any(|activity| activity.part.available) {
        report.add(
            Rule::NoAvailableActivity,
            Spot::at(format!("{}.activities", settings.at)),
            "no Activity is available: no Worker can ever be offered a Task",
        );
    }
    let mut used = BTreeSet::from([settings.default_activity_sid, settings.timeout_activity_sid]);
    used.extend(
        settings
            .wrap_up
            .iter()
            .flat_map(|wrap_up| [wrap_up.activity_sid, wrap_up.next_activity_sid]),
    );
    used.extend(
        centre
            .workers()
            .iter()
            .map(|worker| worker.part.activity_sid),
    );
    used.extend(
        centre
            .voice
            .iter()
            .filter_map(|voice| voice.post_work_activity_sid),
    );
    for activity in activities {
        let name = &activity.part.friendly_name;
        if !used.contains(&activity.part.sid) {
            report.add(
                Rule::UnusedActivity,
                Spot::at(format!("{}.name", activity.at)),
                format!(
                    "the file never uses the Activity \"{name}\"; Workers may choose it themselves"
                ),
            );
        }
    }
}

/// CB412: a TaskChannel in which no Worker has capacity; and calls that wait where none has any.
fn channels(centre: &Centre, serving: &Serving, report: &mut Report) {
    if !serving.is_complete {
        return;
    }
    let has_capacity = |name: TaskChannelName| {
        let mut workers = centre.workers().iter();
        workers.any(|worker| capacity(&worker.part, name) > 0)
    };
    for channel in &centre.task_channels {
        let name = channel.part.unique_name;
        if channel.part.usage == ChannelUse::Used && !has_capacity(name) {
            let message = format!("every Worker has the capacity 0 in the TaskChannel \"{name}\"");
            report.add(
                Rule::ChannelWithoutCapacity,
                Spot::at(format!("{}.name", channel.at)),
                message,
            );
        }
    }
    let voice = TaskChannelName::VOICE;
    let Some(workflow) = centre
        .workflows
        .iter()
        .find(|workflow| centre.voice_of(workflow.workflow.sid).is_some())
        .filter(|_| has_capacity(voice))
    else {
        return;
    };
    let mut reported = BTreeSet::new();
    for step in workflow.steps() {
        let workers = serving.of_step(centre, step.target).unwrap_or_default();
        let without = workers.iter().all(|worker| {
            let worker = centre.workers().get(*worker);
            worker.is_some_and(|worker| capacity(&worker.part, voice) == 0)
        });
        if !workers.is_empty() && without && reported.insert(step.target.queue) {
            report.add(
                Rule::ChannelWithoutCapacity,
                Spot::at(&step.at),
                "every Worker of this step has the capacity 0 in the TaskChannel \"voice\": calls wait \
                 in it in vain",
            );
        }
    }
}

/// The attributes of the Workers: their paths, and the types that they have.
pub(super) struct KnownAttributes {
    types: BTreeMap<String, BTreeSet<Type>>,
    /// Attributes that an integer, or no integer, is the value of.
    integers: BTreeMap<String, bool>,
    objects: BTreeSet<String>,
}

impl KnownAttributes {
    pub(super) fn of(centre: &Centre) -> Self {
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
fn worker_attributes(
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
        // `!=`, `NOT IN` and `== null` are written for Workers without the attribute.
        if meant.is_none() && (!comparison.is_positive || is_about_absence(comparison)) {
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

fn is_about_absence(comparison: &ComparisonView<'_>) -> bool {
    let compared = comparison.comparison;
    match compared.operator {
        Operator::NotEqual | Operator::NotIn => true,
        Operator::Equal => {
            matches!(compared.left, Operand::Null) || matches!(compared.right, Operand::Null)
        }
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
