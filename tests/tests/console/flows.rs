//! The page of voice flows: drawings, the callers at their steps, and the path of one call.

use reqwest::Method;
use serde_json::json;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// Calls the emergency number. The caller waits while Nadia's phone rings.
async fn call_emergency(console: &TestConsole) {
    let available = console
        .running
        .contact_centre
        .workspace
        .activities
        .values()
        .find(|activity| activity.available)
        .unwrap();
    let nadia = format!("Workers/{}", console.worker("Nadia"));
    let form = [("ActivitySid", &*available.sid.to_string())];
    console.api(Method::POST, &nadia, &form).await;
    let dialed = json!({ "from": "+17075550142", "to": "+17075550112" });
    console.network(Method::POST, "calls", &dialed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_are_drawn_with_their_callers() {
    let console = TestConsole::utility().await;
    let browser = console.administrator(Look::Light, "/flows").await;
    browser.sees("#flow-emergency h2", "emergency").await;
    browser.sees("#flow-emergency .state", "+17075550112").await;
    browser
        .sees("#flow-welcome svg text", "9 → emergency")
        .await;
    // Nested steps are drawn under their option.
    browser.sees("#flow-offers svg text", "callback").await;
    call_emergency(&console).await;
    browser.sees("#flow-emergency .flow-count", "1 call").await;
    let tasks = console.api(Method::GET, "Tasks", &[]).await;
    let task = tasks["tasks"][0]["sid"].as_str().unwrap();
    browser
        .sees("#flow-emergency ul", "+17075550142: waits")
        .await;
    let barriers = browser.barriers().await;
    assert!(barriers.is_empty(), "{}", barriers.join("\n"));

    browser.go(&console.at(&format!("/tasks/{task}"))).await;
    for step in ["emergency/1", "emergency/5"] {
        browser.sees("section[aria-labelledby=path] li", step).await;
    }
    browser
        .press_button(
            "section[aria-labelledby=path]",
            "Show the path in the drawing",
        )
        .await;
    browser
        .sees("#live", "The path of this Task is marked.")
        .await;
    let marked = "return document.querySelectorAll('#flow-emergency .flow-marked').length";
    assert_eq!(browser.run(marked).await, 5);
    let all = "return document.querySelectorAll('.flow-marked').length";
    assert_eq!(browser.run(all).await, 5);
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn centre_without_flows_says_so() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/flows").await;
    browser.sees(".empty", "no voice flows").await;
    browser.close().await;
    console.close().await;
}
