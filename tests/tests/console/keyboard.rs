//! Keyboard operation; and the end of browsers with their test.

use std::time::Duration;

use fantoccini::key::Key;
use tests::browser::{Driver, Look};
use tests::process_tree;
use tokio::time::{interval, timeout};

use crate::test_console::TestConsole;

/// More focusable elements than any page has before its content.
const STEPS_MAX: usize = 40;

/// Timeout of the processes' end.
const TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn worker_is_reachable_by_keyboard() {
    let console = TestConsole::open().await;
    let maya = console.worker("Maya");
    let browser = console.administrator(Look::Light, "/workers").await;
    browser.sees("tbody th", "Maya").await;
    browser.type_keys(&char::from(Key::Tab).to_string()).await;
    assert_eq!(
        browser
            .run("return document.activeElement.textContent")
            .await,
        "Skip to the content"
    );
    browser.type_keys(&char::from(Key::Enter).to_string()).await;
    for step in 0.. {
        assert!(step < STEPS_MAX, "Maya's row was never reached");
        if browser.run("return document.activeElement.id").await == format!("to-{maya}") {
            break;
        }
        browser.type_keys(&char::from(Key::Tab).to_string()).await;
        let seen = "const e = document.activeElement; return e === document.body || getComputedStyle(e).outlineStyle !== 'none'";
        assert_eq!(
            browser.run(seen).await,
            true,
            "the focus is visible: {}",
            browser.run("return document.activeElement.outerHTML").await
        );
    }
    browser.type_keys(&char::from(Key::Enter).to_string()).await;
    browser.sees("h1", "Worker Maya").await;
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_driver_ends_its_browsers() {
    let driver = Driver::start().await;
    let _never_closed = driver.open(Look::Light).await;
    let processes = driver.processes();
    assert!(
        processes.len() > 2,
        "the driver, the browser and its parts: {processes:?}"
    );
    drop(driver);
    let mut polls = interval(Duration::from_millis(20));
    let ended = async {
        while !process_tree::running(&processes).is_empty() {
            polls.tick().await;
        }
    };
    timeout(TIMEOUT, ended)
        .await
        .unwrap_or_else(|_| panic!("{:?} still run", process_tree::running(&processes)));
}
