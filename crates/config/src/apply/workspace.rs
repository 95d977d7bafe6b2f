//! Applies the Workspace with its Activities, TaskQueues and Workflows.

use std::collections::{BTreeMap, BTreeSet};

use ids::time::Timestamp;
use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use store::{COMMIT_ATTEMPTS_MAX, Error, PartsInUse, Store};
use task_router::model::{
    ChannelUse, Ledger, PartId, TaskChannel, TaskChannelName, TaskQueue, Workflow, Workspace,
};

use super::names::{self, ApplyError};
use super::summary::{Kept, Reason, Summary, Thing};
use crate::ContactCentre;

/// Writes the differences and returns the stored Workspace. Retries on a conflict with a concurrent
/// change through the API, with backoff and at most [`COMMIT_ATTEMPTS_MAX`] times.
pub(super) async fn apply(
    store: &Store,
    contact_centre: &ContactCentre,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<Workspace, ApplyError> {
    let before = store
        .fresh_workspace(contact_centre.workspace.sid, now)
        .await?;
    let mut read = before.clone();
    for attempt in 1..=COMMIT_ATTEMPTS_MAX {
        read.as_deref()
            .map_or(Ok(()), |read| names::check(contact_centre, read))?;
        let (target, kept) = read_target(store, contact_centre, read.as_deref(), now).await?;
        match store.replace_workspace(read.as_deref(), &target, now).await {
            Ok(after) => {
                summary.kept.extend(kept);
                compare_all(before.as_deref(), &after, summary);
                return Ok(after);
            }
            Err(Error::Conflict) => store::back_off(attempt).await,
            Err(error) => return Err(error.into()),
        }
        read = store
            .fresh_workspace(contact_centre.workspace.sid, now)
            .await?;
    }
    Err(Error::Conflict.into())
}

/// The [`target`], for which the active Tasks are read only if a part would be deleted.
async fn read_target(
    store: &Store,
    contact_centre: &ContactCentre,
    before: Option<&Workspace>,
    now: Timestamp,
) -> Result<(Workspace, Vec<Kept>), Error> {
    let nothing_used = PartsInUse::default();
    let (unkept, kept) = target(contact_centre, before, &nothing_used);
    match before {
        Some(before) if parts_leave(before, &unkept) => {
            let used = store.parts_in_use(before, now).await?;
            Ok(target(contact_centre, Some(before), &used))
        }
        Some(_) | None => Ok((unkept, kept)),
    }
}

/// The Workspace to store: the declared parts, the parts that the API created, and the parts that
/// active Tasks need.
pub(crate) fn target(
    contact_centre: &ContactCentre,
    before: Option<&Workspace>,
    used: &PartsInUse,
) -> (Workspace, Vec<Kept>) {
    let wanted = &contact_centre.workspace;
    let mut target = wanted.clone();
    let declared = wanted.parts().filter(|part| is_declared(wanted, *part));
    target.ledger.declared.extend(declared);
    let Some(before) = before else {
        return (target, Vec::new());
    };
    target.ready_lists = before.ready_lists.clone();
    target.superseded = before.superseded.clone();
    target.ledger.declared.extend(&before.ledger.declared);
    keep_standard_channels(before, &mut target);
    supersede(before, &mut target, &contact_centre.re_evaluate_tasks);
    keep_parts_of_the_api(before, &mut target);
    keep_queue_activities(before, &mut target);
    let kept = keep_parts_in_use(before, wanted, &mut target, used);
    (target, kept)
}

/// Whether a part that an active Task may need is deleted or taken out of use.
fn parts_leave(before: &Workspace, target: &Workspace) -> bool {
    let target_parts: BTreeSet<PartId> = target.parts().collect();
    let stays = |part: PartId| target_parts.contains(&part) || matches!(part, PartId::Activity(_));
    !before.parts().all(stays) || !retired_channels(before, target).is_empty()
}

/// Whether the file declares the part. It has every standard TaskChannel, and those that are not in
/// its list are unused.
fn is_declared(wanted: &Workspace, part: PartId) -> bool {
    match part {
        PartId::TaskChannel(name) => wanted
            .task_channels
            .get(&name)
            .is_some_and(|channel| channel.usage == ChannelUse::Used),
        PartId::Activity(_) | PartId::TaskQueue(_) | PartId::Workflow(_) | PartId::Workspace => {
            true
        }
    }
}

/// Keeps each standard TaskChannel that neither the file nor an earlier file declares as it is: a
/// Task may have put it to use, and the API may have changed it.
fn keep_standard_channels(before: &Workspace, target: &mut Workspace) {
    for (name, channel) in &mut target.task_channels {
        let was_declared = before.ledger.declared.contains(&PartId::TaskChannel(*name));
        if channel.usage == ChannelUse::Unused
            && !was_declared
            && let Some(known) = before.task_channels.get(name)
        {
            channel.clone_from(known);
        }
    }
}

/// The standard TaskChannels that an earlier file declared and this one does not. They are taken out
/// of use, except for those that an active Task needs, which are returned.
fn retire_standard_channels<'b>(
    before: &'b Workspace,
    target: &mut Workspace,
    in_use: &BTreeSet<TaskChannelName>,
) -> Vec<&'b TaskChannel> {
    let mut kept = Vec::new();
    for name in retired_channels(before, target) {
        let part = PartId::TaskChannel(name);
        match before.task_channels.get(&name) {
            Some(known) if in_use.contains(&name) => {
                target.task_channels.insert(name, known.clone());
                kept.push(known);
            }
            Some(_) | None => {
                target.ledger.declared.remove(&part);
            }
        }
    }
    kept
}

fn retired_channels(before: &Workspace, target: &Workspace) -> Vec<TaskChannelName> {
    let unused = target
        .task_channels
        .values()
        .filter(|channel| channel.usage == ChannelUse::Unused);
    unused
        .map(|channel| channel.unique_name)
        .filter(|name| before.ledger.declared.contains(&PartId::TaskChannel(*name)))
        .collect()
}

/// Keeps the parts that the API created. The file owns only the parts it declares, or declared at
/// the last apply.
fn keep_parts_of_the_api(before: &Workspace, target: &mut Workspace) {
    let of_the_api = |part: PartId| !before.ledger.declared.contains(&part);
    keep(&before.activities, &mut target.activities, |sid| {
        of_the_api(PartId::Activity(*sid))
    });
    keep(&before.task_queues, &mut target.task_queues, |sid| {
        of_the_api(PartId::TaskQueue(*sid))
    });
    keep(&before.task_channels, &mut target.task_channels, |name| {
        of_the_api(PartId::TaskChannel(*name))
    });
    keep(&before.workflows, &mut target.workflows, |sid| {
        of_the_api(PartId::Workflow(*sid))
    });
}

/// Keeps the Activities that the API gave to declared TaskQueues: the file has no keys for them.
fn keep_queue_activities(before: &Workspace, target: &mut Workspace) {
    let Workspace {
        task_queues,
        activities,
        ..
    } = target;
    for (sid, queue) in task_queues {
        let Some(known) = before.task_queues.get(sid) else {
            continue;
        };
        let existing = |sid: &ActivitySid| activities.contains_key(sid);
        queue.reservation_activity_sid = known.reservation_activity_sid.filter(existing);
        queue.assignment_activity_sid = known.assignment_activity_sid.filter(existing);
    }
}

/// Copies parts of `before` that are missing in `target` and satisfy `stays`. Returns them.
fn keep<'b, K: Ord + Clone, V: Clone>(
    before: &'b BTreeMap<K, V>,
    target: &mut BTreeMap<K, V>,
    stays: impl Fn(&K) -> bool,
) -> Vec<&'b V> {
    let missing = before
        .iter()
        .filter(|(key, _)| !target.contains_key(key) && stays(key))
        .collect::<Vec<_>>();
    target.extend(
        missing
            .iter()
            .map(|(key, part)| ((*key).clone(), (*part).clone())),
    );
    missing.into_iter().map(|(_, part)| part).collect()
}

/// Keeps parts that are in use. An active Task must not lose its Workflow, its TaskChannel, or a
/// TaskQueue it is in or may still reach. A Workflow that the API created must not lose a TaskQueue
/// it names.
fn keep_parts_in_use(
    before: &Workspace,
    wanted: &Workspace,
    target: &mut Workspace,
    used: &PartsInUse,
) -> Vec<Kept> {
    let named: BTreeSet<TaskQueueSid> = target
        .workflows
        .values()
        .filter(|workflow| !wanted.workflows.contains_key(&workflow.sid))
        .flat_map(|workflow| workflow.configuration.targets())
        .map(|target| target.queue)
        .collect();
    let queues = keep(&before.task_queues, &mut target.task_queues, |sid| {
        named.contains(sid)
    });
    let mut kept: Vec<Kept> = queues
        .into_iter()
        .map(|queue| kept_because(thing_of_queue(queue), Reason::NamedByWorkflow))
        .collect();
    let mut channels = keep(&before.task_channels, &mut target.task_channels, |name| {
        used.channels.contains(name)
    });
    channels.extend(retire_standard_channels(before, target, &used.channels));
    let workflows = keep(&before.workflows, &mut target.workflows, |sid| {
        used.workflows.contains(sid)
    });
    let queues = keep(&before.task_queues, &mut target.task_queues, |sid| {
        used.queues.contains(sid)
    });
    let things = channels
        .into_iter()
        .map(thing_of_channel)
        .chain(workflows.into_iter().map(thing_of_workflow));
    let things = things.chain(queues.into_iter().map(thing_of_queue));
    kept.extend(things.map(|thing| kept_because(thing, Reason::ActiveTask)));
    kept
}

fn kept_because(thing: Thing, reason: Reason) -> Kept {
    Kept { thing, reason }
}

fn thing_of_channel(channel: &TaskChannel) -> Thing {
    Thing::TaskChannel(channel.unique_name.to_string())
}

fn thing_of_workflow(workflow: &Workflow) -> Thing {
    Thing::Workflow(workflow.friendly_name.clone())
}

fn thing_of_queue(queue: &TaskQueue) -> Thing {
    Thing::TaskQueue(queue.friendly_name.clone())
}

/// Keeps the previous version of a changed Workflow configuration, which active Tasks still follow.
/// With `re_evaluate_tasks`, pending Tasks follow the new version instead.
fn supersede(
    before: &Workspace,
    target: &mut Workspace,
    re_evaluate_tasks: &BTreeSet<WorkflowSid>,
) {
    for (sid, workflow) in &mut target.workflows {
        let Some(earlier) = before.workflows.get(sid) else {
            continue;
        };
        let (next, superseded) = workflow
            .clone()
            .replacing(earlier, re_evaluate_tasks.contains(sid));
        *workflow = next;
        target
            .superseded
            .extend(superseded.map(|configuration| ((*sid, earlier.version), configuration)));
    }
}

/// The Workspace's own settings, without parts.
fn bare(workspace: &Workspace) -> Workspace {
    Workspace {
        activities: BTreeMap::new(),
        task_queues: BTreeMap::new(),
        workflows: BTreeMap::new(),
        task_channels: BTreeMap::new(),
        superseded: BTreeMap::new(),
        ready_lists: BTreeMap::new(),
        ledger: Ledger::default(),
        ..workspace.clone()
    }
}

/// Records the created, changed and deleted parts.
fn compare_all(before: Option<&Workspace>, after: &Workspace, summary: &mut Summary) {
    let empty = bare(after);
    let thing = Thing::Workspace(after.friendly_name.clone());
    match before {
        None => summary.created.push(thing),
        Some(before) if bare(before) != empty => summary.changed.push(thing),
        Some(_same) => {}
    }
    let before = before.unwrap_or(&empty);
    compare(&before.activities, &after.activities, summary, |part| {
        Thing::Activity(part.friendly_name.clone())
    });
    compare(
        &before.task_channels,
        &after.task_channels,
        summary,
        thing_of_channel,
    );
    compare(
        &before.task_queues,
        &after.task_queues,
        summary,
        thing_of_queue,
    );
    compare(
        &before.workflows,
        &after.workflows,
        summary,
        thing_of_workflow,
    );
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
    summary.removed.extend(
        before
            .iter()
            .filter(|(sid, _)| !after.contains_key(sid))
            .map(|(_, part)| thing(part)),
    );
}
