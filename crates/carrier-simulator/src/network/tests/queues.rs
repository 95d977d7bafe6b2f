//! Enqueue, waiting, Leave, and the Dial that fetches a caller.

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
fn two_waiting_callers_are_number_one_and_two() {
    let mut stage = waiting();
    stage.dial(CALLER);
    stage.pass(4);
    stage.dial(OTHER_CALLER);
    let asked = stage.asked("/wait");
    let facts = [
        "QueuePosition",
        "QueueTime",
        "AvgQueueTime",
        "CurrentQueueSize",
        "MaxQueueSize",
        "CallStatus",
        "task",
    ];
    assert_eq!(
        facts.map(|name| asked[0].get(name)),
        ["1", "0", "0", "1", "1000", "in-progress", "1"]
    );
    assert_eq!(
        facts.map(|name| asked[1].get(name)),
        ["2", "0", "2", "2", "1000", "in-progress", "1"]
    );
    assert_eq!(
        asked[0].get("QueueSid"),
        stage.queue("support").sid.to_string()
    );
}

#[test]
fn the_wait_document_is_asked_for_again_and_again() {
    let mut stage = waiting();
    let call = stage.dial(CALLER);
    stage.pass(60);
    let asked = stage.asked("/wait");
    assert_eq!(asked.len(), 6);
    assert_eq!(asked[5].get("QueueTime"), "50");
    assert_eq!(stage.heard(call).len(), 6);
}

#[test]
fn a_wait_document_that_takes_no_time_is_asked_for_once_a_second() {
    let mut stage = waiting();
    stage.answers.remove("/wait");
    let mut stage = stage.serve("/wait", "");
    let call = stage.dial(CALLER);
    stage.pass(120);
    assert_eq!(stage.asked("/wait").len(), 121);
    assert_eq!(stage.status(call), "in-progress");
}

/// voice-webhooks.md section 11, case 4.
#[test]
fn leave_goes_on_after_the_enqueue_or_with_its_action() {
    let mut stage = Stage::new("<Enqueue waitUrl=\"/wait\">support</Enqueue><Say>After</Say>")
        .serve("/wait", "<Leave/><Say>Never</Say>");
    let call = stage.dial(CALLER);
    assert_eq!(stage.heard(call), ["After"]);

    let mut stage = waiting();
    stage.answers.remove("/wait");
    let mut stage = stage.serve("/wait", "<Pause length=\"7\"/><Leave/>");
    let call = stage.dial(CALLER);
    stage.pass(7);
    let exit = stage.asked_once("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("leave", "7")
    );
    assert_eq!(exit.get("QueueSid"), stage.queue("support").sid.to_string());
    assert_eq!(stage.heard(call), ["Exit"]);
    assert_eq!(stage.queue("support").members, []);
}

#[test]
fn a_wait_document_may_gather_and_redirect_but_not_dial() {
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
    let key = stage.asked_once("/key");
    assert_eq!((key.get("Digits"), key.get("QueuePosition")), ("3", "1"));
    assert_eq!(stage.asked_once("/leave").get("QueuePosition"), "1");
    assert_eq!(stage.heard(call), ["Press", "Exit"]);
}

#[test]
fn a_wait_document_that_fails_ends_the_stay_with_an_error() {
    let mut stage = waiting();
    stage.answers.remove("/wait");
    let call = stage.dial(CALLER);
    assert_eq!(stage.asked_once("/exit").get("QueueResult"), "error");
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
        assert_eq!(stage.asked.len(), 1);
    }
}

/// voice-webhooks.md section 11, case 5.
#[test]
fn the_action_is_asked_only_when_the_conversation_is_over() {
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
    assert_eq!(stage.asked("/exit"), []);
    assert_eq!(stage.asked("/wait").len(), 2);

    stage.hang_up(worker);
    let exit = stage.asked_once("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("bridged", "20")
    );
    assert_eq!(exit.get("CallSid"), caller.to_string());
    assert_eq!(stage.heard(caller).last().unwrap(), "Exit");
    let ended = stage.asked_once("/ended");
    let facts = [
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
    assert_eq!(facts.map(|name| ended.get(name)), expected);
    assert_eq!(stage.status(worker), "completed");
}

#[test]
fn when_the_caller_hangs_up_the_worker_goes_on_with_the_action_of_the_dial() {
    let mut stage = waiting();
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(12);
    stage.hang_up(caller);
    let ended = stage.asked_once("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialCallDuration")),
        ("completed", "12")
    );
    assert_eq!(ended.get("CallStatus"), "in-progress");
    assert_eq!(stage.heard(worker), ["Wrap up"]);
    // The caller's action is told, and its answer ignored.
    let exit = stage.asked_once("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("CallStatus")),
        ("bridged", "completed")
    );
    assert!(!stage.heard(caller).contains(&"Exit".to_owned()));
}

#[test]
fn a_caller_who_hangs_up_while_waiting_is_out_of_the_queue_and_the_action_is_told() {
    let mut stage = waiting();
    let caller = stage.dial(CALLER);
    let other = stage.dial(OTHER_CALLER);
    stage.pass(9);
    stage.hang_up(caller);
    let exit = stage.asked_once("/exit");
    let facts = ["QueueResult", "QueueTime", "CallStatus", "CallSid"];
    assert_eq!(
        facts.map(|name| exit.get(name)),
        ["hangup", "9", "completed", &caller.to_string()]
    );
    assert!(!stage.heard(caller).contains(&"Exit".to_owned()));
    assert_eq!(stage.queue("support").position(other), Some(1));
    assert_eq!(stage.call(caller).queue_time, Millis::from_secs(9));
}

#[test]
fn two_workers_dialling_a_queue_get_different_callers_the_head_first() {
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
fn of_two_workers_who_wait_for_a_caller_the_one_who_dialled_first_is_served() {
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
fn a_worker_waits_for_a_caller_until_the_dial_times_out() {
    let mut stage = waiting();
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(19);
    assert_eq!(stage.asked("/ended"), []);
    let caller = stage.dial(CALLER);
    assert!(stage.bridged(caller, worker));
    assert_eq!(stage.asked("/wait"), []);

    let mut stage = waiting();
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(20);
    let ended = stage.asked_once("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialBridged")),
        ("no-answer", "false")
    );
    assert_eq!(stage.heard(worker), ["Wrap up"]);
}

#[test]
fn the_caller_hears_the_announcement_before_the_connection() {
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
    let asked = stage.asked_once("/announce");
    let facts = ["CallSid", "DequeingCallSid", "QueueTime"];
    assert_eq!(
        facts.map(|name| asked.get(name)),
        [&caller.to_string(), &worker.to_string(), "3"]
    );
    assert!(!stage.bridged(caller, worker));
    stage.pass(1);
    assert!(stage.bridged(caller, worker));

    // The worker is gone before the connection.
    stage.hang_up(caller);
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.hang_up(worker);
    let exit = stage.asked("/exit").pop().unwrap();
    assert_eq!(exit.get("QueueResult"), "bridging-in-process");
    assert_eq!(stage.heard(caller).last().unwrap(), "Exit");
}

/// A caller whose announcement is asked for is dequeued and being connected (voice-webhooks.md section 5.1).
#[test]
fn a_worker_who_is_gone_while_the_announcement_is_asked_for_leaves_a_caller_whose_enqueue_is_over()
{
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
    let exit = stage.asked_once("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("bridging-in-process", "3")
    );
    assert_eq!(stage.heard(caller), ["Exit"]);
}

#[test]
fn when_the_caller_is_gone_before_the_connection_the_worker_gets_the_next_one() {
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
    assert_eq!(stage.asked_once("/exit").get("QueueResult"), "hangup");
}

#[test]
fn a_full_queue_takes_nobody_else() {
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
    let exit = stage.asked_once("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("queue-full", "0")
    );
    assert!(stage.errors(other).starts_with("14207"));
}

#[test]
fn an_enqueue_that_cannot_be_has_an_error_and_an_action() {
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
        let exit = stage.asked_once("/exit");
        assert_eq!(
            (exit.get("QueueResult"), exit.get("QueueSid")),
            (result, ""),
            "{verbs}"
        );
    }
}

#[test]
fn the_star_key_ends_the_conversation_when_the_dial_says_so() {
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
fn the_time_limit_of_the_dial_cuts_the_conversation() {
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
