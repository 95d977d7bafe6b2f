//! The centre in virtual time: Tasks and Workers in memory, and a queue of events.
//!
//! Every change of a Task or Worker is a Decision of the engine. This module decides only what is
//! outside the engine: when calls arrive, how long callers wait and talk, and when agents answer,
//! wrap up and are on duty.

mod agents;
mod arrivals;
mod call_slots;
mod calls;
mod events;
mod lists;
mod matching;

use std::collections::{BTreeMap, VecDeque};

use ids::WorkerSid;
use ids::time::Timestamp;
use task_router::model::Worker;
use task_router::router::{Command, NotRoutable, Outcome, Snapshot, decide_keeping_rest};

use crate::figures::Figures;
use crate::plan::Plan;
use agents::Desk;
use arrivals::{Arrival, Source};
use call_slots::Calls;
use events::{Event, Events};
use lists::{ReadyLists, WaitingLists};

/// The most calls that are in the centre at the same moment. More only arrive where agents can
/// never keep up, and no figure would mean anything.
pub const CALLS_AT_ONCE_MAX: usize = 1_000_000;

/// Why a run ends without figures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The centre has no place for a call.
    #[error("calls {kind:?}: {reason}")]
    NotRoutable {
        /// The kind of calls.
        kind: String,
        /// The engine's reason.
        reason: NotRoutable,
    },
    /// Calls arrive faster than they end.
    #[error(
        "more than {CALLS_AT_ONCE_MAX} calls are in the centre at once: its agents cannot keep up"
    )]
    TooManyCalls,
    /// The engine refused a command: a defect of the simulation.
    #[error("the engine refused a command of the simulation: {0}")]
    Refused(String),
}

/// One replication while it runs.
pub(crate) struct World<'p> {
    plan: &'p Plan,
    replication: u32,
    now: Timestamp,
    /// The first counted moment.
    counted_from: Timestamp,
    events: Events,
    calls: Calls,
    desks: Vec<Desk>,
    by_sid: BTreeMap<WorkerSid, u32>,
    waiting: WaitingLists,
    ready: ReadyLists,
    sources: Vec<Source>,
    /// The next arrival of each kind.
    next: Vec<Option<Arrival>>,
    figures: Figures,
    /// Agents that may take a call since the last change.
    freed: VecDeque<u32>,
    /// Calls for which an agent is searched for.
    unmatched: VecDeque<u32>,
    /// Calls that were just offered.
    offered: VecDeque<u32>,
    /// Calls whose next event may be another one.
    touched: Vec<u32>,
}

/// Runs one replication.
pub(crate) fn run(plan: &Plan, replication: u32) -> Result<Figures, RunError> {
    let mut world = World::new(plan, replication);
    world.open()?;
    let closes_at = plan.closes_at();
    while let Some((at, event)) = world.events.next()
        && (at <= closes_at || world.has_calls())
    {
        world.now = at;
        world.handle(event)?;
        world.settle()?;
    }
    world.now = world.now.max(closes_at);
    Ok(world.close())
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan, replication: u32) -> Self {
        let now = plan.midnight;
        let desks: Vec<Desk> = plan.agents.iter().map(|it| Desk::new(plan, it)).collect();
        let numbered = (0_u32..).zip(&desks);
        Self {
            by_sid: numbered.map(|(index, desk)| (desk.sid, index)).collect(),
            sources: plan
                .kinds
                .iter()
                .map(|kind| Source::new(plan, replication, kind))
                .collect(),
            next: Vec::new(),
            figures: Figures::new(
                plan.groups().len(),
                plan.scenario.intervals(),
                desks.len(),
                plan.scenario.service_level.0,
            ),
            counted_from: plan.counted_from(),
            desks,
            plan,
            replication,
            now,
            events: Events::default(),
            calls: Calls::default(),
            waiting: WaitingLists::default(),
            ready: ReadyLists::default(),
            freed: VecDeque::new(),
            unmatched: VecDeque::new(),
            offered: VecDeque::new(),
            touched: Vec::new(),
        }
    }

    /// Lists the Workers and schedules the first arrivals and shifts.
    fn open(&mut self) -> Result<(), RunError> {
        for agent in (0_u32..).take(self.desks.len()) {
            self.schedule_duty(agent);
        }
        self.next = vec![None; self.plan.kinds.len()];
        for kind in (0_u32..).take(self.plan.kinds.len()) {
            self.schedule_arrival(kind);
        }
        self.settle()
    }

    /// Whether calls are in the centre or will arrive.
    fn has_calls(&self) -> bool {
        !self.calls.is_empty() || self.next.iter().any(Option::is_some)
    }

    fn close(mut self) -> Figures {
        for agent in (0_u32..).take(self.desks.len()) {
            self.clock_agent(agent);
        }
        self.figures.calls = self.sources.iter().map(|source| source.count).sum();
        self.figures
    }

    fn handle(&mut self, event: Event) -> Result<(), RunError> {
        match event {
            Event::Call { slot, ticket } => self.call_is_due(slot, ticket),
            Event::Answer(answer) => self.answer(answer),
            Event::Agent { agent, ticket } => self.agent_is_due(agent, ticket),
            Event::Duty { agent } => {
                self.change_duty(agent);
                Ok(())
            }
            Event::Arrival { kind } => self.arrive(kind),
        }
    }

    /// Does everything that follows at this moment: new offers ring, agents who became free are
    /// served, and agents are searched for calls.
    fn settle(&mut self) -> Result<(), RunError> {
        loop {
            if let Some(slot) = self.offered.pop_front() {
                self.ring(slot)?;
            } else if let Some(agent) = self.freed.pop_front() {
                self.reconcile(agent)?;
                if self.desks[agent as usize].is_listed() {
                    self.serve(agent)?;
                }
            } else if let Some(slot) = self.unmatched.pop_front() {
                self.search(slot)?;
            } else {
                break;
            }
        }
        while let Some(slot) = self.touched.pop() {
            self.schedule_call(slot);
        }
        let live = 3 * self.calls.len() + 2 * self.desks.len() + self.plan.kinds.len();
        let (calls, desks) = (&self.calls, &self.desks);
        self.events.prune(live, |event| match event {
            Event::Call { slot, ticket } => calls.has_ticket(*slot, *ticket),
            Event::Answer(answer) => calls.has_offer(answer),
            Event::Agent { agent, ticket } => desks
                .get(*agent as usize)
                .is_some_and(|desk| desk.ticket == *ticket),
            Event::Duty { .. } | Event::Arrival { .. } => true,
        });
        Ok(())
    }

    /// Decides a command and takes over its Decision. Returns whether it changed anything.
    fn apply(&mut self, snapshot: Snapshot<'_>, command: &Command) -> Result<bool, RunError> {
        let (decision, rest) = decide_keeping_rest(snapshot, command, self.now);
        for task in rest.tasks.into_values() {
            self.calls.put_back(task);
        }
        for worker in rest.workers.into_values() {
            if let Some(agent) = self.by_sid.get(&worker.sid) {
                self.desks[*agent as usize].worker = Some(worker);
            }
        }
        match decision.outcome {
            Outcome::Refused(refusal) => return Err(RunError::Refused(refusal.to_string())),
            Outcome::AlreadySo => return Ok(false),
            Outcome::Changed => {}
        }
        for task in decision.tasks {
            self.task_changed(task);
        }
        for worker in decision.workers {
            self.worker_changed(worker);
        }
        Ok(true)
    }

    /// The snapshot of one call, with the Workers of its open Reservations. They are moved into it,
    /// and [`Self::apply`] moves them back.
    fn take_snapshot(&mut self, slot: u32) -> Snapshot<'p> {
        let mut snapshot = Snapshot::new(&self.plan.workspace);
        if let Some(task) = self.calls.take(slot) {
            for open in task.open_reservations() {
                let worker = self.take_worker_named(open.worker_sid);
                snapshot = snapshot.with_workers(worker);
            }
            snapshot = snapshot.with_tasks([task]);
        }
        snapshot
    }

    fn take_worker_named(&mut self, worker: WorkerSid) -> Option<Worker> {
        let agent = *self.by_sid.get(&worker)?;
        self.desks.get_mut(agent as usize)?.worker.take()
    }

    /// The snapshot of one Worker alone.
    fn take_agent(&mut self, agent: u32) -> Snapshot<'p> {
        let worker = self.desks[agent as usize].worker.take();
        Snapshot::new(&self.plan.workspace).with_workers(worker)
    }
}
