//! A table of a test's own, with the example's Workspace and Workers in it.

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

use crate::interloper::{Interloper, Meanwhile};

/// 2026-11-22T12:00:00Z, when every test begins.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// Where the engine is, unless it is the embedded one.
const ENDPOINT: &str = "DYNAMODB_ENDPOINT";

/// Never connected to.
const EMBEDDED: &str = "http://embedded.invalid";

/// Tables made by this process so far: each has a name of its own.
static TABLES: AtomicU32 = AtomicU32::new(0);

/// A table and what is in it.
pub struct World {
    /// What is tested.
    pub store: Store,
    /// The table as it is.
    pub client: aws_sdk_dynamodb::Client,
    /// Its stream.
    pub streams: aws_sdk_dynamodbstreams::Client,
    /// Its name.
    pub table: String,
    /// What was put into it.
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

    /// The example: Maya (English), Arjun (Hindi) and Leela (both) are there and available; nobody waits.
    pub async fn open() -> Self {
        let world = Self::empty().await;
        config::apply(&world.store, &world.declared, NOON)
            .await
            .unwrap();
        world
    }

    /// Another process's store on this table: nothing cached, and before each of its writes one of these happens.
    pub fn another_store(&self, before_writes: Vec<Meanwhile>) -> Store {
        self.store_over(Interloper::new(before_writes))
    }

    /// The same, with something between it and the table.
    pub fn store_over(&self, layer: Arc<impl Layer + 'static>) -> Store {
        let http = Layered::new(self.http.clone(), layer);
        Store::new(
            dynamodb_in_process::client_at(http, &self.endpoint),
            &*self.table,
        )
    }

    /// The Workspace as it stands.
    pub async fn workspace(&self) -> Arc<Workspace> {
        self.store
            .fresh_workspace(self.declared.workspace.sid, NOON)
            .await
            .unwrap()
            .unwrap()
    }

    /// The queue of this language: `English`, `Hindi`.
    pub fn queue(&self, language: &str) -> TaskQueueSid {
        let queues = self.declared.workspace.task_queues.values();
        queues
            .into_iter()
            .find(|queue| queue.friendly_name.ends_with(language))
            .unwrap()
            .sid
    }

    /// The Activity of this name.
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

    /// A Worker as they stand.
    pub async fn worker(&self, name: &str) -> Worker {
        self.store
            .worker(self.worker_sid(name))
            .await
            .unwrap()
            .unwrap()
    }

    /// A Task of somebody who chose this language, not written yet.
    pub async fn new_task(&self, cause: &str, language: &str, now: Timestamp) -> Task {
        self.new_task_about(cause, &json!({ "selected_language": language }), now)
            .await
    }

    /// A Task of which this is known, not written yet.
    pub async fn new_task_about(&self, cause: &str, known: &Value, now: Timestamp) -> Task {
        let (workspace, workflow) = (
            self.workspace().await,
            self.declared.voice_settings.workflow_sid,
        );
        let new = NewTask::new(
            TaskSid::derive(&[cause]),
            attributes(known),
            TaskChannelName::VOICE,
        );
        create_task(&workspace, &workspace.workflows[&workflow], new, now).unwrap()
    }

    /// A Task of this language that waits in line since `now`.
    pub async fn waiting(&self, cause: &str, language: &str, now: Timestamp) -> Task {
        let task = self.new_task(cause, language, now).await;
        self.put_in_waiting_list(&task).await
    }

    /// Writes a new Task, and that nobody is found for it.
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

    /// The decision to offer this Task to this Worker.
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

    /// A Task that is offered to this Worker, and in the table so.
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
        let event = self.activity_set(name, activity);
        self.store.apply(&event, now).await.unwrap()
    }

    /// The event that moves a Worker to an Activity.
    pub fn activity_set(&self, name: &str, activity: &str) -> Command {
        Command::ActivitySet {
            worker: self.worker_sid(name),
            activity: self.activity(activity),
            reject_pending: false,
        }
    }

    /// The event of a caller who hangs up.
    pub fn hung_up(&self, task: &Task) -> Command {
        Command::CallerGone {
            task: task.sid,
            reason: EndReason::Hangup,
            carrier_queue: None,
        }
    }

    /// An item as it is stored.
    pub async fn item(&self, key: &Key) -> Option<Item> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(items::key_attributes(key)));
        get.consistent_read(true).send().await.unwrap().item
    }

    /// Ids of the Tasks that wait in a queue.
    pub async fn waiting_in(&self, language: &str) -> Vec<TaskSid> {
        let waiting = self.waiting_page(language, None, 100).await;
        waiting.into_iter().map(|task| task.sid).collect()
    }

    /// Some of the calls that wait in a queue.
    pub async fn waiting_page(
        &self,
        language: &str,
        after: Option<&Task>,
        limit: u16,
    ) -> Vec<Task> {
        let line = WaitingList::Queue(self.queue(language), TaskChannelName::VOICE);
        self.store
            .waiting_tasks(line, after.map(position_of), limit)
            .await
            .unwrap()
    }

    /// The readiness this Worker would have if they were available and had nothing to do.
    pub async fn idle_readiness(&self, worker: &Worker) -> Readiness {
        let idle = Worker {
            activity_sid: self.activity("Available"),
            open_reservations: Vec::new(),
            ..worker.clone()
        };
        idle.readiness(&*self.workspace().await).unwrap()
    }

    /// Names of the free Workers who wait where this Worker, free or not, would.
    pub async fn free_beside(&self, worker: &Worker) -> Vec<String> {
        let (workspace, readiness) = (self.workspace().await, self.idle_readiness(worker).await);
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

/// Attributes of this JSON object.
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
            aws_smithy_http_client::Builder::new().build_http(),
            endpoint,
        ),
        Err(_) => (
            SharedHttpClient::new(InProcess::new(Database::memory().unwrap())),
            EMBEDDED.to_owned(),
        ),
    }
}
