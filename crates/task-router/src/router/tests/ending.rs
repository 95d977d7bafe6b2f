//! How Tasks and conversations end (taskrouter.md sections 5 and 14).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Callback, Effect};
use crate::router::*;
use ids::CallSid;
use ids::QueueSid;

/// A call that Ben has accepted, in a channel with this rule for the end of a conversation.
fn accepted(after: AfterConversation) -> World {
    let mut world = world().worker("Ben", ENGLISH);
    world.channel(TaskChannelName::VOICE).after_conversation = after;
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    world.accept("c1");
    world
}

#[test]
fn hang_up_frees_worker_and_stops_ringing() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let call = world.rings("c1");
    let (_, effects) = world.caller_hangs_up("c1");
    assert_eq!(
        (world.status("c1"), world.reason("c1")),
        (AssignmentStatus::Canceled, Some(EndReason::Hangup))
    );
    assert!(
        effects.contains(&Effect::Callback(Callback::StopWorkerCall {
            call,
            task: Some(task("c1"))
        })),
        "{effects:?}"
    );
    assert!(
        effects.contains(&Effect::MatchWorker(worker("Ben"))),
        "{effects:?}"
    );
    assert_eq!(world.caller_hangs_up("c1"), (Outcome::AlreadySo, vec![]));
}

#[test]
fn carrier_queue_is_recorded_then_deleted() {
    let mut world = world();
    world.call("c1", "en");
    let first = QueueSid::derive(&["first"]);
    let second = QueueSid::derive(&["second"]);
    let hang_up = |queue| Command::CallerGone {
        task: task("c1"),
        reason: EndReason::LeftQueue,
        carrier_queue: Some(queue),
    };
    let (_, effects) = world.happens(hang_up(first));
    assert!(
        effects.contains(&Effect::Callback(Callback::DeleteQueue { queue: first })),
        "{effects:?}"
    );
    assert_eq!(world.happens(hang_up(second)), (Outcome::AlreadySo, vec![]));
}

/// When a Worker's call finds the carrier's queue empty, the caller's hang-up notice was lost.
#[test]
fn empty_queue_ends_task_of_lost_caller() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    let not_found = Command::CallerNotFound {
        task: task("c1"),
        reservation: world.offer("c1"),
    };
    world.happens(not_found.clone());
    assert_eq!(world.reason("c1"), Some(EndReason::LeftQueue));
    assert_eq!(world.happens(not_found), (Outcome::AlreadySo, vec![]));
}

#[test]
fn empty_queue_after_accept_ends_conversation() {
    let mut world = accepted(AfterConversation::Complete);
    let reservation = world.offer("c1");
    world.happens(Command::CallerNotFound {
        task: task("c1"),
        reservation,
    });
    assert_eq!(
        (world.status("c1"), world.activity_of("Ben")),
        (AssignmentStatus::Completed, "Wrap-Up")
    );
}

#[test]
fn complete_channel_ends_task_at_once() {
    let mut world = accepted(AfterConversation::Complete);
    let ended = Command::WorkerCallEnded {
        task: task("c1"),
        reservation: world.offer("c1"),
        code: None,
    };
    assert_eq!(world.happens(ended.clone()).0, Outcome::Changed);
    assert_eq!(world.reason("c1"), Some(EndReason::ConversationEnded));
    assert_eq!(
        (world.status("c1"), world.activity_of("Ben")),
        (AssignmentStatus::Completed, "Wrap-Up")
    );
    assert_eq!(world.happens(ended), (Outcome::AlreadySo, vec![]));
}

#[test]
fn deleted_channel_completes_task() {
    let mut world = accepted(AfterConversation::Wrap);
    world
        .workspace
        .task_channels
        .remove(&TaskChannelName::VOICE);
    world.caller_hangs_up("c1");
    assert_eq!(world.status("c1"), AssignmentStatus::Completed);
}

#[test]
fn wrapping_lasts_until_completed_by_api() {
    let mut world = accepted(AfterConversation::Wrap);
    world.caller_hangs_up("c1");
    let wrapping = world.task("c1").reservations[0].status;
    assert_eq!(
        (world.status("c1"), wrapping),
        (AssignmentStatus::Wrapping, ReservationStatus::Wrapping)
    );
    assert_eq!(
        world.activity_of("Ben"),
        "Wrap-Up",
        "the instruction's Activity comes with the end of the conversation"
    );
    assert_eq!(world.caller_hangs_up("c1"), (Outcome::AlreadySo, vec![]));
    assert_eq!(
        timers::of_task(&world.workspace, world.task("c1"), world.now),
        None
    );
    world.wait(200_000);
    assert_eq!(world.advance("c1"), []);
    world.set_activity("Ben", "Helpful", false);
    assert_eq!(
        world.set_status("c1", AssignmentStatus::Completed),
        Outcome::Changed
    );
    assert_eq!(
        world.task("c1").reservations[0].status,
        ReservationStatus::Completed
    );
    assert_eq!(
        world.activity_of("Ben"),
        "Helpful",
        "completing changes no Activity"
    );
    assert_eq!(world.workers[&worker("Ben")].open_reservations, []);
}

#[test]
fn wrapping_limit_completes_task() {
    let mut world = accepted(AfterConversation::WrapFor(Millis::from_secs(30)));
    world.wait(100);
    let (_, effects) = world.caller_hangs_up("c1");
    let at = world.now + Millis::from_secs(30);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Timer(wake) if wake.at == at)),
        "{effects:?}"
    );
    world.wait(29);
    assert_eq!(world.advance("c1"), []);
    world.wait(1);
    world.advance("c1");
    assert_eq!(
        (world.status("c1"), world.reason("c1")),
        (AssignmentStatus::Completed, Some(EndReason::WrapUpLimit))
    );
}

#[test]
fn task_assigned_for_a_day_is_deleted() {
    let mut world = accepted(AfterConversation::Wrap);
    let held_since = world.task("c1").reservations[0].date_updated;
    assert_eq!(
        timers::of_task(&world.workspace, world.task("c1"), world.now),
        Some(held_since + ASSIGNED_MAX)
    );
    world.now = held_since + ASSIGNED_MAX - Millis::from_millis(1);
    assert_eq!(world.advance("c1"), []);
    world.now += Millis::from_millis(1);
    world.advance("c1");
    assert_eq!(world.task("c1").removal, Some(Removal::SystemDeleted));
    assert_eq!(
        world.task("c1").reservations[0].status,
        ReservationStatus::Canceled
    );
    assert!(
        !world
            .task("c1")
            .is_readable(Millis::from_secs(300), world.now)
    );
    assert_eq!(world.advance("c1"), []);
}

#[test]
fn thousand_rounds_cancel_task() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![Target::to(queue("en"))]);
    world.workspace.rules.reoffer_pause = Millis::ZERO;
    world.call("c1", "en");
    for _ in 0..RESERVATION_ROUNDS_MAX {
        world.advance("c1");
        world.reject("c1", None);
    }
    assert_eq!(
        (world.status("c1"), world.task("c1").rounds),
        (AssignmentStatus::Pending, RESERVATION_ROUNDS_MAX)
    );
    world.advance("c1");
    assert_eq!(world.reason("c1"), Some(EndReason::MaxAssignmentsExceeded));
    let text = "Task TTL Exceeded or Max assignment count exceeded";
    assert_eq!(world.reason("c1").unwrap().as_str(), text);
}

#[test]
fn delete_in_any_status_frees_worker() {
    let steps: [fn(&mut World); 5] = [
        |_pending| {},
        |world| drop(world.advance("c1")),
        |world| drop(world.accept("c1")),
        |world| {
            assert_eq!(
                world.set_status("c1", AssignmentStatus::Wrapping),
                Outcome::Changed
            )
        },
        |world| {
            assert_eq!(
                world.set_status("c1", AssignmentStatus::Completed),
                Outcome::Changed
            )
        },
    ];
    for taken in 1..=steps.len() {
        let mut world = world().worker("Ben", ENGLISH);
        world.call("c1", "en");
        steps.iter().take(taken).for_each(|step| step(&mut world));
        let before = world.status("c1");
        assert_eq!(
            world.happens(Command::TaskDeleted { task: task("c1") }).0,
            Outcome::Changed,
            "{before:?}"
        );
        assert_eq!(world.task("c1").removal, Some(Removal::Deleted));
        assert!(
            world.status("c1").is_end()
                && world.workers[&worker("Ben")].open_reservations.is_empty()
        );
        assert_eq!(
            world.happens(Command::TaskDeleted { task: task("c1") }),
            (Outcome::AlreadySo, vec![])
        );
        let expected = if before.is_end() {
            EndReason::Given("done".to_owned())
        } else {
            EndReason::Deleted
        };
        assert_eq!(world.reason("c1"), Some(expected));
    }
}

#[test]
fn delete_redirects_waiting_caller() {
    let mut world = world();
    world.call("c1", "en");
    let (_, effects) = world.happens(Command::TaskDeleted { task: task("c1") });
    let call = CallSid::derive(&["c1"]);
    assert_eq!(
        effects,
        [Effect::Callback(Callback::SendCallerOn {
            call,
            task: task("c1")
        })]
    );
}

#[test]
fn timeout_cancels_task_during_offer() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![Target::to(queue("en"))]);
    world.call("c1", "en");
    world.wait(3_599);
    world.advance("c1");
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    world.wait(1);
    world.advance("c1");
    assert_eq!(
        (world.status("c1"), world.reason("c1")),
        (AssignmentStatus::Canceled, Some(EndReason::TaskTtlExceeded))
    );
    assert_eq!(
        world.task("c1").reservations[0].status,
        ReservationStatus::Canceled
    );
}

#[test]
fn api_ends_task_only_where_allowed() {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved, Wrapping};
    let all = [Pending, Reserved, Assigned, Wrapping, Completed, Canceled];
    let allowed = [
        (Pending, Canceled),
        (Reserved, Canceled),
        (Assigned, Wrapping),
        (Assigned, Completed),
        (Wrapping, Completed),
    ];
    for from in all {
        for to in all {
            let mut world = in_status(from);
            let outcome = world.set_status("c1", to);
            let expected = if allowed.contains(&(from, to)) {
                Outcome::Changed
            } else if from == to && [Wrapping, Completed, Canceled].contains(&to) {
                Outcome::AlreadySo
            } else {
                Outcome::Refused(Refusal::WrongStatus {
                    task: task("c1"),
                    status: from,
                })
            };
            assert_eq!(outcome, expected, "{from:?} to {to:?}");
        }
    }
}

fn in_status(status: AssignmentStatus) -> World {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved, Wrapping};
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    if matches!(status, Reserved | Assigned | Wrapping | Completed) {
        world.advance("c1");
    }
    if matches!(status, Assigned | Wrapping | Completed) {
        world.accept("c1");
    }
    match status {
        Wrapping | Completed | Canceled => {
            assert_eq!(world.set_status("c1", status), Outcome::Changed)
        }
        Pending | Reserved | Assigned => {}
    }
    assert_eq!(world.status("c1"), status);
    world
}
