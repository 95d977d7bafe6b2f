//! When something will happen by itself.

use super::{REOFFER_PAUSE, workflow};
use crate::model::{AssignmentStatus, Task, Timestamp, Worker, Workspace};

/// The next moment at which [`super::Event::Advance`] could change this Task. Deadlines count even when they have
/// passed; the end of a pause counts only if it lies after `after`, since passing it changes nothing in the Task.
pub fn of_task(workspace: &Workspace, task: &Task, after: Timestamp) -> Option<Timestamp> {
    let offers = task.pending_reservations().map(|reservation| reservation.expires_at).min();
    let waits = matches!(task.assignment_status, AssignmentStatus::Pending | AssignmentStatus::Reserved);
    let life = waits.then(|| task.expires_at());
    let pending = task.assignment_status == AssignmentStatus::Pending;
    let workflow = workspace.workflows.get(&task.workflow_sid).filter(|_| pending);
    let step = workflow.and_then(|workflow| workflow::step_deadline(workflow, task.position));
    let pauses =
        task.failed_offers.iter().map(|failed| failed.at + REOFFER_PAUSE).filter(|end| pending && *end > after);
    [offers, life, step, pauses.min()].into_iter().flatten().min()
}

/// The next moment at which [`super::Event::AdvanceWorker`] could change this Worker.
pub fn of_worker(workspace: &Workspace, worker: &Worker) -> Option<Timestamp> {
    let wrap_up = workspace.wrap_up.as_ref()?;
    (worker.activity_sid == wrap_up.activity_sid).then(|| worker.activity_ends_at(wrap_up.limit))
}
