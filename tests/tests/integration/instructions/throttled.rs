//! The carrier throttles requests (429/20429): nothing was executed, so nothing is lost.

use ids::time::Millis;
use serde_json::json;
use task_router::model::{AssignmentStatus, ReservationStatus};
use tests::application::Application;
use tests::story::SLACK;

use super::{LEELA, MAYA, Stage};

/// More requests than one message makes.
const ALWAYS: u32 = 1_000;

impl Stage {
    async fn throttle(&self, requests: u32) {
        let body = json!({ "requests": requests, "retry_after_secs": 0 });
        self.test_centre.post("/simulator/throttle", &body).await;
    }
}

/// A caller who waits for English, and a carrier that throttles `requests` requests.
async fn waiting(instruction: &'static str, requests: u32) -> Stage {
    let application = Application::start(&[("/ask", (200, super::JSON, instruction))]).await;
    let test_centre = application.test_centre("/ask", "/ask").await;
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    let stage = Stage {
        application,
        test_centre,
        caller,
    };
    stage.throttle(requests).await;
    stage.test_centre.press(caller, "1").await;
    stage.pass(SLACK).await;
    stage
}

#[tokio::test]
async fn throttled_call_rings_same_worker() {
    for instruction in [
        r#"{"instruction":"dequeue"}"#,
        r#"{"instruction":"conference"}"#,
    ] {
        let stage = waiting(instruction, 3).await;
        let maya = stage.phone(MAYA).await;
        let reservations = stage.task().await.reservations;
        assert_eq!(reservations.len(), 1, "{instruction}");
        assert_eq!(reservations[0].status, ReservationStatus::Pending);
        stage.act(maya, "answer").await;
        assert_eq!(stage.status().await, AssignmentStatus::Assigned);
        stage.close().await;
    }
}

/// A carrier that throttles for as long as an offer can wait: the Reservation is canceled, and the
/// Task is offered to the next Worker.
#[tokio::test]
async fn lasting_throttle_rings_next_worker() {
    let stage = waiting(r#"{"instruction":"dequeue"}"#, 8).await;
    stage.phone(LEELA).await;
    assert!(!stage.test_centre.ringing().await.contains_key(MAYA));
    assert_eq!(stage.test_centre.activity_of("Maya").await, "Available");
    stage.close().await;
}

/// The Worker waits in the conference until the caller can be moved.
#[tokio::test]
async fn throttled_move_is_redelivered() {
    let stage = waiting(r#"{"instruction":"conference"}"#, 0).await;
    let maya = stage.phone(MAYA).await;
    stage.throttle(ALWAYS).await;
    stage.act(maya, "answer").await;
    assert!(stage.is_in_conference(maya).await);
    assert!(!stage.is_in_conference(stage.caller).await);
    stage.throttle(0).await;
    // The redelivery after the second failure.
    stage.pass(Millis::from_secs(10)).await;
    assert!(stage.is_in_conference(stage.caller).await);
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    stage.close().await;
}
