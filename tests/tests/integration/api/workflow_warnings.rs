//! The warnings of a Workflow: TaskRouter takes it, and the check says what is wrong.

use serde_json::json;
use tests::test_centre::TestCentre;

use super::Client;

#[tokio::test]
async fn saved_workflow_has_warnings() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let queues = client.get("/TaskQueues").await.1;
    let queue = queues["task_queues"][0]["sid"].as_str().unwrap().to_owned();
    let configuration = json!({ "task_routing": {
        "filters": [
            { "filter_friendly_name": "all", "expression": "1==1", "targets": [{ "queue": queue }] },
            { "filter_friendly_name": "late", "expression": "type=='a'", "targets": [{ "queue": queue }] },
        ],
        "default_filter": { "queue": queue },
    }});
    let fields = [
        ("FriendlyName", "Hidden filter"),
        ("Configuration", &configuration.to_string()),
    ];
    let (status, made) = client.post("/Workflows", &fields).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/Workflows/{}/Warnings", made["sid"].as_str().unwrap());
    let (status, answer) = client.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    let warnings = answer["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{answer}");
    assert_eq!(warnings[0]["code"], "CB101");
    assert_eq!(warnings[0]["level"], "error");
    assert_eq!(warnings[0]["path"], "task_routing.filters[1].expression");
    assert!(answer["url"].as_str().unwrap().ends_with(&path), "{answer}");
    let unknown = "/Workflows/WW00000000000000000000000000000009/Warnings";
    assert_eq!(client.get(unknown).await.0, 404);
    test_centre.close().await;
}
