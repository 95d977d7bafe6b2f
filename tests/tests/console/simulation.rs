//! The page that plays a scenario for the current set-up.

use tests::browser::{Browser, Look};

use crate::test_console::TestConsole;

/// Replaces the scenario on the page.
async fn write(browser: &Browser, scenario: &str) {
    let script = format!(
        "document.querySelector('#Scenario').value = {}; return true",
        serde_json::json!(scenario)
    );
    browser.run(&script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_to_begin_with_runs() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/simulation").await;
    let text = "return document.querySelector('#Scenario').value";
    let scenario = browser.run(text).await;
    let scenario = scenario.as_str().unwrap();
    assert!(scenario.contains("selected_language: hi"), "{scenario}");
    // A profile of tests is slow.
    let small = scenario.replace("replications: 100", "replications: 5");
    write(&browser, &small).await;
    browser.press_button("main", "Run").await;
    browser.sees("#figures p", "5 replications of 1 day").await;
    browser.sees("#figures td", "Calls in hi").await;
    browser.sees("#figures td", "Maya").await;
    browser.sees("#figures svg", "08:00").await;
    let barriers = browser.barriers().await;
    assert!(barriers.is_empty(), "{}", barriers.join("\n"));
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_beyond_a_page_is_refused() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/simulation").await;
    let calls = |rest: &str| {
        format!(
            "day: {{ from: '08:00', to: '12:00' }}\ncalls: [{{ name: A, talk: {{ fixed: 3m }}, {rest} }}]\n"
        )
    };
    for (scenario, expected) in [
        ("day: {", "The scenario was not run."),
        (&calls("per_hour: 6000"), "A replication has 24000 calls"),
        (&calls("recorded: a.csv"), "a page reads no files"),
    ] {
        browser.go(&console.at("/simulation")).await;
        write(&browser, scenario).await;
        browser.press_button("main", "Run").await;
        browser.sees(".alert", expected).await;
        let kept = "return document.querySelector('#Scenario').value";
        assert_eq!(
            browser.run(kept).await.as_str().unwrap().trim(),
            scenario.trim()
        );
    }
    browser.close().await;
    console.close().await;
}
