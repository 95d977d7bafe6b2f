//! Supervisors who join a conversation through the API (taskrouter.md section 11.3, "supervise").

use ids::CallSid;
use serde_json::{Value, json};
use tests::application::{Application, JSON};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

use super::{Client, offered, task_path};

const MAYA: &str = "+17075550101";
const LEELA: &str = "+17075550103";
const JOE: &str = "+17075550177";

/// A caller and Maya in a conference, and the path of her Reservation below the Workspace.
async fn conversation() -> (TestCentre, CallSid, String) {
    let application =
        Application::start(&[("/ask", (200, JSON, r#"{"instruction":"conference"}"#))]).await;
    let test_centre = application.test_centre("/ask", "/ask").await;
    let caller = offered(&test_centre).await;
    let reservation = test_centre.task(caller).await.unwrap().reservations[0].sid;
    let path = format!("{}/Reservations/{reservation}", task_path(caller));
    (test_centre, caller, path)
}

async fn picks_up(test_centre: &TestCentre, number: &str) -> CallSid {
    let call = test_centre.ringing().await[number];
    test_centre.at_phone(call, "answer").await;
    test_centre.advance(SLACK).await;
    call
}

/// The participants of the active conference.
async fn participants(test_centre: &TestCentre) -> Vec<Value> {
    let all = test_centre.get("/simulator/conferences").await;
    let on = all["conferences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["status"] != "completed");
    on.flat_map(|one| one["participants"].as_array().unwrap().clone())
        .collect()
}

/// `monitor` (the default) is muted, `whisper` coaches the Worker, `barge` speaks to both.
#[tokio::test]
async fn supervisor_joins_in_the_requested_mode() {
    for (number, mode, (muted, coaching)) in [
        (JOE, None, (true, false)),
        (LEELA, Some("monitor"), (true, false)),
        (LEELA, Some("whisper"), (false, true)),
        (JOE, Some("barge"), (false, false)),
    ] {
        let (test_centre, caller, path) = conversation().await;
        let client = Client(&test_centre);
        let maya = picks_up(&test_centre, MAYA).await;
        // A Worker's phone is their `contact_uri`.
        let leela = test_centre.worker("Leela").await.sid.to_string();
        let supervisor = if number == LEELA { &*leela } else { number };
        let mut form = vec![("Instruction", "supervise"), ("Supervisor", supervisor)];
        form.extend(mode.map(|mode| ("SupervisorMode", mode)));
        let (status, reservation) = client.post(&path, &form).await;
        assert_eq!(
            (status, &reservation["reservation_status"]),
            (200, &"accepted".into()),
            "{reservation}"
        );
        test_centre.centre.settle().await;
        assert_eq!(
            participants(&test_centre).await.len(),
            2,
            "the supervisor has not answered yet"
        );

        let supervisor = picks_up(&test_centre, number).await;
        let present = participants(&test_centre).await;
        let of = |call: CallSid| {
            present
                .iter()
                .find(|one| one["call_sid"] == call.to_string())
                .unwrap()
        };
        let own = of(supervisor);
        assert_eq!(
            (present.len(), own["muted"] == true),
            (3, muted),
            "{mode:?} {own}"
        );
        let coached = if coaching {
            json!(maya.to_string())
        } else {
            Value::Null
        };
        assert_eq!(own["coaching"], coached, "{mode:?} {own}");
        assert_eq!(
            (&of(caller)["muted"], &of(maya)["muted"]),
            (&json!(false), &json!(false))
        );

        test_centre.at_phone(supervisor, "hangup").await;
        test_centre.advance(SLACK).await;
        assert_eq!(
            participants(&test_centre).await.len(),
            2,
            "the conversation continues"
        );
        assert_eq!(client.get(&path).await.1["reservation_status"], "accepted");
        test_centre.close().await;
    }
}

/// Refused before and after the conversation, for an unknown supervisor, and under the Worker's
/// path.
#[tokio::test]
async fn supervise_requires_a_conversation() {
    let (test_centre, caller, path) = conversation().await;
    let client = Client(&test_centre);
    let supervise = [("Instruction", "supervise"), ("Supervisor", JOE)];
    let refused = async |form: &[(&str, &str)]| {
        let (status, error) = client.post(&path, form).await;
        assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{error}");
        assert!(!test_centre.ringing().await.contains_key(JOE));
        error["message"].as_str().unwrap().to_owned()
    };
    assert!(
        refused(&supervise).await.contains("Supervise"),
        "the Reservation is pending"
    );
    let maya = picks_up(&test_centre, MAYA).await;
    let unknown = [
        ("Instruction", "supervise"),
        ("Supervisor", "WK00000000000000000000000000000009"),
    ];
    assert!(
        refused(&unknown).await.contains("Supervise"),
        "there is no such Worker"
    );
    let worker = test_centre.worker("Maya").await.sid;
    let sid = path.rsplit('/').next().unwrap();
    let (status, error) = client
        .post(&format!("/Workers/{worker}/Reservations/{sid}"), &supervise)
        .await;
    assert_eq!(
        status, 400,
        "supervise is accepted under the Task only: {error}"
    );

    for call in [caller, maya] {
        test_centre.at_phone(call, "hangup").await;
        test_centre.advance(SLACK).await;
    }
    assert!(
        refused(&supervise).await.contains("Supervise"),
        "the conversation has ended"
    );
    test_centre.close().await;
}
