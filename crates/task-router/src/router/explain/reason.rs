//! The obstacles between a Worker and a Task, in words and with their values.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::phrases::queue_name;
use super::{iso8601, phrases};
use crate::model::{KnownWorker, Slots, Task, Unready, Worker, Workspace};
use crate::router::expression::why::{FalseExpression, shortened};
use crate::router::expression::{TargetScope, WorkerScope};
use crate::router::known_worker::{self, WantedWorker};
use crate::router::matching::{self, Obstacle};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid};

/// One obstacle between a Worker and a Task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The kind of obstacle.
    pub kind: ReasonKind,
    /// In words, to follow the Worker's name: `their Activity Offline takes no Tasks`.
    pub text: String,
    /// When the obstacle ends, if that is known.
    #[serde(with = "iso8601::optional")]
    pub until: Option<Timestamp>,
    /// The capacity, of [`ReasonKind::NoCapacity`].
    pub capacity: Option<Capacity>,
    /// The Tasks that take the capacity, or the Task that comes first.
    pub task_sids: Vec<TaskSid>,
    /// The expression that is false.
    pub expression: Option<FalseExpression>,
}

/// The kinds of obstacles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// The Task is not pending, or is just being moved on.
    TaskNotWaiting,
    /// The Worker did not take this Task, or its customer was not reached, and the pause after that
    /// has not ended.
    Spared,
    /// The Worker's Activity is not available.
    ActivityNotAvailable,
    /// The Worker is not available in the Task's channel.
    ChannelNotAvailable,
    /// The Workspace does not have the Task's channel.
    NoSuchTaskChannel,
    /// The Task is the first one of its channel, and Workers are just being listed for it.
    TaskChannelUnused,
    /// The Worker has no free slot in the channel.
    NoCapacity,
    /// The Task is meant for another Worker.
    MeantForAnotherWorker,
    /// The Worker does not serve the TaskQueue.
    NotInTaskQueue,
    /// The step is for the known Worker, who is another Worker or is not named.
    NotTheKnownWorker,
    /// The step's expression is false.
    StepExpression,
    /// Other Workers are offered it first.
    OtherWorkersFirst,
    /// Another Task comes first for them.
    AnotherTaskFirst,
}

/// The capacity of a Worker in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The number of slots.
    pub configured: usize,
    /// The number of slots that are taken.
    pub assigned: usize,
}

impl Reason {
    pub(super) fn new(kind: ReasonKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            until: None,
            capacity: None,
            task_sids: Vec::new(),
            expression: None,
        }
    }

    /// The Task is about to leave its step: its time is over, or its Workflow has changed.
    pub(super) fn moving_on() -> Self {
        Self::new(
            ReasonKind::TaskNotWaiting,
            "the Task is just being moved on, its time in this place is over",
        )
    }

    /// More Workers could take the Task than are offered it at the same time.
    pub(super) fn others_first(offers: usize) -> Self {
        let asked = phrases::count(offers, "Worker");
        Self::new(
            ReasonKind::OtherWorkersFirst,
            format!("the TaskQueue asks {asked} at a time, and others come first"),
        )
    }

    /// The Worker takes this other Task first.
    pub(super) fn other_task_first(task: TaskSid) -> Self {
        let text = format!("Task {task} comes before it, and they could take that one");
        Self {
            task_sids: vec![task],
            ..Self::new(ReasonKind::AnotherTaskFirst, text)
        }
    }
}

/// All obstacles between this Worker and this Task, in the order of matching.
pub(super) fn all(
    workspace: &Workspace,
    worker: &Worker,
    task: &Task,
    now: Timestamp,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    // The visitor never breaks, so it sees every obstacle.
    let _all_visited = matching::obstacles(workspace, worker, task, now, |obstacle| {
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
        Obstacle::CustomerCalledAfter(until) => {
            let text = format!(
                "the Task's customer was not reached and is called again {}",
                phrases::moment(until, now)
            );
            Reason {
                until: Some(until),
                ..Reason::new(ReasonKind::Spared, text)
            }
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
        Obstacle::Unready(unready) => not_ready(workspace, worker, task, unready),
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
                now,
            };
            of_expression(
                ReasonKind::StepExpression,
                "the step’s expression",
                expression.why_false(&scope),
            )
        }
    }
}

fn not_ready(workspace: &Workspace, worker: &Worker, task: &Task, unready: Unready) -> Reason {
    let channel = task.channel;
    match unready {
        Unready::Activity => activity(workspace, worker),
        Unready::NoChannel => Reason::new(
            ReasonKind::NoSuchTaskChannel,
            format!("the Workspace has no TaskChannel {channel}"),
        ),
        Unready::ChannelUnused => Reason::new(
            ReasonKind::TaskChannelUnused,
            format!("they are just being listed for TaskChannel {channel}, for its first Task"),
        ),
        Unready::ChannelClosed => Reason::new(
            ReasonKind::ChannelNotAvailable,
            format!("their TaskChannel {channel} is set to unavailable"),
        ),
        Unready::ChannelFull(slots) => full(worker, task, slots),
    }
}

pub(super) fn activity(workspace: &Workspace, worker: &Worker) -> Reason {
    let text = match workspace.activities.get(&worker.activity_sid) {
        Some(activity) => format!("their Activity {} takes no Tasks", activity.friendly_name),
        None => format!("their Activity {} was deleted", worker.activity_sid),
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
        let text = format!("TaskQueue {name} has no expression, so it matches no Worker");
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
    let named = match known_worker::named_by(task, known) {
        WantedWorker::Sid(text) | WantedWorker::FriendlyName(text) => {
            format!("is {}", serde_json::Value::from(shortened(text)))
        }
        WantedWorker::Unnamed => "names no Worker".to_owned(),
    };
    let text = format!(
        "the step is for the known Worker whose {kind} `task.{}` gives, and that {named}",
        known.path()
    );
    Reason::new(ReasonKind::NotTheKnownWorker, text)
}
