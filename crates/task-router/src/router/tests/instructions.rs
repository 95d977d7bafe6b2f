//! What becomes of instructions that move calls (taskrouter.md sections 6 and 11.3).

use super::world::*;
use crate::model::instruction::{Conference, ConferencePlan, Plan, Supervision};
use crate::model::*;
use crate::router::effects::Callback;
use crate::router::effects::Effect;
use crate::router::*;
use ids::CallSid;
use ids::ConferenceSid;
use ids::QueueSid;
use ids::ReservationSid;
use vocabulary::SupervisorMode;

const ROOM: ConferenceSid = ConferenceSid::from_bytes([7; 16]);

/// One call, offered to Ann, with this plan under way and her phone ringing.
fn under_way(plan: Plan) -> (World, CallSid) {
    let mut world = claimed(plan);
    let call = CallSid::derive(&["worker leg", "c1"]);
    name_call(&mut world, call);
    (world, call)
}

fn name_call(world: &mut World, call: CallSid) {
    let (task, reservation) = (task("c1"), world.offer("c1"));
    world.happens(Command::WorkerCallNamed {
        task,
        reservation,
        call,
    });
}

/// The same, but nobody knows yet how the carrier calls the call.
fn claimed(plan: Plan) -> World {
    claimed_by(IssuedInstruction {
        claim: 1,
        plan,
        ring_timeout_secs: RING_SECS,
        ..IssuedInstruction::default()
    })
}

fn claimed_by(instruction: IssuedInstruction) -> World {
    let mut world = world().worker("Ann", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    let (task, reservation) = (task("c1"), world.offer("c1"));
    world.happens(Command::InstructionIssued {
        task,
        reservation,
        instruction,
    });
    world
}

pub(super) fn conference(conference: Conference) -> (World, CallSid) {
    under_way(Plan::Conference(Box::new(ConferencePlan {
        conference,
        ..ConferencePlan::default()
    })))
}

pub(super) fn entered(world: &mut World, call: CallSid) -> (Outcome, Vec<Effect>) {
    let reservation = world.tasks[&task("c1")].reservations[0].sid;
    world.happens(Command::ConferenceEntered {
        task: task("c1"),
        reservation,
        conference: ROOM,
        call,
    })
}

pub(super) fn joined(world: &mut World) -> Outcome {
    let reservation = world.tasks[&task("c1")].reservations[0].sid;
    world
        .happens(Command::ConferenceJoined {
            task: task("c1"),
            reservation,
        })
        .0
}

pub(super) fn left(world: &mut World, who: Leaving) -> Outcome {
    let reservation = world.tasks[&task("c1")].reservations[0].sid;
    world
        .happens(Command::ConferenceLeft {
            task: task("c1"),
            reservation,
            leaving: who,
        })
        .0
}

fn moved(world: &mut World) -> Outcome {
    let carrier_queue = Some(QueueSid::from_bytes([9; 16]));
    world
        .happens(Command::CallerMoved {
            task: task("c1"),
            carrier_queue,
        })
        .0
}

pub(super) fn offer(world: &World) -> &Reservation {
    &world.tasks[&task("c1")].reservations[0]
}

fn caller() -> CallSid {
    CallSid::derive(&["c1"])
}

fn moves_caller(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::Callback(Callback::MoveCaller { .. })))
}

#[test]
fn a_conference_is_accepted_when_the_caller_follows_the_worker_into_it() {
    let (mut world, worker_call) = conference(Conference::default());
    let (outcome, effects) = entered(&mut world, worker_call);
    assert_eq!(outcome, Outcome::Changed);
    assert!(moves_caller(&effects), "{effects:?}");
    assert_eq!(offer(&world).status, ReservationStatus::Pending);
    assert_eq!(
        entered(&mut world, worker_call).0,
        Outcome::AlreadySo,
        "the notice comes twice"
    );

    assert_eq!(moved(&mut world), Outcome::Changed);
    assert_eq!(
        world.status("c1"),
        AssignmentStatus::Reserved,
        "who was moved by us has not gone"
    );
    assert_eq!(joined(&mut world), Outcome::Changed);
    assert_eq!(joined(&mut world), Outcome::AlreadySo);
    assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
    let conference = world.tasks[&task("c1")]
        .attributes
        .get("conference")
        .unwrap()
        .clone();
    assert_eq!(conference["sid"], ROOM.to_string());
    assert_eq!(
        conference["participants"]["worker"],
        worker_call.to_string()
    );
    assert_eq!(conference["participants"]["customer"], caller().to_string());
    assert_eq!(
        world.tasks[&task("c1")].carrier_queue_sid,
        Some(QueueSid::from_bytes([9; 16]))
    );
    assert_eq!(
        moved(&mut world),
        Outcome::AlreadySo,
        "the queue's notice comes late"
    );
    assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
}

#[test]
fn a_conference_is_over_when_both_have_left_or_it_ends() {
    let both = [
        Leaving::Call(caller()),
        Leaving::Call(CallSid::derive(&["worker leg", "c1"])),
    ];
    for leaving in [&both[..], &[both[1], both[0]], &[Leaving::Conference(ROOM)]] {
        let (mut world, worker_call) = conference(Conference::default());
        entered(&mut world, worker_call);
        joined(&mut world);
        left(
            &mut world,
            Leaving::Conference(ConferenceSid::from_bytes([8; 16])),
        );
        left(
            &mut world,
            Leaving::Call(CallSid::derive(&["a supervisor"])),
        );
        for (index, who) in leaving.iter().enumerate() {
            assert_eq!(
                world.status("c1"),
                AssignmentStatus::Assigned,
                "{leaving:?} {index}"
            );
            assert_eq!(left(&mut world, *who), Outcome::Changed);
            assert_eq!(left(&mut world, *who), Outcome::AlreadySo);
        }
        assert_eq!(
            world.status("c1"),
            AssignmentStatus::Completed,
            "{leaving:?}"
        );
    }
}

#[test]
fn who_ends_the_conference_by_leaving_ends_the_conversation() {
    let by_worker = Conference {
        end_conference_on_exit: true,
        ..Conference::default()
    };
    let by_caller = Conference {
        end_conference_on_customer_exit: true,
        ..Conference::default()
    };
    let worker_leg = CallSid::derive(&["worker leg", "c1"]);
    for (asked, who, expected) in [
        (by_worker.clone(), worker_leg, AssignmentStatus::Completed),
        (by_worker, caller(), AssignmentStatus::Assigned),
        (by_caller.clone(), caller(), AssignmentStatus::Completed),
        (by_caller, worker_leg, AssignmentStatus::Assigned),
    ] {
        let (mut world, worker_call) = conference(asked);
        entered(&mut world, worker_call);
        joined(&mut world);
        left(&mut world, Leaving::Call(who));
        assert_eq!(world.status("c1"), expected);
    }
}

#[test]
fn a_conference_that_fails_lets_the_caller_wait_on() {
    for fails in [
        |world: &mut World| left(world, Leaving::Call(CallSid::derive(&["worker leg", "c1"]))),
        |world: &mut World| left(world, Leaving::Conference(ROOM)),
        |world: &mut World| {
            world.wait(RING_MARGIN.as_secs());
            world.happens(Command::Advance { task: task("c1") }).0
        },
    ] {
        let (mut world, worker_call) = conference(Conference::default());
        entered(&mut world, worker_call);
        assert_eq!(fails(&mut world), Outcome::Changed);
        assert_eq!(offer(&world).status, ReservationStatus::Canceled);
        assert_eq!(world.status("c1"), AssignmentStatus::Pending);
        assert!(
            matches!(joined(&mut world), Outcome::Refused(_)),
            "the caller is sent back"
        );
        assert_eq!(
            moved(&mut world),
            Outcome::AlreadySo,
            "and comes back: the notice of their move is late"
        );
        assert_eq!(world.status("c1"), AssignmentStatus::Pending);
        assert_eq!(
            world.tasks[&task("c1")].carrier_queue_sid,
            None,
            "the queue is needed again"
        );
    }
}

#[test]
fn nobody_but_the_worker_brings_the_caller_in() {
    let (mut world, _) = conference(Conference::default());
    let (outcome, effects) = entered(&mut world, CallSid::derive(&["somebody else"]));
    assert_eq!((outcome, effects.len()), (Outcome::AlreadySo, 0));
    assert!(matches!(joined(&mut world), Outcome::Refused(_)));
}

#[test]
fn a_caller_whom_somebody_else_moved_has_gone() {
    let (mut world, _) = under_way(Plan::default());
    assert_eq!(moved(&mut world), Outcome::Changed);
    assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
}

#[test]
fn a_redirect_leaves_the_reservation_its_own_time() {
    let (mut world, _) = under_way(Plan::Redirect);
    assert_eq!(moved(&mut world), Outcome::Changed, "the queue is noted");
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    world.wait(RESERVATION_TIMEOUT_SECS + u64::from(RING_SECS) + RING_MARGIN.as_secs());
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Timeout);
    assert_eq!(world.activity_of("Ann"), "Offline");
}

#[test]
fn of_parallel_offers_only_the_one_that_redirects_the_caller_can_be_accepted() {
    let mut world = world().worker("Ann", ENGLISH).worker("Ben", ENGLISH);
    world
        .workspace
        .task_queues
        .get_mut(&queue("en"))
        .unwrap()
        .max_reserved_workers = 2;
    world.call("c1", "en");
    world.advance("c1");
    let offers: Vec<ReservationSid> = world
        .task("c1")
        .reservations
        .iter()
        .map(|offer| offer.sid)
        .collect();
    let [redirects, other] = offers[..] else {
        panic!("two are offered the call")
    };
    let instruction = IssuedInstruction {
        claim: 1,
        plan: Plan::Redirect,
        ring_timeout_secs: RING_SECS,
        ..IssuedInstruction::default()
    };
    world.happens(Command::InstructionIssued {
        task: task("c1"),
        reservation: redirects,
        instruction,
    });
    let accept = |world: &mut World, reservation| {
        world
            .happens(Command::Answered {
                task: task("c1"),
                reservation,
                answer: Answer::Accept,
            })
            .0
    };
    assert_eq!(
        accept(&mut world, other),
        Outcome::Refused(Refusal::InstructionInHand(redirects))
    );
    assert_eq!(accept(&mut world, redirects), Outcome::Changed);
}

#[test]
fn the_call_to_the_worker_is_in_the_attributes_of_the_task() {
    for plan in [
        Plan::default(),
        Plan::Call {
            status_callback: None,
            dialed_by: None,
        },
    ] {
        let (mut world, worker_call) = under_way(plan.clone());
        let found = |world: &World| {
            world
                .task("c1")
                .attributes
                .text("worker_call_sid")
                .map(str::to_owned)
        };
        assert_eq!(found(&world), None, "it rings, and may ring in vain");
        world.accept("c1");
        assert_eq!(found(&world), Some(worker_call.to_string()));

        let mut late = claimed(plan);
        late.accept("c1");
        assert_eq!(found(&late), None, "nobody knows it yet");
        name_call(&mut late, worker_call);
        assert_eq!(found(&late), Some(worker_call.to_string()));
    }
    let (world, _) = conference(Conference::default());
    assert_eq!(
        world.tasks[&task("c1")].attributes.get("worker_call_sid"),
        None
    );
}

#[test]
fn one_call_gets_the_caller_of_a_reservation() {
    let call_plan = Plan::Call {
        status_callback: None,
        dialed_by: None,
    };
    let (first, second) = (CallSid::derive(&["first"]), CallSid::derive(&["second"]));
    let dial = |world: &mut World, call| {
        let (task, reservation) = (task("c1"), world.tasks[&task("c1")].reservations[0].sid);
        let post_work_activity = Some(activity("Wrap-Up"));
        world
            .happens(Command::WorkerDialed {
                task,
                reservation,
                call,
                post_work_activity,
            })
            .0
    };
    let mut offered = world().worker("Ann", r#"{"languages":["en"]}"#);
    offered.call("c1", "en");
    offered.advance("c1");
    for mut world in [offered, under_way(call_plan).0] {
        assert_eq!(dial(&mut world, first), Outcome::Changed);
        assert_eq!(
            dial(&mut world, first),
            Outcome::AlreadySo,
            "the request comes twice"
        );
        let refused = Outcome::Refused(Refusal::InstructionInHand(world.offer("c1")));
        assert_eq!(dial(&mut world, second), refused);
        assert_eq!(world.accept("c1").0, Outcome::Changed);
        assert!(matches!(
            dial(&mut world, first),
            Outcome::Refused(Refusal::ReservationNotPending { .. })
        ));
        world.happens(Command::CallerGone {
            task: task("c1"),
            reason: EndReason::Hangup,
            carrier_queue: None,
        });
        assert_eq!(world.activity_of("Ann"), "Wrap-Up");
    }
    let (mut world, _) = under_way(Plan::default());
    assert!(matches!(
        dial(&mut world, first),
        Outcome::Refused(Refusal::InstructionInHand(_))
    ));
}

#[test]
fn a_call_that_asks_for_the_caller_and_is_never_connected_frees_the_offer() {
    let (mut world, _) = under_way(Plan::Call {
        status_callback: None,
        dialed_by: None,
    });
    let (task, reservation) = (task("c1"), world.offer("c1"));
    let call = CallSid::derive(&["worker leg", "c1"]);
    world.happens(Command::WorkerDialed {
        task,
        reservation,
        call,
        post_work_activity: None,
    });
    world.wait(RING_MARGIN.as_secs());
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Canceled);
}

#[test]
fn a_supervisor_is_called_once_for_one_request_into_a_conference_that_goes_on() {
    let supervise = |world: &mut World, request, claim| {
        let (task, reservation) = (task("c1"), world.tasks[&task("c1")].reservations[0].sid);
        let supervision = Supervision {
            request,
            claim,
            mode: SupervisorMode::Whisper,
        };
        world
            .happens(Command::SupervisionIssued {
                task,
                reservation,
                supervision,
            })
            .0
    };
    let (mut world, worker_call) = conference(Conference::default());
    entered(&mut world, worker_call);
    assert!(
        matches!(supervise(&mut world, 1, 1), Outcome::Refused(_)),
        "nobody has accepted"
    );
    joined(&mut world);
    assert_eq!(supervise(&mut world, 1, 1), Outcome::Changed);
    assert_eq!(supervise(&mut world, 1, 2), Outcome::AlreadySo);
    assert_eq!(supervise(&mut world, 2, 3), Outcome::Changed);
    left(&mut world, Leaving::Conference(ROOM));
    assert!(matches!(supervise(&mut world, 3, 4), Outcome::Refused(_)));
}

fn a_call() -> Plan {
    Plan::Call {
        status_callback: None,
        dialed_by: None,
    }
}

fn answered(world: &mut World, call: CallSid) -> Outcome {
    let reservation = world.tasks[&task("c1")].reservations[0].sid;
    world
        .happens(Command::WorkerCallAnswered {
            task: task("c1"),
            reservation,
            call,
        })
        .0
}

#[test]
fn a_call_that_accepts_by_being_placed_is_accepted_by_whoever_names_it_first() {
    let accepts = IssuedInstruction {
        claim: 1,
        plan: a_call(),
        accepts: true,
        ..IssuedInstruction::default()
    };
    let call = CallSid::derive(&["worker leg", "c1"]);
    let by_reply = |world: &mut World| name_call(world, call);
    let by_notice = |world: &mut World| assert_eq!(answered(world, call), Outcome::Changed);
    for name in [&by_reply as &dyn Fn(&mut World), &by_notice] {
        let mut world = claimed_by(accepts.clone());
        name(&mut world);
        assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
        assert_eq!(
            world.task("c1").attributes.text("worker_call_sid"),
            Some(call.to_string().as_str())
        );
        assert_eq!(
            answered(&mut world, call),
            Outcome::AlreadySo,
            "it is told again"
        );
    }
}

#[test]
fn a_worker_who_listens_to_somebodys_twiml_may_do_so_for_minutes_and_not_for_ever() {
    let (mut world, call) = under_way(a_call());
    world.wait(u64::from(RING_SECS));
    assert_eq!(answered(&mut world, call), Outcome::Changed);
    let until = world.now + ON_HOLD_MAX;
    world.wait(60);
    assert_eq!(
        answered(&mut world, call),
        Outcome::AlreadySo,
        "it is told again"
    );
    name_call(&mut world, call);
    assert_eq!(offer(&world).expires_at, until);
    world.wait(ON_HOLD_MAX.as_secs() - 61);
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Pending);
    world.wait(1);
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Canceled);
}

#[test]
fn the_other_instructions_connect_whoever_picks_up_within_the_margin() {
    let (mut world, call) = under_way(Plan::default());
    let until = offer(&world).expires_at;
    world.wait(1);
    assert_eq!(answered(&mut world, call), Outcome::AlreadySo);
    assert_eq!(offer(&world).expires_at, until);
}

#[test]
fn a_notice_that_comes_late_gives_no_time_to_whoever_has_asked_for_the_caller() {
    let (mut world, call) = under_way(a_call());
    let reservation = world.offer("c1");
    world.happens(Command::WorkerDialed {
        task: task("c1"),
        reservation,
        call,
        post_work_activity: None,
    });
    let until = offer(&world).expires_at;
    assert_eq!(answered(&mut world, call), Outcome::AlreadySo);
    assert_eq!(offer(&world).expires_at, until);
}

#[test]
fn a_caller_whom_somebody_else_moves_after_an_offer_that_moved_nobody_is_gone() {
    let (mut world, worker_call) = conference(Conference::default());
    world.happens(Command::WorkerCallEnded {
        task: task("c1"),
        reservation: world.offer("c1"),
        code: None,
    });
    assert_eq!(
        world.status("c1"),
        AssignmentStatus::Pending,
        "{worker_call}"
    );
    // What the failed offer did to the caller is told within a minute.
    assert_eq!(moved(&mut world), Outcome::AlreadySo);
    world.wait(60);
    assert_eq!(moved(&mut world), Outcome::Changed);
    assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
}

#[test]
fn a_caller_whom_somebody_else_moves_after_a_rejection_is_gone() {
    let mut world = world().worker("Ann", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    world.reject("c1", None);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    assert_eq!(moved(&mut world), Outcome::Changed);
}
