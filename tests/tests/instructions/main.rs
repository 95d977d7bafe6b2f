//! Stories of instructions: what an application answers, what callers and Workers then meet (taskrouter.md section 11.3).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod handed_on;
mod outbound;

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
    laboratory: TestCentre,
    caller: CallSid,
}

impl Stage {
    async fn new(instruction: &'static str, more: &[(&'static str, Answer)]) -> Self {
        let answers = [&[("/ask", (200, JSON, instruction))][..], more].concat();
        let application = Application::start(&answers).await;
        let laboratory = application.laboratory("/ask", "/ask").await;
        let caller = laboratory.dial("+17075550190").await;
        laboratory.centre.settle().await;
        laboratory.press(caller, "1").await;
        let stage = Self {
            application,
            laboratory,
            caller,
        };
        stage.pass(SLACK).await;
        stage
    }

    async fn pass(&self, span: Millis) {
        self.laboratory.advance(span).await;
    }

    async fn task(&self) -> Task {
        self.laboratory.task(self.caller).await.unwrap()
    }

    async fn status(&self) -> AssignmentStatus {
        self.task().await.assignment_status
    }

    async fn phone(&self, number: &str) -> CallSid {
        let ringing = self.laboratory.ringing().await;
        *ringing
            .get(number)
            .unwrap_or_else(|| panic!("{number} does not ring: {ringing:?}"))
    }

    async fn does(&self, call: CallSid, what: &str) {
        self.laboratory.at_phone(call, what).await;
        self.pass(SLACK).await;
    }

    async fn hears(&self, call: CallSid, words: &str) -> bool {
        let call = self.laboratory.call(call).await;
        let transcript = call["transcript"].as_array().unwrap().clone();
        transcript
            .iter()
            .filter_map(|entry| entry["text"].as_str())
            .any(|text| text.contains(words))
    }

    /// Whether the caller is in the queue.
    async fn waits(&self) -> bool {
        let call = self.laboratory.call(self.caller).await;
        call["status"] == "in-progress"
            && call["bridged_with"].is_null()
            && self.participants().await.is_empty()
    }

    /// Who is in the conference that goes on, by call.
    async fn participants(&self) -> Vec<Value> {
        let all = self.laboratory.get("/simulator/conferences").await;
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
        self.laboratory.close().await;
    }
}

#[tokio::test]
async fn dequeue_tells_the_applications_own_url_how_far_the_call_is() {
    let instruction = r#"{"instruction":"dequeue","record":"record-from-answer",
        "status_callback_url":"{base}/status?own=1#rc=2","status_callback_events":"ringing,answered,completed"}"#;
    let stage = Stage::new(instruction, &[("/status", (204, JSON, ""))]).await;
    let maya = stage.phone(MAYA).await;
    stage.does(maya, "answer").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert_eq!(
        stage.task().await.attributes.text("worker_call_sid"),
        Some(maya.to_string().as_str())
    );
    stage.does(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);

    let told = stage.application.asked_at("/status");
    let mut statuses: Vec<&str> = told.iter().map(|asked| asked.get("CallStatus")).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["completed", "in-progress", "ringing"]);
    for asked in &told {
        assert_eq!(asked.method, "GET");
        assert_eq!(
            (asked.get("own"), asked.get("CallSid")),
            ("1", maya.to_string().as_str())
        );
        assert_eq!(asked.get("taskCallSid"), stage.caller.to_string());
        assert_eq!(
            (asked.get("TaskSid"), asked.get("ReservationSid")),
            ("", ""),
            "our own query is ours"
        );
        let url = format!("{}{}", stage.application.base, asked.target);
        let signature = asked.headers[SIGNATURE_HEADER].to_str().unwrap();
        verify(
            &stage.laboratory.account.auth_token,
            &url,
            Signed::Form(&[]),
            signature,
        )
        .unwrap();
    }
    stage.close().await;
}

/// The TwiML of an agent who fetches the caller of a Reservation.
const FETCH_CALLER: Answer = (
    200,
    XML,
    r#"<Response><Dial><Queue reservationSid="{reservation}"/></Dial></Response>"#,
);

/// The same, with an Activity for the Worker afterwards.
const FETCH_CALLER_AND_WRAP_UP: Answer = (
    200,
    XML,
    r#"<Response><Dial><Queue reservationSid="{reservation}" postWorkActivitySid="{activity}"/></Dial></Response>"#,
);

#[tokio::test]
async fn call_leads_the_worker_to_the_caller_of_the_reservation() {
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
    stage.does(maya, "answer").await;
    let task = stage.task().await;
    assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    assert_eq!(
        task.attributes.text("worker_call_sid"),
        Some(maya.to_string().as_str())
    );
    let bridged = stage.laboratory.call(stage.caller).await["bridged_with"].clone();
    assert_eq!(bridged, maya.to_string());
    stage.does(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    let told: Vec<String> = stage
        .application
        .asked_at("/status")
        .iter()
        .map(|asked| asked.get("CallStatus").to_owned())
        .collect();
    assert_eq!(told, ["completed"]);
    stage.close().await;
}

#[tokio::test]
async fn a_call_whose_reservation_is_taken_finds_nobody_and_the_conversation_goes_on() {
    let instruction = r#"{"instruction":"call","from":"+17075550183",
        "url":"{base}/agent?reservation={ReservationSid}"}"#;
    let stage = Stage::new(instruction, &[("/agent", FETCH_CALLER)]).await;
    let maya = stage.phone(MAYA).await;
    stage.does(maya, "answer").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    let agent = stage.application.asked_at("/agent");
    let second = format!("{}{}", stage.application.base, agent[0].target);
    let other = stage.laboratory.call_to("+17075550199", &second).await;
    stage.pass(SLACK).await;
    stage.does(other, "answer").await;
    assert!(
        stage.hears(other, "14217").await,
        "{}",
        stage.laboratory.call(other).await
    );
    assert_eq!(
        stage.laboratory.call(stage.caller).await["bridged_with"],
        maya.to_string()
    );
    stage.close().await;
}

#[tokio::test]
async fn without_an_instruction_an_agent_of_the_applications_own_can_fetch_the_caller() {
    let stage = Stage::new("{}", &[("/agent", FETCH_CALLER_AND_WRAP_UP)]).await;
    let reservation = stage.task().await.reservations[0].sid;
    let activities = &stage.laboratory.contact_centre.workspace.activities;
    let wrap_up = activities
        .values()
        .find(|activity| activity.friendly_name == "Wrap-Up")
        .unwrap()
        .sid;
    let url = format!(
        "{}/agent?reservation={reservation}&activity={wrap_up}",
        stage.application.base
    );
    let agent = stage.laboratory.call_to(MAYA, &url).await;
    stage.pass(SLACK).await;
    stage.does(agent, "answer").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert_eq!(
        stage.laboratory.call(stage.caller).await["bridged_with"],
        agent.to_string()
    );
    stage.does(stage.caller, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    assert_eq!(stage.laboratory.activity_of("Maya").await, "Wrap-Up");
    stage.close().await;
}

#[tokio::test]
async fn call_can_accept_as_soon_as_the_call_is_placed() {
    let instruction =
        r#"{"instruction":"call","from":"+17075550183","url":"{base}/agent","accept":"true"}"#;
    let stage = Stage::new(instruction, &[]).await;
    stage.phone(MAYA).await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert!(stage.waits().await);
    stage.close().await;
}

#[tokio::test]
async fn a_call_nobody_takes_cancels_the_offer_and_the_next_worker_is_called() {
    let instruction = r#"{"instruction":"call","from":"+17075550183","timeout":20,
        "url":"{base}/agent?reservation={ReservationSid}"}"#;
    let stage = Stage::new(instruction, &[("/agent", FETCH_CALLER)]).await;
    stage.phone(MAYA).await;
    stage.pass(Millis::from_secs(21)).await;
    stage.phone(LEELA).await;
    assert!(stage.waits().await);
    assert_eq!(stage.laboratory.activity_of("Maya").await, "Available");
    stage.close().await;
}

const MOVED: Answer = (
    200,
    XML,
    "<Response><Say>You have been moved.</Say><Pause length=\"300\"/></Response>",
);

#[tokio::test]
async fn redirect_moves_the_caller_and_accepts_if_it_is_told_to() {
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
        assert!(stage.laboratory.ringing().await.is_empty());
        stage.close().await;
    }
}

#[tokio::test]
async fn a_redirect_that_is_not_accepted_times_out_like_any_offer() {
    let instruction = r#"{"instruction":"redirect","call_sid":"{call_sid}","url":"{base}/moved"}"#;
    let stage = Stage::new(instruction, &[("/moved", MOVED)]).await;
    stage.pass(Millis::from_secs(120)).await;
    assert_eq!(stage.laboratory.activity_of("Maya").await, "Offline");
    stage.close().await;
}

#[tokio::test]
async fn a_redirect_of_a_call_that_is_not_there_cancels_the_offer() {
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
const TOLD: [(&str, Answer); 2] = [
    ("/conference", (204, JSON, "")),
    ("/status", (204, JSON, "")),
];

#[tokio::test]
async fn conference_brings_worker_and_caller_together() {
    let stage = Stage::new(CONFERENCE, &TOLD).await;
    let maya = stage.phone(MAYA).await;
    assert!(stage.waits().await);
    stage.does(maya, "answer").await;
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

    stage.does(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    assert!(stage.hears(stage.caller, "Thank you for calling").await);
    assert_eq!(
        stage.laboratory.call(stage.caller).await["status"],
        "completed"
    );

    let told = stage.application.asked_at("/conference");
    let mut events: Vec<&str> = told
        .iter()
        .map(|asked| asked.get("StatusCallbackEvent"))
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
    let told = stage.application.asked_at("/status");
    let mut statuses: Vec<&str> = told.iter().map(|asked| asked.get("CallStatus")).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["completed", "in-progress", "initiated"]);
    let url = format!("{}/status", stage.application.base);
    for asked in &told {
        assert_eq!(asked.method, "POST");
        let signature = asked.headers[SIGNATURE_HEADER].to_str().unwrap();
        let token = &stage.laboratory.account.auth_token;
        verify(token, &url, Signed::Form(&asked.parameters), signature).unwrap();
    }
    let queues = stage
        .laboratory
        .centre
        .network
        .as_ref()
        .unwrap()
        .read(|network| network.queues().len());
    assert_eq!(queues, 0, "the carrier's queue is deleted");
    stage.close().await;
}

#[tokio::test]
async fn a_conference_nobody_ends_goes_on_until_both_have_left() {
    let stage = Stage::new(r#"{"instruction":"conference"}"#, &[]).await;
    let maya = stage.phone(MAYA).await;
    stage.does(maya, "answer").await;
    stage.does(stage.caller, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Assigned);
    assert!(stage.is_in_conference(maya).await);
    stage.does(maya, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Completed);
    stage.close().await;
}

#[tokio::test]
async fn a_worker_who_does_not_come_into_the_conference_leaves_the_caller_waiting() {
    for refusal in ["decline", "nothing"] {
        let stage = Stage::new(CONFERENCE, &TOLD).await;
        let maya = stage.phone(MAYA).await;
        match refusal {
            "decline" => stage.does(maya, "decline").await,
            _ => stage.pass(Millis::from_secs(21)).await,
        }
        assert!(stage.waits().await, "{refusal}");
        stage.phone(LEELA).await;
        assert_eq!(stage.laboratory.activity_of("Maya").await, "Available");
        stage.close().await;
    }
}

#[tokio::test]
async fn a_worker_who_leaves_before_the_caller_comes_leaves_them_in_the_queue() {
    let stage = Stage::new(CONFERENCE, &TOLD).await;
    let maya = stage.phone(MAYA).await;
    stage.laboratory.at_phone(maya, "answer").await;
    stage.does(maya, "hangup").await;
    stage.pass(Millis::from_secs(3)).await;
    assert!(
        stage.waits().await,
        "{}",
        stage.laboratory.call(stage.caller).await
    );
    assert_eq!(stage.status().await, AssignmentStatus::Reserved);
    let leela = stage.phone(LEELA).await;
    stage.does(leela, "answer").await;
    assert!(stage.is_in_conference(leela).await && stage.is_in_conference(stage.caller).await);
    stage.close().await;
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_the_worker_is_called_ends_the_task_and_the_ringing() {
    let stage = Stage::new(CONFERENCE, &TOLD).await;
    stage.phone(MAYA).await;
    stage.does(stage.caller, "hangup").await;
    assert_eq!(stage.status().await, AssignmentStatus::Canceled);
    assert!(stage.laboratory.ringing().await.is_empty());
    stage.close().await;
}
