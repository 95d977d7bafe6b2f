//! Events as they are kept: once, small, found by id and listed newest first.

use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use store::keys::Key;
use store::{EventFilter, EventPage, ROUNDS_PER_PAGE_MAX, Store, items};
use task_router::model::{EventType, Reservation, Task};
use task_router::router::events::{
    self, Event, EventCursor, Parameter, Parameters, Part, PartChange, Workers, of_task, of_worker,
};

use crate::world::{NOON, World, after_secs};

/// What DynamoDB bills as one write unit.
const WRITE_UNIT_BYTES: usize = 1_024;

/// Everything of the day around noon.
fn all() -> EventFilter {
    EventFilter::between(after_secs(0) - Millis::from_secs(3_600), after_secs(43_200))
}

/// What a call as the example centre's makes it is known by.
fn attributes_of_a_call() -> serde_json::Value {
    serde_json::json!({
        "call_sid": "CA0123456789abcdef0123456789abcdef",
        "from": "+17075550190",
        "selected_language": "en",
        "to": "+17075550183",
        "worker_call_sid": "CAfedcba9876543210fedcba9876543210",
    })
}

/// The events of a new Task that is put in line, and of its offer to Maya a second later.
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

/// The events of a new Task that is offered to Maya some milliseconds after it was made.
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

/// An event of a Task of its own.
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

/// All pages, each of at most `limit` events.
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
async fn an_event_is_found_by_its_id_as_it_was() {
    let world = World::open().await;
    let (created, offered) = created_and_offered(&world, "call").await;
    let at_once = created_for_maya(&world, "at once").await;
    for told in [&created, &offered, &at_once] {
        world.store.add_events(told).await.unwrap();
    }
    let moments: Vec<u64> = at_once
        .iter()
        .map(|event| event.at().since(NOON).as_millis())
        .collect();
    assert_eq!(
        moments,
        [0, 0, 0, 0, 37],
        "the Task was there before it was offered"
    );
    for told in created.iter().chain(&offered).chain(&at_once) {
        let found = world
            .store
            .event(told.workspace_sid, told.sid())
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(told));
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
    let elsewhere = event(&world, 1, NOON).sid();
    assert_eq!(
        world
            .store
            .event(created[0].workspace_sid, elsewhere)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn the_same_write_again_changes_nothing_that_was_told() {
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
async fn the_events_of_an_ordinary_write_are_one_write_unit() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let (created, offered) = created_and_offered(&world, "call").await;
    let maya = world.worker("Maya").await;
    let mut moved = maya.clone();
    (moved.activity_sid, moved.date_status_changed) = (world.activity("Offline"), after_secs(60));
    let moved = of_worker(&workspace, Some(&maya), Some(&moved), NOON);
    for told in [
        created,
        offered,
        moved,
        created_for_maya(&world, "at once").await,
    ] {
        world.store.add_events(&told).await.unwrap();
        let item = world
            .item(&Key::events(workspace.sid, told[0].place))
            .await
            .unwrap();
        let bytes = bytes_of(&aws_sdk_dynamodb::types::AttributeValue::M(item)) - 3;
        let types: Vec<&str> = told.iter().map(|event| event.event_type.as_str()).collect();
        println!("{bytes} bytes: {types:?}");
        assert!(bytes <= WRITE_UNIT_BYTES, "{types:?}: {bytes} bytes");
    }
}

/// As DynamoDB counts: names, values, three bytes for a list or map and one for each element.
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
async fn a_list_is_newest_first_whatever_the_size_of_its_pages() {
    let world = World::open().await;
    // Over two hours and all shards, some of them within one millisecond.
    let told: Vec<Event> = (0..60)
        .map(|number| event(&world, number, after_secs(u64::from(number / 2) * 200)))
        .collect();
    for event in &told {
        world
            .store
            .add_events(std::slice::from_ref(event))
            .await
            .unwrap();
    }
    let mut expected = told.clone();
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
        "both ends count"
    );
    assert_eq!(within.len(), 4);
}

#[tokio::test]
async fn more_than_a_query_brings_is_read_to_its_end() {
    let world = World::open().await;
    let task: Task = world.new_task("busy", "en", NOON).await;
    let about = task.sid.to_string();
    // One Task: one shard.
    for version in 0..230 {
        let at = NOON + Millis::from_millis(version / 3);
        let place = EventCursor::of(events::Cause {
            about: &about,
            version,
            at,
        });
        let told = Event {
            place,
            parameters: Parameters::new().with(Parameter::TaskSid, task.sid),
            ..event(&world, 0, at)
        };
        world.store.add_events(&[told]).await.unwrap();
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
async fn a_filter_shows_what_it_names_and_nothing_else() {
    let world = World::open().await;
    let (created, offered) = created_and_offered(&world, "call").await;
    let (others, _) = created_and_offered(&world, "another").await;
    for told in [&created, &offered, &others] {
        world.store.add_events(told).await.unwrap();
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
async fn a_page_over_a_long_quiet_time_ends_and_says_where_to_go_on() {
    let world = World::open().await;
    let lonely = event(&world, 1, NOON);
    world
        .store
        .add_events(std::slice::from_ref(&lonely))
        .await
        .unwrap();
    let days = Millis::from_secs(3 * 86_400);
    let filter = EventFilter::between(NOON, NOON + days);
    let pages = pages(&world.store, &world, &filter, 50).await;
    assert_eq!(pages.len(), 72usize.div_ceil(ROUNDS_PER_PAGE_MAX) + 1);
    assert_eq!(pages.last().unwrap().events, [lonely]);
}

#[tokio::test]
async fn what_happened_to_the_configuration_is_kept_with_it() {
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
    let told = events::of_part(Some(&workspace), &change);
    world.store.add_events(&told).await.unwrap();
    let by_queue = EventFilter {
        task_queue_sid: Some(queue.sid),
        ..all()
    };
    assert_eq!(listed(&world, &by_queue, 50).await, told);
}

#[tokio::test]
async fn an_item_that_is_no_event_is_an_error_that_names_it() {
    let world = World::open().await;
    let told = event(&world, 1, NOON);
    let key = Key::events(told.workspace_sid, told.place);
    let put = world
        .client
        .put_item()
        .table_name(&world.table)
        .set_item(Some(items::key_attributes(&key)));
    put.send().await.unwrap();
    let error = world
        .store
        .event(told.workspace_sid, told.sid())
        .await
        .unwrap_err();
    assert!(error.to_string().contains(&key.sk), "{error}");
}
