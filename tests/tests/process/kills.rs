//! Random kills under load: what was acknowledged is kept, and each Event is delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures_util::future::join_all;
use tests::customer::Customer;
use tests::test_centre::EXAMPLE;
use tokio::sync::Notify;

use crate::client::Client;

/// Chooses the moments of the kills.
const SEED: u64 = 15;

/// Processes that are killed.
const LIVES: usize = 4;

/// Clients that create Tasks at the same time.
const CLIENTS: usize = 4;

/// Polls of the Events at the end, each of which takes a request; more means that they never come.
const POLLS_MAX: usize = 2_000;

/// A client of the example centre, which sends its Events to this customer.
pub(super) fn client_of(customer: &Customer) -> Client {
    let callback = format!("event_callback: {}/events", customer.base());
    let set_up = EXAMPLE.replace("# event_callback: https://example.com/events", &callback);
    Client::new(&set_up)
}

/// Creates Tasks until the process is killed, after about `count` of them.
async fn load_and_kill(client: &Client, count: usize, acknowledged: &Mutex<BTreeSet<String>>) {
    let process = client.start().await;
    let until = acknowledged.lock().unwrap().len() + count;
    let enough = Notify::new();
    let create = async || {
        while let Some(task) = client.create_task().await {
            let mut known = acknowledged.lock().unwrap();
            known.insert(task);
            if known.len() >= until {
                enough.notify_one();
            }
        }
    };
    let kill = async {
        enough.notified().await;
        process.kill().await;
    };
    tokio::join!(kill, join_all((0..CLIENTS).map(|_| create())));
}

/// The SIDs of the stored Events.
async fn stored_events(client: &Client) -> BTreeSet<String> {
    let events = client.stored_events().await;
    events
        .iter()
        .map(|event| event["sid"].as_str().unwrap().to_owned())
        .collect()
}

/// The Events that a customer was sent: SIDs in the order of their first delivery, by Task.
pub(super) fn delivered(customer: &Customer) -> BTreeMap<String, Vec<String>> {
    let mut by_task: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in customer.requests("/events") {
        let parameter = |name: &str| {
            let found = request.form.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let events = by_task.entry(parameter("TaskSid")).or_default();
        let event = parameter("Sid");
        if !events.contains(&event) {
            events.push(event);
        }
    }
    by_task
}

/// Waits until each stored Event was delivered, one of each Task at least.
pub(super) async fn until_delivered(
    client: &Client,
    customer: &Customer,
    tasks: &BTreeSet<String>,
) {
    let mut missing = BTreeSet::new();
    for _ in 0..POLLS_MAX {
        let stored = stored_events(client).await;
        let by_task = delivered(customer);
        let delivered: BTreeSet<String> = by_task.values().flatten().cloned().collect();
        missing = stored.difference(&delivered).cloned().collect();
        if missing.is_empty() && tasks.iter().all(|task| by_task.contains_key(task)) {
            return;
        }
    }
    panic!("not delivered: {missing:?}");
}

/// An acknowledged Task is there after the last start. Each stored Event was delivered, those of a
/// Task in order.
#[tokio::test]
async fn kills_lose_nothing_acknowledged() {
    let customer = Customer::open().await;
    let client = client_of(&customer);
    let mut random = fastrand::Rng::with_seed(SEED);
    let acknowledged = Mutex::default();
    for _ in 0..LIVES {
        load_and_kill(&client, random.usize(5..40), &acknowledged).await;
    }
    let process = client.start().await;
    let acknowledged = acknowledged.into_inner().unwrap();
    client.reads(&acknowledged).await;
    until_delivered(&client, &customer, &acknowledged).await;
    let delivered = delivered(&customer);
    for task in &acknowledged {
        let events = delivered.get(task);
        let events = events.unwrap_or_else(|| panic!("no Event of {task}"));
        assert!(events.is_sorted(), "{task}: {events:?}");
    }
    process.interrupt().await;
}
