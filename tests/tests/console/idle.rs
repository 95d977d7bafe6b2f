//! The cost of an open page while nothing changes.

use ids::time::{Millis, Timestamp};
use store::{EventFilter, LOOK_EVERY, Store};
use task_router::router::events::{EVENT_SHARDS, EventCursor};
use tokio::time::{Duration, Instant};

use crate::idle_console::IdleConsole;
use crate::test_console::Turn;

/// Half past an hour, so that no read reaches into the hour before.
const HALF_PAST: Timestamp = Timestamp::from_millis(1_795_350_600_000);

/// Duration of a long poll without a change.
const HELD: Duration = Duration::from_secs(20);

/// Reads of every request, at most every two seconds: the voice settings and the Workspace.
const CONFIGURATION_READS: usize = 2;

/// The clock of the runtime is paused, so that a minute passes at once. The number of Tasks makes
/// no difference.
#[tokio::test(start_paused = true)]
async fn idle_page_reads_no_events() {
    for tasks in [10, 1_000] {
        let console = IdleConsole::open(Turn::shared().await).await;
        console.fill(tasks).await;
        let cookie = console.sign_in().await;
        let page = console.get("/console/tasks", &cookie, None).await;
        let (_, rest) = page.split_once(r#"sse-connect=""#).unwrap();
        let address = rest.split_once('"').unwrap().0.replace("&amp;", "&");
        let mut last_event = None;
        for answer in 0..4 {
            console.operations();
            let began = Instant::now();
            let text = console.get(&address, &cookie, last_event.as_deref()).await;
            assert!(
                text.contains("event: nothing") && began.elapsed() >= HELD,
                "{text}"
            );
            last_event = text
                .lines()
                .find_map(|line| line.strip_prefix("id: "))
                .map(str::to_owned);
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
