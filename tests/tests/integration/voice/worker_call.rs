//! The Worker's leg.

use shared::webhook::path;
use task_router::model::{AssignmentStatus, EndReason, ReservationStatus, Task};
use task_router::router::Command;
use tests::centre::{self, NOON};

use super::golden;
use super::world::World;

/// The URLs of the leg to Alice for this Task.
struct Leg {
    answered: String,
    connecting: String,
    status: String,
    ended: String,
}

fn leg(task: &Task) -> Leg {
    let reservation = task.reservations[0].sid;
    let task = task.sid;
    Leg {
        answered: path::worker_call(task, reservation),
        connecting: path::worker_call_connecting(task, reservation),
        status: path::worker_call_status(task, reservation),
        ended: path::worker_call_ended(task, reservation),
    }
}

async fn state(world: &World) -> (AssignmentStatus, ReservationStatus, usize) {
    let task = world.task().await.unwrap();
    (
        task.assignment_status,
        task.reservations[0].status,
        world.alice().await.open_reservations.len(),
    )
}

const OFFERED: (AssignmentStatus, ReservationStatus, usize) =
    (AssignmentStatus::Reserved, ReservationStatus::Pending, 1);
const TALKING: (AssignmentStatus, ReservationStatus, usize) =
    (AssignmentStatus::Assigned, ReservationStatus::Accepted, 1);
const DONE: (AssignmentStatus, ReservationStatus, usize) =
    (AssignmentStatus::Completed, ReservationStatus::Completed, 0);

/// Connecting accepts the Reservation and the end of the leg completes the Task; each webhook may
/// be delivered twice.
#[tokio::test]
async fn worker_leg_webhooks_are_idempotent() {
    let world = World::open().await;
    let leg = leg(&world.offer().await);
    for _ in 0..2 {
        golden::check(
            "worker-call.answered",
            &world.worker(&leg.answered, &[]).await,
        );
        assert_eq!(state(&world).await, OFFERED);
    }
    for _ in 0..2 {
        golden::check(
            "worker-call.connecting",
            &world.worker(&leg.connecting, &[]).await,
        );
        assert_eq!(state(&world).await, TALKING);
    }
    for _ in 0..2 {
        let ended = world
            .worker(
                &leg.ended,
                &[("DialCallStatus", "completed"), ("DialCallDuration", "95")],
            )
            .await;
        golden::check("worker-call.conversation-over", &ended);
    }
    assert_eq!(
        state(&world).await,
        TALKING,
        "the Task ends with the leg or with the caller's webhook"
    );
    for _ in 0..2 {
        assert_eq!(
            world
                .worker(&leg.status, &[("CallStatus", "completed")])
                .await
                .status,
            204
        );
        assert_eq!(state(&world).await, DONE);
    }
    golden::check(
        "worker-call.caller-gone",
        &world.worker(&leg.answered, &[]).await,
    );
    assert_eq!(state(&world).await, DONE);
}

#[tokio::test]
async fn worker_hangup_completes_the_task() {
    let world = World::open().await;
    let leg = leg(&world.offer().await);
    world.worker(&leg.connecting, &[]).await;
    assert_eq!(
        world
            .worker(&leg.status, &[("CallStatus", "completed")])
            .await
            .status,
        204
    );
    assert_eq!(state(&world).await, DONE);
}

#[tokio::test]
async fn hangup_during_greeting_cancels_offer() {
    let world = World::open().await;
    let leg = leg(&world.offer().await);
    world.worker(&leg.answered, &[]).await;
    assert_eq!(
        world
            .worker(&leg.status, &[("CallStatus", "completed")])
            .await
            .status,
        204
    );
    assert_eq!(
        state(&world).await,
        (AssignmentStatus::Pending, ReservationStatus::Canceled, 0)
    );
}

#[tokio::test]
async fn unanswered_leg_cancels_offer() {
    for status in ["busy", "no-answer", "failed", "canceled", "completed"] {
        let world = World::open().await;
        let leg = leg(&world.offer().await);
        for early in ["initiated", "ringing", "in-progress"] {
            assert_eq!(
                world
                    .worker(&leg.status, &[("CallStatus", early)])
                    .await
                    .status,
                204
            );
            assert_eq!(
                state(&world).await,
                (AssignmentStatus::Reserved, ReservationStatus::Pending, 1),
                "{early}"
            );
        }
        for _ in 0..2 {
            assert_eq!(
                world
                    .worker(&leg.status, &[("CallStatus", status)])
                    .await
                    .status,
                204
            );
            assert_eq!(
                state(&world).await,
                (AssignmentStatus::Pending, ReservationStatus::Canceled, 0),
                "{status}"
            );
        }
        golden::check(
            "worker-call.caller-gone",
            &world.worker(&leg.answered, &[]).await,
        );
        assert_eq!(
            world.task().await.unwrap().assignment_status,
            AssignmentStatus::Pending
        );
    }
}

#[tokio::test]
async fn worker_hears_that_caller_has_left() {
    let world = World::open().await;
    let task = world.offer().await;
    let leg = leg(&task);
    let caller_gone = Command::CallerGone {
        task: task.sid,
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    world.store.apply(&caller_gone, NOON).await.unwrap();
    golden::check(
        "worker-call.caller-gone",
        &world.worker(&leg.answered, &[]).await,
    );

    let other = World::open().await;
    other
        .worker(&self::leg(&other.offer().await).answered, &[])
        .await;
    let ended = other
        .worker(&leg.ended, &[("DialCallStatus", "no-answer")])
        .await;
    golden::check("worker-call.caller-gone", &ended);
    // The queue was empty: the webhook of the caller's hang-up was lost. The Task is canceled, so
    // that no other phone rings.
    assert_eq!(
        state(&other).await,
        (AssignmentStatus::Canceled, ReservationStatus::Canceled, 0)
    );
}

#[tokio::test]
async fn unknown_task_is_a_caller_who_left() {
    let world = World::open().await;
    let leg = leg(&centre::offered_task());
    golden::check(
        "worker-call.caller-gone",
        &world.worker(&leg.answered, &[]).await,
    );
    assert_eq!(
        world
            .worker(&leg.status, &[("CallStatus", "completed")])
            .await
            .status,
        204
    );
    assert_eq!(world.worker("/worker-call/unknown", &[]).await.status, 404);
}

/// Status callbacks are answered with 503, so that the carrier sends them again.
#[tokio::test]
async fn unavailable_table_holds_the_worker() {
    let world = World::without_table(true).await;
    let leg = leg(&centre::offered_task());
    golden::check(
        "worker-call.store-down",
        &world.worker(&leg.answered, &[]).await,
    );
    for status in ["ringing", "completed"] {
        assert_eq!(
            world
                .worker(&leg.status, &[("CallStatus", status)])
                .await
                .status,
            503,
            "{status}"
        );
    }
}
