//! The Workspace with its Activities, TaskQueues and Workflows.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::{Target, Task, TaskQueueSid, Timestamp, Workflow, WorkflowSid, Workspace};
use store::{Error, Store};

use super::summary::{Kept, Reason, Summary, Thing};

/// Writes what differs, and gives back the Workspace as it now stands, with the rosters that are known.
pub(super) async fn apply(
    store: &Store,
    wanted: &Workspace,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<Workspace, Error> {
    let Some(before) = store.fresh_workspace(wanted.sid, now).await? else {
        store.save_workspace(wanted, now).await?;
        summary.created.push(Thing::Workspace(wanted.friendly_name.clone()));
        compare_parts(&bare(wanted), wanted, summary);
        return Ok(wanted.clone());
    };
    let mut target = Workspace { rosters: before.rosters.clone(), ..wanted.clone() };
    keep_parts_in_use(store, &before, &mut target, summary).await?;
    if *before == target {
        return Ok(target);
    }
    store.save_workspace(&target, now).await?;
    if bare(&before) != bare(&target) {
        summary.changed.push(Thing::Workspace(target.friendly_name.clone()));
    }
    compare_parts(&before, &target, summary);
    Ok(target)
}

/// A living Task must not lose its Workflow, nor a queue it is in or may still come into.
async fn keep_parts_in_use(
    store: &Store,
    before: &Workspace,
    target: &mut Workspace,
    summary: &mut Summary,
) -> Result<(), Error> {
    let queues = before.task_queues.keys().filter(|sid| !target.task_queues.contains_key(sid));
    let workflows = before.workflows.keys().filter(|sid| !target.workflows.contains_key(sid));
    if queues.count() + workflows.count() == 0 {
        return Ok(());
    }
    let (used_queues, used_workflows) = parts_in_use(store, before).await?;
    for (sid, workflow) in &before.workflows {
        if used_workflows.contains(sid) && !target.workflows.contains_key(sid) {
            target.workflows.insert(*sid, workflow.clone());
            kept(summary, Thing::Workflow(workflow.friendly_name.clone()));
        }
    }
    for (sid, queue) in &before.task_queues {
        if used_queues.contains(sid) && !target.task_queues.contains_key(sid) {
            target.task_queues.insert(*sid, queue.clone());
            kept(summary, Thing::TaskQueue(queue.friendly_name.clone()));
        }
    }
    Ok(())
}

fn kept(summary: &mut Summary, thing: Thing) {
    summary.kept.push(Kept { thing, reason: Reason::LivingTask });
}

/// The queues and Workflows of Tasks that have not ended.
async fn parts_in_use(
    store: &Store,
    workspace: &Workspace,
) -> Result<(BTreeSet<TaskQueueSid>, BTreeSet<WorkflowSid>), Error> {
    let (mut queues, mut workflows) = (BTreeSet::new(), BTreeSet::new());
    for sid in store.task_sids(workspace.sid).await? {
        let Some(task) = store.task(sid).await? else { continue };
        let Task { task_queue_sid, workflow_sid, assignment_status, .. } = task;
        if assignment_status.is_end() {
            continue;
        }
        queues.insert(task_queue_sid);
        if workflows.insert(workflow_sid) {
            let workflow = workspace.workflows.get(&workflow_sid);
            queues.extend(workflow.into_iter().flat_map(targets).map(|target| target.queue));
        }
    }
    Ok((queues, workflows))
}

fn targets(workflow: &Workflow) -> impl Iterator<Item = &Target> {
    workflow.filters.iter().flat_map(|filter| &filter.targets).chain(&workflow.default_filter)
}

/// The Workspace's own fields, without parts.
fn bare(workspace: &Workspace) -> Workspace {
    Workspace {
        sid: workspace.sid,
        friendly_name: workspace.friendly_name.clone(),
        default_activity_sid: workspace.default_activity_sid,
        timeout_activity_sid: workspace.timeout_activity_sid,
        wrap_up: workspace.wrap_up.clone(),
        activities: BTreeMap::new(),
        task_queues: BTreeMap::new(),
        workflows: BTreeMap::new(),
        rosters: BTreeMap::new(),
    }
}

fn compare_parts(before: &Workspace, after: &Workspace, summary: &mut Summary) {
    compare(&before.activities, &after.activities, summary, |part| Thing::Activity(part.friendly_name.clone()));
    compare(&before.task_queues, &after.task_queues, summary, |part| Thing::TaskQueue(part.friendly_name.clone()));
    compare(&before.workflows, &after.workflows, summary, |part| Thing::Workflow(part.friendly_name.clone()));
}

fn compare<K: Ord, V: PartialEq>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    summary: &mut Summary,
    thing: impl Fn(&V) -> Thing,
) {
    for (sid, part) in after {
        match before.get(sid) {
            None => summary.created.push(thing(part)),
            Some(earlier) if earlier != part => summary.changed.push(thing(part)),
            Some(_same) => {}
        }
    }
    summary.removed.extend(before.iter().filter(|(sid, _)| !after.contains_key(sid)).map(|(_, part)| thing(part)));
}
