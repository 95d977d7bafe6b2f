//! Refused requests: invalid parameters, limits, and resources in use.

use ids::WorkerSid;
use serde_json::json;
use tests::test_centre::TestCentre;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vocabulary::PRIORITY_MAX;

use super::Client;

#[tokio::test]
async fn invalid_task_names_its_parameter() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let unknown_worker = WorkerSid::derive(&["unknown"]).to_string();
    let unknown_queue = format!("WQ{}", "0".repeat(32));
    let unknown_workflow = format!("WW{}", "0".repeat(32));
    for (name, value) in [
        ("RoutingTarget", unknown_worker.as_str()),
        ("RoutingTarget", &unknown_queue),
        ("RoutingTarget", "WT00000000000000000000000000000000"),
        ("TaskQueueSid", &unknown_queue),
        ("WorkflowSid", &unknown_workflow),
        ("IgnoreCapacity", "true"),
        ("Timeout", "1209601"),
        ("Timeout", "-1"),
        ("Priority", "2147483648"),
        ("Priority", "-1"),
        ("VirtualStartTime", "1899-12-31T23:59:59Z"),
    ] {
        let (status, error) = client
            .post("/Tasks", &[("Attributes", "{}"), (name, value)])
            .await;
        assert_eq!(
            (status, &error["code"]),
            (400, &json!(20_001)),
            "{name}={value}: {error}"
        );
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{name}: ")),
            "{name}={value}: {error}"
        );
    }
    let most = [
        ("Timeout", "1209600"),
        ("Priority", &*PRIORITY_MAX.to_string()),
    ];
    let (status, task) = client
        .post(
            "/Tasks",
            &[
                &[("Attributes", r#"{"selected_language":"en"}"#)],
                &most[..],
            ]
            .concat(),
        )
        .await;
    assert_eq!(
        (status, &task["timeout"], &task["priority"]),
        (201, &json!(1_209_600), &json!(2_147_483_647))
    );
    test_centre.close().await;
}

#[tokio::test]
async fn workflow_sid_is_required_among_several() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let task = [("Attributes", r#"{"selected_language":"en"}"#)];
    assert_eq!(client.post("/Tasks", &task).await.0, 201);
    let queue = client
        .pages("/TaskQueues", "task_queues", "sid")
        .await
        .concat()[0]
        .clone();
    let configuration =
        json!({ "task_routing": { "default_filter": { "queue": queue } } }).to_string();
    let (status, workflow) = client
        .post(
            "/Workflows",
            &[
                ("FriendlyName", "Second"),
                ("Configuration", &configuration),
            ],
        )
        .await;
    assert_eq!(status, 201, "{workflow}");
    let (status, error) = client.post("/Tasks", &task).await;
    assert_eq!(
        (status, &error["message"]),
        (400, &json!("WorkflowSid field is required"))
    );
    let named = [task[0], ("WorkflowSid", workflow["sid"].as_str().unwrap())];
    assert_eq!(client.post("/Tasks", &named).await.0, 201);
    test_centre.close().await;
}

#[tokio::test]
async fn worker_with_reservation_is_not_deleted() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let voice = [
        ("Attributes", r#"{"selected_language":"en"}"#),
        ("TaskChannel", "voice"),
    ];
    let (_, task) = client.post("/Tasks", &voice).await;
    test_centre.centre.settle().await;
    let (_, reservations) = client
        .get(&format!(
            "/Tasks/{}/Reservations",
            task["sid"].as_str().unwrap()
        ))
        .await;
    let worker = reservations["reservations"][0]["worker_sid"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/Workers/{worker}");
    let (status, error) = client.delete_if(&path, "*").await;
    assert_eq!(status, 400, "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with(&format!("Cannot delete Worker {worker}")),
        "{error}"
    );
    client
        .post(
            &format!("/Tasks/{}", task["sid"].as_str().unwrap()),
            &[("AssignmentStatus", "canceled")],
        )
        .await;
    test_centre.centre.settle().await;
    assert_eq!(client.delete_if(&path, "*").await.0, 204);
    test_centre.close().await;
}

#[tokio::test]
async fn workspace_has_at_most_100_activities() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let there = client
        .pages("/Activities?PageSize=100", "activities", "sid")
        .await
        .concat()
        .len();
    for number in there..100 {
        let (status, made) = client
            .post(
                "/Activities",
                &[("FriendlyName", &format!("Activity {number}"))],
            )
            .await;
        assert_eq!(status, 201, "{number}: {made}");
    }
    let (status, error) = client
        .post("/Activities", &[("FriendlyName", "One more")])
        .await;
    assert_eq!(status, 400);
    assert!(
        error["message"].as_str().unwrap().contains("100"),
        "{error}"
    );
    test_centre.close().await;
}

/// Sends the head of a request whose body of 64 KB never follows; the first line of the answer.
async fn answer_to_head(test_centre: &TestCentre, path: &str) -> String {
    let authority = test_centre.base.trim_start_matches("http://");
    let mut connection = TcpStream::connect(authority).await.unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: 65536\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 64];
    let read = connection.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// Without credentials a client occupies neither memory nor a place, however large its body is.
#[tokio::test]
async fn credentials_are_checked_before_the_body() {
    let test_centre = TestCentre::example().await;
    for path in ["/v1/Workspaces", "/v1/Nothing"] {
        let status = answer_to_head(&test_centre, path).await;
        assert_eq!(status, "HTTP/1.1 401 Unauthorized", "{path}");
    }
    test_centre.close().await;
}
