//! Changes by order of the API (taskrouter.md sections 2.3, 2.4 and 2.8). What is absent stays; what is already so is
//! not written.

use super::decision::{Draft, Refusal};
use super::event::{TaskChanges, WorkerChanges};
use super::roster::roster_of;
use crate::model::{TaskChannelName, TaskSid, WorkerSid};

/// Changes what is known about a Task that has not ended.
pub(super) fn task(draft: &mut Draft<'_>, sid: TaskSid, changes: &TaskChanges) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    if task.assignment_status.is_end() {
        return Err(Refusal::WrongStatus { task: sid, status: task.assignment_status });
    }
    if changes.channel.is_some_and(|channel| !draft.workspace.task_channels.contains_key(&channel)) {
        return Err(Refusal::NoSuchTaskChannel);
    }
    let mut changed = task.clone();
    changed.attributes = changes.attributes.clone().unwrap_or(changed.attributes);
    changed.priority = changes.priority.unwrap_or(changed.priority);
    changed.channel = changes.channel.unwrap_or(changed.channel);
    changed.virtual_start_time = changes.virtual_start_time.unwrap_or(changed.virtual_start_time);
    if changed != *task {
        *draft.task_mut(sid)? = changed;
    }
    Ok(())
}

/// Changes what is known about a Worker.
pub(super) fn worker(draft: &mut Draft<'_>, sid: WorkerSid, changes: &WorkerChanges) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let mut changed = worker.clone();
    changed.attributes = changes.attributes.clone().unwrap_or(changed.attributes);
    changed.friendly_name = changes.friendly_name.clone().unwrap_or(changed.friendly_name);
    if changed != *worker {
        changed.roster = roster_of(draft.workspace, &changed);
    }
    write_if_changed(draft, sid, changed)
}

/// Changes a Worker's share of a TaskChannel.
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

fn write_if_changed(draft: &mut Draft<'_>, sid: WorkerSid, changed: crate::model::Worker) -> Result<(), Refusal> {
    if changed == *draft.worker(sid)? {
        return Ok(());
    }
    if let Some(worker) = draft.worker_mut(sid) {
        *worker = changed;
    }
    Ok(())
}
