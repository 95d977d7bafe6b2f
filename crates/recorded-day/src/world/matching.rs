//! The searches around the engine's decisions.

use std::collections::BTreeMap;

use ids::{TaskSid, WorkerSid};
use task_router::model::{Task, Worker};
use task_router::router::order::{self, WaitingList};
use task_router::router::{Command, Snapshot, WorkerCounts, best_workers_of, may_skip, may_take};

use super::{RunError, World};

impl World<'_> {
    /// Serves a Worker with free slots: the engine reserves the Task that ranks first.
    pub(super) fn serve(&mut self, sid: WorkerSid) -> Result<(), RunError> {
        loop {
            let Some(desk) = self.desks.get(&sid) else {
                return Ok(());
            };
            let heads = self.heads_for(&desk.worker);
            if heads.is_empty() {
                return Ok(());
            }
            let snapshot = Snapshot::new(self.workspace)
                .with_workers([desk.worker.clone()])
                .with_tasks(heads.into_iter().cloned());
            if !self.apply(snapshot, &Command::ServeWorker { worker: sid })? {
                return Ok(());
            }
        }
    }

    /// The first Task of each waiting list that the Worker may take.
    fn heads_for(&self, worker: &Worker) -> Vec<&Task> {
        let mut heads = BTreeMap::<WaitingList, &Task>::new();
        let waiting = self.tasks.values().map(|live| &live.task);
        for task in waiting.filter(|task| task.is_in_waiting_list()) {
            let Some(list) = order::waiting_list_of(self.workspace, task) else {
                continue;
            };
            let is_first = heads
                .get(&list)
                .is_none_or(|head| order::position_of(task) < order::position_of(head));
            if is_first && may_take(self.workspace, worker, task, self.now) {
                heads.insert(list, task);
            }
        }
        heads.into_values().collect()
    }

    /// Searches for Workers for a pending Task, until it is offered or waits.
    pub(super) fn search(&mut self, sid: TaskSid) -> Result<(), RunError> {
        let Some(live) = self.tasks.get(&sid).filter(|live| live.task.is_pending()) else {
            return Ok(());
        };
        let task = &live.task;
        let mut free: Vec<&Worker> = self.desks.values().map(|desk| &desk.worker).collect();
        free.retain(|worker| may_take(self.workspace, worker, task, self.now));
        free.sort_by_key(|worker| worker.idle_key());
        let best = best_workers_of(self.workspace, task, free.into_iter(), self.now);
        let skips = best.is_empty() && may_skip(self.workspace, task);
        if !best.is_empty() || skips {
            let counts = skips.then(|| {
                let workers = self.desks.values().map(|desk| &desk.worker);
                WorkerCounts::of_queue(task.task_queue_sid, workers, self.workspace)
            });
            let snapshot = Snapshot::new(self.workspace)
                .with_tasks([task.clone()])
                .with_candidates(task.task_queue_sid, best.into_iter().cloned())
                .with_worker_counts(counts);
            // A change that leaves the Task pending lists it to be searched for again.
            if self.apply(snapshot, &Command::Advance { task: sid })? {
                return Ok(());
            }
        }
        self.wait(sid)
    }

    /// No Worker was found: a new Task enters its waiting list, unless the list is full.
    fn wait(&mut self, sid: TaskSid) -> Result<(), RunError> {
        let Some(live) = self.tasks.get(&sid).filter(|live| live.task.is_new()) else {
            return Ok(());
        };
        let task = &live.task;
        let max = self.workspace.rules.waiting_calls_max as usize;
        let is_full = task.call_sid().is_some()
            && order::waiting_list_of(self.workspace, task)
                .is_some_and(|list| self.waiting_in(list) >= max);
        let command = if is_full {
            Command::WaitingListFull { task: sid }
        } else {
            Command::NoWorkerFound { task: sid }
        };
        let snapshot = self.snapshot_of(task);
        self.apply(snapshot, &command)?;
        Ok(())
    }

    fn waiting_in(&self, list: WaitingList) -> usize {
        let waiting = self.tasks.values().map(|live| &live.task);
        let waiting = waiting.filter(|task| task.is_in_waiting_list());
        waiting
            .filter(|task| order::waiting_list_of(self.workspace, task) == Some(list))
            .count()
    }
}
