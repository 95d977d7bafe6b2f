//! The carrier executes a request and its reply is lost, or the requesting process dies before it
//! arrives: what `accept` of an instruction promises is done nevertheless (taskrouter.md section
//! 11.3, `call` and `redirect`).

use std::sync::Arc;

use callbacks::Callbacks;
use carrier::{AuthTokens, Carrier};
use http_client::{Destinations, web_client};
use http_client::{Limits, NetworkClient, Request, Sending, WebClient, WebError, WebErrorKind};
use ids::time::{Clock, Millis};
use ids::{CallSid, TaskSid};
use task_router::model::{AssignmentStatus, Instruction, ReservationStatus, Task};
use task_router::router::effects::Callback;
use tests::application::{Application, JSON, XML};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

const MAYA: &str = "+17075550101";

/// Longer than the timeout of a call that the carrier has not confirmed, and than a Reservation's
/// timeout.
const LONG: Millis = Millis::from_secs(200);

/// An HTTP client of the carrier that loses every reply.
struct LostReplies(NetworkClient);

impl WebClient for LostReplies {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            self.0.send(request, limits).await?;
            Err(WebError {
                kind: WebErrorKind::Exchange,
                reason: "the reply is lost".to_owned(),
            })
        })
    }
}

/// A caller who is offered to Maya; no phone rings yet.
async fn offered(application: &Application) -> (TestCentre, CallSid) {
    let test_centre = application.test_centre("/ask", "/ask").await;
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.advance(SLACK).await;
    (test_centre, caller)
}

/// Executes this instruction for the caller's Reservation, without the carrier's replies.
async fn instruct(test_centre: &TestCentre, caller: CallSid, instruction: &str) {
    let task = test_centre.task(caller).await.unwrap();
    let reservation = task.reservations[0].sid;
    let instruction = Instruction::from_json("application/json", instruction.as_bytes())
        .unwrap()
        .unwrap();
    let account_sid = test_centre.account.account_sid;
    let tokens = AuthTokens::fixed(test_centre.account.tokens());
    let lost = Arc::new(LostReplies(web_client(Destinations::Anywhere).unwrap()));
    let callbacks = Callbacks {
        store: test_centre.centre.store.clone(),
        carrier: Carrier::new(lost, &test_centre.base, account_sid, Arc::clone(&tokens)).unwrap(),
        web: Arc::new(web_client(Destinations::Anywhere).unwrap()),
        destinations: Destinations::Anywhere,
        tokens,
        account_sid,
        public_url: test_centre.base.clone(),
        clock: Arc::clone(&test_centre.clock) as Arc<dyn Clock>,
        outbox: test_centre.centre.outbox(),
        journal: runtime::WebhookJournal::off(),
    };
    let instruct = Callback::Instruct {
        task: task.sid,
        reservation,
        instruction,
        request: 1,
        expected_versions: None,
    };
    callbacks.on_callback(&instruct).await.unwrap();
    // The message is delivered again, as after a crash.
    callbacks.on_callback(&instruct).await.unwrap();
    test_centre.advance(SLACK).await;
}

/// The carrier's reply is lost; a status callback accepts the Reservation.
#[tokio::test]
async fn call_is_accepted_by_status_callback() {
    let listen = (200, XML, r#"<Response><Pause length="600"/></Response>"#);
    let application = Application::start(&[("/ask", (200, JSON, "{}")), ("/agent", listen)]).await;
    let (test_centre, caller) = offered(&application).await;
    let call = format!(
        r#"{{"instruction":"call","from":"+17075550183","url":"{}/agent","accept":"true"}}"#,
        application.base
    );
    instruct(&test_centre, caller, &call).await;
    let maya = test_centre.ringing().await[MAYA];
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(task.assignment_status, AssignmentStatus::Assigned);
    assert_eq!(
        task.attributes.text("worker_call_sid"),
        Some(maya.to_string().as_str())
    );
    test_centre.at_phone(maya, "answer").await;
    test_centre.advance(LONG).await;
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(
        (task.assignment_status, task.rounds),
        (AssignmentStatus::Assigned, 1)
    );
    test_centre.close().await;
}

/// The carrier's reply is lost; the webhook of the caller leaving the queue accepts the
/// Reservation.
#[tokio::test]
async fn redirect_is_accepted_by_queue_exit() {
    let listen = (200, XML, r#"<Response><Pause length="600"/></Response>"#);
    let application =
        Application::start(&[("/ask", (200, JSON, "{}")), ("/transferred", listen)]).await;
    let (test_centre, caller) = offered(&application).await;
    let redirect = format!(
        r#"{{"instruction":"redirect","call_sid":"{caller}","url":"{}/transferred","accept":"true"}}"#,
        application.base
    );
    instruct(&test_centre, caller, &redirect).await;
    assert_eq!(application.requests_to("/transferred").len(), 1);
    test_centre.advance(LONG).await;
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(
        (task.assignment_status, task.rounds),
        (AssignmentStatus::Assigned, 1)
    );
    test_centre.close().await;
}

/// A conversation whose end was not reported is ended by the Worker's request to hang up: the carrier
/// says that the call is over.
#[tokio::test]
async fn hang_up_finds_an_unreported_end() {
    let test_centre = TestCentre::example().await;
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.advance(SLACK).await;
    let maya = test_centre.ringing().await[MAYA];
    test_centre.at_phone(maya, "answer").await;
    test_centre.advance(SLACK).await;
    let connected = test_centre.task(caller).await.unwrap();
    assert_eq!(connected.connected_call().map(|(_, call)| call), Some(maya));
    test_centre.at_phone(maya, "hangup").await;
    test_centre.advance(SLACK).await;
    let unreported = Task {
        sid: TaskSid::derive(&["unreported"]),
        version: 0,
        ..connected
    };
    let store = &test_centre.centre.store;
    let now = test_centre.clock.now();
    let workspace = store.workspace(unreported.workspace_sid, now).await;
    let workspace = workspace.unwrap().unwrap();
    store.create_task(&unreported, &workspace).await.unwrap();
    let stop = Callback::StopWorkerCall {
        call: maya,
        task: Some(unreported.sid),
    };
    test_centre.centre.outbox().callback(stop).await.unwrap();
    test_centre.centre.settle().await;
    let ended = store.task(unreported.sid).await.unwrap().unwrap();
    assert_eq!(ended.assignment_status, AssignmentStatus::Completed);
    test_centre.close().await;
}

/// The offer stays pending while the Worker listens to the application's TwiML.
#[tokio::test]
async fn long_application_document_keeps_the_call() {
    let listen = (
        200,
        XML,
        r#"<Response><Pause length="300"/><Dial><Queue reservationSid="{reservation}"/></Dial></Response>"#,
    );
    let instruction = r#"{"instruction":"call","from":"+17075550183","timeout":20,
        "url":"{base}/agent?reservation={ReservationSid}"}"#;
    let application =
        Application::start(&[("/ask", (200, JSON, instruction)), ("/agent", listen)]).await;
    let (test_centre, caller) = offered(&application).await;
    let maya = test_centre.ringing().await[MAYA];
    test_centre.at_phone(maya, "answer").await;
    test_centre.advance(LONG).await;
    let offer = test_centre.task(caller).await.unwrap().reservations[0].clone();
    assert_eq!(offer.status, ReservationStatus::Pending);
    test_centre.advance(LONG).await;
    let bridged = test_centre.call(caller).await["bridged_with"].clone();
    assert_eq!(bridged, maya.to_string());
    test_centre.close().await;
}
