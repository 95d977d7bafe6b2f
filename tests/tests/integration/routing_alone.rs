//! The routing function over a table, without the rest of a centre: it gets messages of the timers
//! queue only.

use std::sync::Arc;

use config::ContactCentre;
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place as Disk, TABLE};
use cordboard::queues::Queues;
use ids::time::Millis;
use ids::{AccountSid, CallSid, TaskSid, WorkerSid};
use routing::{Pages, Routing};
use serde_json::json;
use store::Store;
use task_router::model::{Task, TaskChannelName, Worker, Workspace};
use task_router::router::effects::{Subject, Timer};
use task_router::router::search_continuation::SearchContinuation;
use task_router::router::timers_queue::{ResumeSearch, TimersMessage};
use task_router::router::{NewTask, advanced_worker, create_task};
use tests::centre::{At, NOON};
use tests::metering::Meter;
use tokio::sync::Notify;

/// A table, and `routing`, which gets messages of the timers queue only.
pub(crate) struct Centre {
    pub(crate) store: Store,
    pub(crate) routing: Routing,
    queues: Arc<Queues>,
    pub(crate) declared: ContactCentre,
    _table: EmbeddedDynamoDb,
}

impl Centre {
    pub(crate) async fn open(set_up: &str, pages: Pages) -> Self {
        let table = EmbeddedDynamoDb::open(Disk::Temporary).await.unwrap();
        Self::open_on(table, set_up, pages).await
    }

    /// The same, with a meter on the table.
    pub(crate) async fn metered(set_up: &str, pages: Pages) -> (Self, Arc<Meter>) {
        let (table, meter) = Meter::on_table().await;
        (Self::open_on(table, set_up, pages).await, meter)
    }

    async fn open_on(table: EmbeddedDynamoDb, set_up: &str, pages: Pages) -> Self {
        let store = Store::new(table.client(), TABLE);
        let declared = config::read(
            set_up,
            "contact-centre.yaml",
            AccountSid::derive(&["searches"]),
        )
        .unwrap();
        config::apply(&store, &declared, NOON).await.unwrap();
        let clock = Arc::new(At(NOON + Millis::from_secs(60)));
        let queues = Arc::new(Queues::new(
            Arc::clone(&clock) as _,
            Arc::new(Notify::new()),
        ));
        let routing =
            Routing::new(store.clone(), Arc::clone(&queues) as _, clock).with_pages(pages);
        Self {
            store,
            routing,
            queues,
            declared,
            _table: table,
        }
    }

    pub(crate) async fn workspace(&self) -> Arc<Workspace> {
        self.store
            .workspace(self.declared.workspace.sid, NOON)
            .await
            .unwrap()
            .unwrap()
    }

    /// Creates a free Worker, who has been idle for a shorter time than those before.
    pub(crate) async fn worker(&self, number: u64, language: &str) -> WorkerSid {
        let workspace = self.workspace().await;
        let available = workspace
            .activities
            .values()
            .find(|activity| activity.available)
            .unwrap()
            .sid;
        let name = format!("Worker {number}");
        let began = NOON + Millis::from_millis(number);
        let attributes = json!({ "languages": [language] })
            .to_string()
            .parse()
            .unwrap();
        let worker = Worker::new(
            WorkerSid::derive(&[&name]),
            workspace.sid,
            &name,
            available,
            began,
        );
        let worker = advanced_worker(
            &workspace,
            Worker {
                attributes,
                ..worker
            },
            began,
        );
        self.store.create_worker(&worker, &workspace).await.unwrap();
        worker.sid
    }

    pub(crate) async fn new_task(&self, language: &str, number: u64) -> Task {
        new_task(&*self.workspace().await, &self.declared, language, number)
    }

    /// Creates a Task in its waiting list.
    pub(crate) async fn waiting(&self, language: &str, number: u64) -> TaskSid {
        let task = Task {
            version: 1,
            ..self.new_task(language, number).await
        };
        self.store
            .create_task(&task, &*self.workspace().await)
            .await
            .unwrap();
        task.sid
    }

    pub(crate) async fn task(&self, sid: TaskSid) -> Task {
        self.store.task(sid).await.unwrap().unwrap()
    }

    pub(crate) async fn offered_to(&self, sid: TaskSid) -> Vec<WorkerSid> {
        self.task(sid)
            .await
            .pending_reservations()
            .map(|offer| offer.worker_sid)
            .collect()
    }

    pub(crate) fn timer(&self, task: TaskSid) -> TimersMessage {
        TimersMessage::from(Timer {
            workspace: self.declared.workspace.sid,
            subject: Subject::Task(task),
            at: NOON,
        })
    }

    pub(crate) fn resume(&self, search: SearchContinuation) -> TimersMessage {
        TimersMessage::from(ResumeSearch {
            workspace: self.declared.workspace.sid,
            search,
            at: NOON,
        })
    }

    /// Delivers a message, and all messages that follow and are due at once; the number of search
    /// continuations among them.
    pub(crate) async fn deliver(&self, message: TimersMessage) -> usize {
        let delivered = self.deliver_all(vec![message]).await;
        let is_search =
            |message: &&TimersMessage| matches!(message, TimersMessage::ResumeSearch(_));
        delivered.iter().filter(is_search).count()
    }

    /// Delivers due messages until there is none.
    pub(crate) async fn deliver_due(&self) {
        let due = self.due();
        self.deliver_all(due).await;
    }

    /// Delivers these messages, and all messages that follow and are due at once.
    pub(crate) async fn deliver_all(&self, mut due: Vec<TimersMessage>) -> Vec<TimersMessage> {
        let mut delivered = Vec::new();
        while !due.is_empty() {
            for message in due {
                self.routing.on_timers_message(message).await.unwrap();
                delivered.push(message);
            }
            due = self.due();
        }
        delivered
    }

    fn due(&self) -> Vec<TimersMessage> {
        let due = self.queues.due_timers().into_iter();
        due.map(|message| message.body).collect()
    }
}

/// The Task of the `number`th caller, who speaks this language.
pub(crate) fn new_task(
    workspace: &Workspace,
    declared: &ContactCentre,
    language: &str,
    number: u64,
) -> Task {
    let call = CallSid::derive(&[&number.to_string()]);
    let attributes = json!({ "selected_language": language, "call_sid": call })
        .to_string()
        .parse()
        .unwrap();
    let new = NewTask::new(
        TaskSid::derive(&[&call.to_string()]),
        attributes,
        TaskChannelName::VOICE,
    );
    let begins = NOON + Millis::from_millis(number);
    create_task(
        workspace,
        &workspace.workflows[&declared.voice_settings.workflow_sid],
        new,
        begins,
    )
    .unwrap()
}
