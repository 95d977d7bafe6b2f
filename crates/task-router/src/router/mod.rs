//! The routing core: all of TaskRouter's semantics, once, and nothing else.
//!
//! [`decide`] takes a [`Snapshot`], an [`Command`] and `now`, and gives back a [`Decision`]: the Tasks and Workers as they
//! should be, to be written together or not at all. [`effects`] says what follows from a write that has happened, and
//! [`wake`] when something will happen by itself. The stream function, the voice functions, the API and the tests all
//! call these three.
//!
//! What is absent: IO, clocks, randomness, AWS. The same arguments give the same answer.

pub mod backfill;
pub mod board;
mod command;
mod conference;
mod deadline;
mod decision;
pub mod effects;
mod ending;
pub mod events;
pub mod explain;
pub mod expression;
pub mod known_worker;
mod matching;
pub mod order;
mod queue_membership;
pub mod release;
mod reservation;
pub mod search_continuation;
mod snapshot;
pub mod timers;
mod update;
mod worker;
mod worker_counts;
mod workflow;

pub use command::{Answer, AttributesChange, Command, Leaving, TaskChanges, WorkerChanges};
pub use decision::{Decision, Outcome, Refusal, WorkersWritten};
pub use queue_membership::queue_membership_of;
pub use snapshot::Snapshot;
pub use worker::{advanced_worker, in_known_activity};
pub use worker_counts::WorkerCounts;
pub use workflow::{NewTask, NotRoutable, TASK_TIMEOUT_DEFAULT, create_task};

use crate::model::{Removal, Task, Worker, Workspace};
use decision::Draft;
use ids::time::{Millis, Timestamp};

/// Rounds of Reservations a Task gets before it is canceled (taskrouter.md section 14).
pub const RESERVATION_ROUNDS_MAX: u32 = 1_000;

/// Reservations rejected together with their Worker's Activity: a write holds 100 items, and the Worker and a change of their
/// name take three.
pub const REJECTIONS_AT_ONCE_MAX: usize = 97;

/// How long a Task may be assigned; then it is removed (taskrouter.md section 14).
pub const ASSIGNED_MAX: Millis = Millis::from_secs(86_400);

/// How long the carrier may take to name the call to a Worker, from the moment the instruction was issued: its own 15 s
/// limit for a request, and once more for a retry.
pub const CALL_CREATION_LIMIT: Millis = Millis::from_secs(30);

/// How long after the last possible ring the Worker and the caller may take to be connected, or the carrier to say that
/// they were not: a greeting, a caller who is still being told to wait, a notice that is repeated. Then the call counts
/// as failed.
pub const RING_MARGIN: Millis = Millis::from_secs(30);

/// How long a Worker who was called by `call` may listen to somebody's TwiML before it asks for the caller: "possibly minutes"
/// (taskrouter.md section 6, "On hold"). The end of their call ends the offer at once; this is for an end nobody told of.
pub const ON_HOLD_MAX: Millis = Millis::from_secs(900);

/// What should change because of `event`, as of `now`.
///
/// Never fails and never panics: an event that makes no sense is [`Outcome::Refused`], one that was handled before is
/// [`Outcome::AlreadySo`], and neither changes anything.
pub fn decide(snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
    let mut draft = Draft::new(snapshot, now);
    if event.worker().is_some() {
        draft.bind_workers();
    }
    let outcome = match event {
        Command::Advance { task } => matching::advance(&mut draft, *task),
        Command::NoWorkerFound { task } => matching::join_waiting_list(&mut draft, *task),
        Command::WaitingListFull { task } => matching::turn_away(&mut draft, *task),
        Command::ServeWorker { worker } => matching::serve(&mut draft, *worker),
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
        } => ending::worker_call_ended(&mut draft, *task, *reservation, *code),
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
            who,
        } => conference::leave(&mut draft, *task, *reservation, *who),
        Command::SupervisionIssued {
            task,
            reservation,
            supervision,
        } => conference::supervise(&mut draft, *task, *reservation, *supervision),
        Command::CallerMoved {
            task,
            carrier_queue,
        } => conference::caller_moved(&mut draft, *task, *carrier_queue),
        Command::CallerNotFound { task, reservation } => {
            ending::caller_not_found(&mut draft, *task, *reservation)
        }
        Command::CallerGone {
            task,
            reason,
            carrier_queue,
        } => ending::caller_gone(&mut draft, *task, reason, *carrier_queue),
        Command::StatusSet {
            task,
            status,
            reason,
        } => ending::set_status(&mut draft, *task, *status, reason),
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
        Command::Released(released) => release::give_back(&mut draft, released),
        Command::AdvanceWorker { worker } => worker::advance(&mut draft, *worker),
    };
    draft.decide(outcome)
}

/// Is there a `skip_if` still to be decided in the step this Task is in? Then the Workers of its queue must be counted when
/// nobody is found for it ([`Snapshot::with_presence`]).
pub fn may_skip(workspace: &Workspace, task: &Task) -> bool {
    matching::undecided_skip(workspace, task).is_some()
}

/// Could this Worker be offered this Task now (taskrouter.md sections 4 and 9)? The same question [`decide`] asks, for who has to
/// know of many without deciding anything. Allocates nothing.
pub fn may_take(workspace: &Workspace, worker: &Worker, task: &Task, now: Timestamp) -> bool {
    matching::may_take(workspace, worker, task, now)
}

#[cfg(test)]
mod tests;
