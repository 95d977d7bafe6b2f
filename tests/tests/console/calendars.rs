//! The page of opening hours: a supervisor closes a calendar, and opens it again.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

#[tokio::test(flavor = "multi_thread")]
async fn calendar_is_closed_and_opened_again() {
    let console = TestConsole::utility().await;
    let browser = console.administrator(Look::Light, "/calendars").await;
    browser.sees("#calendar-germany", "germany: ").await;
    browser.fill("#until-germany", "soon").await;
    browser.press_button("#calendar-germany", "Close …").await;
    browser
        .sees(".alert", "Until: expected a moment such as")
        .await;
    browser.go(&console.at("/calendars")).await;
    browser.fill("#until-germany", "2h").await;
    browser.fill("#reason-germany", "Fire alarm").await;
    browser.fill("#by-germany", "Robin").await;
    browser.press_button("#calendar-germany", "Close …").await;
    browser.sees("h1", "Close germany?").await;
    browser.sees("main", "until ").await;
    let before = console.api(Method::GET, "Calendars/germany", &[]).await;
    assert!(before["switch"].is_null(), "not confirmed yet: {before}");
    browser.press("#confirm").await;
    browser
        .sees("#calendar-germany h2", "germany: closed")
        .await;
    browser.sees("#calendar-germany dl", "Robin").await;
    browser.sees("#calendar-germany dl", "Fire alarm").await;
    let closed = console.api(Method::GET, "Calendars/germany", &[]).await;
    assert_eq!(closed["switch"]["state"], "closed", "{closed}");
    browser
        .press_button("#calendar-germany", "Turn the switch off …")
        .await;
    browser.press("#confirm").await;
    browser.sees("#calendar-germany button", "Close …").await;
    let barriers = browser.barriers().await;
    assert!(barriers.is_empty(), "{}", barriers.join("\n"));
    browser.close().await;
    console.close().await;
}
