//! Tasks and Workers in versions that may be newer than those of a list, because an index lags.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use ids::{TaskSid, WorkerSid};
use task_router::model::{Task, Worker};
use task_router::router::Decision;

use crate::{Error, Routing};

/// Tasks and Workers that a search committed or read from the table itself. `None`: deleted.
#[derive(Default)]
pub(crate) struct Known {
    tasks: BTreeMap<TaskSid, Option<Task>>,
    workers: BTreeMap<WorkerSid, Option<Worker>>,
}

impl Known {
    /// Notes a committed Decision.
    pub(crate) fn note(&mut self, decision: Decision) {
        for task in decision.tasks {
            self.tasks.insert(task.sid, Some(task));
        }
        for worker in decision.workers {
            self.workers.insert(worker.sid, Some(worker));
        }
    }

    /// The Worker, if they are known.
    pub(crate) fn worker(&self, sid: WorkerSid) -> Option<&Option<Worker>> {
        self.workers.get(&sid)
    }

    /// The Tasks of a list in their newest known versions.
    pub(crate) fn newest_tasks(&self, read: impl IntoIterator<Item = Task>) -> Vec<Task> {
        let newest = |task: Task| match self.tasks.get(&task.sid) {
            Some(None) => None,
            Some(Some(known)) if known.version > task.version => Some(known.clone()),
            Some(Some(_)) | None => Some(task),
        };
        read.into_iter().filter_map(newest).collect()
    }

    /// The Workers of a list in their newest known versions.
    pub(crate) fn newest_workers(&self, read: impl IntoIterator<Item = Worker>) -> Vec<Worker> {
        let newest = |worker: Worker| match self.workers.get(&worker.sid) {
            Some(None) => None,
            Some(Some(known)) if known.version > worker.version => Some(known.clone()),
            Some(Some(_)) | None => Some(worker),
        };
        read.into_iter().filter_map(newest).collect()
    }
}

impl Routing {
    /// Reads the Tasks and Workers of Decisions that lost a conflict from the table itself.
    pub(crate) async fn reread(
        &self,
        decisions: &[Decision],
        known: &mut Known,
    ) -> Result<(), Error> {
        let tasks = decisions.iter().flat_map(|decision| &decision.tasks);
        let tasks: Vec<TaskSid> = tasks.map(|task| task.sid).collect();
        let workers = decisions.iter().flat_map(|decision| &decision.workers);
        let workers: Vec<WorkerSid> = workers.map(|worker| worker.sid).collect();
        let (read_tasks, read_workers) =
            try_join(self.store.tasks(&tasks), self.store.workers(&workers)).await?;
        // Who is not found was deleted.
        known.tasks.extend(tasks.into_iter().map(|sid| (sid, None)));
        known
            .workers
            .extend(workers.into_iter().map(|sid| (sid, None)));
        for task in read_tasks {
            known.tasks.insert(task.sid, Some(task));
        }
        for worker in read_workers {
            known.workers.insert(worker.sid, Some(worker));
        }
        Ok(())
    }
}
