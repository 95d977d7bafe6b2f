//! Activities of Workers (taskrouter.md section 3).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Effect, Subject};
use crate::router::*;

#[test]
fn wrap_up_limit_returns_worker() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    world.accept("c1");
    let (_, effects) = world.worker_hangs_up("c1", None);
    assert_eq!(
        (world.status("c1"), world.activity_of("Ben")),
        (AssignmentStatus::Completed, "Wrap-Up")
    );
    let wakes = |effect: &Effect| matches!(effect, Effect::Timer(wake) if wake.subject == Subject::Worker(worker("Ben")));
    assert!(effects.iter().any(wakes), "{effects:?}");
    world.wait(29);
    assert_eq!(
        world
            .happens(Command::AdvanceWorker {
                worker: worker("Ben")
            })
            .0,
        Outcome::AlreadySo
    );
    world.wait(1);
    let (_, effects) = world.happens(Command::AdvanceWorker {
        worker: worker("Ben"),
    });
    assert_eq!(world.activity_of("Ben"), "Available");
    assert!(
        effects.contains(&Effect::MatchWorker(worker("Ben"))),
        "{effects:?}"
    );
}

#[test]
fn wrap_up_without_limit_lasts() {
    let mut world = world().worker("Ben", ENGLISH);
    world.workspace.wrap_up = None;
    let (_, effects) = world.set_activity("Ben", "Wrap-Up", false);
    assert_eq!(effects, []);
    world.wait(100_000);
    assert_eq!(
        world
            .happens(Command::AdvanceWorker {
                worker: worker("Ben")
            })
            .0,
        Outcome::AlreadySo
    );
}

#[test]
fn same_activity_does_not_restart() {
    let mut world = world().worker("Ben", ENGLISH);
    world.wait(10);
    assert_eq!(
        world.set_activity("Ben", "Available", false),
        (Outcome::AlreadySo, vec![])
    );
    assert_eq!(
        world.set_activity("Ben", "?", false).0,
        Outcome::Refused(Refusal::NoSuchActivity)
    );
    let unknown = Command::ActivitySet {
        worker: worker("unknown"),
        activity: activity("Offline"),
        reject_pending: false,
    };
    assert_eq!(
        world.happens(unknown).0,
        Outcome::Refused(Refusal::NoSuchWorker(worker("unknown")))
    );
}

#[test]
fn unavailable_keeps_offer_unless_rejecting() {
    for (to, reject_pending, expected) in [
        ("Offline", false, AssignmentStatus::Reserved),
        ("Offline", true, AssignmentStatus::Pending),
        ("Helpful", true, AssignmentStatus::Reserved),
    ] {
        let mut world = world().worker("Ben", ENGLISH);
        world.call("c1", "en");
        world.advance("c1");
        world.set_activity("Ben", to, reject_pending);
        assert_eq!(
            world.status("c1"),
            expected,
            "{to}, reject_pending {reject_pending}"
        );
    }
}

#[test]
fn reject_pending_keeps_accepted() {
    let mut world = world().worker("Ben", ENGLISH);
    world
        .share("Ben", TaskChannelName::VOICE)
        .configured_capacity = 3;
    for name in ["c1", "c2", "c3"] {
        world.call(name, "en");
        world.advance(name);
    }
    world.accept("c2");
    world.tasks.remove(&task("c3"));
    world.set_activity("Ben", "Offline", true);
    assert_eq!(
        (world.status("c1"), world.status("c2")),
        (AssignmentStatus::Pending, AssignmentStatus::Assigned)
    );
    assert_eq!(
        world.task("c1").reservations[0].status,
        ReservationStatus::Rejected
    );
}

#[test]
fn available_activity_matches_worker() {
    let helpful = Target {
        expression: expression("worker.activity_name == 'Helpful'"),
        ..target("en")
    };
    let mut world = world().worker("Ben", ENGLISH).steps(vec![helpful]);
    world.call("c1", "en");
    world.set_activity("Ben", "Offline", false);
    let (_, effects) = world.set_activity("Ben", "Available", false);
    assert_eq!(effects, [Effect::MatchWorker(worker("Ben"))]);
    assert_eq!(
        world.serve("Ben"),
        Outcome::AlreadySo,
        "the step requires another Activity"
    );
    let (_, effects) = world.set_activity("Ben", "Helpful", false);
    assert_eq!(
        effects,
        [Effect::MatchWorker(worker("Ben"))],
        "a step's expression can read the Activity"
    );
    assert_eq!(world.serve("Ben"), Outcome::Changed);
}

#[test]
fn membership_follows_activity() {
    let mut world = world().worker("Ben", ENGLISH);
    world.queue("hi").target_workers = expression("activity_name == 'Helpful'");
    world.set_activity("Ben", "Helpful", false);
    assert!(
        world.workers[&worker("Ben")]
            .queue_membership
            .serves(queue("hi"))
    );
    world.set_activity("Ben", "Available", false);
    assert!(
        !world.workers[&worker("Ben")]
            .queue_membership
            .serves(queue("hi"))
    );
}

#[test]
fn stale_membership_is_recomputed() {
    let mut world = world().worker("Ben", ENGLISH);
    world
        .workers
        .get_mut(&worker("Ben"))
        .unwrap()
        .queue_membership = QueueMembership::default();
    let (outcome, effects) = world.happens(Command::AdvanceWorker {
        worker: worker("Ben"),
    });
    assert_eq!(
        (outcome, effects),
        (Outcome::Changed, vec![Effect::MatchWorker(worker("Ben"))])
    );
    assert_eq!(
        world
            .happens(Command::AdvanceWorker {
                worker: worker("Ben")
            })
            .0,
        Outcome::AlreadySo
    );
}

#[test]
fn deleted_activity_falls_back_to_default() {
    let mut world = world().worker("Ben", ENGLISH);
    let ben = world.workers[&worker("Ben")].clone();
    assert_eq!(
        in_known_activity(&world.workspace, ben.clone(), world.now),
        ben
    );
    world.workspace.activities.remove(&ben.activity_sid);
    let moved = in_known_activity(&world.workspace, ben.clone(), world.now);
    assert_eq!(moved.activity_sid, world.workspace.default_activity_sid);
    world.workspace.activities.clear();
    assert_eq!(
        in_known_activity(&world.workspace, ben.clone(), world.now),
        ben,
        "no default Activity exists"
    );
}

#[test]
fn queue_without_expression_has_no_workers() {
    let mut world = world();
    world.queue("en").target_workers = None;
    let mut world = world.worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1").len(), 0);
}

/// A Command about a Worker writes the Worker together with the Tasks; one about a Task writes the
/// Task first.
#[test]
fn workers_of_a_worker_command_are_bound() {
    let world = world().worker("Ben", ENGLISH);
    let command = Command::ActivitySet {
        worker: worker("Ben"),
        activity: activity("Offline"),
        reject_pending: false,
    };
    let snapshot = Snapshot::new(&world.workspace).with_workers(world.workers.values().cloned());
    let decision = decide(snapshot, &command, world.now);
    assert_eq!(decision.workers_written, WorkersWritten::WithTheTask);
}
