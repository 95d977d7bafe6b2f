//! The agents: shifts, wrap-up, and the time that they spend.

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, WorkerSid};
use task_router::model::{AssignmentStatus, ReservationStatus, Worker, Workspace};
use task_router::router::{Command, queue_membership_of, timers};

use super::call_slots::Before;
use super::events::Event;
use super::lists::Ready;
use super::{RunError, World};
use crate::agents::{Agent, Duty};
use crate::figures::Doing;
use crate::plan::Plan;

/// An agent at work.
#[derive(Debug)]
pub(super) struct Desk {
    pub sid: WorkerSid,
    /// `None` only while the engine decides about the Worker.
    pub worker: Option<Worker>,
    /// The place in the ready lists.
    ready: Option<Ready>,
    activity: ActivitySid,
    duty: Duty,
    /// The number of changes of duty so far.
    changes: usize,
    absence: Absence,
    /// The event that is not stale.
    pub ticket: u64,
    /// Conversations now.
    talking: u32,
    /// Tasks that wrap up now.
    wrapping: u32,
    /// The wrap-up after the last conversation, if the scenario says how long it takes.
    wrap_up: Option<Millis>,
    /// Since when the agent does the same.
    since: Timestamp,
    doing: Doing,
    /// The groups whose staffing the agent is part of: all calls, and the TaskQueues served.
    groups: Vec<usize>,
}

/// Why an agent on duty is in an unavailable Activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absence {
    None,
    /// Wrap-up; with the moment at which the agent ends it.
    WrapUp(Option<Timestamp>),
    /// A missed offer moved the agent to the timeout Activity.
    Missed,
}

impl Desk {
    /// An agent who is not on duty.
    pub fn new(plan: &Plan, agent: &Agent) -> Self {
        let at_work = Worker {
            activity_sid: plan.on_duty,
            ..agent.worker.clone()
        };
        let queues = queue_membership_of(&plan.workspace, &at_work);
        let served = queues.queues().iter().map(|it| plan.group_of_queue(*it));
        let mut worker = Worker {
            activity_sid: plan.off_duty,
            date_status_changed: plan.midnight,
            date_created: Timestamp::from_millis(0),
            ..agent.worker.clone()
        };
        worker.queue_membership = queue_membership_of(&plan.workspace, &worker);
        Self {
            sid: worker.sid,
            worker: Some(worker),
            ready: None,
            activity: plan.off_duty,
            duty: Duty::Off,
            changes: 0,
            absence: Absence::None,
            ticket: 0,
            talking: 0,
            wrapping: 0,
            wrap_up: None,
            since: plan.midnight,
            doing: Doing::Away,
            groups: std::iter::once(0).chain(served).collect(),
        }
    }

    /// Whether the agent is in a ready list.
    pub fn is_listed(&self) -> bool {
        self.ready.as_ref().is_some_and(Ready::is_listed)
    }

    fn doing_now(&self, workspace: &Workspace) -> Doing {
        let wraps_up = self.wrapping > 0 || matches!(self.absence, Absence::WrapUp(_));
        if self.talking > 0 {
            Doing::Talking
        } else if wraps_up {
            Doing::WrappingUp
        } else if workspace.is_available(self.activity) {
            Doing::Free
        } else {
            Doing::Away
        }
    }
}

impl World<'_> {
    /// Schedules the next begin or end of a shift or break.
    pub(super) fn schedule_duty(&mut self, agent: u32) {
        let desk = &self.desks[agent as usize];
        let changes = &self.plan.agents[agent as usize].changes;
        if changes.is_empty() {
            return;
        }
        let day = u32::try_from(desk.changes / changes.len()).unwrap_or(u32::MAX);
        if day < self.plan.scenario.days {
            let (at, _) = changes[desk.changes % changes.len()];
            self.events
                .add(self.plan.day(day) + at, Event::Duty { agent });
        }
    }

    /// A shift or a break begins or ends.
    pub(super) fn change_duty(&mut self, agent: u32) {
        let changes = &self.plan.agents[agent as usize].changes;
        let desk = &mut self.desks[agent as usize];
        let (_, duty) = changes[desk.changes % changes.len()];
        desk.duty = duty;
        desk.changes += 1;
        if desk.absence == Absence::Missed {
            desk.absence = Absence::None;
        }
        self.schedule_duty(agent);
        self.freed.push_back(agent);
    }

    /// The agent's wrap-up ends, by the agent or by its limit, or the agent returns.
    pub(super) fn agent_is_due(&mut self, agent: u32, ticket: u64) -> Result<(), RunError> {
        let desk = &mut self.desks[agent as usize];
        if desk.ticket != ticket {
            return Ok(());
        }
        let ends_by_limit = match desk.absence {
            Absence::WrapUp(Some(at)) => at > self.now,
            Absence::WrapUp(None) => true,
            Absence::None | Absence::Missed => false,
        };
        let worker = desk.sid;
        if ends_by_limit {
            let snapshot = self.take_agent(agent);
            if self.apply(snapshot, &Command::AdvanceWorker { worker })? {
                return Ok(());
            }
        }
        self.desks[agent as usize].absence = Absence::None;
        self.clock_agent(agent);
        self.freed.push_back(agent);
        Ok(())
    }

    /// Sets the Activity that the agent's duty asks for.
    pub(super) fn reconcile(&mut self, agent: u32) -> Result<(), RunError> {
        let Some(activity) = self.wanted_activity(agent) else {
            return Ok(());
        };
        let command = Command::ActivitySet {
            worker: self.desks[agent as usize].sid,
            activity,
            reject_pending: false,
        };
        let snapshot = self.take_agent(agent);
        self.apply(snapshot, &command)?;
        Ok(())
    }

    /// The Activity that the agent changes to now. Wrap-up and the absence after a missed offer
    /// last until they end.
    fn wanted_activity(&self, agent: u32) -> Option<ActivitySid> {
        let plan = self.plan;
        let desk = &self.desks[agent as usize];
        match (desk.duty, desk.absence) {
            (Duty::On, Absence::None) if !plan.workspace.is_available(desk.activity) => {
                Some(plan.on_duty)
            }
            (Duty::Off, Absence::None | Absence::Missed) if desk.activity != plan.off_duty => {
                Some(plan.off_duty)
            }
            (Duty::On | Duty::Off, Absence::None | Absence::Missed | Absence::WrapUp(_)) => None,
        }
    }

    /// Takes over the next version of a Worker.
    pub(super) fn worker_changed(&mut self, worker: Worker) {
        let Some(agent) = self.by_sid.get(&worker.sid).copied() else {
            return;
        };
        let desk = &mut self.desks[agent as usize];
        let readiness = worker.readiness(&self.plan.workspace);
        let key = worker.idle_key();
        let is_new_activity = desk.activity != worker.activity_sid;
        desk.activity = worker.activity_sid;
        let limit = timers::of_worker(&self.plan.workspace, &worker);
        desk.worker = Some(worker);
        let is_listed = self.ready.update(agent, &mut desk.ready, readiness, key);
        if is_new_activity {
            self.enter_activity(agent, limit);
        }
        self.clock_agent(agent);
        if is_listed || self.wanted_activity(agent).is_some() {
            self.freed.push_back(agent);
        }
    }

    /// The Worker is in another Activity: it says whether and until when the agent is absent.
    /// `limit` is the end of the wrap-up by the centre's file.
    fn enter_activity(&mut self, agent: u32, limit: Option<Timestamp>) {
        let plan = self.plan;
        let now = self.now;
        let desk = &mut self.desks[agent as usize];
        desk.ticket += 1;
        desk.absence = Absence::None;
        let activity = desk.activity;
        let ends_at = if limit.is_some() || plan.post_work_activity == Some(activity) {
            let own_end = desk.wrap_up.take().map(|wrap_up| now + wrap_up);
            desk.absence = Absence::WrapUp(own_end);
            own_end.into_iter().chain(limit).min().unwrap_or(now)
        } else if desk.duty == Duty::On && !plan.workspace.is_available(activity) {
            desk.absence = Absence::Missed;
            now + plan.scenario.answers.return_after.0
        } else {
            return;
        };
        let ticket = desk.ticket;
        self.events.add(ends_at, Event::Agent { agent, ticket });
    }

    /// Notes what the change of a Task means for its agents.
    pub(super) fn follow_task(&mut self, slot: u32, before: Before) {
        let Some(call) = self.calls.get(slot) else {
            return;
        };
        let after = call.before;
        if before.status == after.status {
            return;
        }
        let wrap_up = call.wrap_up;
        let counted = u64::from(call.interval.is_some());
        if before.status == AssignmentStatus::Reserved && counted > 0 {
            self.count_missed(slot);
        }
        let Some(worker) = before.held_by.or(after.held_by) else {
            return;
        };
        let Some(agent) = self.by_sid.get(&worker).copied() else {
            return;
        };
        let desk = &mut self.desks[agent as usize];
        match before.status {
            AssignmentStatus::Assigned => {
                desk.talking -= 1;
                desk.wrap_up = wrap_up;
            }
            AssignmentStatus::Wrapping => desk.wrapping -= 1,
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => {}
        }
        match after.status {
            AssignmentStatus::Assigned => {
                desk.talking += 1;
                self.figures.agents[agent as usize].answered += counted;
            }
            AssignmentStatus::Wrapping => desk.wrapping += 1,
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => {}
        }
        self.clock_agent(agent);
    }

    /// Counts the offers of a round that ended without an answer, when the round is over. An offer
    /// that was canceled because its caller has hung up is not missed.
    fn count_missed(&mut self, slot: u32) {
        let Some(task) = self.calls.task(slot) else {
            return;
        };
        let has_ended = task.assignment_status.is_end();
        for offer in &task.reservations {
            let is_missed = match offer.status {
                ReservationStatus::Timeout => true,
                ReservationStatus::Canceled => !has_ended,
                ReservationStatus::Pending
                | ReservationStatus::Accepted
                | ReservationStatus::Rejected
                | ReservationStatus::Rescinded
                | ReservationStatus::Wrapping
                | ReservationStatus::Completed => false,
            };
            if is_missed && let Some(agent) = self.by_sid.get(&offer.worker_sid) {
                self.figures.agents[*agent as usize].missed += 1;
            }
        }
    }

    /// Adds the time that the agent has spent since the last change.
    pub(super) fn clock_agent(&mut self, agent: u32) {
        let desk = &mut self.desks[agent as usize];
        let (since, did) = (desk.since, desk.doing);
        desk.since = self.now;
        desk.doing = desk.doing_now(&self.plan.workspace);
        let since = since.max(self.counted_from);
        if since >= self.now || did == Doing::Away {
            return;
        }
        let spent = self.now.since(since).as_millis();
        let cell = &mut self.figures.agents[agent as usize];
        let is_busy = match did {
            Doing::Away | Doing::Free => {
                cell.free += spent;
                false
            }
            Doing::Talking => {
                cell.talking += spent;
                true
            }
            Doing::WrappingUp => {
                cell.wrapping_up += spent;
                true
            }
        };
        let figures = &mut self.figures;
        self.plan.split(since, self.now, |interval, spent| {
            for group in &desk.groups {
                let cell = figures.cell_mut(*group, interval);
                cell.staffed += spent.as_millis();
                if is_busy {
                    cell.busy += spent.as_millis();
                }
            }
        });
    }
}
