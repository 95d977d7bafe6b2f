//! The speed of pages: `cargo test -p tests --test console measured -- --nocapture` prints the
//! numbers.

use std::time::{Duration, Instant};

use tests::browser::{Browser, Driver, Look};

use crate::idle_console::IdleConsole;
use crate::test_console::{TestConsole, Turn, sign_in};

/// From the request of a page on this machine to its first paint.
const FIRST_PAINT_MAX_MILLIS: f64 = 200.0;

/// A page without requests and almost without content.
const BARE_PAGE: &str = "data:text/html,<p>bare</p>";

/// On a busy machine even a bare page paints late: this multiple of its time is allowed, if that is
/// more.
const TIMES_A_BARE_PAGE_MAX: f64 = 3.0;

/// Until a page with a table is answered, whatever the table's size: as long as a first paint may
/// take.
const ANSWER_MAX: Duration = Duration::from_millis(200);

/// Enough Tasks to make a slow query visible.
const TASKS: usize = 10_000;

/// Requests to the table for a page of Tasks: a query of each shard of the listing, batches of a
/// hundred, configuration.
const REQUESTS_MAX: usize = 32;

/// Items read for a page of fifty Tasks: from each shard as many as the page could take from it
/// alone, and fifty Tasks.
const ITEMS_MAX: u64 = 16 * 52 + 100;

/// Measurements; the median counts.
const TIMES: usize = 9;

/// The machine may be busy: a median above its limit is measured again, at most this often.
const ROUNDS_MAX: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn first_paint_is_measured() {
    let console = TestConsole::alone().await;
    console
        .task(r#"{"selected_language":"en","name":"Ida"}"#)
        .await;
    let browser = console.administrator(Look::Light, "/tasks").await;
    for page in [
        "/tasks",
        "/workers",
        "/task-queues",
        "/workflows",
        "/activities",
        "/events",
        "/phones",
        "/wallboard",
    ] {
        let mut median = f64::INFINITY;
        let mut allowed = FIRST_PAINT_MAX_MILLIS;
        for _round in 0..ROUNDS_MAX {
            median = first_paint(&browser, &console.at(page)).await;
            if median <= allowed {
                break;
            }
            allowed = FIRST_PAINT_MAX_MILLIS
                .max(TIMES_A_BARE_PAGE_MAX * first_paint(&browser, BARE_PAGE).await);
        }
        println!("first paint of {page}: {median:.0} ms");
        assert!(
            median <= allowed,
            "{page}: {median} ms, {allowed} ms are allowed"
        );
    }
    browser.close().await;
    console.close().await;
}

/// The median of several first paints; the browser has cached the page's resources.
async fn first_paint(browser: &Browser, address: &str) -> f64 {
    let mut millis = Vec::new();
    for _ in 0..TIMES {
        browser.go(address).await;
        let script = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        millis.push(
            browser
                .until("the first paint", script)
                .await
                .as_f64()
                .unwrap(),
        );
    }
    millis.sort_by(f64::total_cmp);
    millis[TIMES / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn page_of_10000_tasks_is_measured() {
    let console = IdleConsole::open(Turn::alone().await).await;
    console.fill(TASKS).await;
    let cookie = console.sign_in().await;
    console.operations();
    let page = console.get("/console/tasks", &cookie).await;
    let operations = console.operations();
    let items: u64 = operations
        .iter()
        .map(|operation| operation.items_read)
        .sum();
    println!(
        "{TASKS} Tasks: {} requests and {items} items for a page of {} bytes",
        operations.len(),
        page.len()
    );
    assert!(page.contains("50 Tasks on this page") && page.contains("id=\"next\""));
    assert!(
        operations.len() <= REQUESTS_MAX && items <= ITEMS_MAX,
        "{} requests, {items} items",
        operations.len()
    );
    let mut median = Duration::MAX;
    for _round in 0..ROUNDS_MAX {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let began = Instant::now();
            console.get("/console/tasks", &cookie).await;
            times.push(began.elapsed());
        }
        times.sort();
        median = times[TIMES / 2];
        if median <= ANSWER_MAX {
            break;
        }
    }
    println!("{TASKS} Tasks: {} ms for a page", median.as_millis());
    assert!(median <= ANSWER_MAX, "{median:?}");
    let driver = Driver::start().await;
    let browser = driver.open(Look::Light).await;
    sign_in(&browser, &console.link()).await;
    browser
        .go(&format!("{}/console/tasks", console.address))
        .await;
    browser.press("#next").await;
    browser
        .until(
            "the second page",
            "return location.search.includes('Page') && document.querySelectorAll('tbody tr').length === 50",
        )
        .await;
    browser.close().await;
}
