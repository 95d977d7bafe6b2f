//! The agent desktop: accept, reject, timeout, wrap-up.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

const ENGLISH: &str = r#"{"selected_language":"en","name":"Ida"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn agent_completes_task_with_a_note() {
    let console = TestConsole::without_telephony().await;
    only_available(&console, "Maya").await;
    let browser = console
        .administrator(Look::Light, &format!("/desk/{}", console.worker("Maya")))
        .await;
    browser.sees(".empty", "You have no Tasks").await;
    let task = console.task(ENGLISH).await;
    browser.sees(".card.ringing h3", "Ida").await;
    browser
        .until(
            "a countdown",
            "return /^([0-9]|10) s$/.test(document.querySelector('[data-left]')?.textContent)",
        )
        .await;
    browser.press_button(".card.ringing", "Accept").await;
    browser.sees(".card.connected .state", "accepted").await;
    browser.fill("textarea", "Wants <b>two</b> of them.").await;
    browser.press_button(".card", "Complete").await;
    browser.sees_no("h3", "Ida").await;
    let ended = console
        .api(Method::GET, &format!("Tasks/{task}"), &[])
        .await;
    assert_eq!(
        (&ended["assignment_status"], &ended["reason"]),
        (&"completed".into(), &"Wants <b>two</b> of them.".into())
    );
    browser.close().await;
    console.close().await;
}

/// A Reservation that is not answered times out, and the agent becomes Offline.
#[tokio::test(flavor = "multi_thread")]
async fn rejected_task_goes_to_next_agent() {
    let console = TestConsole::without_telephony().await;
    only_available(&console, "Maya").await;
    let maya = console
        .administrator(Look::Light, &format!("/desk/{}", console.worker("Maya")))
        .await;
    console.task(ENGLISH).await;
    maya.press_button(".card.ringing", "Reject").await;
    maya.sees_no("h3", "Ida").await;
    let leela = console
        .administrator(Look::Narrow, &format!("/desk/{}", console.worker("Leela")))
        .await;
    leela
        .press_button("[aria-label='Change activity']", "Available")
        .await;
    leela.sees(".card.ringing h3", "Ida").await;
    // Unanswered, the Reservation times out after its ten seconds, and the Worker is Offline.
    leela.sees("#current", "Offline").await;
    maya.close().await;
    leela.close().await;
    console.close().await;
}

/// Makes all other Workers Offline.
async fn only_available(console: &TestConsole, name: &str) {
    let offline = console
        .running
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    for worker in ["Maya", "Arjun", "Leela"]
        .into_iter()
        .filter(|worker| *worker != name)
    {
        console
            .api(
                Method::POST,
                &format!("Workers/{}", console.worker(worker)),
                &[("ActivitySid", &offline)],
            )
            .await;
    }
}
