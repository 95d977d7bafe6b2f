//! Stored Events: each once, compact, found by id and listed newest first.

use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use store::keys::Key;
use store::{EventFilter, EventPage, ROUNDS_PER_PAGE_MAX, Store, items};
use task_router::model::{EventType, Reservation, Task};
use task_router::router::events::{
    self, Event, EventCursor, Parameter, Parameters, Part, PartChange, Workers, of_task, of_worker,
};

use crate::world::{NOON, World, after_secs};

/// The bytes that DynamoDB bills as one write unit.
const WRITE_UNIT_BYTES: usize = 1_024;

/// All Events of the half day after 11:00.
fn all() -> EventFilter {
    EventFilter::between(after_secs(0) - Millis::from_secs(3_600), after_secs(43_200))
}

/// The attributes of a call of the example centre.
fn attributes_of_a_call() -> serde_json::Value {
    serde_json::json!({
        "call_sid": "CA0123456789abcdef0123456789abcdef",
        "from": "+17075550190",
        "selected_language": "en",
        "to": "+17075550183",
        "worker_call_sid": "CAfedcba9876543210fedcba9876543210",
    })
}

/// The Events of a new Task that is put in its waiting list, and of its offer to Maya a second
/// later.
async fn created_and_offered(world: &World, cause: &str) -> (Vec<Event>, Vec<Event>) {
    let workspace = world.workspace().await;
    let task = world
        .new_task_about(cause, &attributes_of_a_call(), NOON)
        .await;
    let maya = world.worker("Maya").await;
    let later = after_secs(1);
    let queued = Task {
        version: 1,
        ..task.clone()
    };
    let offer = world.offer(&queued, &maya, later).await;
    let workers: Workers = offer
        .workers
        .iter()
        .map(|worker| (worker.sid, worker.clone()))
        .collect();
    let created = of_task(&workspace, &workers, Some(&task), &queued);
    let offered = of_task(&workspace, &workers, Some(&queued), &offer.tasks[0]);
    (created, offered)
}

/// The Events of a new Task that is offered to Maya some milliseconds after its creation.
async fn created_for_maya(world: &World, cause: &str) -> Vec<Event> {
    let workspace = world.workspace().await;
    let task = world
        .new_task_about(cause, &attributes_of_a_call(), NOON)
        .await;
    let maya = world.worker("Maya").await;
    let offer = world
        .offer(&task, &maya, NOON + Millis::from_millis(37))
        .await;
    let workers: Workers = offer
        .workers
        .iter()
        .map(|worker| (worker.sid, worker.clone()))
        .collect();
    of_task(&workspace, &workers, Some(&task), &offer.tasks[0])
}

/// An Event of a Task of its own.
fn event(world: &World, number: u32, at: Timestamp) -> Event {
    let task = TaskSid::derive(&[&number.to_string()]);
    let about = task.to_string();
    Event {
        place: EventCursor::of(events::Cause {
            about: &about,
            version: 1,
            at,
        }),
        earlier: None,
        event_type: if number.is_multiple_of(2) {
            EventType::TaskCreated
        } else {
            EventType::TaskUpdated
        },
        workspace_sid: world.declared.workspace.sid,
        parameters: Parameters::new().with(Parameter::TaskSid, task),
    }
}

/// All pages, each of at most `limit` Events.
async fn pages(store: &Store, world: &World, filter: &EventFilter, limit: usize) -> Vec<EventPage> {
    let mut pages: Vec<EventPage> = Vec::new();
    loop {
        let before = pages.last().and_then(|page| page.next);
        let page = store
            .events(world.declared.workspace.sid, filter, before, limit)
            .await
            .unwrap();
        assert!(page.events.len() <= limit && pages.len() < 1_000);
        let is_last = page.next.is_none();
        pages.push(page);
        if is_last {
            return pages;
        }
    }
}

async fn listed(world: &World, filter: &EventFilter, limit: usize) -> Vec<Event> {
    pages(&world.store, world, filter, limit)
        .await
        .into_iter()
        .flat_map(|page| page.events)
        .collect()
}

#[tokio::test]
async fn event_is_found_by_its_id() {
    let world = World::open().await;
    let (created, offered) = created_and_offered(&world, "call").await;
    let at_once = created_for_maya(&world, "at once").await;
    for written in [&created, &offered, &at_once] {
        world.store.add_events(written).await.unwrap();
    }
    let moments: Vec<u64> = at_once
        .iter()
        .map(|event| event.at().since(NOON).as_millis())
        .collect();
    assert_eq!(
        moments,
        [0, 0, 0, 0, 37],
        "the Task was created before it was offered"
    );
    for written in created.iter().chain(&offered).chain(&at_once) {
        let found = world
            .store
            .event(written.workspace_sid, written.sid())
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(written));
    }
    let never = created[0].place.numbered(9).sid();
    assert_eq!(
        world
            .store
            .event(created[0].workspace_sid, never)
            .await
            .unwrap(),
        None
    );
    let not_stored = event(&world, 1, NOON).sid();
    assert_eq!(
        world
            .store
            .event(created[0].workspace_sid, not_stored)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn storing_events_is_idempotent() {
    let world = World::open().await;
    let (created, _) = created_and_offered(&world, "call").await;
    world.store.add_events(&created).await.unwrap();
    let mut again = created.clone();
    again[0].parameters = Parameters::new();
    world.store.add_events(&again).await.unwrap();
    let mut expected = created.clone();
    expected.reverse();
    assert_eq!(listed(&world, &all(), 50).await, expected);
    world.store.add_events(&[]).await.unwrap();
}

#[tokio::test]
async fn ordinary_events_are_one_write_unit() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let (created, offered) = created_and_offered(&world, "call").await;
    let maya = world.worker("Maya").await;
    let mut moved = maya.clone();
    moved.activity_sid = world.activity("Offline");
    moved.date_status_changed = after_secs(60);
    let moved = of_worker(&workspace, Some(&maya), Some(&moved), NOON);
    for written in [
        created,
        offered,
        moved,
        created_for_maya(&world, "at once").await,
    ] {
        world.store.add_events(&written).await.unwrap();
        let item = world
            .item(&Key::events(workspace.sid, written[0].place))
            .await
            .unwrap();
        let bytes = bytes_of(&aws_sdk_dynamodb::types::AttributeValue::M(item)) - 3;
        let types: Vec<&str> = written
            .iter()
            .map(|event| event.event_type.as_str())
            .collect();
        println!("{bytes} bytes: {types:?}");
        assert!(bytes <= WRITE_UNIT_BYTES, "{types:?}: {bytes} bytes");
    }
}

/// The bytes as DynamoDB counts them: names, values, three bytes for a list or map and one for each
/// element.
fn bytes_of(value: &aws_sdk_dynamodb::types::AttributeValue) -> usize {
    if let Ok(text) = value.as_s() {
        return text.len();
    }
    if let Ok(number) = value.as_n() {
        return number.len().div_ceil(2) + 1;
    }
    if let Ok(bytes) = value.as_b() {
        return bytes.as_ref().len();
    }
    if let Ok(list) = value.as_l() {
        return 3 + list
            .iter()
            .map(|element| 1 + bytes_of(element))
            .sum::<usize>();
    }
    let map = value.as_m().unwrap();
    3 + map
        .iter()
        .map(|(name, value)| 1 + name.len() + bytes_of(value))
        .sum::<usize>()
}

#[tokio::test]
async fn list_is_newest_first_for_all_page_sizes() {
    let world = World::open().await;
    // Over two hours and all shards, some of them within one millisecond.
    let written: Vec<Event> = (0..60)
        .map(|number| event(&world, number, after_secs(u64::from(number / 2) * 200)))
        .collect();
    for event in &written {
        world
            .store
            .add_events(std::slice::from_ref(event))
            .await
            .unwrap();
    }
    let mut expected = written.clone();
    expected.sort_unstable_by_key(|event| std::cmp::Reverse(event.place));
    for limit in [1, 7, 60, 1_000] {
        assert_eq!(
            listed(&world, &all(), limit).await,
            expected,
            "pages of {limit}"
        );
    }
    let between = EventFilter::between(after_secs(400), after_secs(600));
    let within: Vec<&Event> = expected
        .iter()
        .filter(|event| event.at() >= after_secs(400) && event.at() <= after_secs(600))
        .collect();
    assert_eq!(
        listed(&world, &between, 50)
            .await
            .iter()
            .collect::<Vec<_>>(),
        within,
        "both ends are included"
    );
    assert_eq!(within.len(), 4);
}

#[tokio::test]
async fn several_queries_read_the_whole_list() {
    let world = World::open().await;
    let task: Task = world.new_task("busy", "en", NOON).await;
    let about = task.sid.to_string();
    // One Task's Events are in one shard.
    for version in 0..230 {
        let at = NOON + Millis::from_millis(version / 3);
        let place = EventCursor::of(events::Cause {
            about: &about,
            version,
            at,
        });
        let written = Event {
            place,
            parameters: Parameters::new().with(Parameter::TaskSid, task.sid),
            ..event(&world, 0, at)
        };
        world.store.add_events(&[written]).await.unwrap();
    }
    let found = listed(&world, &all(), 90).await;
    assert_eq!(found.len(), 230);
    assert!(found.windows(2).all(|pair| pair[0].place > pair[1].place));
    let of_the_task = EventFilter {
        task_sid: Some(task.sid),
        ..all()
    };
    assert_eq!(listed(&world, &of_the_task, 90).await, found);
}

#[tokio::test]
async fn filter_selects_matching_events() {
    let world = World::open().await;
    let (created, offered) = created_and_offered(&world, "call").await;
    let (others, _) = created_and_offered(&world, "another").await;
    for written in [&created, &offered, &others] {
        world.store.add_events(written).await.unwrap();
    }
    let task = TaskSid::derive(&["call"]);
    let maya = world.worker_sid("Maya");
    let workflow = Some(world.declared.voice_settings.workflow_sid);
    let reservation = Some(Reservation::derive_sid(task, 1, maya));
    for (filter, expected) in [
        (all(), 9),
        (
            EventFilter {
                event_type: Some(EventType::TaskCreated),
                ..all()
            },
            2,
        ),
        (
            EventFilter {
                task_sid: Some(task),
                ..all()
            },
            5,
        ),
        (
            EventFilter {
                worker_sid: Some(maya),
                ..all()
            },
            1,
        ),
        (
            EventFilter {
                worker_sid: Some(world.worker_sid("Arjun")),
                ..all()
            },
            0,
        ),
        (
            EventFilter {
                task_queue_sid: Some(world.queue("English")),
                ..all()
            },
            9,
        ),
        (
            EventFilter {
                task_queue_sid: Some(world.queue("Hindi")),
                ..all()
            },
            0,
        ),
        (
            EventFilter {
                workflow_sid: workflow,
                ..all()
            },
            9,
        ),
        (
            EventFilter {
                reservation_sid: reservation,
                ..all()
            },
            1,
        ),
        (
            EventFilter {
                task_channel: Some("voice".to_owned()),
                ..all()
            },
            9,
        ),
        (
            EventFilter {
                task_channel: Some("chat".to_owned()),
                ..all()
            },
            0,
        ),
        (
            EventFilter {
                task_channel: offered[0]
                    .parameters
                    .get(Parameter::TaskChannelSid)
                    .map(str::to_owned),
                ..all()
            },
            9,
        ),
        (
            EventFilter {
                event_type: Some(EventType::TaskCreated),
                task_sid: Some(task),
                ..all()
            },
            1,
        ),
    ] {
        assert_eq!(
            listed(&world, &filter, 50).await.len(),
            expected,
            "{filter:?}"
        );
    }
}

#[tokio::test]
async fn empty_page_has_a_cursor() {
    let world = World::open().await;
    let only_event = event(&world, 1, NOON);
    world
        .store
        .add_events(std::slice::from_ref(&only_event))
        .await
        .unwrap();
    let days = Millis::from_secs(3 * 86_400);
    let filter = EventFilter::between(NOON, NOON + days);
    let pages = pages(&world.store, &world, &filter, 50).await;
    assert_eq!(pages.len(), 72usize.div_ceil(ROUNDS_PER_PAGE_MAX) + 1);
    assert_eq!(pages.last().unwrap().events, [only_event]);
}

#[tokio::test]
async fn configuration_events_are_stored() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let queue = workspace.task_queues.values().next().unwrap().clone();
    let change = PartChange {
        workspace_sid: workspace.sid,
        old: None,
        new: Some(Part::TaskQueue(queue.clone())),
        version: 21,
        at: NOON,
    };
    let written = events::of_part(Some(&workspace), &change);
    world.store.add_events(&written).await.unwrap();
    let by_queue = EventFilter {
        task_queue_sid: Some(queue.sid),
        ..all()
    };
    assert_eq!(listed(&world, &by_queue, 50).await, written);
}

#[tokio::test]
async fn corrupt_event_is_an_error_with_its_key() {
    let world = World::open().await;
    let written = event(&world, 1, NOON);
    let key = Key::events(written.workspace_sid, written.place);
    let put = world
        .client
        .put_item()
        .table_name(&world.table)
        .set_item(Some(items::key_attributes(&key)));
    put.send().await.unwrap();
    let error = world
        .store
        .event(written.workspace_sid, written.sid())
        .await
        .unwrap_err();
    assert!(error.to_string().contains(&key.sk), "{error}");
}
