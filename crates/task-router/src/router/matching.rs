//! Matching: decides which Workers a Task is offered to, and which Task a Worker is offered
//! (taskrouter.md sections 9 and 10).

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::decision::Refusal;
use super::draft::Draft;
use super::expression::{TargetScope, Value, WorkerScope};
use super::limits::RESERVATION_ROUNDS_MAX;
use super::{deadline, ending, known_worker, order, workflow, workflow_progress};
use crate::model::{
    AssignmentStatus, EndReason, Expression, IdleKey, KnownWorker, Number, OpenReservation,
    OpenStatus, OrderBy, OrderClause, Reservation, RoutingTarget, Target, Task, TaskChannelName,
    Unready, Worker, Workspace,
};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use planted_bugs::Bug;

/// What keeps a Worker from being offered a Task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Obstacle<'a> {
    /// The Task is not pending.
    NotPending,
    /// The Worker did not take this Task, and its retry pause lasts until this moment.
    SparedUntil(Timestamp),
    /// The Task's customer was not reached, and is called again after this moment.
    CustomerCalledAfter(Timestamp),
    /// The Worker can take no Task of the Task's channel.
    Unready(Unready),
    /// The Task's routing target is another Worker.
    MeantFor(WorkerSid),
    /// The Worker does not serve the Task's TaskQueue.
    NotInQueue,
    /// The step is for the known Worker, who is another Worker or is not named.
    NotKnown(&'a KnownWorker),
    /// The step's expression is false.
    Step(&'a Expression),
}

/// Advances one Task: first its deadlines and configuration, then, if it still waits and nothing
/// has changed, the candidates.
///
/// A Worker is offered the Task that ranks first among those of the snapshot. If that is another
/// one, it is reserved in place of this Task, and the caller advances this Task once more.
///
/// The first change ends the advance: it is written, and its stream record advances the Task again.
/// So the stream sees the end of each Reservation before the next round replaces it.
pub(super) fn advance(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    deadline::pass(draft, sid)?;
    workflow_progress::reevaluate(draft, sid)?;
    workflow_progress::pass_deadlines(draft, sid)?;
    workflow_progress::update_order(draft, sid)?;
    let task = draft.task(sid)?;
    if draft.has_changes()
        || !task.is_pending()
        || draft.snapshot().candidates_of != Some(task.task_queue_sid)
    {
        return Ok(());
    }
    let chosen = best_workers(draft, task);
    if chosen.is_empty() {
        return decide_skip(draft, sid);
    }
    let Some(first) = first_task_for(draft, task, &chosen) else {
        return reserve(draft, sid, &chosen);
    };
    if workflow_progress::must_reevaluate(draft.workspace, first) {
        return workflow_progress::reevaluate(draft, first.sid);
    }
    reserve(draft, first.sid, &best_workers(draft, first))
}

/// The first waiting Task of the snapshot that ranks before `task`, takes a slot of the same
/// TaskChannel, and that one of the chosen Workers may take (taskrouter.md section 10), or that must
/// be re-evaluated before that is known.
fn first_task_for<'d>(draft: &'d Draft<'_>, task: &Task, chosen: &[WorkerSid]) -> Option<&'d Task> {
    if Bug::LaterTaskOvertakes.is_planted() {
        return None;
    }
    let workspace = draft.workspace;
    let now = draft.now;
    let workers: Vec<&Worker> = chosen
        .iter()
        .filter_map(|sid| draft.worker(*sid).ok())
        .collect();
    let competes = |earlier: &Task| {
        let takes = |worker: &&Worker| may_take(workspace, worker, earlier, now);
        workflow_progress::must_reevaluate(workspace, earlier)
            || may_be_served(workspace, earlier, now) && workers.iter().any(takes)
    };
    let rank = order::rank(workspace, task);
    draft
        .snapshot()
        .tasks
        .values()
        .filter(|earlier| earlier.is_in_waiting_list() && earlier.channel == task.channel)
        .filter(|earlier| order::rank(workspace, earlier) < rank)
        .filter(|earlier| competes(earlier))
        .min_by_key(|earlier| order::rank(workspace, earlier))
}

/// Adds a new Task to its waiting list when no Worker is available. The write alone is enough: a
/// Task that is not new is in its waiting list. The record of that write searches once more, so
/// that a Worker who became free in between is found.
pub(super) fn join_waiting_list(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    if draft.task(sid)?.is_new() {
        draft.task_mut(sid)?.put_in_waiting_list = true;
    }
    Ok(())
}

/// Cancels a new call for which no Worker is available and whose waiting list is full. A call that
/// waits already stays, whichever waiting list it moves to.
pub(super) fn turn_away(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    if draft.task(sid)?.is_new() {
        ending::cancel(draft, sid, &EndReason::QueueFull)
    } else {
        Ok(())
    }
}

/// Reserves the Task of the snapshot that comes first for this Worker (taskrouter.md section 10).
pub(super) fn serve_worker(draft: &mut Draft<'_>, sid: WorkerSid) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let mut waiting: Vec<&Task> = draft.snapshot().tasks.values().collect();
    waiting.sort_by_cached_key(|task| order::rank(draft.workspace, task));
    if Bug::LaterTaskOvertakes.is_planted() {
        waiting.reverse();
    }
    let fits = |task: &&&Task| {
        may_be_served(draft.workspace, task, draft.now)
            && may_take(draft.workspace, worker, task, draft.now)
    };
    let Some(task) = waiting.iter().find(fits).map(|task| task.sid) else {
        return Ok(());
    };
    reserve(draft, task, &[sid])
}

/// No Worker was found: if the Task's step has an undecided `skip_if` and the snapshot has the
/// worker counts of its TaskQueue, `skip_if` decides whether the Task stays (taskrouter.md section
/// 7.3).
fn decide_skip(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(skip_if) = undecided_skip(draft.workspace, task) else {
        return Ok(());
    };
    let Some(worker_counts) = &draft.snapshot().worker_counts else {
        return Ok(());
    };
    if skip_if.matches(worker_counts) {
        return workflow_progress::skip(draft, sid);
    }
    draft.task_mut(sid)?.position.skip_decided = true;
    Ok(())
}

/// The `skip_if` of the Task's step, if it is not decided yet.
pub(super) fn undecided_skip<'a>(workspace: &'a Workspace, task: &Task) -> Option<&'a Expression> {
    if task.position.skip_decided {
        return None;
    }
    workflow::target_at(workspace, task)?.skip_if.as_ref()
}

/// Has the Task neither a passed deadline nor used all its rounds? An overdue Task is advanced
/// before it is offered.
pub(super) fn may_be_served(workspace: &Workspace, task: &Task, now: Timestamp) -> bool {
    let step = workflow::step_deadline(workspace, task);
    now < task.expires_at()
        && task.rounds < RESERVATION_ROUNDS_MAX
        && step.is_none_or(|deadline| now < deadline)
}

/// The best free Workers, as many as the TaskQueue offers a Task to at the same time.
fn best_workers(draft: &Draft<'_>, task: &Task) -> Vec<WorkerSid> {
    let workers = draft.snapshot().workers.values();
    let mut candidates: Vec<&Worker> = workers
        .filter(|worker| may_take(draft.workspace, worker, task, draft.now))
        .collect();
    best_first(draft.workspace, task, &mut candidates);
    candidates
        .into_iter()
        .take(parallel_offers(draft.workspace, task))
        .map(|worker| worker.sid)
        .collect()
}

/// The best of these Workers for a Task, as many as its TaskQueue offers it to at the same time.
/// `free` is read no further than necessary: to the last Worker only if another order than idle
/// time decides.
pub(super) fn best_of<'w>(
    workspace: &Workspace,
    task: &Task,
    free: impl Iterator<Item = &'w Worker>,
    now: Timestamp,
) -> Vec<&'w Worker> {
    let offers = parallel_offers(workspace, task);
    let fitting = free.filter(|worker| may_take(workspace, worker, task, now));
    if is_idle_order(workspace, task) {
        return fitting.take(offers).collect();
    }
    let mut fitting: Vec<&Worker> = fitting.collect();
    best_first(workspace, task, &mut fitting);
    fitting.truncate(offers);
    fitting
}

/// Sorts Workers who could take a Task into the order in which it is offered to them (taskrouter.md
/// section 9).
pub(super) fn best_first(workspace: &Workspace, task: &Task, candidates: &mut [&Worker]) {
    let order_by = workflow::target_at(workspace, task).and_then(|target| target.order_by.as_ref());
    candidates.sort_by(|left, right| {
        compare_by(workspace, order_by, left, right)
            .then_with(|| idle_key(workspace, task, left).cmp(&idle_key(workspace, task, right)))
    });
}

/// Are the Task's Workers ordered by idle time over all channels, as the ready lists are?
pub(super) fn is_idle_order(workspace: &Workspace, task: &Task) -> bool {
    let order_by = workflow::target_at(workspace, task).and_then(|target| target.order_by.as_ref());
    !workspace.is_channel_optimized(task.channel)
        && order_by.is_none_or(|order_by| order_by.clauses().is_empty())
}

/// The number of Workers a Task is offered to at the same time.
pub(super) fn parallel_offers(workspace: &Workspace, task: &Task) -> usize {
    workspace
        .task_queues
        .get(&task.task_queue_sid)
        .map_or(1, |queue| usize::from(queue.max_reserved_workers))
}

/// The Worker's idle time as a sort key: over all channels, or in the Task's channel if that
/// channel has optimized routing (taskrouter.md section 9).
fn idle_key(workspace: &Workspace, task: &Task, worker: &Worker) -> IdleKey {
    if workspace.is_channel_optimized(task.channel) {
        worker.idle_key_in(task.channel)
    } else {
        worker.idle_key()
    }
}

/// May the Worker be offered the Task? Only without any obstacle.
pub(super) fn may_take(
    workspace: &Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
) -> bool {
    obstacles(workspace, worker, task, now, |_| ControlFlow::Break(())).is_continue()
}

/// Calls `visit` with each obstacle between a Worker and a Task (taskrouter.md section 4, and the
/// step's expression) until `visit` breaks. Later obstacles are not computed then. Allocates
/// nothing.
pub(super) fn obstacles<'a>(
    workspace: &'a Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
    mut visit: impl FnMut(Obstacle<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if !task.is_pending() {
        visit(Obstacle::NotPending)?;
    }
    if let Some(until) = customer_called_after(task, now) {
        visit(Obstacle::CustomerCalledAfter(until))?;
    }
    if let Some(until) = spared_until(workspace, task, worker.sid, now) {
        visit(Obstacle::SparedUntil(until))?;
    }
    match task.routing_target {
        Some(RoutingTarget::Worker(meant)) if meant != worker.sid => {
            visit(Obstacle::MeantFor(meant))
        }
        Some(RoutingTarget::Worker(_))
            if task.ignore_capacity && !Bug::CapacityAlwaysCounts.is_planted() =>
        {
            ControlFlow::Continue(())
        }
        Some(RoutingTarget::Worker(_)) => worker.unready(workspace, task.channel, |unready| {
            visit(Obstacle::Unready(unready))
        }),
        Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None => {
            worker.unready(workspace, task.channel, |unready| {
                visit(Obstacle::Unready(unready))
            })?;
            if !worker.queue_membership.serves(task.task_queue_sid) {
                visit(Obstacle::NotInQueue)?;
            }
            match workflow::target_at(workspace, task) {
                Some(target) => unsuited(workspace, target, task, worker, now, &mut visit),
                None => ControlFlow::Continue(()),
            }
        }
    }
}

/// Visits what keeps the Worker from the Tasks of this step.
fn unsuited<'a>(
    workspace: &Workspace,
    target: &'a Target,
    task: &Task,
    worker: &Worker,
    now: Timestamp,
    visit: &mut impl FnMut(Obstacle<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if let Some(known) = &target.known_worker
        && !known_worker::named_by(task, known).is(worker)
    {
        visit(Obstacle::NotKnown(known))?;
    }
    if let Some(expression) = &target.expression {
        let scope = TargetScope {
            task,
            worker: WorkerScope::new(worker, workspace),
            now,
        };
        if !expression.matches(&scope) {
            visit(Obstacle::Step(expression))?;
        }
    }
    ControlFlow::Continue(())
}

/// The end of the pause after a failed attempt to reach the Task's customer. Until then the Task is
/// offered to no Worker.
pub(super) fn customer_called_after(task: &Task, now: Timestamp) -> Option<Timestamp> {
    task.redial.as_ref()?.pauses_after(now)
}

/// Until when the Worker is not offered this Task again: the end of the retry pause after the last
/// failed offer.
fn spared_until(
    workspace: &Workspace,
    task: &Task,
    worker: WorkerSid,
    now: Timestamp,
) -> Option<Timestamp> {
    let pause = workspace.rules.reoffer_pause;
    let failed = task
        .failed_offers
        .iter()
        .filter(|failed| failed.worker_sid == worker);
    failed
        .map(|failed| failed.at + pause)
        .filter(|until| now < *until)
        .max()
}

/// Compares clause by clause. A Worker without the attribute comes after all Workers who have it,
/// in ascending and in descending order (taskrouter.md section 9).
fn compare_by(
    workspace: &Workspace,
    order: Option<&OrderBy>,
    left: &Worker,
    right: &Worker,
) -> Ordering {
    let clauses = order.map_or(&[][..], OrderBy::clauses);
    if clauses.is_empty() {
        return Ordering::Equal;
    }
    let left = WorkerScope::new(left, workspace);
    let right = WorkerScope::new(right, workspace);
    let compare = |clause: &OrderClause| match (whole(&left, clause), whole(&right, clause)) {
        (Some(left), Some(right)) if clause.descending => right.cmp(&left),
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    };
    clauses
        .iter()
        .map(compare)
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// The Worker's value of a clause, if it is a whole number (taskrouter.md section 9).
fn whole(worker: &WorkerScope<'_>, clause: &OrderClause) -> Option<Number> {
    match worker.value(clause.path.steps()) {
        Value::Number(number) if number.is_whole() => Some(number),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Array(_)
        | Value::Literal(_)
        | Value::Object => None,
    }
}

/// Begins a round: a Reservation and a slot for each of these Workers, written in one transaction.
pub(super) fn reserve(
    draft: &mut Draft<'_>,
    sid: TaskSid,
    workers: &[WorkerSid],
) -> Result<(), Refusal> {
    draft.bind_workers();
    let now = draft.now;
    let task = draft.task(sid)?;
    let round = task.rounds + 1;
    let channel = task.channel;
    let workflow = draft.workspace.workflows.get(&task.workflow_sid);
    let timeout = workflow
        .map(|workflow| workflow.task_reservation_timeout)
        .unwrap_or_default();
    let mut reservations = Vec::with_capacity(workers.len());
    for worker_sid in workers {
        let reservation_sid = Reservation::derive_sid(sid, round, *worker_sid);
        let Some(worker) = draft.worker_mut(*worker_sid) else {
            continue;
        };
        let open = OpenReservation {
            sid: reservation_sid,
            task_sid: sid,
            channel,
            status: OpenStatus::Pending,
        };
        take_slot(worker, open, now);
        let name = &worker.friendly_name;
        reservations.push(Reservation::new(
            reservation_sid,
            *worker_sid,
            name,
            now,
            now + timeout,
        ));
    }
    let pause = draft.workspace.rules.reoffer_pause;
    let decides_skip = undecided_skip(draft.workspace, draft.task(sid)?).is_some();
    let task = draft.task_mut(sid)?;
    task.assignment_status = AssignmentStatus::Reserved;
    task.position.skip_decided |= decides_skip;
    task.rounds = round;
    task.reservations = reservations;
    task.failed_offers.retain(|failed| now < failed.at + pause);
    Ok(())
}

fn take_slot(worker: &mut Worker, open: OpenReservation, now: Timestamp) {
    let channel: TaskChannelName = open.channel;
    worker.open_reservations.push(open);
    worker.share_mut(channel).last_reserved_at = Some(now);
}
