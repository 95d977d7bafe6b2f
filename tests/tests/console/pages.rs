//! Every page: accessibility, weight, origins; and its picture.

use reqwest::Method;
use serde_json::json;
use tests::browser::{Browser, Look};

use crate::test_console::TestConsole;

/// Compressed bytes of a page with all its resources.
const PAGE_BYTES_MAX: u64 = 150_000;

/// Every page by its name, with a selector that has to match before the checks.
pub fn pages(console: &TestConsole, task: &str) -> Vec<(&'static str, String, &'static str)> {
    let maya = console.worker("Maya");
    vec![
        (
            "phones",
            "/phones".to_owned(),
            ".card.connected .transcript",
        ),
        ("agent-desktop", format!("/desk/{maya}"), "#current"),
        ("agents", "/desk".to_owned(), ".choices a"),
        ("wallboard", "/wallboard".to_owned(), "h1"),
        ("simulation", "/simulation".to_owned(), "#Scenario"),
        ("flows", "/flows".to_owned(), "h1"),
        ("opening-hours", "/calendars".to_owned(), "h1"),
        ("tasks", "/tasks".to_owned(), "tbody th"),
        ("task", format!("/tasks/{task}"), "dl"),
        ("new-task", "/tasks/new".to_owned(), "#Attributes"),
        ("workers", "/workers".to_owned(), "tbody th"),
        ("worker", format!("/workers/{maya}"), "dl"),
        (
            "change-worker",
            format!("/workers/{maya}/edit"),
            "#Attributes",
        ),
        ("task-queues", "/task-queues".to_owned(), "h1"),
        ("workflows", "/workflows".to_owned(), "h1"),
        ("workspaces", "/workspaces".to_owned(), "#shown"),
        (
            "new-workspace",
            "/workspaces/new".to_owned(),
            "#FriendlyName",
        ),
        (
            "new-task-queue",
            "/task-queues/new".to_owned(),
            "#TargetWorkers",
        ),
        ("activities", "/activities".to_owned(), "h1"),
        ("events", "/events".to_owned(), "h1"),
    ]
}

/// Each page passes axe-core, weighs at most [`PAGE_BYTES_MAX`], loads from its own origin alone
/// and fits the window. With `CONSOLE_PICTURES` its picture is saved.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_accessible_light_with_pictures() {
    let console = TestConsole::open().await;
    let task = busy(&console).await;
    for look in [Look::Light, Look::Dark, Look::Narrow] {
        let browser = console.administrator(look, "/phones").await;
        for (name, page, awaited) in pages(&console, &task) {
            browser.go(&console.at(&page)).await;
            browser
                .until(
                    awaited,
                    &format!("return !!document.querySelector({})", json!(awaited)),
                )
                .await;
            let barriers = browser.barriers().await;
            assert!(
                barriers.is_empty(),
                "{name}, {look:?}:\n{}",
                barriers.join("\n")
            );
            check_weight(&browser, name).await;
            let wide = browser
                .run("return document.documentElement.scrollWidth > innerWidth")
                .await;
            assert_eq!(wide, false, "{name}, {look:?}: wider than the window");
            picture(&browser, name, look).await;
        }
        browser.close().await;
    }
    let browser = console.driver.open(Look::Light).await;
    browser.go(&console.at("/sign-in")).await;
    assert_eq!(browser.barriers().await, Vec::<String>::new());
    picture(&browser, "sign-in", Look::Light).await;
    browser.close().await;
    console.close().await;
}

/// Makes the centre busy: one caller talks, one Task waits.
pub async fn busy(console: &TestConsole) -> String {
    let browser = console.administrator(Look::Light, "/phones").await;
    browser.press("#dial").await;
    browser.sees(".card .transcript", "press 1").await;
    browser.press("[aria-label='Press 1']").await;
    browser.press_button(".card.ringing", "Answer").await;
    browser.sees(".card.connected .state", "Talking with").await;
    browser.close().await;
    let waiting = r#"{"selected_language":"hi","from":"+17075550177","name":"Ida"}"#;
    for worker in ["Arjun", "Leela"] {
        let offline = console
            .running
            .contact_centre
            .workspace
            .default_activity_sid
            .to_string();
        console
            .api(
                Method::POST,
                &format!("Workers/{}", console.worker(worker)),
                &[("ActivitySid", &offline)],
            )
            .await;
    }
    console.task(waiting).await
}

async fn check_weight(browser: &Browser, name: &str) {
    let script = "const [page] = performance.getEntriesByType('navigation');
        const all = [page, ...performance.getEntriesByType('resource')];
        return [all.reduce((sum, e) => sum + (e.encodedBodySize || 0), 0), all.every((e) => e.name.startsWith(location.origin)),
            page.encodedBodySize < page.decodedBodySize]";
    let found = browser.run(script).await;
    println!("{name}: {} bytes with all its resources", found[0]);
    assert!(
        found[0].as_u64().unwrap() <= PAGE_BYTES_MAX && found[1] == true && found[2] == true,
        "{name}: {found}"
    );
}

/// The README shows most pages in light colours, one in dark colours, one on a phone's screen.
async fn picture(browser: &Browser, name: &str, look: Look) {
    let Ok(folder) = std::env::var("CONSOLE_PICTURES") else {
        return;
    };
    let file = match (look, name) {
        (Look::Light, "new-workspace" | "new-task-queue") => return,
        (Look::Light, name) => format!("{name}.png"),
        (Look::Dark, "tasks") => "tasks-dark.png".to_owned(),
        (Look::Narrow, "agent-desktop") => "agent-desktop-narrow.png".to_owned(),
        (Look::Dark | Look::Narrow, _) => return,
    };
    let file = tests::project::root().join(folder).join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, browser.picture().await).unwrap();
}
