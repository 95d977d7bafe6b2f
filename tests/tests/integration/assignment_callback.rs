//! The assignment callback of a customer's application: the request it gets, and the effect of its
//! answers.

use ids::time::Millis;
use shared::webhook::signature::{SIGNATURE_HEADER, Signed, verify};
use task_router::model::{AssignmentStatus, ReservationStatus};
use tests::application::{Answer, Application, JSON};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

const NOTHING: Answer = (200, JSON, "");

/// An English caller whose Task has been offered.
async fn offered(test_centre: &TestCentre) -> ids::CallSid {
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.advance(SLACK).await;
    caller
}

/// The request has all parameters, a valid signature and an idempotency token.
#[tokio::test]
async fn callback_is_signed_and_complete() {
    let application = Application::start(&[("/ask", NOTHING), ("/again", NOTHING)]).await;
    let test_centre = application.test_centre("/ask", "/again").await;
    let caller = offered(&test_centre).await;
    let task = test_centre.task(caller).await.unwrap();
    let requests = application.requests();
    assert_eq!(requests.len(), 1, "one offer, one request: {requests:?}");

    let url = format!("{}/ask", application.base);
    let signature = requests[0].headers[SIGNATURE_HEADER].to_str().unwrap();
    verify(
        &test_centre.account.auth_token,
        &url,
        Signed::Form(&requests[0].parameters),
        signature,
    )
    .unwrap();
    assert_eq!(
        requests[0].headers["i-twilio-idempotency-token"],
        task.reservations[0].sid.to_string()
    );
    let names: Vec<&str> = requests[0]
        .parameters
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let expected = [
        "Timestamp",
        "AccountSid",
        "WorkspaceSid",
        "WorkflowSid",
        "TaskQueueSid",
        "TaskSid",
        "TaskAttributes",
        "TaskAge",
        "TaskPriority",
        "ReservationSid",
        "WorkerSid",
        "WorkerName",
        "WorkerAttributes",
    ];
    assert_eq!(names, expected);
    let parameter = |name: &str| {
        requests[0]
            .parameters
            .iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .clone()
    };
    let offer = &task.reservations[0];
    let maya = test_centre.worker("Maya").await;
    for (name, value) in [
        ("Timestamp", task.date_created.as_secs().to_string()),
        ("AccountSid", test_centre.account.account_sid.to_string()),
        ("WorkspaceSid", task.workspace_sid.to_string()),
        ("WorkflowSid", task.workflow_sid.to_string()),
        ("TaskQueueSid", task.task_queue_sid.to_string()),
        ("TaskSid", task.sid.to_string()),
        ("TaskAttributes", task.attributes.to_json()),
        ("TaskAge", "0".to_owned()),
        ("TaskPriority", task.priority.to_string()),
        ("ReservationSid", offer.sid.to_string()),
        ("WorkerSid", maya.sid.to_string()),
        ("WorkerName", "Maya".to_owned()),
        ("WorkerAttributes", maya.attributes.to_json()),
    ] {
        assert_eq!(parameter(name), value, "{name}");
    }
    test_centre.close().await;
}

/// The next Worker is then offered the call.
#[tokio::test]
async fn empty_answer_lets_reservation_time_out() {
    let application = Application::start(&[("/ask", NOTHING), ("/again", NOTHING)]).await;
    let test_centre = application.test_centre("/ask", "/again").await;
    let caller = offered(&test_centre).await;
    assert_eq!(
        test_centre.task(caller).await.unwrap().reservations[0].worker_name,
        "Maya"
    );
    test_centre.advance(Millis::from_secs(120)).await;
    assert_eq!(test_centre.activity_of("Maya").await, "Offline");
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(task.reservations[0].worker_name, "Leela");
    assert_eq!(
        (task.assignment_status, task.rounds),
        (AssignmentStatus::Reserved, 2)
    );
    test_centre.close().await;
}

#[tokio::test]
async fn accept_and_reject_are_executed() {
    let accept: Answer = (200, JSON, r#"{"instruction":"accept"}"#);
    let reject: Answer = (200, JSON, r#"{"instruction":"reject"}"#);
    for (answer, status, first_offer) in [
        (
            accept,
            AssignmentStatus::Assigned,
            ReservationStatus::Accepted,
        ),
        // Rejected by both Workers in turn; after a rejection the Task is not offered to them for
        // some seconds.
        (
            reject,
            AssignmentStatus::Pending,
            ReservationStatus::Rejected,
        ),
    ] {
        let application = Application::start(&[("/ask", answer)]).await;
        let test_centre = application.test_centre("/ask", "/ask").await;
        let caller = test_centre.dial("+17075550190").await;
        test_centre.centre.settle().await;
        test_centre.press(caller, "1").await;
        test_centre.centre.settle().await;
        let task = test_centre.task(caller).await.unwrap();
        assert_eq!(
            (task.assignment_status, task.reservations[0].status),
            (status, first_offer)
        );
        assert_eq!(test_centre.activity_of("Maya").await, "Available");
        test_centre.close().await;
    }
}

#[tokio::test]
async fn invalid_answer_uses_the_fallback() {
    let dequeue: Answer = (
        200,
        JSON,
        r#"{"instruction":"dequeue","from":"+17075550183","timeout":20}"#,
    );
    for faulty in [
        (500, JSON, ""),
        (404, JSON, r#"{"instruction":"accept"}"#),
        (200, "text/html", "<p>sorry</p>"),
        (200, JSON, "{"),
        (200, JSON, r#"{"instruction":"sing"}"#),
        (302, JSON, ""),
    ] {
        let application = Application::start(&[("/ask", faulty), ("/again", dequeue)]).await;
        let test_centre = application.test_centre("/ask", "/again").await;
        offered(&test_centre).await;
        assert_eq!(application.paths(), ["/ask", "/again"], "{faulty:?}");
        assert!(
            test_centre.ringing().await.contains_key("+17075550101"),
            "{faulty:?}"
        );
        test_centre.close().await;
    }
}

/// The Reservation is canceled at once, and the next Worker's phone is tried.
#[tokio::test]
async fn undialable_phone_cancels_reservation() {
    let wrong: Answer = (
        200,
        JSON,
        r#"{"instruction":"dequeue","to":"not a number","from":"+17075550183"}"#,
    );
    let application = Application::start(&[("/ask", wrong)]).await;
    let test_centre = application.test_centre("/ask", "/ask").await;
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.centre.settle().await;
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(
        (task.assignment_status, task.rounds),
        (AssignmentStatus::Pending, 2),
        "both Workers were tried"
    );
    assert_eq!(task.reservations[0].status, ReservationStatus::Canceled);
    assert!(task.reservations[0].canceled_reason_code.is_some());
    test_centre.close().await;
}
