//! Which Worker for a Task, and which Task for a Worker (taskrouter.md sections 9 and 10).

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::decision::{Draft, Refusal};
use super::expression::{TargetScope, Value, WorkerScope};
use super::{RESERVATION_ROUNDS_MAX, deadline, ending, known_worker, order, workflow};
use crate::model::{
    AssignmentStatus, EndReason, Expression, IdleKey, KnownWorker, OpenReservation, OpenStatus,
    OrderBy, OrderClause, Reservation, RoutingTarget, Slots, Target, Task, TaskChannelName, Worker,
    Workspace,
};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use planted_bugs::Bug;

/// What keeps a Worker from being offered a Task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Obstacle<'a> {
    /// The Task does not wait.
    NotPending,
    /// They did not take this very Task a moment ago.
    SparedUntil(Timestamp),
    /// Their Activity is not available.
    Activity,
    /// Their share of the Task's channel is not available.
    ChannelClosed,
    /// All slots of the Task's channel are taken.
    ChannelFull(Slots),
    /// The Task's routing target is another Worker.
    MeantFor(WorkerSid),
    /// They do not serve the Task's queue.
    NotInQueue,
    /// The step is for the known Worker, and that is another, or nobody.
    NotKnown(&'a KnownWorker),
    /// The step's expression is false.
    Step(&'a Expression),
}

/// Looks at one Task: first whatever its clocks demand, then, if it still waits and nothing changed, the candidates.
///
/// A change ends the look: it is written first, and its own stream record brings the Task back here. So every
/// Reservation's end is seen by the stream before the next round replaces it.
pub(super) fn advance(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    deadline::pass(draft, sid)?;
    workflow::reevaluate(draft, sid)?;
    workflow::pass_deadlines(draft, sid)?;
    workflow::refile(draft, sid)?;
    let task = draft.task(sid)?;
    if draft.has_changes()
        || !task.is_pending()
        || draft.snapshot().candidates_of != Some(task.task_queue_sid)
    {
        return Ok(());
    }
    let chosen = choose_workers(draft, task);
    if chosen.is_empty() {
        decide_skip(draft, sid)
    } else {
        reserve(draft, sid, &chosen)
    }
}

/// A new Task for which nobody is free is put in line. Being written is all it takes: what is not new waits on the board
/// of its line, and the record of that write looks for Workers once more, so that one who became free meanwhile is found.
pub(super) fn join_waiting_list(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    if draft.task(sid)?.is_new() {
        draft.task_mut(sid)?.put_in_waiting_list = true;
    }
    Ok(())
}

/// A new call for which nobody is free, and no room to wait. Who waits already keeps their place wherever they go.
pub(super) fn turn_away(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    match draft.task(sid)?.is_new() {
        true => ending::cancel(draft, sid, &EndReason::QueueFull),
        false => Ok(()),
    }
}

/// Finds the Task in the snapshot that comes first for this Worker and reserves it (taskrouter.md section 10).
pub(super) fn serve(draft: &mut Draft<'_>, sid: WorkerSid) -> Result<(), Refusal> {
    let worker = draft.worker(sid)?;
    let mut waiting: Vec<&Task> = draft.snapshot().tasks.values().collect();
    waiting.sort_by_cached_key(|task| order::rank(draft.workspace, task));
    let fits = |task: &&&Task| {
        may_be_served(draft.workspace, task, draft.now)
            && may_take(draft.workspace, worker, task, draft.now)
    };
    let Some(task) = waiting.iter().find(fits).map(|task| task.sid) else {
        return Ok(());
    };
    reserve(draft, task, &[sid])
}

/// Nobody was found: if the Task has just entered a step with `skip_if` and its queue's Workers have been counted, that
/// decides whether it stays (taskrouter.md section 7.3).
fn decide_skip(draft: &mut Draft<'_>, sid: TaskSid) -> Result<(), Refusal> {
    let task = draft.task(sid)?;
    let Some(skip_if) = undecided_skip(draft.workspace, task) else {
        return Ok(());
    };
    let Some(presence) = &draft.snapshot().presence else {
        return Ok(());
    };
    if skip_if.matches(presence) {
        return workflow::skip(draft, sid);
    }
    draft.task_mut(sid)?.position.skip_decided = true;
    Ok(())
}

/// The `skip_if` that is still to be looked at in the step the Task is in.
pub(super) fn undecided_skip<'a>(
    workspace: &'a Workspace,
    task: &Task,
) -> Option<&'a crate::model::Expression> {
    if task.position.skip_decided {
        return None;
    }
    workflow::target_at(workspace, task)?.skip_if.as_ref()
}

/// Is its time not up? What is overdue is looked at by itself first.
pub(super) fn may_be_served(workspace: &Workspace, task: &Task, now: Timestamp) -> bool {
    let step = workflow::step_deadline(workspace, task);
    now < task.expires_at()
        && task.rounds < RESERVATION_ROUNDS_MAX
        && step.is_none_or(|deadline| now < deadline)
}

/// The best free Workers, as many as the queue offers a Task to at once.
fn choose_workers(draft: &Draft<'_>, task: &Task) -> Vec<WorkerSid> {
    let workers = draft.snapshot().workers.values();
    let mut candidates: Vec<&Worker> = workers
        .filter(|worker| may_take(draft.workspace, worker, task, draft.now))
        .collect();
    best_first(draft.workspace, task, &mut candidates);
    candidates
        .into_iter()
        .take(at_once(draft.workspace, task))
        .map(|worker| worker.sid)
        .collect()
}

/// Workers who could take a Task, in the order in which it is offered to them (taskrouter.md section 9).
pub(super) fn best_first(workspace: &Workspace, task: &Task, candidates: &mut [&Worker]) {
    let order_by = workflow::target_at(workspace, task).and_then(|target| target.order_by.as_ref());
    candidates.sort_by(|left, right| {
        compare_by(workspace, order_by, left, right)
            .then_with(|| idle_key(workspace, task, left).cmp(&idle_key(workspace, task, right)))
    });
}

/// How many Workers a Task is offered to at once.
pub(super) fn at_once(workspace: &Workspace, task: &Task) -> usize {
    workspace
        .task_queues
        .get(&task.task_queue_sid)
        .map_or(1, |queue| usize::from(queue.max_reserved_workers))
}

/// Idle for how long: over all channels, or in the Task's own if that one is optimized (taskrouter.md section 9).
fn idle_key(workspace: &Workspace, task: &Task, worker: &Worker) -> IdleKey {
    match workspace.is_channel_optimized(task.channel) {
        true => worker.idle_key_in(task.channel),
        false => worker.idle_key(),
    }
}

/// May the Worker be offered the Task? Nothing keeps them from it.
pub(super) fn may_take(
    workspace: &Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
) -> bool {
    obstacles(workspace, worker, task, now, |_| ControlFlow::Break(())).is_continue()
}

/// Tells all that keeps a Worker from being offered a Task (taskrouter.md section 4, and the step's expression), until
/// `tell` has heard enough. Only so much is worked out, and nothing is allocated.
pub(super) fn obstacles<'a>(
    workspace: &'a Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
    mut tell: impl FnMut(Obstacle<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if !task.is_pending() {
        tell(Obstacle::NotPending)?;
    }
    if let Some(until) = spared_until(workspace, task, worker.sid, now) {
        tell(Obstacle::SparedUntil(until))?;
    }
    match task.routing_target {
        Some(RoutingTarget::Worker(meant)) if meant != worker.sid => {
            tell(Obstacle::MeantFor(meant))
        }
        Some(RoutingTarget::Worker(_))
            if task.ignore_capacity && !Bug::CapacityAlwaysCounts.is_planted() =>
        {
            ControlFlow::Continue(())
        }
        Some(RoutingTarget::Worker(_)) => busy(workspace, worker, task.channel, &mut tell),
        Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None => {
            busy(workspace, worker, task.channel, &mut tell)?;
            if !worker.roster.serves(task.task_queue_sid) {
                tell(Obstacle::NotInQueue)?;
            }
            match workflow::target_at(workspace, task) {
                Some(target) => unsuited(workspace, target, task, worker, &mut tell),
                None => ControlFlow::Continue(()),
            }
        }
    }
}

/// Does anything keep a Worker from any Task of this channel?
fn busy<'a>(
    workspace: &Workspace,
    worker: &Worker,
    channel: TaskChannelName,
    tell: &mut impl FnMut(Obstacle<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if !workspace.is_available(worker.activity_sid) {
        tell(Obstacle::Activity)?;
    }
    let slots = worker.slots(channel);
    if !slots.available {
        tell(Obstacle::ChannelClosed)?;
    }
    if slots.are_full() {
        tell(Obstacle::ChannelFull(slots))?;
    }
    ControlFlow::Continue(())
}

/// Is a Worker not one whom the step wants?
fn unsuited<'a>(
    workspace: &Workspace,
    target: &'a Target,
    task: &Task,
    worker: &Worker,
    tell: &mut impl FnMut(Obstacle<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if let Some(known) = target
        .known_worker
        .as_ref()
        .filter(|known| !known_worker::said_by(task, known).is(worker))
    {
        tell(Obstacle::NotKnown(known))?;
    }
    let scope = || TargetScope {
        task,
        worker: WorkerScope::new(worker, workspace),
    };
    if let Some(expression) = target
        .expression
        .as_ref()
        .filter(|expression| !expression.matches(&scope()))
    {
        tell(Obstacle::Step(expression))?;
    }
    ControlFlow::Continue(())
}

/// Until when a Worker is spared this very Task because they did not take it a moment ago.
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

/// Clause by clause; a Worker without the attribute comes after all who have it, up or down (taskrouter.md section 9).
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
    let (left, right) = (
        WorkerScope::new(left, workspace),
        WorkerScope::new(right, workspace),
    );
    let compare = |clause: &OrderClause| match (integer(&left, clause), integer(&right, clause)) {
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
    draft.bind_workers();
    let now = draft.now;
    let task = draft.task(sid)?;
    let (round, channel) = (task.rounds + 1, task.channel);
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
    let skips = undecided_skip(draft.workspace, draft.task(sid)?).is_some();
    let task = draft.task_mut(sid)?;
    task.assignment_status = AssignmentStatus::Reserved;
    task.position.skip_decided |= skips;
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
