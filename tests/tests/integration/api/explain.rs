//! The explanations: why a Task waits, and why a Worker gets no Task.

use ids::time::Millis;
use serde_json::{Value, json};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

use super::Client;

async fn task(client: &Client<'_>, attributes: &str) -> String {
    let (status, made) = client
        .post(
            "/Tasks",
            &[("Attributes", attributes), ("TaskChannel", "voice")],
        )
        .await;
    assert_eq!(status, 201, "{made}");
    made["sid"].as_str().unwrap().to_owned()
}

async fn worker_named(client: &Client<'_>, name: &str) -> Value {
    client.get(&format!("/Workers?FriendlyName={name}")).await.1["workers"][0].clone()
}

async fn set_activity(client: &Client<'_>, worker: &Value, name: &str) {
    let activity = client.activity(name).await;
    let (status, answer) = client
        .post(
            &format!("/Workers/{}", worker["sid"].as_str().unwrap()),
            &[("ActivitySid", &activity)],
        )
        .await;
    assert_eq!(status, 200, "{answer}");
}

async fn hindi_speakers_are_offline(client: &Client<'_>) {
    for name in ["Arjun", "Leela"] {
        set_activity(client, &worker_named(client, name).await, "Offline").await;
    }
}

#[tokio::test]
async fn task_explanation_lists_worker_obstacles() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    hindi_speakers_are_offline(&client).await;
    let first = task(&client, r#"{"selected_language":"hi"}"#).await;
    test_centre.advance(Millis::from_secs(1)).await;
    let second = task(&client, r#"{"selected_language":"hi"}"#).await;
    test_centre.advance(SLACK).await;
    let (status, explanation) = client.get(&format!("/Tasks/{second}/Explain")).await;
    assert_eq!(status, 200, "{explanation}");
    assert_eq!(
        (&explanation["task_sid"], &explanation["assignment_status"]),
        (&json!(second), &json!("pending"))
    );
    assert_eq!(
        explanation["ahead"],
        json!({ "tasks": 1, "at_least": false }),
        "{first} is ahead of it"
    );
    assert_eq!(explanation["workflow"]["step"], 1);
    assert!(
        explanation["url"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/Tasks/{second}/Explain")),
        "{}",
        explanation["url"]
    );
    let workers = explanation["workers"].as_array().unwrap();
    let of = |name: &str| {
        workers
            .iter()
            .find(|worker| worker["friendly_name"] == name)
            .unwrap()
    };
    assert_eq!(of("Maya")["obstacles"][0]["kind"], "not_in_task_queue");
    let clause = &of("Maya")["obstacles"][0]["expression"]["because"];
    assert_eq!(
        (&clause["is"], &clause["left"]["operand"]),
        (&json!(false), &json!("languages")),
        "{clause}"
    );
    assert_eq!(
        of("Arjun")["obstacles"][0]["text"],
        "their Activity Offline takes no Tasks"
    );

    set_activity(&client, &worker_named(&client, "Arjun").await, "Available").await;
    test_centre.advance(SLACK).await;
    let (_, explanation) = client.get(&format!("/Tasks/{first}/Explain")).await;
    assert_eq!(
        (
            &explanation["assignment_status"],
            &explanation["workflow"],
            &explanation["workers"]
        ),
        (&json!("reserved"), &Value::Null, &json!([]))
    );
    let (_, explanation) = client.get(&format!("/Tasks/{second}/Explain")).await;
    let arjun = explanation["workers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|worker| worker["friendly_name"] == "Arjun")
        .unwrap();
    assert_eq!(arjun["obstacles"][0]["kind"], "no_capacity");
    assert_eq!(arjun["obstacles"][0]["task_sids"], json!([first]));
    test_centre.close().await;
}

/// The explanation also states why the Worker gets none of these Tasks.
#[tokio::test]
async fn worker_explanation_lists_waiting_tasks() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    hindi_speakers_are_offline(&client).await;
    let arjun = worker_named(&client, "Arjun").await;
    let waiting = task(&client, r#"{"selected_language":"hi"}"#).await;
    test_centre.advance(SLACK).await;
    let (status, explanation) = client
        .get(&format!(
            "/Workers/{}/Explain",
            arjun["sid"].as_str().unwrap()
        ))
        .await;
    assert_eq!(status, 200, "{explanation}");
    assert!(
        explanation["summary"]
            .as_str()
            .unwrap()
            .contains("their Activity Offline takes no Tasks"),
        "{}",
        explanation["summary"]
    );
    let queues = explanation["task_queues"].as_array().unwrap();
    let with_task = queues
        .iter()
        .find(|queue| queue["tasks"][0]["task_sid"] == waiting.as_str())
        .unwrap();
    assert_eq!(
        (&with_task["serves"], &with_task["waiting"]),
        (&json!(true), &json!({ "tasks": 1, "at_least": false }))
    );
    assert!(
        queues
            .iter()
            .any(|queue| queue["obstacle"]["kind"] == "not_in_task_queue"),
        "{queues:?}"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn routing_target_is_the_only_worker_explained() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let maya = worker_named(&client, "Maya").await;
    set_activity(&client, &maya, "Offline").await;
    let maya = maya["sid"].as_str().unwrap();
    let (_, made) = client
        .post(
            "/Tasks",
            &[
                ("Attributes", "{}"),
                ("RoutingTarget", maya),
                ("IgnoreCapacity", "false"),
                ("TaskChannel", "voice"),
            ],
        )
        .await;
    let (_, explanation) = client
        .get(&format!("/Tasks/{}/Explain", made["sid"].as_str().unwrap()))
        .await;
    assert_eq!(
        explanation["summary"],
        "It is for Worker Maya alone, and their Activity Offline takes no Tasks."
    );
    assert_eq!(explanation["workers"].as_array().unwrap().len(), 1);
    test_centre.close().await;
}

#[tokio::test]
async fn explain_refuses_unknown_and_anonymous() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let sid = task(&client, "{}").await;
    for path in [
        "/Tasks/WT00000000000000000000000000000009/Explain",
        "/Workers/WK00000000000000000000000000000009/Explain",
        "/Tasks/x/Explain",
    ] {
        assert_eq!(client.get(path).await.0, 404, "{path}");
    }
    let path = format!("/Tasks/{sid}/Explain");
    assert_eq!(client.post(&path, &[]).await.0, 405);
    let refused = reqwest::get(client.url(&path)).await.unwrap();
    assert_eq!(refused.status().as_u16(), 401);
    test_centre.close().await;
}
