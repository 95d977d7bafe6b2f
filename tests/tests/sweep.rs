//! What a minute's sweep reads. `cargo test -p tests --test sweep -- --nocapture` prints it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on says so, and this one prints")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::config::SharedHttpClient;
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use cordboard::queues::Queues;
use in_process::{Layer, Layered};
use routing::{Routing, Sweep};
use shared::model::{AccountSid, ActivitySid, Clock, Millis, TaskChannelName, TaskSid, Timestamp, Worker, WorkerSid};
use shared::router::{NewTask, create_task};
use store::Store;
use tests::centre::NOON;
use tests::laboratory::EXAMPLE;
use tests::metering::{Meter, Operation};
use tokio::sync::Notify;

const TASKS: usize = 1_000;
const WORKERS: usize = 100;

#[derive(Debug)]
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A thousand callers wait, and a hundred Workers have gone home. Each is read once, a hundred at a time, at half price;
/// and as nobody is free, no board is looked at and nothing is written.
#[tokio::test]
async fn a_sweep_reads_everybody_once_and_asks_no_board_on_which_nobody_is() {
    let meter = Arc::new(Meter::default());
    let layer = Arc::clone(&meter) as Arc<dyn Layer>;
    let layers = |engine| SharedHttpClient::new(Layered::new(engine, layer));
    let table = EmbeddedDynamoDb::open_through(Place::Temporary, layers).await.unwrap();
    let store = Store::new(table.client(), TABLE);
    fill(&store).await;
    let clock = Arc::new(At(NOON + Millis::from_secs(60)));
    let queues = Arc::new(Queues::new(Arc::clone(&clock) as _, Arc::new(Notify::new())));
    let routing = Routing::new(store, Arc::clone(&queues) as _, clock);
    // What nobody has looked at since it was made is put in line, once.
    routing.sweep(Sweep::Overdue).await.unwrap();
    meter.take();
    routing.sweep(Sweep::Overdue).await.unwrap();
    let operations = meter.take();
    let mut sums: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    for Operation { name, read_units, .. } in &operations {
        let sum = sums.entry(name).or_default();
        *sum = (sum.0 + 1, sum.1 + read_units);
    }
    println!("a sweep of {TASKS} waiting Tasks and {WORKERS} Workers: {sums:?}");
    assert!(operations.iter().all(|operation| operation.all_write_units() == 0.0));
    let (requests, units) = sums.values().fold((0, 0.0), |(n, units), (m, more)| (n + m, units + more));
    assert!(requests <= 16 + 10 + 10, "a query of each part of the listing, a batch for each hundred: {requests}");
    assert!(units <= 0.6 * (TASKS + WORKERS) as f64 + 20.0, "half a unit each, and the listing: {units}");
    assert!(queues.due_timers().is_empty(), "nothing is sent");
}

async fn fill(store: &Store) {
    let declared = setup::read(EXAMPLE, "contact-centre.yaml", AccountSid::derive(&["sweep"])).unwrap();
    setup::apply(store, &declared, NOON).await.unwrap();
    let workspace = store.fresh_workspace(declared.workspace.sid, NOON).await.unwrap().unwrap();
    let offline: ActivitySid = workspace.default_activity_sid;
    for sid in store.worker_sids(workspace.sid).await.unwrap() {
        let home = |worker| Worker { activity_sid: offline, ..worker };
        store.change_worker(sid, &workspace, NOON, home).await.unwrap();
    }
    for number in 3..WORKERS {
        let name = format!("Worker {number}");
        let worker = Worker::new(WorkerSid::derive(&[&name]), workspace.sid, &name, offline, NOON);
        let worker = shared::router::advanced_worker(&workspace, worker, NOON);
        store.create_worker(&worker, &workspace).await.unwrap();
    }
    for number in 0..TASKS {
        let known = format!(r#"{{"selected_language":"en","from":"+17075550142","number":{number}}}"#);
        let sid = TaskSid::derive(&[&number.to_string()]);
        let new = NewTask::new(sid, known.parse().unwrap(), TaskChannelName::VOICE);
        let workflow = &workspace.workflows[&declared.centre.workflow_sid];
        store.create_task(&create_task(&workspace, workflow, new, NOON).unwrap(), &workspace).await.unwrap();
    }
}
