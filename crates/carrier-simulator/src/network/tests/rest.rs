//! The REST API's requests about calls and queues, and the limits of what is kept.

use super::*;

fn reported_statuses(stage: &Stage, path: &str) -> Vec<(String, String)> {
    stage
        .requests(path)
        .iter()
        .map(|request| {
            (
                request.get("SequenceNumber").to_owned(),
                request.get("CallStatus").to_owned(),
            )
        })
        .collect()
}

fn call_with_callback(to: &str, events: Vec<crate::twiml::StatusEvent>) -> NewCall {
    let status_callback = StatusCallback::new(format!("{BASE}/status"), Method::Post, events);
    NewCall {
        status_callback: Some(status_callback),
        ring_for: Millis::from_secs(20),
        ..new_call(to, "/worker")
    }
}

fn stage() -> Stage {
    Stage::new("<Enqueue waitUrl=\"/wait\" action=\"/exit\">support</Enqueue><Say>After</Say>")
        .serve("/wait", "<Pause length=\"10\"/>")
        .serve("/exit", "<Say>Exit</Say>")
        .serve("/status", "")
        .serve(
            "/worker",
            "<Say>Hello worker</Say><Dial action=\"/ended\"><Queue>support</Queue></Dial>",
        )
        .serve("/ended", "<Say>Wrap up</Say>")
        .serve("/new", "<Say>Somewhere new</Say><Pause length=\"60\"/>")
}

#[test]
fn outbound_call_reports_every_status() {
    use crate::twiml::StatusEvent::{Answered, Completed, Initiated, Ringing};
    let mut stage = stage();
    let new = call_with_callback(WORKER, vec![Initiated, Ringing, Answered, Completed]);
    let call = created(&stage.handle(Input::CreateCall(Box::new(new))));
    assert_eq!(stage.status(call), "queued");
    stage.settle();
    assert_eq!(stage.status(call), "ringing");
    assert_eq!(stage.requests("/worker"), []);
    stage.pass(4);
    stage.answer(call);
    let request = stage.only_request("/worker");
    let names = ["CallStatus", "Direction", "From", "To"];
    assert_eq!(
        names.map(|name| request.get(name)),
        ["in-progress", "outbound-api", CENTRE, WORKER]
    );
    stage.pass(6);
    stage.hang_up(call);
    let expected = [
        ("0", "initiated"),
        ("1", "ringing"),
        ("2", "in-progress"),
        ("3", "completed"),
    ];
    assert_eq!(
        reported_statuses(&stage, "/status"),
        expected.map(|(n, s)| (n.to_owned(), s.to_owned()))
    );
    let last = stage.requests("/status").pop().unwrap();
    assert_eq!(
        (last.get("CallDuration"), last.get("CallbackSource")),
        ("6", "call-progress-events")
    );
    assert!(last.get("Timestamp").ends_with("+0000"));
}

#[test]
fn end_of_outbound_call_is_reported_once() {
    type Act = fn(&mut Stage, CallSid);
    let decline: Act = |stage, call| assert_eq!(stage.act(Input::Decline(call)), []);
    let leave_alone: Act = |stage, _| stage.pass(20);
    let cancel: Act = |stage, call| {
        let update = CallUpdate {
            end: Some(EndAs::Canceled),
            ..CallUpdate::default()
        };
        assert_eq!(stage.act(Input::UpdateCall(call, update)), []);
    };
    let complete: Act = |stage, call| {
        stage.answer(call);
        let update = CallUpdate {
            end: Some(EndAs::Completed),
            ..CallUpdate::default()
        };
        assert_eq!(stage.act(Input::UpdateCall(call, update)), []);
    };
    let table = [
        (decline, "busy"),
        (leave_alone, "no-answer"),
        (cancel, "canceled"),
        (complete, "completed"),
    ];
    for (act, status) in table {
        let mut stage = stage();
        let call = created(&stage.act(Input::CreateCall(Box::new(call_with_callback(
            WORKER,
            Vec::new(),
        )))));
        act(&mut stage, call);
        assert_eq!(stage.status(call), status);
        assert_eq!(
            reported_statuses(&stage, "/status"),
            [("0".to_owned(), status.to_owned())]
        );
        stage.pass(1_000);
        assert_eq!(stage.requests("/status").len(), 1);
    }
}

#[test]
fn second_call_to_phone_is_busy() {
    let mut stage = stage();
    let first = stage.ring(WORKER, "/worker");
    let second = created(&stage.act(Input::CreateCall(Box::new(call_with_callback(
        WORKER,
        Vec::new(),
    )))));
    assert_eq!(
        (stage.status(first), stage.status(second)),
        ("ringing", "busy")
    );
    assert_eq!(
        reported_statuses(&stage, "/status"),
        [("0".to_owned(), "busy".to_owned())]
    );
}

#[test]
fn inline_twiml_needs_absolute_links() {
    let table = [
        ("<Response><Say>Hi</Say></Response>", ""),
        ("<Response><Redirect>/new</Redirect></Response>", "15004"),
        (
            "<Response><Gather numDigits=\"1\" actionOnEmptyResult=\"true\" timeout=\"1\"/></Response>",
            "15004",
        ),
        ("<Response>", "12100"),
    ];
    for (twiml, code) in table {
        let mut stage = stage();
        let new = NewCall {
            start: Start::Twiml(twiml.to_owned()),
            ..new_call(WORKER, "/")
        };
        let call = created(&stage.act(Input::CreateCall(Box::new(new))));
        stage.answer(call);
        stage.pass(1);
        assert!(
            stage.errors(call).starts_with(code),
            "{twiml}: {:?}",
            stage.entries(call)
        );
        assert_eq!(stage.errors(call).is_empty(), code.is_empty());
    }
}

#[test]
fn invalid_outbound_calls_are_refused() {
    let mut stage = stage();
    let mut create = |call: NewCall| refusal(&stage.act(Input::CreateCall(Box::new(call))));
    assert_eq!(
        create(new_call("12", "/x")),
        Refusal::BadAddress { field: "To" }
    );
    assert_eq!(
        create(NewCall {
            from: "x".into(),
            ..new_call(WORKER, "/x")
        }),
        Refusal::BadAddress { field: "From" }
    );
    assert_eq!(create(new_call(CENTRE, "/x")), Refusal::CentreNumber);
    let start = Start::Url(Target {
        url: "/relative".into(),
        method: Method::Post,
    });
    assert_eq!(
        create(NewCall {
            start,
            ..new_call(WORKER, "/x")
        }),
        Refusal::BadUrl { field: "Url" }
    );
    assert_eq!(stage.network.calls().len(), 0);
}

/// voice-webhooks.md section 11, case 6.
/// Moving a waiting call runs the new document, and notifies the Enqueue's action.
#[test]
fn transfer_leaves_queue() {
    for by_member in [true, false] {
        let mut stage = stage();
        let caller = stage.dial(CALLER);
        stage.pass(5);
        let queue = stage.queue("support").sid;
        let reply = if by_member {
            stage.act(Input::Dequeue {
                queue,
                call: None,
                target: at("/new"),
            })
        } else {
            let update = CallUpdate {
                start: Some(Start::Url(at("/new"))),
                ..CallUpdate::default()
            };
            stage.act(Input::UpdateCall(caller, update))
        };
        assert_eq!(
            reply,
            if by_member {
                vec![Output::Dequeued(caller)]
            } else {
                Vec::new()
            }
        );
        let exit = stage.only_request("/exit");
        assert_eq!(
            (exit.get("QueueResult"), exit.get("QueueTime")),
            ("redirected", "5")
        );
        assert_eq!(stage.heard(caller), ["Somewhere new"]);
        assert_eq!(stage.queue("support").members, []);
        stage.pass(30);
        assert_eq!(stage.requests("/wait").len(), 1);
    }
}

#[test]
fn transfer_of_bridged_call_frees_other_end() {
    let mut stage = stage();
    let caller = stage.dial(CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(2);
    let update = CallUpdate {
        start: Some(Start::Url(at("/new"))),
        ..CallUpdate::default()
    };
    assert_eq!(stage.act(Input::UpdateCall(caller, update)), []);
    assert_eq!(
        stage.only_request("/exit").get("QueueResult"),
        "redirected-from-bridged"
    );
    assert_eq!(stage.heard(caller), ["Somewhere new"]);
    assert_eq!(
        stage.only_request("/ended").get("DialCallStatus"),
        "completed"
    );
    assert_eq!(stage.heard(worker), ["Hello worker", "Wrap up"]);
}

#[test]
fn change_in_wrong_state_is_refused() {
    let mut stage = stage();
    let call = stage.ring(WORKER, "/worker");
    let redirect = CallUpdate {
        start: Some(Start::Url(at("/new"))),
        ..CallUpdate::default()
    };
    let cancel = CallUpdate {
        end: Some(EndAs::Canceled),
        ..CallUpdate::default()
    };
    let is_wrong =
        |reply: &[Output]| matches!(reply, [Output::Refused(Refusal::WrongState { .. })]);
    assert!(is_wrong(
        &stage.act(Input::UpdateCall(call, redirect.clone()))
    ));
    assert!(is_wrong(&stage.act(Input::HangUp(call))));
    stage.answer(call);
    assert!(is_wrong(&stage.act(Input::UpdateCall(call, cancel))));
    assert!(is_wrong(&stage.act(Input::Answer(call))));
    assert!(is_wrong(&stage.act(Input::Decline(call))));
    stage.hang_up(call);
    assert!(is_wrong(&stage.act(Input::UpdateCall(call, redirect))));
    assert!(is_wrong(&stage.act(Input::HangUp(call))));
    let unknown = CallSid::derive(&["unknown"]);
    assert_eq!(
        refusal(&stage.act(Input::HangUp(unknown))),
        Refusal::UnknownCall(unknown)
    );
}

#[test]
fn time_limit_counts_from_answer() {
    let mut stage = stage();
    let new = NewCall {
        time_limit: Some(Millis::from_secs(30)),
        ..new_call(WORKER, "/new")
    };
    let call = created(&stage.act(Input::CreateCall(Box::new(new))));
    stage.pass(10);
    stage.answer(call);
    stage.pass(29);
    assert_eq!(stage.status(call), "in-progress");
    stage.pass(1);
    assert_eq!(stage.status(call), "completed");
}

#[test]
fn queue_is_deleted_only_when_empty() {
    let mut stage = stage();
    let caller = stage.dial(CALLER);
    let sid = stage.queue("support").sid;
    let create = |name: &str, max_size| Input::CreateQueue {
        name: name.to_owned(),
        max_size,
    };
    assert_eq!(
        refusal(&stage.act(create("support", 5))),
        Refusal::QueueExists(sid)
    );
    assert_eq!(refusal(&stage.act(create("", 5))), Refusal::BadQueueName);
    assert_eq!(refusal(&stage.act(create("x", 0))), Refusal::BadQueueSize);
    assert_eq!(
        refusal(&stage.act(create("x", 5_001))),
        Refusal::BadQueueSize
    );
    assert_eq!(
        refusal(&stage.act(Input::DeleteQueue(sid))),
        Refusal::QueueNotEmpty(sid)
    );
    let update = Input::UpdateQueue {
        queue: sid,
        name: Some("sales".to_owned()),
        max_size: Some(7),
    };
    assert_eq!(stage.act(update), []);
    assert_eq!(stage.queue("sales").max_size, 7);
    stage.hang_up(caller);
    let dequeue = Input::Dequeue {
        queue: sid,
        call: Some(caller),
        target: at("/new"),
    };
    assert_eq!(refusal(&stage.act(dequeue)), Refusal::NotAMember(sid));
    assert_eq!(stage.act(Input::DeleteQueue(sid)), []);
    assert_eq!(
        refusal(&stage.act(Input::DeleteQueue(sid))),
        Refusal::UnknownQueue(sid)
    );
}

#[test]
fn failed_notification_is_a_warning() {
    let mut stage = stage();
    stage.answers.remove("/status");
    let call = created(&stage.act(Input::CreateCall(Box::new(call_with_callback(
        WORKER,
        Vec::new(),
    )))));
    stage.act(Input::Decline(call));
    assert!(
        stage.warnings(call).starts_with("15003"),
        "{:?}",
        stage.entries(call)
    );
}

/// Their number is limited, too.
#[test]
fn ended_calls_are_kept_for_a_day() {
    let mut stage = Stage::new("<Reject/>");
    let first = stage.dial(CALLER);
    for _ in 0..ENDED_CALLS_MAX {
        stage.dial(CALLER);
    }
    assert_eq!(stage.network.call(first), None);
    assert_eq!(stage.network.calls().len(), ENDED_CALLS_MAX);
    stage.pass(24 * 3_600 + 1);
    let last = stage.dial(CALLER);
    assert_eq!(
        stage
            .network
            .calls()
            .iter()
            .map(|call| call.sid)
            .collect::<Vec<_>>(),
        [last]
    );
}
