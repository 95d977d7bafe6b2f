//! Workers: creation and deletion with their unique names, batch reads, counts by Activity.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::builders::DeleteBuilder;
use aws_sdk_dynamodb::types::{Delete, KeysAndAttributes, Put, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};
use ids::{TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{Decision, WorkerCounts};

use crate::items::{self, Item, number};
use crate::keys::{self, Key};
use crate::store::build_error;
use crate::{Error, Store};

/// The most items of one BatchGetItem request: DynamoDB's limit.
const BATCH_ITEMS_MAX: usize = 100;

/// Batches that are read at the same time.
const BATCHES_AT_ONCE: usize = 8;

/// The most requests for one batch, whose unprocessed keys are requested again.
const BATCH_ATTEMPTS_MAX: u32 = 8;

/// The consistency of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// The newest version.
    Strong,
    /// The newest version or, for a moment after a write, the one before it. Costs half.
    Eventual,
}

#[derive(Serialize, Deserialize)]
struct NamedWorker {
    worker_sid: WorkerSid,
}

impl Store {
    /// Writes a new Worker and its name in one transaction. The name is unique in the Workspace
    /// (taskrouter.md section 2.3). [`Error::Conflict`]: the Worker exists, or the name is taken.
    pub async fn create_worker(&self, worker: &Worker, workspace: &Workspace) -> Result<(), Error> {
        self.register_ready_list(worker, workspace).await?;
        let name = Key::worker_name(worker.workspace_sid, &worker.friendly_name);
        let name = items::with_key(
            &NamedWorker {
                worker_sid: worker.sid,
            },
            &name,
        )?;
        self.transact(vec![
            self.write_new(items::of_worker(worker, workspace)?)?,
            self.write_new(name)?,
        ])
        .await
    }

    /// Deletes a Worker and its name, on condition that the Worker's version is the given one.
    pub async fn delete_worker(&self, worker: &Worker) -> Result<(), Error> {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(items::key_attributes(&Key::worker(worker.sid))))
            .condition_expression("#version = :read")
            .expression_attribute_names("#version", keys::VERSION)
            .expression_attribute_values(":read", number(worker.version));
        let name = self.free_name(&Key::worker_name(
            worker.workspace_sid,
            &worker.friendly_name,
        ))?;
        self.transact(vec![write_of(delete)?, name]).await
    }

    /// The writes that belong to a Decision that renames a Worker: the new name, on condition that
    /// it is free, and the deletion of the old one. Empty if the name stays, or changes in case
    /// only.
    pub(crate) fn renaming(
        &self,
        before: Option<&Worker>,
        decision: &Decision,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let Some(before) = before else {
            return Ok(Vec::new());
        };
        let name_before = Key::worker_name(before.workspace_sid, &before.friendly_name);
        let after = decision
            .workers
            .iter()
            .find(|worker| worker.sid == before.sid);
        let Some(after) = after else {
            return Ok(Vec::new());
        };
        let name_after = Key::worker_name(after.workspace_sid, &after.friendly_name);
        if name_after == name_before {
            return Ok(Vec::new());
        }
        let taken = self.write_new(items::with_key(
            &NamedWorker {
                worker_sid: after.sid,
            },
            &name_after,
        )?)?;
        Ok(vec![taken, self.free_name(&name_before)?])
    }

    /// The Worker with this name, ignoring case; `None` if there is none.
    pub async fn worker_named(
        &self,
        workspace: WorkspaceSid,
        friendly_name: &str,
    ) -> Result<Option<Worker>, Error> {
        let named: Option<NamedWorker> = self
            .get(&Key::worker_name(workspace, friendly_name))
            .await?;
        match named {
            Some(named) => self.worker(named.worker_sid).await,
            None => Ok(None),
        }
    }

    /// The Workers of a TaskQueue, counted by Activity. Reads every Worker of the Workspace in
    /// batches of a hundred, so it is called only for a Task that enters a step with `skip_if` and
    /// finds no Worker.
    pub async fn worker_counts(
        &self,
        workspace: &Workspace,
        queue: TaskQueueSid,
    ) -> Result<WorkerCounts, Error> {
        let workers = self
            .workers(&self.worker_sids(workspace.sid).await?)
            .await?;
        Ok(WorkerCounts::of_queue(queue, &workers, workspace))
    }

    /// These Workers in this order, read consistently; deleted ones are left out.
    pub async fn workers(&self, sids: &[WorkerSid]) -> Result<Vec<Worker>, Error> {
        self.all_of(sids, Consistency::Strong, Key::worker, |worker: &Worker| {
            worker.sid
        })
        .await
    }

    /// These Workers in this order, read eventually consistently for half the price; deleted ones
    /// are left out.
    pub async fn recent_workers(&self, sids: &[WorkerSid]) -> Result<Vec<Worker>, Error> {
        self.all_of(
            sids,
            Consistency::Eventual,
            Key::worker,
            |worker: &Worker| worker.sid,
        )
        .await
    }

    /// These Tasks in this order, read consistently; deleted ones are left out.
    pub async fn tasks(&self, sids: &[TaskSid]) -> Result<Vec<Task>, Error> {
        self.all_of(sids, Consistency::Strong, Key::task, |task: &Task| task.sid)
            .await
    }

    async fn all_of<S, T>(
        &self,
        sids: &[S],
        consistency: Consistency,
        key: fn(S) -> Key,
        sid_of: fn(&T) -> S,
    ) -> Result<Vec<T>, Error>
    where
        S: Copy + Ord,
        T: DeserializeOwned,
    {
        let mut found = BTreeMap::new();
        for item in self
            .read_batches(sids.iter().map(|sid| key(*sid)), consistency)
            .await?
        {
            let value: T = items::read(item)?;
            found.insert(sid_of(&value), value);
        }
        Ok(sids.iter().filter_map(|sid| found.remove(sid)).collect())
    }

    /// Reads the items with these keys in batches, in any order. A missing item is left out.
    pub(crate) async fn read_batches(
        &self,
        keys: impl Iterator<Item = Key>,
        consistency: Consistency,
    ) -> Result<Vec<Item>, Error> {
        let keys: Vec<Item> = keys.map(|key| items::key_attributes(&key)).collect();
        let batches: Vec<Vec<Item>> = keys.chunks(BATCH_ITEMS_MAX).map(<[Item]>::to_vec).collect();
        let read: Vec<Vec<Item>> = stream::iter(batches)
            .map(|batch| self.read_batch(batch, consistency))
            .buffered(BATCHES_AT_ONCE)
            .try_collect()
            .await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Reads one batch. DynamoDB may leave keys unprocessed, for size or throttling; they are
    /// requested again after a backoff.
    async fn read_batch(
        &self,
        mut keys: Vec<Item>,
        consistency: Consistency,
    ) -> Result<Vec<Item>, Error> {
        let is_strong = consistency == Consistency::Strong;
        let mut found = Vec::with_capacity(keys.len());
        for attempt in 1..=BATCH_ATTEMPTS_MAX {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(is_strong)
                .build();
            let request = HashMap::from([(self.table.to_string(), wanted.map_err(build_error)?)]);
            let read = self
                .client
                .batch_get_item()
                .set_request_items(Some(request))
                .send()
                .await?;
            found.extend(read.responses.unwrap_or_default().into_values().flatten());
            // These keys are retried.
            keys = read
                .unprocessed_keys
                .unwrap_or_default()
                .into_values()
                .flat_map(|left| left.keys)
                .collect();
            if keys.is_empty() {
                return Ok(found);
            }
            crate::back_off(attempt).await;
        }
        Err(Error::Unavailable(format!(
            "{} items of a batch were not read after {BATCH_ATTEMPTS_MAX} attempts",
            keys.len()
        )))
    }

    fn free_name(&self, key: &Key) -> Result<TransactWriteItem, Error> {
        write_of(
            Delete::builder()
                .table_name(&*self.table)
                .set_key(Some(items::key_attributes(key))),
        )
    }

    /// The write of a new item, for a transaction.
    fn write_new(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression(format!("attribute_not_exists({})", keys::PK));
        Ok(TransactWriteItem::builder()
            .put(put.build().map_err(build_error)?)
            .build())
    }
}

fn write_of(delete: DeleteBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder()
        .delete(delete.build().map_err(build_error)?)
        .build())
}
