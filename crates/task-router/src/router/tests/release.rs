//! The release of a Worker's slot, also when the writer crashes after the Task's write
//! (taskrouter.md sections 3 and 6).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Effect, of_task};
use crate::router::release::Release;
use crate::router::*;

/// A call whose instruction rings Ben, who may have accepted it.
fn ringing(accepted: bool) -> World {
    let mut world = world().worker("Ben", ENGLISH);
    world.channel(TaskChannelName::VOICE).after_conversation = AfterConversation::Wrap;
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    if accepted {
        world.accept("c1");
    }
    world
}

/// Decides and writes the Task but not the Worker, as a writer does that crashes in between.
/// Returns the releases of the Task's write.
fn write_task_only(world: &mut World, event: &Command) -> Vec<Release> {
    let snapshot = Snapshot::new(&world.workspace)
        .with_tasks(world.tasks.values().cloned())
        .with_workers(world.workers.values().cloned());
    let decision = decide(snapshot, event, world.now);
    assert_eq!(decision.workers_written, WorkersWritten::AfterTheTask);
    let new = decision.tasks.into_iter().next().unwrap();
    let old = world.tasks.insert(new.sid, new.clone());
    let effects = of_task(&world.workspace, old.as_ref(), &new);
    let release = |effect| match effect {
        Effect::Release(release) => Some(release),
        Effect::MatchTask(_)
        | Effect::MatchWorker(_)
        | Effect::Timer(_)
        | Effect::Callback(_)
        | Effect::UseChannel(_) => None,
    };
    effects.into_iter().filter_map(release).collect()
}

#[test]
fn task_record_releases_after_crash() {
    let reservation = ringing(false).offer("c1");
    let offline = Answer::Reject {
        activity: Some(activity("Offline")),
    };
    let task = task("c1");
    let hang_up = EndReason::Hangup;
    for (event, ends_in) in [
        (
            Command::Answered {
                task,
                reservation,
                answer: offline,
            },
            "Offline",
        ),
        (
            Command::CallerGone {
                task,
                reason: hang_up,
                carrier_queue: None,
            },
            "Available",
        ),
        (
            Command::WorkerCallEnded {
                task,
                reservation,
                code: None,
            },
            "Available",
        ),
    ] {
        let mut world = ringing(false);
        let releases = write_task_only(&mut world, &event);
        assert_eq!(releases.len(), 1, "{event:?}");
        assert_eq!(world.workers[&worker("Ben")].open_reservations.len(), 1);
        let (outcome, _) = world.happens(Command::Released(releases[0].clone()));
        assert_eq!(
            (outcome, world.activity_of("Ben")),
            (Outcome::Changed, ends_in)
        );
        assert_eq!(world.workers[&worker("Ben")].open_reservations, []);
        world.set_activity("Ben", "Helpful", false);
        assert_eq!(
            world.happens(Command::Released(releases[0].clone())),
            (Outcome::AlreadySo, vec![])
        );
        assert_eq!(
            world.activity_of("Ben"),
            "Helpful",
            "a repeated release changes nothing"
        );
    }
}

#[test]
fn post_work_activity_is_entered_once() {
    let mut world = ringing(true);
    let hang_up = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let wraps = write_task_only(&mut world, &hang_up);
    assert_eq!(
        world.happens(Command::Released(wraps[0].clone())).0,
        Outcome::Changed
    );
    assert_eq!(world.activity_of("Ben"), "Wrap-Up");
    assert_eq!(
        world.workers[&worker("Ben")].open_reservations[0].status,
        OpenStatus::Wrapping,
        "the slot stays taken"
    );
    world.set_activity("Ben", "Helpful", false);
    assert_eq!(
        world.happens(Command::Released(wraps[0].clone())).0,
        Outcome::AlreadySo
    );
    let reason = EndReason::Given("done".to_owned());
    let done = Command::StatusSet {
        task: task("c1"),
        status: AssignmentStatus::Completed,
        reason,
        attributes: None,
    };
    let ends = write_task_only(&mut world, &done);
    world.happens(Command::Released(ends[0].clone()));
    assert_eq!(
        (
            world.activity_of("Ben"),
            world.workers[&worker("Ben")].open_reservations.len()
        ),
        ("Helpful", 0)
    );
    assert_eq!(
        world.happens(Command::Released(wraps[0].clone())).0,
        Outcome::AlreadySo,
        "a release long after the end changes nothing"
    );
}

#[test]
fn end_before_wrapping_does_both() {
    let mut world = ringing(true);
    let hang_up = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let wraps = write_task_only(&mut world, &hang_up);
    let reason = EndReason::Given("done".to_owned());
    let done = Command::StatusSet {
        task: task("c1"),
        status: AssignmentStatus::Completed,
        reason,
        attributes: None,
    };
    let ends = write_task_only(&mut world, &done);
    world.happens(Command::Released(ends[0].clone()));
    assert_eq!(
        (
            world.activity_of("Ben"),
            world.workers[&worker("Ben")].open_reservations.len()
        ),
        ("Wrap-Up", 0)
    );
    assert_eq!(
        world.happens(Command::Released(wraps[0].clone())).0,
        Outcome::AlreadySo
    );
}

#[test]
fn release_of_deleted_worker_is_ignored() {
    let mut world = ringing(false);
    let hang_up = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let releases = write_task_only(&mut world, &hang_up);
    world.workers.clear();
    let event = Command::Released(releases[0].clone());
    assert_eq!((event.task(), event.worker()), (None, Some(worker("Ben"))));
    assert_eq!(world.happens(event), (Outcome::AlreadySo, vec![]));
}
