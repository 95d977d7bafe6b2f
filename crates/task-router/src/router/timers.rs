//! When something will happen by itself.

use super::{deadline, workflow};
use crate::model::{Task, Worker, Workspace};
use ids::time::Timestamp;

/// The next moment at which [`super::Command::Advance`] could change this Task. Deadlines count even when they have
/// passed; the end of a pause counts only if it lies after `after`, since passing it changes nothing in the Task.
pub fn of_task(workspace: &Workspace, task: &Task, after: Timestamp) -> Option<Timestamp> {
    let offers = task
        .pending_reservations()
        .map(|reservation| reservation.expires_at)
        .min();
    let status = deadline::of_status(workspace, task);
    let step = workflow::step_deadline(workspace, task).filter(|_| task.is_pending());
    let pause = workspace.rules.reoffer_pause;
    let pauses = task.failed_offers.iter().map(|failed| failed.at + pause);
    let pauses = pauses.filter(|end| task.is_pending() && *end > after);
    [offers, status, step, pauses.min()]
        .into_iter()
        .flatten()
        .min()
}

/// The next moment at which [`super::Command::AdvanceWorker`] could change this Worker.
pub fn of_worker(workspace: &Workspace, worker: &Worker) -> Option<Timestamp> {
    let wrap_up = workspace.wrap_up.as_ref()?;
    (worker.activity_sid == wrap_up.activity_sid).then(|| worker.activity_ends_at(wrap_up.limit))
}
