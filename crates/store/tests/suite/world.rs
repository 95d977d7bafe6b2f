//! A table for each test, with the example's Workspace and Workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::config::SharedHttpClient;
use config::ContactCentre;
use dynamodb_in_process::{InProcess, Layer, Layered};
use dynoxide::Database;
use ids::time::{Millis, Timestamp};
use ids::{AccountSid, ActivitySid, TaskQueueSid, TaskSid, WorkerSid};
use serde_json::{Value, json};
use store::items::Item;
use store::keys::Key;
use store::{Applied, Created, Store, items, schema};
use task_router::model::{
    Attributes, EndReason, Readiness, Task, TaskChannelName, Worker, Workspace,
};
use task_router::router::order::{WaitingList, position_of};
use task_router::router::{Command, Decision, NewTask, Outcome, Snapshot, create_task, decide};

use crate::competing_writes::{CompetingWrite, CompetingWrites};

/// 2026-11-22T12:00:00Z, when every test begins.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// The variable with the engine's address; unset for the embedded one.
const ENDPOINT: &str = "DYNAMODB_ENDPOINT";

/// The address of the embedded engine. It is never connected to.
const EMBEDDED: &str = "http://embedded.invalid";

/// The number of tables this process has created: each has a name of its own.
static TABLES: AtomicU32 = AtomicU32::new(0);

/// A table with the store under test.
pub struct World {
    /// The store under test.
    pub store: Store,
    /// A client of the table.
    pub client: aws_sdk_dynamodb::Client,
    /// A client of its stream.
    pub streams: aws_sdk_dynamodbstreams::Client,
    /// The table's name.
    pub table: String,
    /// The declared configuration.
    pub declared: ContactCentre,
    http: SharedHttpClient,
    endpoint: String,
}

impl World {
    /// An empty table.
    pub async fn empty() -> Self {
        let (http, endpoint) = engine();
        let client = dynamodb_in_process::client_at(http.clone(), &endpoint);
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let table = format!("suite-{}-{number}", std::process::id());
        schema::create_table(&client, &table).await.unwrap();
        let example = include_str!("../../../../contact-centre.yaml");
        Self {
            store: Store::new(client.clone(), &*table),
            streams: dynamodb_in_process::streams_at(http.clone(), &endpoint),
            client,
            table,
            declared: config::read(
                example,
                "contact-centre.yaml",
                AccountSid::derive(&["suite"]),
            )
            .unwrap(),
            http,
            endpoint,
        }
    }

    /// The example: Maya (English), Arjun (Hindi) and Leela (both) are available, and no Task
    /// waits.
    pub async fn open() -> Self {
        let world = Self::empty().await;
        config::apply(&world.store, &world.declared, NOON)
            .await
            .unwrap();
        world
    }

    /// The store of another process on this table: it has cached nothing, and each of its first
    /// writes waits for one of these competing writes.
    pub fn another_store(&self, before_writes: Vec<CompetingWrite>) -> Store {
        self.store_over(CompetingWrites::new(before_writes))
    }

    /// The same, with a layer between the store and the table.
    pub fn store_over(&self, layer: Arc<impl Layer + 'static>) -> Store {
        let http = Layered::new(self.http.clone(), layer);
        Store::new(
            dynamodb_in_process::client_at(http, &self.endpoint),
            &*self.table,
        )
    }

    /// The stored Workspace.
    pub async fn workspace(&self) -> Arc<Workspace> {
        self.store
            .fresh_workspace(self.declared.workspace.sid, NOON)
            .await
            .unwrap()
            .unwrap()
    }

    /// The TaskQueue of this language: `English`, `Hindi`.
    pub fn queue(&self, language: &str) -> TaskQueueSid {
        let queues = self.declared.workspace.task_queues.values();
        queues
            .into_iter()
            .find(|queue| queue.friendly_name.ends_with(language))
            .unwrap()
            .sid
    }

    /// The Activity with this name.
    pub fn activity(&self, name: &str) -> ActivitySid {
        let activities = self.declared.workspace.activities.values();
        activities
            .into_iter()
            .find(|activity| activity.friendly_name == name)
            .unwrap()
            .sid
    }

    /// The id of a Worker.
    pub fn worker_sid(&self, name: &str) -> WorkerSid {
        self.declared
            .workers
            .iter()
            .find(|worker| worker.friendly_name == name)
            .unwrap()
            .sid
    }

    /// A stored Worker.
    pub async fn worker(&self, name: &str) -> Worker {
        self.store
            .worker(self.worker_sid(name))
            .await
            .unwrap()
            .unwrap()
    }

    /// A Task of a caller who chose this language, not written yet.
    pub async fn new_task(&self, cause: &str, language: &str, now: Timestamp) -> Task {
        self.new_task_about(cause, &json!({ "selected_language": language }), now)
            .await
    }

    /// A Task with these attributes, not written yet.
    pub async fn new_task_about(&self, cause: &str, known: &Value, now: Timestamp) -> Task {
        let workspace = self.workspace().await;
        let workflow = self.declared.voice_settings.workflow_sid;
        let new = NewTask::new(
            TaskSid::derive(&[cause]),
            attributes(known),
            TaskChannelName::VOICE,
        );
        create_task(&workspace, &workspace.workflows[&workflow], new, now).unwrap()
    }

    /// A Task of this language that has been in its waiting list since `now`.
    pub async fn waiting(&self, cause: &str, language: &str, now: Timestamp) -> Task {
        let task = self.new_task(cause, language, now).await;
        self.put_in_waiting_list(&task).await
    }

    /// Writes a new Task, and then that no Worker was found for it.
    pub async fn put_in_waiting_list(&self, task: &Task) -> Task {
        self.create(task).await;
        let applied = self
            .store
            .apply(
                &Command::NoWorkerFound { task: task.sid },
                task.date_created,
            )
            .await
            .unwrap();
        assert_eq!(applied.outcome, Outcome::Changed);
        applied.task.unwrap()
    }

    /// Writes a new Task.
    pub async fn create(&self, task: &Task) -> Created {
        self.store
            .create_task(task, &*self.workspace().await)
            .await
            .unwrap()
    }

    /// The Decision to offer this Task to this Worker.
    pub async fn offer(&self, task: &Task, worker: &Worker, now: Timestamp) -> Decision {
        let workspace = self.workspace().await;
        let snapshot = Snapshot::new(&workspace)
            .with_tasks([task.clone()])
            .with_workers([worker.clone()]);
        let candidates = snapshot.with_candidates(task.task_queue_sid, [worker.clone()]);
        let decision = decide(candidates, &Command::Advance { task: task.sid }, now);
        assert_eq!(decision.outcome, Outcome::Changed);
        assert_eq!((decision.tasks.len(), decision.workers.len()), (1, 1));
        decision
    }

    /// A stored Task that is offered to this Worker.
    pub async fn offered(&self, cause: &str, name: &str, now: Timestamp) -> Task {
        let task = self.waiting(cause, "en", now).await;
        let decision = self.offer(&task, &self.worker(name).await, now).await;
        self.store
            .commit(&decision, &*self.workspace().await)
            .await
            .unwrap();
        self.store.task(task.sid).await.unwrap().unwrap()
    }

    /// Moves a Worker to an Activity.
    pub async fn set_activity(&self, name: &str, activity: &str, now: Timestamp) -> Applied {
        let command = self.activity_set(name, activity);
        self.store.apply(&command, now).await.unwrap()
    }

    /// The Command that moves a Worker to an Activity.
    pub fn activity_set(&self, name: &str, activity: &str) -> Command {
        Command::ActivitySet {
            worker: self.worker_sid(name),
            activity: self.activity(activity),
            reject_pending: false,
        }
    }

    /// The Command of a caller who hangs up.
    pub fn hung_up(&self, task: &Task) -> Command {
        Command::CallerGone {
            task: task.sid,
            reason: EndReason::Hangup,
            carrier_queue: None,
        }
    }

    /// A stored item.
    pub async fn item(&self, key: &Key) -> Option<Item> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(items::key_attributes(key)));
        get.consistent_read(true).send().await.unwrap().item
    }

    /// The ids of the Tasks that wait in a TaskQueue.
    pub async fn waiting_in(&self, language: &str) -> Vec<TaskSid> {
        let waiting = self.waiting_page(language, None, 100).await;
        waiting.into_iter().map(|task| task.sid).collect()
    }

    /// A page of the calls that wait in a TaskQueue.
    pub async fn waiting_page(
        &self,
        language: &str,
        after: Option<&Task>,
        limit: u16,
    ) -> Vec<Task> {
        let waiting_list = WaitingList::Queue(self.queue(language), TaskChannelName::VOICE);
        self.store
            .waiting_tasks(waiting_list, after.map(position_of), limit)
            .await
            .unwrap()
    }

    /// The Readiness this Worker would have if the Worker were available and idle.
    pub async fn idle_readiness(&self, worker: &Worker) -> Readiness {
        let idle = Worker {
            activity_sid: self.activity("Available"),
            open_reservations: Vec::new(),
            ..worker.clone()
        };
        idle.readiness(&*self.workspace().await).unwrap()
    }

    /// The names of the Workers on the ready list where this Worker would be if idle.
    pub async fn free_workers_like(&self, worker: &Worker) -> Vec<String> {
        let workspace = self.workspace().await;
        let readiness = self.idle_readiness(worker).await;
        let free = self
            .store
            .free_workers(&workspace, &readiness, None, 100)
            .await
            .unwrap();
        free.into_iter()
            .map(|worker| worker.friendly_name)
            .collect()
    }
}

/// Attributes from this JSON object.
pub fn attributes(object: &Value) -> Attributes {
    object.to_string().parse().unwrap()
}

/// Noon and so many seconds.
pub fn after_secs(secs: u64) -> Timestamp {
    NOON + Millis::from_secs(secs)
}

fn engine() -> (SharedHttpClient, String) {
    match std::env::var(ENDPOINT) {
        Ok(endpoint) => (
            SharedHttpClient::new(runtime::sdk_http::SdkHttp::new()),
            endpoint,
        ),
        Err(_) => (
            SharedHttpClient::new(InProcess::new(Database::memory().unwrap())),
            EMBEDDED.to_owned(),
        ),
    }
}
