//! Contention: which pools are contended, and what searches leave to the matcher there.
//!
//! A pool is contended after a search of this instance lost a conflict in it, or found its matcher
//! running.

use ids::TaskQueueSid;
use ids::time::{Millis, Timestamp};
use task_router::model::{IdleKey, Task, Worker, Workspace};
use task_router::router;
use task_router::router::order::{self, Position, WaitingList};
use task_router::router::pool::Pool;

use crate::candidate_search::{Matched, turns_away};
use crate::matcher::Arriving;
use crate::remembered::Remembered;
use crate::{Error, Routing};

/// How long a pool counts as contended after the last sign of it. Shorter, and each instance loses
/// conflicts more often; longer, and searches take the way of the matcher, which has more round
/// trips, when the centre is quiet again.
const CONTENDED_FOR: Millis = Millis::from_secs(2);

/// Pools that an instance remembers. Forgetting one costs a conflict.
const REMEMBERED_MAX: usize = 1_000;

/// Until when each pool counts as contended.
pub(crate) type Contended = Remembered<TaskQueueSid, Timestamp, REMEMBERED_MAX>;

/// What became of a new Task that was to be put into its waiting list.
pub(crate) enum Joined {
    /// It is there.
    Yes(Box<Task>),
    /// Another process wrote the Task, and the record of that write searches.
    WrittenElsewhere,
    /// The call would be turned away, which only the end of a search decides.
    TurnedAway,
}

impl Routing {
    /// Notes a sign of contention in the pool with this name.
    pub(crate) fn note_contention(&self, pool: TaskQueueSid) {
        self.contended
            .insert(pool, self.clock.now() + CONTENDED_FOR);
    }

    /// Is the pool with this name contended?
    pub(crate) fn is_contended(&self, pool: TaskQueueSid) -> bool {
        let until = self.contended.get(&pool);
        until.is_some_and(|until| self.clock.now() < until)
    }

    /// Does a matcher run for the Task's pool? Read beside the lists, so it takes no time, and an
    /// instance that begins to search in a contended pool loses no conflict.
    pub(crate) async fn has_matcher(&self, task: &Task) -> Result<bool, Error> {
        let Some(workspace) = self.workspace(task.workspace_sid).await? else {
            return Ok(false);
        };
        match queue_of_list(&workspace, task) {
            Some(queue) => self.runs_matcher(Pool::of(&workspace, queue).name()).await,
            None => Ok(false),
        }
    }

    pub(crate) async fn runs_matcher(&self, pool: TaskQueueSid) -> Result<bool, Error> {
        Ok(self.store.has_matcher(pool, self.clock.now()).await?)
    }

    /// Leaves a Task of a contended pool to the matcher: puts a new Task into its waiting list,
    /// whose record comes here again, and for a waiting Task runs the matcher or asks the running
    /// one. `None`: the matcher does not do what this Task needs.
    ///
    /// That is a search for one Worker, a step that is skipped if there is no Worker, and a call
    /// that would be turned away.
    pub(crate) async fn leave_to_matcher(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Option<Matched<IdleKey>>, Error> {
        let Some(queue) = queue_of_list(workspace, task) else {
            return Ok(None);
        };
        self.note_contention(Pool::of(workspace, queue).name());
        if task.is_new() {
            return match self.join_waiting_list(workspace, task).await? {
                Joined::Yes(_) | Joined::WrittenElsewhere => Ok(Some(Matched::Yes)),
                Joined::TurnedAway => Ok(None),
            };
        }
        let arriving = Arriving {
            task: Some(task.clone()),
            ..Arriving::default()
        };
        self.match_pool(workspace, queue, arriving).await?;
        Ok(Some(Matched::No))
    }

    /// Leaves a Task whose search lost a conflict to the matcher. A new Task does not wait for the
    /// record of its waiting list.
    pub(crate) async fn leave_after_conflict(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Option<Matched<IdleKey>>, Error> {
        if queue_of_list(workspace, task).is_none() || !task.is_new() {
            return self.leave_to_matcher(workspace, task).await;
        }
        match self.join_waiting_list(workspace, task).await? {
            Joined::TurnedAway => Ok(None),
            Joined::WrittenElsewhere => Ok(Some(Matched::Yes)),
            Joined::Yes(joined) => {
                self.leave_to_matcher(workspace, &joined).await?;
                Ok(Some(Matched::Yes))
            }
        }
    }

    pub(crate) async fn join_waiting_list(
        &self,
        workspace: &Workspace,
        task: &Task,
    ) -> Result<Joined, Error> {
        let decision = self.waiting_decision(workspace, task).await?;
        let Some(decision) = decision.filter(|decision| !turns_away(decision)) else {
            return Ok(Joined::TurnedAway);
        };
        match self.store.commit(&decision, workspace).await {
            Ok(()) => Ok(match decision.tasks.into_iter().next() {
                Some(task) => Joined::Yes(Box::new(task)),
                None => Joined::WrittenElsewhere,
            }),
            Err(store::Error::Conflict) => Ok(Joined::WrittenElsewhere),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs the matcher of the Worker's pool, or asks the running one.
    pub(crate) async fn leave_worker_to_matcher(
        &self,
        workspace: &Workspace,
        worker: Worker,
    ) -> Result<Matched<Position>, Error> {
        if let Some(queue) = worker.queue_membership.queues().first().copied() {
            self.note_contention(Pool::of(workspace, queue).name());
            let arriving = Arriving {
                worker: Some(worker),
                ..Arriving::default()
            };
            self.match_pool(workspace, queue, arriving).await?;
        }
        Ok(Matched::No)
    }
}

/// The TaskQueue in whose waiting list the Task waits for whichever Worker is free. `None`: the
/// Task waits for one Worker, or its step may be skipped, which the end of a search decides.
pub(crate) fn queue_of_list(workspace: &Workspace, task: &Task) -> Option<TaskQueueSid> {
    match order::waiting_list_of(workspace, task)? {
        WaitingList::Queue(queue, _) => (!router::may_skip(workspace, task)).then_some(queue),
        WaitingList::Worker(_) => None,
    }
}
