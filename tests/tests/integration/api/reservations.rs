//! Reservations: answers and instructions through the API.

use ids::CallSid;
use serde_json::{Value, json};
use task_router::model::ReservationStatus;
use tests::application::{Application, JSON};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

use super::{Client, offered, task_path};

const MAYA: &str = "+17075550101";

/// An English caller who was offered to Maya, in a centre whose application answers without an
/// instruction.
async fn stage() -> (TestCentre, CallSid, String) {
    let application = Application::start(&[("/ask", (200, JSON, "{}"))]).await;
    let test_centre = application.test_centre("/ask", "/ask").await;
    let caller = offered(&test_centre).await;
    let reservation = test_centre.task(caller).await.unwrap().reservations[0].clone();
    assert_eq!(
        (reservation.worker_name.as_str(), reservation.status),
        ("Maya", ReservationStatus::Pending)
    );
    (test_centre, caller, reservation.sid.to_string())
}

/// The request is answered before the Worker picks up. Invalid, stale and concurrent instructions
/// are refused.
#[tokio::test]
async fn api_instruction_rings_the_worker() {
    let (test_centre, caller, sid) = stage().await;
    let client = Client(&test_centre);
    let path = format!("{}/Reservations/{sid}", task_path(caller));
    assert!(test_centre.ringing().await.is_empty());

    for (form, sentence) in [
        (vec![("Instruction", "dance")], "Instruction: "),
        (
            vec![("Instruction", "dequeue"), ("DequeueRecord", "loudly")],
            "DequeueRecord: ",
        ),
        (
            vec![
                ("Instruction", "dequeue"),
                (
                    "DequeuePostWorkActivitySid",
                    "WA00000000000000000000000000000009",
                ),
            ],
            "Unable to execute Dequeue instruction. There is no Activity",
        ),
        (
            vec![("Instruction", "supervise"), ("Supervisor", "client:eve")],
            "Unable to execute Supervise instruction. Reservation",
        ),
    ] {
        let (status, error) = client.post(&path, &form).await;
        assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{form:?}");
        assert!(
            error["message"].as_str().unwrap().starts_with(sentence),
            "{error}"
        );
    }
    assert_eq!(
        client
            .post_if(&path, "\"0\"", &[("Instruction", "dequeue")])
            .await
            .0,
        412
    );

    let (status, reservation) = client
        .post(
            &path,
            &[("Instruction", "dequeue"), ("DequeueTimeout", "20")],
        )
        .await;
    assert_eq!(
        (status, &reservation["reservation_status"]),
        (200, &"pending".into()),
        "{reservation}"
    );
    test_centre.centre.settle().await;
    let ringing = test_centre.ringing().await;
    let (status, error) = client.post(&path, &[("Instruction", "conference")]).await;
    assert_eq!(status, 400);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("Another instruction is being carried out"),
        "{error}"
    );

    test_centre.at_phone(ringing[MAYA], "answer").await;
    test_centre.advance(SLACK).await;
    let (_, reservation) = client.get(&path).await;
    assert_eq!(reservation["reservation_status"], "accepted");
    let (status, error) = client.post(&path, &[("Instruction", "dequeue")]).await;
    let sentence = format!(
        "Unable to execute Dequeue instruction. Reservation {sid} is not currently in a Pending state."
    );
    assert_eq!(
        (status, error["message"].as_str()),
        (400, Some(sentence.as_str()))
    );
    test_centre.close().await;
}

/// An ended Reservation is still readable, alone and in the list.
#[tokio::test]
async fn reservation_is_completed_under_its_worker() {
    let (test_centre, caller, sid) = stage().await;
    let client = Client(&test_centre);
    let home = format!(
        "/Workers/{}/Reservations",
        test_centre.worker("Maya").await.sid
    );
    let path = format!("{home}/{sid}");
    let (status, open) = client.get(&home).await;
    assert_eq!(
        (status, &open["reservations"][0]["sid"]),
        (200, &sid.clone().into()),
        "{open}"
    );
    let (status, accepted) = client.post(&path, &[("Instruction", "accept")]).await;
    assert_eq!(
        (status, &accepted["reservation_status"]),
        (200, &"accepted".into()),
        "{accepted}"
    );
    let (status, error) = client
        .post(&path, &[("ReservationStatus", "accepted")])
        .await;
    let sentence = format!("Reservation {sid} is accepted and no longer pending");
    assert_eq!(
        (status, error["message"].as_str()),
        (400, Some(sentence.as_str())),
        "the second accept is refused"
    );
    let (status, done) = client
        .post(&path, &[("ReservationStatus", "completed")])
        .await;
    assert_eq!(
        (status, &done["reservation_status"]),
        (200, &"completed".into()),
        "{done}"
    );
    for _ in 0..2 {
        let (status, shown) = client.get(&path).await;
        assert_eq!((status, &shown), (200, &done));
        // Also after it is no longer an open Reservation of the Worker, and after all Events are
        // published.
        test_centre.centre.settle().await;
    }
    let (_, ended) = client
        .get(&format!("{home}?ReservationStatus=completed"))
        .await;
    assert_eq!(ended["reservations"], json!([done]));
    let (_, task) = client.get(&task_path(caller)).await;
    assert_eq!(task["assignment_status"], "completed");
    test_centre.close().await;
}

#[tokio::test]
async fn reservation_of_earlier_round_is_read_only() {
    let (test_centre, caller, first) = stage().await;
    let client = Client(&test_centre);
    let home = format!("{}/Reservations", task_path(caller));
    let (status, _) = client
        .post(&format!("{home}/{first}"), &[("Instruction", "reject")])
        .await;
    assert_eq!(status, 200);
    test_centre.advance(SLACK).await;
    let second = test_centre.task(caller).await.unwrap().reservations[0].clone();
    assert_eq!(second.worker_name, "Leela", "the next who speaks English");

    let (_, all) = client.get(&home).await;
    let shown = |entry: &Value| {
        (
            entry["sid"].clone(),
            entry["reservation_status"].clone(),
            entry["worker_name"].clone(),
        )
    };
    let shown: Vec<_> = all["reservations"]
        .as_array()
        .unwrap()
        .iter()
        .map(shown)
        .collect();
    let text = |text: &str| Value::from(text);
    let expected = [
        (text(&first), text("rejected"), text("Maya")),
        (
            text(&second.sid.to_string()),
            text("pending"),
            text("Leela"),
        ),
    ];
    assert_eq!(shown, expected);
    let (_, pending) = client
        .get(&format!("{home}?ReservationStatus=pending"))
        .await;
    assert_eq!(pending["reservations"].as_array().unwrap().len(), 1);
    let maya = format!(
        "/Workers/{}/Reservations/{first}",
        test_centre.worker("Maya").await.sid
    );
    let leela = format!(
        "/Workers/{}/Reservations/{first}",
        test_centre.worker("Leela").await.sid
    );
    assert_eq!(client.get(&maya).await.1["reservation_status"], "rejected");
    assert_eq!(client.get(&leela).await.0, 404, "it is Maya's");

    let (status, error) = client
        .post(
            &format!("{home}/{first}"),
            &[("ReservationStatus", "accepted")],
        )
        .await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{error}");
    test_centre.close().await;
}

/// The Task belongs to another Worker: every answer and instruction is 410 (taskrouter.md section
/// 15). A completed Reservation is refused as any other that is not held.
#[tokio::test]
async fn rescinded_reservation_is_gone() {
    let application = Application::start(&[("/ask", (200, JSON, "{}"))]).await;
    let test_centre = application.test_centre("/ask", "/ask").await;
    let client = Client(&test_centre);
    let queues = client.pages("/TaskQueues", "task_queues", "sid").await;
    for queue in queues.concat() {
        let path = format!("/TaskQueues/{}", queue.as_str().unwrap());
        client.post(&path, &[("MaxReservedWorkers", "2")]).await;
    }
    test_centre.advance(SLACK).await;
    let caller = offered(&test_centre).await;
    let reservations = test_centre.task(caller).await.unwrap().reservations;
    let [first, second] = reservations.as_slice() else {
        panic!("expected two Reservations: {reservations:?}");
    };
    let path = |sid| format!("{}/Reservations/{sid}", task_path(caller));
    let accept = [("ReservationStatus", "accepted")];
    assert_eq!(client.post(&path(first.sid), &accept).await.0, 200);
    for form in [
        ("ReservationStatus", "rejected"),
        ("ReservationStatus", "accepted"),
        ("ReservationStatus", "wrapping"),
        ("ReservationStatus", "completed"),
        ("Instruction", "dequeue"),
    ] {
        let (status, error) = client.post(&path(second.sid), &[form]).await;
        assert_eq!((status, &error["code"]), (410, &json!(20_410)), "{form:?}");
    }
    let complete = [("ReservationStatus", "completed")];
    assert_eq!(client.post(&path(first.sid), &complete).await.0, 200);
    let (status, error) = client.post(&path(first.sid), &complete).await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{error}");
    test_centre.close().await;
}
