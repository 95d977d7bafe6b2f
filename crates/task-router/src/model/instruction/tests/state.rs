//! Whether an instruction can be carried out now (taskrouter.md sections 6, 11.3 and 15).

use std::collections::BTreeMap;

use super::super::{Impossible, check};
use super::*;
use crate::model::{Activity, Attributes, Reservation, ReservationStatus};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, CallSid, WorkerSid};

const NOW: Timestamp = Timestamp::from_millis(1_000);
const PHONE: Option<&str> = Some("+17075550101");

fn task(value: &Value) -> Attributes {
    value.to_string().parse().unwrap()
}

fn reservation(status: ReservationStatus, instruction: Option<IssuedInstruction>) -> Reservation {
    let (sid, worker) = (
        ids::ReservationSid::from_bytes([1; 16]),
        WorkerSid::from_bytes([1; 16]),
    );
    Reservation {
        status,
        instruction,
        ..Reservation::new(sid, worker, "Ann", NOW, NOW + Millis::from_secs(120))
    }
}

fn issued(plan: Plan) -> IssuedInstruction {
    let worker_call_sid = Some(CallSid::from_bytes([2; 16]));
    IssuedInstruction {
        claim: 1,
        plan,
        worker_call_sid,
        ring_timeout_secs: 60,
        ..IssuedInstruction::default()
    }
}

fn activities() -> BTreeMap<ActivitySid, Activity> {
    let sid: ActivitySid = ACTIVITY.parse().unwrap();
    BTreeMap::from([(
        sid,
        Activity {
            sid,
            friendly_name: "Wrap-Up".to_owned(),
            available: false,
        },
    )])
}

fn code(
    instruction: &Value,
    task: &Attributes,
    reservation: &Reservation,
    phone: Option<&str>,
) -> Option<u32> {
    let instruction = from_json(instruction).unwrap();
    check(&instruction, task, reservation, phone, &activities())
        .err()
        .map(|error| error.code().unwrap_or(1))
}

#[test]
fn pending_reservation_takes_one_instruction() {
    let call = task(&json!({"call_sid": CALL, "to": "+17075550183"}));
    for (instruction, expected) in [
        (json!({"instruction": "accept"}), 1),
        (json!({"instruction": "reject"}), 1),
        (json!({"instruction": "dequeue"}), 40_135),
        (json!({"instruction": "conference"}), 40_136),
        (
            json!({"instruction": "call", "from": "+1", "url": "https://a.example"}),
            40_114,
        ),
        (
            json!({"instruction": "redirect", "call_sid": CALL, "url": "https://a.example"}),
            40_123,
        ),
    ] {
        assert_eq!(
            code(
                &instruction,
                &call,
                &reservation(ReservationStatus::Pending, None),
                PHONE
            ),
            None
        );
        for status in [
            ReservationStatus::Accepted,
            ReservationStatus::Canceled,
            ReservationStatus::Rescinded,
        ] {
            let found = code(&instruction, &call, &reservation(status, None), PHONE);
            assert_eq!(found, Some(expected), "{instruction} {status:?}");
        }
        let in_hand = reservation(ReservationStatus::Pending, Some(issued(Plan::default())));
        let expected = Some(expected).filter(|code| *code != 1);
        assert_eq!(
            code(&instruction, &call, &in_hand, PHONE),
            expected,
            "{instruction}"
        );
    }
    let error = Impossible::NotPending {
        instruction: InstructionName::Conference,
        reservation: ids::ReservationSid::from_bytes([1; 16]),
    };
    assert_eq!(
        error.to_string(),
        "Unable to execute Conference instruction. Reservation WR01010101010101010101010101010101 is not currently \
         in a Pending state."
    );
}

#[test]
fn calls_need_caller_address_and_number() {
    let pending = reservation(ReservationStatus::Pending, None);
    let outbound = task(&json!({"outbound_to": "+15550100", "to": "+17075550183"}));
    let whole = task(&json!({"call_sid": CALL, "to": "+17075550183"}));
    let no_call = task(&json!({"to": "+17075550183"}));
    let no_to = task(&json!({"call_sid": CALL}));
    for (name, no_call_code, no_phone_code, no_number_code) in [
        ("dequeue", 40_140, 40_131, 40_132),
        ("conference", 40_142, 40_137, 40_138),
    ] {
        let bare = json!({ "instruction": name });
        assert_eq!(code(&bare, &no_call, &pending, PHONE), Some(no_call_code));
        let dialed = (name == "dequeue").then_some(no_call_code);
        assert_eq!(code(&bare, &outbound, &pending, PHONE), dialed, "{name}");
        assert_eq!(code(&bare, &whole, &pending, None), Some(no_phone_code));
        assert_eq!(code(&bare, &no_to, &pending, PHONE), Some(no_number_code));
        let own = json!({"instruction": name, "to": "client:ann", "from": "+17075550183"});
        assert_eq!(code(&own, &no_to, &pending, None), None);
    }
    let sentence = |name: &str| {
        let instruction = from_json(&json!({ "instruction": name })).unwrap();
        check(&instruction, &no_call, &pending, PHONE, &activities())
            .unwrap_err()
            .to_string()
    };
    assert!(
        sentence("conference")
            .ends_with("The Task has no `call_sid` or `outbound_to` in its attributes.")
    );
    assert!(sentence("dequeue").ends_with("The Task has no `call_sid` in its attributes."));
    let call = json!({"instruction": "call", "from": "+1", "url": "https://a.example"});
    assert_eq!(code(&call, &no_call, &pending, None), Some(40_110));
}

#[test]
fn activity_of_other_workspace_is_refused() {
    let call = task(&json!({"call_sid": CALL, "to": "+17075550183"}));
    let pending = reservation(ReservationStatus::Pending, None);
    for (name, parameter, expected) in [
        ("reject", "activity_sid", 40_100),
        ("dequeue", "post_work_activity_sid", 40_130),
        ("conference", "post_work_activity_sid", 40_139),
    ] {
        let elsewhere = json!({"instruction": name, parameter: ActivitySid::from_bytes([9; 16])});
        assert_eq!(
            code(&elsewhere, &call, &pending, PHONE),
            Some(expected),
            "{name}"
        );
        let here = json!({"instruction": name, parameter: ACTIVITY});
        assert_eq!(code(&here, &call, &pending, PHONE), None, "{name}");
    }
}

#[test]
fn running_conference_can_be_supervised() {
    let call = task(&json!({"call_sid": CALL, "to": "+17075550183"}));
    let supervise = json!({"instruction": "supervise", "supervisor": "client:joe"});
    let conference = |has_started: bool, worker_left| {
        let sid = has_started.then_some(ids::ConferenceSid::from_bytes([3; 16]));
        issued(Plan::Conference(Box::new(ConferencePlan {
            sid,
            worker_left,
            ..ConferencePlan::default()
        })))
    };
    for (status, instruction, expected) in [
        (
            ReservationStatus::Accepted,
            Some(conference(true, false)),
            None,
        ),
        (
            ReservationStatus::Accepted,
            Some(conference(true, true)),
            Some(40_146),
        ),
        (
            ReservationStatus::Accepted,
            Some(conference(false, false)),
            Some(40_146),
        ),
        (
            ReservationStatus::Accepted,
            Some(issued(Plan::default())),
            Some(40_146),
        ),
        (
            ReservationStatus::Pending,
            Some(conference(true, false)),
            Some(40_146),
        ),
        (ReservationStatus::Accepted, None, Some(40_146)),
    ] {
        let found = code(&supervise, &call, &reservation(status, instruction), PHONE);
        assert_eq!(found, expected, "{status:?}");
    }
    let by_worker =
        json!({"instruction": "supervise", "supervisor": WorkerSid::from_bytes([1; 16])});
    let accepted = reservation(ReservationStatus::Accepted, Some(conference(true, false)));
    assert_eq!(code(&by_worker, &call, &accepted, None), Some(40_147));
    let nameless = task(&json!({"call_sid": CALL}));
    assert_eq!(code(&supervise, &nameless, &accepted, PHONE), Some(40_148));
}
