//! The reads of a minute's sweep. `cargo test -p tests --test integration sweep:: -- --nocapture`
//! prints them.
#![allow(clippy::print_stdout, reason = "it prints the reads")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use config::ContactCentre;
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, TABLE};
use cordboard::queues::Queues;
use ids::time::{Clock, Millis, Timestamp};
use ids::{AccountSid, TaskSid, WorkerSid};
use routing::{Pages, Routing, Sweep};
use store::Store;
use task_router::model::{AssignmentStatus, TaskChannelName, Worker, Workspace};
use task_router::router::{NewTask, create_task};
use tests::centre::{At, NOON};
use tests::metering::{Meter, Operation};
use tests::test_centre::{EXAMPLE, one_queue_for_all};
use tokio::sync::Notify;

const TASKS: usize = 1_000;
const WORKERS: usize = 100;

/// Where the number of Tasks makes no difference.
const FEW_TASKS: usize = 200;

/// A metered table with a thousand waiting Tasks and a hundred Workers, and `routing`.
struct Swept {
    store: Store,
    meter: Arc<Meter>,
    queues: Arc<Queues>,
    routing: Routing,
    _table: EmbeddedDynamoDb,
}

impl Swept {
    async fn open(set_up: &str, callers_speak: &str, workers_are: &str) -> Self {
        Self::with(TASKS, set_up, callers_speak, workers_are).await
    }

    async fn with(tasks: usize, set_up: &str, callers_speak: &str, workers_are: &str) -> Self {
        let (table, meter) = Meter::on_table().await;
        let store = Store::new(table.client(), TABLE);
        fill(tasks, &store, set_up, callers_speak, workers_are).await;
        let clock = Arc::new(At(NOON + Millis::from_secs(60)));
        let queues = Arc::new(Queues::new(
            Arc::clone(&clock) as _,
            Arc::new(Notify::new()),
        ));
        let routing = Routing::new(store.clone(), Arc::clone(&queues) as _, clock);
        // The first sweep adds Tasks that were never matched to their waiting lists, once.
        routing.sweep(Sweep::Overdue).await.unwrap();
        queues.due_timers();
        Self {
            store,
            meter,
            queues,
            routing,
            _table: table,
        }
    }

    /// Sweeps; the number of requests, and of read units.
    async fn sweep(&self) -> (usize, f64) {
        self.meter.take();
        self.routing.sweep(Sweep::Overdue).await.unwrap();
        let operations = self.meter.take();
        let mut sums: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for Operation {
            name, read_units, ..
        } in &operations
        {
            let sum = sums.entry(name).or_default();
            *sum = (sum.0 + 1, sum.1 + read_units);
        }
        println!("a sweep of {TASKS} waiting Tasks and {WORKERS} Workers: {sums:?}");
        sums.values()
            .fold((0, 0.0), |(n, units), (m, more)| (n + m, units + more))
    }

    /// Sweeps with another instance, which reads all Workers; the number of Tasks that it read.
    async fn tasks_read_by(&self, routing: &Routing) -> u64 {
        self.meter.take();
        routing.sweep(Sweep::Overdue).await.unwrap();
        let read = self.meter.take().into_iter();
        let read = read.filter(|operation| operation.name == "BatchGetItem");
        let read: u64 = read.map(|operation| operation.items_read).sum();
        read - WORKERS as u64
    }

    /// Another instance, which reads this much in one sweep.
    fn instance(&self, pages: Pages, clock: Arc<dyn Clock>) -> Routing {
        let outbox = Arc::clone(&self.queues) as _;
        Routing::new(self.store.clone(), outbox, clock).with_pages(pages)
    }

    /// Asserts that a sweep reads every Task and Worker once, in batches of a hundred, at half a
    /// unit each, reads no ready list, writes nothing and sends nothing.
    async fn assert_no_searches(&self) {
        let (requests, units) = self.sweep().await;
        assert!(
            requests <= 16 + 10 + 10,
            "a query of each part of the listing, a batch for each hundred: {requests}"
        );
        assert!(
            units <= 0.6 * (TASKS + WORKERS) as f64 + 20.0,
            "half a unit each, and the listing: {units}"
        );
        assert!(self.queues.due_timers().is_empty(), "nothing is sent");
    }
}

#[tokio::test]
async fn sweep_reads_no_empty_ready_list() {
    Swept::open(EXAMPLE, "en", "Offline")
        .await
        .assert_no_searches()
        .await;
}

/// A sweep that does not reach the last Task is continued by the next one, whichever instance runs
/// it. The one after the last Task begins at the first one again.
#[tokio::test]
async fn next_sweep_continues_at_the_cursor() {
    let swept = Swept::with(FEW_TASKS, EXAMPLE, "en", "Offline").await;
    let pages = Pages {
        swept_tasks: 60,
        ..Pages::default()
    };
    let mut read = Vec::new();
    for minute in 1..=6 {
        let clock = At(NOON + Millis::from_secs(60 * minute));
        let instance = swept.instance(pages, Arc::new(clock));
        read.push(swept.tasks_read_by(&instance).await);
    }
    assert_eq!(read, [60, 60, 60, 20, 60, 60]);
    let whole = swept.instance(
        Pages::default(),
        Arc::new(At(NOON + Millis::from_secs(420))),
    );
    assert_eq!(swept.tasks_read_by(&whole).await, 80, "the rest");
    assert_eq!(swept.tasks_read_by(&whole).await, 200, "all of them");
}

/// Each question for the time takes 5 s.
#[derive(Debug)]
struct SlowClock(AtomicI64);

impl Clock for SlowClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(5_000, Ordering::SeqCst))
    }
}

/// A sweep stops when its time is over, and stores how far it got before it matches.
#[tokio::test]
async fn sweep_stops_when_its_time_is_over() {
    let swept = Swept::with(FEW_TASKS, EXAMPLE, "en", "Offline").await;
    let pages = Pages {
        listed: 20,
        ..Pages::default()
    };
    let clock = Arc::new(SlowClock(AtomicI64::new(NOON.as_millis())));
    let instance = swept.instance(pages, clock);
    let mut read = 0;
    let mut sweeps = 0;
    while read < FEW_TASKS as u64 {
        let more = swept.tasks_read_by(&instance).await;
        assert!((20..=100).contains(&more), "sweep {sweeps}: {more} Tasks");
        read += more;
        sweeps += 1;
        assert!(sweeps <= 10, "each sweep continues");
    }
    assert_eq!(read, FEW_TASKS as u64, "no Task was read twice");
}

/// The sweep reads no ready list for Tasks that no free Worker can take, and matches the Task that
/// one can.
#[tokio::test]
async fn sweep_matches_only_suitable_tasks() {
    let swept = Swept::open(&one_queue_for_all(), "hi", "Available").await;
    swept.assert_no_searches().await;
    let declared = config::read(
        &one_queue_for_all(),
        "contact-centre.yaml",
        AccountSid::derive(&["sweep"]),
    )
    .unwrap();
    let workspace = swept
        .store
        .fresh_workspace(declared.workspace.sid, NOON)
        .await
        .unwrap()
        .unwrap();
    let english = create_waiting(&swept.store, &workspace, &declared, TASKS, "en").await;
    swept.sweep().await;
    let english = swept.store.task(english).await.unwrap().unwrap();
    assert_eq!(english.assignment_status, AssignmentStatus::Reserved);
}

async fn fill(tasks: usize, store: &Store, set_up: &str, callers_speak: &str, workers_are: &str) {
    let declared = config::read(
        set_up,
        "contact-centre.yaml",
        AccountSid::derive(&["sweep"]),
    )
    .unwrap();
    config::apply(store, &declared, NOON).await.unwrap();
    let workspace = store
        .fresh_workspace(declared.workspace.sid, NOON)
        .await
        .unwrap()
        .unwrap();
    for sid in store.worker_sids(workspace.sid).await.unwrap() {
        let set_offline = |worker| Worker {
            activity_sid: workspace.default_activity_sid,
            ..worker
        };
        store
            .change_worker(sid, &workspace, NOON, set_offline)
            .await
            .unwrap();
    }
    let activity = workspace
        .activities
        .values()
        .find(|known| known.friendly_name == workers_are)
        .unwrap()
        .sid;
    for number in 3..WORKERS {
        let name = format!("Worker {number}");
        let attributes = r#"{"languages":["en"]}"#.parse().unwrap();
        let worker = Worker::new(
            WorkerSid::derive(&[&name]),
            workspace.sid,
            &name,
            activity,
            NOON,
        );
        let worker = task_router::router::advanced_worker(
            &workspace,
            Worker {
                attributes,
                ..worker
            },
            NOON,
        );
        store.create_worker(&worker, &workspace).await.unwrap();
    }
    for number in 0..tasks {
        create_waiting(store, &workspace, &declared, number, callers_speak).await;
    }
}

/// Creates a waiting Task.
async fn create_waiting(
    store: &Store,
    workspace: &Workspace,
    declared: &ContactCentre,
    number: usize,
    language: &str,
) -> TaskSid {
    let known =
        format!(r#"{{"selected_language":"{language}","from":"+17075550142","number":{number}}}"#);
    let new = NewTask::new(
        TaskSid::derive(&[&number.to_string()]),
        known.parse().unwrap(),
        TaskChannelName::VOICE,
    );
    let workflow = &workspace.workflows[&declared.voice_settings.workflow_sid];
    let task = create_task(workspace, workflow, new, NOON).unwrap();
    store.create_task(&task, workspace).await.unwrap();
    task.sid
}
