//! Matching over a real table, where a ready list is longer than one page.

use std::fmt::Write;

use ids::time::Millis;
use reqwest::Method;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// More Workers than a page has; all are free and serve the queue.
const BEGINNERS: usize = 105;

#[tokio::test]
async fn worker_after_first_page_is_found() {
    let mut beginners = String::new();
    for number in 0..BEGINNERS {
        writeln!(
            beginners,
            "  - name: Beginner {number}\n    attributes: {{\"languages\":[\"en\"],\"level\":1}}\n    activity: Available"
        )
        .unwrap();
    }
    let expert = "  - name: Maya\n    attributes: {\"languages\":[\"en\"],\"level\":5,";
    let set_up = EXAMPLE
        .replace("  - name: Maya\n    attributes: {\"languages\":[\"en\"],", &format!("{beginners}{expert}"))
        .replace(
            "          - queue: Customer Contact Center English\n",
            "          - queue: Customer Contact Center English\n            expression: worker.level >= 5\n",
        );
    let test_centre = TestCentre::open(&set_up, None).await;
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.advance(SLACK).await;
    assert!(
        test_centre.ringing().await.contains_key("+17075550101"),
        "{:?}",
        test_centre.task(caller).await
    );
    test_centre.close().await;
}

async fn set_activity(test_centre: &TestCentre, name: &str, activity: &str) {
    test_centre.set_activity(name, activity).await;
    test_centre.advance(SLACK).await;
}

/// The number of ready lists that are known for matching.
async fn ready_lists(test_centre: &TestCentre) -> usize {
    let sid = test_centre.contact_centre.workspace.sid;
    let now = ids::time::Clock::now(&*test_centre.clock);
    test_centre
        .centre
        .store
        .fresh_workspace(sid, now)
        .await
        .unwrap()
        .unwrap()
        .ready_lists
        .len()
}

/// A Worker who becomes available afterwards adds it again and is found.
#[tokio::test]
async fn unused_ready_list_is_removed() {
    let test_centre = TestCentre::example().await;
    for name in ["Maya", "Leela", "Arjun"] {
        set_activity(&test_centre, name, "Offline").await;
    }
    test_centre.centre.sweep().await;
    let before = ready_lists(&test_centre).await;
    test_centre.advance(Millis::from_secs(4_200)).await;
    test_centre.centre.sweep().await;
    assert!(before >= 3, "{before}");
    assert_eq!(ready_lists(&test_centre).await, 0);
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.advance(SLACK).await;
    set_activity(&test_centre, "Maya", "Available").await;
    assert!(
        test_centre.ringing().await.contains_key("+17075550101"),
        "{:?}",
        test_centre.task(caller).await
    );
    assert_eq!(ready_lists(&test_centre).await, 1);
    test_centre.close().await;
}

/// Creates a Task for a Worker who speaks English; its SID. Nothing is routed yet.
async fn new_task(test_centre: &TestCentre) -> String {
    let form = [
        (
            "Attributes".to_owned(),
            r#"{"selected_language":"en"}"#.to_owned(),
        ),
        ("TaskChannel".to_owned(), "voice".to_owned()),
    ];
    let reply = test_centre
        .request(Method::POST, "Tasks", &form, None)
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.body["sid"].as_str().unwrap().to_owned()
}

async fn status(test_centre: &TestCentre, task: &str) -> String {
    let reply = test_centre
        .request(Method::GET, &format!("Tasks/{task}"), &[], None)
        .await;
    reply.body["assignment_status"].as_str().unwrap().to_owned()
}

/// The record of a new Task comes before that of a Worker who became available at the same moment.
/// The Worker is offered the Task that has waited.
#[tokio::test]
async fn waiting_task_comes_before_a_new_one() {
    let test_centre = TestCentre::example().await;
    for name in ["Maya", "Leela"] {
        set_activity(&test_centre, name, "Offline").await;
    }
    let waiting = new_task(&test_centre).await;
    test_centre.advance(Millis::from_secs(4)).await;
    let new = new_task(&test_centre).await;
    test_centre.set_activity("Maya", "Available").await;
    test_centre.advance(SLACK).await;
    assert_eq!(status(&test_centre, &waiting).await, "reserved");
    assert_eq!(status(&test_centre, &new).await, "pending");
    test_centre.close().await;
}
