//! `<Enqueue workflowSid>` with repeated requests and lost messages (taskrouter.md section 16). The
//! regular cases are in `tests/stories/enqueue`.

use std::time::Duration;

use carrier_simulator::network::{ENDED_TASK_GRACE, Network};
use ids::time::{Clock, Millis};
use ids::{CallSid, TaskSid};
use serde_json::Value;
use shared::webhook::signature;
use task_router::model::{AssignmentStatus, EndReason, Task};
use task_router::router::Command;
use tests::customer::{Customer, Scripted};
use tests::test_centre::{EXAMPLE, Surroundings, TestCentre};

const ENQUEUE: &str = "/worker-call/enqueue";
const CALL: &str = "CA00000000000000000000000000000001";

/// Posts a form as the carrier does; status and body of the answer.
async fn post(
    test_centre: &TestCentre,
    path: &str,
    form: &[(String, String)],
    token: &str,
) -> (u16, Value) {
    let url = format!("{}{path}", test_centre.base);
    let request = reqwest::Client::new()
        .post(&url)
        .header("x-twilio-signature", signature::sign(token, &url, form));
    let answer = request.form(form).send().await.unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default(),
    )
}

fn form(test_centre: &TestCentre, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let account = test_centre.account.account_sid.to_string();
    let task = task_sid().to_string();
    let workflow = test_centre
        .contact_centre
        .voice_settings
        .workflow_sid
        .to_string();
    let call = [
        ("CallSid", CALL),
        ("AccountSid", &account),
        ("From", "+17075550142"),
        ("To", "+17075550183"),
        ("CallStatus", "in-progress"),
        ("FromCity", "SANTA ROSA"),
        ("TaskSid", &task),
        ("WorkflowSid", &workflow),
    ];
    let pairs = call
        .iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name))
        .chain(more);
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn task_sid() -> TaskSid {
    TaskSid::of_enqueue(CALL.parse().unwrap(), 1)
}

async fn task(test_centre: &TestCentre) -> Option<Task> {
    test_centre.centre.store.task(task_sid()).await.unwrap()
}

/// A repeated request creates no second Task; after the Task has ended it is answered with 410.
#[tokio::test]
async fn repeated_enqueue_is_idempotent() {
    let test_centre = TestCentre::example().await;
    let token = test_centre.account.auth_token.clone();
    let enqueue = form(
        &test_centre,
        &[(
            "TaskAttributes",
            r#"{"from_city":"ROME","selected_language":"en"}"#,
        )],
    );
    assert_eq!(
        post(&test_centre, ENQUEUE, &enqueue, "another token")
            .await
            .0,
        403
    );
    assert_eq!(
        task(&test_centre).await,
        None,
        "a Task without a valid signature"
    );
    assert_eq!(post(&test_centre, ENQUEUE, &enqueue, &token).await.0, 204);
    let made = task(&test_centre).await.unwrap();
    let attribute = |name| made.attributes.text(name).unwrap_or_default();
    assert_eq!(
        [
            attribute("from_city"),
            attribute("selected_language"),
            attribute("from"),
            attribute("call_sid")
        ],
        ["SANTA ROSA", "en", "+17075550142", CALL]
    );
    let again = form(&test_centre, &[("TaskPriority", "9")]);
    assert_eq!(post(&test_centre, ENQUEUE, &again, &token).await.0, 204);
    assert_eq!(task(&test_centre).await.unwrap(), made);

    let left = form(
        &test_centre,
        &[("QueueResult", "hangup"), ("QueueTime", "3")],
    );
    for _ in 0..2 {
        assert_eq!(
            post(&test_centre, "/worker-call/left-queue", &left, &token)
                .await
                .0,
            204
        );
        let ended = task(&test_centre).await.unwrap();
        assert_eq!(
            (ended.assignment_status, ended.reason),
            (AssignmentStatus::Canceled, Some(EndReason::Hangup))
        );
        assert_eq!(
            ended.carrier_queue_sid, None,
            "the queue is the Workflow's and must not be deleted"
        );
    }
    assert_eq!(post(&test_centre, ENQUEUE, &enqueue, &token).await.0, 410);
    test_centre.close().await;
}

#[tokio::test]
async fn invalid_enqueue_has_the_carriers_code() {
    let test_centre = TestCentre::example().await;
    let token = test_centre.account.auth_token.clone();
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(4_096));
    let full = format!(r#"{{"a":"{}"}}"#, "x".repeat(4_000));
    for (more, code) in [
        (("WorkflowSid", "WW00000000000000000000000000000009"), 14220),
        (("TaskAttributes", "{"), 14221),
        (("TaskAttributes", "[1]"), 14221),
        (("TaskAttributes", &*long), 14221),
        // With the attributes of the call it is too large.
        (("TaskAttributes", &*full), 14221),
    ] {
        let (status, body) =
            post(&test_centre, ENQUEUE, &form(&test_centre, &[more]), &token).await;
        assert_eq!((status, body["code"].as_u64()), (400, Some(code)), "{body}");
        assert_eq!(task(&test_centre).await, None);
    }
    test_centre.close().await;
}

/// The caller waits in the carrier's queue for a Task whose end the carrier was not notified of.
#[tokio::test]
async fn sweep_releases_caller_of_ended_task() {
    let customer = Customer::open().await;
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings {
        voice_url: Some(format!("{}/voice", customer.base())),
        ..Surroundings::real()
    };
    let test_centre = TestCentre::open_with(EXAMPLE, folder.path().to_owned(), surroundings).await;
    let workflow = test_centre.contact_centre.voice_settings.workflow_sid;
    let body = format!(
        r#"<Response><Enqueue workflowSid="{workflow}"/><Say>leave a message</Say></Response>"#
    );
    customer.script(
        "/voice",
        Scripted {
            status: 200,
            body,
            after: Duration::ZERO,
        },
    );
    let caller: CallSid = test_centre.dial("+17075550190").await;
    test_centre.advance(Millis::from_secs(1)).await;
    let network = test_centre.centre.network.clone().unwrap();
    let task = TaskSid::of_enqueue(caller, 1);
    assert_eq!(network.read(Network::waiting_tasks), [(caller, task)]);
    test_centre.centre.sweep().await;
    assert_eq!(
        network.read(Network::waiting_tasks),
        [(caller, task)],
        "an active Task"
    );

    let canceled = Command::StatusSet {
        task,
        status: AssignmentStatus::Canceled,
        reason: EndReason::Given("closed".to_owned()),
        attributes: None,
    };
    test_centre
        .centre
        .store
        .apply(&canceled, test_centre.clock.now())
        .await
        .unwrap();
    test_centre.centre.sweep().await;
    assert_eq!(network.read(Network::waiting_tasks), []);
    test_centre.advance(ENDED_TASK_GRACE).await;
    let transcript = test_centre.call(caller).await["transcript"].to_string();
    assert!(transcript.contains("leave a message"), "{transcript}");
    test_centre.close().await;
}
