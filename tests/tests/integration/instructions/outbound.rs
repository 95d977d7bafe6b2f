//! Customers who are dialed: a Task with `outbound_to`, created through the API.

use ids::time::Millis;
use ids::{CallSid, TaskSid};
use reqwest::Method;
use serde_json::Value;
use task_router::model::{AssignmentStatus, ReservationStatus, Task};
use tests::application::{Answer, Application, JSON};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

use super::{LEELA, MAYA};

const CUSTOMER: &str = "+17075550155";

/// Answers of the application.
const CONFERENCE: &str = r#"{"instruction":"conference","timeout":20,"end_conference_on_exit":true,
    "end_conference_on_customer_exit":true,"conference_status_callback":"{base}/conference",
    "conference_status_callback_event":"join"}"#;
const SILENT: &str = r#"{"instruction":"conference","timeout":20,"early_media":"false"}"#;

/// A Task whose customer is to be dialed; Maya's phone rings.
struct Stage {
    application: Application,
    test_centre: TestCentre,
    task: TaskSid,
}

impl Stage {
    async fn new(instruction: &'static str) -> Self {
        let answers: [(&str, Answer); 2] = [
            ("/ask", (200, JSON, instruction)),
            ("/conference", (204, JSON, "")),
        ];
        let application = Application::start(&answers).await;
        let test_centre = application.test_centre("/ask", "/ask").await;
        let attributes =
            r#"{"outbound_to":"+17075550155","to":"+17075550183","selected_language":"en"}"#;
        let form = [
            ("Attributes".to_owned(), attributes.to_owned()),
            ("TaskChannel".to_owned(), "voice".to_owned()),
        ];
        let made = test_centre
            .request(Method::POST, "Tasks", &form, None)
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        let task = made.body["sid"].as_str().unwrap().parse().unwrap();
        test_centre.advance(SLACK).await;
        Self {
            application,
            test_centre,
            task,
        }
    }

    /// The same, and Maya has answered.
    async fn with_maya(instruction: &'static str) -> (Self, CallSid) {
        let stage = Self::new(instruction).await;
        let maya = stage.phone(MAYA).await;
        assert!(
            !stage.test_centre.ringing().await.contains_key(CUSTOMER),
            "the Worker comes first"
        );
        stage.act(maya, "answer").await;
        (stage, maya)
    }

    async fn task(&self) -> Task {
        self.test_centre
            .centre
            .store
            .task(self.task)
            .await
            .unwrap()
            .unwrap()
    }

    async fn status(&self) -> AssignmentStatus {
        self.task().await.assignment_status
    }

    async fn phone(&self, number: &str) -> CallSid {
        let ringing = self.test_centre.ringing().await;
        *ringing
            .get(number)
            .unwrap_or_else(|| panic!("{number} does not ring: {ringing:?}"))
    }

    async fn act(&self, call: CallSid, action: &str) {
        self.test_centre.at_phone(call, action).await;
        self.test_centre.advance(SLACK).await;
    }

    /// Whether the phone of `call` plays the customer's ringing.
    async fn hears_ringing(&self, call: CallSid) -> bool {
        let call = self.test_centre.call(call).await;
        let heard = |entry: &Value| entry["text"] == format!("{CUSTOMER} rings");
        call["transcript"].as_array().unwrap().iter().any(heard)
    }
}

#[tokio::test]
async fn conference_is_accepted_by_customer_answer() {
    let (stage, maya) = Stage::with_maya(CONFERENCE).await;
    assert_eq!(stage.status().await, AssignmentStatus::Reserved);
    assert!(stage.hears_ringing(maya).await);
    let customer = stage.phone(CUSTOMER).await;
    assert_eq!(
        stage.test_centre.call(customer).await["from"],
        "+17075550183"
    );
    stage.act(customer, "answer").await;
    let task = stage.task().await;
    assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    let conference = task.attributes.get("conference").unwrap().clone();
    assert_eq!(conference["participants"]["worker"], maya.to_string());
    assert_eq!(conference["participants"]["customer"], customer.to_string());
    let joined = stage.application.requests_to("/conference").len();
    assert_eq!(joined, 2);

    stage.act(customer, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    assert_eq!(stage.test_centre.call(maya).await["status"], "completed");
    stage.test_centre.close().await;
}

#[tokio::test]
async fn no_ringing_without_early_media() {
    let (stage, maya) = Stage::with_maya(SILENT).await;
    stage.phone(CUSTOMER).await;
    assert!(!stage.hears_ringing(maya).await);
    stage.test_centre.close().await;
}

#[tokio::test]
async fn unanswered_customer_goes_to_next_worker() {
    for declines in [true, false] {
        let (stage, maya) = Stage::with_maya(CONFERENCE).await;
        let customer = stage.phone(CUSTOMER).await;
        if declines {
            stage.act(customer, "decline").await;
        } else {
            stage.test_centre.advance(Millis::from_secs(21)).await;
        }
        stage.phone(LEELA).await;
        assert_eq!(stage.test_centre.call(maya).await["status"], "completed");
        assert_eq!(stage.status().await, AssignmentStatus::Reserved);
        assert_eq!(stage.test_centre.activity_of("Maya").await, "Available");
        stage.test_centre.close().await;
    }
}

#[tokio::test]
async fn worker_hangup_stops_customers_phone() {
    let (stage, maya) = Stage::with_maya(CONFERENCE).await;
    let customer = stage.phone(CUSTOMER).await;
    stage.act(maya, "hangup").await;
    assert_eq!(stage.test_centre.call(customer).await["status"], "canceled");
    stage.phone(LEELA).await;
    stage.test_centre.close().await;
}

#[tokio::test]
async fn dequeue_without_caller_rings_no_phone() {
    let stage = Stage::new(r#"{"instruction":"dequeue"}"#).await;
    assert!(stage.test_centre.ringing().await.is_empty());
    assert_eq!(
        stage.task().await.reservations[0].status,
        ReservationStatus::Pending
    );
    stage.test_centre.close().await;
}
