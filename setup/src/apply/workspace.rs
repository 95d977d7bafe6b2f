//! The Workspace with its Activities, TaskQueues and Workflows.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::{Configuration, TaskChannelName, TaskQueueSid, Timestamp, WorkflowSid, Workspace};
use store::{Error, Store};

use super::summary::{Kept, Reason, Summary, Thing};
use crate::ContactCentre;

/// Writes what differs, and gives back the Workspace as it now stands, with the readinesses that are known.
pub(super) async fn apply(
    store: &Store,
    contact_centre: &ContactCentre,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<Workspace, Error> {
    let wanted = &contact_centre.workspace;
    let Some(before) = store.fresh_workspace(wanted.sid, now).await? else {
        store.save_workspace(wanted, now).await?;
        summary.created.push(Thing::Workspace(wanted.friendly_name.clone()));
        compare_parts(&bare(wanted), wanted, summary);
        return Ok(wanted.clone());
    };
    let mut target =
        Workspace { boards: before.boards.clone(), superseded: before.superseded.clone(), ..wanted.clone() };
    supersede(&before, &mut target, &contact_centre.re_evaluate_tasks);
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

/// A living Task must not lose its Workflow, its TaskChannel, nor a queue it is in or may still come into.
async fn keep_parts_in_use(
    store: &Store,
    before: &Workspace,
    target: &mut Workspace,
    summary: &mut Summary,
) -> Result<(), Error> {
    let queues = before.task_queues.keys().filter(|sid| !target.task_queues.contains_key(sid));
    let workflows = before.workflows.keys().filter(|sid| !target.workflows.contains_key(sid));
    let channels = before.task_channels.keys().filter(|name| !target.task_channels.contains_key(name));
    if queues.count() + workflows.count() + channels.count() == 0 {
        return Ok(());
    }
    let used = parts_in_use(store, before).await?;
    for (name, channel) in &before.task_channels {
        if used.channels.contains(name) && !target.task_channels.contains_key(name) {
            target.task_channels.insert(*name, channel.clone());
            kept(summary, Thing::TaskChannel(name.to_string()));
        }
    }
    for (sid, workflow) in &before.workflows {
        if used.workflows.contains(sid) && !target.workflows.contains_key(sid) {
            target.workflows.insert(*sid, workflow.clone());
            kept(summary, Thing::Workflow(workflow.friendly_name.clone()));
        }
    }
    for (sid, queue) in &before.task_queues {
        if used.queues.contains(sid) && !target.task_queues.contains_key(sid) {
            target.task_queues.insert(*sid, queue.clone());
            kept(summary, Thing::TaskQueue(queue.friendly_name.clone()));
        }
    }
    Ok(())
}

fn kept(summary: &mut Summary, thing: Thing) {
    summary.kept.push(Kept { thing, reason: Reason::LivingTask });
}

/// What Tasks that have not ended need.
#[derive(Default)]
struct Used {
    queues: BTreeSet<TaskQueueSid>,
    workflows: BTreeSet<WorkflowSid>,
    channels: BTreeSet<TaskChannelName>,
}

async fn parts_in_use(store: &Store, workspace: &Workspace) -> Result<Used, Error> {
    let (mut used, mut versions) = (Used::default(), BTreeSet::new());
    for sid in store.task_sids(workspace.sid).await? {
        let Some(task) = store.task(sid).await? else { continue };
        if task.assignment_status.is_end() {
            continue;
        }
        used.queues.insert(task.task_queue_sid);
        used.workflows.insert(task.workflow_sid);
        used.channels.insert(task.channel);
        if versions.insert((task.workflow_sid, task.workflow_version)) {
            let configuration = workspace.configuration_of(&task);
            used.queues.extend(configuration.into_iter().flat_map(Configuration::targets).map(|target| target.queue));
        }
    }
    Ok(used)
}

/// A changed configuration takes the place of the one before, which living Tasks still follow; with
/// `re_evaluate_tasks` all but those that are pending.
fn supersede(before: &Workspace, target: &mut Workspace, re_evaluate_tasks: &BTreeSet<WorkflowSid>) {
    for (sid, workflow) in &mut target.workflows {
        let Some(earlier) = before.workflows.get(sid) else { continue };
        let (next, superseded) = workflow.clone().replacing(earlier, re_evaluate_tasks.contains(sid));
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
        task_channels: BTreeMap::new(),
        superseded: BTreeMap::new(),
        boards: BTreeMap::new(),
        ..workspace.clone()
    }
}

fn compare_parts(before: &Workspace, after: &Workspace, summary: &mut Summary) {
    compare(&before.activities, &after.activities, summary, |part| Thing::Activity(part.friendly_name.clone()));
    compare(&before.task_channels, &after.task_channels, summary, |part| {
        Thing::TaskChannel(part.unique_name.to_string())
    });
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
