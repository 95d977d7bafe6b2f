//! Stored statistics, one-time tokens, and Events read forwards, to be counted or streamed.

use std::collections::BTreeMap;

use ids::TaskSid;
use ids::time::{Clock, Millis, Timestamp};
use store::{ActiveTasksNow, EventFilter, KEPT_LATE_MAX, LOOK_EVERY, UNROLLED_MAX};
use task_router::model::EventType;
use task_router::router::events::{Cause, Event, EventCursor, Parameter, Parameters};
use task_router::statistics::{ActiveTasks, Counter, Family, Grain, RolledUp, Tallies};

use crate::world::{World, after_secs};

/// An Event of a Task of its own.
fn event(world: &World, number: u64, at: Timestamp) -> Event {
    let task = TaskSid::derive(&[&number.to_string()]).to_string();
    let parameters = Parameters::new()
        .with(Parameter::TaskSid, &task)
        .with(Parameter::TaskQueueSid, world.queue("English"))
        .with(
            Parameter::WorkflowSid,
            world.declared.voice_settings.workflow_sid,
        )
        .with(Parameter::TaskChannelUniqueName, "voice")
        .with(Parameter::TaskAssignmentStatus, "pending")
        .with(Parameter::TaskPriority, 0)
        .with(Parameter::TaskVersion, 1)
        .with(Parameter::TaskDateCreated, at.as_secs())
        .with(Parameter::TaskQueueEnteredDate, at.as_secs());
    Event {
        earlier: None,
        place: EventCursor::of(Cause {
            about: &task,
            version: 1,
            at,
        }),
        event_type: EventType::TaskCreated,
        workspace_sid: world.declared.workspace.sid,
        parameters,
    }
}

/// So many Events, a second and a half apart, from one minute before one o'clock on.
async fn events(world: &World, count: u64) -> Vec<Event> {
    let at = |number| after_secs(3_540) + Millis::from_millis(number * 1_500);
    let events: Vec<Event> = (0..count)
        .map(|number| event(world, number, at(number)))
        .collect();
    for event in &events {
        world
            .store
            .add_events(std::slice::from_ref(event))
            .await
            .unwrap();
    }
    events
}

#[tokio::test]
async fn all_events_of_a_range_are_visited() {
    let world = World::open().await;
    let events = events(&world, 200).await;
    let workspace = world.declared.workspace.sid;
    let from = events[3].at();
    let until = events[190].at();
    let mut found = Vec::new();
    let is_all = world
        .store
        .visit_events(workspace, from, until, 4, |event| found.push(event.sid()))
        .await
        .unwrap();
    found.sort_unstable();
    let mut expected: Vec<_> = events[3..190].iter().map(Event::sid).collect();
    expected.sort_unstable();
    assert!(is_all);
    assert_eq!(found, expected);
    let is_all = world
        .store
        .visit_events(workspace, from, until, 1, |_| {})
        .await
        .unwrap();
    assert!(!is_all, "two hours are two rounds");
}

#[tokio::test]
async fn next_events_come_in_order_and_once() {
    let world = World::open().await;
    let events = events(&world, 2_000).await;
    let workspace = world.declared.workspace.sid;
    let filter = EventFilter::between(after_secs(0), after_secs(0));
    let until = events[1_990].at();
    let mut after = EventCursor::before(after_secs(0));
    let mut found = Vec::new();
    for _ in 0..100 {
        let next = world
            .store
            .events_after(workspace, &filter, after, until, 100)
            .await
            .unwrap();
        found.extend(next.events.iter().map(Event::sid));
        match next.events.last() {
            Some(last) => after = last.place,
            None => break,
        }
    }
    assert_eq!(
        found,
        events[..1_990].iter().map(Event::sid).collect::<Vec<_>>()
    );
}

/// In a process that is the only writer, and in one beside others.
#[tokio::test]
async fn late_events_are_followed_once() {
    for is_only_writer in [true, false] {
        let world = World::open().await;
        let store = if is_only_writer {
            world.store.clone().as_only_writer()
        } else {
            world.store.clone()
        };
        let workspace = world.declared.workspace.sid;
        let at = |millis| after_secs(1_800) + Millis::from_millis(millis);
        let follow = async |after: u64, now: u64| {
            let filter = EventFilter::between(at(now), at(now));
            let next = store
                .follow_events(
                    workspace,
                    &filter,
                    EventCursor::before(at(after)),
                    at(now),
                    100,
                )
                .await
                .unwrap();
            (
                next.events.iter().map(Event::sid).collect::<Vec<_>>(),
                next.seen,
            )
        };
        let all = |numbers: &[(u64, u64)]| -> Vec<_> {
            numbers
                .iter()
                .map(|(number, millis)| event(&world, *number, at(*millis)).sid())
                .collect()
        };
        let keep = async |number, millis| {
            store
                .add_events(&[event(&world, number, at(millis))])
                .await
                .unwrap()
        };
        keep(1, 10).await;
        assert_eq!(
            follow(0, 20).await,
            (all(&[(1, 10)]), EventCursor::before(at(21)))
        );
        assert_eq!(follow(11, 20).await.0, []);
        // Events of this process are seen at once, in the order of their cursors.
        keep(3, 30).await;
        keep(2, 25).await;
        assert_eq!(follow(0, 40).await.0, all(&[(1, 10), (2, 25), (3, 30)]));
        // Much later the cache reaches back only to its `from`; older Events are read from the
        // table.
        keep(4, 60_000).await;
        assert_eq!(
            follow(0, 60_001).await.0,
            all(&[(1, 10), (2, 25), (3, 30), (4, 60_000)])
        );
        assert_eq!(follow(59_000, 60_001).await.0, all(&[(4, 60_000)]));
    }
}

#[tokio::test]
async fn other_processes_events_are_seen_later() {
    let world = World::open().await;
    let workspace = world.declared.workspace.sid;
    let reader = world.another_store(Vec::new());
    let writer = world.another_store(Vec::new());
    let now = after_secs(1_800);
    let seen = async |now| {
        let after = EventCursor::before(now - Millis::from_secs(3));
        reader
            .follow_events(workspace, &EventFilter::between(now, now), after, now, 100)
            .await
            .unwrap()
    };
    assert_eq!(seen(now).await.events, []);
    writer.add_events(&[event(&world, 1, now)]).await.unwrap();
    let shared = seen(now + Millis::from_millis(LOOK_EVERY.as_millis() - 1)).await;
    assert_eq!(
        (shared.events.len(), shared.seen),
        (0, EventCursor::before(now + Millis::from_millis(1))),
        "`seen` says how old it is"
    );
    assert_eq!(seen(now + LOOK_EVERY).await.events.len(), 1);
    // Stored late, but within the time that the next query covers.
    writer
        .add_events(&[event(
            &world,
            2,
            now - KEPT_LATE_MAX + LOOK_EVERY + LOOK_EVERY,
        )])
        .await
        .unwrap();
    assert_eq!(seen(now + LOOK_EVERY + LOOK_EVERY).await.events.len(), 2);
}

#[tokio::test]
async fn one_time_token_is_used_once() {
    let world = World::open().await;
    let expires = after_secs(3_600);
    assert!(world.store.use_once("a", expires).await.unwrap());
    assert!(
        !world
            .another_store(Vec::new())
            .use_once("a", expires)
            .await
            .unwrap()
    );
    assert!(world.store.use_once("b", expires).await.unwrap());
}

#[tokio::test]
async fn rows_are_read_as_written() {
    let world = World::open().await;
    let workspace = world.declared.workspace.sid;
    let minute = |number: u64| after_secs(number * 60);
    let mut tallies = Tallies::default();
    tallies.count(&event(&world, 1, minute(0)));
    let counted = BTreeMap::from([(minute(0), tallies.clone()), (minute(2), tallies.clone())]);
    let range = (minute(0), minute(3));
    world
        .store
        .save_tallies(workspace, Grain::Minute, range, &counted)
        .await
        .unwrap();
    let read = async |from, until| {
        let tallies = world.store.tallies(
            workspace,
            (Grain::Minute, Family::Tasks),
            (minute(from), minute(until)),
        );
        tallies
            .await
            .unwrap()
            .of_tasks(|_| true)
            .get(Counter::TasksCreated)
    };
    assert_eq!(
        (
            read(0, 3).await,
            read(0, 2).await,
            read(1, 3).await,
            read(1, 2).await
        ),
        (2, 1, 1, 0)
    );
    // Counted again, with one minute that becomes empty.
    let counted = BTreeMap::from([(minute(2), tallies)]);
    world
        .store
        .save_tallies(workspace, Grain::Minute, range, &counted)
        .await
        .unwrap();
    assert_eq!((read(0, 3).await, read(0, 2).await), (1, 0));
    let hours = world
        .store
        .tallies(workspace, (Grain::Hour, Family::Tasks), range)
        .await
        .unwrap();
    assert!(hours.is_empty());
}

#[tokio::test]
async fn roll_up_state_is_stored() {
    let world = World::open().await;
    let workspace = world.declared.workspace.sid;
    assert_eq!(world.store.rolled_up(workspace).await.unwrap(), None);
    let rolled = RolledUp::beginning(after_secs(0));
    world
        .store
        .save_rolled_up(workspace, &rolled)
        .await
        .unwrap();
    assert_eq!(
        world.store.rolled_up(workspace).await.unwrap(),
        Some(rolled)
    );
    let mut active_tasks = ActiveTasks::default();
    // Enough for several rows of one hour.
    (0..4_000)
        .for_each(|number| active_tasks.follow(&event(&world, number, after_secs(number % 7_200))));
    world
        .store
        .save_active_tasks(workspace, &active_tasks, after_secs(0))
        .await
        .unwrap();
    assert_eq!(
        world.store.active_tasks(workspace).await.unwrap(),
        active_tasks
    );
    world
        .store
        .save_active_tasks(workspace, &ActiveTasks::default(), after_secs(0))
        .await
        .unwrap();
    assert_eq!(
        world.store.active_tasks(workspace).await.unwrap(),
        ActiveTasks::default()
    );
}

#[tokio::test]
async fn active_tasks_follow_new_events() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    world
        .store
        .save_rolled_up(workspace.sid, &RolledUp::beginning(after_secs(0)))
        .await
        .unwrap();
    let store_event = async |number, secs| {
        world
            .store
            .add_events(&[event(&world, number, after_secs(secs))])
            .await
            .unwrap()
    };
    let query = async |asked: u64, answered: u64| {
        let clock = FixedClock(after_secs(answered));
        match world
            .store
            .active_tasks_now(&workspace, after_secs(asked), &clock)
            .await
            .unwrap()
        {
            ActiveTasksNow::Counted(tasks) => tasks.tasks().count(),
            ActiveTasksNow::Behind(rolled) => panic!("{rolled:?}"),
        }
    };
    store_event(1, 10).await;
    assert_eq!(query(11, 11).await, 1);
    store_event(2, 20).await;
    assert_eq!(query(21, 21).await, 2);
    store_event(3, 15).await;
    assert_eq!(query(22, 22).await, 3, "stored some seconds late");
    store_event(4, 3).await;
    assert_eq!(query(23, 23).await, 3);
    assert_eq!(
        query(72, 72).await,
        4,
        "an Event that was stored very late is found after a minute"
    );
    store_event(5, 73).await;
    assert_eq!(
        query(71, 80).await,
        4,
        "a query that began before the last read shares its result"
    );
    assert_eq!(query(80, 80).await, 5);
    // A roll-up writes other rows.
    let rolled = RolledUp {
        minutes: after_secs(60),
        ..RolledUp::beginning(after_secs(0))
    };
    world
        .store
        .save_rolled_up(workspace.sid, &rolled)
        .await
        .unwrap();
    assert_eq!(
        query(81, 81).await,
        1,
        "the new rows do not contain the earlier Tasks"
    );
    let hours = UNROLLED_MAX.as_secs();
    let behind = world
        .store
        .active_tasks_now(
            &workspace,
            after_secs(hours + 61),
            &FixedClock(after_secs(hours + 61)),
        )
        .await;
    assert_eq!(behind.unwrap(), ActiveTasksNow::Behind(rolled));
}

#[tokio::test]
async fn only_writer_sees_late_events_at_once() {
    let world = World::open().await;
    let store = world.store.clone().as_only_writer();
    let workspace = world.workspace().await;
    store
        .save_rolled_up(workspace.sid, &RolledUp::beginning(after_secs(0)))
        .await
        .unwrap();
    // Each Event's time, and the time of the query.
    for (count, (happened, asked)) in [(10, 11), (3, 30), (29, 31), (31, 32), (12, 59)]
        .into_iter()
        .enumerate()
    {
        store
            .add_events(&[event(&world, count as u64, after_secs(happened))])
            .await
            .unwrap();
        let asked = after_secs(asked);
        let ActiveTasksNow::Counted(tasks) = store
            .active_tasks_now(&workspace, asked, &FixedClock(asked))
            .await
            .unwrap()
        else {
            panic!("the roll-up is behind")
        };
        assert_eq!(tasks.tasks().count(), count + 1);
    }
}

/// A clock that shows one moment.
struct FixedClock(Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
