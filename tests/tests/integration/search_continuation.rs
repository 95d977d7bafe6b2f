//! Search continuations: a match is found however long a waiting list or a ready list is. A search
//! that does not end within one message is continued by the next.

use std::sync::Arc;

use config::ContactCentre;
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place as Disk, TABLE};
use cordboard::queues::Queues;
use ids::time::{Clock, Millis, Timestamp};
use ids::{AccountSid, CallSid, TaskSid, WorkerSid};
use routing::{Pages, Routing};
use serde_json::json;
use store::Store;
use task_router::model::{
    AssignmentStatus, EndReason, Step, Task, TaskChannelName, Worker, Workspace,
};
use task_router::router::effects::{Subject, Timer};
use task_router::router::order::Position;
use task_router::router::search_continuation::SearchContinuation;
use task_router::router::timers_queue::{ResumeSearch, TimersMessage};
use task_router::router::{NewTask, advanced_worker, create_task};
use tests::centre::NOON;
use tests::story::SLACK;
use tests::test_centre::{TestCentre, one_queue_for_all};
use tokio::sync::Notify;

/// More calls than the 200 that a Worker's search reads at once.
const SPANISH_CALLS: u64 = 300;

/// More Workers than the 1,000 that a Task's search reads at once.
const BEGINNERS: u64 = 1_200;

/// Page sizes so small that six entries are many pages.
const SMALL: Pages = Pages {
    workers: 2,
    tasks: 2,
    tasks_further_on: 2,
    batch: 2,
    in_one_go: 1,
};

/// The position before all others in any waiting list.
const HEAD: Position = Position {
    urgency: 0,
    moment: 0,
    sid: TaskSid::from_bytes([0; 16]),
};

#[tokio::test]
async fn worker_gets_call_after_300_mismatches() {
    let test_centre = with_spanish_calls().await;
    let english = create_waiting(&test_centre, "en", SPANISH_CALLS).await;
    test_centre.centre.settle().await;
    test_centre.set_activity("Maya", "Available").await;
    test_centre.advance(SLACK).await;
    let task = test_centre
        .centre
        .store
        .task(english)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(task.assignment_status, AssignmentStatus::Reserved);
    test_centre.close().await;
}

#[tokio::test]
async fn worker_search_runs_at_most_every_5_s() {
    let (test_centre, meter) = TestCentre::metered(&one_queue_for_all()).await;
    for number in 0..SPANISH_CALLS {
        create_waiting(&test_centre, "es", number).await;
    }
    test_centre.centre.settle().await;
    meter.take();
    for _ in 0..10 {
        test_centre.set_activity("Maya", "Available").await;
        test_centre.centre.settle().await;
        test_centre.set_activity("Maya", "Offline").await;
        test_centre.centre.settle().await;
    }
    test_centre.set_activity("Maya", "Available").await;
    test_centre.advance(Millis::from_secs(10)).await;
    let pages: Vec<u64> = meter
        .take()
        .iter()
        .map(|operation| operation.items_read)
        .collect();
    let continuations = pages
        .iter()
        .filter(|items| **items == SPANISH_CALLS - 200)
        .count();
    assert_eq!(
        continuations, 2,
        "the rest of the waiting list is read at once, and once more for all later availabilities: {pages:?}"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn call_gets_worker_after_1200_mismatches() {
    let centre = Centre::open(&one_queue_for_all(), Pages::default()).await;
    for number in 0..BEGINNERS {
        centre.worker(number, "es").await;
    }
    let maya = centre.worker(BEGINNERS, "en").await;
    let call = centre.waiting("en", 0).await;
    assert_eq!(
        centre.deliver(centre.timer(call)).await,
        1,
        "a thousand are read, and then the rest"
    );
    assert_eq!(centre.offered_to(call).await, [maya]);
}

#[tokio::test]
async fn each_message_searches_one_part() {
    let centre = Centre::open(&one_queue_for_all(), SMALL).await;
    let maya = centre.worker(0, "en").await;
    for number in 0..6 {
        centre.waiting("es", number).await;
    }
    let call = centre.waiting("en", 6).await;
    let search = SearchContinuation::Tasks {
        worker: maya,
        after: HEAD,
    };
    assert_eq!(centre.deliver(centre.resume(search)).await, 4);
    assert_eq!(centre.offered_to(call).await, [maya]);
}

#[tokio::test]
async fn repeated_or_late_search_changes_nothing() {
    let centre = Centre::open(&one_queue_for_all(), SMALL).await;
    let maya = centre.worker(0, "en").await;
    for number in 0..4 {
        centre.waiting("es", number).await;
    }
    let first = centre.waiting("en", 4).await;
    let second = centre.waiting("en", 5).await;
    let search = centre.resume(SearchContinuation::Tasks {
        worker: maya,
        after: HEAD,
    });
    centre.deliver(search).await;
    let given = centre.task(first).await;
    centre.deliver(search).await;
    assert_eq!(centre.task(first).await, given);
    assert_eq!(centre.offered_to(second).await, [], "she has no slot left");
    let idle = (NOON, NOON, WorkerSid::from_bytes([0; 16]));
    let of_a_reserved_task = SearchContinuation::Workers {
        task: first,
        after: idle,
    };
    let of_unknown = [
        SearchContinuation::Workers {
            task: TaskSid::derive(&["unknown"]),
            after: idle,
        },
        SearchContinuation::Tasks {
            worker: WorkerSid::derive(&["unknown"]),
            after: HEAD,
        },
    ];
    for search in of_unknown.into_iter().chain([of_a_reserved_task]) {
        assert_eq!(centre.deliver(centre.resume(search)).await, 1, "{search:?}");
    }
    assert_eq!(centre.task(first).await, given);
}

/// The example whose step is skipped when no Worker matches, whatever the worker counts are.
fn skipping() -> String {
    let step = "            expression: task.selected_language IN worker.languages\n";
    one_queue_for_all().replace(step, &format!("{step}            skip_if: 1 == 1\n"))
}

#[tokio::test]
async fn step_is_skipped_after_the_whole_search() {
    let centre = Centre::open(&skipping(), SMALL).await;
    for number in 0..5 {
        centre.worker(number, "es").await;
    }
    let call = centre.waiting("en", 0).await;
    let first_step = centre.task(call).await.position.step;
    centre
        .routing
        .on_timers_message(centre.timer(call))
        .await
        .unwrap();
    assert_eq!(
        centre.task(call).await.position.step,
        first_step,
        "three Workers have not been read"
    );
    centre.deliver_due().await;
    assert_eq!(centre.task(call).await.position.step, Step::DefaultFilter);
}

#[tokio::test]
async fn step_with_distant_match_is_not_skipped() {
    let centre = Centre::open(&skipping(), SMALL).await;
    for number in 0..5 {
        centre.worker(number, "es").await;
    }
    let maya = centre.worker(5, "en").await;
    let call = centre.waiting("en", 0).await;
    centre.deliver(centre.timer(call)).await;
    assert_eq!(centre.offered_to(call).await, [maya]);
}

/// A new call, in a centre whose waiting list is full.
async fn with_a_full_waiting_list() -> (Centre, TaskSid) {
    let set_up = one_queue_for_all().replace("waiting_calls_max: 1000", "waiting_calls_max: 1");
    let centre = Centre::open(&set_up, SMALL).await;
    for number in 0..5 {
        centre.worker(number, "es").await;
    }
    centre.waiting("fr", 0).await;
    let new = centre.new_task("en", 1).await;
    centre
        .store
        .create_task(&new, &*centre.workspace().await)
        .await
        .unwrap();
    (centre, new.sid)
}

#[tokio::test]
async fn full_list_cancels_after_the_whole_search() {
    let (centre, call) = with_a_full_waiting_list().await;
    centre
        .routing
        .on_timers_message(centre.timer(call))
        .await
        .unwrap();
    assert_eq!(
        centre.task(call).await.assignment_status,
        AssignmentStatus::Pending
    );
    centre.deliver_due().await;
    assert_eq!(centre.task(call).await.reason, Some(EndReason::QueueFull));
}

#[tokio::test]
async fn call_with_distant_match_needs_no_room() {
    let (centre, call) = with_a_full_waiting_list().await;
    let maya = centre.worker(5, "en").await;
    centre.deliver(centre.timer(call)).await;
    assert_eq!(centre.offered_to(call).await, [maya]);
}

async fn with_spanish_calls() -> TestCentre {
    let test_centre = TestCentre::open(&one_queue_for_all(), None).await;
    for number in 0..SPANISH_CALLS {
        create_waiting(&test_centre, "es", number).await;
    }
    test_centre
}

/// Creates a waiting Task in a test centre.
async fn create_waiting(test_centre: &TestCentre, language: &str, number: u64) -> TaskSid {
    let store = &test_centre.centre.store;
    let declared = &test_centre.contact_centre;
    let workspace = store
        .workspace(declared.workspace.sid, test_centre.clock.now())
        .await
        .unwrap()
        .unwrap();
    let task = new_task(&workspace, declared, language, number);
    store.create_task(&task, &workspace).await.unwrap();
    task.sid
}

/// The Task of the `number`th caller, who speaks this language.
fn new_task(workspace: &Workspace, declared: &ContactCentre, language: &str, number: u64) -> Task {
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

/// A table, and `routing`, which gets messages of the timers queue only.
struct Centre {
    store: Store,
    routing: Routing,
    queues: Arc<Queues>,
    declared: ContactCentre,
    _table: EmbeddedDynamoDb,
}

/// A fixed clock.
#[derive(Debug)]
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Centre {
    async fn open(set_up: &str, pages: Pages) -> Self {
        let table = EmbeddedDynamoDb::open(Disk::Temporary).await.unwrap();
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

    async fn workspace(&self) -> Arc<Workspace> {
        self.store
            .workspace(self.declared.workspace.sid, NOON)
            .await
            .unwrap()
            .unwrap()
    }

    /// Creates a free Worker, who has been idle for a shorter time than those before.
    async fn worker(&self, number: u64, language: &str) -> WorkerSid {
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

    async fn new_task(&self, language: &str, number: u64) -> Task {
        new_task(&*self.workspace().await, &self.declared, language, number)
    }

    /// Creates a Task in its waiting list.
    async fn waiting(&self, language: &str, number: u64) -> TaskSid {
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

    async fn task(&self, sid: TaskSid) -> Task {
        self.store.task(sid).await.unwrap().unwrap()
    }

    async fn offered_to(&self, sid: TaskSid) -> Vec<WorkerSid> {
        self.task(sid)
            .await
            .pending_reservations()
            .map(|offer| offer.worker_sid)
            .collect()
    }

    fn timer(&self, task: TaskSid) -> TimersMessage {
        TimersMessage::from(Timer {
            workspace: self.declared.workspace.sid,
            subject: Subject::Task(task),
            at: NOON,
        })
    }

    fn resume(&self, search: SearchContinuation) -> TimersMessage {
        TimersMessage::from(ResumeSearch {
            workspace: self.declared.workspace.sid,
            search,
            at: NOON,
        })
    }

    /// Delivers a message, and all messages that follow and are due at once; the number of search
    /// continuations among them.
    async fn deliver(&self, message: TimersMessage) -> usize {
        self.routing.on_timers_message(message).await.unwrap();
        usize::from(matches!(message, TimersMessage::ResumeSearch(_))) + self.deliver_due().await
    }

    /// Delivers due messages until there is none.
    async fn deliver_due(&self) -> usize {
        let mut searches = 0;
        loop {
            let due = self.queues.due_timers();
            if due.is_empty() {
                return searches;
            }
            for message in due {
                searches += usize::from(matches!(message.body, TimersMessage::ResumeSearch(_)));
                self.routing.on_timers_message(message.body).await.unwrap();
            }
        }
    }
}
