//! Creations and commits: what is written, and above all what is not.

use ids::time::Timestamp;
use store::keys::{self, Key};
use store::{Created, Error};
use task_router::model::AssignmentStatus;

use crate::world::{NOON, World, after_secs};

#[tokio::test]
async fn creating_a_task_is_idempotent() {
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
async fn concurrent_creations_make_one_task() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    let workspace = world.workspace().await;
    let create = || world.store.create_task(&task, &workspace);
    let (a, b, c, d) = tokio::join!(create(), create(), create(), create());
    let created = [a, b, c, d]
        .into_iter()
        .filter(|created| matches!(created, Ok(Created::New)))
        .count();
    assert_eq!(created, 1);
}

#[tokio::test]
async fn missing_items_are_none() {
    let world = World::open().await;
    let task = world.new_task("call", "en", NOON).await;
    assert_eq!(world.store.task(task.sid).await.unwrap(), None);
    assert_eq!(
        world
            .store
            .worker(ids::WorkerSid::derive(&["missing"]))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn commit_writes_all_items() {
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
async fn second_commit_is_a_conflict() {
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
async fn stale_single_item_is_a_conflict() {
    let world = World::open().await;
    let task = world.offered("call", "Maya", NOON).await;
    let workspace = world.workspace().await;
    let stale = world.worker("Maya").await;
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
async fn changed_worker_cancels_the_reservation() {
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
async fn ended_task_takes_no_slot() {
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
async fn concurrent_offers_take_one_slot() {
    let world = World::open().await;
    let one = world.waiting("one", "en", NOON).await;
    let other = world.waiting("other", "en", NOON).await;
    let maya = world.worker("Maya").await;
    let workspace = world.workspace().await;
    let first = world.offer(&one, &maya, NOON).await;
    let second = world.offer(&other, &maya, NOON).await;
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
async fn empty_decision_writes_nothing() {
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
async fn ended_task_has_a_time_to_live() {
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
async fn time_to_live_attribute_is_enabled() {
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
async fn creating_the_table_is_idempotent() {
    let world = World::open().await;
    let task = world.waiting("call", "en", NOON).await;
    store::schema::create_table(&world.client, &world.table)
        .await
        .unwrap();
    assert_eq!(world.store.task(task.sid).await.unwrap(), Some(task));
}

#[tokio::test]
async fn missing_table_is_no_conflict() {
    let world = World::open().await;
    let missing_table = store::Store::new(world.client.clone(), "missing");
    let task = world.new_task("call", "en", NOON).await;
    assert!(matches!(
        missing_table
            .create_task(&task, &*world.workspace().await)
            .await,
        Err(Error::Unavailable(_))
    ));
    assert!(matches!(
        missing_table.task(task.sid).await,
        Err(Error::Unavailable(_))
    ));
}

async fn time_to_live(world: &World, task: &task_router::model::Task) -> Option<i64> {
    let item = world.item(&Key::task(task.sid)).await.unwrap();
    let seconds = item.get(keys::TTL)?.as_n().unwrap().parse().unwrap();
    assert!(
        Timestamp::from_millis(seconds * 1_000) > NOON,
        "the time to live is in seconds"
    );
    Some(seconds)
}
