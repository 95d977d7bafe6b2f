//! The shadow of a Workflow: it decides nothing, and the API shows where it would decide otherwise.

use ids::WorkflowSid;
use serde_json::Value;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::{Client, caller};

/// The example with a Workflow that the API creates as the shadow of that of calls: English calls
/// go to the Hindi queue with priority 7.
async fn with_shadow(client: &Client<'_>) -> (String, Value) {
    let workspace = &client.0.contact_centre.workspace;
    let queue = |name: &str| {
        let mut queues = workspace.task_queues.values();
        queues
            .find(|it| it.friendly_name.ends_with(name))
            .unwrap()
            .sid
    };
    let live = client.0.contact_centre.voice_settings.workflow_sid;
    let configuration = workspace.workflows[&live].configuration.to_json();
    let english = format!("\"queue\":\"{}\"", queue("English"));
    assert!(configuration.contains(&english), "{configuration}");
    let hindi = format!("\"priority\":7,\"queue\":\"{}\"", queue("Hindi"));
    let configuration = configuration.replace(&english, &hindi);
    let fields = [
        ("FriendlyName", "Candidate"),
        ("Configuration", configuration.as_str()),
    ];
    let (status, made) = client.post("/Workflows", &fields).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/Workflows/{live}/Shadow");
    let shadow = made["sid"].as_str().unwrap();
    let (status, set) = client.post(&path, &[("ShadowWorkflowSid", shadow)]).await;
    assert_eq!(status, 200, "{set}");
    (path, set)
}

#[tokio::test]
async fn shadow_shows_its_differences_and_decides_nothing() {
    let test_centre = TestCentre::open(EXAMPLE, None).await;
    let client = Client(&test_centre);
    let (path, set) = with_shadow(&client).await;
    assert_eq!(
        (set["compared"].as_u64(), set["differing"].as_u64()),
        (Some(0), Some(0))
    );
    // Routing reads the configuration anew after two seconds.
    test_centre.advance(store::CONFIGURATION_KEPT).await;
    let english = caller(&test_centre, "1").await;
    caller(&test_centre, "2").await;
    let task = test_centre.task(english).await.unwrap();
    assert_eq!(
        task.reservations[0].worker_name, "Maya",
        "the shadow decides nothing"
    );
    assert_eq!(task.priority, 0);
    let (_, answer) = client.get(&path).await;
    assert_eq!(answer["compared"], 2, "{answer}");
    assert_eq!(answer["differing"], 1, "{answer}");
    let difference = &answer["differences"][0];
    assert_eq!(difference["task_sid"], task.sid.to_string());
    assert_eq!(
        difference["differs"],
        serde_json::json!(["task_queue", "priority", "worker"])
    );
    assert_eq!(difference["live"]["workers"][0]["friendly_name"], "Maya");
    assert_eq!(difference["shadow"]["workers"][0]["friendly_name"], "Arjun");
    assert_eq!(difference["shadow"]["priority"], 7);
    test_centre.close().await;
}

#[tokio::test]
async fn waiting_call_is_compared_when_it_begins_to_wait() {
    let test_centre = TestCentre::open(EXAMPLE, None).await;
    let client = Client(&test_centre);
    let (path, _) = with_shadow(&client).await;
    for name in ["Maya", "Leela"] {
        test_centre.set_activity(name, "Offline").await;
    }
    test_centre.advance(store::CONFIGURATION_KEPT).await;
    caller(&test_centre, "1").await;
    let (_, answer) = client.get(&path).await;
    let difference = &answer["differences"][0];
    assert_eq!(
        difference["live"]["workers"],
        serde_json::json!([]),
        "{answer}"
    );
    assert_eq!(difference["shadow"]["workers"][0]["friendly_name"], "Arjun");
    test_centre.close().await;
}

#[tokio::test]
async fn shadow_is_another_workflow_or_none() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let (path, _) = with_shadow(&client).await;
    let live = test_centre
        .contact_centre
        .voice_settings
        .workflow_sid
        .to_string();
    let unknown = WorkflowSid::derive(&["unknown"]).to_string();
    for wrong in [live.as_str(), unknown.as_str(), "WW1"] {
        let (status, answer) = client.post(&path, &[("ShadowWorkflowSid", wrong)]).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
    assert_eq!(client.post(&path, &[]).await.0, 400);
    let (status, ended) = client.post(&path, &[("ShadowWorkflowSid", "")]).await;
    assert_eq!((status, &ended["shadow_workflow_sid"]), (200, &Value::Null));
    let nowhere = format!("/Workflows/{unknown}/Shadow");
    assert_eq!(client.get(&nowhere).await.0, 404);
    test_centre.close().await;
}
