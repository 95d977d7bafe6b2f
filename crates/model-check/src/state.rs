//! A state of the model: the table, the messages in flight and the pending writes.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid};
use serde::Serialize;
use task_router::model::{Task, Worker};

use crate::{Bounds, Message};

/// A state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// Ticks of the clock so far.
    pub ticks: u8,
    /// The Tasks in the table, in the order of their ids.
    pub tasks: Vec<Stored<Task>>,
    /// The Workers in the table, in the order of their ids.
    pub workers: Vec<Stored<Worker>>,
    /// The messages in flight.
    pub messages: BTreeSet<Message>,
    /// The writers that have read and not yet written, in an order that does not depend on who read
    /// first.
    pub pending_writes: Vec<PendingWrite>,
    /// The first rule that a write violated.
    pub violation: Option<&'static str>,
}

/// An item of the table, shared between states. Comparisons and hashes use its digest.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    item: Arc<T>,
    digest: u64,
}

/// The write of a writer that has read and decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingWrite {
    /// The message that the writer handles. `None`: the writer releases a Worker's slot after the
    /// Task's write, and no message waits for that.
    pub message: Option<Message>,
    /// Whether Tasks and Workers are written in one transaction.
    pub atomic: bool,
    /// The Tasks to write, each one version higher than it was read.
    pub tasks: Vec<Stored<Task>>,
    /// The Workers to write, each one version higher than they were read.
    pub workers: Vec<Stored<Worker>>,
}

impl PendingWrite {
    pub(crate) fn releasing(worker: Stored<Worker>) -> Self {
        Self {
            message: None,
            atomic: false,
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
    /// The time of this state.
    pub fn now(&self) -> Timestamp {
        Bounds::at(self.ticks)
    }

    pub(crate) fn task(&self, sid: TaskSid) -> Option<&Stored<Task>> {
        self.tasks.iter().find(|task| task.sid == sid)
    }

    pub(crate) fn worker(&self, sid: WorkerSid) -> Option<&Stored<Worker>> {
        self.workers.iter().find(|worker| worker.sid == sid)
    }

    /// Whether the conditions of this write hold. The Workers of a separate release are not a
    /// condition of the Task's write.
    pub(crate) fn allows(&self, writer: &PendingWrite) -> bool {
        let tasks_hold = writer.tasks.iter().all(|new| {
            self.task(new.sid)
                .is_some_and(|old| old.version + 1 == new.version)
        });
        let workers_hold = writer.workers.iter().all(|new| {
            self.worker(new.sid)
                .is_some_and(|old| old.version + 1 == new.version)
        });
        let is_release = writer.tasks.is_empty();
        let needs_workers = writer.atomic || is_release;
        tasks_hold && (workers_hold || !needs_workers)
    }

    /// Writes a Task and returns the version it replaces.
    pub(crate) fn put_task(&mut self, new: Stored<Task>) -> Option<Stored<Task>> {
        let stored = self.tasks.iter_mut().find(|task| task.sid == new.sid)?;
        Some(std::mem::replace(stored, new))
    }

    /// Writes a Worker and returns the version it replaces.
    pub(crate) fn put_worker(&mut self, new: Stored<Worker>) -> Option<Stored<Worker>> {
        let stored = self
            .workers
            .iter_mut()
            .find(|worker| worker.sid == new.sid)?;
        Some(std::mem::replace(stored, new))
    }
}
