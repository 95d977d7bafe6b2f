//! The table's boards in memory: waiting Tasks by line and place, free Workers by readiness and idle time. The same orders
//! as the table's index, so that what the core costs, and that it decides the same twice, can be seen without a database.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Line, Place, line_of, lines_for, place_of};
use super::{Decision, Event, Outcome, Snapshot, decide, workflow};
use crate::model::{
    IdleKey, Readiness, Task, TaskChannelName, TaskQueueSid, TaskSid, Timestamp, Worker, WorkerSid, Workspace,
};

/// Items read of each board at first; each further look reads as many times more.
const FIRST_PAGE: usize = 2;

/// Everything there is, and what of it is ready.
#[derive(Debug, Clone, Default)]
pub struct Board {
    tasks: BTreeMap<TaskSid, Task>,
    workers: BTreeMap<WorkerSid, Worker>,
    waiting: BTreeMap<Line, BTreeSet<Place>>,
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
        let waits = |task: &Task| line_of(workspace, task).filter(|_| task.is_pending());
        if let Some(old) = self.tasks.get(&task.sid)
            && let Some(line) = waits(old)
            && let Some(places) = self.waiting.get_mut(&line)
        {
            places.remove(&place_of(old));
        }
        if let Some(line) = waits(&task) {
            self.waiting.entry(line).or_default().insert(place_of(&task));
        }
        self.tasks.insert(task.sid, task)
    }

    /// Writes a Worker, whatever was there before; that is given back.
    pub fn put_worker(&mut self, workspace: &Workspace, worker: Worker) -> Option<Worker> {
        if let Some(old) = self.workers.get(&worker.sid)
            && let Some(Readiness { channels, .. }) = old.readiness(workspace)
            && let Some(board) = self.free.get_mut(old.roster.queues()).and_then(|boards| boards.get_mut(&channels))
        {
            board.remove(&old.idle_key());
        }
        if let Some(Readiness { queues, channels }) = worker.readiness(workspace) {
            let boards = self.free.entry(queues.queues().to_vec()).or_default();
            boards.entry(channels).or_default().insert(worker.idle_key());
        }
        self.workers.insert(worker.sid, worker)
    }

    /// What is to be written for a waiting Task; `None`: it waits on.
    pub fn choose_workers(&self, workspace: &Workspace, sid: TaskSid, now: Timestamp) -> Option<Decision> {
        let task = self.tasks.get(&sid)?;
        let decide_among = |candidates: Vec<Worker>| {
            let snapshot =
                Snapshot::new(workspace).with_tasks([task.clone()]).with_candidates(task.task_queue_sid, candidates);
            changed(decide(snapshot, &Event::Advance { task: sid }, now))
        };
        let (queue, channel) = match line_of(workspace, task)? {
            Line::Worker(worker) => return decide_among(self.workers.get(&worker).cloned().into_iter().collect()),
            Line::Queue(queue, channel) => (queue, channel),
        };
        let serving = self.free.iter().filter(|(queues, _)| queues.binary_search(&queue).is_ok());
        let boards = serving.flat_map(|(_, boards)| boards).filter(|(channels, _)| channels.contains(&channel));
        let boards: Vec<&BTreeSet<IdleKey>> = boards.map(|(_, board)| board).collect();
        let mut page = if by_idle_time(workspace, task) { FIRST_PAGE } else { usize::MAX };
        loop {
            let keys = heads(&boards, page);
            let candidates = keys.filter_map(|(_, _, worker)| self.workers.get(worker).cloned()).collect();
            let decision = decide_among(candidates);
            if decision.is_some() || boards.iter().all(|board| board.len() <= page) {
                return decision;
            }
            page = page.saturating_mul(FIRST_PAGE);
        }
    }

    /// What is to be written for a Worker who could take something; `None`: nothing waits for them.
    pub fn choose_task(&self, workspace: &Workspace, sid: WorkerSid, now: Timestamp) -> Option<Decision> {
        let worker = self.workers.get(&sid)?;
        let lines = lines_for(workspace, worker);
        let boards: Vec<&BTreeSet<Place>> = lines.iter().filter_map(|line| self.waiting.get(line)).collect();
        let mut page = FIRST_PAGE;
        loop {
            let tasks = heads(&boards, page).filter_map(|place| self.tasks.get(&place.sid).cloned());
            let snapshot = Snapshot::new(workspace).with_tasks(tasks).with_workers([worker.clone()]);
            let decision = changed(decide(snapshot, &Event::ServeWorker { worker: sid }, now));
            if decision.is_some() || boards.iter().all(|board| board.len() <= page) {
                return decision;
            }
            page = page.saturating_mul(FIRST_PAGE);
        }
    }

    /// Writes a decision if nothing in it has changed since; says whether it did.
    pub fn commit(&mut self, workspace: &Workspace, decision: Decision) -> bool {
        let task_holds = |new: &Task| self.tasks.get(&new.sid).is_some_and(|old| old.version + 1 == new.version);
        let worker_holds = |new: &Worker| self.workers.get(&new.sid).is_some_and(|old| old.version + 1 == new.version);
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
    let ordered = workflow::target_at(workspace, task).is_some_and(|target| target.order_by.is_some());
    let optimized = workspace.task_channels.get(&task.channel).is_some_and(|channel| channel.channel_optimized_routing);
    !ordered && !optimized
}

fn heads<'b, K>(boards: &[&'b BTreeSet<K>], page: usize) -> impl Iterator<Item = &'b K> {
    boards.iter().flat_map(move |board| board.iter().take(page))
}

fn changed(decision: Decision) -> Option<Decision> {
    (decision.outcome == Outcome::Changed).then_some(decision)
}
