//! The table, the example with changes, and the actions of callers and Workers.

use std::str::FromStr;
use std::sync::{Arc, Mutex};

use config::{ContactCentre, Kept, Reason, Summary, Thing};
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use ids::time::{Millis, Timestamp};
use ids::{AccountSid, CallSid, ReservationSid, TaskSid};
use routing::Routing;
use runtime::Outbox;
use runtime::outbox::Sending;
use serde_json::{Value, json};
use store::{Created, Store};
use task_router::model::{Attributes, EndReason, Task, TaskChannelName, Worker};
use task_router::router::backfill::Backfill;
use task_router::router::effects::Callback;
use task_router::router::events::Notice;
use task_router::router::timers_queue::{BackfillMessage, TimersMessage};
use task_router::router::{
    Answer, Command, NewTask, Outcome, Snapshot, create_task, decide, queue_membership_of,
};
use tests::centre::{At, NOON};

pub const EXAMPLE: &str = include_str!("../../../../contact-centre.yaml");
pub const ENGLISH: &str = "Customer Contact Center English";
pub const HINDI: &str = "Customer Contact Center Hindi";
pub const WORKFLOW: &str = "Incoming Customer Requests";

/// A table and a clock; a minute passes between two starts.
pub struct Table {
    pub store: Store,
    pub now: Timestamp,
    _database: EmbeddedDynamoDb,
}

/// Records the messages to the timers queue; other messages are ignored.
#[derive(Default)]
struct Messages(Mutex<Vec<TimersMessage>>);

impl Outbox for Messages {
    fn schedule(&self, message: TimersMessage, _now: Timestamp) -> Sending<'_> {
        self.0.lock().unwrap().push(message);
        Box::pin(std::future::ready(Ok(())))
    }

    fn callback(&self, _callback: Callback) -> Sending<'_> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn callback_later(&self, _callback: Callback, _delay: Millis) -> Sending<'_> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn publish(&self, _notice: Notice) -> Sending<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The example with some of its text replaced.
pub fn file(changes: &[(&str, &str)]) -> ContactCentre {
    let mut text = EXAMPLE.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "the example has no {old:?}");
        text = text.replace(old, new);
    }
    config::read(
        &text,
        "contact-centre.yaml",
        AccountSid::from_bytes([7; 16]),
    )
    .unwrap()
}

/// The example without its Hindi queue, and without the filter that leads to it.
pub fn without_hindi() -> ContactCentre {
    let queue = format!(
        "  - name: {HINDI}\n    target_workers: languages HAS \"hi\"\n    max_reserved_workers: 1\n"
    );
    let filter = format!(
        "      - name: Hindi\n        expression: selected_language == \"hi\"\n        targets:\n          \
         - queue: {HINDI}\n            timeout: 1200s\n"
    );
    file(&[(&queue, ""), (&filter, "")])
}

/// The example without Arjun, who speaks Hindi.
pub fn without_arjun() -> ContactCentre {
    let attributes = r#"{"languages":["hi"],"contact_uri":"+17075550102"}"#;
    file(&[(
        &format!("  - name: Arjun\n    attributes: {attributes}\n    activity: Available\n"),
        "",
    )])
}

impl Table {
    pub async fn empty() -> Self {
        let database = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
        Self {
            store: Store::new(database.client(), TABLE),
            now: NOON,
            _database: database,
        }
    }

    /// A table to which the example was applied.
    pub async fn example() -> Self {
        let mut table = Self::empty().await;
        table.start(&file(&[])).await;
        table
    }

    /// Starts again with this file, a minute later, and completes the backfill.
    pub async fn start(&mut self, file: &ContactCentre) -> Summary {
        self.now += Millis::from_secs(60);
        let summary = config::apply(&self.store, file, self.now).await.unwrap();
        for backfill in [Backfill::WORKERS, Backfill::TASKS] {
            self.backfill(backfill).await;
        }
        summary
    }

    /// Runs a backfill to its end; the number of messages it took.
    pub async fn backfill(&self, backfill: Backfill) -> usize {
        let messages = Arc::new(Messages::default());
        let routing = Routing::new(
            self.store.clone(),
            Arc::clone(&messages) as _,
            Arc::new(At(self.now)),
        );
        let first = TimersMessage::from(BackfillMessage {
            workspace: file(&[]).workspace.sid,
            backfill,
            at: self.now,
        });
        let mut next = Some(first);
        let mut received = 0;
        while let Some(message) = next {
            received += 1;
            routing.on_timers_message(message).await.unwrap();
            let mut sent = std::mem::take(&mut *messages.0.lock().unwrap());
            sent.retain(|message| matches!(message, TimersMessage::Backfill(_)));
            assert!(
                sent.len() <= 1,
                "a backfill is one chain of messages: {sent:?}"
            );
            next = sent.pop();
        }
        received
    }

    pub async fn worker(&self, name: &str) -> Option<Worker> {
        for sid in self
            .store
            .worker_sids(file(&[]).workspace.sid)
            .await
            .unwrap()
        {
            let worker = self.store.worker(sid).await.unwrap();
            if worker
                .as_ref()
                .is_some_and(|worker| worker.friendly_name == name)
            {
                return worker;
            }
        }
        None
    }

    pub async fn activity_of(&self, name: &str) -> String {
        let worker = self.worker(name).await.unwrap();
        let workspace = self
            .store
            .fresh_workspace(worker.workspace_sid, self.now)
            .await
            .unwrap()
            .unwrap();
        workspace.activities[&worker.activity_sid]
            .friendly_name
            .clone()
    }

    /// The queues that a Worker serves; asserts that the stored readiness and queue membership are
    /// up to date.
    pub async fn queues_of(&self, name: &str) -> Vec<String> {
        let worker = self.worker(name).await.unwrap();
        let workspace = self
            .store
            .fresh_workspace(worker.workspace_sid, self.now)
            .await
            .unwrap()
            .unwrap();
        let readiness = worker.readiness(&workspace);
        let is_known =
            readiness.is_none_or(|readiness| workspace.ready_lists.contains_key(&readiness.key()));
        assert!(is_known, "{name}'s readiness is not stored");
        assert_eq!(
            worker.queue_membership,
            queue_membership_of(&workspace, &worker),
            "{name}'s queue membership is stale"
        );
        let queues = worker
            .queue_membership
            .queues()
            .iter()
            .map(|sid| workspace.task_queues[sid].friendly_name.clone());
        let mut queues: Vec<_> = queues.collect();
        queues.sort();
        queues
    }

    /// Sets a Worker's Activity.
    pub async fn set_activity(&self, name: &str, activity: &str) {
        let worker = self.worker(name).await.unwrap();
        let workspace = self
            .store
            .fresh_workspace(worker.workspace_sid, self.now)
            .await
            .unwrap()
            .unwrap();
        let activity = workspace
            .activities
            .values()
            .find(|candidate| candidate.friendly_name == activity)
            .unwrap()
            .sid;
        let command = Command::ActivitySet {
            worker: worker.sid,
            activity,
            reject_pending: false,
        };
        assert_eq!(
            self.store.apply(&command, self.now).await.unwrap().outcome,
            Outcome::Changed
        );
    }

    /// Creates the waiting Task of a caller who chose this language.
    pub async fn caller(&self, language: &str) -> TaskSid {
        self.another_caller(language, language).await
    }

    /// The same for a call of this name.
    pub async fn another_caller(&self, language: &str, call: &str) -> TaskSid {
        self.customer(language, call, TaskChannelName::VOICE).await
    }

    /// Creates a waiting Task in a TaskChannel.
    pub async fn customer(&self, language: &str, call: &str, channel: TaskChannelName) -> TaskSid {
        let call = CallSid::derive(&[call]).to_string();
        let centre = self.store.voice_settings(self.now).await.unwrap().unwrap();
        let workspace = self
            .store
            .fresh_workspace(centre.workspace_sid, self.now)
            .await
            .unwrap()
            .unwrap();
        let about_call = attributes(&json!({"selected_language": language, "call_sid": call}));
        let new = NewTask::new(TaskSid::derive(&[&call]), about_call, channel);
        let task = create_task(
            &workspace,
            &workspace.workflows[&centre.workflow_sid],
            new,
            self.now,
        )
        .unwrap();
        assert_eq!(
            self.store.create_task(&task, &workspace).await.unwrap(),
            Created::New
        );
        task.sid
    }

    /// Offers the caller's Task to the Worker.
    pub async fn offered(&self, task: TaskSid, name: &str) -> ReservationSid {
        let task = self.task(task).await;
        let worker = self.worker(name).await.unwrap();
        let workspace = self
            .store
            .fresh_workspace(worker.workspace_sid, self.now)
            .await
            .unwrap()
            .unwrap();
        let command = Command::Advance { task: task.sid };
        let queue = task.task_queue_sid;
        let snapshot = Snapshot::new(&workspace)
            .with_tasks([task])
            .with_candidates(queue, [worker]);
        let decision = decide(snapshot, &command, self.now);
        self.store.commit(&decision, &workspace).await.unwrap();
        decision.tasks[0].pending_reservations().next().unwrap().sid
    }

    /// Offers the Task to the Worker, who accepts.
    pub async fn talking(&self, task: TaskSid, name: &str) {
        let reservation = self.offered(task, name).await;
        let command = Command::Answered {
            task,
            reservation,
            answer: Answer::Accept,
        };
        assert_eq!(
            self.store.apply(&command, self.now).await.unwrap().outcome,
            Outcome::Changed
        );
    }

    pub async fn hangs_up(&self, task: TaskSid) {
        let caller_gone = Command::CallerGone {
            task,
            reason: EndReason::Hangup,
            carrier_queue: None,
        };
        assert_eq!(
            self.store
                .apply(&caller_gone, self.now)
                .await
                .unwrap()
                .outcome,
            Outcome::Changed
        );
    }

    pub async fn task(&self, sid: TaskSid) -> Task {
        self.store.task(sid).await.unwrap().unwrap()
    }
}

pub fn attributes(object: &Value) -> Attributes {
    Attributes::from_str(&object.to_string()).unwrap()
}

pub fn worker(name: &str) -> Thing {
    Thing::Worker(name.to_owned())
}

pub fn kept(thing: Thing, reason: Reason) -> Kept {
    Kept { thing, reason }
}
