//! Changes by requests to the API (taskrouter.md sections 2.3 and 2.8).

use super::world::*;
use crate::model::*;
use crate::router::effects::Effect;
use crate::router::*;

/// A field that is absent keeps its value, and an update that changes nothing is not written.
#[test]
fn unchanged_update_is_not_written() {
    let mut world = world();
    world.call("c1", "en");
    let before = world.task("c1").clone();
    assert_eq!(
        world.update("c1", TaskChanges::default()),
        (Outcome::AlreadySo, vec![])
    );
    let same = TaskChanges {
        priority: Some(before.priority),
        channel: Some(before.channel),
        ..TaskChanges::default()
    };
    assert_eq!(world.update("c1", same), (Outcome::AlreadySo, vec![]));
    world.wait(1);
    let start = world.now - Millis::from_secs(60);
    let changes = TaskChanges {
        priority: Some(4),
        virtual_start_time: Some(start),
        ..TaskChanges::default()
    };
    assert_eq!(world.update("c1", changes).0, Outcome::Changed);
    let now = world.now;
    let expected = Task {
        priority: 4,
        virtual_start_time: start,
        date_updated: now,
        version: before.version + 1,
        ..before
    };
    assert_eq!(world.task("c1"), &expected);
}

#[test]
fn update_matches_task_again() {
    let mut world = world();
    world.call("c1", "en");
    let urgent = TaskChanges {
        priority: Some(9),
        ..TaskChanges::default()
    };
    let chat = TaskChanges {
        channel: Some(TaskChannelName::CHAT),
        ..TaskChanges::default()
    };
    for changes in [urgent, chat] {
        let (_, effects) = world.update("c1", changes.clone());
        assert!(
            effects.contains(&Effect::MatchTask(task("c1"))),
            "{changes:?}: {effects:?}"
        );
    }
}

#[test]
fn new_channel_is_matched_there() {
    let mut world = world().worker("Ben", ENGLISH);
    world
        .share("Ben", TaskChannelName::VOICE)
        .configured_capacity = 0;
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1").len(), 0);
    world.update(
        "c1",
        TaskChanges {
            channel: Some(TaskChannelName::CHAT),
            ..TaskChanges::default()
        },
    );
    world.advance("c1");
    assert_eq!(
        world.workers[&worker("Ben")].occupied(TaskChannelName::CHAT),
        1
    );
}

#[test]
fn new_channel_moves_worker_slot() {
    let mut world = world().worker("Ben", ENGLISH);
    let voice = TaskChannelName::VOICE;
    let chat = TaskChannelName::CHAT;
    world.call("c1", "en");
    world.advance("c1");
    let to_chat = TaskChanges {
        channel: Some(chat),
        ..TaskChanges::default()
    };
    let (_, effects) = world.update("c1", to_chat.clone());
    let taken = |world: &World| {
        [voice, chat].map(|channel| world.workers[&worker("Ben")].occupied(channel))
    };
    assert_eq!(taken(&world), [0, 1]);
    assert!(
        effects.contains(&Effect::MatchWorker(worker("Ben"))),
        "a slot for calls is free: {effects:?}"
    );
    world.accept("c1");
    world.call("c2", "en");
    world.advance("c2");
    assert_eq!(world.offered_to("c2"), ["Ben"]);
    world.accept("c2");
    world.update("c2", to_chat);
    assert_eq!(
        taken(&world),
        [0, 2],
        "the Worker who holds the Task keeps it"
    );
    assert!(!world.workers[&worker("Ben")].has_slot(chat));
    world.set_status("c1", AssignmentStatus::Completed);
    assert_eq!(taken(&world), [0, 1]);
}

/// An unknown TaskChannel is refused, too.
#[test]
fn update_of_ended_task_is_refused() {
    let mut world = world();
    world.call("c1", "en");
    let sms = TaskChanges {
        channel: Some(TaskChannelName::SMS),
        ..TaskChanges::default()
    };
    assert_eq!(
        world.update("c1", sms).0,
        Outcome::Refused(Refusal::NoSuchTaskChannel)
    );
    world.caller_hangs_up("c1");
    let status = AssignmentStatus::Canceled;
    let refused = Outcome::Refused(Refusal::WrongStatus {
        task: task("c1"),
        status,
    });
    let urgent = TaskChanges {
        priority: Some(9),
        ..TaskChanges::default()
    };
    assert_eq!(world.update("c1", urgent).0, refused);
}

#[test]
fn attributes_of_ended_task_may_change() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.caller_hangs_up("c1");
    let recorded: Attributes = r#"{"recording":"https://media.example/RE1"}"#.parse().unwrap();
    let changes = TaskChanges {
        attributes: Some(recorded.clone().into()),
        ..TaskChanges::default()
    };
    let (outcome, effects) = world.update("c1", changes.clone());
    assert_eq!((outcome, effects), (Outcome::Changed, vec![]));
    let ended = &world.tasks[&task("c1")];
    assert_eq!(
        (ended.assignment_status, &ended.attributes),
        (AssignmentStatus::Canceled, &recorded)
    );
    world.happens(Command::TaskDeleted { task: task("c1") });
    assert!(matches!(
        world.update("c1", TaskChanges::default()).0,
        Outcome::Refused(Refusal::WrongStatus { .. })
    ));
}

#[test]
fn canceled_task_gets_its_attributes_at_once() {
    let mut world = world();
    world.call("c1", "en");
    let follow_up: Attributes = r#"{"abandoned":"Follow-Up"}"#.parse().unwrap();
    let cancel = Command::StatusSet {
        task: task("c1"),
        status: AssignmentStatus::Canceled,
        reason: EndReason::Given("callback".to_owned()),
        attributes: Some(follow_up.clone().into()),
    };
    assert_eq!(world.happens(cancel).0, Outcome::Changed);
    let ended = &world.tasks[&task("c1")];
    assert_eq!(ended.attributes, follow_up);
    assert_eq!(ended.assignment_status, AssignmentStatus::Canceled);
}

fn change_worker(world: &mut World, changes: WorkerChanges) -> (Outcome, Vec<Effect>) {
    world.happens(Command::WorkerUpdated {
        worker: worker("Ben"),
        changes,
    })
}

#[test]
fn attributes_change_queue_membership() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "hi");
    let both: Attributes = r#"{"languages":["en","hi"]}"#.parse().unwrap();
    let learn = WorkerChanges {
        attributes: Some(both.into()),
        ..WorkerChanges::default()
    };
    let (_, effects) = change_worker(&mut world, learn.clone());
    assert_eq!(effects, [Effect::MatchWorker(worker("Ben"))]);
    assert_eq!(world.serve("Ben"), Outcome::Changed);
    assert_eq!(
        change_worker(&mut world, learn),
        (Outcome::AlreadySo, vec![])
    );
}

#[test]
fn new_name_counts_in_expressions() {
    let known = Some(KnownWorker::FriendlyName("agent".parse().unwrap()));
    let mut world = world()
        .steps(vec![Target {
            known_worker: known,
            ..target("en")
        }])
        .worker("Ben", ENGLISH);
    world.queue("hi").target_workers = expression("friendly_name == 'Benjamin'");
    let attributes = r#"{"selected_language":"en","agent":"Benjamin"}"#;
    world
        .make("c1", "en", |new| {
            new.attributes = attributes.parse().unwrap()
        })
        .unwrap();
    world.advance("c1");
    assert_eq!(world.offered_to("c1").len(), 0);
    let changes = WorkerChanges {
        friendly_name: Some("Benjamin".to_owned()),
        ..WorkerChanges::default()
    };
    assert_eq!(
        change_worker(&mut world, changes).1,
        [Effect::MatchWorker(worker("Ben"))]
    );
    assert!(
        world.workers[&worker("Ben")]
            .queue_membership
            .serves(queue("hi"))
    );
    world.serve("Ben");
    assert_eq!(world.offered_to("c1"), ["Benjamin"]);
}

#[test]
fn one_request_is_one_decision() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
    let before = world.workers[&worker("Ben")].clone();
    let changes = WorkerChanges {
        friendly_name: Some("Benjamin".to_owned()),
        attributes: Some(AttributesChange::Merge(
            r#"{"level":3}"#.parse::<Attributes>().unwrap().as_object().clone(),
        )),
        activity: Some(activity("Offline")),
        reject_pending: true,
    };
    let nowhere = WorkerChanges {
        activity: Some(activity("Nowhere")),
        ..changes.clone()
    };
    assert_eq!(
        change_worker(&mut world, nowhere).0,
        Outcome::Refused(Refusal::NoSuchActivity)
    );
    assert_eq!(
        world.workers[&worker("Ben")],
        before,
        "the request changed a part of the Worker"
    );
    assert_eq!(change_worker(&mut world, changes).0, Outcome::Changed);
    let after = &world.workers[&worker("Ben")];
    assert_eq!(after.version, before.version + 1);
    assert_eq!(
        (after.friendly_name.as_str(), after.activity_sid),
        ("Benjamin", activity("Offline"))
    );
    assert_eq!(
        after.attributes.as_object().len(),
        before.attributes.as_object().len() + 1
    );
    assert_eq!(after.date_updated, world.now);
    assert!(after.open_reservations.is_empty());
}

#[test]
fn too_long_patch_changes_nothing() {
    let mut world = world().worker("Ben", ENGLISH);
    let patch = serde_json::Map::from_iter([("a".to_owned(), "x".repeat(4_096).into())]);
    let changes = WorkerChanges {
        attributes: Some(AttributesChange::Merge(patch)),
        ..WorkerChanges::default()
    };
    assert_eq!(
        change_worker(&mut world, changes).0,
        Outcome::Refused(Refusal::AttributesTooLong)
    );
}

#[test]
fn unknown_worker_update_is_refused() {
    let refused = (
        Outcome::Refused(Refusal::NoSuchWorker(worker("Ben"))),
        vec![],
    );
    assert_eq!(
        change_worker(&mut world(), WorkerChanges::default()),
        refused
    );
    let share = Command::WorkerChannelUpdated {
        worker: worker("Ben"),
        channel: TaskChannelName::VOICE,
        capacity: None,
        available: None,
    };
    assert_eq!(world().happens(share), refused);
}
