//! An in-memory table for tests and benchmarks: waiting Tasks by waiting list and Position, free
//! Workers by ready list and idle time. Its orders are those of the stored indexes. It shows, without
//! a database, what the engine costs and that it decides the same twice.

use std::collections::{BTreeMap, BTreeSet};

use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid};
use task_router::model::{
    IdleKey, Readiness, Step, Target, Task, TaskChannelName, Worker, Workspace,
};
use task_router::router::order::{Position, WaitingList, position_of, waiting_list_of};
use task_router::router::{Command, Decision, RESERVATION_ROUNDS_MAX, Snapshot};
use task_router::router::{decide, may_take, order, timers};

/// The free Workers of each ready list, longest idle first.
type ReadyLists = BTreeMap<Vec<TaskQueueSid>, BTreeMap<Vec<TaskChannelName>, BTreeSet<IdleKey>>>;

/// All Tasks and Workers, and the two indexes.
#[derive(Debug, Clone, Default)]
pub struct MemoryTable {
    tasks: BTreeMap<TaskSid, Task>,
    workers: BTreeMap<WorkerSid, Worker>,
    waiting: BTreeMap<WaitingList, BTreeSet<Position>>,
    free: ReadyLists,
}

impl MemoryTable {
    /// The Task, if it exists.
    pub fn task(&self, sid: TaskSid) -> Option<&Task> {
        self.tasks.get(&sid)
    }

    /// The Worker, if they exist.
    pub fn worker(&self, sid: WorkerSid) -> Option<&Worker> {
        self.workers.get(&sid)
    }

    /// Writes a Task without a condition and returns the old one.
    pub fn put_task(&mut self, workspace: &Workspace, task: Task) -> Option<Task> {
        if let Some(old) = self.tasks.get(&task.sid)
            && let Some(waiting_list) = joined_list(workspace, old)
            && let Some(positions) = self.waiting.get_mut(&waiting_list)
        {
            positions.remove(&position_of(old));
        }
        if let Some(waiting_list) = joined_list(workspace, &task) {
            self.waiting
                .entry(waiting_list)
                .or_default()
                .insert(position_of(&task));
        }
        self.tasks.insert(task.sid, task)
    }

    /// Writes a Worker without a condition and returns the old one.
    pub fn put_worker(&mut self, workspace: &Workspace, worker: Worker) -> Option<Worker> {
        if let Some(old) = self.workers.get(&worker.sid)
            && let Some(Readiness { channels, .. }) = old.readiness(workspace)
            && let Some(ready_list) = self
                .free
                .get_mut(old.queue_membership.queues())
                .and_then(|ready_lists| ready_lists.get_mut(&channels))
        {
            ready_list.remove(&old.idle_key());
        }
        if let Some(Readiness { queues, channels }) = worker.readiness(workspace) {
            let ready_lists = self.free.entry(queues.queues().to_vec()).or_default();
            ready_lists
                .entry(channels)
                .or_default()
                .insert(worker.idle_key());
        }
        self.workers.insert(worker.sid, worker)
    }

    /// The Decision to commit for a waiting Task: a round of Reservations, or for a new Task its entry
    /// into the waiting list. `None`: the Task waits on.
    pub fn choose_workers(
        &self,
        workspace: &Workspace,
        sid: TaskSid,
        now: Timestamp,
    ) -> Option<Decision> {
        let task = self.tasks.get(&sid)?;
        let candidates: Vec<Worker> = match waiting_list_of(workspace, task) {
            None => Vec::new(),
            Some(WaitingList::Worker(worker)) => {
                self.workers.get(&worker).cloned().into_iter().collect()
            }
            Some(WaitingList::Queue(queue, channel)) => {
                let enough = if is_by_idle_time(workspace, task) {
                    parallel_offers(workspace, task)
                } else {
                    usize::MAX
                };
                self.ready_lists_serving(queue, channel)
                    .flat_map(|ready_list| {
                        self.workers_in(ready_list)
                            .filter(|worker| may_take(workspace, worker, task, now))
                            .take(enough)
                    })
                    .cloned()
                    .collect()
            }
        };
        let snapshot = Snapshot::new(workspace)
            .with_tasks([task.clone()])
            .with_candidates(task.task_queue_sid, candidates);
        decide(snapshot, &Command::Advance { task: sid }, now)
            .if_changed()
            .or_else(|| {
                let snapshot = Snapshot::new(workspace).with_tasks([task.clone()]);
                decide(snapshot, &Command::NoWorkerFound { task: sid }, now).if_changed()
            })
    }

    /// The Decision to commit for a Worker with a free slot. `None`: no Task waits for them.
    pub fn choose_task(
        &self,
        workspace: &Workspace,
        sid: WorkerSid,
        now: Timestamp,
    ) -> Option<Decision> {
        let worker = self.workers.get(&sid)?;
        let tasks = order::waiting_lists_for(workspace, worker)
            .into_iter()
            .filter_map(|waiting_list| {
                self.waiting
                    .get(&waiting_list)?
                    .iter()
                    .filter_map(|position| self.tasks.get(&position.sid))
                    .find(|task| {
                        may_be_served(workspace, task, now)
                            && may_take(workspace, worker, task, now)
                    })
                    .cloned()
            });
        let snapshot = Snapshot::new(workspace)
            .with_tasks(tasks)
            .with_workers([worker.clone()]);
        decide(snapshot, &Command::ServeWorker { worker: sid }, now).if_changed()
    }

    /// The ready lists of Workers who serve this TaskQueue in this TaskChannel.
    fn ready_lists_serving(
        &self,
        queue: TaskQueueSid,
        channel: TaskChannelName,
    ) -> impl Iterator<Item = &BTreeSet<IdleKey>> {
        self.free
            .iter()
            .filter(move |(queues, _)| queues.binary_search(&queue).is_ok())
            .flat_map(|(_, ready_lists)| ready_lists)
            .filter(move |(channels, _)| channels.contains(&channel))
            .map(|(_, ready_list)| ready_list)
    }

    fn workers_in(&self, ready_list: &BTreeSet<IdleKey>) -> impl Iterator<Item = &Worker> {
        ready_list
            .iter()
            .filter_map(|(_, _, worker)| self.workers.get(worker))
    }

    /// Commits a Decision on condition of the versions; `false`: a conflict, nothing is written.
    pub fn commit(&mut self, workspace: &Workspace, decision: Decision) -> bool {
        let task_holds = |new: &Task| {
            self.tasks
                .get(&new.sid)
                .is_some_and(|old| old.version + 1 == new.version)
        };
        let worker_holds = |new: &Worker| {
            self.workers
                .get(&new.sid)
                .is_some_and(|old| old.version + 1 == new.version)
        };
        if !decision.tasks.iter().all(task_holds) || !decision.workers.iter().all(worker_holds) {
            return false;
        }
        for task in decision.tasks {
            self.put_task(workspace, task);
        }
        for worker in decision.workers {
            self.put_worker(workspace, worker);
        }
        true
    }
}

/// The waiting list that contains the Task.
fn joined_list(workspace: &Workspace, task: &Task) -> Option<WaitingList> {
    if !task.is_in_waiting_list() {
        return None;
    }
    waiting_list_of(workspace, task)
}

/// Has the Task neither a passed deadline nor used all its rounds? An overdue Task is advanced first.
fn may_be_served(workspace: &Workspace, task: &Task, now: Timestamp) -> bool {
    task.rounds < RESERVATION_ROUNDS_MAX
        && timers::of_task(workspace, task, now).is_none_or(|deadline| now < deadline)
}

/// The number of Workers a Task is offered to at the same time.
fn parallel_offers(workspace: &Workspace, task: &Task) -> usize {
    let queue = workspace.task_queues.get(&task.task_queue_sid);
    queue.map_or(1, |queue| usize::from(queue.max_reserved_workers))
}

/// Are the ready lists in the order in which the Task's step asks for Workers? Otherwise all Workers
/// are compared.
fn is_by_idle_time(workspace: &Workspace, task: &Task) -> bool {
    let is_ordered = target_of(workspace, task).is_some_and(|target| target.order_by.is_some());
    !is_ordered && !workspace.is_channel_optimized(task.channel)
}

fn target_of<'a>(workspace: &'a Workspace, task: &Task) -> Option<&'a Target> {
    let configuration = workspace.configuration_of(task)?;
    match task.position.step {
        Step::Target { filter, target } => configuration
            .filters
            .get(usize::from(filter))?
            .targets
            .get(usize::from(target)),
        Step::DefaultFilter => configuration.default_filter.as_ref(),
        Step::Direct => None,
    }
}
