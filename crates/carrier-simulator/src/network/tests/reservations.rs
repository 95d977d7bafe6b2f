//! `<Dial><Queue reservationSid>`: the TaskRouter names the queue in which the caller waits.

use ids::ReservationSid;

use super::*;

const DIAL_QUEUE: &str = "/router/dial-queue";

fn reservation() -> ReservationSid {
    ReservationSid::derive(&["reservation"])
}

/// A caller waits in queue WT1; a call that runs `/worker` dials the reservation; the TaskRouter
/// answers with `answer`.
fn stage(answer: &str) -> Stage {
    let queue = format!(
        "<Queue reservationSid=\"{}\" postWorkActivitySid=\"WA1\"/>",
        reservation()
    );
    Stage::new("<Enqueue waitUrl=\"\" action=\"/exit\">WT1</Enqueue>")
        .serve("/exit", "<Say>Exit</Say>")
        .serve(
            "/worker",
            &format!("<Dial action=\"/ended\">{queue}</Dial><Say>Never</Say>"),
        )
        .serve("/ended", "<Say>Wrap up</Say><Pause length=\"60\"/>")
        .serve(DIAL_QUEUE, answer)
        .serve("/router/connecting", "<Say>Here we go</Say>")
        .serve("/router/over", "")
}

const ANSWER: &str = "<Dial action=\"over?task=1\" timeout=\"3\"><Queue url=\"connecting?task=1\">WT1</Queue></Dial><Say>Never</Say>";

fn failed_with(stage: &Stage, worker: CallSid, code: &str) {
    assert!(
        stage.errors(worker).starts_with(code),
        "{code}: {:?}",
        stage.entries(worker)
    );
    let ended: Vec<_> = stage
        .requests("/ended")
        .into_iter()
        .filter(|request| request.get("CallSid") == worker.to_string())
        .collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (ended[0].get("DialCallStatus"), ended[0].get("DialBridged")),
        ("failed", "false")
    );
    assert_eq!(stage.heard(worker), ["Wrap up"]);
}

#[test]
fn reservation_connects_its_caller() {
    let mut stage = stage(ANSWER);
    let caller = stage.dial(CALLER);
    stage.pass(5);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    let request = stage.only_request(DIAL_QUEUE);
    let names = [
        "ReservationSid",
        "PostWorkActivitySid",
        "CallSid",
        "CallStatus",
        "Direction",
        "From",
        "To",
    ];
    let expected = [
        &reservation().to_string(),
        "WA1",
        &worker.to_string(),
        "in-progress",
        "outbound-api",
        CENTRE,
        WORKER,
    ];
    assert_eq!(
        (names.map(|name| request.get(name)), request.method),
        (expected, Method::Post)
    );
    // The links of the answer are relative to its URL.
    let connecting = stage.only_request("/router/connecting");
    let names = ["CallSid", "DequeingCallSid", "task"];
    assert_eq!(
        names.map(|name| connecting.get(name)),
        [&caller.to_string(), &worker.to_string(), "1"]
    );
    stage.pass(1);
    assert!(stage.bridged(caller, worker));

    // Both the TaskRouter and the Dial's own action are notified of the result; the call continues
    // with the action.
    stage.pass(9);
    stage.hang_up(caller);
    let names = ["DialCallStatus", "DialCallSid", "DialBridged", "CallSid"];
    let expected = [
        "completed",
        &caller.to_string(),
        "true",
        &worker.to_string(),
    ];
    assert_eq!(
        names.map(|name| stage.only_request("/router/over").get(name).to_owned()),
        expected
    );
    assert_eq!(
        names.map(|name| stage.only_request("/ended").get(name).to_owned()),
        expected
    );
    assert_eq!(stage.heard(worker), ["Wrap up"]);
}

/// voice-webhooks.md section 11, case 7: the TaskRouter does not know of the first Dial when it
/// answers the second.
/// One agent is connected, the other Dial fails with 14217.
#[test]
fn second_dial_of_reservation_fails() {
    let mut stage = stage(ANSWER);
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    let other = stage.ring(OTHER_WORKER, "/worker");
    stage.answer(worker);
    stage.answer(other);
    failed_with(&stage, other, "14217");
    stage.pass(1);
    assert!(stage.bridged(caller, worker));
    assert_eq!(stage.requests(DIAL_QUEUE).len(), 2);
}

/// voice-webhooks.md section 11, case 7: the TaskRouter knows that the reservation is taken.
/// The Dial fails with 14217 although the caller still waits.
#[test]
fn refused_reservation_fails_dial() {
    let mut stage = stage("");
    stage.answers.remove(DIAL_QUEUE);
    let mut stage = stage.serve_raw(DIAL_QUEUE, 404, "text/plain", "no such reservation");
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    failed_with(&stage, worker, "14217");
    assert_eq!(stage.queue("WT1").position(caller), Some(1));
}

#[test]
fn invalid_answers_fail_dial() {
    let table = [
        (
            200,
            "text/xml",
            "<Response><Say>Hello</Say></Response>",
            "12200",
        ),
        (200, "text/xml", "<Response/>", "12200"),
        (200, "text/xml", "<Response>", "12100"),
        (200, "application/json", "{}", "12300"),
        (503, "text/xml", "<Response/>", "11200"),
        (
            200,
            "text/xml",
            "<Response><Dial><Queue url=\"http://[\">WT1</Queue></Dial></Response>",
            "11100",
        ),
        (
            200,
            "text/xml",
            "<Response><Dial><Queue>other</Queue></Dial></Response>",
            "14217",
        ),
    ];
    for (status, content_type, body, code) in table {
        let mut stage = stage("");
        stage.answers.remove(DIAL_QUEUE);
        let mut stage = stage.serve_raw(DIAL_QUEUE, status, content_type, body);
        stage.dial(CALLER);
        let worker = stage.ring(WORKER, "/worker");
        stage.answer(worker);
        failed_with(&stage, worker, code);
    }
}

/// A malformed SID is 14215; without a TaskRouter, every reservation is 14217.
#[test]
fn invalid_reservation_fails_dial() {
    let mut stage = stage("");
    stage.answers.remove("/worker");
    let mut stage = stage.serve(
        "/worker",
        "<Dial action=\"/ended\"><Queue reservationSid=\"WR1\"/></Dial>",
    );
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    failed_with(&stage, worker, "14215");
    assert_eq!(stage.requests(DIAL_QUEUE), []);

    let mut stage = self::stage(ANSWER);
    stage.network.setup.task_router_url = None;
    stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    failed_with(&stage, worker, "14217");
}

/// The agent hangs up before the TaskRouter has answered: no caller is taken.
#[test]
fn hang_up_cancels_reservation_request() {
    let mut stage = stage(ANSWER);
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.handle(Input::Answer(worker));
    let document = stage.pending.pop_front().unwrap();
    let fetched = stage.answer_to(&document);
    stage.handle(Input::Fetched(document.id, fetched));
    let question = stage.pending.pop_front().unwrap();
    assert_eq!(question.purpose, Purpose::Reservation);
    stage.hang_up(worker);
    let late = stage.answer_to(&question);
    stage.act(Input::Fetched(question.id, late));
    assert_eq!(
        stage.only_request("/ended").get("DialCallStatus"),
        "canceled"
    );
    assert_eq!(stage.queue("WT1").position(caller), Some(1));
}
