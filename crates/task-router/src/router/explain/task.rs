//! Why a Task waits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journey::{self, Journey};
use super::limits::{OUTSIDERS_SHOWN_MAX, WORKERS_SHOWN_MAX};
use super::phrases::queue_name;
use super::reason::{self, Reason, ReasonKind};
use super::{iso8601, phrases};
use crate::model::{
    AssignmentStatus, EndReason, Reservation, ReservationStatus, RoutingTarget, Task,
    TaskChannelName, Worker, Workspace,
};
use crate::router::{Command, Outcome, Snapshot, decide, matching, timers};
use ids::time::Timestamp;
use ids::{ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};

/// The summary names the Workers of a TaskQueue one by one, up to this number.
const NAMED_MAX: usize = 3;

/// The Task to explain, and what was read for the explanation.
#[derive(Debug, Clone, Copy)]
pub struct TaskQuestion<'a> {
    /// Configuration.
    pub workspace: &'a Workspace,
    /// The Task.
    pub task: &'a Task,
    /// Workers of the Workspace.
    pub workers: &'a [Worker],
    /// Does the Workspace have more Workers than were read?
    pub more_workers: bool,
    /// Tasks ahead of it in its waiting list, the first one first.
    pub ahead: &'a [Task],
    /// Are there more Tasks ahead than were read?
    pub more_ahead: bool,
    /// The moment for which the explanation is true.
    pub now: Timestamp,
}

/// Why a Task waits, or the state of a Task that does not wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskExplanation {
    /// The Task's id.
    pub task_sid: TaskSid,
    /// The Task's Workspace.
    pub workspace_sid: WorkspaceSid,
    /// The answer in a sentence.
    pub summary: String,
    /// The Task's status.
    pub assignment_status: AssignmentStatus,
    /// Higher is served first.
    pub priority: u32,
    /// The TaskChannel.
    pub task_channel_unique_name: TaskChannelName,
    /// The TaskQueue in which it waits or waited.
    pub task_queue_sid: TaskQueueSid,
    /// The TaskQueue's name.
    pub task_queue_friendly_name: String,
    /// The moment its waiting is counted from.
    #[serde(with = "iso8601")]
    pub waiting_since: Timestamp,
    /// The step in its Workflow; of a pending Task only.
    pub workflow: Option<Journey>,
    /// The number of Tasks ahead of it in its waiting list; of a pending Task only.
    pub ahead: Option<Ahead>,
    /// The Reservations of its latest round.
    pub reservations: Vec<Offered>,
    /// Workers, those of the TaskQueue first, then by the number of obstacles; of a pending Task
    /// only.
    pub workers: Vec<Candidate>,
    /// Workers of the TaskQueue who are not among `workers`.
    pub more_in_task_queue: usize,
    /// Workers outside the TaskQueue who are not among `workers`.
    pub more_outside: usize,
    /// Does the Workspace have Workers who were not read?
    pub more_not_looked_at: bool,
}

/// A number of Tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// The number that was counted.
    pub tasks: usize,
    /// Are there, or may there be, more than were counted?
    pub at_least: bool,
}

/// A Reservation of the Task's latest round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// The Reservation's id.
    pub reservation_sid: ReservationSid,
    /// The Worker who is or was offered the Task.
    pub worker_sid: WorkerSid,
    /// Their name at that moment.
    pub worker_name: String,
    /// The Reservation's status.
    pub reservation_status: ReservationStatus,
    /// When it was created.
    #[serde(with = "iso8601")]
    pub date_created: Timestamp,
    /// When its status last changed.
    #[serde(with = "iso8601")]
    pub date_updated: Timestamp,
    /// When a pending Reservation expires.
    #[serde(with = "iso8601")]
    pub expires_at: Timestamp,
}

/// A Worker, and the obstacles between them and the Task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The Worker's id.
    pub worker_sid: WorkerSid,
    /// Their name.
    pub friendly_name: String,
    /// The name of their Activity; empty if it was deleted.
    pub activity_name: String,
    /// Do they serve the Task's TaskQueue, or is the Task for them alone?
    pub in_task_queue: bool,
    /// Is there no obstacle, so that the Task is offered to them at once?
    pub could_take: bool,
    /// All obstacles.
    pub obstacles: Vec<Reason>,
}

/// Why this Task waits.
pub fn of_task(question: &TaskQuestion<'_>) -> TaskExplanation {
    let TaskQuestion {
        workspace,
        task,
        now,
        ..
    } = *question;
    let explanation = TaskExplanation {
        task_sid: task.sid,
        workspace_sid: task.workspace_sid,
        summary: String::new(),
        assignment_status: task.assignment_status,
        priority: task.priority,
        task_channel_unique_name: task.channel,
        task_queue_sid: task.task_queue_sid,
        task_queue_friendly_name: queue_name(workspace, task.task_queue_sid),
        waiting_since: task.virtual_start_time,
        workflow: None,
        ahead: None,
        reservations: task.reservations.iter().map(offered).collect(),
        workers: Vec::new(),
        more_in_task_queue: 0,
        more_outside: 0,
        more_not_looked_at: false,
    };
    if task.is_pending() {
        return of_pending(question, explanation);
    }
    TaskExplanation {
        summary: of_not_pending(workspace, task, now),
        ..explanation
    }
}

fn of_pending(question: &TaskQuestion<'_>, explanation: TaskExplanation) -> TaskExplanation {
    let TaskQuestion {
        workspace,
        task,
        now,
        ..
    } = *question;
    let journey = journey::of_task(workspace, task, now);
    let moves_on = moves_on(workspace, task, now);
    let candidates = candidates(question, moves_on);
    let summary = if moves_on {
        format!(
            "Its time in {} is over: it is just being moved on.",
            journey.place
        )
    } else {
        summary(question, &candidates, &explanation.task_queue_friendly_name)
    };
    let (mut workers, mut outsiders): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|each| each.in_task_queue);
    let of_queue = workers.len();
    let outside = outsiders.len();
    workers.truncate(WORKERS_SHOWN_MAX);
    outsiders.truncate(OUTSIDERS_SHOWN_MAX);
    TaskExplanation {
        summary,
        workflow: Some(journey),
        ahead: Some(Ahead {
            tasks: question.ahead.len(),
            at_least: question.more_ahead,
        }),
        more_in_task_queue: of_queue - workers.len(),
        more_outside: outside - outsiders.len(),
        more_not_looked_at: question.more_workers,
        workers: workers.into_iter().chain(outsiders).collect(),
        ..explanation
    }
}

/// Does an advance without candidates change the Task? Then it is about to leave its step.
fn moves_on(workspace: &Workspace, task: &Task, now: Timestamp) -> bool {
    let alone = Snapshot::new(workspace).with_tasks([task.clone()]);
    decide(alone, &Command::Advance { task: task.sid }, now).outcome == Outcome::Changed
}

/// The candidates, those with the fewest obstacles first. A Task for one Worker alone has one
/// candidate.
fn candidates(question: &TaskQuestion<'_>, moves_on: bool) -> Vec<Candidate> {
    let TaskQuestion {
        workspace,
        task,
        now,
        ..
    } = *question;
    let workers: Vec<&Worker> = question
        .workers
        .iter()
        .filter(|worker| meant_for(task).is_none_or(|meant| meant == worker.sid))
        .collect();
    let mut reasons: BTreeMap<WorkerSid, Vec<Reason>> = BTreeMap::new();
    for worker in &workers {
        let moving = moves_on.then(Reason::moving_on);
        let mut all: Vec<Reason> = moving
            .into_iter()
            .chain(reason::all(workspace, worker, task, now))
            .collect();
        if all.is_empty() {
            all.extend(first_ahead(question, worker).map(Reason::other_task_first));
        }
        reasons.insert(worker.sid, all);
    }
    let is_free = |worker: &&&Worker| reasons.get(&worker.sid).is_some_and(Vec::is_empty);
    let mut free: Vec<&Worker> = workers.iter().filter(is_free).copied().collect();
    matching::best_first(workspace, task, &mut free);
    let offers = matching::parallel_offers(workspace, task);
    for worker in free.into_iter().skip(offers) {
        reasons
            .entry(worker.sid)
            .or_default()
            .push(Reason::others_first(offers));
    }
    let candidate = |worker: &Worker| {
        let obstacles = reasons.remove(&worker.sid).unwrap_or_default();
        candidate(workspace, task, worker, obstacles)
    };
    let mut candidates: Vec<Candidate> = workers.into_iter().map(candidate).collect();
    candidates.sort_by(|left, right| sort_key(left).cmp(&sort_key(right)));
    candidates
}

/// Sorts candidates by the number of obstacles, then by name.
fn sort_key(candidate: &Candidate) -> (usize, &str, WorkerSid) {
    (
        candidate.obstacles.len(),
        &candidate.friendly_name,
        candidate.worker_sid,
    )
}

fn candidate(
    workspace: &Workspace,
    task: &Task,
    worker: &Worker,
    obstacles: Vec<Reason>,
) -> Candidate {
    let activity = workspace.activities.get(&worker.activity_sid);
    Candidate {
        worker_sid: worker.sid,
        friendly_name: worker.friendly_name.clone(),
        activity_name: activity
            .map(|activity| activity.friendly_name.clone())
            .unwrap_or_default(),
        in_task_queue: worker.queue_membership.serves(task.task_queue_sid)
            || meant_for(task) == Some(worker.sid),
        could_take: obstacles.is_empty(),
        obstacles,
    }
}

/// The Worker who is the routing target of the Task.
fn meant_for(task: &Task) -> Option<WorkerSid> {
    match task.routing_target {
        Some(RoutingTarget::Worker(meant)) => Some(meant),
        Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None => None,
    }
}

/// The first Task ahead of this one that the Worker could take.
fn first_ahead(question: &TaskQuestion<'_>, worker: &Worker) -> Option<TaskSid> {
    let TaskQuestion { workspace, now, .. } = *question;
    let takes = |other: &&Task| {
        matching::may_be_served(workspace, other, now)
            && matching::may_take(workspace, worker, other, now)
    };
    question.ahead.iter().find(takes).map(|other| other.sid)
}

fn offered(reservation: &Reservation) -> Offered {
    Offered {
        reservation_sid: reservation.sid,
        worker_sid: reservation.worker_sid,
        worker_name: reservation.worker_name.clone(),
        reservation_status: reservation.status,
        date_created: reservation.date_created,
        date_updated: reservation.date_updated,
        expires_at: reservation.expires_at,
    }
}

/// The most important cause, in a sentence.
fn summary(question: &TaskQuestion<'_>, candidates: &[Candidate], queue: &str) -> String {
    let could: Vec<String> = candidates
        .iter()
        .filter(|each| each.could_take)
        .map(|each| each.friendly_name.clone())
        .collect();
    if !could.is_empty() {
        return format!(
            "It is offered to {} at once: nothing keeps them from it.",
            phrases::list(&could)
        );
    }
    if let Some(meant) = meant_for(question.task) {
        return match candidates.first() {
            Some(worker) => format!(
                "It is for Worker {} alone, and {}.",
                worker.friendly_name,
                all_texts(worker)
            ),
            None => format!("It is for Worker {meant} alone, who does not exist."),
        };
    }
    let of_queue: Vec<&Candidate> = candidates
        .iter()
        .filter(|each| each.in_task_queue)
        .collect();
    let looked_at = if question.more_workers {
        " of those looked at"
    } else {
        ""
    };
    match (of_queue.as_slice(), candidates) {
        ([], []) => "The Workspace has no Worker.".to_owned(),
        ([], [nearest, ..]) => format!(
            "No Worker{looked_at} is in TaskQueue {queue}; {}",
            about(nearest)
        ),
        ([only], _) => {
            format!(
                "The only Worker{looked_at} in TaskQueue {queue}, {}, cannot take it: {}.",
                only.friendly_name,
                all_texts(only)
            )
        }
        (several, _) if several.len() <= NAMED_MAX => {
            let each = several
                .iter()
                .map(|worker| format!("{}: {}", worker.friendly_name, all_texts(worker)));
            let each: Vec<String> = each.collect();
            format!(
                "None of the {} Workers{looked_at} in TaskQueue {queue} can take it. {}.",
                several.len(),
                each.join("; ")
            )
        }
        (many, _) => {
            let nearest = many
                .first()
                .map(|nearest| about(nearest))
                .unwrap_or_default();
            let number = many.len();
            let kinds = kinds(many);
            format!(
                "None of the {number} Workers{looked_at} in TaskQueue {queue} can take it: {kinds}. Nearest: {nearest}"
            )
        }
    }
}

/// `Maya: their Activity Offline takes no Tasks.`
fn about(worker: &Candidate) -> String {
    format!("{}: {}.", worker.friendly_name, all_texts(worker))
}

fn all_texts(worker: &Candidate) -> String {
    phrases::list(
        &worker
            .obstacles
            .iter()
            .map(|reason| reason.text.clone())
            .collect::<Vec<_>>(),
    )
}

/// The number of Workers by the kind of their first obstacle, the most frequent kind first.
fn kinds(workers: &[&Candidate]) -> String {
    let mut counts: BTreeMap<ReasonKind, usize> = BTreeMap::new();
    for first in workers.iter().filter_map(|worker| worker.obstacles.first()) {
        *counts.entry(first.kind).or_default() += 1;
    }
    let mut counts: Vec<(ReasonKind, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
    phrases::list(
        &counts
            .into_iter()
            .map(|(kind, count)| format!("{count} {}", kind.of_several()))
            .collect::<Vec<_>>(),
    )
}

impl ReasonKind {
    /// What several Workers with this obstacle have in common; it follows their number.
    fn of_several(self) -> &'static str {
        match self {
            Self::TaskNotWaiting => "because the Task is being moved on",
            Self::Spared => "spared it for a moment",
            Self::ActivityNotAvailable => "in an Activity that takes no Tasks",
            Self::ChannelNotAvailable => "with the TaskChannel set to unavailable",
            Self::NoSuchTaskChannel => "without the TaskChannel, which the Workspace does not have",
            Self::TaskChannelUnused => "just being listed for the TaskChannel",
            Self::NoCapacity => "without a free slot",
            Self::MeantForAnotherWorker => "for whom it is not meant",
            Self::NotInTaskQueue => "not in the TaskQueue",
            Self::NotTheKnownWorker => "other than the known Worker of the step",
            Self::StepExpression => "for whom the step’s expression is false",
            Self::OtherWorkersFirst => "after others",
            Self::AnotherTaskFirst => "with another Task first",
        }
    }
}

/// The state of a Task that does not wait.
fn of_not_pending(workspace: &Workspace, task: &Task, now: Timestamp) -> String {
    let moment = |at| phrases::moment(at, now);
    let reason = task
        .reason
        .as_ref()
        .map_or("no reason was given", EndReason::as_str);
    let held = task.held_reservation();
    let holder = held.map_or("a Worker", |held| held.worker_name.as_str());
    let since = moment(held.map_or(task.date_updated, |held| held.date_updated));
    match task.assignment_status {
        AssignmentStatus::Pending | AssignmentStatus::Reserved => {
            let offer = |offer: &Reservation| {
                format!(
                    "{} (since {}; until {})",
                    offer.worker_name,
                    moment(offer.date_created),
                    moment(offer.expires_at)
                )
            };
            let offers: Vec<String> = task.pending_reservations().map(offer).collect();
            format!(
                "It does not wait: it is offered to {}.",
                phrases::list(&offers)
            )
        }
        AssignmentStatus::Assigned => format!("It does not wait: {holder} has it since {since}."),
        AssignmentStatus::Wrapping => {
            let end = timers::of_status(workspace, task)
                .map(|end| format!("; it ends by itself at {}", moment(end)));
            format!(
                "It does not wait: {holder} is wrapping it up since {since}{}.",
                end.unwrap_or_default()
            )
        }
        AssignmentStatus::Completed => format!(
            "It was completed at {}: {reason}.",
            moment(task.date_updated)
        ),
        AssignmentStatus::Canceled => format!(
            "It was canceled at {}: {reason}.",
            moment(task.date_updated)
        ),
    }
}
