//! A change of configuration reaches those who wait by it at once: no sweep comes here, and nothing else happens.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use ids::time::Millis;
use serde_json::Value;
use task_router::model::TaskOrder;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// Every process knows the change after 2 s; a second more is given for more changes.
const FOLLOWED: Millis = Millis::from_secs(3);

/// The example, with this changed.
fn changed(old: &str, new: &str) -> String {
    assert!(EXAMPLE.contains(old), "the example has no {old:?}");
    EXAMPLE.replace(old, new)
}

/// A caller who chose Hindi while nobody who speaks it is there.
async fn waiting(laboratory: &TestCentre) -> ids::CallSid {
    let caller = laboratory.dial("+17075550190").await;
    laboratory.centre.settle().await;
    laboratory.press(caller, "2").await;
    laboratory.advance(SLACK).await;
    caller
}

/// Nobody speaks Hindi.
fn without_hindi_speakers() -> String {
    changed("languages HAS \"hi\"\n", "languages HAS \"none\"\n")
}

#[tokio::test]
async fn a_queue_that_chooses_other_workers_finds_them_for_the_call_that_waits() {
    let mut laboratory = TestCentre::open(&without_hindi_speakers(), None).await;
    waiting(&laboratory).await;
    laboratory.set_up_again(EXAMPLE).await;
    laboratory.advance(FOLLOWED).await;
    let ringing = laboratory.ringing().await;
    let hindi_speakers = ["+17075550102", "+17075550103"];
    assert!(
        hindi_speakers
            .iter()
            .any(|phone| ringing.contains_key(*phone)),
        "Arjun or Leela is called: {ringing:?}"
    );
    laboratory.close().await;
}

#[tokio::test]
async fn a_queue_made_through_the_api_has_its_workers_soon_after() {
    let laboratory = TestCentre::example().await;
    let before = laboratory
        .worker("Maya")
        .await
        .queue_membership
        .queues()
        .len();
    let path = format!(
        "{}/v1/Workspaces/{}/TaskQueues",
        laboratory.base, laboratory.contact_centre.workspace.sid
    );
    let account = &laboratory.account;
    let request = reqwest::Client::new()
        .post(path)
        .form(&[("FriendlyName", "Everybody")]);
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
    laboratory.advance(FOLLOWED).await;
    assert_eq!(
        laboratory
            .worker("Maya")
            .await
            .queue_membership
            .queues()
            .len(),
        before + 1
    );
    laboratory.close().await;
}

#[tokio::test]
async fn a_workflow_saved_with_re_evaluation_and_a_queue_in_another_order_take_along_the_call_that_waits()
 {
    let mut laboratory = TestCentre::open(&without_hindi_speakers(), None).await;
    let caller = waiting(&laboratory).await;
    let to_english = without_hindi_speakers()
        .replace(
            "queue: Customer Contact Center Hindi\n            timeout: 1200s",
            "queue: Customer Contact Center English\n            timeout: 1200s",
        )
        .replace("re_evaluate_tasks: false", "re_evaluate_tasks: true")
        .replace("task_order: FIFO  ", "task_order: LIFO  ")
        .replace("languages HAS \"en\"\n", "languages HAS \"none\"\n");
    laboratory.set_up_again(&to_english).await;
    laboratory.advance(FOLLOWED).await;
    let task = laboratory.task(caller).await.unwrap();
    let queue = &laboratory.contact_centre.workspace.task_queues[&task.task_queue_sid];
    assert_eq!(queue.friendly_name, "Customer Contact Center English");
    assert_eq!((task.workflow_version, task.filed), (1, TaskOrder::Lifo));
    laboratory.close().await;
}

#[tokio::test]
async fn workers_whose_activity_is_gone_are_in_the_default_one() {
    let mut laboratory = TestCentre::open(
        &changed(
            "contact_uri\":\"+17075550102\"}\n    activity: Available",
            "contact_uri\":\"+17075550102\"}\n    activity: Unavailable",
        ),
        None,
    )
    .await;
    assert_eq!(laboratory.activity_of("Arjun").await, "Unavailable");
    let path = format!(
        "/v1/Workspaces/{}/Workers/{}",
        laboratory.contact_centre.workspace.sid,
        laboratory.worker("Maya").await.sid
    );
    let unavailable = laboratory.worker("Arjun").await.activity_sid.to_string();
    let account = &laboratory.account;
    let request = reqwest::Client::new()
        .post(format!("{}{path}", laboratory.base))
        .form(&[("ActivitySid", unavailable)]);
    let answer = request
        .basic_auth(account.account_sid, Some(&account.auth_token))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    laboratory
        .set_up_again(&changed("name: Unavailable,", "name: Lunch,"))
        .await;
    laboratory.advance(FOLLOWED).await;
    assert_eq!(laboratory.activity_of("Maya").await, "Offline");
    laboratory.close().await;
}
