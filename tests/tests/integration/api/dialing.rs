//! Numbers that `dialing` in `contact-centre.yaml` does not allow are refused where they are given.

use ids::time::Millis;
use task_router::model::ReservationStatus;
use tests::application::{Application, JSON};
use tests::test_centre::{EXAMPLE, TestCentre};

use super::Client;

const CARIBBEAN: &str = "+18765550123";

fn limited(dialing: &str) -> String {
    let set_up = format!("dialing: {dialing}\nworker_ring_timeout:");
    EXAMPLE.replace("worker_ring_timeout:", &set_up)
}

/// A Worker's number is refused when it is saved, however it is sent.
#[tokio::test]
async fn api_refuses_number_that_is_not_allowed() {
    let test_centre = TestCentre::open(&limited(r#"{ allow: ["+1707"] }"#), None).await;
    let client = Client(&test_centre);
    let maya = format!("/Workers/{}", test_centre.worker("Maya").await.sid);
    let attributes = format!(r#"{{"contact_uri":"{CARIBBEAN}"}}"#);
    let expected = "Attributes: contact_uri: …0123 may not be dialed; dialing.allow in \
                    contact-centre.yaml has +1707";
    for (path, name) in [("/Workers", "Nora"), (&maya, "Maya")] {
        let form = [("FriendlyName", name), ("Attributes", &*attributes)];
        let (status, error) = client.post(path, &form).await;
        assert_eq!(status, 400, "{error}");
        assert_eq!(error["message"], expected);
    }
    let form = [("Attributes", r#"{"contact_uri":"+17075550109"}"#)];
    assert_eq!(client.post(&maya, &form).await.0, 200);
    let form = [("Attributes", r#"{"contact_uri":"client:maya"}"#)];
    assert_eq!(client.post(&maya, &form).await.0, 200);
    test_centre.close().await;
}

/// The same instruction through the API says why it is refused.
#[tokio::test]
async fn api_refuses_instruction_with_number() {
    let application = Application::start(&[("/ask", (200, JSON, "{}"))]).await;
    let urls = format!("assignment_callback: {}/ask", application.base);
    let set_up =
        limited(r#"{ allow: ["+1707"] }"#).replace("assignment_callback: /assignment", &urls);
    let test_centre = TestCentre::open(&set_up, None).await;
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "2").await;
    test_centre.advance(Millis::from_secs(1)).await;
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(task.reservations[0].status, ReservationStatus::Pending);
    let reservation = format!(
        "/Tasks/{}/Reservations/{}",
        task.sid, task.reservations[0].sid
    );
    let form = [("Instruction", "dequeue"), ("DequeueTo", CARIBBEAN)];
    let (status, error) = Client(&test_centre).post(&reservation, &form).await;
    assert_eq!(status, 400, "{error}");
    assert_eq!(
        error["message"],
        "Unable to execute Dequeue instruction. …0123 may not be dialed; dialing.allow in \
         contact-centre.yaml has +1707"
    );
    test_centre.close().await;
}
