//! The agent desktop: accept, reject, timeout, wrap-up.

use reqwest::Method;
use serde_json::Value;
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

/// While the call is connected the Task cannot be completed: the Worker would be available and the
/// next caller would be sent to the busy phone. The note is saved while it is typed, so that it
/// outlives a caller who hangs up first.
#[tokio::test(flavor = "multi_thread")]
async fn connected_call_is_hung_up_first() {
    let console = TestConsole::open().await;
    only_available(&console, "Maya").await;
    let maya = console.worker("Maya");
    let desk = console
        .administrator(Look::Light, &format!("/desk/{maya}"))
        .await;
    let caller = console.caller().await;
    desk.until(
        "the end of the ringing",
        "return /^(1[0-9]|20) s$/.test(document.querySelector('[data-left]')?.textContent)",
    )
    .await;
    console.answer().await;
    desk.sees(".card.connected button", "Hang up").await;
    desk.sees_no(".card.connected button", "Complete").await;
    let task = desk
        .run("return document.querySelector('[data-note]').dataset.note")
        .await;
    let task = task.as_str().unwrap().to_owned();
    // A page that was rendered before the call was connected still has the button.
    desk.run("const b = document.createElement('button'); b.name = 'AssignmentStatus'; b.value = 'completed'; b.id = 'stale'; document.querySelector('.card form').append(b)").await;
    desk.press("#stale").await;
    desk.sees("#refusal .alert", "still connected").await;
    desk.fill("textarea", "Wants two of them.").await;
    desk.press_button(".card", "Hang up").await;
    let is_over = |call: &Value| call["status"] == "completed";
    console
        .until_call(&format!("calls/{caller}"), is_over)
        .await;
    desk.sees_no(".card button", "Hang up").await;
    let ended = console
        .api(Method::GET, &format!("Tasks/{task}"), &[])
        .await;
    assert_eq!(ended["assignment_status"], "completed");
    assert!(note_of(&ended).contains("Wants two of them."), "{ended}");
    desk.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn note_outlives_the_callers_hang_up() {
    let console = TestConsole::open().await;
    only_available(&console, "Maya").await;
    let maya = console.worker("Maya");
    let desk = console
        .administrator(Look::Light, &format!("/desk/{maya}"))
        .await;
    let caller = console.caller().await;
    console.answer().await;
    desk.sees(".card.connected button", "Hang up").await;
    desk.fill("textarea", "Calls back").await;
    let nothing = serde_json::json!({});
    console
        .network(Method::POST, &format!("calls/{caller}/hangup"), &nothing)
        .await;
    desk.sees(".card button", "Save note").await;
    let task = desk
        .until(
            "what was typed, and the focus",
            "const f = document.querySelector('[data-note]'); return f.value === 'Calls back' && document.activeElement === f && f.dataset.note",
        )
        .await;
    desk.type_keys(" tomorrow.").await;
    desk.press_button(".card", "Save note").await;
    desk.sees(".empty", "You have no Tasks").await;
    let place = format!("Tasks/{}", task.as_str().unwrap());
    let ended = console.api(Method::GET, &place, &[]).await;
    assert!(note_of(&ended).contains("Calls back tomorrow."), "{ended}");
    desk.close().await;
    console.close().await;
}

/// The attributes of a Task, as text.
fn note_of(task: &Value) -> String {
    let attributes: Value = serde_json::from_str(task["attributes"].as_str().unwrap()).unwrap();
    attributes["conversations"]["content"].to_string()
}

/// The pressed button is replaced; the focus stays in its group. The browser's console has no
/// error, also after the end of a long poll, and nothing violates the content security policy.
#[tokio::test(flavor = "multi_thread")]
async fn focus_stays_near_a_pressed_button() {
    let console = TestConsole::open().await;
    let maya = console.worker("Maya");
    let desk = console
        .administrator(Look::Light, &format!("/desk/{maya}"))
        .await;
    desk.run("[...document.querySelectorAll('#activities button')].find((b) => b.textContent === 'Offline').focus()").await;
    desk.type_keys(&char::from(fantoccini::key::Key::Enter).to_string())
        .await;
    desk.sees("#current", "Offline").await;
    desk.until(
        "the focus",
        "return document.activeElement.id === 'activities'",
    )
    .await;
    for page in ["/wallboard", "/tasks", "/phones"] {
        desk.go(&console.at(page)).await;
        desk.until(page, "return document.readyState === 'complete'")
            .await;
    }
    desk.go(&console.at("/wallboard")).await;
    desk.sees("#plots h2", "English").await;
    assert_eq!(desk.console_messages().await, Vec::<String>::new());
    desk.close().await;
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
