//! Workers as people: made once, known by a name nobody else has, counted.

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

/// Items read in one request: DynamoDB's limit.
const BATCH_ITEMS_MAX: usize = 100;

/// Batches read at the same time.
const BATCHES_AT_ONCE: usize = 8;

/// How often what a batch left unread is asked for again.
const BATCH_ATTEMPTS_MAX: u32 = 8;

/// How new what is read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// As it stands.
    Strong,
    /// As it stands or stood a moment ago; costs half.
    Eventual,
}

#[derive(Serialize, Deserialize)]
struct NamedWorker {
    worker_sid: WorkerSid,
}

impl Store {
    /// Writes a new Worker, once, with their name, which nobody else in the Workspace may have (taskrouter.md section 2.3).
    /// [`Error::Conflict`]: the Worker is there, or the name is taken.
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
            self.put_new(items::of_worker(worker, workspace)?)?,
            self.put_new(name)?,
        ])
        .await
    }

    /// Removes a Worker whose version still is the one given, and their name.
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
        self.transact(vec![deletion(delete)?, name]).await
    }

    /// What must be written along with a decision that gives a Worker another name: the new one, which nobody else may
    /// have, and the end of the old one. Nothing if the name stays, or changes in case only.
    pub(crate) fn renaming(
        &self,
        before: Option<&Worker>,
        decision: &Decision,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let Some(before) = before else {
            return Ok(Vec::new());
        };
        let key = |worker: &Worker| Key::worker_name(worker.workspace_sid, &worker.friendly_name);
        let after = decision
            .workers
            .iter()
            .find(|worker| worker.sid == before.sid);
        let Some(after) = after.filter(|after| key(after) != key(before)) else {
            return Ok(Vec::new());
        };
        let taken = self.put_new(items::with_key(
            &NamedWorker {
                worker_sid: after.sid,
            },
            &key(after),
        )?)?;
        Ok(vec![taken, self.free_name(&key(before))?])
    }

    /// The Worker of this name, ignoring case; `None`: nobody has it.
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

    /// The Workers of a queue, counted by Activity. Reads every Worker of the Workspace, a hundred at a time: done only for
    /// a Task that enters a step with `skip_if` and finds nobody.
    pub async fn presence(
        &self,
        workspace: &Workspace,
        queue: TaskQueueSid,
    ) -> Result<WorkerCounts, Error> {
        let workers = self
            .workers(&self.worker_sids(workspace.sid).await?)
            .await?;
        Ok(WorkerCounts::of_queue(queue, &workers, workspace))
    }

    /// These Workers as they stand, in this order; those who are gone are left out.
    pub async fn workers(&self, sids: &[WorkerSid]) -> Result<Vec<Worker>, Error> {
        self.all_of(sids, Consistency::Strong, Key::worker, |worker: &Worker| {
            worker.sid
        })
        .await
    }

    /// These Workers as they stand or stood a moment ago, for half the price; who is gone is left out.
    pub async fn recent_workers(&self, sids: &[WorkerSid]) -> Result<Vec<Worker>, Error> {
        self.all_of(
            sids,
            Consistency::Eventual,
            Key::worker,
            |worker: &Worker| worker.sid,
        )
        .await
    }

    /// These Tasks as they stand, in this order; those that were cleaned up are left out.
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
            .read_many(sids.iter().map(|sid| key(*sid)), consistency)
            .await?
        {
            let value: T = items::read(item)?;
            found.insert(sid_of(&value), value);
        }
        Ok(sids.iter().filter_map(|sid| found.remove(sid)).collect())
    }

    /// What there is under these keys, in any order.
    pub(crate) async fn read_many(
        &self,
        keys: impl Iterator<Item = Key>,
        consistency: Consistency,
    ) -> Result<Vec<Item>, Error> {
        let keys: Vec<Item> = keys.map(|key| items::key_attributes(&key)).collect();
        let batches: Vec<Vec<Item>> = keys.chunks(BATCH_ITEMS_MAX).map(<[Item]>::to_vec).collect();
        let read = stream::iter(batches).map(|batch| self.batch(batch, consistency));
        let read: Vec<Vec<Item>> = read.buffered(BATCHES_AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    async fn batch(
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
            keys = read
                .unprocessed_keys
                .unwrap_or_default()
                .into_values()
                .flat_map(|left| left.keys)
                .collect();
            if keys.is_empty() {
                return Ok(found);
            }
            crate::pause(attempt).await;
        }
        Err(Error::Unavailable(format!(
            "{} items of a batch were not read",
            keys.len()
        )))
    }

    fn free_name(&self, key: &Key) -> Result<TransactWriteItem, Error> {
        deletion(
            Delete::builder()
                .table_name(&*self.table)
                .set_key(Some(items::key_attributes(key))),
        )
    }

    fn put_new(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression(format!("attribute_not_exists({})", keys::PK));
        Ok(TransactWriteItem::builder()
            .put(put.build().map_err(build_error)?)
            .build())
    }
}

fn deletion(delete: DeleteBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder()
        .delete(delete.build().map_err(build_error)?)
        .build())
}
