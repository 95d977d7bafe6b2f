//! What a Task's clocks demand (taskrouter.md sections 5, 6 and 14).

use super::decision::{Draft, Refusal};
use super::{ASSIGNED_MAX, RESERVATION_ROUNDS_MAX, ending, reservation};
use crate::model::{AfterConversation, AssignmentStatus, EndReason, Removal, Task, Workspace};
use ids::TaskSid;
use ids::time::Timestamp;

/// Ends whatever has lasted as long as it may: offers, then the Task's wait, its assignment or its wrap-up.
pub(super) fn pass(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    reservation::expire(draft, sid)?;
    let task = draft.task(sid)?;
    let overdue = of_status(draft.workspace, task).is_some_and(|moment| moment <= draft.now);
    match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved if overdue => {
            ending::cancel(draft, sid, &EndReason::TaskTtlExceeded)
        }
        AssignmentStatus::Pending if task.rounds >= RESERVATION_ROUNDS_MAX => {
            ending::cancel(draft, sid, &EndReason::MaxAssignmentsExceeded)
        }
        AssignmentStatus::Assigned if overdue => ending::remove(draft, sid, Removal::SystemDeleted),
        AssignmentStatus::Wrapping if overdue => {
            ending::complete(draft, sid, &EndReason::WrapUpLimit)
        }
        AssignmentStatus::Pending
        | AssignmentStatus::Reserved
        | AssignmentStatus::Assigned
        | AssignmentStatus::Wrapping
        | AssignmentStatus::Completed
        | AssignmentStatus::Canceled => Ok(()),
    }
}

/// When the status a Task is in ends by itself.
pub(super) fn of_status(workspace: &Workspace, task: &Task) -> Option<Timestamp> {
    match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => Some(task.expires_at()),
        AssignmentStatus::Assigned => Some(held_since(task) + ASSIGNED_MAX),
        AssignmentStatus::Wrapping => {
            let channel = workspace.task_channels.get(&task.channel)?;
            match channel.after_conversation {
                AfterConversation::WrapFor(limit) => Some(held_since(task) + limit),
                AfterConversation::Wrap | AfterConversation::Complete => None,
            }
        }
        AssignmentStatus::Completed | AssignmentStatus::Canceled => None,
    }
}

/// Since when the Task's Worker has it, or wraps it up.
fn held_since(task: &Task) -> Timestamp {
    task.held_reservation()
        .map_or(task.date_updated, |held| held.date_updated)
}
