//! TaskChannels of a Workspace that was made from a file (taskrouter.md sections 2.1 and 2.8).

use ids::time::Millis;
use serde_json::{Value, json};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::Client;

/// The first Task of an unused TaskChannel waits for the configuration to reach every process, and
/// for the Workers to be listed: seconds, without a sweep.
const PUT_TO_USE: Millis = Millis::from_secs(6);

const ENGLISH: &str = r#"{"selected_language":"en"}"#;

async fn channels(client: &Client<'_>) -> Vec<Value> {
    client
        .pages("/TaskChannels", "channels", "unique_name")
        .await
        .concat()
}

async fn status(client: &Client<'_>, task: &Value) -> Value {
    let path = format!("/Tasks/{}", task["sid"].as_str().unwrap());
    client.get(&path).await.1["assignment_status"].clone()
}

/// The example declares only `voice`. A Task without `TaskChannel` is in `default`.
#[tokio::test]
async fn task_without_channel_is_routed() {
    let mut test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let standard = ["default", "voice", "chat", "sms", "video"].map(Value::from);
    assert_eq!(channels(&client).await, standard);

    let (code, task) = client.post("/Tasks", &[("Attributes", ENGLISH)]).await;
    assert_eq!(
        (code, &task["task_channel_unique_name"]),
        (201, &json!("default")),
        "{task}"
    );
    let explain = format!("/Tasks/{}/Explain", task["sid"].as_str().unwrap());
    let (_, explained) = client.get(&explain).await;
    let first = &explained["workers"][0];
    assert_eq!(first["could_take"], false, "{explained}");
    assert_eq!(first["obstacles"][0]["kind"], "task_channel_unused");

    test_centre.advance(PUT_TO_USE).await;
    assert_eq!(status(&client, &task).await, "reserved");

    // From now on the channel is used: Tasks find Workers at once, also after a restart.
    let (_, second) = client.post("/Tasks", &[("Attributes", ENGLISH)]).await;
    test_centre.centre.settle().await;
    assert_eq!(status(&client, &second).await, "reserved");
    let cancel = [("AssignmentStatus", "canceled")];
    for task in [&task, &second] {
        let path = format!("/Tasks/{}", task["sid"].as_str().unwrap());
        assert_eq!(client.post(&path, &cancel).await.0, 200);
    }
    test_centre.apply_configuration(EXAMPLE).await;
    test_centre.advance(PUT_TO_USE).await;
    let client = Client(&test_centre);
    assert_eq!(channels(&client).await, standard);
    let (_, third) = client.post("/Tasks", &[("Attributes", ENGLISH)]).await;
    test_centre.centre.settle().await;
    assert_eq!(status(&client, &third).await, "reserved");
    test_centre.close().await;
}

/// A Worker on the telephone takes a Task of another TaskChannel, as in TaskRouter.
#[tokio::test]
async fn busy_worker_takes_task_of_other_channel() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    for name in ["Leela", "Arjun"] {
        test_centre.set_activity(name, "Offline").await;
    }
    super::offered(&test_centre).await;
    let (_, task) = client.post("/Tasks", &[("Attributes", ENGLISH)]).await;
    test_centre.advance(PUT_TO_USE).await;
    assert_eq!(status(&client, &task).await, "reserved");
    test_centre.close().await;
}

/// A Task that is written while Workers are being listed for its new TaskChannel is found by the
/// Worker that the configuration moved to another ready list.
#[tokio::test]
async fn task_of_new_channel_needs_no_sweep() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let form = [("FriendlyName", "Letters"), ("UniqueName", "letter")];
    assert_eq!(client.post("/TaskChannels", &form).await.0, 201);
    let form = [("TaskChannel", "letter"), ("Attributes", ENGLISH)];
    let (_, task) = client.post("/Tasks", &form).await;
    test_centre.advance(SLACK).await;
    test_centre.advance(PUT_TO_USE).await;
    assert_eq!(status(&client, &task).await, "reserved");
    test_centre.close().await;
}
