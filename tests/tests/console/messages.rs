//! What the browser reports: resources that the content security policy refuses, and errors of
//! scripts and requests.

use tests::browser::{Browser, Look};

use crate::pages::{busy, pages};
use crate::test_console::TestConsole;

/// Asserts that the browser has reported nothing since the last call.
async fn is_silent(browser: &Browser, after: &str) {
    is_silent_but(browser, after, "").await;
}

/// The same, except for the page of a deleted resource, which may be refreshed once more before the
/// browser leaves it.
async fn is_silent_but(browser: &Browser, after: &str, deleted: &str) {
    let mut messages = browser.console_messages().await;
    messages.retain(|message| {
        deleted.is_empty() || !(message.contains(deleted) && message.contains("404"))
    });
    assert!(messages.is_empty(), "{after}: {messages:#?}");
}

/// No page is followed by a report, also when its collapsed parts are open and it is left at once.
#[tokio::test(flavor = "multi_thread")]
async fn browser_accepts_every_page() {
    let console = TestConsole::open().await;
    let task = busy(&console).await;
    let browser = console.administrator(Look::Light, "/phones").await;
    is_silent(&browser, "sign-in").await;
    for (name, page, awaited) in pages(&console, &task) {
        browser.go(&console.at(&page)).await;
        browser.sees(awaited, "").await;
        browser
            .run("for (const e of document.querySelectorAll('details')) e.open = true")
            .await;
        is_silent(&browser, name).await;
    }
    browser.go(&console.at("/desk")).await;
    is_silent(&browser, "the page that was left").await;
    browser.close().await;
    console.close().await;
}

/// No main control is followed by a report: of the phones, the desk, forms, lists and the session.
#[tokio::test(flavor = "multi_thread")]
async fn browser_accepts_every_main_control() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    browser.press("#dial").await;
    browser.sees(".card .transcript", "press 1").await;
    browser.press("[aria-label='Press 1']").await;
    browser.press_button(".card.ringing", "Answer").await;
    browser.sees(".card.connected .state", "Talking with").await;
    browser
        .press(".card.connected details[id^=documents] summary")
        .await;
    browser.press_button(".card.connected", "Hang up").await;
    browser.sees("#live", "No calls.").await;
    is_silent(&browser, "a call").await;

    let maya = console.worker("Maya");
    browser.go(&console.at(&format!("/desk/{maya}"))).await;
    for activity in ["Offline", "Available"] {
        browser
            .press_button("[aria-label='Change activity']", activity)
            .await;
        browser.sees("#current", activity).await;
    }
    browser
        .press_button("main", "Create a sign-in link for this agent")
        .await;
    browser.sees("main", "Sign in as Maya").await;
    is_silent(&browser, "the desk").await;

    browser.go(&console.at("/tasks/new")).await;
    browser
        .fill("#Attributes", r#"{"selected_language":"xx","name":"Ida"}"#)
        .await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Task WT").await;
    browser.press_button("main", "Change").await;
    browser.fill("#Priority", "7").await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Task WT").await;
    browser.press_button(".controls", "Cancel").await;
    browser.sees("dl", "canceled").await;
    browser.press("#remove summary").await;
    browser.press_button("#remove", "Remove this Task").await;
    browser.sees("h1", "Tasks").await;
    is_silent_but(&browser, "a Task", "/console/tasks/WT").await;

    browser.go(&console.at("/task-queues/new")).await;
    browser.fill("#FriendlyName", "Spanish").await;
    browser
        .fill("#TargetWorkers", r#"languages HAS "es""#)
        .await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Spanish").await;
    browser.go(&console.at("/events")).await;
    browser.press_button("#range", "Last 30 days").await;
    browser.sees("tbody th", "task.created").await;
    is_silent(&browser, "a TaskQueue and the Events").await;

    browser.press_button("header", "Sign out").await;
    browser.sees("h1", "Sign").await;
    is_silent(&browser, "the sign-out").await;
    browser.close().await;
    console.close().await;
}
