//! The life of a Task, from its arrival to its end.

use ids::TaskSid;
use ids::time::Timestamp;
use task_router::model::{
    AssignmentStatus, EndReason, IssuedInstruction, OpenReservation, OpenStatus, Reservation,
    ReservationStatus, Task,
};
use task_router::router::{
    Answer as Given, CALL_CREATION_LIMIT, Command, NewTask, RING_MARGIN, create_task, timers,
};

use super::assumptions::without_call;
use super::events::{Action, Answer, Event};
use super::{RunError, World};
use crate::day::{RecordedAnswer, RecordedTask, What};

/// A Task while the day runs.
pub(super) struct Live {
    pub task: Task,
    /// Its index in the day; `None`: it was with a Worker at the beginning.
    recorded: Option<usize>,
    /// When the caller leaves, or the conversation or the wrap-up ends.
    acts_at: Option<Timestamp>,
    /// The event that is not stale, and its moment.
    ticket: u64,
    due: Option<Timestamp>,
}

impl World<'_> {
    pub(super) fn input(&mut self, index: usize) -> Result<(), RunError> {
        let day = self.day;
        let Some(input) = day.inputs.get(index) else {
            return Ok(());
        };
        match &input.what {
            What::Arrival(index) => self.arrive(*index),
            What::TaskUpdated(sid, changes) => {
                let Some(live) = self.tasks.get(sid).filter(|it| it.task.is_pending()) else {
                    return Ok(());
                };
                let snapshot = self.snapshot_of(&live.task);
                let command = Command::TaskUpdated {
                    task: *sid,
                    changes: changes.clone(),
                };
                self.apply(snapshot, &command)?;
                Ok(())
            }
            What::Activity(worker, activity) => self.set_activity(*worker, *activity),
            What::Worker(worker) => self.add_worker(worker),
            What::WorkerRemoved(worker) => {
                self.remove_worker(*worker);
                Ok(())
            }
        }
    }

    fn arrive(&mut self, index: usize) -> Result<(), RunError> {
        let Some(recorded) = self.day.tasks.get(index) else {
            return Ok(());
        };
        let sid = recorded.new.sid;
        let new = NewTask {
            routing_target: self.names.routing_target(recorded.new.routing_target)?,
            ..recorded.new.clone()
        };
        let workflow = self.names.workflow(recorded.workflow)?;
        let Some(workflow) = self.workspace.workflows.get(&workflow) else {
            return Ok(());
        };
        let created = create_task(self.workspace, workflow, new, recorded.created);
        let task = created.map_err(|reason| RunError::NotRoutable { task: sid, reason })?;
        let acts_at = recorded.patience().map(|it| recorded.created + it);
        self.tasks.insert(
            sid,
            Live {
                task,
                recorded: Some(index),
                acts_at,
                ticket: 0,
                due: None,
            },
        );
        self.schedule_task(sid);
        self.unmatched.push_back(sid);
        Ok(())
    }

    /// A Task that was with a Worker when the recording began.
    pub(super) fn hold(&mut self, task: &Task) {
        let Some(held) = task.held_reservation() else {
            return;
        };
        if let Some(desk) = self.desks.get_mut(&held.worker_sid) {
            desk.worker.open_reservations.push(OpenReservation {
                sid: held.sid,
                task_sid: task.sid,
                channel: task.channel,
                status: OpenStatus::Pending,
            });
            let worker = desk.worker.clone();
            self.worker_changed(worker);
        }
        let talk = self.day.held_until.get(&task.sid).copied();
        let live = Live {
            acts_at: talk.or(Some(self.day.ends)),
            task: task.clone(),
            recorded: None,
            ticket: 0,
            due: None,
        };
        self.tasks.insert(task.sid, live);
        self.schedule_task(task.sid);
    }

    fn recorded(&self, live: &Live) -> Option<&RecordedTask> {
        live.recorded.and_then(|index| self.day.tasks.get(index))
    }

    /// Schedules the next moment at which the Task changes by time, its caller or its Worker.
    fn schedule_task(&mut self, sid: TaskSid) {
        let now = self.now;
        let Some(live) = self.tasks.get_mut(&sid) else {
            return;
        };
        let deadline = timers::of_task(self.workspace, &live.task, now);
        let due = live.acts_at.into_iter().chain(deadline).min();
        if due == live.due {
            return;
        }
        live.due = due;
        live.ticket += 1;
        if let Some(at) = due {
            let ticket = live.ticket;
            self.events
                .add(at.max(now), Event::Task { task: sid, ticket });
        }
    }

    /// The caller leaves, the conversation or its wrap-up ends, or a deadline passes.
    pub(super) fn task_is_due(&mut self, sid: TaskSid, ticket: u64) -> Result<(), RunError> {
        let now = self.now;
        let Some(live) = self.tasks.get_mut(&sid).filter(|it| it.ticket == ticket) else {
            return Ok(());
        };
        live.due = None;
        let acts = live.acts_at.take_if(|at| *at <= now).is_some();
        let Some(live) = self.tasks.get(&sid) else {
            return Ok(());
        };
        let command = if acts {
            self.act(live)
        } else {
            Command::Advance { task: sid }
        };
        let snapshot = self.snapshot_of(&live.task);
        if !self.apply(snapshot, &command)? {
            // A retry pause or a time of day has passed: nothing in the Task changes, and another
            // Worker may fit.
            self.schedule_task(sid);
            self.unmatched.push_back(sid);
        }
        Ok(())
    }

    /// What the caller or the Worker does.
    fn act(&self, live: &Live) -> Command {
        let task = live.task.sid;
        let set = |status| Command::StatusSet {
            task,
            status,
            reason: EndReason::ConversationEnded,
            attributes: None,
        };
        let gone = Command::CallerGone {
            task,
            reason: EndReason::Hangup,
            carrier_queue: None,
        };
        let wraps_up = self
            .recorded(live)
            .is_some_and(|recorded| recorded.wrap_up.is_some());
        match live.task.assignment_status {
            AssignmentStatus::Assigned if live.task.call_sid().is_none() => {
                if wraps_up {
                    set(AssignmentStatus::Wrapping)
                } else {
                    set(AssignmentStatus::Completed)
                }
            }
            AssignmentStatus::Wrapping => set(AssignmentStatus::Completed),
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Assigned
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => gone,
        }
    }

    /// New offers ring.
    pub(super) fn ring(&mut self, sid: TaskSid) -> Result<(), RunError> {
        let Some(live) = self.tasks.get(&sid) else {
            return Ok(());
        };
        let pending: Vec<Reservation> = live.task.pending_reservations().cloned().collect();
        for reservation in pending {
            self.ring_one(sid, &reservation)?;
        }
        Ok(())
    }

    fn ring_one(&mut self, sid: TaskSid, reservation: &Reservation) -> Result<(), RunError> {
        let Some(live) = self.tasks.get(&sid) else {
            return Ok(());
        };
        let Some(recorded) = self.recorded(live) else {
            return Ok(());
        };
        // The same offer, of the same round if the pair had several.
        let same = recorded
            .offers
            .iter()
            .find(|offer| offer.reservation == reservation.sid)
            .or_else(|| {
                let mut offers = recorded.offers.iter();
                offers.find(|offer| offer.worker == reservation.worker_sid)
            });
        let instruction = match same {
            Some(offer) => offer.instruction.as_ref().map(without_call),
            None => self.assumptions.instruction(recorded.workflow).cloned(),
        };
        let assumed = self.assumptions.answer;
        let (after, action) = match same.map(|offer| offer.answer) {
            Some(RecordedAnswer::Accepted(after)) => (after, Action::Accept),
            Some(RecordedAnswer::Rejected(after, activity)) => (after, Action::Reject(activity)),
            Some(RecordedAnswer::CallFailed(after)) => (after, Action::Miss),
            Some(RecordedAnswer::None) => return Ok(()),
            Some(RecordedAnswer::Unknown) | None => (assumed, Action::Accept),
        };
        // A caller who left before the Worker answered leaves before the Worker answers again.
        let unanswered = same.filter(|offer| offer.answer == RecordedAnswer::Unknown);
        let after = match (unanswered, &recorded.ended) {
            (Some(offer), Some((ended, _, _))) => {
                let open = ended.since(offer.at);
                after.max(open.saturating_add(ids::time::Millis::from_millis(1)))
            }
            (Some(_) | None, _) => after,
        };
        if let Some(instruction) = instruction {
            self.issue(sid, reservation, instruction)?;
        }
        let answer = Answer {
            task: sid,
            reservation: reservation.sid,
            action,
        };
        self.events.add(self.now + after, Event::Answer(answer));
        Ok(())
    }

    /// Issues the instruction, and keeps the offer open while the phone rings.
    fn issue(
        &mut self,
        sid: TaskSid,
        reservation: &Reservation,
        mut instruction: IssuedInstruction,
    ) -> Result<(), RunError> {
        let activity = instruction.post_work_activity_sid;
        instruction.post_work_activity_sid =
            activity.map(|it| self.names.activity(it)).transpose()?;
        let ring = ids::time::Millis::from_secs(u64::from(instruction.ring_timeout_secs));
        self.apply_to(
            sid,
            &Command::InstructionIssued {
                task: sid,
                reservation: reservation.sid,
                instruction,
            },
        )?;
        if ring.saturating_add(RING_MARGIN) > CALL_CREATION_LIMIT {
            let until = self.now + ring;
            self.apply_to(
                sid,
                &Command::OfferPostponed {
                    task: sid,
                    reservation: reservation.sid,
                    until,
                },
            )?;
        }
        Ok(())
    }

    fn apply_to(&mut self, sid: TaskSid, command: &Command) -> Result<(), RunError> {
        if let Some(live) = self.tasks.get(&sid) {
            let snapshot = self.snapshot_of(&live.task);
            self.apply(snapshot, command)?;
        }
        Ok(())
    }

    /// The Worker answers, or does not.
    pub(super) fn answer(&mut self, answer: Answer) -> Result<(), RunError> {
        let Answer {
            task,
            reservation,
            action,
        } = answer;
        let is_open = self
            .tasks
            .get(&task)
            .and_then(|live| live.task.reservation(reservation))
            .is_some_and(|it| it.status == ReservationStatus::Pending);
        if !is_open {
            return Ok(());
        }
        let command = match action {
            Action::Accept => Command::Answered {
                task,
                reservation,
                answer: Given::Accept,
            },
            Action::Reject(activity) => Command::Answered {
                task,
                reservation,
                answer: Given::Reject {
                    activity: activity.map(|it| self.names.activity(it)).transpose()?,
                },
            },
            Action::Miss => Command::WorkerCallEnded {
                task,
                reservation,
                code: None,
            },
        };
        self.apply_to(task, &command)
    }

    /// Takes over the next version of a Task.
    pub(super) fn task_changed(&mut self, task: Task) -> Result<(), RunError> {
        let sid = task.sid;
        self.note(&task);
        let now = self.now;
        let Some(live) = self.tasks.get(&sid) else {
            return Ok(());
        };
        let before = live.task.assignment_status;
        let status = task.assignment_status;
        let held = live.task.held_reservation().map(|it| it.worker_sid);
        let recorded = self.recorded(live);
        let talk = recorded.map(|it| self.assumptions.talk(it));
        let wrap_up = recorded.and_then(|it| {
            let is_known = it.answered.is_some();
            it.wrap_up
                .or(self.assumptions.wrap_up.filter(|_| !is_known))
        });
        let after_work = recorded.and_then(|it| {
            let is_known = it.answered.is_some();
            it.after_work
                .or(self.assumptions.after_work.filter(|_| !is_known))
        });
        if before == AssignmentStatus::Assigned
            && status != AssignmentStatus::Assigned
            && let Some(worker) = held
        {
            self.work_after(worker, after_work);
        }
        if status.is_end() {
            self.tasks.remove(&sid);
            return Ok(());
        }
        if let Some(live) = self.tasks.get_mut(&sid) {
            match status {
                AssignmentStatus::Assigned if before != status => {
                    live.acts_at = talk.map(|talk| now + talk);
                }
                AssignmentStatus::Wrapping if before != status => {
                    live.acts_at = wrap_up.map(|wrap_up| now + wrap_up);
                }
                AssignmentStatus::Pending
                | AssignmentStatus::Reserved
                | AssignmentStatus::Assigned
                | AssignmentStatus::Wrapping
                | AssignmentStatus::Completed
                | AssignmentStatus::Canceled => {}
            }
            live.task = task;
        }
        self.schedule_task(sid);
        if status == AssignmentStatus::Pending {
            self.unmatched.push_back(sid);
        }
        if status == AssignmentStatus::Reserved && before != status {
            self.offered.push_back(sid);
        }
        Ok(())
    }
}
