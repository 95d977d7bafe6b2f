//! Calls are paced: as many phones begin to ring in a second as the carrier starts calls, and an
//! offer waits for its call.

use std::num::NonZeroU32;

use ids::CallSid;
use ids::time::Millis;
use task_router::model::{AssignmentStatus, ReservationStatus};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// The example, which three Workers serve, with this pace.
fn paced(per_second: u32) -> String {
    let dialing = format!("dialing: {{ calls_per_second: {per_second} }}\nworker_ring_timeout:");
    EXAMPLE.replace("worker_ring_timeout:", &dialing)
}

/// Callers who pressed a key at the same moment.
async fn callers(test_centre: &TestCentre, digits: &[&str]) -> Vec<CallSid> {
    let mut callers = Vec::new();
    for number in 0..digits.len() {
        callers.push(test_centre.dial(&format!("+1707555019{number}")).await);
    }
    test_centre.centre.settle().await;
    for (caller, digit) in callers.iter().zip(digits) {
        test_centre.press(*caller, digit).await;
    }
    test_centre.centre.settle().await;
    callers
}

#[tokio::test]
async fn phones_ring_at_the_pace() {
    for (per_second, expected) in [(1, [1, 2, 3]), (2, [1, 3, 3])] {
        let test_centre = TestCentre::open(&paced(per_second), None).await;
        callers(&test_centre, &["1", "2", "1"]).await;
        let mut rung = Vec::new();
        for _ in 0..3 {
            rung.push(test_centre.ringing().await.len());
            test_centre.advance(Millis::from_secs(1)).await;
        }
        assert_eq!(rung, expected, "{per_second} a second");
        test_centre.close().await;
    }
}

/// The slot is after the 120 s of the offer: the offer waits for its call.
#[tokio::test]
async fn offer_waits_for_its_slot() {
    let test_centre = TestCentre::open(&paced(1), None).await;
    // Two hundred calls of other Tasks have taken the slots of the next 200 s.
    let now = test_centre.centre.now();
    for _ in 0..200 {
        let latest = now + Millis::from_secs(900);
        let store = &test_centre.centre.store;
        let slot = store.take_call_slot(NonZeroU32::MIN, now, latest);
        slot.await.unwrap().unwrap();
    }
    let caller = callers(&test_centre, &["1"]).await[0];
    test_centre.advance(Millis::from_secs(199)).await;
    assert_eq!(test_centre.ringing().await.len(), 0);
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(task.reservations[0].status, ReservationStatus::Pending);
    test_centre.advance(Millis::from_secs(2)).await;
    let ringing = test_centre.ringing().await;
    assert_eq!(ringing.len(), 1);
    let phone = *ringing.values().next().unwrap();
    test_centre.at_phone(phone, "answer").await;
    test_centre.advance(SLACK).await;
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    test_centre.close().await;
}

/// The callers hang up while a call waits for its slot: it is not placed.
#[tokio::test]
async fn ended_offer_leaves_its_slot_unused() {
    let test_centre = TestCentre::open(&paced(1), None).await;
    let callers = callers(&test_centre, &["1", "1"]).await;
    assert_eq!(test_centre.ringing().await.len(), 1);
    for caller in callers {
        test_centre.at_phone(caller, "hangup").await;
    }
    test_centre.advance(Millis::from_secs(3)).await;
    assert_eq!(test_centre.ringing().await.len(), 0);
    test_centre.close().await;
}
