//! The Events of writes, and their order (taskrouter.md section 12.4).

use super::super::events::{self, EventType, Parameter, Workers};
use super::world::*;
use crate::model::*;
use crate::router::*;

/// The types of the Events when no Worker is available for a new Task.
fn created(world: &mut World, name: &str) -> Vec<&'static str> {
    published_types(world, Command::NoWorkerFound { task: task(name) })
}

pub(super) fn types(events: &[events::Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect()
}

/// Decides and writes a Command, and returns its Events: of Tasks first, then of Workers.
pub(super) fn published(world: &mut World, event: Command) -> Vec<events::Event> {
    let tasks = world.tasks.clone();
    let workers = world.workers.clone();
    world.happens(event);
    let changed = world
        .tasks
        .values()
        .filter(|task| tasks.get(&task.sid) != Some(task));
    let mut published: Vec<events::Event> = changed
        .flat_map(|new| events::of_task(&world.workspace, &world.workers, tasks.get(&new.sid), new))
        .collect();
    let changed = world
        .workers
        .values()
        .filter(|worker| workers.get(&worker.sid) != Some(worker));
    published.extend(changed.flat_map(|new| {
        events::of_worker(
            &world.workspace,
            workers.get(&new.sid),
            Some(new),
            world.now,
        )
    }));
    published
}

fn published_types(world: &mut World, event: Command) -> Vec<&'static str> {
    types(&published(world, event))
}

fn advance(name: &str) -> Command {
    Command::Advance { task: task(name) }
}

fn accept(world: &World, name: &str) -> Command {
    Command::Answered {
        task: task(name),
        reservation: world.offer(name),
        answer: Answer::Accept,
    }
}

fn set(name: &str, status: AssignmentStatus) -> Command {
    Command::StatusSet {
        task: task(name),
        status,
        reason: EndReason::Given("because".to_owned()),
        attributes: None,
    }
}

/// A world with one Worker for English and a call that is offered to that Worker.
pub(super) fn offered() -> World {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.wait(1);
    world.advance("c1");
    world.wait(1);
    world
}

#[test]
fn answered_call_has_taskrouters_order() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    let mut sequence = published_types(&mut world, advance("c1"));
    let accepted = accept(&world, "c1");
    sequence.extend(published_types(&mut world, accepted));
    sequence.extend(published_types(
        &mut world,
        set("c1", AssignmentStatus::Completed),
    ));
    let expected = [
        "workflow.entered",
        "task-queue.entered",
        "task.created",
        "workflow.target-matched",
        "reservation.created",
        "reservation.accepted",
        "task.completed",
        "reservation.completed",
        "task.updated",
    ];
    assert_eq!(sequence, expected);
}

#[test]
fn wrap_up_has_events_of_task_and_reservation() {
    let mut world = offered();
    let accepted = accept(&world, "c1");
    published(&mut world, accepted);
    assert_eq!(
        published_types(&mut world, set("c1", AssignmentStatus::Wrapping)),
        ["task.wrapup", "reservation.wrapup"]
    );
    let completed = published_types(&mut world, set("c1", AssignmentStatus::Completed));
    assert_eq!(
        completed,
        ["task.completed", "reservation.completed", "task.updated"]
    );
}

/// A re-evaluated Task has not left its Workflow, so it is not counted as entering it again.
#[test]
fn reevaluated_task_does_not_enter_again() {
    let restart = |targets: Vec<Target>, language: &str| {
        let mut world = world();
        world.waiting("c1", "en");
        let configuration = Configuration {
            filters: vec![filter(language, targets)],
            default_filter: None,
            text: None,
        };
        world.save(configuration, true);
        published_types(&mut world, advance("c1"))
    };
    assert_eq!(
        restart(vec![target("en")], "en"),
        ["workflow.target-matched"]
    );
    assert_eq!(
        restart(vec![target("hi")], "en"),
        [
            "task-queue.moved",
            "task-queue.entered",
            "workflow.target-matched"
        ]
    );
    // Nothing has timed out.
    assert_eq!(restart(vec![target("hi")], "hi"), ["task.canceled"]);
}

/// A timed-out offer comes before the Worker's new Activity, the next offer after it.
#[test]
fn timeout_precedes_worker_and_next_offer() {
    let mut world = offered().worker("Cai", r#"{"languages":["en"]}"#);
    world.wait(RESERVATION_TIMEOUT_SECS);
    assert_eq!(
        published_types(&mut world, advance("c1")),
        ["reservation.timeout", "worker.activity.update"]
    );
    assert_eq!(
        published_types(&mut world, advance("c1")),
        ["reservation.created"]
    );
}

#[test]
fn failed_offer_precedes_queue_move() {
    let mut world = offered();
    world.workspace.rules.after_failed_reservation = AfterFailedReservation::NextStep;
    world.workflow().configuration.filters[0].targets = vec![target("en"), target("hi")];
    let rejected = Command::Answered {
        task: task("c1"),
        reservation: world.offer("c1"),
        answer: Answer::Reject {
            activity: Some(activity("Offline")),
        },
    };
    let expected = [
        "reservation.rejected",
        "task-queue.moved",
        "task-queue.entered",
        "workflow.target-matched",
        "worker.activity.update",
    ];
    assert_eq!(published_types(&mut world, rejected), expected);
}

#[test]
fn step_timeout_leaves_then_enters_queue() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets = vec![target("en"), target("hi")];
    world.waiting("c1", "en");
    world.wait(STEP_SECS);
    let published = published(&mut world, advance("c1"));
    let queues: Vec<_> = published
        .iter()
        .map(|event| {
            (
                event.event_type.as_str(),
                event.parameters.get(Parameter::TaskQueueName).unwrap(),
            )
        })
        .collect();
    let expected = [
        ("task-queue.timeout", "en"),
        ("task-queue.moved", "en"),
        ("task-queue.entered", "hi"),
        ("workflow.target-matched", "hi"),
    ];
    assert_eq!(queues, expected);
}

#[test]
fn step_in_same_queue_has_no_move_event() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets = vec![target("en"), target("en")];
    world.waiting("c1", "en");
    world.wait(STEP_SECS);
    assert_eq!(
        published_types(&mut world, advance("c1")),
        ["task-queue.timeout", "workflow.target-matched"]
    );
}

#[test]
fn workflow_timeout_precedes_canceled() {
    let mut world = world();
    world.waiting("c1", "en");
    world.wait(STEP_SECS);
    let published = published(&mut world, advance("c1"));
    assert_eq!(types(&published), ["workflow.timeout", "task.canceled"]);
    assert_eq!(
        published[1].description(),
        "Task canceled on Workflow timeout"
    );
}

#[test]
fn task_timeout_states_reason() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets[0].timeout = None;
    world.waiting("c1", "en");
    world.wait(3_600);
    let published = published(&mut world, advance("c1"));
    assert_eq!(types(&published), ["task.canceled"]);
    assert_eq!(published[0].description(), "Task TTL Exceeded");
}

#[test]
fn canceled_task_follows_canceled_offer() {
    let mut world = offered();
    let hang_up = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let published = published(&mut world, hang_up);
    assert_eq!(types(&published), ["reservation.canceled", "task.canceled"]);
    assert_eq!(published[1].description(), "hangup");
}

#[test]
fn accepted_precedes_rescinded() {
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"]}"#)
        .worker("Cai", r#"{"languages":["en"]}"#);
    world
        .workspace
        .task_queues
        .get_mut(&queue("en"))
        .unwrap()
        .max_reserved_workers = 2;
    world.waiting("c1", "en");
    assert_eq!(
        published_types(&mut world, advance("c1")),
        ["reservation.created", "reservation.created"]
    );
    let second = world.tasks[&task("c1")].reservations[1].sid;
    let accepted = Command::Answered {
        task: task("c1"),
        reservation: second,
        answer: Answer::Accept,
    };
    assert_eq!(
        published_types(&mut world, accepted),
        ["reservation.accepted", "reservation.rescinded"]
    );
}

/// The Event of a deleted Task follows those of its open Reservations, and there is no
/// `task.canceled`.
#[test]
fn deleted_task_has_no_canceled_event() {
    let mut world = offered();
    let deleted = Command::TaskDeleted { task: task("c1") };
    assert_eq!(
        published_types(&mut world, deleted),
        ["reservation.canceled", "task.deleted"]
    );
    let old = offered().tasks[&task("c1")].clone();
    let new = Task {
        removal: Some(Removal::SystemDeleted),
        version: old.version + 1,
        ..old.clone()
    };
    let published = events::of_task(&world.workspace, &Workers::new(), Some(&old), &new);
    assert_eq!(types(&published), ["task.system-deleted"]);
}

#[test]
fn routing_target_has_no_workflow_entered() {
    let mut world = world();
    world.call("c1", "en");
    let made = world.tasks.get_mut(&task("c1")).unwrap();
    made.position.step = Step::Direct;
    made.routing_target = Some(RoutingTarget::TaskQueue(queue("en")));
    assert_eq!(
        created(&mut world, "c1"),
        ["task-queue.entered", "task.created"]
    );
}

#[test]
fn task_updated_only_when_fields_change() {
    let mut world = offered();
    let changes = TaskChanges {
        priority: Some(7),
        ..TaskChanges::default()
    };
    assert_eq!(
        published_types(
            &mut world,
            Command::TaskUpdated {
                task: task("c1"),
                changes
            }
        ),
        ["task.updated"]
    );
    let issued: &[&str] = &[];
    let old = world.tasks[&task("c1")].clone();
    let mut new = world.tasks[&task("c1")].clone();
    new.reservations[0].expires_at = world.now;
    new.version += 1;
    assert_eq!(
        types(&events::of_task(
            &world.workspace,
            &Workers::new(),
            Some(&old),
            &new
        )),
        issued
    );
}

/// The Events of a new Task are published with its second write, dated with its creation.
#[test]
fn second_write_publishes_creation() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    let made = world.task("c1").clone();
    assert_eq!(
        events::of_task(&world.workspace, &Workers::new(), None, &made),
        []
    );
    world.wait(2);
    let published = published(&mut world, advance("c1"));
    let moments: Vec<_> = published
        .iter()
        .map(|event| (event.event_type, event.at() == made.date_created))
        .collect();
    let expected = [
        (EventType::WorkflowEntered, true),
        (EventType::TaskQueueEntered, true),
        (EventType::TaskCreated, true),
        (EventType::WorkflowTargetMatched, true),
        (EventType::ReservationCreated, false),
    ];
    assert_eq!(moments, expected);
    assert!(
        published.iter().all(|event| event.place.at == world.now),
        "the Events have the moment of the write"
    );
    let says = |parameter| {
        [&published[2], &published[4]]
            .map(|event| event.parameters.get(parameter).unwrap().to_owned())
    };
    assert_eq!(says(Parameter::TaskVersion), ["0", "1"]);
    assert_eq!(
        says(Parameter::TaskAssignmentStatus),
        ["pending", "reserved"]
    );
    assert_eq!(says(Parameter::TaskAge), ["0", "2"]);
}

#[test]
fn early_end_still_publishes_creation() {
    let mut world = world();
    world.call("c1", "en");
    let hang_up = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let published = published_types(&mut world, hang_up);
    assert_eq!(
        published[2..],
        ["task.created", "workflow.target-matched", "task.canceled"]
    );
}

/// The same write gives the same Events, and the next write Events with later cursors.
#[test]
fn events_of_a_write_are_deterministic() {
    let mut world = world();
    world.call("c1", "en");
    let made = world.tasks[&task("c1")].clone();
    world.happens(Command::NoWorkerFound { task: task("c1") });
    let queued = world.tasks[&task("c1")].clone();
    let published = || events::of_task(&world.workspace, &Workers::new(), Some(&made), &queued);
    assert_eq!(published(), published());
    let next = Task {
        version: queued.version + 1,
        priority: 3,
        ..queued.clone()
    };
    let next = events::of_task(&world.workspace, &Workers::new(), Some(&queued), &next);
    assert_eq!(next[0].event_type, EventType::TaskUpdated);
    let places: Vec<_> = published()
        .iter()
        .chain(&next)
        .map(|event| event.place)
        .collect();
    assert!(
        places.is_sorted() && places.windows(2).all(|pair| pair[0] != pair[1]),
        "{places:?}"
    );
}

#[test]
fn slow_clock_keeps_event_order() {
    let mut world = offered();
    let before = world.task("c1").clone();
    world.now = Timestamp::from_millis(before.date_updated.as_millis() - 700);
    let after = published(&mut world, set("c1", AssignmentStatus::Canceled));
    let place = |task: &Task| {
        events::EventCursor::of(events::Cause {
            about: &task.sid.to_string(),
            version: task.version,
            at: task.date_updated,
        })
    };
    assert!(after[0].place > place(&before), "{:?}", after[0].place);
}

#[test]
fn events_filter_limits_callback() {
    let mut workspace = world().workspace;
    assert!(
        !events::is_wanted(&workspace, EventType::TaskCreated),
        "no callback, no message"
    );
    workspace.event_callback_url = Some("https://app.example/events".to_owned());
    assert!(
        EventType::ALL
            .iter()
            .all(|known| events::is_wanted(&workspace, *known))
    );
    workspace.events_filter = vec![EventType::TaskCreated];
    assert!(events::is_wanted(&workspace, EventType::TaskCreated));
    assert!(!events::is_wanted(&workspace, EventType::TaskUpdated));
}

#[test]
fn events_of_one_task_share_a_group() {
    let mut world = world();
    world.call("c1", "en");
    let published = published(
        &mut world,
        Command::CallerGone {
            task: task("c1"),
            reason: EndReason::Hangup,
            carrier_queue: None,
        },
    );
    assert!(!published.is_empty());
    for event in published {
        let notice = event.notice();
        assert_eq!(
            (notice.workspace, notice.event),
            (world.workspace.sid, event.sid())
        );
        assert_eq!(notice.about, task("c1").to_string());
    }
}

#[test]
fn known_worker_is_in_event_parameters() {
    let ben = worker("Ben").to_string();
    for (known, said) in [("agent.sid", Some(ben.as_str())), ("agent.unknown", None)] {
        let step = Target {
            known_worker: Some(KnownWorker::Sid(known.parse().unwrap())),
            ..target("en")
        };
        let mut world = world()
            .worker("Ben", r#"{"languages":["en"]}"#)
            .steps(vec![step]);
        let attributes = format!(r#"{{"selected_language":"en","agent":{{"sid":"{ben}"}}}}"#);
        world
            .make("c1", "en", |new| {
                new.attributes = attributes.parse().unwrap()
            })
            .unwrap();
        let published = published(&mut world, Command::NoWorkerFound { task: task("c1") });
        assert!(!published.is_empty());
        assert!(
            published
                .iter()
                .all(|event| event.parameters.get(Parameter::KnownWorkerSid) == said),
            "{known}"
        );
    }
}

/// The offer was made in the first queue, and times out after the deadline of that step.
#[test]
fn late_timeout_names_its_own_queue() {
    let timed = Target {
        timeout: Some(Millis::from_secs(2)),
        ..target("en")
    };
    let urgent = Target {
        priority: Some(9),
        ..target("hi")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"]}"#)
        .steps(vec![timed, urgent]);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
    world.wait(RESERVATION_TIMEOUT_SECS);
    let events = published(&mut world, advance("c1"));
    let of = |wanted: EventType| {
        let event = events.iter().find(|event| event.event_type == wanted);
        let parameters = &event
            .unwrap_or_else(|| panic!("{:?}", types(&events)))
            .parameters;
        let text = |parameter| parameters.get(parameter).map(str::to_owned);
        (
            text(Parameter::TaskQueueName),
            text(Parameter::TaskPriority),
        )
    };
    let first = (Some("en".to_owned()), Some("0".to_owned()));
    let second = (Some("hi".to_owned()), Some("9".to_owned()));
    assert_eq!(of(EventType::ReservationTimeout), first);
    assert_eq!(of(EventType::TaskQueueTimeout), first);
    assert_eq!(of(EventType::TaskQueueEntered), second);
}

/// DynamoDB dates a record in whole seconds.
#[test]
fn deletion_comes_after_the_last_change() {
    let world = world().worker("Ben", r#"{"languages":["en"]}"#);
    let mut ben = world.workers[&worker("Ben")].clone();
    ben.date_updated = world.now + Millis::from_millis(700);
    let deleted = events::of_worker(&world.workspace, Some(&ben), None, world.now);
    assert_eq!(deleted[0].at(), ben.date_updated);
}

/// Each of these fields is an update by itself.
#[test]
fn each_updated_field_is_an_update() {
    type Change = fn(&mut Task);
    let mut world = world();
    world.call("c1", "en");
    created(&mut world, "c1");
    let old = world.task("c1").clone();
    let changes: [Change; 4] = [
        |new| new.attributes = r#"{"selected_language":"en"}"#.parse().unwrap(),
        |new| new.channel = TaskChannelName::CHAT,
        |new| new.virtual_start_time += Millis::from_secs(1),
        |new| new.priority += 1,
    ];
    for change in changes {
        let mut new = old.clone();
        new.version += 1;
        change(&mut new);
        let published = events::of_task(&world.workspace, &Workers::new(), Some(&old), &new);
        assert_eq!(types(&published), ["task.updated"], "{new:?}");
    }
}

/// A Task that leaves its TaskQueue states when it came into that one.
#[test]
fn queue_left_states_its_own_entry() {
    let mut world = world().steps(vec![step("en", 60), target("hi")]);
    world.call("c1", "en");
    created(&mut world, "c1");
    let entered = world.task("c1").task_queue_entered_date;
    world.wait(61);
    let published = published(&mut world, advance("c1"));
    let of = |event_type| {
        let event = published
            .iter()
            .find(|event| event.event_type == event_type);
        let date = Parameter::TaskQueueEnteredDate;
        event.unwrap().parameters.get(date).unwrap().to_owned()
    };
    assert_eq!(
        of(EventType::TaskQueueTimeout),
        entered.as_secs().to_string()
    );
    assert_ne!(
        of(EventType::TaskQueueTimeout),
        of(EventType::TaskQueueEntered)
    );
}

/// Also within the millisecond of the last change.
#[test]
fn deletion_has_the_next_version() {
    let world = world().worker("Ben", r#"{"languages":["en"]}"#);
    let ben = &world.workers[&worker("Ben")];
    let made = events::of_worker(&world.workspace, None, Some(ben), world.now);
    let deleted = events::of_worker(&world.workspace, Some(ben), None, ben.date_created);
    assert!(made[0].place < deleted[0].place);
    assert_ne!(made[0].place.write_key(), deleted[0].place.write_key());
}

#[test]
fn canceled_event_without_reason_is_described() {
    let mut world = world();
    world.call("c1", "en");
    let old = world.task("c1").clone();
    let new = Task {
        assignment_status: AssignmentStatus::Canceled,
        reason: Some(EndReason::Given(String::new())),
        version: old.version + 1,
        ..old.clone()
    };
    let published = events::of_task(&world.workspace, &Workers::new(), Some(&old), &new);
    let canceled = published
        .iter()
        .find(|event| event.event_type == EventType::TaskCanceled);
    assert!(canceled.unwrap().description().contains("canceled"));
}
