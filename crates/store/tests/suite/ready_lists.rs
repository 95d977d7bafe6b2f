//! Waiting lists and ready lists, in the order in which they are served.

use serde_json::json;
use task_router::model::Task;

use crate::world::{NOON, World, after_secs, attributes};

#[tokio::test]
async fn tasks_wait_by_priority_then_by_start() {
    let world = World::open().await;
    let mut expected = Vec::new();
    for (cause, priority, start) in [
        ("third", 0, 1),
        ("first", 9, 3),
        ("second", 9, 4),
        ("fourth", 0, 2),
    ] {
        let task = Task {
            priority,
            ..world.new_task(cause, "en", after_secs(start)).await
        };
        world.put_in_waiting_list(&task).await;
        expected.push((u32::MAX - priority, start, task.sid));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(_, _, sid)| sid).collect();
    assert_eq!(world.waiting_in("English").await, expected);
}

/// A new Task is not in its waiting list. It enters the list when no Worker was found for it, or
/// when an offer has failed.
#[tokio::test]
async fn new_task_waits_after_a_failed_search() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    let later = world.new_task("later", "en", after_secs(1)).await;
    world.create(&task).await;
    world.create(&later).await;
    assert_eq!(world.waiting_in("English").await, []);
    let offer = world.offer(&task, &world.worker("Maya").await, NOON).await;
    world
        .store
        .commit(&offer, &*world.workspace().await)
        .await
        .unwrap();
    for unmatched in [&later, &task] {
        let command = task_router::router::Command::NoWorkerFound {
            task: unmatched.sid,
        };
        world.store.apply(&command, after_secs(1)).await.unwrap();
    }
    assert_eq!(
        world.waiting_in("English").await,
        [later.sid],
        "the other Task is offered"
    );
    let reservation = offer.tasks[0].reservations[0].sid;
    let rejected = task_router::router::Answer::Reject { activity: None };
    let rejected = task_router::router::Command::Answered {
        task: task.sid,
        reservation,
        answer: rejected,
    };
    world.store.apply(&rejected, after_secs(2)).await.unwrap();
    assert_eq!(world.waiting_in("English").await, [task.sid, later.sid]);
}

#[tokio::test]
async fn a_task_waits_in_its_own_queue_only() {
    let world = World::open().await;
    let english = world.waiting("a", "en", NOON).await;
    let hindi = world.waiting("b", "hi", NOON).await;
    assert_eq!(world.waiting_in("English").await, [english.sid]);
    assert_eq!(world.waiting_in("Hindi").await, [hindi.sid]);
}

#[tokio::test]
async fn waiting_list_is_read_page_by_page() {
    let world = World::open().await;
    let mut expected = Vec::new();
    for number in 0..7 {
        expected.push(
            world
                .waiting(&format!("call {number}"), "en", after_secs(number))
                .await
                .sid,
        );
    }
    let mut read = Vec::new();
    let mut last: Option<Task> = None;
    loop {
        let page = world.waiting_page("English", last.as_ref(), 3).await;
        assert!(page.len() <= 3);
        read.extend(page.iter().map(|task| task.sid));
        match page.into_iter().last() {
            Some(task) => last = Some(task),
            None => break,
        }
    }
    assert_eq!(read, expected);
}

#[tokio::test]
async fn page_begins_after_a_task_that_left() {
    let world = World::open().await;
    let first = world.waiting("first", "en", NOON).await;
    let second = world.waiting("second", "en", after_secs(1)).await;
    world
        .store
        .apply(&world.hung_up(&first), after_secs(2))
        .await
        .unwrap();
    let after = world.waiting_page("English", Some(&first), 10).await;
    assert_eq!(after, [second]);
}

#[tokio::test]
async fn rejected_task_returns_to_its_position() {
    let world = World::open().await;
    let task = world.offered("call", "Maya", NOON).await;
    let later = world.waiting("later", "en", after_secs(1)).await;
    assert_eq!(world.waiting_in("English").await, [later.sid]);
    world.set_activity("Maya", "Offline", after_secs(2)).await;
    let reservation = task.reservations[0].sid;
    let ended = task_router::router::Command::WorkerCallEnded {
        task: task.sid,
        reservation,
        code: None,
    };
    world.store.apply(&ended, after_secs(3)).await.unwrap();
    let status = world
        .store
        .task(task.sid)
        .await
        .unwrap()
        .unwrap()
        .assignment_status;
    assert_eq!(status, task_router::model::AssignmentStatus::Pending);
    assert_eq!(world.waiting_in("English").await, [task.sid, later.sid]);
}

#[tokio::test]
async fn ended_task_leaves_its_waiting_list() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    world
        .store
        .apply(&world.hung_up(&task), after_secs(1))
        .await
        .unwrap();
    assert_eq!(world.waiting_in("English").await, []);
}

#[tokio::test]
async fn tasks_ahead_are_counted_up_to_limit() {
    let world = World::open().await;
    for number in 0..5 {
        world
            .waiting(&format!("call {number}"), "en", after_secs(number))
            .await;
    }
    world.waiting("hindi", "hi", NOON).await;
    let last = world.waiting("last", "en", after_secs(9)).await;
    let workspace = world.workspace().await;
    assert_eq!(
        world
            .store
            .waiting_ahead(&last, &workspace, 100)
            .await
            .unwrap(),
        5
    );
    assert_eq!(
        world
            .store
            .waiting_ahead(&last, &workspace, 3)
            .await
            .unwrap(),
        3
    );
    let first = world.waiting_page("English", None, 1).await.remove(0);
    assert_eq!(
        world
            .store
            .waiting_ahead(&first, &workspace, 100)
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn ready_list_is_longest_idle_first() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let sid = ids::WorkerSid::derive(&["Nina"]);
    let nina = task_router::model::Worker {
        sid,
        friendly_name: "Nina".to_owned(),
        date_created: after_secs(1),
        ..maya.clone()
    };
    world
        .store
        .create_worker(&nina, &*world.workspace().await)
        .await
        .unwrap();
    assert_eq!(world.free_workers_like(&maya).await, ["Maya", "Nina"]);
    let task = world.offered("call", "Maya", after_secs(2)).await;
    world
        .store
        .apply(&world.hung_up(&task), after_secs(3))
        .await
        .unwrap();
    assert_eq!(
        world.free_workers_like(&maya).await,
        ["Nina", "Maya"],
        "Maya was offered a Task last"
    );
}

#[tokio::test]
async fn busy_worker_is_on_no_ready_list() {
    let world = World::open().await;
    let leela = world.worker("Leela").await;
    let task = world.offered("call", "Leela", after_secs(1)).await;
    assert_eq!(world.free_workers_like(&leela).await, [""; 0]);
    world
        .store
        .apply(&world.hung_up(&task), after_secs(2))
        .await
        .unwrap();
    assert_eq!(world.free_workers_like(&leela).await, ["Leela"]);
}

#[tokio::test]
async fn each_readiness_has_its_ready_list() {
    let world = World::open().await;
    for name in ["Maya", "Arjun", "Leela"] {
        assert_eq!(
            world.free_workers_like(&world.worker(name).await).await,
            [name]
        );
    }
}

#[tokio::test]
async fn ready_list_is_read_page_by_page() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let workspace = world.workspace().await;
    for number in 1..6 {
        let sid = ids::WorkerSid::derive(&[&number.to_string()]);
        let date_created = after_secs(number);
        let worker = task_router::model::Worker {
            sid,
            date_created,
            friendly_name: number.to_string(),
            ..maya.clone()
        };
        world
            .store
            .create_worker(&worker, &workspace)
            .await
            .unwrap();
    }
    let readiness = world.idle_readiness(&maya).await;
    let page = |after| world.store.free_workers(&workspace, &readiness, after, 4);
    let names = |page: &[task_router::model::Worker]| {
        page.iter()
            .map(|w| w.friendly_name.clone())
            .collect::<Vec<_>>()
    };
    let first = page(None).await.unwrap();
    assert_eq!(names(&first), ["Maya", "1", "2", "3"]);
    assert_eq!(
        names(
            &page(first.last().map(task_router::model::Worker::idle_key))
                .await
                .unwrap()
        ),
        ["4", "5"]
    );
}

#[tokio::test]
async fn page_of_large_workers_is_full() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let workspace = world.workspace().await;
    let biography = "न".repeat(task_router::model::ATTRIBUTES_CHARS_MAX - 100);
    let attributes = attributes(&json!({ "languages": ["en"], "biography": biography }));
    for number in 1..100 {
        let sid = ids::WorkerSid::derive(&[&number.to_string()]);
        let friendly_name = number.to_string();
        let worker = task_router::model::Worker {
            sid,
            friendly_name,
            attributes: attributes.clone(),
            ..maya.clone()
        };
        world
            .store
            .create_worker(&worker, &workspace)
            .await
            .unwrap();
    }
    let readiness = world.idle_readiness(&maya).await;
    assert_eq!(
        world
            .store
            .free_workers(&workspace, &readiness, None, 100)
            .await
            .unwrap()
            .len(),
        100
    );
}

#[tokio::test]
async fn offline_worker_is_on_no_ready_list() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    world.set_activity("Maya", "Offline", after_secs(1)).await;
    assert_eq!(world.free_workers_like(&maya).await, [""; 0]);
    world.set_activity("Maya", "Available", after_secs(2)).await;
    assert_eq!(world.free_workers_like(&maya).await, ["Maya"]);
}

#[tokio::test]
async fn new_skills_change_the_ready_list() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let leela = world.worker("Leela").await;
    let learned = attributes(&json!({ "languages": ["en", "hi"] }));
    let learn = |worker| task_router::model::Worker {
        attributes: learned.clone(),
        ..worker
    };
    world
        .store
        .change_worker(maya.sid, &*world.workspace().await, NOON, learn)
        .await
        .unwrap();
    assert_eq!(world.free_workers_like(&maya).await, [""; 0]);
    let mut like_leela = world.free_workers_like(&leela).await;
    like_leela.sort_unstable();
    assert_eq!(like_leela, ["Leela", "Maya"]);
}
