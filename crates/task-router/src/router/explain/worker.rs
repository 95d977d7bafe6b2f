//! Why a Worker is offered nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::limits::{QUEUES_SHOWN_MAX, WAITING_LISTS_READ_MAX, WAITING_SHOWN_MAX};
use super::phrases::queue_name;
use super::reason::{self, Reason};
use super::task::Ahead;
use super::{iso8601, phrases};
use crate::model::{Task, TaskChannelName, TaskQueue, Worker, Workspace};
use crate::router::order::WaitingList;
use crate::router::{matching, order};
use ids::time::Timestamp;
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};

/// The Worker to explain, and what was read for the explanation.
#[derive(Debug, Clone, Copy)]
pub struct WorkerQuestion<'a> {
    /// Configuration.
    pub workspace: &'a Workspace,
    /// The Worker.
    pub worker: &'a Worker,
    /// The heads of [`WorkerQuestion::waiting_lists`].
    pub heads: &'a [WaitingListHead],
    /// The moment for which the explanation is true.
    pub now: Timestamp,
}

/// The head of a waiting list.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingListHead {
    /// The waiting list.
    pub waiting_list: WaitingList,
    /// Its first Tasks, in order.
    pub tasks: Vec<Task>,
    /// Does it contain more Tasks?
    pub more: bool,
}

/// Why a Worker is offered nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerExplanation {
    /// The Worker.
    pub worker_sid: WorkerSid,
    /// The Worker's Workspace.
    pub workspace_sid: WorkspaceSid,
    /// Their name.
    pub friendly_name: String,
    /// The answer in a sentence.
    pub summary: String,
    /// Their Activity.
    pub activity_sid: ActivitySid,
    /// The Activity's name; empty if it was deleted.
    pub activity_name: String,
    /// Is that Activity available?
    pub available: bool,
    /// Since when they are in it.
    #[serde(with = "iso8601")]
    pub date_status_changed: Timestamp,
    /// Their capacity in each TaskChannel.
    pub channels: Vec<Channel>,
    /// Tasks that wait for them alone, the first one first.
    pub waiting_for_them: Vec<Waiting>,
    /// The Workspace's TaskQueues, those they serve first.
    pub task_queues: Vec<Queue>,
    /// TaskQueues they serve that are not among `task_queues`.
    pub more_served: usize,
    /// TaskQueues they do not serve that are not among `task_queues`.
    pub more_not_served: usize,
}

/// A Worker's capacity in a TaskChannel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// The TaskChannel.
    pub task_channel_unique_name: TaskChannelName,
    /// Is the Worker offered new Tasks of the channel?
    pub available: bool,
    /// The number of slots.
    pub configured_capacity: usize,
    /// The number of slots that are taken.
    pub occupied: usize,
    /// Is there a free slot?
    pub has_slot: bool,
    /// The Tasks that take the slots.
    pub task_sids: Vec<TaskSid>,
}

/// A TaskQueue, seen from one Worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// The TaskQueue's id.
    pub task_queue_sid: TaskQueueSid,
    /// Its name.
    pub friendly_name: String,
    /// Does the Worker serve it?
    pub serves: bool,
    /// Why the Worker does not serve it.
    pub obstacle: Option<Reason>,
    /// The number of Tasks that wait in it; none if its waiting lists were not read.
    pub waiting: Option<Ahead>,
    /// The first of these Tasks.
    pub tasks: Vec<Waiting>,
}

/// A waiting Task, and the obstacles between it and the Worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The Task's id.
    pub task_sid: TaskSid,
    /// The TaskQueue in which it waits.
    pub task_queue_sid: TaskQueueSid,
    /// The TaskChannel.
    pub task_channel_unique_name: TaskChannelName,
    /// Higher is served first.
    pub priority: u32,
    /// The moment its waiting is counted from.
    #[serde(with = "iso8601")]
    pub waiting_since: Timestamp,
    /// Is there no obstacle, so that the Worker is offered it at once?
    pub could_take: bool,
    /// All obstacles.
    pub obstacles: Vec<Reason>,
}

impl WorkerQuestion<'_> {
    /// The waiting lists to read for this Worker: their own, then those of the TaskQueues that are
    /// shown.
    pub fn waiting_lists(workspace: &Workspace, worker: &Worker) -> Vec<WaitingList> {
        let queues = queues(workspace, worker)
            .into_iter()
            .filter(|(_, is_shown)| *is_shown)
            .map(|(queue, _)| queue.sid);
        let channels = || workspace.task_channels.keys().copied();
        let of_queues = queues
            .flat_map(|queue| channels().map(move |channel| WaitingList::Queue(queue, channel)));
        std::iter::once(WaitingList::Worker(worker.sid))
            .chain(of_queues)
            .take(WAITING_LISTS_READ_MAX)
            .collect()
    }
}

/// Why this Worker is offered nothing.
pub fn of_worker(question: &WorkerQuestion<'_>) -> WorkerExplanation {
    let WorkerQuestion {
        workspace, worker, ..
    } = *question;
    let activity = workspace.activities.get(&worker.activity_sid);
    let waiting = waiting(question);
    let all = queues(workspace, worker);
    let left_out = |serves: bool| {
        all.iter()
            .filter(|(queue, is_shown)| {
                !is_shown && worker.queue_membership.serves(queue.sid) == serves
            })
            .count()
    };
    let shown = all.iter().filter(|(_, is_shown)| *is_shown);
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
        task_queues: shown
            .map(|(queue, _)| queue_of(question, &waiting, queue))
            .collect(),
        more_served: left_out(true),
        more_not_served: left_out(false),
    }
}

/// The Workspace's TaskQueues, those the Worker serves first, by name; and whether each is shown.
fn queues<'a>(workspace: &'a Workspace, worker: &Worker) -> Vec<(&'a TaskQueue, bool)> {
    let mut queues: Vec<&TaskQueue> = workspace.task_queues.values().collect();
    queues.sort_by_key(|queue| {
        (
            !worker.queue_membership.serves(queue.sid),
            &queue.friendly_name,
            queue.sid,
        )
    });
    let served = queues
        .iter()
        .filter(|queue| worker.queue_membership.serves(queue.sid))
        .count();
    let is_shown = |at: usize| {
        let number = if at < served { at } else { at - served };
        number < QUEUES_SHOWN_MAX
    };
    queues
        .into_iter()
        .enumerate()
        .map(|(at, queue)| (queue, is_shown(at)))
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

/// The Tasks that were read, in the order in which the Worker would be offered them.
fn waiting(question: &WorkerQuestion<'_>) -> Vec<Waiting> {
    let WorkerQuestion {
        workspace,
        worker,
        heads,
        now,
    } = *question;
    // The waiting lists are read one after the other, so a Task that moves may be in two of them.
    let tasks: BTreeMap<TaskSid, &Task> = heads
        .iter()
        .flat_map(|head| &head.tasks)
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
        .heads
        .iter()
        .find(|head| head.waiting_list == WaitingList::Worker(question.worker.sid));
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
        heads,
        ..
    } = *question;
    let serves = worker.queue_membership.serves(queue.sid);
    let is_of_queue = |head: &&WaitingListHead| matches!(head.waiting_list, WaitingList::Queue(sid, _) if sid == queue.sid);
    let read: Vec<&WaitingListHead> = heads.iter().filter(is_of_queue).collect();
    let count = Ahead {
        tasks: read.iter().map(|head| head.tasks.len()).sum(),
        at_least: read.iter().any(|head| head.more) || read.len() < workspace.task_channels.len(),
    };
    let in_it = |task: &&Waiting| {
        read.iter()
            .any(|head| head.tasks.iter().any(|each| each.sid == task.task_sid))
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

/// The most important cause, in a sentence.
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
    // A Worker is offered nothing of a TaskQueue that they do not serve.
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

/// Does the Task wait in a TaskQueue of this Worker, or for this Worker alone?
fn is_meant(question: &WorkerQuestion<'_>, task: &Waiting) -> bool {
    let own = WaitingList::Worker(question.worker.sid);
    let contains_task = |head: &WaitingListHead| {
        head.waiting_list == own && head.tasks.iter().any(|each| each.sid == task.task_sid)
    };
    question.worker.queue_membership.serves(task.task_queue_sid)
        || question.heads.iter().any(contains_task)
}

fn nothing_waits(workspace: &Workspace, worker: &Worker) -> String {
    let name = &worker.friendly_name;
    let queues = worker.queue_membership.queues();
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
    let empty = if queues.len() == 1 {
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
    format!("Nothing waits for {name}: their {empty} empty{busy}.")
}
