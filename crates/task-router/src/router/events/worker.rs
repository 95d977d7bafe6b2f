//! The Events of a Worker's write.

use std::collections::BTreeSet;

use super::cursor::Cause;
use super::event::{Event, Notifications, events_of};
use super::groups;
use super::parameter::{Parameter as P, Parameters};
use crate::model::{EventType, TaskChannel, TaskChannelName, Worker, Workspace};
use ids::time::Timestamp;

/// The Events of a Worker's write or deletion. Without any image there was no write, and there is
/// no Event. `written_at` is the moment of a deletion, which no image contains. DynamoDB rounds it
/// down to a second, so a deletion is not earlier than the Worker's last change.
pub fn of_worker(
    workspace: &Workspace,
    old: Option<&Worker>,
    new: Option<&Worker>,
    written_at: Timestamp,
) -> Vec<Event> {
    let (worker, version, at, notifications) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(new)) => {
            let created = vec![(EventType::WorkerCreated, groups::worker(workspace, new))];
            (new, new.version, new.date_created, created)
        }
        (Some(old), None) => {
            let deleted = vec![(EventType::WorkerDeleted, groups::worker(workspace, old))];
            (
                old,
                old.version + 1,
                written_at.max(changed_at(old)),
                deleted,
            )
        }
        (Some(old), Some(new)) => (
            new,
            new.version,
            changed_at(new),
            changes(workspace, old, new),
        ),
    };
    let about = worker.sid.to_string();
    events_of(
        workspace.sid,
        Cause {
            about: &about,
            version,
            at,
        },
        notifications,
    )
}

/// When the Worker was last changed. A stored item may lack `date_updated`; the change of Activity is
/// then the latest date.
fn changed_at(worker: &Worker) -> Timestamp {
    worker.date_updated.max(worker.date_status_changed)
}

fn changes(workspace: &Workspace, old: &Worker, new: &Worker) -> Notifications {
    let worker = groups::worker(workspace, new);
    let mut changes = Vec::new();
    if old.activity_sid != new.activity_sid {
        changes.push((EventType::WorkerActivityUpdate, worker.clone()));
    }
    if old.attributes != new.attributes {
        changes.push((EventType::WorkerAttributesUpdate, worker.clone()));
    }
    let shares = old.channels.iter().chain(&new.channels);
    let channels: BTreeSet<TaskChannelName> = shares.map(|share| share.channel).collect();
    for channel in channels {
        let before = old.share(channel);
        let after = new.share(channel);
        let parameters = || worker.clone().and(share(workspace, channel, old, new));
        if before.configured_capacity != after.configured_capacity {
            changes.push((EventType::WorkerCapacityUpdate, parameters()));
        }
        if before.available != after.available {
            changes.push((EventType::WorkerChannelAvailabilityUpdate, parameters()));
        }
    }
    changes
}

/// The parameters of a Worker's TaskChannel (taskrouter.md section 12.3, "worker channel").
fn share(
    workspace: &Workspace,
    channel: TaskChannelName,
    old: &Worker,
    new: &Worker,
) -> Parameters {
    let known = workspace.task_channels.get(&channel);
    let channel_sid = known.map_or_else(
        || TaskChannel::of(workspace.sid, channel).sid,
        |known| known.sid,
    );
    let capacity = usize::from(new.share(channel).configured_capacity);
    let taken = new.occupied(channel);
    Parameters::new()
        .with(P::TaskChannelSid, channel_sid)
        .with(P::TaskChannelUniqueName, channel)
        .with(P::WorkerChannelAvailable, new.share(channel).available)
        .with(
            P::WorkerChannelAvailableCapacity,
            capacity.saturating_sub(taken),
        )
        .with(
            P::WorkerChannelPreviousCapacity,
            old.share(channel).configured_capacity,
        )
        .with(P::WorkerChannelTaskCount, taken)
}
