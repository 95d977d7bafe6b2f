//! Derives ids from names. Each kind of id is derived separately, so a TaskQueue and a Workflow may
//! have the same name.

use ids::{AccountSid, ActivitySid, TaskQueueSid, WorkerSid, WorkflowSid, WorkspaceSid};

pub(crate) fn workspace(account: AccountSid, name: &str) -> WorkspaceSid {
    WorkspaceSid::derive(&[&account.to_string(), name])
}

/// The availability is part of the id, because it cannot change once the Activity exists
/// (taskrouter.md section 2.2). With the other availability the name denotes another Activity, and
/// Workers are moved out of the deleted one.
pub(crate) fn activity(workspace: WorkspaceSid, name: &str, available: bool) -> ActivitySid {
    let availability = if available {
        "available"
    } else {
        "unavailable"
    };
    ActivitySid::derive(&[&workspace.to_string(), name, availability])
}

pub(crate) fn task_queue(workspace: WorkspaceSid, name: &str) -> TaskQueueSid {
    TaskQueueSid::derive(&[&workspace.to_string(), name])
}

pub(crate) fn workflow(workspace: WorkspaceSid, name: &str) -> WorkflowSid {
    WorkflowSid::derive(&[&workspace.to_string(), name])
}

/// Lower-cased, because Worker names are unique ignoring case (taskrouter.md section 2.3): another
/// case is the same Worker.
pub(crate) fn worker(workspace: WorkspaceSid, name: &str) -> WorkerSid {
    WorkerSid::derive(&[&workspace.to_string(), &name.to_lowercase()])
}
