//! A snapshot that is being changed. It notes which Tasks and Workers change, and turns them into a
//! [`Decision`]. It knows no rule of routing.

use std::collections::BTreeSet;

use super::decision::{Decision, Outcome, Refusal, WorkersWritten};
use super::snapshot::Snapshot;
use crate::model::{Task, Worker, Workspace};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use planted_bugs::Bug;

pub(super) struct Draft<'a> {
    pub workspace: &'a Workspace,
    pub now: Timestamp,
    snapshot: Snapshot<'a>,
    changed_tasks: BTreeSet<TaskSid>,
    changed_workers: BTreeSet<WorkerSid>,
    workers_written: WorkersWritten,
}

impl<'a> Draft<'a> {
    pub fn new(snapshot: Snapshot<'a>, now: Timestamp) -> Self {
        Self {
            workspace: snapshot.workspace,
            now,
            snapshot,
            changed_tasks: BTreeSet::new(),
            changed_workers: BTreeSet::new(),
            workers_written: WorkersWritten::AfterTheTask,
        }
    }

    /// From now on the Workers must be written in one transaction with the Tasks.
    pub fn bind_workers(&mut self) {
        self.workers_written = WorkersWritten::WithTheTask;
    }

    pub fn snapshot(&self) -> &Snapshot<'a> {
        &self.snapshot
    }

    pub fn task(&self, sid: TaskSid) -> Result<&Task, Refusal> {
        self.snapshot
            .tasks
            .get(&sid)
            .ok_or(Refusal::NoSuchTask(sid))
    }

    pub fn worker(&self, sid: WorkerSid) -> Result<&Worker, Refusal> {
        self.snapshot
            .workers
            .get(&sid)
            .ok_or(Refusal::NoSuchWorker(sid))
    }

    /// The Task, to be changed: it becomes part of the Decision.
    pub fn task_mut(&mut self, sid: TaskSid) -> Result<&mut Task, Refusal> {
        let task = self
            .snapshot
            .tasks
            .get_mut(&sid)
            .ok_or(Refusal::NoSuchTask(sid))?;
        self.changed_tasks.insert(sid);
        Ok(task)
    }

    /// The Worker, to be changed: they become part of the Decision. `None`: the Worker was deleted,
    /// so there is nothing to change.
    pub fn worker_mut(&mut self, sid: WorkerSid) -> Option<&mut Worker> {
        let worker = self.snapshot.workers.get_mut(&sid)?;
        self.changed_workers.insert(sid);
        Some(worker)
    }

    pub fn has_changes(&self) -> bool {
        !self.changed_tasks.is_empty() || !self.changed_workers.is_empty()
    }

    /// The Decision: everything that changed, with its next version. A refused Command changes
    /// nothing.
    pub fn into_decision(self, result: Result<(), Refusal>) -> Decision {
        self.into_decision_and_rest(result).0
    }

    /// The Decision, and what is left of the snapshot: the Tasks and Workers that were not drafted
    /// for a change.
    pub fn into_decision_and_rest(
        mut self,
        result: Result<(), Refusal>,
    ) -> (Decision, Snapshot<'a>) {
        if let Err(refusal) = result {
            let (tasks, workers) = (&self.changed_tasks, &self.changed_workers);
            self.snapshot.tasks.retain(|sid, _| !tasks.contains(sid));
            self.snapshot
                .workers
                .retain(|sid, _| !workers.contains(sid));
            let decision = Decision {
                outcome: Outcome::Refused(refusal),
                workers_written: self.workers_written,
                tasks: Vec::new(),
                workers: Vec::new(),
            };
            return (decision, self.snapshot);
        }
        let outcome = if self.has_changes() {
            Outcome::Changed
        } else {
            Outcome::AlreadySo
        };
        let now = self.now;
        let mut tasks: Vec<Task> = self
            .changed_tasks
            .iter()
            .filter_map(|sid| self.snapshot.tasks.remove(sid))
            .collect();
        let mut workers: Vec<Worker> = self
            .changed_workers
            .iter()
            .filter_map(|sid| self.snapshot.workers.remove(sid))
            .collect();
        for task in &mut tasks {
            task.version += 1;
            // This writer may have read its clock before the last writer did. The date never
            // decreases, because Events are ordered by it.
            task.date_updated = if Bug::TimeGoesBack.is_planted() {
                now
            } else {
                task.date_updated.max(now)
            };
        }
        for worker in &mut workers {
            worker.version += 1;
            worker.date_updated = now;
        }
        let decision = Decision {
            outcome,
            workers_written: self.workers_written,
            tasks,
            workers,
        };
        (decision, self.snapshot)
    }
}
