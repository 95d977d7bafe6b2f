//! Several tabs of one browser, and lists that do not fit on a page.

use std::time::{Duration, Instant};

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// Tabs: more than the six connections that a browser opens to a host.
const TABS: usize = 8;

/// Far below the time for which a long poll is held.
const SOON: Duration = Duration::from_secs(5);

/// The tabs share one long poll, and each is refreshed; also when the tab that holds it is closed.
#[tokio::test(flavor = "multi_thread")]
async fn many_tabs_share_one_long_poll() {
    let console = TestConsole::without_telephony().await;
    let browser = console.administrator(Look::Light, "/tasks").await;
    let first = browser.client.window().await.unwrap();
    let began = Instant::now();
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        tabs.push(browser.open_tab(&console.at("/tasks")).await);
        browser.sees("h1", "Tasks").await;
    }
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
    browser.client.switch_to_window(first).await.unwrap();
    browser.client.close_window().await.unwrap();
    let began = Instant::now();
    let task = console
        .task(r#"{"selected_language":"xx","name":"Ida"}"#)
        .await;
    for tab in tabs {
        browser.client.switch_to_window(tab).await.unwrap();
        browser.sees(&format!("#row-{task}"), "Ida").await;
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());

    // TaskQueues that do not fit on the wallboard are on its next page, and the range of Events is
    // named.
    for number in 0..24 {
        let name = format!("Queue {number:02}");
        let form = [("FriendlyName", name.as_str())];
        console.api(Method::POST, "TaskQueues", &form).await;
    }
    browser.go(&console.at("/wallboard")).await;
    browser
        .until(
            "a full page",
            "return document.querySelectorAll('.board .card').length === 24",
        )
        .await;
    browser.sees("main", "more TaskQueues than fit").await;
    browser.press("#next").await;
    browser
        .until(
            "the rest",
            "return document.querySelectorAll('.board .card').length === 2",
        )
        .await;
    browser.go(&console.at("/events")).await;
    browser
        .sees("#range", "Events of the last 15 minutes.")
        .await;
    browser.press_button("#range", "Last 30 days").await;
    browser.sees("tbody th", "task.created").await;
    browser.close().await;
    console.close().await;
}
