//! Tables: live updates, filters, pages, edits.

use std::time::{Duration, Instant};

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// A table shows a change within this time.
const SOON: Duration = Duration::from_secs(1);

/// Less than the timeout of the graceful shutdown.
const HOLD_UP_MAX: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn table_updates_live_and_keeps_focus() {
    let console = TestConsole::open().await;
    let maya = console.worker("Maya");
    let browser = console.administrator(Look::Light, "/workers").await;
    browser.sees(&format!("#row-{maya}"), "Available").await;
    browser
        .run(&format!("document.querySelector('#to-{maya}').focus()"))
        .await;
    let offline = console
        .running
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    let began = Instant::now();
    console
        .api(
            Method::POST,
            &format!("Workers/{maya}"),
            &[("ActivitySid", &offline)],
        )
        .await;
    browser.sees(&format!("#row-{maya}"), "Offline").await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let focused = browser.run("return document.activeElement.id").await;
    assert_eq!(focused, format!("to-{maya}"));
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_update_within_a_second() {
    let console = TestConsole::without_telephony().await;
    let maya = console.worker("Maya");
    let queue = queue(&console, "English").await;
    let browser = console.administrator(Look::Light, "/task-queues").await;
    let wait = format!("document.querySelector('#row-{queue} td:nth-of-type(2)').textContent");
    assert_eq!(
        browser.run(&format!("return {wait}")).await,
        "–",
        "without a waiting Task there is no counter"
    );
    let began = Instant::now();
    let task = console
        .task(r#"{"selected_language":"en","name":"Ida"}"#)
        .await;
    browser
        .until(
            "a Task",
            &format!("return document.querySelector('#row-{queue} td').textContent === '1'"),
        )
        .await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    browser
        .until(
            "an eligible Worker",
            &format!("return Number(document.querySelector('#row-{queue} td:nth-of-type(3)').textContent) > 0"),
        )
        .await;
    browser.go(&console.at("/tasks")).await;
    let row = format!("#row-{task}");
    for shown in ["Ida", "reserved", "voice", "English", "Maya"] {
        browser.sees(&row, shown).await;
    }
    browser.go(&console.at("/workers")).await;
    browser
        .sees(&format!("#row-{maya} td:nth-of-type(4)"), "voice 1/1")
        .await;
    browser
        .sees(&format!("#row-{maya} td:nth-of-type(5)"), "WT…")
        .await;
    let began = Instant::now();
    console
        .api(
            Method::POST,
            &format!("Tasks/{task}"),
            &[("AssignmentStatus", "canceled")],
        )
        .await;
    browser
        .sees_no(&format!("#row-{maya} td:nth-of-type(5)"), "WT…")
        .await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    browser.close().await;
    console.close().await;
}

/// The SID of the queue of a language.
async fn queue(console: &TestConsole, language: &str) -> String {
    let queues = console.api(Method::GET, "TaskQueues", &[]).await;
    let queues = queues["task_queues"].as_array().unwrap();
    let found = queues
        .iter()
        .find(|queue| queue["friendly_name"].as_str().unwrap().contains(language));
    found.unwrap()["sid"].as_str().unwrap().to_owned()
}

/// Regression: two changes arrived so close together that the second one found the fetch for the
/// first one in flight, and the page was not refreshed again.
#[tokio::test(flavor = "multi_thread")]
async fn change_during_a_fetch_is_not_lost() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/task-queues").await;
    browser.sees("tbody th", "English").await;
    let twice = "const live = document.querySelector('[hx-trigger*=\"changes:tasks\"]');
        performance.clearResourceTimings();
        for (const at of [1, 2]) htmx.trigger(live, 'changes:tasks');";
    browser.run(twice).await;
    let fetched = "return performance.getEntriesByType('resource').filter((e) => e.name === location.href).length === 2";
    browser.until("both of them", fetched).await;
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expression_error_is_marked_in_place() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/task-queues/new").await;
    browser.fill("#FriendlyName", "Spanish").await;
    browser
        .fill("#TargetWorkers", "languages HAS \"en\" AN level > 3")
        .await;
    browser.press_button("main", "Save").await;
    browser.sees("#TargetWorkers-error", "column 20").await;
    browser.sees(".spot mark", "AN level > 3").await;
    browser
        .until(
            "the focus there",
            "return document.activeElement.id === 'TargetWorkers'",
        )
        .await;
    browser
        .go(&console.at("/tasks?EvaluateTaskAttributes=a+%3D+%3D+1"))
        .await;
    browser
        .sees("#EvaluateTaskAttributes-error", "column")
        .await;
    let invalid =
        "return document.querySelector('#EvaluateTaskAttributes').getAttribute('aria-invalid')";
    assert_eq!(browser.run(invalid).await, "true");
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_name_is_escaped() {
    let console = TestConsole::open().await;
    let name = "<script>document.title='owned'</script>";
    let made = console
        .api(
            Method::POST,
            "Workers",
            &[
                ("FriendlyName", name),
                ("Attributes", r#"{"a":"<img src=x>"}"#),
            ],
        )
        .await;
    let sid = made["sid"].as_str().unwrap();
    let browser = console.administrator(Look::Light, "/workers").await;
    browser.sees("tbody th", name).await;
    for page in [
        format!("/workers/{sid}"),
        format!("/workers/{sid}/edit"),
        format!("/desk/{sid}"),
        "/desk".to_owned(),
    ] {
        browser.go(&console.at(&page)).await;
        browser
            .until(&page, "return document.readyState === 'complete'")
            .await;
        let found = browser.run("return [document.title.startsWith('owned'), document.querySelectorAll('main script, main img').length]").await;
        assert_eq!(found, serde_json::json!([false, 0]), "{page}");
    }
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn field_error_keeps_the_input() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/workers/new").await;
    browser.fill("#FriendlyName", "Nadia").await;
    browser.fill("#Attributes", "{\"languages\": [").await;
    browser.press_button("main", "Save").await;
    browser.sees("#Attributes-error", "").await;
    let state = "return [document.querySelector('#Attributes').getAttribute('aria-invalid'), document.querySelector('#Attributes').value, document.querySelector('#FriendlyName').value]";
    assert_eq!(
        browser.run(state).await,
        serde_json::json!(["true", "{\"languages\": [", "Nadia"])
    );
    browser
        .fill("#Attributes", "{\"languages\": [\"en\"]}")
        .await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Worker Nadia").await;
    browser.press_button("main", "Change").await;
    browser.fill("#FriendlyName", "Maya").await;
    browser.press_button("main", "Save").await;
    browser.sees(".alert", "already exists").await;
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_created_paged_and_canceled() {
    let console = TestConsole::without_telephony().await;
    let browser = console.administrator(Look::Light, "/tasks").await;
    browser.press_button("main", "New Task").await;
    browser
        .fill("#Attributes", r#"{"selected_language":"xx","name":"Ida"}"#)
        .await;
    browser.press_button("main", "Save").await;
    browser.sees("h1", "Task WT").await;
    for number in 0..2 {
        console
            .task(&format!(
                r#"{{"selected_language":"xx","name":"caller {number}"}}"#
            ))
            .await;
    }
    browser.go(&console.at("/tasks?PageSize=2")).await;
    browser.sees("caption", "2 Tasks").await;
    browser.press("#next").await;
    browser.sees("caption", "1 Task").await;
    browser.press("#previous").await;
    browser.sees("tbody th", "Ida").await;
    browser.press("tbody th a").await;
    browser.press_button(".controls", "Cancel").await;
    browser.sees("dl", "canceled").await;
    browser
        .go(&console.at("/tasks?AssignmentStatus=canceled"))
        .await;
    browser.sees("caption", "1 Task").await;
    browser
        .go(&console.at("/tasks?AssignmentStatus=sleeping"))
        .await;
    browser.sees(".alert", "AssignmentStatus").await;
    browser.close().await;
    console.close().await;
}

/// An error is shown at the configuration's field; a valid configuration is drawn as a diagram.
#[tokio::test(flavor = "multi_thread")]
async fn workflow_is_checked_and_drawn() {
    let console = TestConsole::open().await;
    let workflow = console.running.contact_centre.voice_settings.workflow_sid;
    let browser = console
        .administrator(Look::Light, &format!("/workflows/{workflow}"))
        .await;
    browser.sees(".flow h3", "All other Tasks").await;
    browser.press_button("main", "Change").await;
    let configuration = browser
        .until(
            "its configuration",
            "return document.querySelector('#Configuration')?.value",
        )
        .await;
    let configuration = configuration.as_str().unwrap().to_owned();
    let set = |text: &str| {
        format!(
            "document.querySelector('#Configuration').value = {}",
            serde_json::json!(text)
        )
    };
    browser
        .run(&set(&configuration.replace("==", "= =")).replace('\n', " "))
        .await;
    browser.press_button("main", "Save").await;
    browser.sees(".alert", "Nothing was changed.").await;
    browser
        .until(
            "the field",
            "return document.querySelector('#Configuration[aria-invalid=true]') && true",
        )
        .await;
    browser
        .sees("#Configuration-error", "expression: column ")
        .await;
    browser.sees(".spot mark", "=").await;
    browser
        .run(&set(&configuration.replace("\"en\\\"", "\"eo\\\"")))
        .await;
    browser.press_button("main", "Save").await;
    browser.sees(".flow code", "eo").await;
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_page_does_not_delay_shutdown() {
    let console = TestConsole::open().await;
    let maya = console.worker("Maya");
    let browser = console.administrator(Look::Light, "/workers").await;
    let offline = console
        .running
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    console
        .api(
            Method::POST,
            &format!("Workers/{maya}"),
            &[("ActivitySid", &offline)],
        )
        .await;
    browser.sees(&format!("#row-{maya}"), "Offline").await;
    let began = Instant::now();
    console.close().await;
    assert!(began.elapsed() < HOLD_UP_MAX, "{:?}", began.elapsed());
    browser.close().await;
}
