//! The cost of an open page while nothing changes.

use ids::time::{Millis, Timestamp};
use serde_json::{Value, json};
use store::{EventFilter, LOOK_EVERY, Store};
use task_router::router::events::{EVENT_SHARDS, EventCursor};
use tokio::time::{Duration, Instant};

use crate::idle_console::IdleConsole;
use crate::test_console::Turn;

/// Half past an hour, so that no read reaches into the hour before.
const HALF_PAST: Timestamp = Timestamp::from_millis(1_795_350_600_000);

/// Duration of a long poll without a change.
const HELD: Duration = Duration::from_secs(20);

/// Reads of every request: the voice settings and the Workspace, at most every two seconds, and the
/// generation of the principal's sessions, at most every five.
const CONFIGURATION_READS: usize = 3;

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
