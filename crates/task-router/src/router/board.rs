//! The table's boards in memory: waiting Tasks by line and place, free Workers by readiness and idle time. The same orders
//! as the table's index, so that what the core costs, and that it decides the same twice, can be seen without a database.

use std::collections::{BTreeMap, BTreeSet};

use super::matching::{at_once, may_be_served, may_take};
use super::order::{Position, WaitingList, position_of, waiting_list_of, waiting_lists_for};
use super::{Command, Decision, Snapshot, decide, workflow};
use crate::model::{IdleKey, Readiness, Task, TaskChannelName, Worker, Workspace};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid};

/// Everything there is, and what of it is ready.
#[derive(Debug, Clone, Default)]
pub struct Board {
    tasks: BTreeMap<TaskSid, Task>,
    workers: BTreeMap<WorkerSid, Worker>,
    waiting: BTreeMap<WaitingList, BTreeSet<Position>>,
    free: BTreeMap<Vec<TaskQueueSid>, BTreeMap<Vec<TaskChannelName>, BTreeSet<IdleKey>>>,
}

impl Board {
    /// The Task, if there is one.
    pub fn task(&self, sid: TaskSid) -> Option<&Task> {
        self.tasks.get(&sid)
    }

    /// The Worker, if there is one.
    pub fn worker(&self, sid: WorkerSid) -> Option<&Worker> {
        self.workers.get(&sid)
    }

    /// Writes a Task, whatever was there before; that is given back.
    pub fn put_task(&mut self, workspace: &Workspace, task: Task) -> Option<Task> {
        let waits =
            |task: &Task| waiting_list_of(workspace, task).filter(|_| task.is_in_waiting_list());
        if let Some(old) = self.tasks.get(&task.sid)
            && let Some(line) = waits(old)
            && let Some(places) = self.waiting.get_mut(&line)
        {
            places.remove(&position_of(old));
        }
        if let Some(line) = waits(&task) {
            self.waiting
                .entry(line)
                .or_default()
                .insert(position_of(&task));
        }
        self.tasks.insert(task.sid, task)
    }

    /// Writes a Worker, whatever was there before; that is given back.
    pub fn put_worker(&mut self, workspace: &Workspace, worker: Worker) -> Option<Worker> {
        if let Some(old) = self.workers.get(&worker.sid)
            && let Some(Readiness { channels, .. }) = old.readiness(workspace)
            && let Some(board) = self
                .free
                .get_mut(old.roster.queues())
                .and_then(|boards| boards.get_mut(&channels))
        {
            board.remove(&old.idle_key());
        }
        if let Some(Readiness { queues, channels }) = worker.readiness(workspace) {
            let boards = self.free.entry(queues.queues().to_vec()).or_default();
            boards
                .entry(channels)
                .or_default()
                .insert(worker.idle_key());
        }
        self.workers.insert(worker.sid, worker)
    }

    /// What is to be written for a waiting Task: an offer, or for a new one its place in line; `None`: it waits on.
    pub fn choose_workers(
        &self,
        workspace: &Workspace,
        sid: TaskSid,
        now: Timestamp,
    ) -> Option<Decision> {
        let task = self.tasks.get(&sid)?;
        let suits = |worker: &&Worker| may_take(workspace, worker, task, now);
        let candidates: Vec<Worker> = match waiting_list_of(workspace, task) {
            None => Vec::new(),
            Some(WaitingList::Worker(worker)) => {
                self.workers.get(&worker).cloned().into_iter().collect()
            }
            Some(WaitingList::Queue(queue, channel)) => {
                let enough = if by_idle_time(workspace, task) {
                    at_once(workspace, task)
                } else {
                    usize::MAX
                };
                let first = |board| self.workers_on(board).filter(suits).take(enough);
                self.ready_lists_serving(queue, channel)
                    .flat_map(first)
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

    /// What is to be written for a Worker who could take something; `None`: nothing waits for them.
    pub fn choose_task(
        &self,
        workspace: &Workspace,
        sid: WorkerSid,
        now: Timestamp,
    ) -> Option<Decision> {
        let worker = self.workers.get(&sid)?;
        let suits = |task: &&Task| {
            may_be_served(workspace, task, now) && may_take(workspace, worker, task, now)
        };
        let first = |line| {
            let places = self.waiting.get(&line)?;
            places
                .iter()
                .filter_map(|place| self.tasks.get(&place.sid))
                .find(suits)
                .cloned()
        };
        let tasks = waiting_lists_for(workspace, worker)
            .into_iter()
            .filter_map(first);
        let snapshot = Snapshot::new(workspace)
            .with_tasks(tasks)
            .with_workers([worker.clone()]);
        decide(snapshot, &Command::ServeWorker { worker: sid }, now).if_changed()
    }

    /// The boards of free Workers who serve this queue in this channel.
    fn ready_lists_serving(
        &self,
        queue: TaskQueueSid,
        channel: TaskChannelName,
    ) -> impl Iterator<Item = &BTreeSet<IdleKey>> {
        let serving = self
            .free
            .iter()
            .filter(move |(queues, _)| queues.binary_search(&queue).is_ok());
        let boards = serving.flat_map(|(_, boards)| boards);
        boards
            .filter(move |(channels, _)| channels.contains(&channel))
            .map(|(_, board)| board)
    }

    fn workers_on(&self, board: &BTreeSet<IdleKey>) -> impl Iterator<Item = &Worker> {
        board
            .iter()
            .filter_map(|(_, _, worker)| self.workers.get(worker))
    }

    /// Writes a decision if nothing in it has changed since; says whether it did.
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

/// Do the boards have the order in which this Task's step looks at Workers? Otherwise all of them are looked at.
fn by_idle_time(workspace: &Workspace, task: &Task) -> bool {
    let ordered =
        workflow::target_at(workspace, task).is_some_and(|target| target.order_by.is_some());
    !ordered && !workspace.is_channel_optimized(task.channel)
}
