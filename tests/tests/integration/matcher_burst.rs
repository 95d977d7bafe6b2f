//! The time that a burst takes the matcher on AWS, by a model: the round trips it makes one after
//! another, each of them as slow as the slowest of a hundred. `scripts/contention.sh` measures the
//! same on one machine, which DynamoDB Local and twenty processes share.
#![allow(clippy::print_stdout, reason = "it prints the model's figures")]

use routing::Pages;
use task_router::model::AssignmentStatus;
use task_router::router::timers_queue::RunMatcher;
use tests::centre::NOON;
use tests::metering::Operation;
use tests::test_centre::one_queue_for_all;

use crate::routing_alone::Centre;

/// Tasks of the burst, and Workers who are free.
const BURST: u64 = 500;

/// The limit of the burst on AWS, ms.
const BURST_MS_MAX: f64 = 5_000.0;

/// The limit of 10,000 Tasks beside 10,000 Workers, ms. The model multiplies the burst by 20: the
/// matcher's rounds read and write a fixed number of entries each.
const TEN_THOUSAND_MS_MAX: f64 = 60_000.0;

/// The 99th percentile of a transaction on DynamoDB, ms: chosen, as in `contention::proxy`.
const TRANSACTION_MS: f64 = 60.0;

/// The 99th percentile of any other request to DynamoDB, ms.
const REQUEST_MS: f64 = 32.0;

/// From sending a message to the timers queue until the function has it, ms.
const MESSAGE_MS: f64 = 200.0;

/// What the engine's decisions take for each Task of a batch, ms: a multiple of the benchmark's.
const DECISION_MS: f64 = 0.1;

#[tokio::test]
async fn burst_is_reserved_within_5_s() {
    let (centre, meter) = Centre::metered(&one_queue_for_all(), Pages::default()).await;
    let mut tasks = Vec::new();
    for number in 0..BURST {
        centre.worker(number, "en").await;
        tasks.push(centre.waiting("en", number).await);
    }
    let queue = centre.task(tasks[0]).await.task_queue_sid;
    meter.take();
    let run = RunMatcher {
        workspace: centre.declared.workspace.sid,
        queue,
        at: NOON,
    };
    let messages = centre.deliver_all(vec![run.into()]).await.len();
    let operations = meter.take();
    for task in tasks {
        let status = centre.task(task).await.assignment_status;
        assert_eq!(status, AssignmentStatus::Reserved, "{task}");
    }
    let round_trips = operations.iter().filter(|one| one.begins_round_trip);
    let requests: f64 = round_trips.clone().map(duration).sum();
    let modelled = requests + messages as f64 * MESSAGE_MS + BURST as f64 * DECISION_MS;
    println!(
        "{BURST} Tasks: {} requests, {} round trips, {messages} messages, {modelled:.0} ms",
        operations.len(),
        round_trips.count(),
    );
    assert!(modelled <= BURST_MS_MAX, "{modelled:.0} ms");
    let ten_thousand = modelled * 10_000.0 / BURST as f64;
    assert!(
        ten_thousand <= TEN_THOUSAND_MS_MAX,
        "10,000 Tasks: {ten_thousand:.0} ms"
    );
}

fn duration(operation: &Operation) -> f64 {
    match &*operation.name {
        "TransactWriteItems" => TRANSACTION_MS,
        _ => REQUEST_MS,
    }
}
