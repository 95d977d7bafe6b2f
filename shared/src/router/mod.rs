//! The routing core: all of TaskRouter's semantics, once, and nothing else.
//!
//! [`decide`] takes a [`Snapshot`], an [`Event`] and `now`, and gives back a [`Decision`]: the Tasks and Workers as they
//! should be, to be written together or not at all. [`effects`] says what follows from a write that has happened, and
//! [`wake`] when something will happen by itself. The stream function, the voice functions, the API and the tests all
//! call these three.
//!
//! What is absent: IO, clocks, randomness, AWS. The same arguments give the same answer.

pub mod board;
mod conference;
mod deadline;
mod decision;
pub mod effects;
mod ending;
mod event;
pub mod events;
pub mod explain;
pub mod expression;
pub mod known_worker;
mod matching;
mod offer;
pub mod order;
mod presence;
pub mod release;
mod roster;
pub mod search;
mod snapshot;
mod update;
pub mod wake;
pub mod walk;
mod worker;
mod workflow;

pub use decision::{Decision, Outcome, Refusal, WorkersWritten};
pub use event::{Answer, AttributesChange, Event, Leaving, TaskChanges, WorkerChanges};
pub use presence::Presence;
pub use roster::roster_of;
pub use snapshot::Snapshot;
pub use worker::{advanced_worker, in_known_activity};
pub use workflow::{NewTask, NotRoutable, TASK_TIMEOUT_DEFAULT, create_task};

use crate::model::{Millis, Removal, Task, Timestamp, Worker, Workspace};
use decision::Draft;

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
pub fn decide(snapshot: Snapshot<'_>, event: &Event, now: Timestamp) -> Decision {
    let mut draft = Draft::new(snapshot, now);
    if event.worker().is_some() {
        draft.bind_workers();
    }
    let outcome = match event {
        Event::Advance { task } => matching::advance(&mut draft, *task),
        Event::NobodyFound { task } => matching::stand_in_line(&mut draft, *task),
        Event::LineFull { task } => matching::turn_away(&mut draft, *task),
        Event::ServeWorker { worker } => matching::serve(&mut draft, *worker),
        Event::Answered { task, reservation, answer } => offer::answer(&mut draft, *task, *reservation, answer),
        Event::InstructionIssued { task, reservation, instruction } => {
            offer::issue(&mut draft, *task, *reservation, instruction)
        }
        Event::WorkerCallNamed { task, reservation, call } => offer::name_call(&mut draft, *task, *reservation, *call),
        Event::WorkerCallAnswered { task, reservation, call } => {
            offer::call_answered(&mut draft, *task, *reservation, *call)
        }
        Event::WorkerCallEnded { task, reservation, code } => {
            ending::worker_call_ended(&mut draft, *task, *reservation, *code)
        }
        Event::WorkerDialed { task, reservation, call, post_work_activity } => {
            offer::dial(&mut draft, *task, *reservation, *call, *post_work_activity)
        }
        Event::ConferenceEntered { task, reservation, conference, call } => {
            conference::enter(&mut draft, *task, *reservation, *conference, *call)
        }
        Event::ConferenceJoined { task, reservation } => conference::join(&mut draft, *task, *reservation),
        Event::CustomerCallIssued { task, reservation, claim } => {
            conference::issue_customer(&mut draft, *task, *reservation, *claim)
        }
        Event::CustomerCallNamed { task, reservation, call } => {
            conference::name_customer(&mut draft, *task, *reservation, *call)
        }
        Event::ConferenceLeft { task, reservation, who } => conference::leave(&mut draft, *task, *reservation, *who),
        Event::SupervisionIssued { task, reservation, supervision } => {
            conference::supervise(&mut draft, *task, *reservation, *supervision)
        }
        Event::CallerMoved { task, carrier_queue } => conference::caller_moved(&mut draft, *task, *carrier_queue),
        Event::CallerNotFound { task, reservation } => ending::caller_not_found(&mut draft, *task, *reservation),
        Event::CallerGone { task, reason, carrier_queue } => {
            ending::caller_gone(&mut draft, *task, reason, *carrier_queue)
        }
        Event::StatusSet { task, status, reason } => ending::set_status(&mut draft, *task, *status, reason),
        Event::TaskUpdated { task, changes } => update::task(&mut draft, *task, changes),
        Event::TaskDeleted { task } => ending::remove(&mut draft, *task, Removal::Deleted),
        Event::ActivitySet { worker, activity, reject_pending } => {
            worker::set_activity(&mut draft, *worker, *activity, *reject_pending)
        }
        Event::WorkerUpdated { worker, changes } => update::worker(&mut draft, *worker, changes),
        Event::WorkerChannelUpdated { worker, channel, capacity, available } => {
            update::worker_channel(&mut draft, *worker, *channel, *capacity, *available)
        }
        Event::Released(released) => release::give_back(&mut draft, released),
        Event::AdvanceWorker { worker } => worker::advance(&mut draft, *worker),
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
