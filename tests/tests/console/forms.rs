//! Forms of resources that change while the form is open.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// What was not touched on the page is not written; what was changed in both places is a conflict
/// that shows both values.
#[tokio::test(flavor = "multi_thread")]
async fn stale_form_overwrites_nothing() {
    let console = TestConsole::without_telephony().await;
    let task = console.task(r#"{"selected_language":"xx"}"#).await;
    let place = format!("Tasks/{task}");
    let browser = console
        .administrator(Look::Light, &format!("/tasks/{task}/edit"))
        .await;
    let newer = r#"{"selected_language":"xx","vip":true}"#;
    console
        .api(Method::POST, &place, &[("Attributes", newer)])
        .await;
    browser.fill("#Priority", "7").await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Task WT").await;
    let saved = console.api(Method::GET, &place, &[]).await;
    assert_eq!(saved["priority"], 7);
    assert!(saved["attributes"].to_string().contains("vip"), "{saved}");

    browser
        .go(&console.at(&format!("/tasks/{task}/edit")))
        .await;
    browser.fill("#Attributes", r#"{"mine":1}"#).await;
    console
        .api(Method::POST, &place, &[("Attributes", r#"{"theirs":2}"#)])
        .await;
    browser.press_button("main", "Save").await;
    browser.sees("#Attributes-conflict pre", "theirs").await;
    let typed = browser
        .run("return document.querySelector('#Attributes').value")
        .await;
    assert_eq!(typed, r#"{"mine":1}"#);
    let kept = console.api(Method::GET, &place, &[]).await;
    assert!(kept["attributes"].to_string().contains("theirs"), "{kept}");
    assert_eq!(browser.barriers().await, Vec::<String>::new());
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Task WT").await;
    let saved = console.api(Method::GET, &place, &[]).await;
    assert!(saved["attributes"].to_string().contains("mine"), "{saved}");

    // A Worker whose Activity changes while their name is edited stays where they are.
    let maya = console.worker("Maya");
    browser
        .go(&console.at(&format!("/workers/{maya}/edit")))
        .await;
    let offline = console
        .running
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    let worker = format!("Workers/{maya}");
    console
        .api(Method::POST, &worker, &[("ActivitySid", &offline)])
        .await;
    browser.fill("#FriendlyName", "Maya B").await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Worker Maya B").await;
    let saved = console.api(Method::GET, &worker, &[]).await;
    assert_eq!(saved["activity_sid"], offline);

    // The list replaces the removed Task's heading and address.
    browser.go(&console.at(&format!("/tasks/{task}"))).await;
    browser.press("#remove summary").await;
    browser.press_button("#remove", "Remove this Task").await;
    browser
        .until(
            "the list",
            "return location.pathname === '/console/tasks' && document.querySelector('h1')?.textContent === 'Tasks'",
        )
        .await;
    browser.close().await;
    console.close().await;
}
