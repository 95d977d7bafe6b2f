//! The recorded day in virtual time under a configuration.
//!
//! Every change of a Task or Worker is a Decision of the engine. From the recording come the
//! arrivals, the patience of callers who left, what Workers did with their offers, the lengths of
//! conversations and wrap-ups, and the Activities that Workers chose. Where a call takes another
//! course than on the recorded day, these are assumed ([`assumptions`]).

mod assumptions;
mod calls;
mod events;
mod matching;
mod workers;

use std::collections::{BTreeMap, VecDeque};

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use task_router::model::{AssignmentStatus, ChannelUse, EndReason, Task, Worker, Workspace};
use task_router::router::{Command, NotRoutable, Outcome as Decided, Snapshot, decide};

use crate::day::Day;
use crate::names::{NameError, Names};
use assumptions::Assumptions;
use calls::Live;
use events::{Event, Events};
use workers::Desk;

/// The most events of a day. A day of 100,000 calls has a million; more is a loop.
const EVENTS_MAX: u64 = 50_000_000;

/// How long after the last recorded write the day goes on: as long as a Task may wait.
const OVERTIME: Millis = Millis::from_secs(86_400);

/// Why a day cannot be played under a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// A part of the recorded configuration is missing.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The configuration has no place for a Task.
    #[error("Task {task}: {reason}")]
    NotRoutable {
        /// The Task.
        task: TaskSid,
        /// The engine's reason.
        reason: NotRoutable,
    },
    /// The engine refused a Command: a defect of the replay.
    #[error("the engine refused a command of the replay: {0}")]
    Refused(String),
    /// There is no end of events.
    #[error("the day has more than {EVENTS_MAX} events")]
    TooManyEvents,
}

/// What became of a Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How its wait ended.
    pub end: WaitEnd,
    /// How long it waited: until it was answered or ended, or until the end of the day.
    pub wait: Millis,
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitEnd {
    /// This Worker accepted the Task.
    Answered {
        /// The Worker.
        worker: WorkerSid,
        /// The Worker's friendly name.
        name: String,
    },
    /// The caller left.
    Left,
    /// The centre ended it, with the engine's reason.
    Lost(String),
    /// It had not ended at the end of the day.
    Open,
}

/// Plays the day under a configuration. The outcomes are in the order of [`Day::tasks`].
///
/// `workers` replaces attributes and capacities of Workers with the same friendly name: the other
/// file may declare other skills.
///
/// # Errors
/// The configuration lacks a part that the day needs, or has no place for a Task.
pub fn what_if(
    day: &Day,
    workspace: &Workspace,
    workers: &[Worker],
) -> Result<Vec<Outcome>, RunError> {
    let mut workspace = workspace.clone();
    for task in &day.tasks {
        if let Some(channel) = workspace.task_channels.get_mut(&task.new.channel) {
            channel.usage = ChannelUse::Used;
        }
    }
    let mut world = World::new(day, &workspace, workers)?;
    world.run()?;
    Ok(world.outcomes())
}

struct World<'d> {
    day: &'d Day,
    workspace: &'d Workspace,
    names: Names<'d>,
    assumptions: Assumptions,
    declared: &'d [Worker],
    now: Timestamp,
    events: Events,
    /// Tasks that have not ended.
    tasks: BTreeMap<TaskSid, Live>,
    desks: BTreeMap<WorkerSid, Desk>,
    outcomes: Vec<Outcome>,
    indexes: BTreeMap<TaskSid, usize>,
    /// New offers, which ring.
    offered: VecDeque<TaskSid>,
    /// Workers that may take a Task since the last change.
    freed: VecDeque<WorkerSid>,
    /// Tasks for which a Worker is searched for.
    unmatched: VecDeque<TaskSid>,
}

impl<'d> World<'d> {
    fn new(
        day: &'d Day,
        workspace: &'d Workspace,
        declared: &'d [Worker],
    ) -> Result<Self, RunError> {
        let open = Outcome {
            end: WaitEnd::Open,
            wait: Millis::ZERO,
        };
        let mut world = Self {
            day,
            workspace,
            names: Names {
                recorded: &day.last_workspace,
                other: workspace,
            },
            assumptions: Assumptions::of(day),
            declared,
            now: day.begins,
            events: Events::default(),
            tasks: BTreeMap::new(),
            desks: BTreeMap::new(),
            outcomes: vec![open; day.tasks.len()],
            indexes: (0..)
                .zip(&day.tasks)
                .map(|(index, task)| (task.new.sid, index))
                .collect(),
            offered: VecDeque::new(),
            freed: VecDeque::new(),
            unmatched: VecDeque::new(),
        };
        for worker in &day.workers {
            world.add_worker(worker)?;
        }
        for task in &day.held {
            world.hold(task);
        }
        for (index, input) in day.inputs.iter().enumerate() {
            world.events.add(input.at, Event::Input(index));
        }
        Ok(world)
    }

    fn run(&mut self) -> Result<(), RunError> {
        let ends = self.day.ends + OVERTIME;
        self.settle()?;
        let mut count = 0_u64;
        while let Some((at, event)) = self.events.next() {
            if at > ends {
                break;
            }
            count += 1;
            if count > EVENTS_MAX {
                return Err(RunError::TooManyEvents);
            }
            self.now = at.max(self.now);
            self.handle(event)?;
            self.settle()?;
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), RunError> {
        match event {
            Event::Input(index) => self.input(index),
            Event::Task { task, ticket } => self.task_is_due(task, ticket),
            Event::Answer(answer) => self.answer(answer),
            Event::Worker { worker, ticket } => self.worker_is_due(worker, ticket),
        }
    }

    /// Does everything that follows at this moment.
    fn settle(&mut self) -> Result<(), RunError> {
        loop {
            if let Some(task) = self.offered.pop_front() {
                self.ring(task)?;
            } else if let Some(worker) = self.freed.pop_front() {
                self.serve(worker)?;
            } else if let Some(task) = self.unmatched.pop_front() {
                self.search(task)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Decides a Command and takes over its Decision. Returns whether it changed anything.
    fn apply(&mut self, snapshot: Snapshot<'_>, command: &Command) -> Result<bool, RunError> {
        let decision = decide(snapshot, command, self.now);
        match decision.outcome {
            Decided::Refused(refusal) => return Err(RunError::Refused(refusal.to_string())),
            Decided::AlreadySo => return Ok(false),
            Decided::Changed => {}
        }
        // The Workers first: whether a Task's Worker wraps up depends on them.
        for worker in decision.workers {
            self.worker_changed(worker);
        }
        for task in decision.tasks {
            self.task_changed(task)?;
        }
        Ok(true)
    }

    /// The snapshot of a Task and the Workers of its open Reservations.
    fn snapshot_of(&self, task: &Task) -> Snapshot<'d> {
        let held = task.open_reservations();
        let workers = held.filter_map(|open| self.desks.get(&open.worker_sid));
        Snapshot::new(self.workspace)
            .with_workers(workers.map(|desk| desk.worker.clone()))
            .with_tasks([task.clone()])
    }

    /// The outcomes; Tasks that still wait have waited until the end of the day.
    fn outcomes(mut self) -> Vec<Outcome> {
        let ends = self.day.ends;
        for (task, outcome) in self.day.tasks.iter().zip(&mut self.outcomes) {
            if outcome.end == WaitEnd::Open {
                outcome.wait = ends.since(task.created);
            }
        }
        self.outcomes
    }

    /// Notes the end of a Task's wait.
    fn note(&mut self, task: &Task) {
        let Some(outcome) = self
            .indexes
            .get(&task.sid)
            .and_then(|index| self.outcomes.get_mut(*index))
        else {
            return;
        };
        if outcome.end != WaitEnd::Open {
            return;
        }
        let end = match task.assignment_status {
            AssignmentStatus::Assigned => match task.held_reservation() {
                Some(held) => WaitEnd::Answered {
                    worker: held.worker_sid,
                    name: held.worker_name.clone(),
                },
                None => return,
            },
            AssignmentStatus::Canceled => ended(task.reason.as_ref()),
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed => return,
        };
        outcome.end = end;
        outcome.wait = self.now.since(task.date_created);
    }
}

/// How a Task ended that no Worker accepted.
pub(crate) fn ended(reason: Option<&EndReason>) -> WaitEnd {
    match reason {
        Some(EndReason::Hangup | EndReason::LeftQueue | EndReason::Given(_)) => WaitEnd::Left,
        Some(
            reason @ (EndReason::QueueFull
            | EndReason::TaskTtlExceeded
            | EndReason::WorkflowTimeout
            | EndReason::WorkflowSkipped
            | EndReason::NoFilterMatches
            | EndReason::MaxAssignmentsExceeded
            | EndReason::CustomerNotReached
            | EndReason::ConversationEnded
            | EndReason::WrapUpLimit
            | EndReason::Deleted),
        ) => WaitEnd::Lost(reason.as_str().to_owned()),
        None => WaitEnd::Lost(String::new()),
    }
}
