//! The store and its access patterns, by name.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, Select, TransactWriteItem, Update};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use metrics::Metric;
use planted_bugs::Bug;
use serde::de::DeserializeOwned;
use shared::voice_settings::VoiceSettings;
use task_router::model::{IdleKey, Readiness, Task, Worker, Workspace};
use task_router::router::order::{Position, WaitingList};
use task_router::router::{Decision, WorkersWritten};
use tokio::sync::Mutex;

use crate::Error;
use crate::active_tasks::ActiveTasksCache;
use crate::apply::back_off;
use crate::attributes::{self, Kind};
use crate::configuration::Cached;
use crate::events::EventCache;
use crate::items::{self, Item, number, text};
use crate::keys::{self, Key};
use crate::staffing::StaffingCache;

/// Times a throttled transaction is sent: as often as the SDK sends every other request.
const THROTTLED_ATTEMPTS_MAX: u32 = 3;

/// The most items of one transaction: DynamoDB's limit.
pub const TRANSACTION_ITEMS_MAX: usize = 100;

/// The table, as Tasks, Workers and their Workspaces. Clones share the caches.
#[derive(Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) cache: Arc<Mutex<Cached>>,
    pub(crate) active_tasks: Arc<ActiveTasksCache>,
    pub(crate) event_cache: Arc<EventCache>,
    pub(crate) staffing: Arc<StaffingCache>,
}

/// The result of creating a Task.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// The Task was written.
    New,
    /// A Task with this id exists already. It is unchanged, and this is it.
    AlreadyThere(Box<Task>),
}

impl Store {
    /// A store on this table. Sends no request.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        let event_cache = EventCache::new(false).into();
        Self {
            client,
            table: table.into(),
            cache: Arc::default(),
            active_tasks: Arc::default(),
            event_cache,
            staffing: Arc::default(),
        }
    }

    /// A Task, read consistently; `None` if there is none or if it was deleted after its end.
    pub async fn task(&self, sid: TaskSid) -> Result<Option<Task>, Error> {
        self.get(&Key::task(sid)).await
    }

    /// A Worker, read consistently; `None` if there is none.
    pub async fn worker(&self, sid: WorkerSid) -> Result<Option<Worker>, Error> {
        self.get(&Key::worker(sid)).await
    }

    /// The voice settings, at most [`CONFIGURATION_KEPT`](crate::CONFIGURATION_KEPT) old; `None`
    /// before any are stored.
    pub async fn voice_settings(
        &self,
        now: Timestamp,
    ) -> Result<Option<Arc<VoiceSettings>>, Error> {
        if let Some(known) = self.cache.lock().await.voice_settings(now) {
            return Ok(Some(known));
        }
        let Some(settings) = self.get::<VoiceSettings>(&Key::voice_settings()).await? else {
            return Ok(None);
        };
        Ok(Some(
            self.cache.lock().await.keep_voice_settings(settings, now),
        ))
    }

    /// Writes a new Task. Idempotent: an existing Task stays as it is.
    pub async fn create_task(&self, task: &Task, workspace: &Workspace) -> Result<Created, Error> {
        let item = items::of_task(task, workspace)?;
        let written = if Bug::TaskCreatedTwice.is_planted() {
            self.put(item).await
        } else {
            self.put_new(item).await
        };
        match written {
            Ok(()) => {
                self.note_written([task]);
                Ok(Created::New)
            }
            Err(Error::Conflict) => match self.task(task.sid).await? {
                Some(there) => Ok(Created::AlreadyThere(Box::new(there))),
                None => Err(Error::Conflict),
            },
            Err(error) => Err(error),
        }
    }

    /// The Tasks of a waiting list in the order in which they are served, at most `limit`, those
    /// after the Position `after` if it is given, whether or not a Task has that Position. A hint:
    /// the index may lag.
    pub async fn waiting_tasks(
        &self,
        waiting_list: WaitingList,
        after: Option<Position>,
        limit: u16,
    ) -> Result<Vec<Task>, Error> {
        self.read_list(
            keys::waiting_list(waiting_list),
            after.map(keys::waiting_sk),
            limit,
        )
        .await
    }

    /// The free Workers of a Readiness, longest idle first, at most `limit`, those after the idle
    /// key `after` if it is given, whether or not a Worker has that key. A hint: the index may lag.
    pub async fn free_workers(
        &self,
        workspace: &Workspace,
        readiness: &Readiness,
        after: Option<IdleKey>,
        limit: u16,
    ) -> Result<Vec<Worker>, Error> {
        self.read_list(
            keys::ready_list(workspace.sid, readiness),
            after.map(keys::free_sk),
            limit,
        )
        .await
    }

    /// The number of Tasks before this one in its waiting list, counted up to `limit`; 0 if it
    /// waits in none. A hint: the index may lag.
    pub async fn waiting_ahead(
        &self,
        task: &Task,
        workspace: &Workspace,
        limit: u16,
    ) -> Result<u16, Error> {
        let Some(position) = keys::waiting_key(workspace, task) else {
            return Ok(0);
        };
        let counted = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::BOARD)
            .key_condition_expression("#pk = :list AND #sk < :position")
            .expression_attribute_names("#pk", keys::BOARD_PK)
            .expression_attribute_names("#sk", keys::BOARD_SK)
            .expression_attribute_values(":list", text(position.pk))
            .expression_attribute_values(":position", text(position.sk))
            .select(Select::Count)
            .limit(i32::from(limit))
            .send()
            .await?;
        Ok(u16::try_from(counted.count()).unwrap_or(limit))
    }

    /// The number of Tasks in a waiting list, counted up to `limit` or a little further. A hint:
    /// the index may lag.
    pub async fn waiting_count(&self, waiting_list: WaitingList, limit: u32) -> Result<u32, Error> {
        self.count(
            keys::BOARD,
            keys::BOARD_PK,
            keys::waiting_list(waiting_list),
            limit,
        )
        .await
    }

    /// The number of Workers of a Workspace, counted up to `limit` or a little further, with one
    /// query for each seven thousand. A hint: the index may lag.
    pub async fn workers_count(&self, workspace: WorkspaceSid, limit: u32) -> Result<u32, Error> {
        self.count(
            keys::LISTING,
            keys::LISTING_PK,
            keys::worker_listing(workspace),
            limit,
        )
        .await
    }

    /// Counts the items in a partition of an index, up to `limit` or a little further.
    async fn count(
        &self,
        index: &str,
        key: &str,
        partition: String,
        limit: u32,
    ) -> Result<u32, Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(index)
            .key_condition_expression("#pk = :partition")
            .expression_attribute_names("#pk", key)
            .expression_attribute_values(":partition", text(partition))
            .select(Select::Count)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .into_paginator()
            .send();
        let mut counted = 0;
        while counted < limit
            && let Some(page) = pages.try_next().await?
        {
            counted = counted.saturating_add(u32::try_from(page.count()).unwrap_or_default());
        }
        Ok(counted)
    }

    /// Commits a Decision: each item on condition that its version is the one that was read.
    /// [`Error::Conflict`]: the Tasks were not written, nor any Worker that belongs to the same
    /// transaction.
    pub async fn commit(&self, decision: &Decision, workspace: &Workspace) -> Result<(), Error> {
        self.commit_with(decision, workspace, Vec::new()).await
    }

    /// Commits several Decisions in one transaction: all of them or none. No Task or Worker may be
    /// in two of them, and there are at most [`TRANSACTION_ITEMS_MAX`] items in all.
    pub async fn commit_together(
        &self,
        decisions: &[Decision],
        workspace: &Workspace,
    ) -> Result<(), Error> {
        let mut writes = Vec::with_capacity(2 * decisions.len());
        for decision in decisions {
            self.register_ready_lists(decision, workspace).await?;
            let (tasks, workers) = self.updates_of(decision, workspace)?;
            writes.extend(tasks.into_iter().chain(workers));
        }
        self.write_together(writes, Vec::new()).await?;
        self.note_written(decisions.iter().flat_map(|decision| &decision.tasks));
        Ok(())
    }

    /// Commits a Decision and, in the transaction of its Workers, the writes of `more`.
    pub(crate) async fn commit_with(
        &self,
        decision: &Decision,
        workspace: &Workspace,
        more: Vec<TransactWriteItem>,
    ) -> Result<(), Error> {
        self.register_ready_lists(decision, workspace).await?;
        let (tasks, workers) = self.updates_of(decision, workspace)?;
        match decision.workers_written {
            WorkersWritten::WithTheTask => {
                self.write_together(tasks.into_iter().chain(workers).collect(), more)
                    .await?;
                self.note_written(&decision.tasks);
            }
            WorkersWritten::AfterTheTask => {
                self.write_together(tasks, more).await?;
                self.note_written(&decision.tasks);
                self.give_slots_back(workers).await;
            }
        }
        Ok(())
    }

    /// Shows written Tasks to real-time statistics before their Events are published. Where other
    /// processes write Tasks, this one does not know the newest writes, and Events alone count.
    fn note_written<'t>(&self, tasks: impl IntoIterator<Item = &'t Task>) {
        if self.event_cache.is_only_writer() {
            for task in tasks {
                self.active_tasks.note_written(task);
            }
        }
    }

    /// The writes of a Decision's Tasks, and those of its Workers.
    fn updates_of(
        &self,
        decision: &Decision,
        workspace: &Workspace,
    ) -> Result<(Vec<Update>, Vec<Update>), Error> {
        let tasks = decision
            .tasks
            .iter()
            .map(|task| self.next(Kind::Task, items::of_task(task, workspace)?, task.version));
        let workers = decision.workers.iter().map(|worker| {
            let item = items::of_worker(worker, workspace)?;
            self.next(Kind::Worker, item, worker.version)
        });
        Ok((
            tasks.collect::<Result<_, Error>>()?,
            workers.collect::<Result<_, Error>>()?,
        ))
    }

    /// Writes the Workers that get slots back. Best effort: a Worker that cannot be written now is
    /// written when the Task's stream record is processed.
    async fn give_slots_back(&self, workers: Vec<Update>) {
        for worker in workers {
            match self.update_one(worker).await {
                Ok(()) | Err(Error::Conflict) => {}
                Err(error) => {
                    tracing::warn!(%error, "slot not given back, left to the Task's stream record")
                }
            }
        }
    }

    /// Writes all items or none. A single item needs no transaction.
    async fn write_together(
        &self,
        updates: Vec<Update>,
        more: Vec<TransactWriteItem>,
    ) -> Result<(), Error> {
        let written = match <[Update; 1]>::try_from(updates) {
            Ok([update]) if more.is_empty() => self.update_one(update).await,
            Ok(updates) => self.transact(with_more(updates, more)).await,
            Err(updates) if updates.is_empty() => Ok(()),
            Err(updates) => self.transact(with_more(updates, more)).await,
        };
        if matches!(written, Err(Error::Conflict)) {
            metrics::count(Metric::Conflicts);
        }
        written
    }

    /// Writes all items or none: a failed transaction needs no rollback. A transaction that
    /// DynamoDB throttles is retried after a backoff, because the SDK retries every other request
    /// but not this one.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()));
            match request.send().await.map_err(Error::of_transaction) {
                Err(Error::Throttled(_)) if attempt < THROTTLED_ATTEMPTS_MAX => {
                    back_off(attempt).await
                }
                sent => return sent.map(|_| ()),
            }
            attempt += 1;
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        self.get_item(key).await?.map(items::read).transpose()
    }

    pub(crate) async fn get_item(&self, key: &Key) -> Result<Option<Item>, Error> {
        let get = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(items::key_attributes(key)));
        Ok(get.consistent_read(true).send().await?.item)
    }

    /// Writes a new item; [`Error::Conflict`] if one with its key exists.
    pub(crate) async fn put_new(&self, item: Item) -> Result<(), Error> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item));
        put.condition_expression(format!("attribute_not_exists({})", keys::PK))
            .send()
            .await?;
        Ok(())
    }

    pub(crate) async fn put(&self, item: Item) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .send()
            .await?;
        Ok(())
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<(), Error> {
        let key = Some(items::key_attributes(key));
        self.client
            .delete_item()
            .table_name(&*self.table)
            .set_key(key)
            .send()
            .await?;
        Ok(())
    }

    /// Reads a waiting list or ready list from its index, at most `limit` items, page by page.
    async fn read_list<T: DeserializeOwned>(
        &self,
        list: String,
        after: Option<String>,
        limit: u16,
    ) -> Result<Vec<T>, Error> {
        let query = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::BOARD)
            .key_condition_expression("#pk = :list AND #sk > :after")
            .expression_attribute_names("#pk", keys::BOARD_PK)
            .expression_attribute_names("#sk", keys::BOARD_SK)
            .expression_attribute_values(":list", text(list))
            .expression_attribute_values(
                ":after",
                text(after.unwrap_or_else(|| keys::BEFORE_ALL.to_owned())),
            );
        let mut read = Vec::new();
        let mut start = None;
        // A page of 1 MB may end before `limit` items if the items are large.
        while read.len() < usize::from(limit) {
            let left =
                i32::from(limit).saturating_sub(i32::try_from(read.len()).unwrap_or(i32::MAX));
            let found = query
                .clone()
                .limit(left)
                .set_exclusive_start_key(start)
                .send()
                .await?;
            let items = found.items.unwrap_or_default().into_iter().map(items::read);
            read.extend(items.collect::<Result<Vec<T>, _>>()?);
            start = found.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        Ok(read)
    }

    /// The write of a Task's or Worker's next version, on condition that the stored version is the
    /// one before it, in a format that this version of the program may write.
    fn next(&self, kind: Kind, item: Item, version: u64) -> Result<Update, Error> {
        let version_condition = if Bug::ConditionLeftOut.is_planted() {
            "(#version >= :read OR #version < :read)"
        } else {
            "#version = :read"
        };
        let update = attributes::set(&self.table, kind, item)
            .condition_expression(format!(
                "{version_condition} AND {}",
                attributes::FORMAT_CONDITION
            ))
            .expression_attribute_values(":read", number(version.saturating_sub(1)));
        attributes::built(update)
    }

    async fn update_one(&self, update: Update) -> Result<(), Error> {
        self.client
            .update_item()
            .table_name(update.table_name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .send()
            .await?;
        Ok(())
    }

    /// The write of an item's next version, on condition that the stored version is the one before
    /// it.
    pub(crate) fn put_next(&self, item: Item, version: u64) -> Result<Put, Error> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("#version = :read")
            .expression_attribute_names("#version", keys::VERSION)
            .expression_attribute_values(":read", number(version.saturating_sub(1)));
        put.build().map_err(build_error)
    }

    pub(crate) async fn put_one(&self, put: Put) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values)
            .send()
            .await?;
        Ok(())
    }

    async fn register_ready_lists(
        &self,
        decision: &Decision,
        workspace: &Workspace,
    ) -> Result<(), Error> {
        for worker in &decision.workers {
            self.register_ready_list(worker, workspace).await?;
        }
        Ok(())
    }
}

fn with_more(
    updates: impl IntoIterator<Item = Update>,
    more: Vec<TransactWriteItem>,
) -> Vec<TransactWriteItem> {
    let updates = updates
        .into_iter()
        .map(|update| TransactWriteItem::builder().update(update).build());
    updates.chain(more).collect()
}

pub(crate) fn build_error(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::Unavailable(error.to_string())
}
