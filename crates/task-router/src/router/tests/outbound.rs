//! A conference whose customer is dialed, `outbound_to` (taskrouter.md section 11.3).

use super::instructions::{conference, entered, joined, left, offer};
use super::world::*;
use crate::model::instruction::Conference;
use crate::model::*;
use crate::router::effects::{Callback, Effect};
use crate::router::limits::{CALL_CREATION_LIMIT, RING_MARGIN};
use crate::router::*;
use ids::CallSid;

/// A Task without a waiting caller, its Worker in the conference, and the Effects of that.
fn worker_is_in() -> (World, CallSid, Vec<Effect>) {
    let (mut world, worker_call) = conference(Conference::default());
    let waiting = world.tasks.get_mut(&task("c1")).unwrap();
    waiting.attributes = r#"{"outbound_to":"+15550100","to":"+17075550183"}"#
        .parse()
        .unwrap();
    let (_, effects) = entered(&mut world, worker_call);
    (world, worker_call, effects)
}

/// The same state, and the customer's phone rings.
fn rings() -> (World, CallSid) {
    let (mut world, worker_call, _) = worker_is_in();
    issue(&mut world, 1);
    name(&mut world);
    (world, worker_call)
}

fn customer() -> CallSid {
    CallSid::derive(&["customer leg"])
}

fn issue(world: &mut World, claim: u64) -> Outcome {
    let reservation = offer(world).sid;
    world
        .happens(Command::CustomerCallIssued {
            task: task("c1"),
            reservation,
            claim,
        })
        .0
}

fn name(world: &mut World) -> Outcome {
    let reservation = offer(world).sid;
    world
        .happens(Command::CustomerCallNamed {
            task: task("c1"),
            reservation,
            call: customer(),
        })
        .0
}

fn stops(effects: &[Effect], call: CallSid) -> bool {
    effects.contains(&Effect::Callback(Callback::StopWorkerCall {
        call,
        task: Some(task("c1")),
    }))
}

#[test]
fn customer_is_dialed_after_worker_joins() {
    let (mut world, _, effects) = worker_is_in();
    let dials = Callback::CallCustomer {
        task: task("c1"),
        reservation: offer(&world).sid,
    };
    assert!(effects.contains(&Effect::Callback(dials)), "{effects:?}");
    assert_eq!(issue(&mut world, 1), Outcome::Changed);
    assert_eq!(
        issue(&mut world, 2),
        Outcome::AlreadySo,
        "the second attempt places no call"
    );
    let plan = offer(&world)
        .instruction
        .as_ref()
        .unwrap()
        .conference()
        .unwrap()
        .clone();
    assert_eq!(plan.customer.map(|customer| customer.claim), Some(1));
    assert_eq!(name(&mut world), Outcome::Changed);
    assert_eq!(name(&mut world), Outcome::AlreadySo);
}

/// No customer is dialed before the Worker has joined or after the offer has ended.
#[test]
fn customer_is_not_dialed_too_early_or_late() {
    let (mut world, worker_call) = conference(Conference::default());
    assert!(matches!(issue(&mut world, 1), Outcome::Refused(_)));
    entered(&mut world, worker_call);
    left(&mut world, Leaving::Call(worker_call));
    assert!(matches!(issue(&mut world, 1), Outcome::Refused(_)));
}

/// The conversation is over when both have left.
#[test]
fn customer_answer_accepts_reservation() {
    let (mut world, worker_call) = rings();
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    assert_eq!(joined(&mut world), Outcome::Changed);
    assert_eq!(
        joined(&mut world),
        Outcome::AlreadySo,
        "the notice is delivered twice"
    );
    assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
    let conference = world.tasks[&task("c1")]
        .attributes
        .get("conference")
        .unwrap()
        .clone();
    assert_eq!(
        conference["participants"]["worker"],
        worker_call.to_string()
    );
    assert_eq!(
        conference["participants"]["customer"],
        customer().to_string()
    );
    left(&mut world, Leaving::Call(customer()));
    assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
    left(&mut world, Leaving::Call(worker_call));
    assert_eq!(world.status("c1"), AssignmentStatus::Completed);
}

#[test]
fn unanswered_customer_cancels_offer() {
    let (mut world, worker_call) = rings();
    let reservation = offer(&world).sid;
    let left_notice = Command::ConferenceLeft {
        task: task("c1"),
        reservation,
        leaving: Leaving::Call(customer()),
    };
    let (outcome, effects) = world.happens(left_notice);
    assert_eq!(outcome, Outcome::Changed);
    assert_eq!(offer(&world).status, ReservationStatus::Canceled);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    assert!(stops(&effects, worker_call), "{effects:?}");
    assert!(
        matches!(name(&mut world), Outcome::AlreadySo),
        "a late notice repeats the SID of the first"
    );
}

/// The customer's phone rings for a callback with two attempts, of which some have failed, and is
/// not answered.
fn customer_is_not_reached(failed: u8) -> World {
    let (mut world, _) = rings();
    let reservation = offer(&world).sid;
    world.tasks.get_mut(&task("c1")).unwrap().redial = Some(Redial {
        failed,
        ..Redial::new(2, PAUSE)
    });
    world.happens(Command::ConferenceLeft {
        task: task("c1"),
        reservation,
        leaving: Leaving::Call(customer()),
    });
    world
}

/// Longer than the pause before a Worker is offered the same Task again.
const PAUSE: Millis = Millis::from_secs(10);

#[test]
fn callback_is_offered_again_after_its_pause() {
    let mut world = customer_is_not_reached(0);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    let due = timers::of_task(&world.workspace, world.task("c1"), world.now);
    assert!(due.is_some_and(|at| at <= world.now + PAUSE), "{due:?}");
    world.wait(PAUSE.as_secs() - 1);
    world.advance("c1");
    assert!(is_paused(world.task("c1"), world.now));
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    world.wait(1);
    world.advance("c1");
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
}

#[test]
fn callback_ends_after_its_last_attempt() {
    let world = customer_is_not_reached(1);
    assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
    assert_eq!(world.reason("c1"), Some(EndReason::CustomerNotReached));
}

/// The customer was not called yet, so it is no attempt.
#[test]
fn leaving_worker_is_no_attempt() {
    let (mut world, worker_call, _) = worker_is_in();
    let redial = Redial::new(1, PAUSE);
    world.tasks.get_mut(&task("c1")).unwrap().redial = Some(redial.clone());
    left(&mut world, Leaving::Call(worker_call));
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    assert_eq!(world.task("c1").redial, Some(redial));
}

#[test]
fn leaving_worker_stops_customer_call() {
    let (mut world, worker_call) = rings();
    let reservation = offer(&world).sid;
    let left_notice = Command::ConferenceLeft {
        task: task("c1"),
        reservation,
        leaving: Leaving::Call(worker_call),
    };
    assert!(stops(&world.happens(left_notice).1, customer()));
    assert_eq!(offer(&world).status, ReservationStatus::Canceled);
}

#[test]
fn silent_customer_call_has_ring_timeout() {
    let (mut world, _) = rings();
    let longest = u64::from(RING_SECS) + RING_MARGIN.as_secs();
    world.wait(longest - 1);
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Pending);
    world.wait(1);
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Canceled);
}

/// The offer lasts until the customer's phone can no longer ring.
#[test]
fn dialed_customer_sets_the_deadline() {
    let (mut world, _, _) = worker_is_in();
    issue(&mut world, 1);
    let rings = Millis::from_secs(RING_SECS.into());
    let until = world.now + rings + RING_MARGIN + CALL_CREATION_LIMIT;
    assert_eq!(offer(&world).expires_at, until);
}

/// The phones that ring to carry out an instruction.
#[test]
fn instruction_names_the_dialed_phones() {
    let worker_phone = Some("+17075550101");
    let supervise = |supervisor| {
        Instruction::Supervise(instruction::Supervise {
            supervisor,
            mode: vocabulary::SupervisorMode::Monitor,
            from: None,
        })
    };
    let by_worker = supervise(instruction::Supervisor::Worker(worker("Ben")));
    let by_phone = supervise(instruction::Supervisor::Uri(
        "sip:desk@example.com".to_owned(),
    ));
    let in_room = Instruction::Conference(Box::default());
    let mut world = world();
    world.call("c1", "en");
    let call = world.task("c1").clone();
    let outbound = Task {
        attributes: r#"{"outbound_to":"+17075550184"}"#.parse().unwrap(),
        ..call.clone()
    };
    assert_eq!(
        (call.outbound_to(), outbound.outbound_to()),
        (None, Some("+17075550184"))
    );
    assert_eq!(in_room.dialed(&call, worker_phone), ["+17075550101"]);
    assert_eq!(
        in_room.dialed(&outbound, worker_phone),
        ["+17075550101", "+17075550184"]
    );
    assert_eq!(
        by_phone.dialed(&call, worker_phone),
        ["sip:desk@example.com"]
    );
    assert!(
        Instruction::Accept
            .dialed(&outbound, worker_phone)
            .is_empty()
    );
    assert_eq!(by_worker.supervisor(), Some(worker("Ben")));
    assert_eq!(by_phone.supervisor(), None);
}
