//! The page of a Workflow: what its shadow would have decided.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

#[tokio::test(flavor = "multi_thread")]
async fn workflow_page_shows_its_shadow() {
    let console = TestConsole::open().await;
    let workflows = console.api(Method::GET, "Workflows", &[]).await;
    let live = workflows["workflows"][0].clone();
    let sid = live["sid"].as_str().unwrap().to_owned();
    let fields = [
        ("FriendlyName", "Candidate"),
        ("Configuration", live["configuration"].as_str().unwrap()),
    ];
    let made = console.api(Method::POST, "Workflows", &fields).await;
    let shadow = [("ShadowWorkflowSid", made["sid"].as_str().unwrap())];
    let path = format!("Workflows/{sid}/Shadow");
    console.api(Method::POST, &path, &shadow).await;
    let browser = console.administrator(Look::Light, "/workflows").await;
    browser.go(&console.at(&format!("/workflows/{sid}"))).await;
    browser.sees("#shadow", "Shadow").await;
    browser.sees("#shadow-summary", "0 of the latest 0").await;
    browser.close().await;
    console.close().await;
}
