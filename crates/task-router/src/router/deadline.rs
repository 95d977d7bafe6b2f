//! The deadlines of a Task (taskrouter.md sections 5, 6 and 14).

use super::decision::Refusal;
use super::draft::Draft;
use super::limits::RESERVATION_ROUNDS_MAX;
use super::{ending, reservation, timers};
use crate::model::{AssignmentStatus, EndReason, Removal};
use ids::TaskSid;

/// Ends everything whose deadline has passed: offers first, then the Task's wait, its assignment or
/// its wrap-up.
pub(super) fn pass(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    reservation::expire(draft, sid)?;
    let task = draft.task(sid)?;
    let overdue =
        timers::of_status(draft.workspace, task).is_some_and(|moment| moment <= draft.now);
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
