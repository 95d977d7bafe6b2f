//! The Workspace with its Activities, TaskQueues and Workflows.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::{Configuration, TaskQueueSid, Timestamp, WorkflowSid, Workspace};
use store::{Error, Store};

use super::summary::{Kept, Reason, Summary, Thing};

/// Writes what differs, and gives back the Workspace as it now stands, with the readinesses that are known.
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
    let mut target =
        Workspace { boards: before.boards.clone(), superseded: before.superseded.clone(), ..wanted.clone() };
    supersede(&before, &mut target);
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
    let (mut queues, mut workflows, mut versions) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for sid in store.task_sids(workspace.sid).await? {
        let Some(task) = store.task(sid).await? else { continue };
        if task.assignment_status.is_end() {
            continue;
        }
        queues.insert(task.task_queue_sid);
        workflows.insert(task.workflow_sid);
        if versions.insert((task.workflow_sid, task.workflow_version)) {
            let configuration = workspace.configuration_of(&task);
            queues.extend(configuration.into_iter().flat_map(Configuration::targets).map(|target| target.queue));
        }
    }
    Ok((queues, workflows))
}

/// A changed configuration takes the place of the one before, which living Tasks still follow.
fn supersede(before: &Workspace, target: &mut Workspace) {
    for (sid, workflow) in &mut target.workflows {
        let Some(earlier) = before.workflows.get(sid) else { continue };
        let (next, superseded) = workflow.clone().replacing(earlier, false);
        *workflow = next;
        target.superseded.extend(superseded.map(|configuration| ((*sid, earlier.version), configuration)));
    }
}

/// The Workspace's own fields, without parts.
fn bare(workspace: &Workspace) -> Workspace {
    Workspace {
        activities: BTreeMap::new(),
        task_queues: BTreeMap::new(),
        workflows: BTreeMap::new(),
        superseded: BTreeMap::new(),
        boards: BTreeMap::new(),
        ..workspace.clone()
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
