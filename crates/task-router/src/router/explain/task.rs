//! Why a Task waits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journey::{self, Journey};
use super::reason::{self, Reason, ReasonKind};
use super::{OUTSIDERS_SHOWN_MAX, WORKERS_SHOWN_MAX, iso8601, phrases, queue_name};
use crate::model::{
    AssignmentStatus, EndReason, Reservation, ReservationStatus, RoutingTarget, Task,
    TaskChannelName, Worker, Workspace,
};
use crate::router::{Command, Outcome, Snapshot, deadline, decide, matching};
use ids::time::Timestamp;
use ids::{ReservationSid, TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};

/// Workers of a TaskQueue whom the summary names one by one.
const NAMED_MAX: usize = 3;

/// What is asked, and what was read to answer it.
#[derive(Debug, Clone, Copy)]
pub struct TaskQuestion<'a> {
    /// Configuration.
    pub workspace: &'a Workspace,
    /// The Task.
    pub task: &'a Task,
    /// Workers of the Workspace.
    pub workers: &'a [Worker],
    /// Are there more of them?
    pub more_workers: bool,
    /// Tasks that stand before it in its line, first one first.
    pub ahead: &'a [Task],
    /// Are there more of them?
    pub more_ahead: bool,
    /// The moment.
    pub now: Timestamp,
}

/// Why a Task waits; for one that does not wait, where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskExplanation {
    /// The Task.
    pub task_sid: TaskSid,
    /// Where it is routed.
    pub workspace_sid: WorkspaceSid,
    /// The answer in a sentence.
    pub summary: String,
    /// Where the Task stands.
    pub assignment_status: AssignmentStatus,
    /// Higher is served first.
    pub priority: u32,
    /// The kind of work.
    pub task_channel_unique_name: TaskChannelName,
    /// The queue it waits in, or was in.
    pub task_queue_sid: TaskQueueSid,
    /// The queue's name.
    pub task_queue_friendly_name: String,
    /// The moment its waiting is counted from.
    #[serde(with = "iso8601")]
    pub waiting_since: Timestamp,
    /// Its place in its Workflow; of a pending Task only.
    pub workflow: Option<Journey>,
    /// The Tasks before it in its line; of a pending Task only.
    pub ahead: Option<Ahead>,
    /// The Reservations of its latest round.
    pub reservations: Vec<Offered>,
    /// Workers, those of the TaskQueue first, and among them who is nearest to taking it; of a pending Task only.
    pub workers: Vec<Candidate>,
    /// Workers of the TaskQueue who are not among `workers`.
    pub more_in_task_queue: usize,
    /// Workers outside the TaskQueue who are not among `workers`.
    pub more_outside: usize,
    /// Does the Workspace have Workers who were not looked at?
    pub more_not_looked_at: bool,
}

/// How many Tasks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// So many.
    pub tasks: usize,
    /// Or more.
    pub at_least: bool,
}

/// A Reservation of the Task's latest round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// `WR…`.
    pub reservation_sid: ReservationSid,
    /// Who was offered the Task.
    pub worker_sid: WorkerSid,
    /// Their name at that moment.
    pub worker_name: String,
    /// Where it stands.
    pub reservation_status: ReservationStatus,
    /// When it was made.
    #[serde(with = "iso8601")]
    pub date_created: Timestamp,
    /// When its status last changed.
    #[serde(with = "iso8601")]
    pub date_updated: Timestamp,
    /// When a pending one ends by itself.
    #[serde(with = "iso8601")]
    pub expires_at: Timestamp,
}

/// A Worker, and what keeps them from the Task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub worker_sid: WorkerSid,
    /// Their name.
    pub friendly_name: String,
    /// What they are doing; empty if that Activity is gone.
    pub activity_name: String,
    /// Do they serve the Task's queue, or is the Task meant for them?
    pub in_task_queue: bool,
    /// Is the Task offered to them at once?
    pub could_take: bool,
    /// Everything that keeps them from it.
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
    match task.is_pending() {
        true => of_pending(question, explanation),
        false => TaskExplanation {
            summary: of_another(workspace, task, now),
            ..explanation
        },
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
    let summary = match moves_on {
        true => format!(
            "Its time in {} is over: it is just being moved on.",
            journey.place
        ),
        false => summary(question, &candidates, &explanation.task_queue_friendly_name),
    };
    let (mut workers, mut outsiders): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|each| each.in_task_queue);
    let (of_queue, outside) = (workers.len(), outsiders.len());
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

/// Would looking at the Task change it, whoever is free? Then its place is not where it waits.
fn moves_on(workspace: &Workspace, task: &Task, now: Timestamp) -> bool {
    let alone = Snapshot::new(workspace).with_tasks([task.clone()]);
    decide(alone, &Command::Advance { task: task.sid }, now).outcome == Outcome::Changed
}

/// The Workers who come into question, nearest to taking the Task first. For a Task that is meant for somebody that is they alone.
fn candidates(question: &TaskQuestion<'_>, moves_on: bool) -> Vec<Candidate> {
    let TaskQuestion {
        workspace,
        task,
        now,
        ..
    } = *question;
    let comes_into_question =
        |worker: &&Worker| meant_for(task).is_none_or(|meant| meant == worker.sid);
    let workers: Vec<&Worker> = question
        .workers
        .iter()
        .filter(comes_into_question)
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
    let at_once = matching::at_once(workspace, task);
    for worker in free.into_iter().skip(at_once) {
        reasons
            .entry(worker.sid)
            .or_default()
            .push(Reason::others_first(at_once));
    }
    let candidate = |worker: &Worker| {
        let obstacles = reasons.remove(&worker.sid).unwrap_or_default();
        candidate(workspace, task, worker, obstacles)
    };
    let mut candidates: Vec<Candidate> = workers.into_iter().map(candidate).collect();
    candidates.sort_by(|left, right| key(left).cmp(&key(right)));
    candidates
}

/// Of the queue or not, how much is in the way, and the name.
fn key(candidate: &Candidate) -> (bool, usize, &str, WorkerSid) {
    (
        !candidate.in_task_queue,
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
        in_task_queue: worker.roster.serves(task.task_queue_sid)
            || meant_for(task) == Some(worker.sid),
        could_take: obstacles.is_empty(),
        obstacles,
    }
}

fn meant_for(task: &Task) -> Option<WorkerSid> {
    match task.routing_target {
        Some(RoutingTarget::Worker(meant)) => Some(meant),
        Some(RoutingTarget::TaskQueue(_) | RoutingTarget::Workflow(_)) | None => None,
    }
}

/// The first Task before this one that the Worker could take.
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

/// The first cause, as concrete as a sentence can be.
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
            let (number, kinds) = (many.len(), kinds(many));
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

/// How many are kept from it by what, counting what is first in each one's way; the most frequent first.
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
    /// What several Workers have in common who are kept by this, behind their number.
    fn of_several(self) -> &'static str {
        match self {
            Self::TaskNotWaiting => "because the Task is being moved on",
            Self::Spared => "spared it for a moment",
            Self::ActivityNotAvailable => "in an Activity that takes no Tasks",
            Self::ChannelNotAvailable => "with the TaskChannel set to unavailable",
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

/// Where a Task is that does not wait.
fn of_another(workspace: &Workspace, task: &Task, now: Timestamp) -> String {
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
            let end = deadline::of_status(workspace, task)
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
