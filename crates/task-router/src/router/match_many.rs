//! Matching in batches: one Decision for each pair of a snapshot, in the order of the Tasks.
//!
//! A candidate search matches one Task or one Worker. Many searches at the same time contend for
//! the first Task and the first Worker, so all but one of them fail. [`match_many`] takes the heads
//! of all lists of a pool and decides as many pairs as there are: no Decision needs an item of
//! another one, so all of them can be committed in parallel.

use std::collections::BTreeMap;

use super::decision::Decision;
use super::draft::Draft;
use super::matching::{best_of, may_be_served, reserve};
use super::order::{self, Rank, WaitingList};
use super::snapshot::Snapshot;
use super::{Command, decide, workflow, workflow_progress};
use crate::model::{IdleKey, Task, TaskChannelName, Worker, Workspace};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid};
use planted_bugs::Bug;

/// The last entries that were read of the lists that have more. What is not in the snapshot ranks
/// after them.
#[derive(Debug, Clone, Default)]
pub struct Unread {
    /// The last Task of each waiting list that was not read to its end.
    pub tasks: Vec<TaskSid>,
    /// The last Worker of each ready list that was not read to its end.
    pub workers: Vec<WorkerSid>,
}

/// The Decisions over the waiting Tasks and free Workers of a snapshot, in the order of the Tasks'
/// ranks (taskrouter.md sections 9 and 10). Each Task and each Worker is in one Decision at most.
///
/// A Task that must be re-evaluated may rank anywhere afterwards. So while there is such a Task,
/// the Decisions are the re-evaluations alone, and the caller reads the lists again.
///
/// A Task that ranks after an unread one is matched only if no other match is left, and so is a
/// Worker who has been idle for less time than an unread one.
pub fn match_many(snapshot: &Snapshot<'_>, unread: &Unread, now: Timestamp) -> Vec<Decision> {
    let updates = updates(snapshot, now);
    if !updates.is_empty() {
        return updates;
    }
    let horizon = Horizon::of(snapshot, unread);
    let decisions = Batch::new(snapshot, horizon, now).decide();
    if decisions.is_empty() && (horizon.rank.is_some() || horizon.idle_key.is_some()) {
        return Batch::new(snapshot, Horizon::default(), now).decide();
    }
    decisions
}

/// The Decisions that bring Tasks up to date with the configuration.
fn updates(snapshot: &Snapshot<'_>, now: Timestamp) -> Vec<Decision> {
    let workspace = snapshot.workspace;
    let is_outdated = |task: &&Task| {
        workflow_progress::must_reevaluate(workspace, task)
            || task.is_pending() && task.filed != workflow::order_of(workspace, task.task_queue_sid)
    };
    let update = |task: &Task| {
        let command = Command::Advance { task: task.sid };
        let alone = Snapshot::new(workspace).with_tasks([task.clone()]);
        decide(alone, &command, now).if_changed()
    };
    let outdated = snapshot.tasks.values().filter(is_outdated);
    outdated.filter_map(update).collect()
}

/// Up to where all lists were read.
#[derive(Clone, Copy, Default)]
struct Horizon {
    rank: Option<Rank>,
    idle_key: Option<IdleKey>,
}

impl Horizon {
    fn of(snapshot: &Snapshot<'_>, unread: &Unread) -> Self {
        let tasks = unread
            .tasks
            .iter()
            .filter_map(|sid| snapshot.tasks.get(sid));
        let workers = unread
            .workers
            .iter()
            .filter_map(|sid| snapshot.workers.get(sid));
        Self {
            rank: tasks
                .map(|task| order::rank(snapshot.workspace, task))
                .min(),
            idle_key: workers.map(Worker::idle_key).min(),
        }
    }
}

struct Batch<'a> {
    workspace: &'a Workspace,
    now: Timestamp,
    /// In the order of their ranks.
    tasks: Vec<&'a Task>,
    workers: FreeWorkers<'a>,
}

impl<'a> Batch<'a> {
    fn new(snapshot: &'a Snapshot<'_>, horizon: Horizon, now: Timestamp) -> Self {
        let workspace = snapshot.workspace;
        let mut tasks: Vec<(Rank, &Task)> = snapshot
            .tasks
            .values()
            .filter(|task| task.is_pending() && may_be_served(workspace, task, now))
            .map(|task| (order::rank(workspace, task), task))
            .filter(|(rank, _)| horizon.rank.is_none_or(|last| *rank <= last))
            .collect();
        tasks.sort_unstable_by_key(|(rank, _)| *rank);
        if Bug::LaterTaskOvertakes.is_planted() {
            tasks.reverse();
        }
        let workers = snapshot
            .workers
            .values()
            .map(|worker| (worker.idle_key(), worker))
            .filter(|(idle_key, _)| horizon.idle_key.is_none_or(|last| *idle_key <= last))
            .collect();
        Self {
            workspace,
            now,
            tasks: tasks.into_iter().map(|(_, task)| task).collect(),
            workers: FreeWorkers::new(workspace, workers),
        }
    }

    fn decide(mut self) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for task in std::mem::take(&mut self.tasks) {
            if self.workers.are_all_taken() {
                break;
            }
            let chosen = self.choose(task);
            if !chosen.is_empty() {
                decisions.push(self.reserve(task, chosen));
            }
        }
        decisions
    }

    /// The best Workers for a Task, as many as its TaskQueue offers it to at the same time. They
    /// are taken.
    fn choose(&mut self, task: &Task) -> Vec<&'a Worker> {
        let Some(list) = order::waiting_list_of(self.workspace, task) else {
            return Vec::new();
        };
        let free = self.workers.reading(list);
        let chosen = best_of(self.workspace, task, free, self.now);
        for worker in &chosen {
            self.workers.take(worker.sid);
        }
        chosen
    }

    fn reserve(&self, task: &Task, workers: Vec<&Worker>) -> Decision {
        let sids: Vec<WorkerSid> = workers.iter().map(|worker| worker.sid).collect();
        let snapshot = Snapshot::new(self.workspace)
            .with_tasks([task.clone()])
            .with_workers(workers.into_iter().cloned());
        let mut draft = Draft::new(snapshot, self.now);
        let reserved = reserve(&mut draft, task.sid, &sids);
        draft.into_decision(reserved)
    }
}

/// The Workers of a batch by the waiting lists they read.
struct FreeWorkers<'a> {
    /// Longest idle first.
    workers: Vec<&'a Worker>,
    taken: Vec<bool>,
    left: usize,
    by_sid: BTreeMap<WorkerSid, usize>,
    serving: BTreeMap<(TaskQueueSid, TaskChannelName), Members>,
}

/// Indexes in [`FreeWorkers::workers`], longest idle first.
#[derive(Default)]
struct Members {
    indexes: Vec<usize>,
    /// Every Worker before this place is taken.
    begin: usize,
}

impl<'a> FreeWorkers<'a> {
    fn new(workspace: &Workspace, mut keyed: Vec<(IdleKey, &'a Worker)>) -> Self {
        keyed.sort_unstable_by_key(|(idle_key, _)| *idle_key);
        let workers: Vec<&Worker> = keyed.into_iter().map(|(_, worker)| worker).collect();
        let mut serving: BTreeMap<_, Members> = BTreeMap::new();
        for (index, worker) in workers.iter().enumerate() {
            let ready = worker.readiness(workspace);
            for list in ready.iter().flat_map(order::waiting_lists_of_ready) {
                if let WaitingList::Queue(queue, channel) = list {
                    let members = serving.entry((queue, channel)).or_default();
                    members.indexes.push(index);
                }
            }
        }
        let by_sid = workers.iter().enumerate();
        Self {
            by_sid: by_sid.map(|(index, worker)| (worker.sid, index)).collect(),
            taken: vec![false; workers.len()],
            left: workers.len(),
            workers,
            serving,
        }
    }

    fn are_all_taken(&self) -> bool {
        self.left == 0
    }

    /// The Workers who read this waiting list and are not taken, longest idle first.
    fn reading(&mut self, list: WaitingList) -> impl Iterator<Item = &'a Worker> {
        let (taken, workers) = (&self.taken, &self.workers);
        let indexes: &[usize] = match list {
            WaitingList::Worker(sid) => self.by_sid.get(&sid).map_or(&[], std::slice::from_ref),
            WaitingList::Queue(queue, channel) => {
                let members = self.serving.get_mut(&(queue, channel));
                members.map_or(&[], |members| members.not_taken(taken))
            }
        };
        indexes
            .iter()
            .filter(|index| !taken[**index])
            .map(|index| workers[*index])
    }

    fn take(&mut self, sid: WorkerSid) {
        if let Some(index) = self.by_sid.get(&sid) {
            self.taken[*index] = true;
            self.left -= 1;
        }
    }
}

impl Members {
    /// The indexes from the first Worker on who is not taken.
    fn not_taken(&mut self, taken: &[bool]) -> &[usize] {
        while self
            .indexes
            .get(self.begin)
            .is_some_and(|index| taken[*index])
        {
            self.begin += 1;
        }
        &self.indexes[self.begin..]
    }
}
