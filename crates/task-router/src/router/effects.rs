//! What follows from a write that has happened, read off the old and the new image.
//!
//! The table's stream is the outbox: an effect is derived from a change that is there, so it cannot be lost and cannot
//! happen without the change. Records come at least once; every effect is harmless when it comes again.

use serde::{Deserialize, Serialize};

use super::backfill::Backfill;
use super::release::{self, Release};
use super::search_continuation::SearchContinuation;
use super::timers;
use crate::model::instruction::Instruction;
use crate::model::{
    AssignmentStatus, EndReason, IssuedInstruction, Reservation, ReservationStatus, Task, Worker,
    Workspace,
};
use ids::time::Timestamp;
use ids::{CallSid, QueueSid, ReservationSid, TaskSid, WorkerSid, WorkspaceSid};
use planted_bugs::Bug;
use vocabulary::CallbackMethod;

/// Something to be done outside the core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Look for a Worker for this Task now.
    MatchTask(TaskSid),
    /// Look for a Task for this Worker now.
    MatchWorker(WorkerSid),
    /// Give this Worker back what they still hold.
    Release(Release),
    /// Look again at that moment.
    Timer(Timer),
    /// Something for the `callbacks` function.
    Callback(Callback),
}

/// A timer: the message that comes back to `routing` at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Where it is.
    pub workspace: WorkspaceSid,
    /// What to look at.
    pub subject: Subject,
    /// When.
    pub at: Timestamp,
}

/// What a timer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A Task's deadlines.
    Task(TaskSid),
    /// A Worker's wrap-up.
    Worker(WorkerSid),
    /// Everybody who waits by configuration that has changed.
    All(Backfill),
    /// The rest of a search that found nobody yet.
    Rest(SearchContinuation),
}

/// Work for the `callbacks` function: a request to somebody else's server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// Ask the Workflow's assignment callback what to do, and do it.
    Assignment {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
    },
    /// Stop ringing a Worker.
    StopWorkerCall {
        /// The Worker's leg.
        call: CallSid,
        /// The Task it was for.
        #[serde(default)]
        task: Option<TaskSid>,
    },
    /// Take a caller out of the queue whose Task ended while they waited, and tell them.
    SendCallerOn {
        /// The caller's leg.
        call: CallSid,
        /// The Task that ended.
        task: TaskSid,
    },
    /// Carry out an instruction somebody gave through the API, as if the assignment callback had answered it.
    Instruct {
        /// The Task.
        task: TaskSid,
        /// Its Reservation.
        reservation: ReservationSid,
        /// What shall be done.
        instruction: Instruction,
        /// A number of its own for each request, so that a message that comes twice calls nobody twice.
        request: u64,
        /// The versions of which the Task has to have one when the instruction is claimed, `If-Match`; `None`: any will do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_versions: Option<Vec<u64>>,
    },
    /// Move a caller from the queue into the conference where the Worker waits.
    MoveCaller {
        /// The caller's leg.
        call: CallSid,
        /// Their Task.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
    },
    /// Dial the customer, `outbound_to`, into the conference where the Worker is.
    CallCustomer {
        /// Their Task.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
    },
    /// Tell somebody's status callback what the carrier told us.
    Relay(Relay),
    /// Ask the carrier whether a caller is still there, and end the Task if not.
    CheckCaller {
        /// The caller's leg.
        call: CallSid,
        /// Their Task.
        task: TaskSid,
    },
    /// Delete the carrier's queue of an ended Task.
    DeleteQueue {
        /// The carrier's queue.
        queue: QueueSid,
    },
}

impl Callback {
    /// What kind of work it is, for the log: what it carries may have phone numbers and passwords in it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Assignment { .. } => "assignment",
            Self::StopWorkerCall { .. } => "stop_worker_call",
            Self::SendCallerOn { .. } => "send_caller_on",
            Self::Instruct { .. } => "instruct",
            Self::MoveCaller { .. } => "move_caller",
            Self::CallCustomer { .. } => "call_customer",
            Self::Relay(_) => "relay",
            Self::CheckCaller { .. } => "check_caller",
            Self::DeleteQueue { .. } => "delete_queue",
        }
    }

    /// The Task it is about, if it names one.
    pub fn task(&self) -> Option<TaskSid> {
        match self {
            Self::Assignment { task, .. }
            | Self::SendCallerOn { task, .. }
            | Self::Instruct { task, .. }
            | Self::MoveCaller { task, .. }
            | Self::CallCustomer { task, .. }
            | Self::CheckCaller { task, .. } => Some(*task),
            Self::StopWorkerCall { .. } | Self::Relay(_) | Self::DeleteQueue { .. } => None,
        }
    }
}

/// A notice of the carrier for somebody else's URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// Where it goes.
    pub url: String,
    /// How.
    pub method: CallbackMethod,
    /// What it says: the carrier's parameters, and what TaskRouter adds.
    pub parameters: Vec<(String, String)>,
    /// The same for one notice, however often it is sent.
    pub idempotency_token: String,
    /// The Task it is about.
    #[serde(default)]
    pub task: Option<TaskSid>,
}

/// What follows from a Task's write.
pub fn of_task(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Effect> {
    let mut effects = Vec::new();
    if waits_anew(old, new) {
        effects.push(Effect::MatchTask(new.sid));
    }
    let released = release::of_task(workspace, old, new)
        .into_iter()
        .filter(|_| !Bug::SlotGivenBackOnce.is_planted());
    effects.extend(released.map(Effect::Release));
    effects.extend(new_offers(old, new).map(|offer| {
        Effect::Callback(Callback::Assignment {
            task: new.sid,
            reservation: offer.sid,
        })
    }));
    effects.extend(stopped_calls(old, new).map(|call| {
        Effect::Callback(Callback::StopWorkerCall {
            call,
            task: Some(new.sid),
        })
    }));
    effects.extend(stranded_caller(old, new).map(|call| {
        Effect::Callback(Callback::SendCallerOn {
            call,
            task: new.sid,
        })
    }));
    effects.extend(doubtful_caller(old, new).map(|call| {
        Effect::Callback(Callback::CheckCaller {
            call,
            task: new.sid,
        })
    }));
    effects.extend(awaited_callers(old, new).map(Effect::Callback));
    effects.extend(
        emptied_queue(old, new).map(|queue| Effect::Callback(Callback::DeleteQueue { queue })),
    );
    effects.extend(
        task_timer(workspace, old, new)
            .map(Effect::Timer)
            .filter(|_| !Bug::TimerNotSent.is_planted()),
    );
    effects
}

/// What follows from a Worker's write.
pub fn of_worker(workspace: &Workspace, old: Option<&Worker>, new: &Worker) -> Vec<Effect> {
    let mut effects = Vec::new();
    if is_freer(workspace, old, new) {
        effects.push(Effect::MatchWorker(new.sid));
    }
    let at = timers::of_worker(workspace, new);
    if let Some(at) = at.filter(|_| at != old.and_then(|old| timers::of_worker(workspace, old))) {
        effects.push(Effect::Timer(Timer {
            workspace: new.workspace_sid,
            subject: Subject::Worker(new.sid),
            at,
        }));
    }
    effects
}

fn waits_anew(old: Option<&Task>, new: &Task) -> bool {
    let Some(old) = old else {
        return new.assignment_status == AssignmentStatus::Pending;
    };
    let same = old.is_in_waiting_list() == new.is_in_waiting_list()
        && old.assignment_status == new.assignment_status
        && old.workflow_version == new.workflow_version
        && old.position.step == new.position.step
        && old.channel == new.channel
        && old.filed == new.filed
        && old.priority == new.priority
        && old.attributes == new.attributes;
    new.assignment_status == AssignmentStatus::Pending && !same
}

fn new_offers<'a>(old: Option<&'a Task>, new: &'a Task) -> impl Iterator<Item = &'a Reservation> {
    let known =
        move |offer: &&Reservation| old.and_then(|old| old.reservation(offer.sid)).is_none();
    new.pending_reservations().filter(known)
}

/// Calls to Workers whose Reservation has ended without an answer, and to customers who were dialed for it. The carrier may
/// have ended one itself; stopping it again is harmless.
fn stopped_calls<'a>(old: Option<&'a Task>, new: &'a Task) -> impl Iterator<Item = CallSid> + 'a {
    let was_pending = move |ended: &&Reservation| {
        let before = old.and_then(|old| old.reservation(ended.sid));
        before.is_some_and(|before| before.status == ReservationStatus::Pending)
            && !ended.status.is_open()
    };
    let ended = new.reservations.iter().filter(was_pending);
    let issued = ended.filter_map(|ended| ended.instruction.as_ref());
    issued.flat_map(|issued| {
        [issued.worker_call_sid, issued.customer_call_sid()]
            .into_iter()
            .flatten()
    })
}

/// Callers for whom a Worker waits in a conference, and customers who are to be dialed into one.
fn awaited_callers<'a>(
    old: Option<&'a Task>,
    new: &'a Task,
) -> impl Iterator<Item = Callback> + 'a {
    fn entered(offer: &Reservation) -> bool {
        let conference = offer
            .instruction
            .as_ref()
            .and_then(IssuedInstruction::conference);
        conference.is_some_and(|conference| conference.sid.is_some())
    }
    let newly = move |offer: &&Reservation| {
        entered(offer)
            && !old
                .and_then(|old| old.reservation(offer.sid))
                .is_some_and(entered)
    };
    let (call, dialed) = (new.call_sid(), new.outbound_to().is_some());
    let awaited = new.pending_reservations().filter(newly);
    awaited.filter_map(move |offer| {
        let (task, reservation) = (new.sid, offer.sid);
        let move_caller = call.map(|call| Callback::MoveCaller {
            call,
            task,
            reservation,
        });
        move_caller.or_else(|| dialed.then_some(Callback::CallCustomer { task, reservation }))
    })
}

/// The caller whose Task was canceled by something else than their leaving.
fn stranded_caller(old: Option<&Task>, new: &Task) -> Option<CallSid> {
    let waited = |old: &Task| {
        matches!(
            old.assignment_status,
            AssignmentStatus::Pending | AssignmentStatus::Reserved
        )
    };
    let just_canceled =
        new.assignment_status == AssignmentStatus::Canceled && old.is_some_and(waited);
    let left_by_themselves = matches!(new.reason, Some(EndReason::Hangup | EndReason::LeftQueue));
    (just_canceled && !left_by_themselves)
        .then(|| new.call_sid())
        .flatten()
}

/// The caller whose Task was offered in vain. They may have hung up unheard: a call that ends before the carrier has read the
/// document that puts it into the queue never leaves the queue, and Workers would be rung for nobody.
fn doubtful_caller(old: Option<&Task>, new: &Task) -> Option<CallSid> {
    let was_reserved = old.is_some_and(|old| old.assignment_status == AssignmentStatus::Reserved);
    let in_vain = was_reserved && new.assignment_status == AssignmentStatus::Pending;
    new.call_sid()
        .filter(|_| in_vain && !Bug::CallerNotAskedAfter.is_planted())
}

fn emptied_queue(old: Option<&Task>, new: &Task) -> Option<QueueSid> {
    let known_before =
        old.is_some_and(|old| old.carrier_queue_sid.is_some() && old.assignment_status.is_end());
    new.carrier_queue_sid
        .filter(|_| new.assignment_status.is_end() && !known_before)
}

fn task_timer(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Option<Timer> {
    let moment = |task: &Task| timers::of_task(workspace, task, task.date_updated);
    let at = moment(new).filter(|at| old.and_then(moment) != Some(*at))?;
    Some(Timer {
        workspace: new.workspace_sid,
        subject: Subject::Task(new.sid),
        at,
    })
}

/// Everything a step's expression can ask about a Worker counts, not only where they wait.
fn is_freer(workspace: &Workspace, old: Option<&Worker>, new: &Worker) -> bool {
    let Some(ready) = new.readiness(workspace) else {
        return false;
    };
    let Some(old) = old else { return true };
    let figures_are_same = || {
        let figures = |worker: &Worker, channel| {
            (
                worker.share(channel).configured_capacity,
                worker.accepted(channel),
            )
        };
        workspace
            .task_channels
            .keys()
            .all(|channel| figures(old, *channel) == figures(new, *channel))
    };
    let only_opened =
        || old.channels != new.channels && old.open_reservations == new.open_reservations;
    let same = Bug::FreedWorkerNotServed.is_planted()
        || Bug::OpenedChannelNotServed.is_planted() && only_opened()
        || old.readiness(workspace) == Some(ready)
            && old.activity_sid == new.activity_sid
            && old.attributes == new.attributes
            && old.friendly_name == new.friendly_name
            && old.open_reservations.len() <= new.open_reservations.len()
            && figures_are_same();
    !same
}
