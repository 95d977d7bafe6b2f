//! CB401 to CB406, CB412, CB702: TaskQueues and steps without Workers, and parts that are not used.

use std::collections::BTreeSet;

use task_router::model::{ChannelUse, TaskChannelName};

use super::Report;
use super::serving::{Serving, capacity};
use super::view::is_constant;
use crate::reasoning::Reasoner;
use crate::reasoning::variable::Context;
use crate::{Centre, DeclaredWorkflow, Rule, Spot};

pub(super) fn check(centre: &Centre, serving: &Serving, report: &mut Report) {
    queues(centre, serving, report);
    steps(centre, serving, report);
    activities(centre, report);
    channels(centre, serving, report);
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
        used.extend(&voice.other_task_queues);
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
    if !has_capacity(voice) {
        return;
    }
    let of_calls = centre
        .workflows
        .iter()
        .filter(|workflow| centre.voice_of(workflow.workflow.sid).is_some());
    let mut reported = BTreeSet::new();
    for step in of_calls.flat_map(DeclaredWorkflow::steps) {
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
