//! The searches around the engine's decisions: which lists are read for a Task or a Worker.

use ids::{TaskQueueSid, WorkerSid};
use task_router::model::{Task, Worker};
use task_router::router::order::{self, WaitingList};
use task_router::router::{Command, Snapshot, WorkerCounts, best_workers_of, may_skip, may_take};

use super::call_slots::slot_of;
use super::{RunError, World};

impl World<'_> {
    /// Serves an agent with free slots: the first Task of each waiting list that the agent may
    /// take, of which the engine reserves the one that ranks first.
    pub(super) fn serve(&mut self, agent: u32) -> Result<(), RunError> {
        while !self.waiting.is_empty() {
            let Some(worker) = &self.desks[agent as usize].worker else {
                return Ok(());
            };
            let heads = self.heads_for(worker);
            if heads.is_empty() {
                return Ok(());
            }
            let command = Command::ServeWorker { worker: worker.sid };
            let tasks: Vec<Task> = heads
                .into_iter()
                .filter_map(|slot| self.calls.take(slot))
                .collect();
            let snapshot = self.take_agent(agent).with_tasks(tasks);
            if !self.apply(snapshot, &command)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The first Task of each waiting list that the Worker may take.
    fn heads_for(&self, worker: &Worker) -> Vec<u32> {
        let workspace = &self.plan.workspace;
        let lists = order::waiting_lists_for(workspace, worker);
        let may_have = |slot: &u32| {
            let task = self.calls.task(*slot);
            task.is_some_and(|task| may_take(workspace, worker, task, self.now))
        };
        let first = |list: WaitingList| self.waiting.tasks(list).map(slot_of).find(may_have);
        lists.into_iter().filter_map(first).collect()
    }

    /// Searches for agents for a pending Task, until it is offered or waits.
    pub(super) fn search(&mut self, slot: u32) -> Result<(), RunError> {
        let Some(task) = self.calls.task(slot).filter(|task| task.is_pending()) else {
            return Ok(());
        };
        let command = Command::Advance { task: task.sid };
        let queue = task.task_queue_sid;
        let candidates = self.candidates(task);
        let found_none = candidates.is_empty();
        let skips = found_none && may_skip(&self.plan.workspace, task);
        if !found_none || skips {
            let worker_counts = skips.then(|| self.worker_counts(queue));
            let workers: Vec<Worker> = candidates
                .into_iter()
                .filter_map(|sid| self.take_worker_named(sid))
                .collect();
            let snapshot = Snapshot::new(&self.plan.workspace)
                .with_tasks(self.calls.take(slot))
                .with_candidates(queue, workers)
                .with_worker_counts(worker_counts);
            // A change that leaves the Task pending lists it to be searched for again.
            if self.apply(snapshot, &command)? {
                return Ok(());
            }
        }
        self.wait(slot)
    }

    /// No Worker was found: a new Task enters its waiting list, unless the list is full.
    fn wait(&mut self, slot: u32) -> Result<(), RunError> {
        let Some(new) = self.calls.task(slot).filter(|task| task.is_new()) else {
            return Ok(());
        };
        let task = new.sid;
        let max = self.plan.workspace.rules.waiting_calls_max as usize;
        let is_full = order::waiting_list_of(&self.plan.workspace, new)
            .is_some_and(|list| self.waiting.len_of(list) >= max);
        let command = if is_full {
            Command::WaitingListFull { task }
        } else {
            Command::NoWorkerFound { task }
        };
        let snapshot = self.take_snapshot(slot);
        self.apply(snapshot, &command)?;
        Ok(())
    }

    /// The free Workers to which the Task would be offered.
    fn candidates(&self, task: &Task) -> Vec<WorkerSid> {
        let workspace = &self.plan.workspace;
        match order::waiting_list_of(workspace, task) {
            None => Vec::new(),
            Some(WaitingList::Worker(sid)) => {
                let agent = self.by_sid.get(&sid);
                let worker = agent.and_then(|agent| self.desks[*agent as usize].worker.as_ref());
                let fits = |worker: &&Worker| may_take(workspace, worker, task, self.now);
                worker.filter(fits).map(|_| sid).into_iter().collect()
            }
            Some(WaitingList::Queue(queue, channel)) => {
                let free = self.ready.agents(queue, channel);
                let free = free.filter_map(|agent| self.desks[agent as usize].worker.as_ref());
                let best = best_workers_of(workspace, task, free, self.now);
                best.into_iter().map(|worker| worker.sid).collect()
            }
        }
    }

    fn worker_counts(&self, queue: TaskQueueSid) -> WorkerCounts {
        let workers = self.desks.iter().filter_map(|desk| desk.worker.as_ref());
        WorkerCounts::of_queue(queue, workers, &self.plan.workspace)
    }
}
