//! Backfill: a configuration change reaches the waiting Tasks and the Workers it affects at once,
//! without a sweep.

use ids::time::Millis;
use serde_json::Value;
use task_router::model::TaskOrder;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// Longer than the backfill's delay: every process has read the change after 2 s, and one more
/// second collects further changes.
const BACKFILLED: Millis = Millis::from_secs(3);

/// The example, with this text replaced.
fn changed(old: &str, new: &str) -> String {
    assert!(EXAMPLE.contains(old), "the example has no {old:?}");
    EXAMPLE.replace(old, new)
}

/// A caller who chose Hindi while no queue has a Worker for it.
async fn waiting(test_centre: &TestCentre) -> ids::CallSid {
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "2").await;
    test_centre.advance(SLACK).await;
    caller
}

/// The example whose Hindi queue has no Workers.
fn without_hindi_speakers() -> String {
    changed("languages HAS \"hi\"\n", "languages HAS \"none\"\n")
}

#[tokio::test]
async fn changed_queue_finds_workers_for_waiting_call() {
    let mut test_centre = TestCentre::open(&without_hindi_speakers(), None).await;
    waiting(&test_centre).await;
    test_centre.apply_configuration(EXAMPLE).await;
    test_centre.advance(BACKFILLED).await;
    let ringing = test_centre.ringing().await;
    let hindi_speakers = ["+17075550102", "+17075550103"];
    assert!(
        hindi_speakers
            .iter()
            .any(|phone| ringing.contains_key(*phone)),
        "Arjun or Leela is called: {ringing:?}"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn new_queue_gets_its_workers() {
    let test_centre = TestCentre::example().await;
    let before = test_centre
        .worker("Maya")
        .await
        .queue_membership
        .queues()
        .len();
    let path = format!(
        "{}/v1/Workspaces/{}/TaskQueues",
        test_centre.base, test_centre.contact_centre.workspace.sid
    );
    let account = &test_centre.account;
    let request = reqwest::Client::new()
        .post(path)
        .form(&[("FriendlyName", "All Workers")]);
    let answer = request
        .basic_auth(account.account_sid, Some(&account.auth_token))
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.status().as_u16(),
        201,
        "{}",
        answer.json::<Value>().await.unwrap()
    );
    test_centre.advance(BACKFILLED).await;
    assert_eq!(
        test_centre
            .worker("Maya")
            .await
            .queue_membership
            .queues()
            .len(),
        before + 1
    );
    test_centre.close().await;
}

/// A Workflow saved with re-evaluation, and a queue whose order changed to LIFO.
#[tokio::test]
async fn waiting_task_follows_workflow_and_order() {
    let mut test_centre = TestCentre::open(&without_hindi_speakers(), None).await;
    let caller = waiting(&test_centre).await;
    let to_english = without_hindi_speakers()
        .replace(
            "queue: Customer Contact Center Hindi\n            timeout: 1200s",
            "queue: Customer Contact Center English\n            timeout: 1200s",
        )
        .replace("re_evaluate_tasks: false", "re_evaluate_tasks: true")
        .replace("task_order: FIFO  ", "task_order: LIFO  ")
        .replace("languages HAS \"en\"\n", "languages HAS \"none\"\n");
    test_centre.apply_configuration(&to_english).await;
    test_centre.advance(BACKFILLED).await;
    let task = test_centre.task(caller).await.unwrap();
    let queue = &test_centre.contact_centre.workspace.task_queues[&task.task_queue_sid];
    assert_eq!(queue.friendly_name, "Customer Contact Center English");
    assert_eq!((task.workflow_version, task.filed), (1, TaskOrder::Lifo));
    test_centre.close().await;
}

#[tokio::test]
async fn deleted_activity_becomes_the_default() {
    let mut test_centre = TestCentre::open(
        &changed(
            "contact_uri\":\"+17075550102\"}\n    activity: Available",
            "contact_uri\":\"+17075550102\"}\n    activity: Unavailable",
        ),
        None,
    )
    .await;
    assert_eq!(test_centre.activity_of("Arjun").await, "Unavailable");
    let path = format!(
        "/v1/Workspaces/{}/Workers/{}",
        test_centre.contact_centre.workspace.sid,
        test_centre.worker("Maya").await.sid
    );
    let unavailable = test_centre.worker("Arjun").await.activity_sid.to_string();
    let account = &test_centre.account;
    let request = reqwest::Client::new()
        .post(format!("{}{path}", test_centre.base))
        .form(&[("ActivitySid", unavailable)]);
    let answer = request
        .basic_auth(account.account_sid, Some(&account.auth_token))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    test_centre
        .apply_configuration(&changed("name: Unavailable,", "name: Lunch,"))
        .await;
    test_centre.advance(BACKFILLED).await;
    assert_eq!(test_centre.activity_of("Maya").await, "Offline");
    test_centre.close().await;
}
