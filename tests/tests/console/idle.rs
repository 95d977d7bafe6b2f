//! The cost of an open page while nothing changes. `cargo test -p tests --test console
//! cloud_page -- --nocapture` prints that of a page in the cloud.
#![allow(clippy::print_stdout, reason = "it prints the cost")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ids::time::{Clock, Millis, Timestamp};
use serde_json::{Value, json};
use store::{EventFilter, LOOK_EVERY, Store};
use task_router::router::events::{EVENT_SHARDS, EventCursor};
use tests::browser::{Driver, Look};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use crate::idle_console::{IdleConsole, get, sign_in_to};
use crate::test_console::{Turn, sign_in};

/// Half past an hour, so that no read reaches into the hour before.
const HALF_PAST: Timestamp = Timestamp::from_millis(1_795_350_600_000);

/// Duration of a long poll without a change.
const HELD: Duration = Duration::from_secs(20);

/// Reads of every request: the voice settings and the Workspace, at most every two seconds, and the
/// generation of the principal's sessions, at most every five.
const CONFIGURATION_READS: usize = 3;

/// A page that is open on all working days of a month.
const OPEN_SECS: f64 = 8.0 * 22.0 * 3_600.0;

/// AWS's prices in us-east-1, dollars: a request of the HTTP API and its invocation of a function; a
/// read unit; a GB-second of Lambda; a GB of logs. As in `docs/guide/deploy.md`.
const REQUEST: f64 = (1.0 + 0.2) / 1e6;
const READ_UNIT: f64 = 0.125 / 1e6;
const GB_SECOND: f64 = 0.000_016_666_7;
const LOG_GB: f64 = 0.5;

/// What an invocation needs, assumed: 0.1 s of a function of 128 MB, and 1.5 kB of log lines.
const INVOCATION_GB_SECONDS: f64 = 0.1 * 0.128;
const LOG_GB_PER_REQUEST: f64 = 1.5e-6;

/// What an open page may cost a month, dollars.
const COST_MAX: f64 = 1.0;

/// A clock that is moved by hand.
struct StepClock(AtomicI64);

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl StepClock {
    fn advance(&self, by: Millis) {
        self.0
            .fetch_add(by.as_millis().cast_signed(), Ordering::SeqCst);
    }
}

/// In the cloud a poll is answered at once, and a month of polls of an idle page costs less than a
/// dollar, however many Tasks there are. The clock of the runtime is paused: an answer that is held
/// would take time.
#[tokio::test(start_paused = true)]
async fn cloud_page_costs_under_a_dollar() {
    const POLLS: u32 = 20;
    for tasks in [10, 1_000] {
        let console = IdleConsole::open(Turn::shared().await).await;
        console.fill(tasks).await;
        let clock = Arc::new(StepClock(AtomicI64::new(HALF_PAST.as_millis())));
        let cloud = console.in_the_cloud(Arc::clone(&clock) as _);
        let link = cloud.sign_in_link(&console.address, HALF_PAST);
        let cookie = sign_in_to(&cloud, &link).await;
        let page = get(&cloud, "/console/tasks", &cookie).await;
        let (_, rest) = page.split_once(r#"data-since=""#).unwrap();
        let mut cursor = rest.split_once('"').unwrap().0.to_owned();
        console.operations();
        let mut wait = Millis::ZERO;
        for poll in 0..POLLS {
            let began = Instant::now();
            let address = format!("{}?since={cursor}&paced=yes", console::CHANGES_PATH);
            let text = get(&cloud, &address, &cookie).await;
            let changes: Value = serde_json::from_str(&text).unwrap();
            assert!(
                changes["kinds"] == json!([]) && began.elapsed().is_zero(),
                "poll {poll}: {text}"
            );
            wait = Millis::from_millis(changes["wait_ms"].as_u64().unwrap());
            cursor = changes["cursor"].as_str().unwrap().to_owned();
            clock.advance(wait);
        }
        let operations = console.operations();
        let requests = operations.len();
        let units: f64 = operations.iter().map(|done| done.read_units).sum();
        let units = units / f64::from(POLLS);
        let polls = OPEN_SECS / Duration::from(wait).as_secs_f64();
        let of_a_poll = REQUEST
            + units * READ_UNIT
            + INVOCATION_GB_SECONDS * GB_SECOND
            + LOG_GB_PER_REQUEST * LOG_GB;
        let cost = polls * of_a_poll;
        println!(
            "{tasks} Tasks: {polls} polls a month, {} requests to the table and {units} read units each, ${cost:.2}",
            requests as f64 / f64::from(POLLS)
        );
        assert!(cost <= COST_MAX, "{tasks} Tasks: ${cost}");
    }
}

/// A browser that polls shows a change, in every tab.
#[tokio::test(flavor = "multi_thread")]
async fn cloud_page_shows_a_change() {
    let console = IdleConsole::open(Turn::shared().await).await;
    let cloud = console.in_the_cloud(Arc::new(runtime::SystemClock));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (_stop, stopped) = watch::channel(false);
    let site = cordboard::http::console(Arc::clone(&cloud), stopped);
    tokio::spawn(async move { axum::serve(listener, site).await });
    let driver = Driver::start().await;
    let browser = driver.open(Look::Light).await;
    let link = cloud.sign_in_link(&address, runtime::SystemClock.now());
    sign_in(&browser, &link).await;
    browser.go(&format!("{address}/console/tasks")).await;
    browser.sees("h1", "Tasks").await;
    let first = browser.client.window().await.unwrap();
    let second = browser.open_tab(&format!("{address}/console/tasks")).await;
    browser.sees("h1", "Tasks").await;
    console.fill(1).await;
    console.centre.settle().await;
    for tab in [second, first] {
        browser.client.switch_to_window(tab).await.unwrap();
        browser.sees("#live", "+17075550142").await;
    }
    browser.close().await;
}

/// The clock of the runtime is paused, so that a minute passes at once. The number of Tasks makes
/// no difference.
#[tokio::test(start_paused = true)]
async fn idle_page_reads_no_events() {
    for tasks in [10, 1_000] {
        let console = IdleConsole::open(Turn::shared().await).await;
        console.fill(tasks).await;
        let cookie = console.sign_in().await;
        let page = console.get("/console/tasks", &cookie).await;
        let (_, rest) = page.split_once(r#"data-since=""#).unwrap();
        let mut cursor = rest.split_once('"').unwrap().0.to_owned();
        for answer in 0..4 {
            console.operations();
            let began = Instant::now();
            let address = format!("/console/changes?since={cursor}");
            let text = console.get(&address, &cookie).await;
            let changes: Value = serde_json::from_str(&text).unwrap();
            assert!(
                changes["kinds"] == json!([]) && began.elapsed() >= HELD,
                "{text}"
            );
            cursor = changes["cursor"].as_str().unwrap().to_owned();
            let operations = console.operations();
            let polls = if answer == 0 {
                2 * usize::from(EVENT_SHARDS)
            } else {
                0
            };
            assert!(
                operations.len() <= CONFIGURATION_READS + polls,
                "{tasks} Tasks, answer {answer}: {operations:?}"
            );
        }
    }
}

/// On Lambda other processes write Events: all waiting pages share one read of the sixteen shards,
/// twice a second, whose cost does not depend on the number of Tasks.
#[tokio::test]
async fn waiting_pages_share_one_poll() {
    for tasks in [10, 1_000] {
        let console = IdleConsole::open(Turn::shared().await).await;
        console.fill(tasks).await;
        let store = Store::new(console.client.clone(), cordboard::embedded_dynamodb::TABLE);
        let workspace = console.set_up.workspace.sid;
        let poll = async |now: Timestamp| {
            let after = EventCursor::before(now - Millis::from_secs(1));
            store
                .follow_events(workspace, &EventFilter::between(now, now), after, now, 100)
                .await
                .unwrap();
        };
        console.operations();
        for _page in 0..20 {
            poll(HALF_PAST).await;
        }
        poll(HALF_PAST + Millis::from_millis(LOOK_EVERY.as_millis() - 1)).await;
        assert_eq!(
            console.operations().len(),
            usize::from(EVENT_SHARDS),
            "{tasks} Tasks, twenty pages"
        );
        poll(HALF_PAST + LOOK_EVERY).await;
        assert_eq!(
            console.operations().len(),
            usize::from(EVENT_SHARDS),
            "{tasks} Tasks, the next poll"
        );
    }
}
