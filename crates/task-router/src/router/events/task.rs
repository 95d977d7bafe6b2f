//! What a Task's write tells, in the order of taskrouter.md section 12.4.

use std::collections::BTreeMap;

use super::{Cause, Event, EventType, Parameters, Told, events_of, groups};
use crate::model::{
    AssignmentStatus, EndReason, Removal, Reservation, ReservationStatus, Step, Task, Worker,
    Workspace,
};
use crate::router::workflow::step_deadline;
use ids::WorkerSid;

/// The Workers of a Task's Reservations, as far as they are known: a Task's image has no more than their names.
pub type Workers = BTreeMap<WorkerSid, Worker>;

/// How a Reservation ends its wait, in the order in which it is told: who took the Task comes before who did not.
const ANSWERS: [ReservationStatus; 5] = [
    ReservationStatus::Accepted,
    ReservationStatus::Rejected,
    ReservationStatus::Timeout,
    ReservationStatus::Canceled,
    ReservationStatus::Rescinded,
];

/// How a Reservation goes on after that.
const SEQUELS: [ReservationStatus; 2] = [ReservationStatus::Wrapping, ReservationStatus::Completed];

/// What a Task's write tells. A step that was entered and left within one write is not told.
///
/// A new Task is always written a second time, usually in the next moment: it is offered, put in line, or ends. Its creation
/// is told with that write, so that both are one item of the table; when it happened is said all the same.
pub fn of_task(
    workspace: &Workspace,
    workers: &Workers,
    old: Option<&Task>,
    new: &Task,
) -> Vec<Event> {
    let Some(old) = old else { return Vec::new() };
    let mut creation = Story {
        workspace,
        workers,
        task: old,
        told: Vec::new(),
    };
    if old.is_new() {
        creation.begins();
    }
    let of_creation = creation.told.len();
    let mut story = Story {
        task: new,
        ..creation
    };
    story.goes_on(old);
    let about = new.sid.to_string();
    let cause = Cause {
        about: &about,
        version: new.version,
        at: new.date_updated,
    };
    let mut events = events_of(workspace.sid, cause, story.told);
    for event in events
        .iter_mut()
        .take(of_creation)
        .filter(|_| old.date_updated != new.date_updated)
    {
        event.earlier = Some(old.date_updated);
    }
    events
}

/// The Workers this write tells of: those whose Reservations are new or have another status.
pub fn workers_told_of<'t>(
    old: Option<&'t Task>,
    new: &'t Task,
) -> impl Iterator<Item = WorkerSid> + 't {
    new.reservations_changed_since(old)
        .map(|reservation| reservation.worker_sid)
}

struct Story<'a> {
    workspace: &'a Workspace,
    workers: &'a Workers,
    task: &'a Task,
    told: Told,
}

impl Story<'_> {
    fn begins(&mut self) {
        let direct = self.task.position.step == Step::Direct;
        if !direct {
            self.tell(EventType::WorkflowEntered);
        }
        self.tell(EventType::TaskQueueEntered);
        self.tell(EventType::TaskCreated);
        if !direct {
            self.tell_of_step();
        }
    }

    fn goes_on(&mut self, old: &Task) {
        self.tell_of_reservations(old, &ANSWERS);
        if let Some(removal) = self.task.removal.filter(|_| old.removal.is_none()) {
            return self.tell(match removal {
                Removal::Deleted => EventType::TaskDeleted,
                Removal::SystemDeleted => EventType::TaskSystemDeleted,
            });
        }
        self.travels(old);
        self.tell_of_new_reservations(old);
        if old.assignment_status != self.task.assignment_status {
            self.changes_status();
        }
        self.tell_of_reservations(old, &SEQUELS);
        if self.is_updated(old) {
            self.tell(EventType::TaskUpdated);
        }
    }

    /// From one step to another, or to none.
    fn travels(&mut self, old: &Task) {
        let (before, after) = (&old.position, &self.task.position);
        let restarted = old.workflow_version != self.task.workflow_version;
        let moved =
            before.step != after.step || before.filter_entered_at != after.filter_entered_at;
        if self.task.assignment_status.is_end() || !(restarted || moved) {
            return;
        }
        let left = step_deadline(self.workspace, old)
            .filter(|deadline| *deadline <= self.task.date_updated);
        let goes = old.task_queue_sid != self.task.task_queue_sid;
        if left.is_some() && !restarted {
            self.tell_of_queue_left(EventType::TaskQueueTimeout, old);
        }
        if goes {
            self.tell_of_queue_left(EventType::TaskQueueMoved, old);
        }
        if restarted {
            self.tell(EventType::WorkflowEntered);
        }
        if goes {
            self.tell(EventType::TaskQueueEntered);
        }
        if after.step != Step::Direct {
            self.tell_of_step();
        }
    }

    fn changes_status(&mut self) {
        match self.task.assignment_status {
            AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned => {
            }
            AssignmentStatus::Wrapping => self.tell(EventType::TaskWrapup),
            AssignmentStatus::Completed => self.tell(EventType::TaskCompleted),
            AssignmentStatus::Canceled => {
                match self.task.reason {
                    Some(EndReason::WorkflowTimeout) => self.tell(EventType::WorkflowTimeout),
                    Some(EndReason::WorkflowSkipped) => self.tell(EventType::WorkflowSkipped),
                    Some(_) | None => {}
                }
                self.tell(EventType::TaskCanceled);
            }
        }
    }

    /// Is what is known of the Task another thing now? Completing it is told so, too (section 12.4, "Happy path"); what a
    /// step does to the priority is not.
    fn is_updated(&self, old: &Task) -> bool {
        let new = self.task;
        let completed = new.assignment_status == AssignmentStatus::Completed;
        (completed && old.assignment_status != new.assignment_status)
            || old.attributes != new.attributes
            || old.channel != new.channel
            || old.virtual_start_time != new.virtual_start_time
            || (old.priority != new.priority && old.position.step == new.position.step)
    }

    /// The Reservations that have become one of these, in their order.
    fn tell_of_reservations(&mut self, old: &Task, statuses: &[ReservationStatus]) {
        let task = self.task;
        for status in statuses {
            for reservation in task
                .reservations
                .iter()
                .filter(|reservation| reservation.status == *status)
            {
                let before = old.reservation(reservation.sid).map(|before| before.status);
                if before.is_some_and(|before| before != *status) {
                    self.tell_of_reservation(type_of(*status), reservation);
                }
            }
        }
    }

    fn tell_of_new_reservations(&mut self, old: &Task) {
        let task = self.task;
        for reservation in task
            .reservations
            .iter()
            .filter(|offer| old.reservation(offer.sid).is_none())
        {
            self.tell_of_reservation(EventType::ReservationCreated, reservation);
        }
    }

    fn tell_of_reservation(&mut self, event_type: EventType, reservation: &Reservation) {
        let known = self.workers.get(&reservation.worker_sid);
        let worker = known
            .map(|worker| groups::worker(self.workspace, worker))
            .unwrap_or_default();
        let parameters = self
            .parameters()
            .and(worker)
            .and(groups::reservation(reservation));
        self.told.push((event_type, parameters));
    }

    /// The Task as it is, in the queue it was in.
    fn tell_of_queue_left(&mut self, event_type: EventType, old: &Task) {
        let before = Task {
            task_queue_sid: old.task_queue_sid,
            task_queue_entered_date: old.task_queue_entered_date,
            ..self.task.clone()
        };
        self.told.push((
            event_type,
            groups::task(self.workspace, &before, self.task.date_updated),
        ));
    }

    fn tell_of_step(&mut self) {
        let parameters = self
            .parameters()
            .and(groups::step(self.workspace, self.task));
        self.told
            .push((EventType::WorkflowTargetMatched, parameters));
    }

    fn tell(&mut self, event_type: EventType) {
        self.told.push((event_type, self.parameters()));
    }

    fn parameters(&self) -> Parameters {
        groups::task(self.workspace, self.task, self.task.date_updated)
    }
}

/// What is told when a Reservation has become this.
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
