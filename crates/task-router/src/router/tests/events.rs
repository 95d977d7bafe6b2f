//! What writes tell, and in which order (taskrouter.md section 12.4).

use super::super::events::{self, EventType, Parameter, Workers};
use super::world::*;
use crate::model::*;
use crate::router::*;

/// What is told, by type, when nobody is found for a new Task.
fn created(world: &mut World, name: &str) -> Vec<&'static str> {
    told_types(world, Command::NoWorkerFound { task: task(name) })
}

pub(super) fn types(events: &[events::Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect()
}

/// Lets something happen, and says what is told of it: of Tasks first, then of Workers.
pub(super) fn told(world: &mut World, event: Command) -> Vec<events::Event> {
    let (tasks, workers) = (world.tasks.clone(), world.workers.clone());
    world.happens(event);
    let changed = world
        .tasks
        .values()
        .filter(|task| tasks.get(&task.sid) != Some(task));
    let mut told: Vec<events::Event> = changed
        .flat_map(|new| events::of_task(&world.workspace, &world.workers, tasks.get(&new.sid), new))
        .collect();
    let changed = world
        .workers
        .values()
        .filter(|worker| workers.get(&worker.sid) != Some(worker));
    told.extend(changed.flat_map(|new| {
        events::of_worker(
            &world.workspace,
            workers.get(&new.sid),
            Some(new),
            world.now,
        )
    }));
    told
}

fn told_types(world: &mut World, event: Command) -> Vec<&'static str> {
    types(&told(world, event))
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
    }
}

/// A world with one Worker for English and a call that is offered to them.
pub(super) fn offered() -> World {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.wait(1);
    world.advance("c1");
    world.wait(1);
    world
}

#[test]
fn a_call_that_goes_well_is_told_in_the_order_of_taskrouter() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    let mut story = told_types(&mut world, advance("c1"));
    let accepted = accept(&world, "c1");
    story.extend(told_types(&mut world, accepted));
    story.extend(told_types(
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
    assert_eq!(story, expected);
}

#[test]
fn a_conversation_with_paperwork_is_told_of_task_and_reservation() {
    let mut world = offered();
    let accepted = accept(&world, "c1");
    told(&mut world, accepted);
    assert_eq!(
        told_types(&mut world, set("c1", AssignmentStatus::Wrapping)),
        ["task.wrapup", "reservation.wrapup"]
    );
    let completed = told_types(&mut world, set("c1", AssignmentStatus::Completed));
    assert_eq!(
        completed,
        ["task.completed", "reservation.completed", "task.updated"]
    );
}

#[test]
fn an_offer_nobody_answers_is_told_before_the_worker_moves_and_the_next_offer_comes_after() {
    let mut world = offered().worker("Cai", r#"{"languages":["en"]}"#);
    world.wait(RESERVATION_TIMEOUT_SECS);
    assert_eq!(
        told_types(&mut world, advance("c1")),
        ["reservation.timeout", "worker.activity.update"]
    );
    assert_eq!(
        told_types(&mut world, advance("c1")),
        ["reservation.created"]
    );
}

#[test]
fn a_failed_offer_that_sends_the_task_on_is_told_before_the_queue_it_leaves() {
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
    assert_eq!(told_types(&mut world, rejected), expected);
}

#[test]
fn a_step_that_times_out_is_told_with_the_queue_left_and_then_the_queue_entered() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets = vec![target("en"), target("hi")];
    world.waiting("c1", "en");
    world.wait(STEP_SECS);
    let told = told(&mut world, advance("c1"));
    let queues: Vec<_> = told
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
fn a_step_into_the_same_queue_is_told_without_a_move() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets = vec![target("en"), target("en")];
    world.waiting("c1", "en");
    world.wait(STEP_SECS);
    assert_eq!(
        told_types(&mut world, advance("c1")),
        ["task-queue.timeout", "workflow.target-matched"]
    );
}

#[test]
fn a_task_that_falls_out_of_its_workflow_is_told_so_before_it_is_canceled() {
    let mut world = world();
    world.waiting("c1", "en");
    world.wait(STEP_SECS);
    let told = told(&mut world, advance("c1"));
    assert_eq!(types(&told), ["workflow.timeout", "task.canceled"]);
    assert_eq!(told[1].description(), "Task canceled on Workflow timeout");
}

#[test]
fn a_task_whose_time_is_up_says_so() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets[0].timeout = None;
    world.waiting("c1", "en");
    world.wait(3_600);
    let told = told(&mut world, advance("c1"));
    assert_eq!(types(&told), ["task.canceled"]);
    assert_eq!(told[0].description(), "Task TTL Exceeded");
}

#[test]
fn a_task_canceled_while_it_is_offered_is_told_after_the_offer() {
    let mut world = offered();
    let gone = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let told = told(&mut world, gone);
    assert_eq!(types(&told), ["reservation.canceled", "task.canceled"]);
    assert_eq!(told[1].description(), "hangup");
}

#[test]
fn of_parallel_offers_the_accepted_one_is_told_first() {
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
        told_types(&mut world, advance("c1")),
        ["reservation.created", "reservation.created"]
    );
    let second = world.tasks[&task("c1")].reservations[1].sid;
    let accepted = Command::Answered {
        task: task("c1"),
        reservation: second,
        answer: Answer::Accept,
    };
    assert_eq!(
        told_types(&mut world, accepted),
        ["reservation.accepted", "reservation.rescinded"]
    );
}

#[test]
fn a_deleted_task_is_told_after_what_was_open_and_not_as_canceled() {
    let mut world = offered();
    let deleted = Command::TaskDeleted { task: task("c1") };
    assert_eq!(
        told_types(&mut world, deleted),
        ["reservation.canceled", "task.deleted"]
    );
    let old = offered().tasks[&task("c1")].clone();
    let new = Task {
        removal: Some(Removal::SystemDeleted),
        version: old.version + 1,
        ..old.clone()
    };
    let told = events::of_task(&world.workspace, &Workers::new(), Some(&old), &new);
    assert_eq!(types(&told), ["task.system-deleted"]);
}

#[test]
fn a_task_that_passes_its_workflow_by_is_not_told_to_be_in_it() {
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
fn what_is_known_of_a_task_is_told_when_it_changes_and_not_when_it_is_only_written() {
    let mut world = offered();
    let changes = TaskChanges {
        priority: Some(7),
        ..TaskChanges::default()
    };
    assert_eq!(
        told_types(
            &mut world,
            Command::TaskUpdated {
                task: task("c1"),
                changes
            }
        ),
        ["task.updated"]
    );
    let issued: &[&str] = &[];
    let (old, mut new) = (
        world.tasks[&task("c1")].clone(),
        world.tasks[&task("c1")].clone(),
    );
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

#[test]
fn a_new_task_is_told_of_with_its_second_write_as_of_the_moment_it_was_made() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    let made = world.task("c1").clone();
    assert_eq!(
        events::of_task(&world.workspace, &Workers::new(), None, &made),
        []
    );
    world.wait(2);
    let told = told(&mut world, advance("c1"));
    let moments: Vec<_> = told
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
        told.iter().all(|event| event.place.at == world.now),
        "they are where the write is"
    );
    let says = |parameter| {
        [&told[2], &told[4]].map(|event| event.parameters.get(parameter).unwrap().to_owned())
    };
    assert_eq!(says(Parameter::TaskVersion), ["0", "1"]);
    assert_eq!(
        says(Parameter::TaskAssignmentStatus),
        ["pending", "reserved"]
    );
    assert_eq!(says(Parameter::TaskAge), ["0", "2"]);
}

#[test]
fn a_new_task_that_ends_before_anybody_looked_for_a_worker_is_told_of_all_the_same() {
    let mut world = world();
    world.call("c1", "en");
    let gone = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let told = told_types(&mut world, gone);
    assert_eq!(
        told[2..],
        ["task.created", "workflow.target-matched", "task.canceled"]
    );
}

#[test]
fn the_same_write_tells_the_same_events_and_the_next_write_later_ones() {
    let mut world = world();
    world.call("c1", "en");
    let made = world.tasks[&task("c1")].clone();
    world.happens(Command::NoWorkerFound { task: task("c1") });
    let queued = world.tasks[&task("c1")].clone();
    let told = || events::of_task(&world.workspace, &Workers::new(), Some(&made), &queued);
    assert_eq!(told(), told());
    let next = Task {
        version: queued.version + 1,
        priority: 3,
        ..queued.clone()
    };
    let next = events::of_task(&world.workspace, &Workers::new(), Some(&queued), &next);
    assert_eq!(next[0].event_type, EventType::TaskUpdated);
    let places: Vec<_> = told()
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
fn a_writer_whose_clock_is_behind_tells_after_the_one_before() {
    let mut world = offered();
    let before = world.task("c1").clone();
    world.now = Timestamp::from_millis(before.date_updated.as_millis() - 700);
    let after = told(&mut world, set("c1", AssignmentStatus::Canceled));
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
fn only_what_the_filter_lets_through_is_told_to_a_callback() {
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
fn what_is_about_the_same_task_is_delivered_in_order() {
    let mut world = world();
    world.call("c1", "en");
    let told = told(
        &mut world,
        Command::CallerGone {
            task: task("c1"),
            reason: EndReason::Hangup,
            carrier_queue: None,
        },
    );
    assert!(!told.is_empty());
    for event in told {
        let notice = event.notice();
        assert_eq!(
            (notice.workspace, notice.event),
            (world.workspace.sid, event.sid())
        );
        assert_eq!(notice.about, task("c1").to_string());
    }
}

#[test]
fn events_of_a_task_for_a_known_worker_say_whom_it_is_for() {
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
        let told = told(&mut world, Command::NoWorkerFound { task: task("c1") });
        assert!(!told.is_empty());
        assert!(
            told.iter()
                .all(|event| event.parameters.get(Parameter::KnownWorkerSid) == said),
            "{known}"
        );
    }
}
