//! Which Worker for a Task, and which Task for a Worker (taskrouter.md sections 9 and 10).

use std::cmp::Reverse;

use super::decision::{Draft, Refusal};
use super::expression::{TargetScope, Value, WorkerScope};
use super::{REOFFER_PAUSE, RESERVATION_ROUNDS_MAX, ending, offer, workflow};
use crate::model::{
    AssignmentStatus, EndReason, OpenReservation, OrderBy, OrderClause, Reservation, ReservationStatus, Target, Task,
    TaskSid, Timestamp, Worker, WorkerSid, Workspace,
};

/// Looks at one Task: first whatever its clocks demand, then, if it still waits and nothing changed, the candidates.
///
/// A change ends the look: it is written first, and its own stream record brings the Task back here. So every
/// Reservation's end is seen by the stream before the next round replaces it.
pub(super) fn advance(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    offer::expire(draft, sid)?;
    expire_task(draft, sid)?;
    workflow::pass_deadlines(draft, sid)?;
    let task = draft.task(sid)?;
    if draft.has_changes() || task.assignment_status != AssignmentStatus::Pending {
        return Ok(());
    }
    if draft.snapshot().candidates_of != Some(task.task_queue_sid) {
        return Ok(());
    }
    let chosen = choose_workers(draft, task);
    reserve(draft, sid, &chosen)
}

/// Finds the Task in the snapshot that comes first for this Worker and reserves it (taskrouter.md section 10).
pub(super) fn serve(draft: &mut Draft<'_>, sid: WorkerSid) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let mut waiting: Vec<&Task> = draft.snapshot().tasks.values().collect();
    waiting.sort_by_key(|task| (Reverse(task.priority), task.virtual_start_time, task.sid));
    let fits = |task: &&&Task| {
        let target = current_target(draft.workspace, task);
        let in_time = !is_overdue(draft, task);
        in_time && may_take(draft, worker, task, target)
    };
    let Some(task) = waiting.iter().find(fits).map(|task| task.sid) else { return Ok(()) };
    reserve(draft, task, &[sid])
}

/// A Task that outlived its timeout, or its rounds, is canceled (taskrouter.md section 5).
fn expire_task(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let waits = matches!(task.assignment_status, AssignmentStatus::Pending | AssignmentStatus::Reserved);
    if waits && task.expires_at() <= draft.now {
        return ending::cancel(draft, sid, &EndReason::TaskTtlExceeded);
    }
    if task.assignment_status == AssignmentStatus::Pending && task.rounds >= RESERVATION_ROUNDS_MAX {
        return ending::cancel(draft, sid, &EndReason::MaxAssignmentsExceeded);
    }
    Ok(())
}

fn is_overdue(draft: &Draft<'_>, task: &Task) -> bool {
    let workflow = draft.workspace.workflows.get(&task.workflow_sid);
    let step = workflow.and_then(|workflow| workflow::step_deadline(workflow, task.position));
    task.expires_at() <= draft.now || step.is_some_and(|deadline| deadline <= draft.now)
}

/// The Task's step; a Task whose step a changed configuration no longer has keeps waiting in its queue, for any
/// Worker of it.
fn current_target<'a>(workspace: &'a Workspace, task: &Task) -> Option<&'a Target> {
    workflow::target_at(workspace.workflows.get(&task.workflow_sid)?, task.position)
}

/// The best free Workers, as many as the queue offers a Task to at once.
fn choose_workers(draft: &Draft<'_>, task: &Task) -> Vec<WorkerSid> {
    let target = current_target(draft.workspace, task);
    let workers = draft.snapshot().workers.values();
    let mut candidates: Vec<&Worker> = workers.filter(|worker| may_take(draft, worker, task, target)).collect();
    let order = |left: &&Worker, right: &&Worker| {
        compare_by(draft.workspace, target.and_then(|target| target.order_by.as_ref()), left, right)
            .then_with(|| left.idle_key().cmp(&right.idle_key()))
    };
    candidates.sort_by(order);
    let queue = draft.workspace.task_queues.get(&task.task_queue_sid);
    let at_once = queue.map_or(1, |queue| usize::from(queue.max_reserved_workers));
    candidates.into_iter().take(at_once).map(|worker| worker.sid).collect()
}

/// All that must hold for a Worker to be offered a Task (taskrouter.md section 4, and the step's expression).
fn may_take(draft: &Draft<'_>, worker: &Worker, task: &Task, target: Option<&Target>) -> bool {
    let workspace = draft.workspace;
    let scope = || TargetScope { task, worker: WorkerScope::new(worker, workspace) };
    task.assignment_status == AssignmentStatus::Pending
        && workspace.is_available(worker.activity_sid)
        && worker.has_slot(task.channel)
        && worker.roster.serves(task.task_queue_sid)
        && !is_spared(task, worker.sid, draft.now)
        && target.and_then(|target| target.expression.as_ref()).is_none_or(|expression| expression.matches(&scope()))
}

/// Did this Worker not take this very Task a moment ago?
fn is_spared(task: &Task, worker: WorkerSid, now: Timestamp) -> bool {
    task.failed_offers.iter().any(|failed| failed.worker_sid == worker && now < failed.at + REOFFER_PAUSE)
}

/// Clause by clause; a Worker without the attribute comes after all who have it, up or down (taskrouter.md section 9).
fn compare_by(workspace: &Workspace, order: Option<&OrderBy>, left: &Worker, right: &Worker) -> std::cmp::Ordering {
    let clauses = order.map_or(&[][..], OrderBy::clauses);
    let (left, right) = (WorkerScope::new(left, workspace), WorkerScope::new(right, workspace));
    let compare = |clause: &OrderClause| match (integer(&left, clause), integer(&right, clause)) {
        (Some(left), Some(right)) if clause.descending => right.cmp(&left),
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    };
    clauses.iter().map(compare).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

fn integer(worker: &WorkerScope<'_>, clause: &OrderClause) -> Option<i64> {
    match worker.value(clause.path.steps()) {
        Value::Number(number) if number.fract() == 0.0 => Some(number as i64),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Array(_)
        | Value::Literal(_)
        | Value::Object => None,
    }
}

/// One round: a Reservation for each of these Workers, a slot taken at each.
fn reserve(draft: &mut Draft<'_>, sid: TaskSid, workers: &[WorkerSid]) -> Result<(), Refusal> {
    if workers.is_empty() {
        return Ok(());
    }
    let now = draft.now;
    let task = draft.task(sid)?;
    let (round, channel) = (task.rounds + 1, task.channel);
    let workflow = draft.workspace.workflows.get(&task.workflow_sid);
    let timeout = workflow.map(|workflow| workflow.task_reservation_timeout).unwrap_or_default();
    let mut reservations = Vec::with_capacity(workers.len());
    for worker_sid in workers {
        let reservation_sid = Reservation::derive_sid(sid, round, *worker_sid);
        let Some(worker) = draft.worker_mut(*worker_sid) else { continue };
        worker.open_reservations.push(OpenReservation { sid: reservation_sid, task_sid: sid, channel });
        worker.last_reserved_at = Some(now);
        reservations.push(Reservation {
            sid: reservation_sid,
            worker_sid: *worker_sid,
            worker_name: worker.friendly_name.clone(),
            status: ReservationStatus::Pending,
            date_created: now,
            date_updated: now,
            expires_at: now + timeout,
            instruction: None,
            canceled_reason_code: None,
        });
    }
    let task = draft.task_mut(sid)?;
    task.assignment_status = AssignmentStatus::Reserved;
    task.rounds = round;
    task.reservations = reservations;
    task.failed_offers.retain(|failed| now < failed.at + REOFFER_PAUSE);
    Ok(())
}
