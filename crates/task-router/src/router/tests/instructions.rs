//! Instructions that move calls (taskrouter.md sections 6 and 11.3).

use super::world::*;
use crate::model::instruction::{Conference, ConferencePlan, Plan, Supervision};
use crate::model::*;
use crate::router::effects::Callback;
use crate::router::effects::Effect;
use crate::router::limits::{CALL_CREATION_LIMIT, RING_MARGIN};
use crate::router::*;
use ids::CallSid;
use ids::ConferenceSid;
use ids::QueueSid;
use ids::ReservationSid;
use vocabulary::SupervisorMode;

const ROOM: ConferenceSid = ConferenceSid::from_bytes([7; 16]);

/// A call, offered to Ann, with this plan issued and Ann's phone ringing.
fn under_way(plan: Plan) -> (World, CallSid) {
    let mut world = claimed(plan);
    let call = CallSid::derive(&["worker leg", "c1"]);
    name_call(&mut world, call);
    (world, call)
}

fn name_call(world: &mut World, call: CallSid) {
    let task = task("c1");
    let reservation = world.offer("c1");
    world.happens(Command::WorkerCallNamed {
        task,
        reservation,
        call,
    });
}

/// The same state before the carrier has assigned the SID of the call.
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
    let task = task("c1");
    let reservation = world.offer("c1");
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
fn conference_accepts_when_caller_joins() {
    let (mut world, worker_call) = conference(Conference::default());
    let (outcome, effects) = entered(&mut world, worker_call);
    assert_eq!(outcome, Outcome::Changed);
    assert!(moves_caller(&effects), "{effects:?}");
    assert_eq!(offer(&world).status, ReservationStatus::Pending);
    assert_eq!(
        entered(&mut world, worker_call).0,
        Outcome::AlreadySo,
        "the notice is delivered twice"
    );

    assert_eq!(moved(&mut world), Outcome::Changed);
    assert_eq!(
        world.status("c1"),
        AssignmentStatus::Reserved,
        "a caller moved by the instruction has not hung up"
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
        "the queue's notice is late"
    );
    assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
}

#[test]
fn conference_ends_when_both_left_or_it_ends() {
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
fn end_on_exit_ends_conversation() {
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
fn failed_conference_keeps_caller_waiting() {
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
            "the caller is redirected to the queue"
        );
        assert_eq!(
            moved(&mut world),
            Outcome::AlreadySo,
            "the caller returns: the notice of the move is late"
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
fn only_worker_joining_moves_caller() {
    let (mut world, _) = conference(Conference::default());
    let (outcome, effects) = entered(&mut world, CallSid::derive(&["another call"]));
    assert_eq!((outcome, effects.len()), (Outcome::AlreadySo, 0));
    assert!(matches!(joined(&mut world), Outcome::Refused(_)));
}

#[test]
fn caller_moved_by_others_ends_task() {
    let (mut world, _) = under_way(Plan::default());
    assert_eq!(moved(&mut world), Outcome::Changed);
    assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
}

#[test]
fn redirect_keeps_reservation_timeout() {
    let (mut world, _) = under_way(Plan::Redirect);
    assert_eq!(moved(&mut world), Outcome::Changed, "the queue is recorded");
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    world.wait(RESERVATION_TIMEOUT_SECS + u64::from(RING_SECS) + RING_MARGIN.as_secs());
    world.advance("c1");
    assert_eq!(offer(&world).status, ReservationStatus::Timeout);
    assert_eq!(world.activity_of("Ann"), "Offline");
}

#[test]
fn only_redirecting_offer_can_be_accepted() {
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
fn worker_call_is_in_task_attributes() {
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
        assert_eq!(
            found(&world),
            None,
            "the phone rings and may stay unanswered"
        );
        world.accept("c1");
        assert_eq!(found(&world), Some(worker_call.to_string()));

        let mut late = claimed(plan);
        late.accept("c1");
        assert_eq!(
            found(&late),
            None,
            "the carrier has not assigned its SID yet"
        );
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
fn one_call_gets_caller_of_reservation() {
    let call_plan = Plan::Call {
        status_callback: None,
        dialed_by: None,
    };
    let first = CallSid::derive(&["first"]);
    let second = CallSid::derive(&["second"]);
    let dial = |world: &mut World, call| {
        let reservation = world.tasks[&task("c1")].reservations[0].sid;
        let task = task("c1");
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
            "the request is delivered twice"
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
fn unconnected_dial_frees_offer() {
    let (mut world, _) = under_way(Plan::Call {
        status_callback: None,
        dialed_by: None,
    });
    let task = task("c1");
    let reservation = world.offer("c1");
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
fn supervise_request_calls_once() {
    let supervise = |world: &mut World, request, claim| {
        let reservation = world.tasks[&task("c1")].reservations[0].sid;
        let task = task("c1");
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
        "the Reservation is not accepted"
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

/// A call with `accept` accepts the Reservation as soon as any writer records its SID.
#[test]
fn naming_call_accepts_reservation() {
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
            "its SID is reported again"
        );
    }
}

#[test]
fn application_twiml_has_a_time_limit() {
    let (mut world, call) = under_way(a_call());
    world.wait(u64::from(RING_SECS));
    assert_eq!(answered(&mut world, call), Outcome::Changed);
    let until = world.now + ON_HOLD_MAX;
    world.wait(60);
    assert_eq!(
        answered(&mut world, call),
        Outcome::AlreadySo,
        "its SID is reported again"
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
fn answered_call_connects_within_margin() {
    let (mut world, call) = under_way(Plan::default());
    let until = offer(&world).expires_at;
    world.wait(1);
    assert_eq!(answered(&mut world, call), Outcome::AlreadySo);
    assert_eq!(offer(&world).expires_at, until);
}

#[test]
fn late_notice_does_not_extend_deadline() {
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
fn move_after_unmoved_offer_ends_task() {
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
    // The caller's fate after the failed offer is reported within a minute.
    assert_eq!(moved(&mut world), Outcome::AlreadySo);
    world.wait(60);
    assert_eq!(moved(&mut world), Outcome::Changed);
    assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
}

#[test]
fn move_after_rejection_ends_task() {
    let mut world = world().worker("Ann", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    world.reject("c1", None);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    assert_eq!(moved(&mut world), Outcome::Changed);
}

/// An offer whose call waits for its slot expires as late as a call that is being placed then.
#[test]
fn postponed_offer_waits_for_its_slot() {
    let mut world = world().worker("Ann", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    let task = task("c1");
    let reservation = world.offer("c1");
    let expires_at = |world: &World| world.task("c1").reservations[0].expires_at;
    let before = expires_at(&world);
    let postpone = |until| Command::OfferPostponed {
        task,
        reservation,
        until,
    };
    world.happens(postpone(before - Millis::from_secs(60)));
    assert_eq!(expires_at(&world), before, "an offer is never shortened");
    let slot = before + Millis::from_secs(60);
    world.happens(postpone(slot));
    assert_eq!(expires_at(&world), slot + Millis::from_secs(30));
    assert_eq!(world.happens(postpone(slot)).0, Outcome::AlreadySo);
}

/// The caller is moved into the conference within a few seconds, or the offer ends.
#[test]
fn joining_worker_sets_the_deadline() {
    let (mut world, worker_call) = conference(Conference::default());
    entered(&mut world, worker_call);
    assert_eq!(offer(&world).expires_at, world.now + RING_MARGIN);
}

/// The Reservation was accepted through the API before the caller joined.
#[test]
fn joining_after_accept_names_the_conference() {
    let (mut world, worker_call) = conference(Conference::default());
    entered(&mut world, worker_call);
    world.accept("c1");
    assert_eq!(joined(&mut world), Outcome::Changed);
    let conference = world.task("c1").attributes.get("conference").cloned();
    assert_eq!(conference.unwrap()["sid"], serde_json::json!(ROOM));
    assert_eq!(joined(&mut world), Outcome::AlreadySo);
}

#[test]
fn nobody_is_supervised_without_a_worker() {
    let (mut world, worker_call) = conference(Conference {
        end_conference_on_exit: false,
        ..Conference::default()
    });
    let supervise = |world: &mut World| {
        let supervision = Supervision {
            request: 1,
            claim: 1,
            mode: SupervisorMode::Monitor,
        };
        let reservation = offer(world).sid;
        let task = task("c1");
        world
            .happens(Command::SupervisionIssued {
                task,
                reservation,
                supervision,
            })
            .0
    };
    world.accept("c1");
    assert!(
        matches!(supervise(&mut world), Outcome::Refused(_)),
        "the Worker has not joined"
    );
    entered(&mut world, worker_call);
    joined(&mut world);
    left(&mut world, Leaving::Call(worker_call));
    assert_eq!(world.status("c1"), AssignmentStatus::Assigned);
    assert!(
        matches!(supervise(&mut world), Outcome::Refused(_)),
        "the Worker has left"
    );
}

#[test]
fn other_leg_of_a_pending_conference_changes_nothing() {
    let (mut world, worker_call) = conference(Conference::default());
    entered(&mut world, worker_call);
    let other = Leaving::Call(CallSid::derive(&["another call"]));
    assert_eq!(left(&mut world, other), Outcome::AlreadySo);
    let waiting = world.tasks.get_mut(&task("c1")).unwrap();
    waiting.attributes = r#"{"outbound_to":"+17075550184"}"#.parse().unwrap();
    assert_eq!(left(&mut world, other), Outcome::AlreadySo);
}

/// Until the Reservation is accepted the caller may return to the queue, so only the plan names it.
#[test]
fn moved_caller_names_their_queue() {
    let carrier_queue = Some(QueueSid::from_bytes([9; 16]));
    let (mut world, worker_call) = conference(Conference::default());
    entered(&mut world, worker_call);
    moved(&mut world);
    let plan = offer(&world).instruction.as_ref().unwrap().conference();
    assert_eq!(
        (
            world.task("c1").carrier_queue_sid,
            plan.unwrap().carrier_queue_sid
        ),
        (None, carrier_queue)
    );
    let (mut world, worker_call) = conference(Conference::default());
    entered(&mut world, worker_call);
    world.accept("c1");
    moved(&mut world);
    let plan = offer(&world).instruction.as_ref().unwrap().conference();
    assert_eq!(
        (
            world.task("c1").carrier_queue_sid,
            plan.unwrap().carrier_queue_sid
        ),
        (carrier_queue, None)
    );
}

/// The moment until which a Worker can answer, for each instruction.
#[test]
fn answer_is_possible_until_the_ringing_ends() {
    let call = CallSid::derive(&["worker leg"]);
    let mut world = world().worker("Ann", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let offered = offer(&world).clone();
    let until = offered.expires_at;
    let rings_until = until - RING_MARGIN;
    let a_conference = |sid| {
        Plan::Conference(Box::new(ConferencePlan {
            sid,
            ..ConferencePlan::default()
        }))
    };
    let a_call = |dialed_by| Plan::Call {
        status_callback: None,
        dialed_by,
    };
    let with = |plan, worker_call_sid, answered| {
        answer_by(&Reservation {
            instruction: Some(IssuedInstruction {
                plan,
                worker_call_sid,
                answered,
                ..IssuedInstruction::default()
            }),
            ..offered.clone()
        })
    };
    assert_eq!(answer_by(&offered), Some(until), "no instruction");
    assert_eq!(with(Plan::Redirect, None, false), Some(until));
    assert_eq!(with(Plan::default(), None, false), None, "being placed");
    assert_eq!(with(Plan::default(), Some(call), false), Some(rings_until));
    assert_eq!(with(a_call(None), Some(call), false), Some(rings_until));
    assert_eq!(with(a_call(None), Some(call), true), None, "answered");
    assert_eq!(with(a_call(Some(call)), Some(call), false), None, "dialed");
    assert_eq!(
        with(a_conference(None), Some(call), false),
        Some(rings_until)
    );
    assert_eq!(with(a_conference(Some(ROOM)), Some(call), false), None);
    assert_eq!(with(Plan::DialQueue { dialed_by: call }, None, false), None);
}

/// An offer lasts while its call is being placed.
#[test]
fn issued_instruction_sets_the_deadline() {
    let world = claimed(Plan::default());
    assert_eq!(offer(&world).expires_at, world.now + CALL_CREATION_LIMIT);
}

/// A call that Cordboard did not place is the Worker's, and is connected within the margin.
#[test]
fn dialing_call_is_the_workers() {
    let mut world = world().worker("Ann", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let call = CallSid::derive(&["other leg"]);
    let reservation = world.offer("c1");
    world.happens(Command::WorkerDialed {
        task: task("c1"),
        reservation,
        call,
        post_work_activity: None,
    });
    let found = offer(&world);
    assert_eq!(found.expires_at, world.now + RING_MARGIN);
    let issued = found.instruction.as_ref().unwrap();
    assert_eq!(issued.worker_call_sid, Some(call));
}
