//! Effects: what follows from a committed write, derived from its old and its new image.
//!
//! The table's stream is the outbox: an Effect is derived from a change that is there, so it cannot
//! be lost and cannot happen without the change. A record is delivered at least once, so every
//! Effect is idempotent.

use serde::{Deserialize, Serialize};

use super::release::{self, Release};
use super::timers;
use crate::model::instruction::Instruction;
use crate::model::{
    AssignmentStatus, ChannelUse, EndReason, IssuedInstruction, Readiness, Reservation,
    ReservationStatus, Task, TaskChannelName, Worker, Workspace,
};
use ids::{CallSid, QueueSid, ReservationSid, TaskSid, WorkerSid};
use planted_bugs::Bug;
use vocabulary::CallbackMethod;

pub use super::timers::{Subject, Timer};

/// An action outside the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Search for Workers for this Task now.
    MatchTask(TaskSid),
    /// Search for Tasks for this Worker now.
    MatchWorker(WorkerSid),
    /// Release the slot that this Worker still holds.
    Release(Release),
    /// Send a timer: the Task or Worker is advanced when it is due.
    Timer(Timer),
    /// Send work to the `callbacks` function.
    Callback(Callback),
    /// Put this TaskChannel to use: list free Workers for it.
    UseChannel(TaskChannelName),
}

/// Work for the `callbacks` function: a request to an application or to the carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// Ask the Workflow's assignment callback for an instruction, and carry it out.
    Assignment {
        /// The Task offered.
        task: TaskSid,
        /// The offer.
        reservation: ReservationSid,
    },
    /// End a call to a Worker or a customer: one that still rings, or one that the Worker hangs up
    /// on their desktop.
    StopWorkerCall {
        /// The leg to end.
        call: CallSid,
        /// The Task that the call was for.
        #[serde(default)]
        task: Option<TaskSid>,
    },
    /// Take a caller whose Task ended while they waited out of the queue, and play the
    /// announcement for it.
    SendCallerOn {
        /// The caller's leg.
        call: CallSid,
        /// The Task that ended.
        task: TaskSid,
    },
    /// Carry out an instruction that was given through the API, as if it were the answer of the
    /// assignment callback.
    Instruct {
        /// The Task.
        task: TaskSid,
        /// Its Reservation.
        reservation: ReservationSid,
        /// The instruction.
        instruction: Instruction,
        /// A random number, different for each request, so that a duplicate message places no
        /// second call.
        request: u64,
        /// `If-Match`: the Task must have one of these versions when the instruction is claimed.
        /// `None`: any version.
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
    /// Forward a notice of the carrier to an application's status callback.
    Relay(Relay),
    /// Ask the carrier whether a call still exists, and end the Task if it does not.
    CheckCaller {
        /// The caller's leg.
        call: CallSid,
        /// Their Task.
        task: TaskSid,
    },
    /// Work whose call has waited for its slot, because calls are paced.
    Paced(Box<Callback>),
    /// Delete the carrier's queue of an ended Task.
    DeleteQueue {
        /// The carrier's queue.
        queue: QueueSid,
    },
}

/// The queue of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackQueue {
    /// Work that a caller, a Worker or an application waits for.
    Callbacks,
    /// Reconciliation, which may wait: the sweep asks for many calls at the same moment.
    Checks,
}

impl Callback {
    /// The queue it is sent to.
    pub fn queue(&self) -> CallbackQueue {
        match self {
            Self::CheckCaller { .. } => CallbackQueue::Checks,
            Self::Paced(paced) => paced.queue(),
            Self::Assignment { .. }
            | Self::StopWorkerCall { .. }
            | Self::SendCallerOn { .. }
            | Self::Instruct { .. }
            | Self::MoveCaller { .. }
            | Self::CallCustomer { .. }
            | Self::Relay(_)
            | Self::DeleteQueue { .. } => CallbackQueue::Callbacks,
        }
    }

    /// The kind of work, for the log. The fields are not logged, because they may contain phone
    /// numbers and passwords.
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
            Self::Paced(_) => "paced",
            Self::DeleteQueue { .. } => "delete_queue",
        }
    }

    /// The Task it names, if there is one.
    pub fn task(&self) -> Option<TaskSid> {
        match self {
            Self::Assignment { task, .. }
            | Self::SendCallerOn { task, .. }
            | Self::Instruct { task, .. }
            | Self::MoveCaller { task, .. }
            | Self::CallCustomer { task, .. }
            | Self::CheckCaller { task, .. } => Some(*task),
            Self::Paced(paced) => paced.task(),
            Self::StopWorkerCall { .. } | Self::Relay(_) | Self::DeleteQueue { .. } => None,
        }
    }
}

/// A notice of the carrier, to be sent to an application's URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// The application's URL.
    pub url: String,
    /// The HTTP method.
    pub method: CallbackMethod,
    /// The carrier's parameters, and those that TaskRouter adds.
    pub parameters: Vec<(String, String)>,
    /// The same token for each attempt to send one notice, so that the receiver can deduplicate.
    pub idempotency_token: String,
    /// The Task of the call, if it is known.
    #[serde(default)]
    pub task: Option<TaskSid>,
}

/// The Effects of a Task's write. Without an old image the Task counts as new.
pub fn of_task(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Effect> {
    let mut effects = Vec::new();
    if needs_match(old, new) {
        effects.extend(unused_channel(workspace, new).map(Effect::UseChannel));
        effects.push(Effect::MatchTask(new.sid));
    }
    if !Bug::SlotGivenBackOnce.is_planted() {
        let released = release::of_task(workspace, old, new);
        effects.extend(released.into_iter().map(Effect::Release));
    }
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
    if !Bug::TimerNotSent.is_planted() {
        effects.extend(task_timer(workspace, old, new).map(Effect::Timer));
    }
    effects
}

/// The Effects of a Worker's write. Without an old image the Worker counts as new.
pub fn of_worker(workspace: &Workspace, old: Option<&Worker>, new: &Worker) -> Vec<Effect> {
    let mut effects = Vec::new();
    if is_freer(workspace, old, new) {
        effects.push(Effect::MatchWorker(new.sid));
    }
    let before = old.and_then(|old| timers::of_worker(workspace, old));
    if let Some(at) = timers::of_worker(workspace, new)
        && before != Some(at)
    {
        effects.push(Effect::Timer(Timer {
            workspace: new.workspace_sid,
            subject: Subject::Worker(new.sid),
            at,
        }));
    }
    effects
}

/// Does a pending Task have to be searched for: is it new, or has anything changed on which a match
/// depends?
fn needs_match(old: Option<&Task>, new: &Task) -> bool {
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
        && old.attributes.as_object() == new.attributes.as_object();
    new.assignment_status == AssignmentStatus::Pending && !same
}

/// The TaskChannel of the Task, if no Worker is listed for it.
fn unused_channel(workspace: &Workspace, task: &Task) -> Option<TaskChannelName> {
    let channel = workspace.task_channels.get(&task.channel)?;
    (channel.usage == ChannelUse::Unused).then_some(task.channel)
}

fn new_offers<'a>(old: Option<&'a Task>, new: &'a Task) -> impl Iterator<Item = &'a Reservation> {
    let known =
        move |offer: &&Reservation| old.and_then(|old| old.reservation(offer.sid)).is_none();
    new.pending_reservations().filter(known)
}

/// Calls to Workers whose Reservation has ended without an answer, and to customers who were dialed
/// for it. The carrier may have ended such a call already; stopping it is idempotent.
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

/// Callers for whom a Worker waits in a conference, and customers who have to be dialed into one.
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
    let call = new.call_sid();
    let is_outbound = new.outbound_to().is_some();
    let awaited = new.pending_reservations().filter(newly);
    awaited.filter_map(move |offer| {
        let task = new.sid;
        let reservation = offer.sid;
        match call {
            Some(call) => Some(Callback::MoveCaller {
                call,
                task,
                reservation,
            }),
            None if is_outbound => Some(Callback::CallCustomer { task, reservation }),
            None => None,
        }
    })
}

/// The caller whose Task was canceled while they still wait.
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
    if !just_canceled || left_by_themselves {
        return None;
    }
    new.call_sid()
}

/// The caller whose Task was offered without success. They may have hung up without a notice: a
/// call that ends before the carrier has read the document that puts it into the queue never leaves
/// the queue, and Workers would be called for a caller who has left.
fn doubtful_caller(old: Option<&Task>, new: &Task) -> Option<CallSid> {
    let was_reserved = old.is_some_and(|old| old.assignment_status == AssignmentStatus::Reserved);
    let in_vain = was_reserved && new.assignment_status == AssignmentStatus::Pending;
    if !in_vain || Bug::LostHangUpNotDetected.is_planted() {
        return None;
    }
    new.call_sid()
}

/// The carrier's queue of a Task that has just ended, or whose queue became known after its end.
fn emptied_queue(old: Option<&Task>, new: &Task) -> Option<QueueSid> {
    let known_before =
        old.is_some_and(|old| old.carrier_queue_sid.is_some() && old.assignment_status.is_end());
    if !new.assignment_status.is_end() || known_before {
        return None;
    }
    new.carrier_queue_sid
}

fn task_timer(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Option<Timer> {
    let before = old.and_then(|old| {
        let after = if waits_the_same(old, new) {
            new.date_updated
        } else {
            old.date_updated
        };
        timers::of_task(workspace, old, after)
    });
    let at = timers::of_task(workspace, new, new.date_updated)?;
    if before == Some(at) {
        return None;
    }
    Some(Timer {
        workspace: new.workspace_sid,
        subject: Subject::Task(new.sid),
        at,
    })
}

/// The old image to compare a Worker's write with, if that write moved the Worker to another ready
/// list (`moved`): none, if only the configuration explains the move. Both images are ready for the
/// same by the present configuration, and the Worker may be ready for more than before it.
pub fn image_before_move<'a>(
    workspace: &Workspace,
    old: Option<&'a Worker>,
    new: &Worker,
    moved: bool,
) -> Option<&'a Worker> {
    old.filter(|old| !moved || old.readiness(workspace) != new.readiness(workspace))
}

/// Does the Task still wait in the same way? Then its earlier timer is on its way, or has sent the
/// next one, so that it has one timer however often it is written.
fn waits_the_same(old: &Task, new: &Task) -> bool {
    old.is_pending()
        && new.is_pending()
        && old.position.step == new.position.step
        && old.position.filter_entered_at == new.position.filter_entered_at
        && old.workflow_version == new.workflow_version
        && old.failed_offers == new.failed_offers
        && old.redial == new.redial
        && old.attributes.as_object() == new.attributes.as_object()
}

/// Could the Worker take a Task now that they could not take before? Everything that a step's
/// expression can ask about a Worker matters, not only the ready list.
fn is_freer(workspace: &Workspace, old: Option<&Worker>, new: &Worker) -> bool {
    let Some(ready) = new.readiness(workspace) else {
        return false;
    };
    let Some(old) = old else { return true };
    if Bug::FreedWorkerNotServed.is_planted() {
        return false;
    }
    let only_opened =
        old.channels != new.channels && old.open_reservations == new.open_reservations;
    if only_opened && Bug::OpenedChannelNotServed.is_planted() {
        return false;
    }
    is_newly_ready(old.readiness(workspace).as_ref(), &ready)
        || old.activity_sid != new.activity_sid
        || old.attributes.as_object() != new.attributes.as_object()
        || old.friendly_name != new.friendly_name
        || old.open_reservations.len() > new.open_reservations.len()
        || !has_same_channel_figures(workspace, old, new)
}

/// Is the Worker ready for a TaskQueue or TaskChannel for which they were not?
///
/// A Worker whose slot was taken is ready for less, in another ready list, and no Task is searched
/// for them. A search that read both lists in the moment of the move may have found the Worker in
/// neither: its Task's second look finds them.
fn is_newly_ready(old: Option<&Readiness>, ready: &Readiness) -> bool {
    let Some(old) = old else { return true };
    let is_new_queue = |queue| !old.queues.queues().contains(queue);
    let is_new_channel = |channel| !old.channels.contains(channel);
    ready.queues.queues().iter().any(is_new_queue) || ready.channels.iter().any(is_new_channel)
}

/// Are the figures of all TaskChannels the same for which an expression can ask?
fn has_same_channel_figures(workspace: &Workspace, old: &Worker, new: &Worker) -> bool {
    workspace.task_channels.keys().all(|channel| {
        old.share(*channel).configured_capacity == new.share(*channel).configured_capacity
            && old.accepted(*channel) == new.accepted(*channel)
    })
}
