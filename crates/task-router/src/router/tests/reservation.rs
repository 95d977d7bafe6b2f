//! The life of a Reservation (taskrouter.md section 6).

use super::world::*;
use crate::model::*;
use crate::router::effects::Effect;
use crate::router::*;
use ids::CallSid;

/// A call that has been offered to Ben.
fn offered() -> World {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world
}

fn only_status(world: &World) -> ReservationStatus {
    world.task("c1").reservations[0].status
}

#[test]
fn timeout_moves_worker_offline() {
    let mut world = offered();
    world.wait(RESERVATION_TIMEOUT_SECS - 1);
    assert_eq!(world.advance("c1"), []);
    world.wait(1);
    let effects = world.advance("c1");
    assert_eq!(
        (world.status("c1"), world.activity_of("Ben")),
        (AssignmentStatus::Pending, "Offline")
    );
    assert_eq!(only_status(&world), ReservationStatus::Timeout);
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
}

#[test]
fn timeout_enters_timeout_activity_only() {
    let mut world = offered();
    world.workspace.timeout_activity_sid = activity("Helpful");
    world.workspace.default_activity_sid = activity("Wrap-Up");
    world.wait(RESERVATION_TIMEOUT_SECS);
    world.advance("c1");
    assert_eq!(
        (only_status(&world), world.activity_of("Ben")),
        (ReservationStatus::Timeout, "Helpful")
    );
}

#[test]
fn on_timeout_stay_keeps_activity() {
    let mut world = offered();
    world.workspace.rules.on_timeout = OnTimeout::Stay;
    world.wait(RESERVATION_TIMEOUT_SECS);
    world.advance("c1");
    assert_eq!(
        (only_status(&world), world.activity_of("Ben")),
        (ReservationStatus::Timeout, "Available")
    );
}

/// A ringing phone suspends the reservation timeout; without an answer the Reservation is canceled,
/// not timed out.
#[test]
fn unanswered_ring_cancels_reservation() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![Target::to(queue("en"))]);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    world.wait(RESERVATION_TIMEOUT_SECS);
    assert_eq!(world.advance("c1"), [], "the phone still rings");
    world.wait(u64::from(RING_SECS));
    assert_eq!(
        world.advance("c1"),
        [],
        "a Worker who answered at the last moment is being connected"
    );
    world.now += RING_MARGIN;
    world.advance("c1");
    assert_eq!(only_status(&world), ReservationStatus::Canceled);
    assert_eq!(
        (world.status("c1"), world.activity_of("Ben")),
        (AssignmentStatus::Pending, "Available")
    );
}

/// A phone that rings can be answered until it stops, not until the Reservation is given up.
#[test]
fn answer_by_is_the_end_of_ringing() {
    let mut world = offered();
    let answer_by = |world: &World| {
        let task = world.task("c1");
        let offer = task.pending_reservations().next().unwrap();
        crate::router::answer_by(offer).map(|until| until.since(world.now))
    };
    let timeout = Millis::from_secs(RESERVATION_TIMEOUT_SECS);
    assert_eq!(answer_by(&world), Some(timeout));
    assert_eq!(world.task("c1").connected_call(), None);
    let call = world.rings("c1");
    let rings = Millis::from_secs(u64::from(RING_SECS));
    assert_eq!(answer_by(&world), Some(rings));
    assert_eq!(world.task("c1").connected_call(), None);
    let reservation = world.offer("c1");
    world.accept("c1");
    let connected = world.task("c1").connected_call();
    assert_eq!(connected, Some((reservation, call)));
}

#[test]
fn call_without_sid_cancels_reservation() {
    let mut world = offered();
    world.issue("c1");
    world.now += CALL_CREATION_LIMIT;
    world.advance("c1");
    assert_eq!(
        (only_status(&world), world.status("c1")),
        (ReservationStatus::Canceled, AssignmentStatus::Pending)
    );
}

#[test]
fn reject_pauses_only_that_worker() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    world.worker_hangs_up("c1", None);
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Cai"]);
    world.rings("c1");
    world.worker_hangs_up("c1", None);
    world.advance("c1");
    assert_eq!(
        world.offered_to("c1"),
        Vec::<String>::new(),
        "both Workers rejected it within the pause"
    );
    let wake = timers::of_task(&world.workspace, world.task("c1"), world.now);
    assert_eq!(wake, Some(world.now + world.workspace.rules.reoffer_pause));
    world.now += world.workspace.rules.reoffer_pause;
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
    assert_eq!(
        world.task("c1").failed_offers,
        [],
        "expired pauses are removed"
    );
}

#[test]
fn reject_pauses_only_that_task() {
    let mut world = offered();
    world.call("c2", "en");
    world.reject("c1", None);
    assert_eq!(
        (world.serve("Ben"), world.offered_to("c2")),
        (Outcome::Changed, vec!["Ben".to_owned()])
    );
}

#[test]
fn zero_pause_reoffers_at_once() {
    let mut world = offered();
    world.workspace.rules.reoffer_pause = Millis::ZERO;
    world.reject("c1", None);
    world.advance("c1");
    assert_eq!(
        (world.offered_to("c1"), world.task("c1").rounds),
        (vec!["Ben".to_owned()], 2)
    );
}

/// A rejection may name the Worker's next Activity.
#[test]
fn reject_with_unknown_activity_changes_nothing() {
    for (named, expected) in [
        (None, "Available"),
        (Some("Offline"), "Offline"),
        (Some("Unheard of"), "Available"),
    ] {
        let mut world = offered();
        world.reject("c1", named.map(activity));
        assert_eq!(
            (only_status(&world), world.activity_of("Ben")),
            (ReservationStatus::Rejected, expected)
        );
    }
}

#[test]
fn one_writer_places_worker_call() {
    let mut world = offered();
    assert_eq!(world.issue("c1"), Outcome::Changed);
    assert_eq!(world.issue("c1"), Outcome::AlreadySo);
}

#[test]
fn accept_is_idempotent_and_refused_late() {
    let mut world = offered();
    let reservation = world.offer("c1");
    world.rings("c1");
    assert_eq!(world.accept("c1").0, Outcome::Changed);
    assert_eq!(world.accept("c1").0, Outcome::AlreadySo);
    assert!(matches!(
        world.reject("c1", None).0,
        Outcome::Refused(Refusal::ReservationNotPending { .. })
    ));
    world.caller_hangs_up("c1");
    let late = Command::Answered {
        task: task("c1"),
        reservation,
        answer: Answer::Accept,
    };
    assert!(matches!(
        world.happens(late).0,
        Outcome::Refused(Refusal::ReservationNotPending { .. })
    ));
}

#[test]
fn instruction_after_end_is_refused() {
    let mut world = offered();
    let reservation = world.offer("c1");
    world.rings("c1");
    let instruction = world.task("c1").reservations[0]
        .instruction
        .clone()
        .unwrap();
    world.caller_hangs_up("c1");
    let task_sid = task("c1");
    let call = CallSid::derive(&["another leg"]);
    let refused = |outcome| {
        matches!(
            outcome,
            Outcome::Refused(Refusal::ReservationNotPending { .. })
        )
    };
    assert!(refused(
        world
            .happens(Command::InstructionIssued {
                task: task_sid,
                reservation,
                instruction
            })
            .0
    ));
    assert!(refused(
        world
            .happens(Command::WorkerCallNamed {
                task: task_sid,
                reservation,
                call
            })
            .0
    ));
}

#[test]
fn call_sid_may_arrive_late_and_twice() {
    let mut world = offered();
    world.issue("c1");
    world.accept("c1");
    let reservation = world.offer("c1");
    let call = CallSid::derive(&["leg"]);
    let named = Command::WorkerCallNamed {
        task: task("c1"),
        reservation,
        call,
    };
    assert_eq!(world.happens(named.clone()).0, Outcome::Changed);
    assert_eq!(world.happens(named).0, Outcome::AlreadySo);
    assert_eq!(only_status(&world), ReservationStatus::Accepted);
}

#[test]
fn failed_call_states_code() {
    let mut world = offered();
    world.rings("c1");
    world.worker_hangs_up("c1", Some(13_223));
    let ended = &world.task("c1").reservations[0];
    assert_eq!(
        (ended.status, ended.canceled_reason_code),
        (ReservationStatus::Canceled, Some(13_223))
    );
    let again = Command::WorkerCallEnded {
        task: task("c1"),
        reservation: ended.sid,
        code: None,
    };
    assert_eq!(world.happens(again), (Outcome::AlreadySo, vec![]));
}

#[test]
fn earlier_rounds_are_refused() {
    let mut world = offered();
    world.workspace.rules.reoffer_pause = Millis::ZERO;
    let first = world.offer("c1");
    world.reject("c1", None);
    world.advance("c1");
    assert_ne!(world.offer("c1"), first);
    let unknown = Outcome::Refused(Refusal::NoSuchReservation(first));
    for event in [
        Command::Answered {
            task: task("c1"),
            reservation: first,
            answer: Answer::Accept,
        },
        Command::WorkerCallEnded {
            task: task("c1"),
            reservation: first,
            code: None,
        },
        Command::CallerNotFound {
            task: task("c1"),
            reservation: first,
        },
        Command::WorkerCallNamed {
            task: task("c1"),
            reservation: first,
            call: CallSid::derive(&["leg"]),
        },
    ] {
        assert_eq!(world.happens(event).0, unknown);
    }
}

#[test]
fn offer_of_deleted_worker_still_ends() {
    let mut world = offered();
    world.workers.clear();
    world.wait(RESERVATION_TIMEOUT_SECS);
    world.advance("c1");
    assert_eq!(
        (only_status(&world), world.status("c1")),
        (ReservationStatus::Timeout, AssignmentStatus::Pending)
    );
}

#[test]
fn command_about_unknown_task_is_refused() {
    let mut world = world();
    let outcome = world
        .happens(Command::Advance {
            task: task("unknown"),
        })
        .0;
    assert_eq!(
        outcome,
        Outcome::Refused(Refusal::NoSuchTask(task("unknown")))
    );
}
