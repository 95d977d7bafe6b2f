//! What a Worker's write tells.

use std::collections::BTreeSet;

use super::parameter::Parameter as P;
use super::{Cause, Event, EventType, Parameters, Told, events_of, groups};
use crate::model::{TaskChannel, TaskChannelName, Worker, Workspace};
use ids::time::Timestamp;

/// What a Worker's write or removal tells. Both images are missing only if there was no write, and then nothing is told.
/// `written_at` is the moment of a removal, which no image says.
pub fn of_worker(
    workspace: &Workspace,
    old: Option<&Worker>,
    new: Option<&Worker>,
    written_at: Timestamp,
) -> Vec<Event> {
    let (worker, version, at, told) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(new)) => {
            let told = vec![(EventType::WorkerCreated, groups::worker(workspace, new))];
            (new, new.version, new.date_created, told)
        }
        (Some(old), None) => {
            let told = vec![(EventType::WorkerDeleted, groups::worker(workspace, old))];
            (old, old.version + 1, written_at, told)
        }
        (Some(old), Some(new)) => {
            // The item of a Worker who has not changed for long may not say when they did.
            let at = new.date_updated.max(new.date_status_changed);
            (new, new.version, at, changes(workspace, old, new))
        }
    };
    let about = worker.sid.to_string();
    events_of(
        workspace.sid,
        Cause {
            about: &about,
            version,
            at,
        },
        told,
    )
}

fn changes(workspace: &Workspace, old: &Worker, new: &Worker) -> Told {
    let worker = groups::worker(workspace, new);
    let mut told = Vec::new();
    if is_elsewhere(old, new) {
        told.push((EventType::WorkerActivityUpdate, worker.clone()));
    }
    if old.attributes != new.attributes {
        told.push((EventType::WorkerAttributesUpdate, worker.clone()));
    }
    let shares = old.channels.iter().chain(&new.channels);
    let channels: BTreeSet<TaskChannelName> = shares.map(|share| share.channel).collect();
    for channel in channels {
        let (before, after) = (old.share(channel), new.share(channel));
        let parameters = || worker.clone().and(share(workspace, channel, old, new));
        if before.configured_capacity != after.configured_capacity {
            told.push((EventType::WorkerCapacityUpdate, parameters()));
        }
        if before.available != after.available {
            told.push((EventType::WorkerChannelAvailabilityUpdate, parameters()));
        }
    }
    told
}

/// Did the Worker enter another Activity?
fn is_elsewhere(old: &Worker, new: &Worker) -> bool {
    old.activity_sid != new.activity_sid
}

/// The Worker's share of a TaskChannel (taskrouter.md section 12.3, "worker channel").
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
    let (capacity, taken) = (
        usize::from(new.share(channel).configured_capacity),
        new.occupied(channel),
    );
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
