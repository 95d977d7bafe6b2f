//! Why nothing comes to a Worker.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reason::{self, Reason};
use super::{Ahead, QUEUES_SHOWN_MAX, WAITING_SHOWN_MAX, iso8601, phrases, queue_name};
use crate::model::{Task, TaskChannelName, TaskQueue, Worker, Workspace};
use crate::router::order::WaitingList;
use crate::router::{matching, order};
use ids::time::Timestamp;
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};

/// Lines of waiting Tasks looked at for one Worker: one read of the board each.
const LINES_READ_MAX: usize = 200;

/// What is asked, and what was read to answer it.
#[derive(Debug, Clone, Copy)]
pub struct WorkerQuestion<'a> {
    /// Configuration.
    pub workspace: &'a Workspace,
    /// The Worker.
    pub worker: &'a Worker,
    /// The lines of [`WorkerQuestion::lines`], as far as they were read.
    pub lines: &'a [WaitingLine],
    /// The moment.
    pub now: Timestamp,
}

/// The head of a line of waiting Tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingLine {
    /// Which line.
    pub line: WaitingList,
    /// Its first Tasks, first one first.
    pub tasks: Vec<Task>,
    /// Are there more?
    pub more: bool,
}

/// Why nothing comes to a Worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerExplanation {
    /// The Worker.
    pub worker_sid: WorkerSid,
    /// Where they work.
    pub workspace_sid: WorkspaceSid,
    /// Their name.
    pub friendly_name: String,
    /// The answer in a sentence.
    pub summary: String,
    /// What they are doing.
    pub activity_sid: ActivitySid,
    /// Its name; empty if it is gone.
    pub activity_name: String,
    /// Does that Activity take Tasks?
    pub available: bool,
    /// Since when they are in it.
    #[serde(with = "iso8601")]
    pub date_status_changed: Timestamp,
    /// Their capacity, TaskChannel by TaskChannel.
    pub channels: Vec<Channel>,
    /// Tasks that wait for them alone, first one first.
    pub waiting_for_them: Vec<Waiting>,
    /// The Workspace's TaskQueues, those they serve first.
    pub task_queues: Vec<Queue>,
    /// TaskQueues they serve that are not among `task_queues`.
    pub more_served: usize,
    /// TaskQueues they do not serve that are not among `task_queues`.
    pub more_not_served: usize,
}

/// A Worker's share of a TaskChannel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Which.
    pub task_channel_unique_name: TaskChannelName,
    /// False: no new Tasks of it.
    pub available: bool,
    /// Tasks at once.
    pub configured_capacity: usize,
    /// Tasks that take up a slot now.
    pub occupied: usize,
    /// Is there a slot for one more?
    pub has_slot: bool,
    /// The Tasks that take up slots.
    pub task_sids: Vec<TaskSid>,
}

/// A TaskQueue as one Worker has to do with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Which.
    pub task_queue_sid: TaskQueueSid,
    /// Its name.
    pub friendly_name: String,
    /// Do they serve it?
    pub serves: bool,
    /// Why not.
    pub obstacle: Option<Reason>,
    /// Tasks that wait in it; none if it was not looked at.
    pub waiting: Option<Ahead>,
    /// The first ones of them.
    pub tasks: Vec<Waiting>,
}

/// A Task that waits, and what keeps it from the Worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub task_sid: TaskSid,
    /// Where it waits.
    pub task_queue_sid: TaskQueueSid,
    /// The kind of work.
    pub task_channel_unique_name: TaskChannelName,
    /// Higher is served first.
    pub priority: u32,
    /// The moment its waiting is counted from.
    #[serde(with = "iso8601")]
    pub waiting_since: Timestamp,
    /// Does it come to them at once?
    pub could_take: bool,
    /// Everything that keeps it from them.
    pub obstacles: Vec<Reason>,
}

impl WorkerQuestion<'_> {
    /// The lines to read for this Worker: their own, then those of the TaskQueues that are told of.
    pub fn lines(workspace: &Workspace, worker: &Worker) -> Vec<WaitingList> {
        let queues = queues(workspace, worker)
            .into_iter()
            .filter(|(_, is_told)| *is_told)
            .map(|(queue, _)| queue.sid);
        let channels = || workspace.task_channels.keys().copied();
        let of_queues = queues
            .flat_map(|queue| channels().map(move |channel| WaitingList::Queue(queue, channel)));
        std::iter::once(WaitingList::Worker(worker.sid))
            .chain(of_queues)
            .take(LINES_READ_MAX)
            .collect()
    }
}

/// Why nothing comes to this Worker.
pub fn of_worker(question: &WorkerQuestion<'_>) -> WorkerExplanation {
    let WorkerQuestion {
        workspace, worker, ..
    } = *question;
    let activity = workspace.activities.get(&worker.activity_sid);
    let waiting = waiting(question);
    let all = queues(workspace, worker);
    let left_out = |serves: bool| {
        all.iter()
            .filter(|(queue, is_told)| !is_told && worker.roster.serves(queue.sid) == serves)
            .count()
    };
    let told = all.iter().filter(|(_, is_told)| *is_told);
    WorkerExplanation {
        worker_sid: worker.sid,
        workspace_sid: worker.workspace_sid,
        friendly_name: worker.friendly_name.clone(),
        summary: summary(question, &waiting),
        activity_sid: worker.activity_sid,
        activity_name: activity
            .map(|activity| activity.friendly_name.clone())
            .unwrap_or_default(),
        available: workspace.is_available(worker.activity_sid),
        date_status_changed: worker.date_status_changed,
        channels: workspace
            .task_channels
            .keys()
            .map(|channel| channel_of(worker, *channel))
            .collect(),
        waiting_for_them: for_them(question, &waiting),
        task_queues: told
            .map(|(queue, _)| queue_of(question, &waiting, queue))
            .collect(),
        more_served: left_out(true),
        more_not_served: left_out(false),
    }
}

/// The Workspace's TaskQueues, those the Worker serves first, by name; and whether they are told of.
fn queues<'a>(workspace: &'a Workspace, worker: &Worker) -> Vec<(&'a TaskQueue, bool)> {
    let mut queues: Vec<&TaskQueue> = workspace.task_queues.values().collect();
    queues.sort_by_key(|queue| {
        (
            !worker.roster.serves(queue.sid),
            &queue.friendly_name,
            queue.sid,
        )
    });
    let served = queues
        .iter()
        .filter(|queue| worker.roster.serves(queue.sid))
        .count();
    let is_told = |at: usize| {
        if at < served {
            at < QUEUES_SHOWN_MAX
        } else {
            at - served < QUEUES_SHOWN_MAX
        }
    };
    queues
        .into_iter()
        .enumerate()
        .map(|(at, queue)| (queue, is_told(at)))
        .collect()
}

fn channel_of(worker: &Worker, channel: TaskChannelName) -> Channel {
    let slots = worker.slots(channel);
    let open = worker
        .open_reservations
        .iter()
        .filter(|open| open.channel == channel);
    Channel {
        task_channel_unique_name: channel,
        available: slots.available,
        configured_capacity: slots.configured,
        occupied: slots.taken,
        has_slot: worker.has_slot(channel),
        task_sids: open.map(|open| open.task_sid).collect(),
    }
}

/// The Tasks that were read, in the order in which the Worker would get them.
fn waiting(question: &WorkerQuestion<'_>) -> Vec<Waiting> {
    let WorkerQuestion {
        workspace,
        worker,
        lines,
        now,
    } = *question;
    // Read one after the other, a Task may be in two lines.
    let tasks: BTreeMap<TaskSid, &Task> = lines
        .iter()
        .flat_map(|line| &line.tasks)
        .map(|task| (task.sid, task))
        .collect();
    let mut tasks: Vec<&Task> = tasks.into_values().collect();
    tasks.sort_by_cached_key(|task| order::rank(workspace, task));
    let mut next = None;
    let waiting = |task: &Task| {
        let moving = (!matching::may_be_served(workspace, task, now)).then(Reason::moving_on);
        let mut obstacles: Vec<Reason> = moving
            .into_iter()
            .chain(reason::all(workspace, worker, task, now))
            .collect();
        match next {
            Some(first) if obstacles.is_empty() => obstacles.push(Reason::other_task_first(first)),
            None if obstacles.is_empty() => next = Some(task.sid),
            Some(_) | None => {}
        }
        Waiting {
            task_sid: task.sid,
            task_queue_sid: task.task_queue_sid,
            task_channel_unique_name: task.channel,
            priority: task.priority,
            waiting_since: task.virtual_start_time,
            could_take: obstacles.is_empty(),
            obstacles,
        }
    };
    tasks.into_iter().map(waiting).collect()
}

fn for_them(question: &WorkerQuestion<'_>, waiting: &[Waiting]) -> Vec<Waiting> {
    let own = question
        .lines
        .iter()
        .find(|line| line.line == WaitingList::Worker(question.worker.sid));
    let is_own = |task: &&Waiting| {
        own.is_some_and(|own| own.tasks.iter().any(|each| each.sid == task.task_sid))
    };
    waiting
        .iter()
        .filter(is_own)
        .take(WAITING_SHOWN_MAX)
        .cloned()
        .collect()
}

fn queue_of(question: &WorkerQuestion<'_>, waiting: &[Waiting], queue: &TaskQueue) -> Queue {
    let WorkerQuestion {
        workspace,
        worker,
        lines,
        ..
    } = *question;
    let serves = worker.roster.serves(queue.sid);
    let is_of_queue =
        |line: &&WaitingLine| matches!(line.line, WaitingList::Queue(sid, _) if sid == queue.sid);
    let read: Vec<&WaitingLine> = lines.iter().filter(is_of_queue).collect();
    let count = Ahead {
        tasks: read.iter().map(|line| line.tasks.len()).sum(),
        at_least: read.iter().any(|line| line.more) || read.len() < workspace.task_channels.len(),
    };
    let in_it = |task: &&Waiting| {
        read.iter()
            .any(|line| line.tasks.iter().any(|each| each.sid == task.task_sid))
    };
    Queue {
        task_queue_sid: queue.sid,
        friendly_name: queue.friendly_name.clone(),
        serves,
        obstacle: (!serves).then(|| reason::not_in_queue(workspace, worker, queue.sid)),
        waiting: (!read.is_empty()).then_some(count),
        tasks: waiting
            .iter()
            .filter(in_it)
            .take(WAITING_SHOWN_MAX)
            .cloned()
            .collect(),
    }
}

/// The first cause, as concrete as a sentence can be.
fn summary(question: &WorkerQuestion<'_>, waiting: &[Waiting]) -> String {
    let WorkerQuestion {
        workspace,
        worker,
        now,
        ..
    } = *question;
    let name = &worker.friendly_name;
    if let Some(next) = waiting.iter().find(|task| task.could_take) {
        return format!(
            "Task {} comes to {name} at once: nothing keeps it from them.",
            next.task_sid
        );
    }
    // Of a queue they do not serve, nothing would come in any case.
    let meant: Vec<&Waiting> = waiting
        .iter()
        .filter(|task| is_meant(question, task))
        .collect();
    if !workspace.is_available(worker.activity_sid) {
        let why = reason::activity(workspace, worker).text;
        let since = phrases::moment(worker.date_status_changed, now);
        let wait = match meant.len() {
            0 => String::new(),
            1 => "; 1 Task waits in their TaskQueues".to_owned(),
            tasks => format!("; {tasks} Tasks wait in their TaskQueues"),
        };
        return format!("Nothing comes to {name}: {why}, since {since}{wait}.");
    }
    if let Some(first) = meant.first() {
        let queue = queue_name(workspace, first.task_queue_sid);
        let why: Vec<String> = first
            .obstacles
            .iter()
            .map(|reason| reason.text.clone())
            .collect();
        return format!(
            "Task {} waits in TaskQueue {queue}, but not for {name}: {}.",
            first.task_sid,
            phrases::list(&why)
        );
    }
    nothing_waits(workspace, worker)
}

/// Would the Task come to this Worker, if it were not for them?
fn is_meant(question: &WorkerQuestion<'_>, task: &Waiting) -> bool {
    let own = WaitingList::Worker(question.worker.sid);
    let in_own_line = |line: &WaitingLine| {
        line.line == own && line.tasks.iter().any(|each| each.sid == task.task_sid)
    };
    question.worker.roster.serves(task.task_queue_sid) || question.lines.iter().any(in_own_line)
}

fn nothing_waits(workspace: &Workspace, worker: &Worker) -> String {
    let name = &worker.friendly_name;
    let queues = worker.roster.queues();
    if queues.is_empty() {
        let nearest = workspace
            .task_queues
            .keys()
            .next()
            .map(|queue| reason::not_in_queue(workspace, worker, *queue));
        let why = nearest.map_or_else(
            || "the Workspace has no TaskQueue".to_owned(),
            |nearest| nearest.text,
        );
        return format!("Nothing comes to {name}: they are in no TaskQueue; {why}.");
    }
    let mut shown: Vec<String> = queues
        .iter()
        .take(WAITING_SHOWN_MAX)
        .map(|queue| queue_name(workspace, *queue))
        .collect();
    if queues.len() > shown.len() {
        shown.push(format!("{} more", queues.len() - shown.len()));
    }
    let shown = phrases::list(&shown);
    let theirs = if queues.len() == 1 {
        format!("TaskQueue {shown} is")
    } else {
        format!("TaskQueues {shown} are")
    };
    let busy: Vec<String> = worker
        .open_reservations
        .iter()
        .map(|open| open.task_sid.to_string())
        .collect();
    let busy = if busy.is_empty() {
        String::new()
    } else {
        format!("; they have {}", phrases::list(&busy))
    };
    format!("Nothing waits for {name}: their {theirs} empty{busy}.")
}
