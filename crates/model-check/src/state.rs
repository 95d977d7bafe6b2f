//! The table, the messages, and the writers who have read and not yet written.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use serde::Serialize;
use task_router::model::{Task, Worker};

use crate::{Bounds, Message};

/// Everything there is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// Times the clock has moved on.
    pub ticks: u8,
    /// The Tasks in the table, in the order of their ids.
    pub tasks: Vec<Stored<Task>>,
    /// The Workers in the table, in the order of their ids.
    pub workers: Vec<Stored<Worker>>,
    /// What is on its way.
    pub messages: BTreeSet<Message>,
    /// Who has read and not yet written, in an order that does not depend on who came first.
    pub under_way: Vec<UnderWay>,
    /// What went wrong in a write, if anything did.
    pub broken: Option<&'static str>,
}

/// An item of the table: shared between states, and with a digest that stands for it.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    item: Arc<T>,
    digest: u64,
}

/// What a writer is going to write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnderWay {
    /// What it handles; `None`: it is giving back what belongs to a Worker, and nobody waits for that.
    pub message: Option<Message>,
    /// Must all be written together?
    pub together: bool,
    /// Tasks, each one version higher than it was read.
    pub tasks: Vec<Stored<Task>>,
    /// Workers, each one version higher than they were read.
    pub workers: Vec<Stored<Worker>>,
}

impl UnderWay {
    pub(crate) fn giving_back(worker: Stored<Worker>) -> Self {
        Self {
            message: None,
            together: false,
            tasks: Vec::new(),
            workers: vec![worker],
        }
    }
}

impl<T: Serialize> Stored<T> {
    pub(crate) fn new(item: T) -> Self {
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(&item)
            .unwrap_or_default()
            .hash(&mut hasher);
        Self {
            item: Arc::new(item),
            digest: hasher.finish(),
        }
    }
}

impl<T> std::ops::Deref for Stored<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T> Hash for Stored<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl<T> PartialEq for Stored<T> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl<T> Eq for Stored<T> {}

impl<T> PartialOrd for Stored<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Stored<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.digest.cmp(&other.digest)
    }
}

impl State {
    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        Bounds::at(self.ticks)
    }

    pub(crate) fn task(&self, sid: TaskSid) -> Option<&Stored<Task>> {
        self.tasks.iter().find(|task| task.sid == sid)
    }

    pub(crate) fn worker(&self, sid: WorkerSid) -> Option<&Stored<Worker>> {
        self.workers.iter().find(|worker| worker.sid == sid)
    }

    /// Has nothing changed that this writer has to find as it was?
    pub(crate) fn allows(&self, writer: &UnderWay) -> bool {
        let task_holds = |new: &Stored<Task>| {
            self.task(new.sid)
                .is_some_and(|old| old.version + 1 == new.version)
        };
        let worker_holds = |new: &Stored<Worker>| {
            self.worker(new.sid)
                .is_some_and(|old| old.version + 1 == new.version)
        };
        let alone = writer.tasks.is_empty();
        writer.tasks.iter().all(task_holds)
            && (!(writer.together || alone) || writer.workers.iter().all(worker_holds))
    }

    /// Writes a Task; the one that was there.
    pub(crate) fn put_task(&mut self, new: Stored<Task>) -> Option<Stored<Task>> {
        let place = self.tasks.iter_mut().find(|task| task.sid == new.sid)?;
        Some(std::mem::replace(place, new))
    }

    /// Writes a Worker; the one who was there.
    pub(crate) fn put_worker(&mut self, new: Stored<Worker>) -> Option<Stored<Worker>> {
        let place = self
            .workers
            .iter_mut()
            .find(|worker| worker.sid == new.sid)?;
        Some(std::mem::replace(place, new))
    }
}
