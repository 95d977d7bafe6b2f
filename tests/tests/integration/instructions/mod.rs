//! Instructions: the answer of an application, and its effect on callers and Workers (taskrouter.md
//! section 11.3).

mod handed_on;
mod outbound;
mod paced;
mod throttled;
mod toll_fraud;

use ids::CallSid;
use ids::time::Millis;
use serde_json::Value;
use shared::webhook::signature::{SIGNATURE_HEADER, Signed, verify};
use task_router::model::{AssignmentStatus, ReservationStatus, Task};
use tests::application::{Answer, Application, JSON, XML};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

const MAYA: &str = "+17075550101";
const LEELA: &str = "+17075550103";

/// A caller who waits for English, with an application that answers `instruction`.
struct Stage {
    application: Application,
    test_centre: TestCentre,
    caller: CallSid,
}

impl Stage {
    async fn new(instruction: &'static str, more: &[(&'static str, Answer)]) -> Self {
        let answers = [&[("/ask", (200, JSON, instruction))][..], more].concat();
        let application = Application::start(&answers).await;
        let test_centre = application.test_centre("/ask", "/ask").await;
        let caller = test_centre.dial("+17075550190").await;
        test_centre.centre.settle().await;
        test_centre.press(caller, "1").await;
        let stage = Self {
            application,
            test_centre,
            caller,
        };
        stage.pass(SLACK).await;
        stage
    }

    async fn pass(&self, duration: Millis) {
        self.test_centre.advance(duration).await;
    }

    async fn task(&self) -> Task {
        self.test_centre.task(self.caller).await.unwrap()
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
        self.pass(SLACK).await;
    }

    async fn hears(&self, call: CallSid, words: &str) -> bool {
        let call = self.test_centre.call(call).await;
        let transcript = call["transcript"].as_array().unwrap().clone();
        transcript
            .iter()
            .filter_map(|entry| entry["text"].as_str())
            .any(|text| text.contains(words))
    }

    /// Whether the caller waits in the queue.
    async fn waits(&self) -> bool {
        let call = self.test_centre.call(self.caller).await;
        call["status"] == "in-progress"
            && call["bridged_with"].is_null()
            && self.participants().await.is_empty()
    }

    /// The participants of the active conference.
    async fn participants(&self) -> Vec<Value> {
        let all = self.test_centre.get("/simulator/conferences").await;
        let on = all["conferences"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["status"] != "completed");
        on.flat_map(|one| one["participants"].as_array().unwrap().clone())
            .collect()
    }

    async fn is_in_conference(&self, call: CallSid) -> bool {
        self.participants()
            .await
            .iter()
            .any(|one| one["call_sid"] == call.to_string())
    }

    async fn close(self) {
        self.test_centre.close().await;
    }
}

#[tokio::test]
async fn dequeue_relays_status_callbacks() {
    let instruction = r#"{"instruction":"dequeue","record":"record-from-answer",
        "status_callback_url":"{base}/status?own=1#rc=2","status_callback_events":"ringing,answered,completed"}"#;
    let stage = Stage::new(instruction, &[("/status", (204, JSON, ""))]).await;
    let maya = stage.phone(MAYA).await;
    stage.act(maya, "answer").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert_eq!(
        stage.task().await.attributes.text("worker_call_sid"),
        Some(maya.to_string().as_str())
    );
    stage.act(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);

    let callbacks = stage.application.requests_to("/status");
    let mut statuses: Vec<&str> = callbacks
        .iter()
        .map(|request| request.get("CallStatus"))
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["completed", "in-progress", "ringing"]);
    for request in &callbacks {
        assert_eq!(request.method, "GET");
        assert_eq!(
            (request.get("own"), request.get("CallSid")),
            ("1", maya.to_string().as_str())
        );
        assert_eq!(request.get("taskCallSid"), stage.caller.to_string());
        assert_eq!(
            (request.get("TaskSid"), request.get("ReservationSid")),
            ("", ""),
            "the relay's own parameters are not passed on"
        );
        let url = format!("{}{}", stage.application.base, request.target);
        let signature = request.headers[SIGNATURE_HEADER].to_str().unwrap();
        verify(
            &stage.test_centre.account.auth_token,
            &url,
            Signed::Form(&[]),
            signature,
        )
        .unwrap();
    }
    stage.close().await;
}

/// The TwiML of an agent that fetches the caller of a Reservation.
const FETCH_CALLER: Answer = (
    200,
    XML,
    r#"<Response><Dial><Queue reservationSid="{reservation}"/></Dial></Response>"#,
);

/// The same, with the Worker's Activity after the conversation.
const FETCH_CALLER_AND_WRAP_UP: Answer = (
    200,
    XML,
    r#"<Response><Dial><Queue reservationSid="{reservation}" postWorkActivitySid="{activity}"/></Dial></Response>"#,
);

#[tokio::test]
async fn call_connects_worker_by_reservation() {
    let instruction = r#"{"instruction":"call","from":"+17075550183","timeout":20,
        "url":"{base}/agent?reservation={ReservationSid}","status_callback_url":"{base}/status"}"#;
    let stage = Stage::new(
        instruction,
        &[("/agent", FETCH_CALLER), ("/status", (204, JSON, ""))],
    )
    .await;
    let maya = stage.phone(MAYA).await;
    assert_eq!(
        stage.task().await.reservations[0].status,
        ReservationStatus::Pending
    );
    stage.act(maya, "answer").await;
    let task = stage.task().await;
    assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    assert_eq!(
        task.attributes.text("worker_call_sid"),
        Some(maya.to_string().as_str())
    );
    let bridged = stage.test_centre.call(stage.caller).await["bridged_with"].clone();
    assert_eq!(bridged, maya.to_string());
    stage.act(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    let callbacks: Vec<String> = stage
        .application
        .requests_to("/status")
        .iter()
        .map(|request| request.get("CallStatus").to_owned())
        .collect();
    assert_eq!(callbacks, ["completed"]);
    stage.close().await;
}

/// The second call fails with 14217, and the conversation continues.
#[tokio::test]
async fn taken_reservation_connects_no_second_call() {
    let instruction = r#"{"instruction":"call","from":"+17075550183",
        "url":"{base}/agent?reservation={ReservationSid}"}"#;
    let stage = Stage::new(instruction, &[("/agent", FETCH_CALLER)]).await;
    let maya = stage.phone(MAYA).await;
    stage.act(maya, "answer").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    let agent = stage.application.requests_to("/agent");
    let second = format!("{}{}", stage.application.base, agent[0].target);
    let other = stage.test_centre.call_to("+17075550199", &second).await;
    stage.pass(SLACK).await;
    stage.act(other, "answer").await;
    assert!(
        stage.hears(other, "14217").await,
        "{}",
        stage.test_centre.call(other).await
    );
    assert_eq!(
        stage.test_centre.call(stage.caller).await["bridged_with"],
        maya.to_string()
    );
    stage.close().await;
}

/// Without an instruction, by `<Queue reservationSid>`; the Worker then has the given Activity.
#[tokio::test]
async fn application_agent_can_fetch_the_caller() {
    let stage = Stage::new("{}", &[("/agent", FETCH_CALLER_AND_WRAP_UP)]).await;
    let reservation = stage.task().await.reservations[0].sid;
    let activities = &stage.test_centre.contact_centre.workspace.activities;
    let wrap_up = activities
        .values()
        .find(|activity| activity.friendly_name == "Wrap-Up")
        .unwrap()
        .sid;
    let url = format!(
        "{}/agent?reservation={reservation}&activity={wrap_up}",
        stage.application.base
    );
    let agent = stage.test_centre.call_to(MAYA, &url).await;
    stage.pass(SLACK).await;
    stage.act(agent, "answer").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert_eq!(
        stage.test_centre.call(stage.caller).await["bridged_with"],
        agent.to_string()
    );
    stage.act(stage.caller, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    assert_eq!(stage.test_centre.activity_of("Maya").await, "Wrap-Up");
    stage.close().await;
}

#[tokio::test]
async fn call_with_accept_accepts_when_placed() {
    let instruction =
        r#"{"instruction":"call","from":"+17075550183","url":"{base}/agent","accept":"true"}"#;
    let stage = Stage::new(instruction, &[]).await;
    stage.phone(MAYA).await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert!(stage.waits().await);
    stage.close().await;
}

#[tokio::test]
async fn unanswered_call_goes_to_next_worker() {
    let instruction = r#"{"instruction":"call","from":"+17075550183","timeout":20,
        "url":"{base}/agent?reservation={ReservationSid}"}"#;
    let stage = Stage::new(instruction, &[("/agent", FETCH_CALLER)]).await;
    stage.phone(MAYA).await;
    stage.pass(Millis::from_secs(21)).await;
    stage.phone(LEELA).await;
    assert!(stage.waits().await);
    assert_eq!(stage.test_centre.activity_of("Maya").await, "Available");
    stage.close().await;
}

const MOVED: Answer = (
    200,
    XML,
    "<Response><Say>You have been moved.</Say><Pause length=\"300\"/></Response>",
);

#[tokio::test]
async fn redirect_moves_caller_and_may_accept() {
    let accepting =
        r#"{"instruction":"redirect","call_sid":"{call_sid}","url":"{base}/moved","accept":true}"#;
    let silent = r#"{"instruction":"redirect","call_sid":"{call_sid}","url":"{base}/moved"}"#;
    for (instruction, status) in [
        (accepting, AssignmentStatus::Assigned),
        (silent, AssignmentStatus::Reserved),
    ] {
        let stage = Stage::new(instruction, &[("/moved", MOVED)]).await;
        assert!(stage.hears(stage.caller, "You have been moved.").await);
        assert_eq!(stage.status().await, status, "{instruction}");
        assert!(stage.test_centre.ringing().await.is_empty());
        stage.close().await;
    }
}

#[tokio::test]
async fn redirect_without_accept_times_out() {
    let instruction = r#"{"instruction":"redirect","call_sid":"{call_sid}","url":"{base}/moved"}"#;
    let stage = Stage::new(instruction, &[("/moved", MOVED)]).await;
    stage.pass(Millis::from_secs(120)).await;
    assert_eq!(stage.test_centre.activity_of("Maya").await, "Offline");
    stage.close().await;
}

#[tokio::test]
async fn redirect_of_unknown_call_cancels_offer() {
    let instruction = r#"{"instruction":"redirect","call_sid":"CA00000000000000000000000000000009","url":"{base}/x"}"#;
    let stage = Stage::new(instruction, &[]).await;
    let task = stage.task().await;
    assert_eq!(task.reservations[0].status, ReservationStatus::Canceled);
    assert!(stage.waits().await);
    stage.close().await;
}

const CONFERENCE: &str = r#"{"instruction":"conference","timeout":20,"end_conference_on_exit":true,
    "conference_status_callback":"{base}/conference","conference_status_callback_event":"start,join,end",
    "status_callback":"{base}/status","status_callback_event":"initiated,answered,completed"}"#;
const CALLBACKS: [(&str, Answer); 2] = [
    ("/conference", (204, JSON, "")),
    ("/status", (204, JSON, "")),
];

#[tokio::test]
async fn conference_connects_worker_and_caller() {
    let stage = Stage::new(CONFERENCE, &CALLBACKS).await;
    let maya = stage.phone(MAYA).await;
    assert!(stage.waits().await);
    stage.act(maya, "answer").await;
    assert!(stage.is_in_conference(maya).await && stage.is_in_conference(stage.caller).await);
    let task = stage.task().await;
    assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    let conference = task.attributes.get("conference").unwrap().clone();
    assert!(conference["sid"].as_str().unwrap().starts_with("CF"));
    assert_eq!(conference["participants"]["worker"], maya.to_string());
    assert_eq!(
        conference["participants"]["customer"],
        stage.caller.to_string()
    );

    stage.act(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    assert!(stage.hears(stage.caller, "Thank you for calling").await);
    assert_eq!(
        stage.test_centre.call(stage.caller).await["status"],
        "completed"
    );

    let callbacks = stage.application.requests_to("/conference");
    let mut events: Vec<&str> = callbacks
        .iter()
        .map(|request| request.get("StatusCallbackEvent"))
        .collect();
    events.sort_unstable();
    assert_eq!(
        events,
        [
            "conference-end",
            "conference-start",
            "participant-join",
            "participant-join"
        ]
    );
    let callbacks = stage.application.requests_to("/status");
    let mut statuses: Vec<&str> = callbacks
        .iter()
        .map(|request| request.get("CallStatus"))
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["completed", "in-progress", "initiated"]);
    let url = format!("{}/status", stage.application.base);
    for request in &callbacks {
        assert_eq!(request.method, "POST");
        let signature = request.headers[SIGNATURE_HEADER].to_str().unwrap();
        let token = &stage.test_centre.account.auth_token;
        verify(token, &url, Signed::Form(&request.parameters), signature).unwrap();
    }
    let queues = stage
        .test_centre
        .centre
        .network
        .as_ref()
        .unwrap()
        .read(|network| network.queues().len());
    assert_eq!(queues, 0, "the carrier's queue is deleted");
    stage.close().await;
}

#[tokio::test]
async fn conference_lasts_until_both_have_left() {
    let stage = Stage::new(r#"{"instruction":"conference"}"#, &[]).await;
    let maya = stage.phone(MAYA).await;
    stage.act(maya, "answer").await;
    stage.act(stage.caller, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert!(stage.is_in_conference(maya).await);
    stage.act(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    stage.close().await;
}

#[tokio::test]
async fn absent_conference_worker_keeps_caller_waiting() {
    for refusal in ["decline", "nothing"] {
        let stage = Stage::new(CONFERENCE, &CALLBACKS).await;
        let maya = stage.phone(MAYA).await;
        if refusal == "decline" {
            stage.act(maya, "decline").await;
        } else {
            stage.pass(Millis::from_secs(21)).await;
        }
        assert!(stage.waits().await, "{refusal}");
        stage.phone(LEELA).await;
        assert_eq!(stage.test_centre.activity_of("Maya").await, "Available");
        stage.close().await;
    }
}

/// The Worker hangs up before the caller has been moved into the conference.
#[tokio::test]
async fn worker_leaving_early_keeps_caller_queued() {
    let stage = Stage::new(CONFERENCE, &CALLBACKS).await;
    let maya = stage.phone(MAYA).await;
    stage.test_centre.at_phone(maya, "answer").await;
    stage.act(maya, "hangup").await;
    stage.pass(Millis::from_secs(3)).await;
    assert!(
        stage.waits().await,
        "{}",
        stage.test_centre.call(stage.caller).await
    );
    assert_eq!(stage.status().await, AssignmentStatus::Reserved);
    let leela = stage.phone(LEELA).await;
    stage.act(leela, "answer").await;
    assert!(stage.is_in_conference(leela).await && stage.is_in_conference(stage.caller).await);
    stage.close().await;
}

#[tokio::test]
async fn caller_hangup_cancels_task_and_ringing() {
    let stage = Stage::new(CONFERENCE, &CALLBACKS).await;
    stage.phone(MAYA).await;
    stage.act(stage.caller, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Canceled);
    assert!(stage.test_centre.ringing().await.is_empty());
    stage.close().await;
}
