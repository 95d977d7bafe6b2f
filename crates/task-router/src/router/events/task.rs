//! The Events of a Task's write, in the order of taskrouter.md section 12.4.

use std::collections::BTreeMap;

use super::cursor::Cause;
use super::event::{Event, Notifications, events_of};
use super::groups;
use super::parameter::Parameters;
use crate::model::{
    AssignmentStatus, EndReason, EventType, Removal, Reservation, ReservationStatus, Step, Task,
    Worker, Workspace,
};
use crate::router::workflow::step_deadline;
use ids::WorkerSid;

/// The Workers of a Task's Reservations, as far as they are known: a Task's image has only their
/// names.
pub type Workers = BTreeMap<WorkerSid, Worker>;

/// The answers to a Reservation, in the order of their Events: the acceptance comes before the
/// Reservations that end because of it.
const ANSWERS: [ReservationStatus; 5] = [
    ReservationStatus::Accepted,
    ReservationStatus::Rejected,
    ReservationStatus::Timeout,
    ReservationStatus::Canceled,
    ReservationStatus::Rescinded,
];

/// The statuses that follow an acceptance.
const AFTER_ACCEPTANCE: [ReservationStatus; 2] =
    [ReservationStatus::Wrapping, ReservationStatus::Completed];

/// The Events of a Task's write. A step that was entered and left within one write has no Event.
///
/// A new Task is always written a second time, usually within milliseconds: it is offered, added to
/// its waiting list, or ends. The Events of its creation are published with that second write, so
/// that both are one item of the table. They still carry the moment of the creation.
pub fn of_task(
    workspace: &Workspace,
    workers: &Workers,
    old: Option<&Task>,
    new: &Task,
) -> Vec<Event> {
    let Some(old) = old else { return Vec::new() };
    let mut creation = Publisher {
        workspace,
        workers,
        task: old,
        notifications: Vec::new(),
    };
    if old.is_new() {
        creation.add_creation();
    }
    let of_creation = creation.notifications.len();
    let mut publisher = Publisher {
        task: new,
        ..creation
    };
    publisher.add_changes(old);
    let about = new.sid.to_string();
    let cause = Cause {
        about: &about,
        version: new.version,
        at: new.date_updated,
    };
    let mut events = events_of(workspace.sid, cause, publisher.notifications);
    if old.date_updated != new.date_updated {
        for event in events.iter_mut().take(of_creation) {
            event.earlier = Some(old.date_updated);
        }
    }
    events
}

/// The Workers that the Events of this write are about: those whose Reservations are new or have
/// another status.
pub fn workers_of_events<'t>(
    old: Option<&'t Task>,
    new: &'t Task,
) -> impl Iterator<Item = WorkerSid> + 't {
    new.reservations_changed_since(old)
        .map(|reservation| reservation.worker_sid)
}

/// Collects the Events of one write.
struct Publisher<'a> {
    workspace: &'a Workspace,
    workers: &'a Workers,
    task: &'a Task,
    notifications: Notifications,
}

impl Publisher<'_> {
    fn add_creation(&mut self) {
        let is_direct = self.task.position.step == Step::Direct;
        if !is_direct {
            self.add(EventType::WorkflowEntered);
        }
        self.add(EventType::TaskQueueEntered);
        self.add(EventType::TaskCreated);
        if !is_direct {
            self.add_step();
        }
    }

    fn add_changes(&mut self, old: &Task) {
        self.add_reservations(old, &ANSWERS);
        if let (None, Some(removal)) = (old.removal, self.task.removal) {
            return self.add(match removal {
                Removal::Deleted => EventType::TaskDeleted,
                Removal::SystemDeleted => EventType::TaskSystemDeleted,
            });
        }
        self.add_steps(old);
        self.add_new_reservations(old);
        if old.assignment_status != self.task.assignment_status {
            self.add_status();
        }
        self.add_reservations(old, &AFTER_ACCEPTANCE);
        if self.is_updated(old) {
            self.add(EventType::TaskUpdated);
        }
    }

    /// The Events of a move from one step to another. A re-evaluated Task has not left its
    /// Workflow, so it does not enter it again (section 13, "tasks_entered").
    fn add_steps(&mut self, old: &Task) {
        let before = &old.position;
        let after = &self.task.position;
        let restarted = old.workflow_version != self.task.workflow_version;
        let moved =
            before.step != after.step || before.filter_entered_at != after.filter_entered_at;
        if self.task.assignment_status.is_end() || !(restarted || moved) {
            return;
        }
        let timed_out = step_deadline(self.workspace, old)
            .is_some_and(|deadline| deadline <= self.task.date_updated);
        let enters_queue = old.task_queue_sid != self.task.task_queue_sid;
        if timed_out && !restarted {
            self.add_queue_left(EventType::TaskQueueTimeout, old);
        }
        if enters_queue {
            self.add_queue_left(EventType::TaskQueueMoved, old);
        }
        if enters_queue {
            self.add(EventType::TaskQueueEntered);
        }
        if after.step != Step::Direct {
            self.add_step();
        }
    }

    fn add_status(&mut self) {
        match self.task.assignment_status {
            AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned => {
            }
            AssignmentStatus::Wrapping => self.add(EventType::TaskWrapup),
            AssignmentStatus::Completed => self.add(EventType::TaskCompleted),
            AssignmentStatus::Canceled => {
                match self.task.reason {
                    Some(EndReason::WorkflowTimeout) => self.add(EventType::WorkflowTimeout),
                    Some(EndReason::WorkflowSkipped) => self.add(EventType::WorkflowSkipped),
                    Some(_) | None => {}
                }
                self.add(EventType::TaskCanceled);
            }
        }
    }

    /// Has an update changed the Task? Completing it counts, too (section 12.4, "Happy path"). The
    /// priority that a step sets does not count.
    fn is_updated(&self, old: &Task) -> bool {
        let new = self.task;
        let completed = new.assignment_status == AssignmentStatus::Completed;
        (completed && old.assignment_status != new.assignment_status)
            || old.attributes != new.attributes
            || old.channel != new.channel
            || old.virtual_start_time != new.virtual_start_time
            || (old.priority != new.priority && old.position.step == new.position.step)
    }

    /// The Events of Reservations whose new status is one of `statuses`, in that order.
    fn add_reservations(&mut self, old: &Task, statuses: &[ReservationStatus]) {
        let task = self.task;
        for status in statuses {
            for reservation in task
                .reservations
                .iter()
                .filter(|reservation| reservation.status == *status)
            {
                let before = old.reservation(reservation.sid).map(|before| before.status);
                if before.is_some_and(|before| before != *status) {
                    self.add_reservation(type_of(*status), reservation, &self.in_step_of(old));
                }
            }
        }
    }

    fn add_new_reservations(&mut self, old: &Task) {
        let task = self.task;
        for reservation in task
            .reservations
            .iter()
            .filter(|offer| old.reservation(offer.sid).is_none())
        {
            self.add_reservation(EventType::ReservationCreated, reservation, task);
        }
    }

    /// An Event about a Reservation that was made in the step of `task`.
    fn add_reservation(&mut self, event_type: EventType, reservation: &Reservation, task: &Task) {
        let known = self.workers.get(&reservation.worker_sid);
        let worker = known
            .map(|worker| groups::worker(self.workspace, worker))
            .unwrap_or_default();
        let parameters = groups::task(self.workspace, task, task.date_updated)
            .and(worker)
            .and(groups::reservation(reservation));
        self.notifications.push((event_type, parameters));
    }

    /// An Event with the Task's new state, except that it is in its old TaskQueue.
    fn add_queue_left(&mut self, event_type: EventType, old: &Task) {
        let before = self.in_step_of(old);
        self.notifications.push((
            event_type,
            groups::task(self.workspace, &before, before.date_updated),
        ));
    }

    /// The Task's new state, except for what the step of `old` gave it. A write that ends a
    /// Reservation may also move the Task to its next step, which that Reservation was not made in.
    fn in_step_of(&self, old: &Task) -> Task {
        Task {
            task_queue_sid: old.task_queue_sid,
            task_queue_entered_date: old.task_queue_entered_date,
            priority: if old.position.step == self.task.position.step {
                self.task.priority
            } else {
                old.priority
            },
            ..self.task.clone()
        }
    }

    fn add_step(&mut self) {
        let parameters = self
            .parameters()
            .and(groups::step(self.workspace, self.task));
        self.notifications
            .push((EventType::WorkflowTargetMatched, parameters));
    }

    fn add(&mut self, event_type: EventType) {
        self.notifications.push((event_type, self.parameters()));
    }

    fn parameters(&self) -> Parameters {
        groups::task(self.workspace, self.task, self.task.date_updated)
    }
}

/// The Event of a Reservation's new status.
fn type_of(status: ReservationStatus) -> EventType {
    match status {
        ReservationStatus::Pending => EventType::ReservationCreated,
        ReservationStatus::Accepted => EventType::ReservationAccepted,
        ReservationStatus::Rejected => EventType::ReservationRejected,
        ReservationStatus::Timeout => EventType::ReservationTimeout,
        ReservationStatus::Canceled => EventType::ReservationCanceled,
        ReservationStatus::Rescinded => EventType::ReservationRescinded,
        ReservationStatus::Wrapping => EventType::ReservationWrapup,
        ReservationStatus::Completed => EventType::ReservationCompleted,
    }
}
