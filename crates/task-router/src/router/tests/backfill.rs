//! Which configuration changes need a backfill of waiting Tasks or of Workers (taskrouter.md
//! sections 2.6 and 2.7).

use super::world::*;
use crate::model::*;
use crate::router::backfill::{Backfill, of_part};
use crate::router::events::Part;

/// Asserts the backfills that follow when a part `old` becomes `new`.
#[track_caller]
fn follows(old: Option<Part>, new: Option<Part>, backfills: &[Backfill]) {
    assert_eq!(
        of_part(old.as_ref(), new.as_ref()),
        backfills,
        "{old:?} becomes {new:?}"
    );
}

fn queue() -> TaskQueue {
    world().workspace.task_queues.into_values().next().unwrap()
}

/// A new order of a TaskQueue concerns its waiting Tasks, a new expression all Workers.
#[test]
fn queue_change_backfills_tasks_or_workers() {
    let part = |queue: TaskQueue| Some(Part::TaskQueue(queue));
    let another = |change: fn(&mut TaskQueue)| {
        let mut changed = queue();
        change(&mut changed);
        part(changed)
    };
    follows(
        part(queue()),
        another(|queue| queue.task_order = TaskOrder::Lifo),
        &[Backfill::TASKS],
    );
    follows(
        part(queue()),
        another(|queue| queue.target_workers = None),
        &[Backfill::WORKERS],
    );
    let both = another(|queue| (queue.task_order, queue.target_workers) = (TaskOrder::Lifo, None));
    follows(part(queue()), both, &[Backfill::TASKS, Backfill::WORKERS]);
    follows(
        part(queue()),
        another(|queue| queue.max_reserved_workers = 5),
        &[],
    );
    follows(
        part(queue()),
        another(|queue| queue.friendly_name.push('!')),
        &[],
    );
    follows(None, part(queue()), &[Backfill::WORKERS]);
    follows(part(queue()), None, &[Backfill::WORKERS]);
}

#[test]
fn reevaluation_backfills_waiting_tasks() {
    let workflow = world().workspace.workflows.into_values().next().unwrap();
    let part = |workflow: &Workflow| Some(Part::Workflow(Box::new(workflow.clone())));
    let mut changed = workflow.clone();
    changed.configuration.filters.clear();
    let (quietly, _) = changed.clone().replacing(&workflow, false);
    let (loudly, _) = changed.replacing(&workflow, true);
    follows(part(&workflow), part(&quietly), &[]);
    follows(part(&workflow), part(&loudly), &[Backfill::TASKS]);
    follows(part(&quietly), part(&loudly), &[Backfill::TASKS]);
    follows(None, part(&workflow), &[]);
    follows(part(&workflow), None, &[]);
}

#[test]
fn activity_and_channel_backfill_workers() {
    let workspace = world().workspace;
    let activity = workspace.activities.values().next().unwrap();
    let part = |activity: &Activity| Some(Part::Activity(activity.clone()));
    let renamed = Activity {
        friendly_name: "Another".to_owned(),
        ..activity.clone()
    };
    let turned = Activity {
        available: !activity.available,
        ..activity.clone()
    };
    for changed in [part(&renamed), part(&turned), None] {
        follows(part(activity), changed, &[Backfill::WORKERS]);
    }
    follows(None, part(activity), &[]);

    let channel = || {
        Some(Part::TaskChannel(
            workspace.task_channels[&TaskChannelName::VOICE].clone(),
        ))
    };
    follows(None, channel(), &[Backfill::WORKERS]);
    follows(channel(), None, &[Backfill::WORKERS]);
    let unused = TaskChannel {
        usage: ChannelUse::Unused,
        ..workspace.task_channels[&TaskChannelName::VOICE].clone()
    };
    follows(
        Some(Part::TaskChannel(unused)),
        channel(),
        &[Backfill::WORKERS],
    );

    let own = |workspace: &Workspace| Some(Part::Workspace(Box::new(workspace.clone())));
    let unlimited = Workspace {
        wrap_up: None,
        ..workspace.clone()
    };
    follows(own(&workspace), own(&unlimited), &[Backfill::WORKERS]);
    let renamed = Workspace {
        friendly_name: "Another".to_owned(),
        ..workspace.clone()
    };
    follows(own(&workspace), own(&renamed), &[]);
}
