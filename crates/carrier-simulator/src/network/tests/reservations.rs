//! `<Dial><Queue reservationSid>`: the TaskRouter says where the caller waits.

use ids::ReservationSid;

use super::*;

const ASKED: &str = "/router/dial-queue";

fn reservation() -> ReservationSid {
    ReservationSid::derive(&["reservation"])
}

/// A caller waits in queue WT1; whoever runs `/worker` dials the reservation; the TaskRouter answers with `answer`.
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
        .serve(ASKED, answer)
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
        .asked("/ended")
        .into_iter()
        .filter(|asked| asked.get("CallSid") == worker.to_string())
        .collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (ended[0].get("DialCallStatus"), ended[0].get("DialBridged")),
        ("failed", "false")
    );
    assert_eq!(stage.heard(worker), ["Wrap up"]);
}

#[test]
fn the_caller_of_a_reservation_is_connected_as_the_task_router_says() {
    let mut stage = stage(ANSWER);
    let caller = stage.dial(CALLER);
    stage.pass(5);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    let asked = stage.asked_once(ASKED);
    let facts = [
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
        (facts.map(|name| asked.get(name)), asked.method),
        (expected, Method::Post)
    );
    // The links of the answer are relative to where it came from.
    let connecting = stage.asked_once("/router/connecting");
    let facts = ["CallSid", "DequeingCallSid", "task"];
    assert_eq!(
        facts.map(|name| connecting.get(name)),
        [&caller.to_string(), &worker.to_string(), "1"]
    );
    stage.pass(1);
    assert!(stage.bridged(caller, worker));

    // Both the TaskRouter and the document's own action learn how it ended; the call goes on with the latter.
    stage.pass(9);
    stage.hang_up(caller);
    let facts = ["DialCallStatus", "DialCallSid", "DialBridged", "CallSid"];
    let expected = [
        "completed",
        &caller.to_string(),
        "true",
        &worker.to_string(),
    ];
    assert_eq!(
        facts.map(|name| stage.asked_once("/router/over").get(name).to_owned()),
        expected
    );
    assert_eq!(
        facts.map(|name| stage.asked_once("/ended").get(name).to_owned()),
        expected
    );
    assert_eq!(stage.heard(worker), ["Wrap up"]);
}

/// voice-webhooks.md section 11, case 7: the TaskRouter has not heard of the first when the second asks.
#[test]
fn of_two_agents_who_dial_the_same_reservation_one_is_connected_and_the_other_gets_14217() {
    let mut stage = stage(ANSWER);
    let caller = stage.dial(CALLER);
    let (worker, other) = (
        stage.ring(WORKER, "/worker"),
        stage.ring(OTHER_WORKER, "/worker"),
    );
    stage.answer(worker);
    stage.answer(other);
    failed_with(&stage, other, "14217");
    stage.pass(1);
    assert!(stage.bridged(caller, worker));
    assert_eq!(stage.asked(ASKED).len(), 2);
}

/// voice-webhooks.md section 11, case 7: the TaskRouter knows that the reservation is taken.
#[test]
fn a_reservation_the_task_router_does_not_give_gets_14217_even_while_the_caller_waits() {
    let mut stage = stage("");
    stage.answers.remove(ASKED);
    let mut stage = stage.serve_raw(ASKED, 404, "text/plain", "no such reservation");
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    failed_with(&stage, worker, "14217");
    assert_eq!(stage.queue("WT1").position(caller), Some(1));
}

#[test]
fn answers_that_are_no_dial_of_a_queue_fail_the_dial() {
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
            "<Response><Dial><Queue>elsewhere</Queue></Dial></Response>",
            "14217",
        ),
    ];
    for (status, content_type, body, code) in table {
        let mut stage = stage("");
        stage.answers.remove(ASKED);
        let mut stage = stage.serve_raw(ASKED, status, content_type, body);
        stage.dial(CALLER);
        let worker = stage.ring(WORKER, "/worker");
        stage.answer(worker);
        failed_with(&stage, worker, code);
    }
}

#[test]
fn a_malformed_reservation_is_14215_and_without_a_task_router_every_one_is_14217() {
    let mut stage = stage("");
    stage.answers.remove("/worker");
    let mut stage = stage.serve(
        "/worker",
        "<Dial action=\"/ended\"><Queue reservationSid=\"WR1\"/></Dial>",
    );
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    failed_with(&stage, worker, "14215");
    assert_eq!(stage.asked(ASKED), []);

    let mut stage = self::stage(ANSWER);
    stage.network.setup.task_router_url = None;
    stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    failed_with(&stage, worker, "14217");
}

#[test]
fn an_agent_who_hangs_up_while_the_task_router_is_asked_dials_nobody() {
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
    assert_eq!(stage.asked_once("/ended").get("DialCallStatus"), "canceled");
    assert_eq!(stage.queue("WT1").position(caller), Some(1));
}
