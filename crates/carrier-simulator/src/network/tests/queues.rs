//! Enqueue, waiting, Leave, and the Dial that takes a caller from a queue.

use super::*;

const ENQUEUE: &str =
    "<Enqueue waitUrl=\"/wait?task=1\" action=\"/exit\">support</Enqueue><Say>After</Say>";

fn waiting() -> Stage {
    Stage::new(ENQUEUE)
        .serve("/wait", "<Say>Please wait</Say><Pause length=\"10\"/>")
        .serve("/exit", "<Say>Exit</Say>")
        .serve("/worker", "<Dial action=\"/ended\" timeout=\"20\"><Queue>support</Queue></Dial><Say>Worker after</Say>")
        .serve("/ended", "<Say>Wrap up</Say>")
}

/// voice-webhooks.md section 11, case 12.
#[test]
fn waiting_callers_have_positions() {
    let mut stage = waiting();
    stage.dial(CALLER);
    stage.pass(4);
    stage.dial(OTHER_CALLER);
    let requests = stage.requests("/wait");
    let names = [
        "QueuePosition",
        "QueueTime",
        "AvgQueueTime",
        "CurrentQueueSize",
        "MaxQueueSize",
        "CallStatus",
        "task",
    ];
    assert_eq!(
        names.map(|name| requests[0].get(name)),
        ["1", "0", "0", "1", "1000", "in-progress", "1"]
    );
    assert_eq!(
        names.map(|name| requests[1].get(name)),
        ["2", "0", "2", "2", "1000", "in-progress", "1"]
    );
    assert_eq!(
        requests[0].get("QueueSid"),
        stage.queue("support").sid.to_string()
    );
}

#[test]
fn wait_document_is_repeated() {
    let mut stage = waiting();
    let call = stage.dial(CALLER);
    stage.pass(60);
    let requests = stage.requests("/wait");
    assert_eq!(requests.len(), 6);
    assert_eq!(requests[5].get("QueueTime"), "50");
    assert_eq!(stage.heard(call).len(), 6);
}

#[test]
fn empty_wait_document_repeats_each_second() {
    let mut stage = waiting();
    stage.answers.remove("/wait");
    let mut stage = stage.serve("/wait", "");
    let call = stage.dial(CALLER);
    stage.pass(120);
    assert_eq!(stage.requests("/wait").len(), 121);
    assert_eq!(stage.status(call), "in-progress");
}

/// voice-webhooks.md section 11, case 4.
/// The next verb runs, or the Enqueue's action.
#[test]
fn leave_continues_after_enqueue() {
    let mut stage = Stage::new("<Enqueue waitUrl=\"/wait\">support</Enqueue><Say>After</Say>")
        .serve("/wait", "<Leave/><Say>Never</Say>");
    let call = stage.dial(CALLER);
    assert_eq!(stage.heard(call), ["After"]);

    let mut stage = waiting();
    stage.answers.remove("/wait");
    let mut stage = stage.serve("/wait", "<Pause length=\"7\"/><Leave/>");
    let call = stage.dial(CALLER);
    stage.pass(7);
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("leave", "7")
    );
    assert_eq!(exit.get("QueueSid"), stage.queue("support").sid.to_string());
    assert_eq!(stage.heard(call), ["Exit"]);
    assert_eq!(stage.queue("support").members, []);
}

/// A wait document may gather and redirect, but not dial.
#[test]
fn wait_document_verbs_are_limited() {
    let mut stage = Stage::new(ENQUEUE)
        .serve("/wait", "<Dial>+17075550101</Dial><Gather action=\"/key\" numDigits=\"1\"><Say>Press</Say></Gather>")
        .serve("/key", "<Redirect>/leave</Redirect>")
        .serve("/leave", "<Leave/>")
        .serve("/exit", "<Say>Exit</Say>");
    let call = stage.dial(CALLER);
    assert!(
        stage
            .warnings(call)
            .contains("<Dial> cannot be used in a wait document")
    );
    stage.press(call, "3");
    let key = stage.only_request("/key");
    assert_eq!((key.get("Digits"), key.get("QueuePosition")), ("3", "1"));
    assert_eq!(stage.only_request("/leave").get("QueuePosition"), "1");
    assert_eq!(stage.heard(call), ["Press", "Exit"]);
}

#[test]
fn failed_wait_document_leaves_queue() {
    let mut stage = waiting();
    stage.answers.remove("/wait");
    let call = stage.dial(CALLER);
    assert_eq!(stage.only_request("/exit").get("QueueResult"), "error");
    assert!(stage.errors(call).starts_with("11200"));
    assert_eq!(stage.heard(call), ["Exit"]);
}

#[test]
fn music_and_silence_need_no_document() {
    for enqueue in [
        "<Enqueue>support</Enqueue>",
        "<Enqueue waitUrl=\"\">support</Enqueue>",
    ] {
        let mut stage = Stage::new(enqueue);
        let call = stage.dial(CALLER);
        stage.pass(3_600);
        assert_eq!(stage.status(call), "in-progress");
        assert_eq!(stage.requests.len(), 1);
    }
}

/// voice-webhooks.md section 11, case 5.
#[test]
fn action_is_requested_after_conversation() {
    let mut stage = waiting();
    let caller = stage.dial(CALLER);
    stage.pass(15);
    let worker = stage.ring(WORKER, "/worker");
    assert_eq!(stage.status(worker), "ringing");
    stage.pass(5);
    stage.answer(worker);
    assert!(stage.bridged(caller, worker));
    assert_eq!(stage.queue("support").members, []);
    stage.pass(30);
    assert_eq!(stage.requests("/exit"), []);
    assert_eq!(stage.requests("/wait").len(), 2);

    stage.hang_up(worker);
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("bridged", "20")
    );
    assert_eq!(exit.get("CallSid"), caller.to_string());
    assert_eq!(stage.heard(caller).last().unwrap(), "Exit");
    let ended = stage.only_request("/ended");
    let names = [
        "DialCallStatus",
        "DialCallSid",
        "DialCallDuration",
        "DialBridged",
        "CallStatus",
        "CallSid",
    ];
    let expected = [
        "completed",
        &caller.to_string(),
        "30",
        "true",
        "completed",
        &worker.to_string(),
    ];
    assert_eq!(names.map(|name| ended.get(name)), expected);
    assert_eq!(stage.status(worker), "completed");
}

/// The Worker's call continues with the action of its Dial.
#[test]
fn caller_hang_up_continues_worker() {
    let mut stage = waiting();
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(12);
    stage.hang_up(caller);
    let ended = stage.only_request("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialCallDuration")),
        ("completed", "12")
    );
    assert_eq!(ended.get("CallStatus"), "in-progress");
    assert_eq!(stage.heard(worker), ["Wrap up"]);
    // The caller's action is notified, and its answer ignored.
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("CallStatus")),
        ("bridged", "completed")
    );
    assert!(!stage.heard(caller).contains(&"Exit".to_owned()));
}

#[test]
fn waiting_caller_hangs_up() {
    let mut stage = waiting();
    let caller = stage.dial(CALLER);
    let other = stage.dial(OTHER_CALLER);
    stage.pass(9);
    stage.hang_up(caller);
    let exit = stage.only_request("/exit");
    let names = ["QueueResult", "QueueTime", "CallStatus", "CallSid"];
    assert_eq!(
        names.map(|name| exit.get(name)),
        ["hangup", "9", "completed", &caller.to_string()]
    );
    assert!(!stage.heard(caller).contains(&"Exit".to_owned()));
    assert_eq!(stage.queue("support").position(other), Some(1));
    assert_eq!(stage.call(caller).queue_time, Millis::from_secs(9));
}

/// The head of the queue is served first.
#[test]
fn dialing_workers_get_different_callers() {
    let mut stage = waiting();
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let worker = stage.ring(WORKER, "/worker");
    let other_worker = stage.ring(OTHER_WORKER, "/worker");
    stage.answer(other_worker);
    stage.answer(worker);
    assert!(stage.bridged(first, other_worker));
    assert!(stage.bridged(second, worker));
}

#[test]
fn longest_waiting_worker_is_served_first() {
    for (first, second) in [(WORKER, OTHER_WORKER), (OTHER_WORKER, WORKER)] {
        let mut stage = waiting();
        let [first, second] = [first, second].map(|phone| {
            let worker = stage.ring(phone, "/worker");
            stage.answer(worker);
            stage.pass(1);
            worker
        });
        let caller = stage.dial(CALLER);
        assert!(stage.bridged(caller, first));
        let other = stage.dial(OTHER_CALLER);
        assert!(stage.bridged(other, second));
    }
}

#[test]
fn queue_dial_waits_until_timeout() {
    let mut stage = waiting();
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(19);
    assert_eq!(stage.requests("/ended"), []);
    let caller = stage.dial(CALLER);
    assert!(stage.bridged(caller, worker));
    assert_eq!(stage.requests("/wait"), []);

    let mut stage = waiting();
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(20);
    let ended = stage.only_request("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialBridged")),
        ("no-answer", "false")
    );
    assert_eq!(stage.heard(worker), ["Wrap up"]);
}

#[test]
fn announcement_precedes_connection() {
    let worker_document = "<Dial action=\"/ended\"><Queue url=\"/announce\">support</Queue></Dial>";
    let mut stage = Stage::new(ENQUEUE)
        .serve("/wait", "<Pause length=\"10\"/>")
        .serve("/exit", "<Say>Exit</Say>")
        .serve("/ended", "")
        .serve("/worker", worker_document)
        .serve("/announce", "<Say>You will be connected now</Say>");
    let caller = stage.dial(CALLER);
    stage.pass(3);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    let request = stage.only_request("/announce");
    let names = ["CallSid", "DequeingCallSid", "QueueTime"];
    assert_eq!(
        names.map(|name| request.get(name)),
        [&caller.to_string(), &worker.to_string(), "3"]
    );
    assert!(!stage.bridged(caller, worker));
    stage.pass(1);
    assert!(stage.bridged(caller, worker));

    // The worker hangs up before the connection.
    stage.hang_up(caller);
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.hang_up(worker);
    let exit = stage.requests("/exit").pop().unwrap();
    assert_eq!(exit.get("QueueResult"), "bridging-in-process");
    assert_eq!(stage.heard(caller).last().unwrap(), "Exit");
}

/// A caller whose announcement is requested is dequeued and being connected (voice-webhooks.md
/// section 5.1). The caller has left the queue by then, so the Enqueue is over.
#[test]
fn worker_hangs_up_before_announcement() {
    let mut stage = Stage::new(ENQUEUE)
        .serve("/wait", "<Pause length=\"10\"/>")
        .serve("/exit", "<Say>Exit</Say>")
        .serve(
            "/worker",
            "<Dial><Queue url=\"/announce\">support</Queue></Dial>",
        )
        .serve("/announce", "<Say>Never</Say>");
    let caller = stage.dial(CALLER);
    stage.pass(3);
    let worker = stage.ring(WORKER, "/worker");
    stage.handle(Input::Answer(worker));
    let fetch = stage.pending.pop_front().unwrap();
    let fetched = stage.answer_to(&fetch);
    stage.handle(Input::Fetched(fetch.id, fetched));
    let late = stage.pending.pop_front().unwrap();
    assert_eq!(late.target.url, format!("{BASE}/announce"));

    stage.hang_up(worker);
    let fetched = stage.answer_to(&late);
    stage.act(Input::Fetched(late.id, fetched));
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("bridging-in-process", "3")
    );
    assert_eq!(stage.heard(caller), ["Exit"]);
}

#[test]
fn next_caller_follows_lost_caller() {
    let mut stage = Stage::new(ENQUEUE)
        .serve("/wait", "<Pause length=\"10\"/>")
        .serve("/exit", "")
        .serve(
            "/worker",
            "<Dial><Queue url=\"/announce\">support</Queue></Dial>",
        )
        .serve("/announce", "<Say>You will be connected now</Say>");
    let caller = stage.dial(CALLER);
    let other = stage.dial(OTHER_CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.hang_up(caller);
    stage.pass(1);
    assert!(stage.bridged(other, worker));
    assert_eq!(stage.only_request("/exit").get("QueueResult"), "hangup");
}

#[test]
fn full_queue_refuses_call() {
    let mut stage = waiting();
    assert!(matches!(
        stage.act(Input::CreateQueue {
            name: "support".into(),
            max_size: 1
        })[..],
        [Output::QueueCreated(_)]
    ));
    stage.dial(CALLER);
    let other = stage.dial(OTHER_CALLER);
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("queue-full", "0")
    );
    assert!(stage.errors(other).starts_with("14207"));
}

#[test]
fn invalid_enqueue_requests_its_action() {
    let long = "x".repeat(65);
    let table = [
        ("<Enqueue action=\"/exit\"/>".to_owned(), "14204", "error"),
        (
            format!("<Enqueue action=\"/exit\">{long}</Enqueue>"),
            "14205",
            "error",
        ),
        (
            "<Enqueue workflowSid=\"WW1\" action=\"/exit\"><Task>{}</Task></Enqueue>".to_owned(),
            "14220",
            "error",
        ),
    ];
    for (verbs, code, result) in table {
        let mut stage = Stage::new(&verbs).serve("/exit", "<Say>Exit</Say>");
        let call = stage.dial(CALLER);
        assert!(
            stage.errors(call).starts_with(code),
            "{:?}",
            stage.entries(call)
        );
        let exit = stage.only_request("/exit");
        assert_eq!(
            (exit.get("QueueResult"), exit.get("QueueSid")),
            (result, ""),
            "{verbs}"
        );
    }
}

#[test]
fn star_key_ends_conversation() {
    let mut stage = waiting();
    stage.answers.remove("/worker");
    let mut stage = stage.serve(
        "/worker",
        "<Dial hangupOnStar=\"true\"><Queue>support</Queue></Dial><Say>Next</Say>",
    );
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.press(caller, "*");
    assert!(stage.bridged(caller, worker));
    stage.press(worker, "1*");
    assert_eq!(stage.heard(worker), ["Next"]);
    assert_eq!(stage.heard(caller).last().unwrap(), "Exit");
}

#[test]
fn time_limit_ends_conversation() {
    let mut stage = waiting();
    stage.answers.remove("/worker");
    let mut stage = stage.serve(
        "/worker",
        "<Dial timeLimit=\"40\"><Queue>support</Queue></Dial><Say>Next</Say>",
    );
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(39);
    assert!(stage.bridged(caller, worker));
    stage.pass(1);
    assert_eq!(stage.heard(worker), ["Next"]);
    assert_eq!(stage.heard(caller).last().unwrap(), "Exit");
}
