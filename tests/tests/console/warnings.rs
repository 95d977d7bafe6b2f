//! The page of a Workflow: what the check finds in it.

use reqwest::Method;
use serde_json::json;
use tests::browser::Look;

use crate::test_console::TestConsole;

#[tokio::test(flavor = "multi_thread")]
async fn workflow_page_shows_its_warnings() {
    let console = TestConsole::open().await;
    let queues = console.api(Method::GET, "TaskQueues", &[]).await;
    let queue = queues["task_queues"][0]["sid"].clone();
    let configuration = json!({ "task_routing": {
        "filters": [{
            "filter_friendly_name": "never",
            "expression": "age > 65 AND age < 18",
            "targets": [{ "queue": queue }],
        }],
        "default_filter": { "queue": queue },
    }});
    let fields = [
        ("FriendlyName", "Contradiction"),
        ("Configuration", &configuration.to_string()),
    ];
    let made = console.api(Method::POST, "Workflows", &fields).await;
    let browser = console.administrator(Look::Light, "/workflows").await;
    let page = format!("/workflows/{}", made["sid"].as_str().unwrap());
    browser.go(&console.at(&page)).await;
    browser.sees("#warnings", "Warnings").await;
    browser
        .sees("section[aria-labelledby='warnings'] li", "error CB102")
        .await;
    browser.close().await;
    console.close().await;
}
