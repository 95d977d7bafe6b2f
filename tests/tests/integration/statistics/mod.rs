//! Events, statistics and event streams over a running centre, in virtual time.

mod bounds;
mod day;
mod events;
mod now;
mod official;
mod stream;

use ids::CallSid;
use ids::time::Millis;
use reqwest::Method;
use serde_json::Value;
use tests::test_centre::{EXAMPLE, TestCentre};

/// The example centre, with the TaskChannel chat.
async fn with_chat() -> TestCentre {
    let set_up = EXAMPLE.replacen(
        "  task_channels:\n",
        "  task_channels:\n    - name: chat\n",
        1,
    );
    TestCentre::open(&set_up, None).await
}

/// A GET below the Workspace's address, which has to succeed.
async fn get(test_centre: &TestCentre, path: &str) -> Value {
    let reply = test_centre.request(Method::GET, path, &[], None).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.body
}

/// Status and code of a refused GET.
async fn refused(test_centre: &TestCentre, path: &str) -> (u16, i64) {
    let reply = test_centre.request(Method::GET, path, &[], None).await;
    (
        reply.status,
        reply.body["code"].as_i64().unwrap_or_default(),
    )
}

/// Sets a Worker's Activity, through the API.
async fn set_activity(test_centre: &TestCentre, name: &str, activity: &str) {
    let known = &test_centre.contact_centre.workspace.activities;
    let sid = known
        .values()
        .find(|known| known.friendly_name == activity)
        .unwrap()
        .sid
        .to_string();
    let path = format!("Workers/{}", test_centre.worker(name).await.sid);
    let reply = test_centre
        .request(
            Method::POST,
            &path,
            &[("ActivitySid".to_owned(), sid)],
            None,
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    test_centre.centre.settle().await;
}

/// An English caller, whose Task waits now.
async fn caller(test_centre: &TestCentre, from: &str) -> CallSid {
    let call = test_centre.dial(from).await;
    test_centre.centre.settle().await;
    test_centre.press(call, "1").await;
    test_centre.centre.settle().await;
    call
}

async fn pass(test_centre: &TestCentre, secs: u64) {
    test_centre.advance(Millis::from_secs(secs)).await;
}

/// The SID of the TaskQueue of this language.
fn queue(test_centre: &TestCentre, language: &str) -> String {
    let queues = test_centre.contact_centre.workspace.task_queues.values();
    let name = format!("Customer Contact Center {language}");
    queues
        .into_iter()
        .find(|queue| queue.friendly_name == name)
        .unwrap()
        .sid
        .to_string()
}

/// The SID of the only Workflow.
fn workflow(test_centre: &TestCentre) -> String {
    test_centre
        .contact_centre
        .voice_settings
        .workflow_sid
        .to_string()
}
