//! Updates of Tasks and Workers by the API (taskrouter.md sections 2.3, 2.4 and 2.8). A field that
//! is absent keeps its value. An update that changes nothing is not written.

use super::command::{AttributesChange, TaskChanges, WorkerChanges};
use super::decision::Refusal;
use super::draft::Draft;
use super::queue_membership::queue_membership_of;
use super::worker::set_activity;
use super::workflow_progress;
use crate::model::{Attributes, TaskChannelName, Worker};
use ids::{ReservationSid, TaskSid, WorkerSid};

/// Updates a Task. One that has ended keeps everything but its attributes, which may change until it
/// is removed: the link to a recording comes after the call (section 2.8).
pub(super) fn task(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    changes: &TaskChanges,
) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let only_attributes = TaskChanges {
        attributes: changes.attributes.clone(),
        ..TaskChanges::default()
    };
    let has_ended = task.assignment_status.is_end();
    if has_ended && (task.removal.is_some() || *changes != only_attributes) {
        return Err(Refusal::WrongStatus {
            task: sid,
            status: task.assignment_status,
        });
    }
    if changes
        .channel
        .is_some_and(|channel| !draft.workspace.task_channels.contains_key(&channel))
    {
        return Err(Refusal::NoSuchTaskChannel);
    }
    let mut changed = task.clone();
    changed.attributes = attributes(&changed.attributes, changes.attributes.as_ref())?;
    changed.priority = changes.priority.unwrap_or(changed.priority);
    changed.channel = changes.channel.unwrap_or(changed.channel);
    changed.virtual_start_time = changes
        .virtual_start_time
        .unwrap_or(changed.virtual_start_time);
    if changed.channel != task.channel {
        move_slots(draft, sid, changed.channel)?;
    }
    let task = draft.task(sid)?;
    if changed == *task {
        return Ok(());
    }
    workflow_progress::filter_again(draft.workspace, task, &mut changed, draft.now);
    *draft.task_mut(sid)? = changed;
    Ok(())
}

/// Moves the slots of the Task's open Reservations to its new channel (taskrouter.md section 4),
/// even if the Worker has no free slot there: a Reservation is not taken away from its Worker.
fn move_slots(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    channel: TaskChannelName,
) -> Result<(), Refusal> {
    let held: Vec<(WorkerSid, ReservationSid)> = draft
        .task(sid)?
        .open_reservations()
        .map(|open| (open.worker_sid, open.sid))
        .collect();
    for (worker, reservation) in held {
        let Some(worker) = draft.worker_mut(worker) else {
            continue;
        };
        if let Some(open) = worker
            .open_reservations
            .iter_mut()
            .find(|open| open.sid == reservation)
        {
            open.channel = channel;
        }
    }
    draft.bind_workers();
    Ok(())
}

/// Updates a Worker and the Worker's Activity. One Decision holds both, so that either all of the
/// update is written or none of it.
pub(super) fn worker(
    draft: &mut Draft<'_>,
    sid: WorkerSid,
    changes: &WorkerChanges,
) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let mut changed = worker.clone();
    changed.attributes = attributes(&changed.attributes, changes.attributes.as_ref())?;
    changed.friendly_name = changes
        .friendly_name
        .clone()
        .unwrap_or(changed.friendly_name);
    if changed != *worker {
        changed.queue_membership = queue_membership_of(draft.workspace, &changed);
    }
    write_if_changed(draft, sid, changed)?;
    match changes.activity {
        Some(activity) => set_activity(draft, sid, activity, changes.reject_pending),
        None => Ok(()),
    }
}

/// The attributes after the change.
fn attributes(
    before: &Attributes,
    change: Option<&AttributesChange>,
) -> Result<Attributes, Refusal> {
    match change {
        None => Ok(before.clone()),
        Some(AttributesChange::Replace(attributes)) => Ok(attributes.clone()),
        Some(AttributesChange::Merge(patch)) => {
            before.merged(patch).map_err(|_| Refusal::AttributesTooLong)
        }
    }
}

/// Updates a Worker's capacity and availability in a TaskChannel.
pub(super) fn worker_channel(
    draft: &mut Draft<'_>,
    sid: WorkerSid,
    channel: TaskChannelName,
    capacity: Option<u16>,
    available: Option<bool>,
) -> Result<(), Refusal> {
    if !draft.workspace.task_channels.contains_key(&channel) {
        return Err(Refusal::NoSuchTaskChannel);
    }
    let mut changed = draft.worker(sid)?.clone();
    let share = changed.share_mut(channel);
    share.configured_capacity = capacity.unwrap_or(share.configured_capacity);
    share.available = available.unwrap_or(share.available);
    write_if_changed(draft, sid, changed)
}

fn write_if_changed(draft: &mut Draft<'_>, sid: WorkerSid, changed: Worker) -> Result<(), Refusal> {
    if changed == *draft.worker(sid)? {
        return Ok(());
    }
    if let Some(worker) = draft.worker_mut(sid) {
        *worker = changed;
    }
    Ok(())
}
