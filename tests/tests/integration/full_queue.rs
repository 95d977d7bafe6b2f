//! A TaskQueue with the maximum of waiting calls (taskrouter.md section 18, "waiting calls per
//! queue").

use ids::CallSid;
use task_router::model::{AssignmentStatus, EndReason, Task};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// The example with room for one waiting call, and every Worker Offline.
async fn opened() -> TestCentre {
    assert!(EXAMPLE.contains("waiting_calls_max: 1000"));
    let test_centre = TestCentre::open(
        &EXAMPLE.replace("waiting_calls_max: 1000", "waiting_calls_max: 1"),
        None,
    )
    .await;
    for name in ["Maya", "Leela", "Arjun"] {
        set_activity(&test_centre, name, "Offline").await;
    }
    test_centre
}

async fn set_activity(test_centre: &TestCentre, name: &str, activity: &str) {
    test_centre.set_activity(name, activity).await;
    test_centre.advance(SLACK).await;
}

async fn call(test_centre: &TestCentre, from: &str, key: &str) -> (CallSid, Task) {
    let caller = test_centre.dial(from).await;
    test_centre.centre.settle().await;
    test_centre.press(caller, key).await;
    test_centre.advance(SLACK).await;
    (caller, test_centre.task(caller).await.unwrap())
}

/// The caller hears an apology. Other queues have room, and so has this one after a Reservation.
#[tokio::test]
async fn call_to_full_queue_is_canceled() {
    let test_centre = opened().await;
    let (first, waiting) = call(&test_centre, "+17075550190", "1").await;
    assert_eq!(waiting.assignment_status, AssignmentStatus::Pending);
    let (second, refused) = call(&test_centre, "+17075550191", "1").await;
    assert_eq!(refused.assignment_status, AssignmentStatus::Canceled);
    assert_eq!(refused.reason, Some(EndReason::QueueFull));
    let heard = test_centre.call(second).await;
    assert!(heard["transcript"].to_string().contains("sorry"), "{heard}");
    let (_, other_queue) = call(&test_centre, "+17075550192", "2").await;
    assert_eq!(
        other_queue.assignment_status,
        AssignmentStatus::Pending,
        "the other queue has room"
    );

    set_activity(&test_centre, "Maya", "Available").await;
    assert_eq!(
        test_centre.task(first).await.unwrap().assignment_status,
        AssignmentStatus::Reserved
    );
    let (_, next) = call(&test_centre, "+17075550193", "1").await;
    assert_eq!(
        next.assignment_status,
        AssignmentStatus::Pending,
        "there is room again"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn immediate_offer_needs_no_room() {
    let test_centre = opened().await;
    call(&test_centre, "+17075550190", "2").await;
    set_activity(&test_centre, "Maya", "Available").await;
    let (_, task) = call(&test_centre, "+17075550191", "1").await;
    assert_eq!(task.assignment_status, AssignmentStatus::Reserved);
    test_centre.close().await;
}
