//! The access patterns, by name.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, Select, TransactWriteItem};
use ids::time::Timestamp;
use ids::{TaskSid, WorkerSid, WorkspaceSid};
use planted_bugs::Bug;
use serde::de::DeserializeOwned;
use shared::voice_settings::VoiceSettings;
use task_router::model::{IdleKey, Readiness, Task, Worker, Workspace};
use task_router::router::order::{Position, WaitingList};
use task_router::router::{Decision, WorkersWritten};
use tokio::sync::Mutex;

use crate::Error;
use crate::active_tasks::Kept;
use crate::apply::pause;
use crate::configuration::Cached;
use crate::events::Lookout;
use crate::items::{self, Item, number, text};
use crate::keys::{self, Key};

/// Times a transaction is sent while the table takes no more requests: as often as the SDK sends everything else.
const THROTTLED_ATTEMPTS_MAX: u32 = 3;

/// The table, seen as Tasks, Workers and their Workspace.
#[derive(Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) cache: Arc<Mutex<Cached>>,
    pub(crate) living: Arc<Kept>,
    pub(crate) lookout: Arc<Lookout>,
}

/// What became of a Task that was to be made.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// It is new.
    New,
    /// It was made before: here it is as it stands now.
    AlreadyThere(Box<Task>),
}

impl Store {
    /// The store in this table. Asks nothing yet.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        let lookout = Lookout::new(false).into();
        Self {
            client,
            table: table.into(),
            cache: Arc::default(),
            living: Arc::default(),
            lookout,
        }
    }

    /// A Task as it stands, or `None` if there is none or it was cleaned up.
    pub async fn task(&self, sid: TaskSid) -> Result<Option<Task>, Error> {
        self.get(&Key::task(sid)).await
    }

    /// A Worker as they stand, or `None`.
    pub async fn worker(&self, sid: WorkerSid) -> Result<Option<Worker>, Error> {
        self.get(&Key::worker(sid)).await
    }

    /// The centre's number, menu and Workflow; `None` before any set-up.
    pub async fn voice_settings(
        &self,
        now: Timestamp,
    ) -> Result<Option<Arc<VoiceSettings>>, Error> {
        if let Some(known) = self.cache.lock().await.voice_settings(now) {
            return Ok(Some(known));
        }
        let Some(centre) = self.get::<VoiceSettings>(&Key::voice_settings()).await? else {
            return Ok(None);
        };
        Ok(Some(
            self.cache.lock().await.keep_voice_settings(centre, now),
        ))
    }

    /// Writes a new Task, once: a Task that is there stays as it is.
    pub async fn create_task(&self, task: &Task, workspace: &Workspace) -> Result<Created, Error> {
        let item = items::of_task(task, workspace)?;
        let written = match Bug::TaskMadeAgain.is_planted() {
            true => self.put(item).await,
            false => self.put_if(item, false).await,
        };
        match written {
            Ok(()) => Ok(Created::New),
            Err(Error::Conflict) => match self.task(task.sid).await? {
                Some(there) => Ok(Created::AlreadyThere(Box::new(there))),
                None => Err(Error::Conflict),
            },
            Err(error) => Err(error),
        }
    }

    /// The Tasks that wait in a line, first one first, at most `limit`, those behind the place `behind` if it is given,
    /// whoever stands there. A hint: the index may lag behind.
    pub async fn waiting_tasks(
        &self,
        line: WaitingList,
        behind: Option<Position>,
        limit: u16,
    ) -> Result<Vec<Task>, Error> {
        self.board(
            keys::waiting_board(line),
            behind.map(keys::waiting_sk),
            limit,
        )
        .await
    }

    /// The free Workers of a readiness, longest idle first, at most `limit`, those behind the place `behind` if it is given,
    /// whoever stands there. A hint: the index may lag behind.
    pub async fn free_workers(
        &self,
        workspace: &Workspace,
        readiness: &Readiness,
        behind: Option<IdleKey>,
        limit: u16,
    ) -> Result<Vec<Worker>, Error> {
        self.board(
            keys::ready_list(workspace.sid, readiness),
            behind.map(keys::free_sk),
            limit,
        )
        .await
    }

    /// How many Tasks wait before this one in its line, counted up to `limit`.
    pub async fn waiting_ahead(
        &self,
        task: &Task,
        workspace: &Workspace,
        limit: u16,
    ) -> Result<u16, Error> {
        let Some(place) = keys::waiting_key(workspace, task) else {
            return Ok(0);
        };
        let counted = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::BOARD)
            .key_condition_expression("#pk = :board AND #sk < :place")
            .expression_attribute_names("#pk", keys::BOARD_PK)
            .expression_attribute_names("#sk", keys::BOARD_SK)
            .expression_attribute_values(":board", text(place.pk))
            .expression_attribute_values(":place", text(place.sk))
            .select(Select::Count)
            .limit(i32::from(limit))
            .send()
            .await?;
        Ok(u16::try_from(counted.count()).unwrap_or(limit))
    }

    /// How many Tasks wait in a line, counted up to `limit` or a little further. A hint: the index may lag behind.
    pub async fn waiting_count(&self, line: WaitingList, limit: u32) -> Result<u32, Error> {
        self.count(
            keys::BOARD,
            keys::BOARD_PK,
            keys::waiting_board(line),
            limit,
        )
        .await
    }

    /// How many Workers a Workspace has, counted up to `limit` or a little further: a query for each seven thousand. A hint:
    /// the index may lag behind.
    pub async fn workers_count(&self, workspace: WorkspaceSid, limit: u32) -> Result<u32, Error> {
        self.count(
            keys::LISTING,
            keys::LISTING_PK,
            keys::worker_listing(workspace),
            limit,
        )
        .await
    }

    /// Counts what stands in a partition of an index.
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

    /// Writes a decision, each item on condition that it did not change since it was read. [`Error::Conflict`]: nothing was
    /// written.
    pub async fn commit(&self, decision: &Decision, workspace: &Workspace) -> Result<(), Error> {
        self.commit_with(decision, workspace, Vec::new()).await
    }

    /// Writes a decision and, in the same write as its Workers, `more` that belongs to them.
    pub(crate) async fn commit_with(
        &self,
        decision: &Decision,
        workspace: &Workspace,
        more: Vec<TransactWriteItem>,
    ) -> Result<(), Error> {
        self.register_ready_lists(decision, workspace).await?;
        let tasks = decision
            .tasks
            .iter()
            .map(|task| self.put_next(items::of_task(task, workspace)?, task.version));
        let tasks: Vec<Put> = tasks.collect::<Result<_, Error>>()?;
        let worker =
            |worker: &Worker| self.put_next(items::of_worker(worker, workspace)?, worker.version);
        let workers: Vec<Put> = decision
            .workers
            .iter()
            .map(worker)
            .collect::<Result<_, Error>>()?;
        match decision.workers_written {
            WorkersWritten::WithTheTask => {
                self.put_together(tasks.into_iter().chain(workers).collect(), more)
                    .await
            }
            WorkersWritten::AfterTheTask => {
                self.put_together(tasks, more).await?;
                self.give_back(workers).await;
                Ok(())
            }
        }
    }

    /// Writes Workers who get back what is theirs. Who cannot be written now is written by whoever reads the Task's stream
    /// record.
    async fn give_back(&self, workers: Vec<Put>) {
        for worker in workers {
            match self.put_one(worker).await {
                Ok(()) | Err(Error::Conflict) => {}
                Err(error) => {
                    tracing::warn!(%error, "a Worker's slot is given back by the Task's stream record")
                }
            }
        }
    }

    /// Writes all or nothing.
    async fn put_together(
        &self,
        puts: Vec<Put>,
        more: Vec<TransactWriteItem>,
    ) -> Result<(), Error> {
        match <[Put; 1]>::try_from(puts) {
            Ok([put]) if more.is_empty() => self.put_one(put).await,
            Ok(puts) => self.transact(with_more(puts, more)).await,
            Err(puts) if puts.is_empty() => Ok(()),
            Err(puts) => self.transact(with_more(puts, more)).await,
        }
    }

    /// Writes all or nothing. A transaction that is canceled because there are too many requests is sent again: unlike every
    /// other request, the SDK does not repeat it by itself.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let request = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()));
            match request.send().await.map_err(Error::of_transaction) {
                Err(Error::Throttled(_)) if attempt < THROTTLED_ATTEMPTS_MAX => {
                    pause(attempt).await
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

    /// Writes an item on condition that it is not there yet, or that it is.
    pub(crate) async fn put_if(&self, item: Item, there: bool) -> Result<(), Error> {
        let function = if there {
            "attribute_exists"
        } else {
            "attribute_not_exists"
        };
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item));
        put.condition_expression(format!("{function}({})", keys::PK))
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

    async fn board<T: DeserializeOwned>(
        &self,
        board: String,
        after: Option<String>,
        limit: u16,
    ) -> Result<Vec<T>, Error> {
        let query = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(keys::BOARD)
            .key_condition_expression("#pk = :board AND #sk > :after")
            .expression_attribute_names("#pk", keys::BOARD_PK)
            .expression_attribute_names("#sk", keys::BOARD_SK)
            .expression_attribute_values(":board", text(board))
            .expression_attribute_values(
                ":after",
                text(after.unwrap_or_else(|| keys::BEFORE_ALL.to_owned())),
            );
        let mut read = Vec::new();
        let mut start = None;
        // A megabyte ends an answer before its limit does, if the items are large.
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

    /// The next version of an item, on condition that the stored one is the version before it.
    fn put_next(&self, item: Item, version: u64) -> Result<Put, Error> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression(if Bug::ConditionLeftOut.is_planted() {
                "#version >= :read OR #version < :read"
            } else {
                "#version = :read"
            })
            .expression_attribute_names("#version", keys::VERSION)
            .expression_attribute_values(":read", number(version.saturating_sub(1)));
        put.build().map_err(build_error)
    }

    async fn put_one(&self, put: Put) -> Result<(), Error> {
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
    puts: impl IntoIterator<Item = Put>,
    more: Vec<TransactWriteItem>,
) -> Vec<TransactWriteItem> {
    let puts = puts
        .into_iter()
        .map(|put| TransactWriteItem::builder().put(put).build());
    puts.chain(more).collect()
}

pub(crate) fn build_error(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::Unavailable(error.to_string())
}
