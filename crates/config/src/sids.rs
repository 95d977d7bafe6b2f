//! Ids from names. Each kind of id is derived apart from the others, so a queue and a Workflow may share a name.

use ids::{AccountSid, ActivitySid, TaskQueueSid, WorkerSid, WorkflowSid, WorkspaceSid};

pub(crate) fn workspace(account: AccountSid, name: &str) -> WorkspaceSid {
    WorkspaceSid::derive(&[&account.to_string(), name])
}

/// Whether an Activity is available cannot change once it exists (taskrouter.md section 2.2): with the other value it is
/// another Activity, and Workers are moved out of the one that is gone.
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

/// Worker names are unique ignoring case (taskrouter.md section 2.3), so letter case does not make another Worker.
pub(crate) fn worker(workspace: WorkspaceSid, name: &str) -> WorkerSid {
    WorkerSid::derive(&[&workspace.to_string(), &name.to_lowercase()])
}
