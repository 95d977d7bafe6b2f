//! Which TaskQueues have an available Worker, busy or free. A caller is promised a wait only then:
//! the recent wait times of a TaskQueue say nothing about a time at which its Workers are offline.

use std::collections::{BTreeMap, BTreeSet};

use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, WorkspaceSid};
use task_router::model::Workspace;
use tokio::sync::Mutex;

use crate::listing::Reading;
use crate::{Error, Store};

/// How long a process uses what it has read: one round of the wait document, which each waiting
/// caller requests.
const STAFFING_KEPT: Millis = Millis::from_secs(20);

/// Workers that are read, the oldest of the Workspace: three batches, some 150 read units. In a
/// larger Workspace a TaskQueue may count as unstaffed although a Worker who was not read is
/// available; its callers are then promised nothing.
const WORKERS_READ_MAX: usize = 300;

/// The TaskQueues with an available Worker, by Workspace, and when they were read.
pub(crate) type StaffingCache = Mutex<BTreeMap<WorkspaceSid, (Timestamp, BTreeSet<TaskQueueSid>)>>;

impl Store {
    /// Whether a Worker of the TaskQueue is known to be in an available Activity; at most
    /// `STAFFING_KEPT` old.
    ///
    /// # Errors
    /// A request of the table failed.
    pub async fn is_staffed(
        &self,
        workspace: &Workspace,
        queue: TaskQueueSid,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut cache = self.staffing.lock().await;
        if let Some((read, queues)) = cache.get(&workspace.sid)
            && now.since(*read) < STAFFING_KEPT
        {
            return Ok(queues.contains(&queue));
        }
        let queues = self.staffed_queues(workspace).await?;
        let is_staffed = queues.contains(&queue);
        cache.insert(workspace.sid, (now, queues));
        Ok(is_staffed)
    }

    async fn staffed_queues(&self, workspace: &Workspace) -> Result<BTreeSet<TaskQueueSid>, Error> {
        let listed = self
            .listed_workers(workspace.sid, &Reading::Forward(None), WORKERS_READ_MAX)
            .await?;
        let workers = self.recent_workers(&listed.sids()).await?;
        let available = workers
            .iter()
            .filter(|worker| workspace.is_available(worker.activity_sid));
        Ok(available
            .flat_map(|worker| worker.queue_membership.queues().iter().copied())
            .collect())
    }
}
