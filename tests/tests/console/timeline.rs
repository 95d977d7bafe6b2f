//! A Task's timeline: a call from the ring to its end, with Events and webhooks in one order.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// The entries of a call, in order, without those that the carrier requests at the same time.
const ENTRIES: [&str; 10] = [
    "/incoming-call",
    "/enqueue-call",
    "task.created",
    "reservation.created",
    "/assignment",
    "/Calls.json",
    "/worker-call?",
    "/worker-call/connecting",
    "reservation.accepted",
    "task.completed",
];

/// Events and webhooks in order, with the bodies of requests and answers.
#[tokio::test(flavor = "multi_thread")]
async fn timeline_shows_a_whole_call() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    browser.press("#dial").await;
    browser.sees(".card .transcript", "press 1").await;
    browser.press("[aria-label='Press 1']").await;
    browser.press_button(".card.ringing", "Answer").await;
    browser.sees(".card.connected .state", "Talking with").await;
    browser.press_button(".card.connected", "Hang up").await;
    browser.sees(".empty", "No calls.").await;
    let tasks = console.api(Method::GET, "Tasks", &[]).await;
    let task = tasks["tasks"][0]["sid"]
        .as_str()
        .unwrap_or_else(|| panic!("{tasks}"))
        .to_owned();
    browser.go(&console.at(&format!("/tasks/{task}"))).await;
    browser.sees(".timeline", "task.completed").await;
    browser.sees(".timeline", "/queue-exit").await;

    let lines = browser
        .run("return [...document.querySelectorAll('.timeline > li')].map((e) => e.innerText)")
        .await;
    let lines: Vec<&str> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    let at = |what: &str| {
        lines
            .iter()
            .position(|line| line.contains(what))
            .unwrap_or_else(|| panic!("no {what} in {lines:#?}"))
    };
    assert!(ENTRIES.map(at).is_sorted(), "{lines:#?}");
    let webhooks = browser
        .run("return [...document.querySelectorAll('.webhook')].map((e) => e.textContent).join()")
        .await;
    assert!(
        !webhooks.as_str().unwrap().contains("+1707"),
        "a whole phone number in {webhooks}"
    );

    let summary = "return [...document.querySelectorAll('.webhook summary')].find((e) => e.textContent.includes('/assignment'))?.click() ?? true";
    browser.until("the assignment callback", summary).await;
    browser
        .sees(".webhook details[open] pre", r#""instruction":"dequeue""#)
        .await;
    let barriers = browser.barriers().await;
    assert!(barriers.is_empty(), "{}", barriers.join("\n"));
    browser.close().await;
    console.close().await;
}
