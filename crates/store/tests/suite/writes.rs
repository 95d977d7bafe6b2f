//! Creating and committing: what is written, and above all what is not.

use ids::time::Timestamp;
use store::keys::{self, Key};
use store::{Created, Error};
use task_router::model::AssignmentStatus;

use crate::world::{NOON, World, after_secs};

#[tokio::test]
async fn a_task_is_made_once_however_often_it_comes() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    assert_eq!(world.create(&task).await, Created::New);
    let late = world.new_task("call", "hi", after_secs(9)).await;
    assert_eq!(
        world.create(&late).await,
        Created::AlreadyThere(Box::new(task.clone()))
    );
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}

#[tokio::test]
async fn of_many_who_make_one_task_at_once_one_makes_it() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    let workspace = world.workspace().await;
    let create = || world.store.create_task(&task, &workspace);
    let (a, b, c, d) = tokio::join!(create(), create(), create(), create());
    let made = [a, b, c, d]
        .into_iter()
        .filter(|made| matches!(made, Ok(Created::New)))
        .count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    assert_eq!(world.store.task(task.sid).await.unwrap(), None);
    assert_eq!(
        world
            .store
            .worker(ids::WorkerSid::derive(&["nobody"]))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_decision_is_written_with_all_its_items() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    world
        .store
        .commit(&decision, &*world.workspace().await)
        .await
        .unwrap();
    assert_eq!(
        world.store.task(task.sid).await.unwrap().as_ref(),
        decision.tasks.first()
    );
    assert_eq!(Some(&world.worker("Maya").await), decision.workers.first());
}

#[tokio::test]
async fn a_decision_that_comes_a_second_time_is_a_conflict_and_changes_nothing() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    let workspace = world.workspace().await;
    world.store.commit(&decision, &workspace).await.unwrap();
    let before = world.item(&Key::task(task.sid)).await;
    assert!(matches!(
        world.store.commit(&decision, &workspace).await,
        Err(Error::Conflict)
    ));
    assert_eq!(world.item(&Key::task(task.sid)).await, before);
}

#[tokio::test]
async fn a_lost_race_for_one_item_is_a_conflict() {
    let world = World::open().await;
    let task = world.offered("call", "Maya", NOON).await;
    let (workspace, stale) = (world.workspace().await, world.worker("Maya").await);
    world.set_activity("Maya", "Unavailable", NOON).await;
    let mut decision = world
        .offer(
            &world.waiting("other", "en", NOON).await,
            &world.worker("Leela").await,
            NOON,
        )
        .await;
    decision.tasks.clear();
    decision.workers = vec![stale];
    let lost = world.store.commit(&decision, &workspace).await;
    assert!(matches!(lost, Err(Error::Conflict)), "{lost:?}");
    assert_eq!(
        world.worker("Maya").await.activity_sid,
        world.activity("Unavailable")
    );
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}

#[tokio::test]
async fn if_the_worker_changed_meanwhile_the_task_is_not_reserved_either() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    world.set_activity("Maya", "Offline", NOON).await;
    let maya = world.worker("Maya").await;
    let lost = world
        .store
        .commit(&decision, &*world.workspace().await)
        .await;
    assert!(matches!(lost, Err(Error::Conflict)), "{lost:?}");
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
    assert_eq!(world.worker("Maya").await, maya);
}

#[tokio::test]
async fn if_the_task_ended_meanwhile_the_workers_slot_is_not_taken() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let maya = world.worker("Maya").await;
    let decision = world.offer(&task, &maya, NOON).await;
    world
        .store
        .apply(&world.hung_up(&task), NOON)
        .await
        .unwrap();
    let lost = world
        .store
        .commit(&decision, &*world.workspace().await)
        .await;
    assert!(matches!(lost, Err(Error::Conflict)), "{lost:?}");
    assert_eq!(world.worker("Maya").await, maya);
    assert_eq!(
        world
            .store
            .task(task.sid)
            .await
            .unwrap()
            .unwrap()
            .assignment_status,
        AssignmentStatus::Canceled
    );
}

#[tokio::test]
async fn of_two_tasks_that_want_one_worker_at_once_one_gets_them() {
    let world = World::open().await;
    let (one, other) = (
        world.waiting("one", "en", NOON).await,
        world.waiting("other", "en", NOON).await,
    );
    let (maya, workspace) = (world.worker("Maya").await, world.workspace().await);
    let (first, second) = (
        world.offer(&one, &maya, NOON).await,
        world.offer(&other, &maya, NOON).await,
    );
    let (first, second) = tokio::join!(
        world.store.commit(&first, &workspace),
        world.store.commit(&second, &workspace)
    );
    assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
    assert!(
        [first, second]
            .into_iter()
            .all(|result| matches!(result, Ok(()) | Err(Error::Conflict)))
    );
    assert_eq!(world.worker("Maya").await.open_reservations.len(), 1);
    assert_eq!(world.waiting_in("English").await.len(), 1);
}

#[tokio::test]
async fn a_decision_about_nothing_writes_nothing() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    let mut decision = world.offer(&task, &world.worker("Maya").await, NOON).await;
    decision.tasks.clear();
    decision.workers.clear();
    world
        .store
        .commit(&decision, &*world.workspace().await)
        .await
        .unwrap();
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}

#[tokio::test]
async fn only_an_ended_task_has_an_end_of_life_five_minutes_later_in_seconds() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    assert_eq!(time_to_live(&world, &task).await, None);
    world
        .store
        .apply(&world.hung_up(&task), after_secs(10))
        .await
        .unwrap();
    assert_eq!(
        time_to_live(&world, &task).await,
        Some(after_secs(310).as_secs())
    );
    assert!(
        world.store.task(task.sid).await.unwrap().is_some(),
        "it can still be read"
    );
}

#[tokio::test]
async fn the_table_is_cleaned_up_by_that_attribute() {
    let world = World::empty().await;
    let described = world
        .client
        .describe_time_to_live()
        .table_name(&world.table)
        .send()
        .await
        .unwrap();
    let described = described.time_to_live_description().unwrap();
    assert_eq!(described.attribute_name(), Some(keys::TTL));
}

#[tokio::test]
async fn making_the_table_again_leaves_it_as_it_is() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    store::schema::create_table(&world.client, &world.table)
        .await
        .unwrap();
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_unavailable_not_a_conflict() {
    let world = World::open().await;
    let elsewhere = store::Store::new(world.client.clone(), "nowhere");
    let task = world.new_task("call", "en", NOON).await;
    assert!(matches!(
        elsewhere
            .create_task(&task, &*world.workspace().await)
            .await,
        Err(Error::Unavailable(_))
    ));
    assert!(matches!(
        elsewhere.task(task.sid).await,
        Err(Error::Unavailable(_))
    ));
}

async fn time_to_live(world: &World, task: &task_router::model::Task) -> Option<i64> {
    let item = world.item(&Key::task(task.sid)).await.unwrap();
    let seconds = item.get(keys::TTL)?.as_n().unwrap().parse().unwrap();
    assert!(
        Timestamp::from_millis(seconds * 1_000) > NOON,
        "milliseconds would never come"
    );
    Some(seconds)
}
