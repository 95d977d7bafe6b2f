//! The boards: what is ready now, in the order in which it is served.

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

#[tokio::test]
async fn a_new_task_is_on_its_board_once_nobody_was_found_for_it_or_when_an_offer_has_failed() {
    let world = World::open().await;
    let (task, later) = (
        world.new_task("call", "en", NOON).await,
        world.new_task("later", "en", after_secs(1)).await,
    );
    world.create(&task).await;
    world.create(&later).await;
    assert_eq!(world.waiting_in("English").await, []);
    let offer = world.offer(&task, &world.worker("Maya").await, NOON).await;
    world
        .store
        .commit(&offer, &*world.workspace().await)
        .await
        .unwrap();
    let nobody = |task: &Task| task_router::router::Command::NoWorkerFound { task: task.sid };
    world
        .store
        .apply(&nobody(&later), after_secs(1))
        .await
        .unwrap();
    world
        .store
        .apply(&nobody(&task), after_secs(1))
        .await
        .unwrap();
    assert_eq!(
        world.waiting_in("English").await,
        [later.sid],
        "an offer came before"
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
    let (english, hindi) = (
        world.waiting("a", "en", NOON).await,
        world.waiting("b", "hi", NOON).await,
    );
    assert_eq!(world.waiting_in("English").await, [english.sid]);
    assert_eq!(world.waiting_in("Hindi").await, [hindi.sid]);
}

#[tokio::test]
async fn a_board_is_read_page_by_page_without_gap_or_overlap() {
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
    let (mut read, mut last): (Vec<_>, Option<Task>) = (Vec::new(), None);
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
async fn a_page_goes_on_behind_a_task_that_has_left_the_board() {
    let world = World::open().await;
    let first = world.waiting("first", "en", NOON).await;
    let second = world.waiting("second", "en", after_secs(1)).await;
    world
        .store
        .apply(&world.hung_up(&first), after_secs(2))
        .await
        .unwrap();
    let behind = world.waiting_page("English", Some(&first), 10).await;
    assert_eq!(behind, [second]);
}

#[tokio::test]
async fn a_reserved_task_leaves_the_board_and_a_rejected_one_comes_back_to_its_place() {
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
async fn an_ended_task_leaves_the_board() {
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
async fn those_ahead_are_counted_up_to_the_limit() {
    let world = World::open().await;
    for number in 0..5 {
        world
            .waiting(&format!("call {number}"), "en", after_secs(number))
            .await;
    }
    world.waiting("elsewhere", "hi", NOON).await;
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
async fn workers_who_serve_the_same_queues_are_on_one_board_longest_idle_first() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    let (sid, name) = (ids::WorkerSid::derive(&["Nina"]), "Nina".to_owned());
    let nina = task_router::model::Worker {
        sid,
        friendly_name: name,
        date_created: after_secs(1),
        ..maya.clone()
    };
    world
        .store
        .create_worker(&nina, &*world.workspace().await)
        .await
        .unwrap();
    assert_eq!(world.free_beside(&maya).await, ["Maya", "Nina"]);
    let task = world.offered("call", "Maya", after_secs(2)).await;
    world
        .store
        .apply(&world.hung_up(&task), after_secs(3))
        .await
        .unwrap();
    assert_eq!(
        world.free_beside(&maya).await,
        ["Nina", "Maya"],
        "Maya was asked last"
    );
}

#[tokio::test]
async fn a_worker_without_a_free_slot_leaves_the_board_and_comes_back_to_it() {
    let world = World::open().await;
    let leela = world.worker("Leela").await;
    let task = world.offered("call", "Leela", after_secs(1)).await;
    assert_eq!(world.free_beside(&leela).await, [""; 0]);
    world
        .store
        .apply(&world.hung_up(&task), after_secs(2))
        .await
        .unwrap();
    assert_eq!(world.free_beside(&leela).await, ["Leela"]);
}

#[tokio::test]
async fn workers_who_serve_other_queues_are_on_another_board() {
    let world = World::open().await;
    for name in ["Maya", "Arjun", "Leela"] {
        assert_eq!(world.free_beside(&world.worker(name).await).await, [name]);
    }
}

#[tokio::test]
async fn the_free_workers_are_read_page_by_page() {
    let world = World::open().await;
    let (maya, workspace) = (world.worker("Maya").await, world.workspace().await);
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
async fn a_page_is_full_though_its_workers_are_more_than_a_megabyte() {
    let world = World::open().await;
    let (maya, workspace) = (world.worker("Maya").await, world.workspace().await);
    let biography = "न".repeat(task_router::model::ATTRIBUTES_CHARS_MAX - 100);
    let attributes = attributes(&json!({ "languages": ["en"], "biography": biography }));
    for number in 1..100 {
        let (sid, friendly_name) = (
            ids::WorkerSid::derive(&[&number.to_string()]),
            number.to_string(),
        );
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
async fn a_worker_who_goes_offline_leaves_the_board_and_comes_back_to_it() {
    let world = World::open().await;
    let maya = world.worker("Maya").await;
    world.set_activity("Maya", "Offline", after_secs(1)).await;
    assert_eq!(world.free_beside(&maya).await, [""; 0]);
    world.set_activity("Maya", "Available", after_secs(2)).await;
    assert_eq!(world.free_beside(&maya).await, ["Maya"]);
}

#[tokio::test]
async fn a_worker_whose_skills_change_moves_to_another_board() {
    let world = World::open().await;
    let (maya, leela) = (world.worker("Maya").await, world.worker("Leela").await);
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
    assert_eq!(world.free_beside(&maya).await, [""; 0]);
    let mut beside_leela = world.free_beside(&leela).await;
    beside_leela.sort_unstable();
    assert_eq!(beside_leela, ["Leela", "Maya"]);
}
