//! The Events of a configuration write.

use super::cursor::Cause;
use super::event::{Event, events_of};
use super::groups;
use super::parameter::Parameters;
use crate::model::{Activity, EventType, TaskChannel, TaskQueue, Workflow, Workspace};
use ids::WorkspaceSid;
use ids::time::Timestamp;

/// A part of the configuration, as Events know it.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// The Workspace's own fields, without the parts it contains.
    Workspace(Box<Workspace>),
    /// An Activity.
    Activity(Activity),
    /// A TaskQueue.
    TaskQueue(TaskQueue),
    /// A Workflow.
    Workflow(Box<Workflow>),
    /// A TaskChannel.
    TaskChannel(TaskChannel),
}

/// One write of a part: its old and its new image, at least one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PartChange {
    /// The Workspace of the part.
    pub workspace_sid: WorkspaceSid,
    /// The old image; `None`: the part is new.
    pub old: Option<Part>,
    /// The new image; `None`: the part was deleted.
    pub new: Option<Part>,
    /// A number that is unique to this write and higher than those of earlier writes.
    pub version: u64,
    /// The moment of the write.
    pub at: Timestamp,
}

/// The Events of a configuration write. `workspace` is the Workspace of the part; without it
/// (deleted, or not created yet) the Events have no Workspace name.
pub fn of_part(workspace: Option<&Workspace>, change: &PartChange) -> Vec<Event> {
    let Some(part) = change.new.as_ref().or(change.old.as_ref()) else {
        return Vec::new();
    };
    let Some(event_type) = type_of(change.old.as_ref(), change.new.as_ref()) else {
        return Vec::new();
    };
    let name = workspace.map(groups::of_workspace).unwrap_or_default();
    let notifications = vec![(event_type, name.and(part.parameters()))];
    let cause = Cause {
        about: &part.sid(),
        version: change.version,
        at: change.at,
    };
    events_of(change.workspace_sid, cause, notifications)
}

impl Part {
    /// The id of the part.
    pub fn sid(&self) -> String {
        match self {
            Self::Workspace(workspace) => workspace.sid.to_string(),
            Self::Activity(activity) => activity.sid.to_string(),
            Self::TaskQueue(queue) => queue.sid.to_string(),
            Self::Workflow(workflow) => workflow.sid.to_string(),
            Self::TaskChannel(channel) => channel.sid.to_string(),
        }
    }

    fn parameters(&self) -> Parameters {
        match self {
            Self::Workspace(workspace) => groups::of_workspace(workspace),
            Self::Activity(activity) => groups::activity(activity),
            Self::TaskQueue(queue) => groups::queue(queue),
            Self::Workflow(workflow) => groups::workflow(workflow),
            Self::TaskChannel(channel) => groups::task_channel(channel),
        }
    }

    fn created(&self) -> EventType {
        match self {
            Self::Workspace(_) => EventType::WorkspaceCreated,
            Self::Activity(_) => EventType::ActivityCreated,
            Self::TaskQueue(_) => EventType::TaskQueueCreated,
            Self::Workflow(_) => EventType::WorkflowCreated,
            Self::TaskChannel(_) => EventType::TaskChannelCreated,
        }
    }

    fn deleted(&self) -> EventType {
        match self {
            Self::Workspace(_) => EventType::WorkspaceDeleted,
            Self::Activity(_) => EventType::ActivityDeleted,
            Self::TaskQueue(_) => EventType::TaskQueueDeleted,
            Self::Workflow(_) => EventType::WorkflowDeleted,
            Self::TaskChannel(_) => EventType::TaskChannelDeleted,
        }
    }
}

/// The type of the Event of a write, if there is one. Of a changed TaskQueue only the expression
/// has an Event (section 12.2).
fn type_of(old: Option<&Part>, new: Option<&Part>) -> Option<EventType> {
    match (old, new) {
        (None, None) => None,
        (None, Some(new)) => Some(new.created()),
        (Some(old), None) => Some(old.deleted()),
        (Some(old), Some(new)) if old == new => None,
        (Some(Part::TaskQueue(old)), Some(Part::TaskQueue(new)))
            if old.target_workers != new.target_workers =>
        {
            Some(EventType::TaskQueueExpressionUpdated)
        }
        (Some(_), Some(Part::TaskQueue(_))) => None,
        (Some(_), Some(Part::Workspace(_))) => Some(EventType::WorkspaceUpdated),
        (Some(_), Some(Part::Activity(_))) => Some(EventType::ActivityUpdated),
        (Some(_), Some(Part::Workflow(_))) => Some(EventType::WorkflowUpdated),
        // Its first Task puts a TaskChannel to use, which is no update of it.
        (Some(Part::TaskChannel(old)), Some(Part::TaskChannel(new)))
            if (&TaskChannel {
                usage: new.usage,
                ..old.clone()
            }) == new =>
        {
            None
        }
        (Some(_), Some(Part::TaskChannel(_))) => Some(EventType::TaskChannelUpdated),
    }
}
