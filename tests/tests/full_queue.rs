//! A TaskQueue in which as many calls wait as may (taskrouter.md section 18, "waiting calls per queue").
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use ids::CallSid;
use task_router::model::{AssignmentStatus, EndReason, Task};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// The example with room for one, and everybody gone home.
async fn opened() -> TestCentre {
    assert!(EXAMPLE.contains("waiting_calls_max: 1000"));
    let laboratory = TestCentre::open(
        &EXAMPLE.replace("waiting_calls_max: 1000", "waiting_calls_max: 1"),
        None,
    )
    .await;
    for name in ["Maya", "Leela", "Arjun"] {
        becomes(&laboratory, name, "Offline").await;
    }
    laboratory
}

async fn becomes(laboratory: &TestCentre, name: &str, activity: &str) {
    laboratory.set_activity(name, activity).await;
    laboratory.advance(SLACK).await;
}

async fn calls(laboratory: &TestCentre, from: &str, key: &str) -> (CallSid, Task) {
    let caller = laboratory.dial(from).await;
    laboratory.centre.settle().await;
    laboratory.press(caller, key).await;
    laboratory.advance(SLACK).await;
    (caller, laboratory.task(caller).await.unwrap())
}

#[tokio::test]
async fn a_call_that_finds_its_queue_full_does_not_wait_and_hears_so() {
    let laboratory = opened().await;
    let (first, waiting) = calls(&laboratory, "+17075550190", "1").await;
    assert_eq!(waiting.assignment_status, AssignmentStatus::Pending);
    let (second, turned_away) = calls(&laboratory, "+17075550191", "1").await;
    assert_eq!(turned_away.assignment_status, AssignmentStatus::Canceled);
    assert_eq!(turned_away.reason, Some(EndReason::QueueFull));
    let heard = laboratory.call(second).await;
    assert!(heard["transcript"].to_string().contains("sorry"), "{heard}");
    let (_, elsewhere) = calls(&laboratory, "+17075550192", "2").await;
    assert_eq!(
        elsewhere.assignment_status,
        AssignmentStatus::Pending,
        "the other queue has room"
    );

    becomes(&laboratory, "Maya", "Available").await;
    assert_eq!(
        laboratory.task(first).await.unwrap().assignment_status,
        AssignmentStatus::Reserved
    );
    let (_, next) = calls(&laboratory, "+17075550193", "1").await;
    assert_eq!(
        next.assignment_status,
        AssignmentStatus::Pending,
        "there is room again"
    );
    laboratory.close().await;
}

#[tokio::test]
async fn who_is_offered_at_once_needs_no_room() {
    let laboratory = opened().await;
    calls(&laboratory, "+17075550190", "2").await;
    becomes(&laboratory, "Maya", "Available").await;
    let (_, task) = calls(&laboratory, "+17075550191", "1").await;
    assert_eq!(task.assignment_status, AssignmentStatus::Reserved);
    laboratory.close().await;
}
