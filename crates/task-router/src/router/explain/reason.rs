//! What keeps a Worker from a Task, in words and with its values.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::phrases;
use super::{iso8601_if_any, queue_name};
use crate::model::{KnownWorker, Slots, Task, Worker, Workspace};
use crate::router::expression::why::{FalseExpression, told};
use crate::router::expression::{TargetScope, WorkerScope};
use crate::router::known_worker;
use crate::router::matching::{self, Obstacle};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid};

/// One thing that keeps a Worker from a Task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What kind of thing.
    pub kind: ReasonKind,
    /// In words, to be read behind the Worker's name: `their Activity Offline takes no Tasks`.
    pub text: String,
    /// Until when it lasts, if that is known.
    #[serde(with = "iso8601_if_any")]
    pub until: Option<Timestamp>,
    /// The capacity that is taken.
    pub capacity: Option<Capacity>,
    /// The Tasks it is about: those that take up the capacity, or the one that comes first.
    pub task_sids: Vec<TaskSid>,
    /// The expression that is false.
    pub expression: Option<FalseExpression>,
}

/// Kinds of things that keep Workers from Tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// The Task does not wait, or is just being moved on.
    TaskNotWaiting,
    /// They did not take this very Task a moment ago.
    Spared,
    /// Their Activity is not available.
    ActivityNotAvailable,
    /// Their share of the Task's channel is not available.
    ChannelNotAvailable,
    /// All slots of the channel are taken, or there are none.
    NoCapacity,
    /// The Task is meant for another Worker.
    MeantForAnotherWorker,
    /// They do not serve the TaskQueue.
    NotInTaskQueue,
    /// The step wants the known Worker, and that is another, or nobody.
    NotTheKnownWorker,
    /// The step's expression is false.
    StepExpression,
    /// Other Workers are offered it first.
    OtherWorkersFirst,
    /// Another Task comes first for them.
    AnotherTaskFirst,
}

/// How much of a Worker's share of a channel is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Tasks at once.
    pub configured: usize,
    /// Tasks that take up a slot now.
    pub assigned: usize,
}

impl Reason {
    pub(super) fn new(kind: ReasonKind, text: impl Into<String>) -> Self {
        let (until, capacity, task_sids, expression) = (None, None, Vec::new(), None);
        Self {
            kind,
            text: text.into(),
            until,
            capacity,
            task_sids,
            expression,
        }
    }

    /// The Task is not where it stays: its time is up, or its Workflow has changed.
    pub(super) fn moving_on() -> Self {
        Self::new(
            ReasonKind::TaskNotWaiting,
            "the Task is just being moved on, its time in this place is over",
        )
    }

    /// Of those who could take it, the first ones are asked.
    pub(super) fn others_first(at_once: usize) -> Self {
        let asked = phrases::count(at_once, "Worker");
        Self::new(
            ReasonKind::OtherWorkersFirst,
            format!("the TaskQueue asks {asked} at a time, and others come first"),
        )
    }

    /// This Task comes before the one in question.
    pub(super) fn other_task_first(task: TaskSid) -> Self {
        let text = format!("Task {task} stands before it, and they could take that one");
        Self {
            task_sids: vec![task],
            ..Self::new(ReasonKind::AnotherTaskFirst, text)
        }
    }
}

/// Everything that keeps this Worker from this Task, as matching has it.
pub(super) fn all(
    workspace: &Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    // It is never broken off, so it hears everything.
    let _heard = matching::obstacles(workspace, worker, task, now, |obstacle| {
        reasons.push(in_words(workspace, worker, task, now, obstacle));
        ControlFlow::Continue(())
    });
    reasons
}

fn in_words(
    workspace: &Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
    obstacle: Obstacle<'_>,
) -> Reason {
    match obstacle {
        Obstacle::NotPending => {
            let text = format!("the Task is {}", task.assignment_status.as_str());
            Reason::new(ReasonKind::TaskNotWaiting, text)
        }
        Obstacle::SparedUntil(until) => {
            let text = format!(
                "they did not take this Task a moment ago and are spared it until {}",
                phrases::moment(until, now)
            );
            Reason {
                until: Some(until),
                ..Reason::new(ReasonKind::Spared, text)
            }
        }
        Obstacle::Activity => activity(workspace, worker),
        Obstacle::ChannelClosed => {
            let text = format!("their TaskChannel {} is set to unavailable", task.channel);
            Reason::new(ReasonKind::ChannelNotAvailable, text)
        }
        Obstacle::ChannelFull(slots) => full(worker, task, slots),
        Obstacle::MeantFor(meant) => Reason::new(
            ReasonKind::MeantForAnotherWorker,
            format!("the Task is for Worker {meant} alone"),
        ),
        Obstacle::NotInQueue => not_in_queue(workspace, worker, task.task_queue_sid),
        Obstacle::NotKnown(known) => not_known(task, known),
        Obstacle::Step(expression) => {
            let scope = TargetScope {
                task,
                worker: WorkerScope::new(worker, workspace),
            };
            of_expression(
                ReasonKind::StepExpression,
                "the step’s expression",
                expression.why_false(&scope),
            )
        }
    }
}

pub(super) fn activity(workspace: &Workspace, worker: &Worker) -> Reason {
    let text = match workspace.activities.get(&worker.activity_sid) {
        Some(activity) => format!("their Activity {} takes no Tasks", activity.friendly_name),
        None => format!("their Activity {} is gone", worker.activity_sid),
    };
    Reason::new(ReasonKind::ActivityNotAvailable, text)
}

fn full(worker: &Worker, task: &Task, slots: Slots) -> Reason {
    let channel = task.channel;
    let open = worker
        .open_reservations
        .iter()
        .filter(|open| open.channel == channel);
    let task_sids: Vec<TaskSid> = open.map(|open| open.task_sid).collect();
    let text = match slots.configured {
        0 => format!("their capacity for {channel} is 0"),
        configured => {
            let held: Vec<String> = task_sids.iter().map(ToString::to_string).collect();
            let tasks = phrases::count(configured, &format!("{channel} Task"));
            format!(
                "their capacity of {tasks} is taken by {}",
                phrases::list(&held)
            )
        }
    };
    let capacity = Some(Capacity {
        configured: slots.configured,
        assigned: slots.taken,
    });
    Reason {
        capacity,
        task_sids,
        ..Reason::new(ReasonKind::NoCapacity, text)
    }
}

/// Why this Worker does not serve this TaskQueue.
pub(super) fn not_in_queue(workspace: &Workspace, worker: &Worker, queue: TaskQueueSid) -> Reason {
    let name = queue_name(workspace, queue);
    let Some(target) = workspace
        .task_queues
        .get(&queue)
        .and_then(|queue| queue.target_workers.as_ref())
    else {
        let text = format!("TaskQueue {name} has no expression, which matches nobody");
        return Reason::new(ReasonKind::NotInTaskQueue, text);
    };
    match target.why_false(&WorkerScope::new(worker, workspace)) {
        None => {
            let text = format!(
                "they match TaskQueue {name} since a moment ago and are just being added to it"
            );
            Reason::new(ReasonKind::NotInTaskQueue, text)
        }
        why => of_expression(
            ReasonKind::NotInTaskQueue,
            &format!("they are not in TaskQueue {name}"),
            why,
        ),
    }
}

fn of_expression(kind: ReasonKind, what: &str, why: Option<FalseExpression>) -> Reason {
    let because = why
        .as_ref()
        .map(|why| format!(": {}", why.because))
        .unwrap_or_default();
    Reason {
        expression: why,
        ..Reason::new(kind, format!("{what}{because}"))
    }
}

fn not_known(task: &Task, known: &KnownWorker) -> Reason {
    let kind = match known {
        KnownWorker::Sid(_) => "SID",
        KnownWorker::FriendlyName(_) => "name",
    };
    let said = match known_worker::said_by(task, known) {
        known_worker::Meant::Sid(text) | known_worker::Meant::FriendlyName(text) => {
            format!("is {}", serde_json::Value::from(told(text)))
        }
        known_worker::Meant::Nobody => "names nobody".to_owned(),
    };
    let text = format!(
        "the step is for the known Worker whose {kind} `task.{}` gives, and that {said}",
        known.path()
    );
    Reason::new(ReasonKind::NotTheKnownWorker, text)
}
