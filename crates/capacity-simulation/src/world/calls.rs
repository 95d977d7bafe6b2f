//! The life of a call, from its arrival to its end.

use ids::time::Millis;
use rand::RngExt;
use task_router::model::{AssignmentStatus, EndReason, IssuedInstruction, ReservationStatus, Task};
use task_router::router::order;
use task_router::router::{
    Answer as Given, CALL_CREATION_LIMIT, Command, NewTask, RING_MARGIN, create_task, timers,
};

use super::call_slots::{Before, Call, sid_of, slot_of};
use super::events::{Answer, Event};
use super::{CALLS_AT_ONCE_MAX, RunError, World};
use crate::figures::WaitEnd;
use crate::random::generator;
use crate::scenario::AnsweredBy;

impl World<'_> {
    /// Schedules the next arrival of a kind.
    pub(super) fn schedule_arrival(&mut self, kind: u32) {
        let index = kind as usize;
        let next = self.sources[index].next(self.plan, &self.plan.kinds[index]);
        self.next[index] = next;
        if let Some(arrival) = next {
            self.events.add(arrival.at, Event::Arrival { kind });
        }
    }

    /// A call arrives: its Task is created, and an agent is searched for.
    pub(super) fn arrive(&mut self, index: u32) -> Result<(), RunError> {
        let plan = self.plan;
        let kind = &plan.kinds[index as usize];
        let recorded = self.next[index as usize].and_then(|arrival| arrival.recorded);
        let source = &mut self.sources[index as usize];
        source.count += 1;
        let own_number = source.count;
        self.calls.created += 1;
        let number = self.calls.created;
        self.schedule_arrival(index);
        if self.calls.len() >= CALLS_AT_ONCE_MAX {
            return Err(RunError::TooManyCalls);
        }
        let slot = self.calls.free_slot().ok_or(RunError::TooManyCalls)?;
        let mut rng = generator([
            plan.scenario.seed,
            u64::from(self.replication),
            kind.number,
            own_number,
        ]);
        // Drawn in the same order whatever was recorded, and whatever becomes of the call.
        let talk = kind.talk.draw(&mut rng);
        let patience = kind.patience.as_ref().map(|it| it.draw(&mut rng));
        let wrap_up = kind.wrap_up.as_ref().map(|it| it.draw(&mut rng));
        let patience = recorded.and_then(|it| it.patience).or(patience);
        let new = NewTask {
            priority: kind.priority,
            ..NewTask::new(sid_of(number, slot), kind.attributes.clone(), kind.channel)
        };
        let not_routable = |reason| RunError::NotRoutable {
            kind: kind.name.clone(),
            reason,
        };
        let workflow = plan.workspace.workflows.get(&kind.workflow);
        let workflow = workflow.ok_or_else(|| RunError::Refused("no Workflow".to_owned()))?;
        let task = create_task(&plan.workspace, workflow, new, self.now).map_err(not_routable)?;
        let call = Call {
            before: Before::of(&task),
            task: Some(task),
            number,
            kind: index,
            interval: self.interval(),
            talk: recorded.and_then(|it| it.talk).unwrap_or(talk),
            wrap_up: recorded.and_then(|it| it.wrap_up).or(wrap_up),
            acts_at: patience.map(|patience| self.now + patience),
            ticket: 0,
            due: None,
            listed: None,
            rng,
        };
        self.calls.add(slot, call);
        self.touched.push(slot);
        self.unmatched.push_back(slot);
        Ok(())
    }

    /// The interval of the day that this moment is in; `None`: it is not counted.
    pub(super) fn interval(&self) -> Option<usize> {
        if self.now < self.counted_from {
            return None;
        }
        self.plan.interval_at(self.now)
    }

    /// Schedules the next moment at which the call changes by time, its caller or its agent.
    pub(super) fn schedule_call(&mut self, slot: u32) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(slot) else {
            return;
        };
        let deadline = call
            .task
            .as_ref()
            .and_then(|task| timers::of_task(&self.plan.workspace, task, now));
        let due = call.acts_at.into_iter().chain(deadline).min();
        if due == call.due {
            return;
        }
        call.due = due;
        self.calls.tickets += 1;
        let ticket = self.calls.tickets;
        if let Some(call) = self.calls.get_mut(slot) {
            call.ticket = ticket;
        }
        if let Some(at) = due {
            self.events.add(at.max(now), Event::Call { slot, ticket });
        }
    }

    /// The caller hangs up, the conversation or its wrap-up ends, or a deadline passes.
    pub(super) fn call_is_due(&mut self, slot: u32, ticket: u64) -> Result<(), RunError> {
        if !self.calls.has_ticket(slot, ticket) {
            return Ok(());
        }
        let Some(call) = self.calls.get_mut(slot) else {
            return Ok(());
        };
        call.due = None;
        let acts = call.acts_at.is_some_and(|at| at <= self.now);
        let Some(task) = self.calls.task(slot) else {
            return Ok(());
        };
        let (task, status) = (task.sid, task.assignment_status);
        let command = match status {
            AssignmentStatus::Pending | AssignmentStatus::Reserved | AssignmentStatus::Assigned
                if acts =>
            {
                Command::CallerGone {
                    task,
                    reason: EndReason::Hangup,
                    carrier_queue: None,
                }
            }
            AssignmentStatus::Wrapping if acts => Command::StatusSet {
                task,
                status: AssignmentStatus::Completed,
                reason: EndReason::ConversationEnded,
                attributes: None,
            },
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => Command::Advance { task },
        };
        let snapshot = self.take_snapshot(slot);
        if self.apply(snapshot, &command)? {
            return Ok(());
        }
        // A retry pause or a time of day has passed: nothing in the Task changes, and another
        // Worker may fit.
        self.touched.push(slot);
        self.unmatched.push_back(slot);
        Ok(())
    }

    /// New offers ring: the built-in assignment callback calls the Worker, or a desktop shows them.
    pub(super) fn ring(&mut self, slot: u32) -> Result<(), RunError> {
        let Some(task) = self.calls.task(slot) else {
            return Ok(());
        };
        let offers = (0_u16..).zip(&task.reservations);
        let pending = offers.filter(|(_, offer)| offer.status == ReservationStatus::Pending);
        let pending: Vec<_> = pending.map(|(index, offer)| (index, offer.sid)).collect();
        let by_phone = self.plan.scenario.answers.by == AnsweredBy::Phone;
        for (index, reservation) in pending {
            if by_phone {
                self.call_worker(slot, reservation)?;
            }
            self.schedule_answer(slot, index)?;
        }
        Ok(())
    }

    /// Issues the instruction `dequeue`, and keeps the offer open while the phone rings.
    fn call_worker(&mut self, slot: u32, reservation: ids::ReservationSid) -> Result<(), RunError> {
        let Some(task) = self.calls.task(slot).map(|task| task.sid) else {
            return Ok(());
        };
        let ring_timeout = self.plan.ring_timeout;
        let issued = Command::InstructionIssued {
            task,
            reservation,
            instruction: IssuedInstruction {
                claim: 1,
                post_work_activity_sid: self.plan.post_work_activity,
                ring_timeout_secs: u32::try_from(ring_timeout.as_secs()).unwrap_or(u32::MAX),
                ..IssuedInstruction::default()
            },
        };
        let snapshot = self.take_snapshot(slot);
        self.apply(snapshot, &issued)?;
        // The claim alone keeps the offer open for `CALL_CREATION_LIMIT`.
        if ring_timeout.saturating_add(RING_MARGIN) > CALL_CREATION_LIMIT {
            let until = self.now + ring_timeout;
            let postponed = Command::OfferPostponed {
                task,
                reservation,
                until,
            };
            let snapshot = self.take_snapshot(slot);
            self.apply(snapshot, &postponed)?;
        }
        Ok(())
    }

    fn schedule_answer(&mut self, slot: u32, index: u16) -> Result<(), RunError> {
        let answers = &self.plan.scenario.answers;
        let ring_timeout = self.plan.ring_timeout;
        let now = self.now;
        let Some(round) = self.calls.task(slot).map(|task| task.rounds) else {
            return Ok(());
        };
        let Some(call) = self.calls.get_mut(slot) else {
            return Ok(());
        };
        let is_missed = answers.missed > 0.0 && call.rng.random::<f64>() < answers.missed;
        let after = answers.after.draw(&mut call.rng);
        let answer = |picks_up| Answer {
            slot,
            number: call.number,
            round,
            index,
            picks_up,
        };
        match answers.by {
            AnsweredBy::Phone if is_missed || after >= ring_timeout => {
                let rung_out = Event::Answer(answer(false));
                self.events.add(now + ring_timeout, rung_out);
            }
            // The end of the Reservation is the engine's.
            AnsweredBy::Desktop if is_missed => {}
            AnsweredBy::Phone | AnsweredBy::Desktop if after == Millis::ZERO => {
                let at_once = answer(true);
                return self.answer(at_once);
            }
            AnsweredBy::Phone | AnsweredBy::Desktop => {
                let picked_up = Event::Answer(answer(true));
                self.events.add(now + after, picked_up);
            }
        }
        Ok(())
    }

    /// The Worker answers, or the phone has rung for long enough.
    pub(super) fn answer(&mut self, answer: Answer) -> Result<(), RunError> {
        if !self.calls.has_offer(&answer) {
            return Ok(());
        }
        let Some(task) = self.calls.task(answer.slot) else {
            return Ok(());
        };
        let Some(offer) = task.reservations.get(usize::from(answer.index)) else {
            return Ok(());
        };
        let command = if answer.picks_up {
            Command::Answered {
                task: task.sid,
                reservation: offer.sid,
                answer: Given::Accept,
            }
        } else {
            Command::WorkerCallEnded {
                task: task.sid,
                reservation: offer.sid,
                code: None,
            }
        };
        let snapshot = self.take_snapshot(answer.slot);
        self.apply(snapshot, &command)?;
        Ok(())
    }

    /// Takes over the next version of a Task.
    pub(super) fn task_changed(&mut self, task: Task) {
        let slot = slot_of(task.sid);
        let now = self.now;
        let Some(call) = self.calls.get_mut(slot) else {
            return;
        };
        let status = task.assignment_status;
        let has_new_status = call.before.status != status;
        match status {
            AssignmentStatus::Assigned if has_new_status => call.acts_at = Some(now + call.talk),
            AssignmentStatus::Wrapping if has_new_status => {
                call.acts_at = call.wrap_up.map(|wrap_up| now + wrap_up);
            }
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => {}
        }
        let before = std::mem::replace(&mut call.before, Before::of(&task));
        call.task = Some(task);
        self.count(slot, before);
        self.follow_task(slot, before);
        self.list(slot);
        if status.is_end() {
            self.calls.remove(slot);
            return;
        }
        self.touched.push(slot);
        if status == AssignmentStatus::Pending {
            self.unmatched.push_back(slot);
        }
        if status == AssignmentStatus::Reserved && has_new_status {
            self.offered.push_back(slot);
        }
    }

    /// Counts what the change of a Task means for the figures.
    fn count(&mut self, slot: u32, before: Before) {
        let Some(call) = self.calls.get(slot) else {
            return;
        };
        let (Some(interval), Some(task)) = (call.interval, &call.task) else {
            return;
        };
        if before.queue != task.task_queue_sid {
            let group = self.plan.group_of_queue(before.queue);
            self.figures.cell_mut(group, interval).moved += 1;
        }
        let waited = matches!(
            before.status,
            AssignmentStatus::Pending | AssignmentStatus::Reserved
        );
        let end = match (task.assignment_status, &task.reason) {
            (AssignmentStatus::Assigned, _) => WaitEnd::Answered,
            (AssignmentStatus::Canceled, Some(EndReason::Hangup)) => WaitEnd::Abandoned,
            (AssignmentStatus::Canceled, _) => WaitEnd::Lost,
            (
                AssignmentStatus::Pending
                | AssignmentStatus::Reserved
                | AssignmentStatus::Wrapping
                | AssignmentStatus::Completed,
                _,
            ) => return,
        };
        if waited {
            let groups = [
                0,
                1 + call.kind as usize,
                self.plan.group_of_queue(task.task_queue_sid),
            ];
            let wait = self.now.since(task.date_created);
            self.figures.count(groups, interval, end, wait);
        }
    }

    /// Moves the Task to its place in its waiting list, or out of it.
    fn list(&mut self, slot: u32) {
        let Some(call) = self.calls.get_mut(slot) else {
            return;
        };
        let waiting = call.task.as_ref().filter(|task| task.is_in_waiting_list());
        let wanted = waiting.and_then(|task| {
            let list = order::waiting_list_of(&self.plan.workspace, task)?;
            Some((list, order::position_of(task)))
        });
        if wanted == call.listed {
            return;
        }
        if let Some((list, position)) = call.listed.take() {
            self.waiting.remove(list, &position);
        }
        if let Some((list, position)) = wanted {
            self.waiting.add(list, position);
        }
        call.listed = wanted;
    }
}
