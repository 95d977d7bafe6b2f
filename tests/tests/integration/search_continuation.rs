//! Search continuations: a match is found however long a waiting list or a ready list is. A search
//! that does not end within one message is continued by the next.

use ids::time::{Clock, Millis};
use ids::{TaskSid, WorkerSid};
use routing::Pages;
use task_router::model::{AssignmentStatus, EndReason, Step};
use task_router::router::order::Position;
use task_router::router::search_continuation::SearchContinuation;
use tests::centre::NOON;
use tests::story::SLACK;
use tests::test_centre::{TestCentre, one_queue_for_all};

use crate::routing_alone::{Centre, new_task};

/// More calls than the 200 that a Worker's search reads at once.
const SPANISH_CALLS: u64 = 300;

/// More Workers than the 1,000 that a Task's search reads at once.
const BEGINNERS: u64 = 1_200;

/// Page sizes so small that six entries are many pages.
const SMALL: Pages = Pages {
    workers: 2,
    tasks: 2,
    tasks_further_on: 2,
    batch: 2,
    in_one_go: 1,
    listed: 5_000,
    swept_tasks: 100_000,
};

/// The position before all others in any waiting list.
const HEAD: Position = Position {
    urgency: 0,
    moment: 0,
    sid: TaskSid::from_bytes([0; 16]),
};

#[tokio::test]
async fn worker_gets_call_after_300_mismatches() {
    let test_centre = with_spanish_calls().await;
    let english = create_waiting(&test_centre, "en", SPANISH_CALLS).await;
    test_centre.centre.settle().await;
    test_centre.set_activity("Maya", "Available").await;
    test_centre.advance(SLACK).await;
    let task = test_centre
        .centre
        .store
        .task(english)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(task.assignment_status, AssignmentStatus::Reserved);
    test_centre.close().await;
}

#[tokio::test]
async fn worker_search_runs_at_most_every_5_s() {
    let (test_centre, meter) = TestCentre::metered(&one_queue_for_all()).await;
    for number in 0..SPANISH_CALLS {
        create_waiting(&test_centre, "es", number).await;
    }
    test_centre.centre.settle().await;
    meter.take();
    for _ in 0..10 {
        test_centre.set_activity("Maya", "Available").await;
        test_centre.centre.settle().await;
        test_centre.set_activity("Maya", "Offline").await;
        test_centre.centre.settle().await;
    }
    test_centre.set_activity("Maya", "Available").await;
    test_centre.advance(Millis::from_secs(10)).await;
    let pages: Vec<u64> = meter
        .take()
        .iter()
        .map(|operation| operation.items_read)
        .collect();
    let continuations = pages
        .iter()
        .filter(|items| **items == SPANISH_CALLS - 200)
        .count();
    assert_eq!(
        continuations, 2,
        "the rest of the waiting list is read at once, and once more for all later availabilities: {pages:?}"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn call_gets_worker_after_1200_mismatches() {
    let centre = Centre::open(&one_queue_for_all(), Pages::default()).await;
    for number in 0..BEGINNERS {
        centre.worker(number, "es").await;
    }
    let maya = centre.worker(BEGINNERS, "en").await;
    let call = centre.waiting("en", 0).await;
    assert_eq!(
        centre.deliver(centre.timer(call)).await,
        1,
        "a thousand are read, and then the rest"
    );
    assert_eq!(centre.offered_to(call).await, [maya]);
}

#[tokio::test]
async fn each_message_searches_one_part() {
    let centre = Centre::open(&one_queue_for_all(), SMALL).await;
    let maya = centre.worker(0, "en").await;
    for number in 0..6 {
        centre.waiting("es", number).await;
    }
    let call = centre.waiting("en", 6).await;
    let search = SearchContinuation::Tasks {
        worker: maya,
        after: HEAD,
    };
    assert_eq!(centre.deliver(centre.resume(search)).await, 4);
    assert_eq!(centre.offered_to(call).await, [maya]);
}

#[tokio::test]
async fn repeated_or_late_search_changes_nothing() {
    let centre = Centre::open(&one_queue_for_all(), SMALL).await;
    let maya = centre.worker(0, "en").await;
    for number in 0..4 {
        centre.waiting("es", number).await;
    }
    let first = centre.waiting("en", 4).await;
    let second = centre.waiting("en", 5).await;
    let search = centre.resume(SearchContinuation::Tasks {
        worker: maya,
        after: HEAD,
    });
    centre.deliver(search).await;
    let given = centre.task(first).await;
    centre.deliver(search).await;
    assert_eq!(centre.task(first).await, given);
    assert_eq!(centre.offered_to(second).await, [], "she has no slot left");
    let idle = (NOON, NOON, WorkerSid::from_bytes([0; 16]));
    let of_a_reserved_task = SearchContinuation::Workers {
        task: first,
        after: idle,
    };
    let of_unknown = [
        SearchContinuation::Workers {
            task: TaskSid::derive(&["unknown"]),
            after: idle,
        },
        SearchContinuation::Tasks {
            worker: WorkerSid::derive(&["unknown"]),
            after: HEAD,
        },
    ];
    for search in of_unknown.into_iter().chain([of_a_reserved_task]) {
        assert_eq!(centre.deliver(centre.resume(search)).await, 1, "{search:?}");
    }
    assert_eq!(centre.task(first).await, given);
}

/// The example whose step is skipped when no Worker matches, whatever the worker counts are.
fn skipping() -> String {
    let step = "            expression: task.selected_language IN worker.languages\n";
    one_queue_for_all().replace(step, &format!("{step}            skip_if: 1 == 1\n"))
}

#[tokio::test]
async fn step_is_skipped_after_the_whole_search() {
    let centre = Centre::open(&skipping(), SMALL).await;
    for number in 0..5 {
        centre.worker(number, "es").await;
    }
    let call = centre.waiting("en", 0).await;
    let first_step = centre.task(call).await.position.step;
    centre
        .routing
        .on_timers_message(centre.timer(call))
        .await
        .unwrap();
    assert_eq!(
        centre.task(call).await.position.step,
        first_step,
        "three Workers have not been read"
    );
    centre.deliver_due().await;
    assert_eq!(centre.task(call).await.position.step, Step::DefaultFilter);
}

#[tokio::test]
async fn step_with_distant_match_is_not_skipped() {
    let centre = Centre::open(&skipping(), SMALL).await;
    for number in 0..5 {
        centre.worker(number, "es").await;
    }
    let maya = centre.worker(5, "en").await;
    let call = centre.waiting("en", 0).await;
    centre.deliver(centre.timer(call)).await;
    assert_eq!(centre.offered_to(call).await, [maya]);
}

/// A new call, in a centre whose waiting list is full.
async fn with_a_full_waiting_list() -> (Centre, TaskSid) {
    let set_up = one_queue_for_all().replace("waiting_calls_max: 1000", "waiting_calls_max: 1");
    let centre = Centre::open(&set_up, SMALL).await;
    for number in 0..5 {
        centre.worker(number, "es").await;
    }
    centre.waiting("fr", 0).await;
    let new = centre.new_task("en", 1).await;
    centre
        .store
        .create_task(&new, &*centre.workspace().await)
        .await
        .unwrap();
    (centre, new.sid)
}

#[tokio::test]
async fn full_list_cancels_after_the_whole_search() {
    let (centre, call) = with_a_full_waiting_list().await;
    centre
        .routing
        .on_timers_message(centre.timer(call))
        .await
        .unwrap();
    assert_eq!(
        centre.task(call).await.assignment_status,
        AssignmentStatus::Pending
    );
    centre.deliver_due().await;
    assert_eq!(centre.task(call).await.reason, Some(EndReason::QueueFull));
}

#[tokio::test]
async fn call_with_distant_match_needs_no_room() {
    let (centre, call) = with_a_full_waiting_list().await;
    let maya = centre.worker(5, "en").await;
    centre.deliver(centre.timer(call)).await;
    assert_eq!(centre.offered_to(call).await, [maya]);
}

async fn with_spanish_calls() -> TestCentre {
    let test_centre = TestCentre::open(&one_queue_for_all(), None).await;
    for number in 0..SPANISH_CALLS {
        create_waiting(&test_centre, "es", number).await;
    }
    test_centre
}

/// Creates a waiting Task in a test centre.
async fn create_waiting(test_centre: &TestCentre, language: &str, number: u64) -> TaskSid {
    let store = &test_centre.centre.store;
    let declared = &test_centre.contact_centre;
    let workspace = store
        .workspace(declared.workspace.sid, test_centre.clock.now())
        .await
        .unwrap()
        .unwrap();
    let task = new_task(&workspace, declared, language, number);
    store.create_task(&task, &workspace).await.unwrap();
    task.sid
}
