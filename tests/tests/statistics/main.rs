//! Events, statistics and event streams over a running centre, in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

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

/// The example centre, which may have chats, too.
async fn with_chat() -> TestCentre {
    let set_up = EXAMPLE.replacen(
        "  task_channels:\n",
        "  task_channels:\n    - name: chat\n",
        1,
    );
    TestCentre::open(&set_up, None).await
}

/// GET below the Workspace's address, which goes well.
async fn get(laboratory: &TestCentre, path: &str) -> Value {
    let reply = laboratory.request(Method::GET, path, &[], None).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.body
}

/// Status and code of a GET that is refused.
async fn refused(laboratory: &TestCentre, path: &str) -> (u16, i64) {
    let reply = laboratory.request(Method::GET, path, &[], None).await;
    (
        reply.status,
        reply.body["code"].as_i64().unwrap_or_default(),
    )
}

/// Moves a Worker to an Activity.
async fn set_activity(laboratory: &TestCentre, name: &str, activity: &str) {
    let known = &laboratory.contact_centre.workspace.activities;
    let sid = known
        .values()
        .find(|known| known.friendly_name == activity)
        .unwrap()
        .sid
        .to_string();
    let path = format!("Workers/{}", laboratory.worker(name).await.sid);
    let reply = laboratory
        .request(
            Method::POST,
            &path,
            &[("ActivitySid".to_owned(), sid)],
            None,
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    laboratory.centre.settle().await;
}

/// An English caller, who waits now.
async fn caller(laboratory: &TestCentre, from: &str) -> CallSid {
    let call = laboratory.dial(from).await;
    laboratory.centre.settle().await;
    laboratory.press(call, "1").await;
    laboratory.centre.settle().await;
    call
}

async fn pass(laboratory: &TestCentre, secs: u64) {
    laboratory.advance(Millis::from_secs(secs)).await;
}

/// The TaskQueue of this language.
fn queue(laboratory: &TestCentre, language: &str) -> String {
    let queues = laboratory.contact_centre.workspace.task_queues.values();
    let name = format!("Customer Contact Center {language}");
    queues
        .into_iter()
        .find(|queue| queue.friendly_name == name)
        .unwrap()
        .sid
        .to_string()
}

/// The Workflow.
fn workflow(laboratory: &TestCentre) -> String {
    laboratory
        .contact_centre
        .voice_settings
        .workflow_sid
        .to_string()
}
