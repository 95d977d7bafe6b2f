//! The day that a recording shows, without its routing decisions: which Tasks came when, how long
//! callers waited, talked and were wrapped up, and when Workers came and went.

use std::collections::BTreeMap;
use std::sync::Arc;

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid, WorkflowSid};
use task_router::model::{
    AssignmentStatus, EndReason, IssuedInstruction, Redial, Reservation, ReservationStatus, Task,
    Worker, Workspace,
};
use task_router::router::{NewTask, TaskChanges};

use crate::check::{WorkerCause, task_changes};
use crate::world::{WaitEnd, ended};

/// The recorded day.
#[derive(Debug, Clone)]
pub struct Day {
    /// The moment of the first write.
    pub begins: Timestamp,
    /// The moment of the last write.
    pub ends: Timestamp,
    /// The first configuration.
    pub workspace: Arc<Workspace>,
    /// The names of Activities, TaskQueues and Workflows over the whole day: the last configuration.
    pub last_workspace: Arc<Workspace>,
    /// The Workers at the beginning.
    pub workers: Vec<Worker>,
    /// The Tasks that were with a Worker at the beginning.
    pub held: Vec<Task>,
    /// When their conversations ended.
    pub(crate) held_until: BTreeMap<TaskSid, Timestamp>,
    /// The Tasks that waited at the beginning, and those that were created, in this order.
    pub tasks: Vec<RecordedTask>,
    /// What came from outside, in the order of time.
    pub(crate) inputs: Vec<Input>,
}

/// Something that came from outside.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub at: Timestamp,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A Task: its index in [`Day::tasks`].
    Arrival(usize),
    /// A request changed a Task.
    TaskUpdated(TaskSid, TaskChanges),
    /// A request set a Worker's Activity.
    Activity(WorkerSid, ActivitySid),
    /// A Worker was created, or has other attributes or capacities.
    Worker(Box<Worker>),
    /// A Worker was deleted.
    WorkerRemoved(WorkerSid),
}

/// A Task of the day, and what became of it.
#[derive(Debug, Clone)]
pub struct RecordedTask {
    /// The Task as its creator described it.
    pub new: NewTask,
    /// Its Workflow.
    pub workflow: WorkflowSid,
    /// When it was created.
    pub created: Timestamp,
    /// Its offers, in order.
    pub offers: Vec<RecordedOffer>,
    /// The Worker that accepted it.
    pub answered: Option<Answered>,
    /// How long the conversation took, if it has ended.
    pub talk: Option<Millis>,
    /// How long the Task was in wrap-up, if it has ended.
    pub wrap_up: Option<Millis>,
    /// How long its Worker stayed in the Activity after the conversation, and the Activity chosen
    /// then. `None`: no request ended it.
    pub after_work: Option<(Millis, ActivitySid)>,
    /// How it ended, and when.
    pub ended: Option<(Timestamp, AssignmentStatus, Option<EndReason>)>,
}

/// A Worker that accepted a Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// When.
    pub at: Timestamp,
    /// The Worker.
    pub worker: WorkerSid,
    /// The Worker's friendly name.
    pub name: String,
}

/// An offer of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedOffer {
    /// The Reservation.
    pub reservation: ReservationSid,
    /// The Worker.
    pub worker: WorkerSid,
    /// When it was created.
    pub at: Timestamp,
    /// What the Worker did.
    pub answer: RecordedAnswer,
    /// The instruction that was carried out, if any.
    pub instruction: Option<IssuedInstruction>,
}

/// What a Worker did with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedAnswer {
    /// Accepted it, so long after the offer.
    Accepted(Millis),
    /// Rejected it, and moved to an Activity.
    Rejected(Millis, Option<ActivitySid>),
    /// The phone rang for so long, or was busy.
    CallFailed(Millis),
    /// Nothing, until the reservation timeout.
    None,
    /// Nothing, until the Task ended, another Worker accepted, or the recording ended.
    Unknown,
}

impl RecordedTask {
    /// How long the caller waited before leaving without a Worker. `None`: the caller did not leave.
    pub fn patience(&self) -> Option<Millis> {
        let (at, status, reason) = self.ended.as_ref()?;
        let has_left = matches!(ended(reason.as_ref()), WaitEnd::Left);
        let is_unanswered = self.answered.is_none() && *status == AssignmentStatus::Canceled;
        (has_left && is_unanswered).then(|| at.since(self.created))
    }
}

/// Collects the day while the recording is checked.
#[derive(Default)]
pub(crate) struct DayBuilder {
    span: Option<(Timestamp, Timestamp)>,
    first: Option<Arc<Workspace>>,
    last: Option<Arc<Workspace>>,
    workers: BTreeMap<WorkerSid, Worker>,
    held: Vec<Task>,
    held_until: BTreeMap<TaskSid, Timestamp>,
    tasks: Vec<RecordedTask>,
    indexes: BTreeMap<TaskSid, usize>,
    inputs: Vec<Input>,
    /// Workers in the Activity after a conversation: its Task, and since when.
    after_work: BTreeMap<WorkerSid, (TaskSid, Timestamp)>,
}

impl DayBuilder {
    pub fn configuration(&mut self, at: Timestamp, workspace: &Arc<Workspace>) {
        self.note(at);
        self.first.get_or_insert_with(|| Arc::clone(workspace));
        self.last = Some(Arc::clone(workspace));
    }

    pub fn known_task(&mut self, at: Timestamp, task: &Task) {
        self.note(at);
        match task.assignment_status {
            AssignmentStatus::Pending | AssignmentStatus::Reserved => {
                self.arrival(at, task);
                self.follow(None, task);
            }
            AssignmentStatus::Assigned | AssignmentStatus::Wrapping => self.held.push(task.clone()),
            AssignmentStatus::Completed | AssignmentStatus::Canceled => {}
        }
    }

    pub fn known_worker(&mut self, at: Timestamp, worker: &Worker) {
        self.note(at);
        self.workers.insert(worker.sid, worker.clone());
    }

    pub fn task(&mut self, at: Timestamp, old: Option<&Task>, new: &Task) {
        self.note(at);
        match old {
            None if new.is_new() => self.arrival(at, new),
            None => {}
            Some(old) if old.is_pending() && new.is_pending() => {
                let changes = task_changes(old, new);
                // The priority of a step is no request.
                let is_request = changes.attributes.is_some()
                    || old.position.step == new.position.step && changes != TaskChanges::default();
                if is_request {
                    self.input(at, What::TaskUpdated(new.sid, changes));
                }
            }
            Some(_) => {}
        }
        self.follow(old, new);
    }

    pub fn worker_added(&mut self, at: Timestamp, worker: &Worker) {
        self.note(at);
        self.input(at, What::Worker(Box::new(worker.clone())));
    }

    pub fn worker_removed(&mut self, at: Timestamp, worker: WorkerSid) {
        self.note(at);
        self.input(at, What::WorkerRemoved(worker));
    }

    pub fn worker(&mut self, at: Timestamp, old: &Worker, new: &Worker, cause: &WorkerCause) {
        self.note(at);
        let has_moved = old.activity_sid != new.activity_sid;
        match cause {
            WorkerCause::Decision { after } => {
                if has_moved {
                    self.after_work.remove(&new.sid);
                }
                let is_conversation = |task: &TaskSid| {
                    let index = self.indexes.get(task);
                    let task = index.and_then(|index| self.tasks.get(*index));
                    task.is_some_and(|task| task.answered.is_some())
                };
                if let Some(task) = after.filter(|task| has_moved && is_conversation(task)) {
                    self.after_work.insert(new.sid, (task, at));
                }
            }
            WorkerCause::Input | WorkerCause::Unknown => {
                if old.attributes != new.attributes || capacity_of(old) != capacity_of(new) {
                    self.input(at, What::Worker(Box::new(new.clone())));
                }
                if has_moved {
                    self.moved(at, new);
                }
            }
        }
    }

    pub fn finish(self) -> Option<Day> {
        let (begins, ends) = self.span?;
        Some(Day {
            begins,
            ends,
            workspace: self.first?,
            last_workspace: self.last?,
            workers: self.workers.into_values().collect(),
            held: self.held,
            held_until: self.held_until,
            tasks: self.tasks,
            inputs: self.inputs,
        })
    }

    /// A request has moved the Worker to another Activity: the end of the work after a
    /// conversation, or the begin or end of a shift or break.
    fn moved(&mut self, at: Timestamp, new: &Worker) {
        let after = self.after_work.remove(&new.sid);
        let index = after.and_then(|(task, since)| Some((*self.indexes.get(&task)?, since)));
        if let Some((index, since)) = index
            && let Some(task) = self.tasks.get_mut(index)
        {
            task.after_work = Some((at.since(since), new.activity_sid));
        } else {
            self.input(at, What::Activity(new.sid, new.activity_sid));
        }
    }

    fn arrival(&mut self, at: Timestamp, task: &Task) {
        let index = self.tasks.len();
        self.indexes.insert(task.sid, index);
        self.tasks.push(RecordedTask {
            new: NewTask {
                sid: task.sid,
                attributes: task.attributes.clone(),
                channel: task.channel,
                priority: self.own_priority(task),
                timeout: task.timeout,
                virtual_start_time: Some(task.virtual_start_time),
                routing_target: task.routing_target,
                task_queue: None,
                ignore_capacity: task.ignore_capacity,
                redial: task
                    .redial
                    .as_ref()
                    .map(|redial| Redial::new(redial.attempts, redial.pause)),
            },
            workflow: task.workflow_sid,
            created: task.date_created,
            offers: Vec::new(),
            answered: None,
            talk: None,
            wrap_up: None,
            after_work: None,
            ended: None,
        });
        self.input(at, What::Arrival(index));
    }

    /// The priority that the Task was created with. A step that sets a priority hides it; then it
    /// was most likely the default.
    fn own_priority(&self, task: &Task) -> u32 {
        let workspace = self.last.as_ref();
        let configuration = workspace.and_then(|it| it.configuration_of(task));
        let sets_priority = configuration.is_some_and(|it| {
            it.targets()
                .any(|target| target.priority == Some(task.priority))
        });
        if sets_priority { 0 } else { task.priority }
    }

    fn follow(&mut self, old: Option<&Task>, new: &Task) {
        let at = new.date_updated;
        let Some(recorded) = self
            .indexes
            .get(&new.sid)
            .and_then(|index| self.tasks.get_mut(*index))
        else {
            if new.assignment_status != AssignmentStatus::Assigned {
                self.held_until.entry(new.sid).or_insert(at);
            }
            return;
        };
        for reservation in new.reservations_changed_since(old) {
            recorded.follow(reservation, new.assignment_status);
        }
        for reservation in &new.reservations {
            if let Some(offer) = recorded.offer_mut(reservation.sid)
                && offer.instruction.is_none()
            {
                offer.instruction.clone_from(&reservation.instruction);
            }
        }
        let held = new.reservations.iter().find(|it| {
            matches!(
                it.status,
                ReservationStatus::Wrapping | ReservationStatus::Completed
            )
        });
        let before = old.map(|old| old.assignment_status);
        let status = new.assignment_status;
        if before == Some(AssignmentStatus::Assigned) && status != AssignmentStatus::Assigned {
            let since = recorded.answered.as_ref().map(|answered| answered.at);
            recorded.talk = since.map(|since| at.since(since));
        }
        if before == Some(AssignmentStatus::Wrapping) && status == AssignmentStatus::Completed {
            let since = old.and_then(|old| old.held_reservation());
            recorded.wrap_up = since
                .or(held)
                .map(|reservation| at.since(reservation.date_updated));
        }
        if status.is_end() && recorded.ended.is_none() {
            recorded.ended = Some((at, status, new.reason.clone()));
        }
    }

    fn input(&mut self, at: Timestamp, what: What) {
        self.inputs.push(Input { at, what });
    }

    fn note(&mut self, at: Timestamp) {
        let (begins, ends) = self.span.unwrap_or((at, at));
        self.span = Some((begins.min(at), ends.max(at)));
    }
}

impl RecordedTask {
    fn offer_mut(&mut self, reservation: ReservationSid) -> Option<&mut RecordedOffer> {
        self.offers
            .iter_mut()
            .find(|offer| offer.reservation == reservation)
    }

    fn follow(&mut self, reservation: &Reservation, task: AssignmentStatus) {
        if self.offer_mut(reservation.sid).is_none() {
            self.offers.push(RecordedOffer {
                reservation: reservation.sid,
                worker: reservation.worker_sid,
                at: reservation.date_created,
                answer: RecordedAnswer::Unknown,
                instruction: None,
            });
        }
        let at = reservation.date_updated;
        let after = at.since(reservation.date_created);
        let answer = match reservation.status {
            ReservationStatus::Accepted => RecordedAnswer::Accepted(after),
            ReservationStatus::Rejected => {
                RecordedAnswer::Rejected(after, reservation.rejected_into)
            }
            ReservationStatus::Canceled if !task.is_end() => RecordedAnswer::CallFailed(after),
            ReservationStatus::Timeout => RecordedAnswer::None,
            ReservationStatus::Pending
            | ReservationStatus::Canceled
            | ReservationStatus::Rescinded => RecordedAnswer::Unknown,
            ReservationStatus::Wrapping | ReservationStatus::Completed => return,
        };
        if let RecordedAnswer::Accepted(_) = answer {
            self.answered = Some(Answered {
                at,
                worker: reservation.worker_sid,
                name: reservation.worker_name.clone(),
            });
        }
        if let Some(offer) = self.offer_mut(reservation.sid) {
            offer.answer = answer;
        }
    }
}

/// Capacity and availability by TaskChannel.
fn capacity_of(worker: &Worker) -> Vec<(String, u16, bool)> {
    let shares = worker.channels.iter();
    shares
        .map(|share| {
            let channel = share.channel.to_string();
            (channel, share.configured_capacity, share.available)
        })
        .collect()
}
