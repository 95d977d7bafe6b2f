//! The pages' explanations: why a Task waits, and why a Worker gets none.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// Makes the Workers who speak Hindi Offline; the SID of Offline.
async fn without_hindi(console: &TestConsole) -> String {
    let offline = console
        .running
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    for worker in ["Arjun", "Leela"] {
        console
            .api(
                Method::POST,
                &format!("Workers/{}", console.worker(worker)),
                &[("ActivitySid", &offline)],
            )
            .await;
    }
    offline
}

/// The explanation is updated when a Worker changes.
#[tokio::test(flavor = "multi_thread")]
async fn task_page_explains_why_it_waits() {
    let console = TestConsole::open().await;
    without_hindi(&console).await;
    let browser = console.administrator(Look::Light, "/phones").await;
    browser.press("#dial").await;
    browser.sees(".card .transcript", "press 1").await;
    browser.press("[aria-label='Press 2']").await;
    browser.go(&console.at("/tasks")).await;
    browser.press("tbody th a").await;
    browser.sees("#why", "Why is this Task waiting?").await;
    browser
        .sees(
            &format!("#why-{}", console.worker("Arjun")),
            "their Activity Offline takes no Tasks",
        )
        .await;
    let maya = format!("#why-{}", console.worker("Maya"));
    browser
        .sees(
            &maya,
            "`languages HAS \"hi\"` is false: `languages` is [\"en\"]",
        )
        .await;
    browser
        .sees(&format!("{maya} mark"), "languages HAS \"hi\"")
        .await;
    console
        .api(
            Method::POST,
            &format!("Workers/{}", console.worker("Maya")),
            &[("Attributes", r#"{"languages":["fr"]}"#)],
        )
        .await;
    browser.sees(&maya, "`languages` is [\"fr\"]").await;
    let barriers = browser.barriers().await;
    assert!(barriers.is_empty(), "{}", barriers.join("\n"));
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_page_explains_missing_tasks() {
    let console = TestConsole::open().await;
    let offline = without_hindi(&console).await;
    let waiting = console.task(r#"{"selected_language":"hi"}"#).await;
    let browser = console
        .administrator(
            Look::Light,
            &format!("/workers/{}", console.worker("Arjun")),
        )
        .await;
    browser
        .sees("#why", "Why is this Worker offered no Task?")
        .await;
    browser
        .sees("#why-summary", "their Activity Offline takes no Tasks")
        .await;
    browser
        .sees(".reasons", "their Activity Offline takes no Tasks")
        .await;
    browser
        .until(
            "the Task",
            &format!("return document.querySelector('a[href$=\"{waiting}\"]') && true"),
        )
        .await;
    browser
        .go(&console.at(&format!("/workers/{}", console.worker("Maya"))))
        .await;
    browser.sees("mark", "languages HAS \"hi\"").await;
    let maya = console.worker("Maya");
    console
        .api(
            Method::POST,
            &format!("Workers/{maya}"),
            &[("ActivitySid", &offline)],
        )
        .await;
    browser
        .sees(
            "#why-summary",
            "Nothing comes to Maya: their Activity Offline takes no Tasks",
        )
        .await;
    browser.close().await;
    console.close().await;
}
