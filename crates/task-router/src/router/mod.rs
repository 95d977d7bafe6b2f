//! The engine: all of TaskRouter's rules.
//!
//! [`decide`] takes a [`Snapshot`], a [`Command`] and `now`, and returns a [`Decision`]: the Tasks
//! and Workers to commit, all or nothing. [`effects`] lists what follows from a committed write,
//! and [`timers`] says when a Task or Worker changes by time alone. The stream function, the voice
//! functions, the API and the tests call these three.
//!
//! The engine has no IO, clock, randomness or AWS type. The same arguments give the same answer.

mod activity;
pub mod backfill;
mod command;
mod conference;
mod deadline;
mod decision;
mod draft;
pub mod effects;
mod ending;
pub mod events;
pub mod explain;
pub mod expression;
pub mod known_worker;
mod leaving;
mod limits;
mod match_many;
pub mod matcher_lease;
mod matching;
pub mod order;
pub mod pool;
mod queue_membership;
pub mod release;
mod reservation;
mod round;
pub mod search_continuation;
pub mod shadow;
mod snapshot;
pub mod timers;
pub mod timers_queue;
mod update;
mod worker;
mod worker_counts;
mod workflow;
mod workflow_progress;

pub use activity::{advanced_worker, in_known_activity};
pub use command::{Answer, AttributesChange, Command, Leaving, TaskChanges, WorkerChanges};
pub use decision::{Decision, Outcome, Refusal, WorkersWritten};
pub use limits::{
    ASSIGNED_MAX, CALL_CREATION_LIMIT, ON_HOLD_MAX, REJECTIONS_AT_ONCE_MAX, RESERVATION_ROUNDS_MAX,
    RING_MARGIN,
};
pub use match_many::{Unread, match_many};
pub use queue_membership::{is_eligible, queue_membership_of};
pub use reservation::answer_by;
pub use snapshot::Snapshot;
pub use worker_counts::WorkerCounts;
pub use workflow::{NewTask, NotRoutable, TASK_TIMEOUT_DEFAULT, create_task};

use crate::model::{Removal, Task, Worker, Workspace};
use draft::Draft;
use ids::time::Timestamp;

/// The Decision that follows from `command` as of `now`.
///
/// Never fails and never panics. A Command that makes no sense is [`Outcome::Refused`]. A Command
/// that was handled before is [`Outcome::AlreadySo`]. Neither changes anything.
pub fn decide(snapshot: Snapshot<'_>, command: &Command, now: Timestamp) -> Decision {
    decide_keeping_rest(snapshot, command, now).0
}

/// The same Decision, and the Tasks and Workers of the snapshot that it leaves as they are: for
/// callers that keep them in memory and would otherwise clone them. After a refusal, those that the
/// Command began to change are missing.
pub fn decide_keeping_rest<'a>(
    snapshot: Snapshot<'a>,
    command: &Command,
    now: Timestamp,
) -> (Decision, Snapshot<'a>) {
    let mut draft = Draft::new(snapshot, now);
    if command.worker().is_some() {
        draft.bind_workers();
    }
    let result = match command {
        Command::Advance { task } => matching::advance(&mut draft, *task),
        Command::NoWorkerFound { task } => matching::join_waiting_list(&mut draft, *task),
        Command::WaitingListFull { task } => matching::turn_away(&mut draft, *task),
        Command::ServeWorker { worker } => matching::serve_worker(&mut draft, *worker),
        Command::Answered {
            task,
            reservation,
            answer,
        } => reservation::answer(&mut draft, *task, *reservation, answer),
        Command::InstructionIssued {
            task,
            reservation,
            instruction,
        } => reservation::issue(&mut draft, *task, *reservation, instruction),
        Command::OfferPostponed {
            task,
            reservation,
            until,
        } => reservation::postpone(&mut draft, *task, *reservation, *until),
        Command::WorkerCallNamed {
            task,
            reservation,
            call,
        } => reservation::name_call(&mut draft, *task, *reservation, *call),
        Command::WorkerCallAnswered {
            task,
            reservation,
            call,
        } => reservation::call_answered(&mut draft, *task, *reservation, *call),
        Command::WorkerCallEnded {
            task,
            reservation,
            code,
        } => leaving::worker_call_ended(&mut draft, *task, *reservation, *code),
        Command::WorkerDialed {
            task,
            reservation,
            call,
            post_work_activity,
        } => reservation::dial(&mut draft, *task, *reservation, *call, *post_work_activity),
        Command::ConferenceEntered {
            task,
            reservation,
            conference,
            call,
        } => conference::enter(&mut draft, *task, *reservation, *conference, *call),
        Command::ConferenceJoined { task, reservation } => {
            conference::join(&mut draft, *task, *reservation)
        }
        Command::CustomerCallIssued {
            task,
            reservation,
            claim,
        } => conference::issue_customer(&mut draft, *task, *reservation, *claim),
        Command::CustomerCallNamed {
            task,
            reservation,
            call,
        } => conference::name_customer(&mut draft, *task, *reservation, *call),
        Command::ConferenceLeft {
            task,
            reservation,
            leaving,
        } => leaving::leave(&mut draft, *task, *reservation, *leaving),
        Command::SupervisionIssued {
            task,
            reservation,
            supervision,
        } => conference::supervise(&mut draft, *task, *reservation, *supervision),
        Command::CallerMoved {
            task,
            carrier_queue,
        } => leaving::caller_moved(&mut draft, *task, *carrier_queue),
        Command::CallerNotFound { task, reservation } => {
            leaving::caller_not_found(&mut draft, *task, *reservation)
        }
        Command::CallerGone {
            task,
            reason,
            carrier_queue,
        } => leaving::caller_gone(&mut draft, *task, reason, *carrier_queue),
        Command::StatusSet {
            task,
            status,
            reason,
            attributes,
        } => {
            ending::set_status(&mut draft, *task, *status, reason).and_then(|()| match attributes {
                None => Ok(()),
                Some(_) => {
                    let changes = TaskChanges {
                        attributes: attributes.clone(),
                        ..TaskChanges::default()
                    };
                    update::task(&mut draft, *task, &changes)
                }
            })
        }
        Command::TaskUpdated { task, changes } => update::task(&mut draft, *task, changes),
        Command::TaskDeleted { task } => ending::remove(&mut draft, *task, Removal::Deleted),
        Command::ActivitySet {
            worker,
            activity,
            reject_pending,
        } => worker::set_activity(&mut draft, *worker, *activity, *reject_pending),
        Command::WorkerUpdated { worker, changes } => update::worker(&mut draft, *worker, changes),
        Command::WorkerChannelUpdated {
            worker,
            channel,
            capacity,
            available,
        } => update::worker_channel(&mut draft, *worker, *channel, *capacity, *available),
        Command::Released(released) => release::apply(&mut draft, released),
        Command::AdvanceWorker { worker } => worker::advance(&mut draft, *worker),
    };
    draft.into_decision_and_rest(result)
}

/// Does the Task's step have a `skip_if` that is not decided yet? Then the worker counts of its
/// TaskQueue must be read when no Worker is found ([`Snapshot::with_worker_counts`]).
pub fn may_skip(workspace: &Workspace, task: &Task) -> bool {
    matching::undecided_skip(workspace, task).is_some()
}

/// Is the Task in the pause of a callback? Then no Worker can be found for it.
pub fn is_paused(task: &Task, now: Timestamp) -> bool {
    matching::customer_called_after(task, now).is_some()
}

/// How many Workers a Task is offered to at the same time, if they are the first Workers of the
/// ready lists. `None`: another order decides, or a Worker who serves the TaskQueue may not fit, so
/// many Workers must be compared.
pub fn first_workers_wanted(workspace: &Workspace, task: &Task) -> Option<usize> {
    let fits_all = workflow::target_at(workspace, task)
        .is_none_or(|target| target.expression.is_none() && target.known_worker.is_none());
    (fits_all && task.failed_offers.is_empty() && matching::is_idle_order(workspace, task))
        .then(|| matching::parallel_offers(workspace, task))
}

/// Could this Worker be offered this Task now (taskrouter.md sections 4 and 9)? [`decide`] asks the
/// same question; this function is for callers that compare many Tasks and Workers without a
/// Decision. Allocates nothing.
pub fn may_take(workspace: &Workspace, worker: &Worker, task: &Task, now: Timestamp) -> bool {
    matching::may_take(workspace, worker, task, now)
}

/// The Workers that a Task is offered to now, of these free ones, in the order of the offers
/// (taskrouter.md section 9). `longest_idle_first` is read no further than necessary. For callers
/// that know all free Workers: [`decide`] chooses the same among them.
pub fn best_workers_of<'w>(
    workspace: &Workspace,
    task: &Task,
    longest_idle_first: impl Iterator<Item = &'w Worker>,
    now: Timestamp,
) -> Vec<&'w Worker> {
    matching::best_of(workspace, task, longest_idle_first, now)
}

#[cfg(test)]
mod tests;
