//! `dialing` in `contact-centre.yaml`: only allowed numbers are dialed, and so many calls a minute.

use ids::time::Millis;
use task_router::model::AssignmentStatus;
use tests::application::Application;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::JSON;

fn limited(dialing: &str) -> String {
    let set_up = format!("dialing: {dialing}\nworker_ring_timeout:");
    EXAMPLE.replace("worker_ring_timeout:", &set_up)
}

/// An application answers the assignment callback with a number that is not allowed: the offer is
/// canceled, and nothing is dialed.
#[tokio::test]
async fn instructed_number_is_not_dialed() {
    for instruction in [
        r#"{"instruction":"dequeue","to":"+18765550123"}"#,
        r#"{"instruction":"call","to":"+18765550123","from":"+17075550183","url":"{base}/agent"}"#,
        r#"{"instruction":"conference","to":"+18765550123"}"#,
    ] {
        let application = Application::start(&[("/ask", (200, JSON, instruction))]).await;
        let urls = format!("assignment_callback: {}/ask", application.base);
        let set_up =
            limited(r#"{ allow: ["+1707"] }"#).replace("assignment_callback: /assignment", &urls);
        let test_centre = TestCentre::open(&set_up, None).await;
        let caller = test_centre.dial("+17075550190").await;
        test_centre.centre.settle().await;
        test_centre.press(caller, "2").await;
        test_centre.advance(SLACK).await;
        for status in ["queued", "ringing", "in-progress"] {
            assert!(test_centre.phones(status).await.is_empty(), "{instruction}");
        }
        let activity = test_centre.activity_of("Arjun").await;
        assert_eq!(activity, "Available", "{instruction}");
        test_centre.close().await;
    }
}

/// Three callers in one minute, of which two may ring a Worker. The third one's Worker is rung in the
/// next minute.
#[tokio::test]
async fn minute_rings_so_many_phones() {
    let test_centre = TestCentre::open(&limited("{ calls_per_minute: 2 }"), None).await;
    let mut callers = Vec::new();
    for (number, digit) in [(0, "1"), (1, "2"), (2, "1")] {
        let caller = test_centre.dial(&format!("+1707555019{number}")).await;
        test_centre.centre.settle().await;
        test_centre.press(caller, digit).await;
        callers.push(caller);
    }
    test_centre.advance(SLACK).await;
    let ringing = test_centre.ringing().await;
    assert_eq!(ringing.len(), 2);
    for phone in ringing.into_values() {
        test_centre.at_phone(phone, "answer").await;
    }
    test_centre.advance(Millis::from_secs(60)).await;
    for phone in test_centre.ringing().await.into_values() {
        test_centre.at_phone(phone, "answer").await;
        test_centre.advance(SLACK).await;
    }
    for caller in callers {
        let task = test_centre.task(caller).await.unwrap();
        assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    }
    test_centre.close().await;
}
