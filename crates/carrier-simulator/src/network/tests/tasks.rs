//! `<Enqueue workflowSid>`: the call waits as a Task, which the TaskRouter creates, and the
//! TaskRouter is notified of its end.

use ids::{ReservationSid, WorkflowSid};

use super::*;

const ENQUEUE: &str = "/router/enqueue";
const LEFT: &str = "/router/left-queue";
const ACTION: &str = "<Say>Exit</Say><Pause length=\"600\"/>";

fn workflow() -> String {
    WorkflowSid::derive(&["workflow"]).to_string()
}

fn task(call: CallSid, run: u32) -> TaskSid {
    TaskSid::of_enqueue(call, run)
}

fn enqueue(task: &str) -> String {
    format!(
        "<Enqueue workflowSid=\"{}\" waitUrl=\"/wait\" action=\"/exit\">{task}</Enqueue><Say>Never</Say>",
        workflow()
    )
}

/// The number answers with an Enqueue of this Task. A test adds the TaskRouter's answer.
fn stage_without_answer(task: &str) -> Stage {
    Stage::new(&enqueue(task))
        .serve("/wait", "<Pause length=\"10\"/>")
        .serve("/exit", ACTION)
        .serve_raw(LEFT, 204, "", "")
}

/// The same with a TaskRouter that creates every Task.
fn stage(task: &str) -> Stage {
    stage_without_answer(task).serve_raw(ENQUEUE, 204, "", "")
}

fn ended(call: CallSid, task: TaskSid, end: TaskEnd) -> Input {
    Input::TaskEnded { call, task, end }
}

/// Checks that the TaskRouter and the application were each notified once of the end of the wait.
fn left_with(stage: &Stage, call: CallSid, result: &str) {
    let notification = stage.only_request(LEFT);
    let names = ["CallSid", "TaskSid", "QueueResult", "QueueSid"];
    assert_eq!(
        names.map(|name| notification.get(name)),
        [&call.to_string(), &task(call, 1).to_string(), result, ""]
    );
    assert_eq!(stage.only_request("/exit").get("QueueResult"), result);
    assert_eq!(stage.queue(&workflow()).members, []);
}

#[test]
fn enqueue_creates_task_and_waits() {
    let mut stage = stage("<Task priority=\"5\" timeout=\"30\">{\"a\":  1}</Task>");
    let call = stage.dial(CALLER);
    let request = stage.only_request(ENQUEUE);
    let names = [
        "CallSid",
        "From",
        "TaskSid",
        "WorkflowSid",
        "TaskAttributes",
        "TaskPriority",
        "TaskTimeout",
    ];
    let sid = call.to_string();
    let task = task(call, 1).to_string();
    assert_eq!(
        names.map(|name| request.get(name)),
        [&sid, CALLER, &task, &workflow(), "{\"a\":  1}", "5", "30"]
    );
    stage.pass(15);
    let wait = stage.requests("/wait");
    let names = [
        "QueueSid",
        "QueuePosition",
        "QueueTime",
        "AvgQueueTime",
        "CurrentQueueSize",
        "MaxQueueSize",
    ];
    let queue = stage.queue(&workflow()).sid.to_string();
    assert_eq!(
        names.map(|name| wait[1].get(name)),
        [&queue, "1", "10", "10", "1", "100"]
    );
    assert_eq!(
        stage.network.waiting_tasks(),
        [(call, TaskSid::of_enqueue(call, 1))]
    );
    assert!(stage.entries(call).contains(&format!(
        "Waiting: in queue {}, number 1 as Task {task}",
        workflow()
    )));
}

/// It hears no music before, either.
#[test]
fn call_is_not_connected_before_its_task() {
    let mut stage = stage("").serve(
        "/worker",
        &format!("<Dial><Queue>{}</Queue></Dial>", workflow()),
    );
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.handle(Input::Dial {
        from: CALLER.to_owned(),
        to: CENTRE.to_owned(),
    });
    let voice = stage.pending.pop_front().unwrap();
    let fetched = stage.answer_to(&voice);
    stage.handle(Input::Fetched(voice.id, fetched));
    let caller = stage.network.calls()[0].sid;
    // An update of the queue matches waiting and dialing calls again.
    let queue = stage.queue(&workflow()).sid;
    assert_eq!(
        stage.handle(Input::UpdateQueue {
            queue,
            name: None,
            max_size: Some(50)
        }),
        []
    );
    assert_eq!(
        (
            stage.queue(&workflow()).members.len(),
            stage.call(caller).bridged_with()
        ),
        (1, None)
    );
    stage.settle();
    assert!(stage.bridged(caller, worker));
    assert_eq!(stage.requests("/wait"), []);
}

/// A Dial of a Task's SID takes its call at any position of the queue.
#[test]
fn call_is_dialled_by_its_task() {
    let mut stage = stage("");
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let reservation = ReservationSid::derive(&["reservation"]);
    let second_task = format!("<Queue>{}</Queue>", task(second, 1));
    let mut stage = stage
        .serve("/dequeue", &format!("<Dial>{second_task}</Dial>"))
        .serve(
            "/call",
            &format!("<Dial><Queue reservationSid=\"{reservation}\"/></Dial>"),
        )
        .serve(
            "/router/dial-queue",
            &format!(
                "<Dial action=\"over\"><Queue>{}</Queue></Dial>",
                task(first, 1)
            ),
        )
        .serve("/router/over", "");
    let worker = stage.ring(WORKER, "/dequeue");
    stage.answer(worker);
    assert!(stage.bridged(second, worker));
    let other = stage.ring(OTHER_WORKER, "/call");
    stage.answer(other);
    assert!(stage.bridged(first, other));

    stage.pass(20);
    assert_eq!(stage.requests(LEFT), [], "the call is in conversation");
    stage.hang_up(worker);
    let notification = stage.only_request(LEFT);
    assert_eq!(
        (notification.get("TaskSid"), notification.get("QueueResult")),
        (task(second, 1).to_string().as_str(), "bridged")
    );
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("CallSid"), exit.get("QueueResult")),
        (second.to_string().as_str(), "bridged")
    );
    assert_eq!(stage.heard(second), ["Exit"]);
}

#[test]
fn leaving_is_notified_once() {
    let hang_up = |stage: &mut Stage, call| stage.hang_up(call);
    let move_away = |stage: &mut Stage, call| {
        let queue = stage.queue(&workflow()).sid;
        stage.act(Input::Dequeue {
            queue,
            call: Some(call),
            target: at("/exit?moved"),
        });
    };
    let acts: [fn(&mut Stage, CallSid); 2] = [hang_up, move_away];
    for (act, result) in acts.into_iter().zip(["hangup", "redirected"]) {
        let mut stage = stage("");
        let call = stage.dial(CALLER);
        stage.pass(25);
        act(&mut stage, call);
        let notification = stage.only_request(LEFT);
        assert_eq!(
            (
                notification.get("QueueResult"),
                notification.get("QueueTime")
            ),
            (result, "25")
        );
        assert_eq!(stage.requests("/exit")[0].get("QueueResult"), result);
    }
    for (wait, result) in [
        ("<Leave/>", "leave"),
        ("<Redirect>ftp://x</Redirect>", "error"),
    ] {
        let mut stage = Stage::new(&enqueue(""))
            .serve("/wait", wait)
            .serve("/exit", ACTION);
        stage = stage
            .serve_raw(ENQUEUE, 204, "", "")
            .serve_raw(LEFT, 204, "", "");
        let call = stage.dial(CALLER);
        left_with(&stage, call, result);
    }
}

/// The TaskRouter is notified after its answer, because there may be no Task before.
#[test]
fn leaving_before_answer_is_notified_late() {
    for restarts in [false, true] {
        let mut stage = stage("");
        stage.restarts = restarts;
        stage.handle(Input::Dial {
            from: CALLER.to_owned(),
            to: CENTRE.to_owned(),
        });
        let voice = stage.pending.pop_front().unwrap();
        let fetched = stage.answer_to(&voice);
        stage.handle(Input::Fetched(voice.id, fetched));
        let call = stage.network.calls()[0].sid;
        stage.handle(Input::HangUp(call));
        assert!(
            stage
                .pending
                .iter()
                .all(|fetch| fetch.purpose != Purpose::LeftQueue),
            "the notification precedes the TaskRouter's answer"
        );
        stage.settle();
        left_with(&stage, call, "hangup");
        let order: Vec<_> = stage
            .requests
            .iter()
            .map(|request| request.path.as_str())
            .filter(|path| *path != "/exit")
            .collect();
        assert_eq!(order, ["/voice", ENQUEUE, LEFT]);
    }
}

#[test]
fn ended_task_releases_its_call() {
    let grace = ENDED_TASK_GRACE.as_secs();
    for (end, result, errors, grace, waited) in [
        (TaskEnd::Ended, "leave", "", grace, "40"),
        (TaskEnd::QueueFull, "queue-full", "14207", 0, "30"),
    ] {
        let mut stage = stage("");
        let call = stage.dial(CALLER);
        stage.pass(30);
        assert_eq!(stage.act(ended(call, task(call, 1), end)), []);
        if grace > 0 {
            stage.pass(grace - 1);
            // The grace period is not extended.
            assert_eq!(stage.act(ended(call, task(call, 1), end)), []);
            assert_eq!(stage.requests("/exit"), []);
            stage.pass(1);
        }
        left_with(&stage, call, result);
        assert_eq!(stage.only_request("/exit").get("QueueTime"), waited);
        assert_eq!(stage.heard(call), ["Exit"]);
        assert!(
            stage.errors(call).starts_with(errors),
            "{:?}",
            stage.entries(call)
        );
        // A repeated notification changes nothing; the Task of another Enqueue is refused.
        assert_eq!(stage.act(ended(call, task(call, 1), end)), []);
        assert_eq!(
            refusal(&stage.act(ended(call, task(call, 2), end))),
            Refusal::NotItsTask(task(call, 2))
        );
        left_with(&stage, call, result);
    }
}

#[test]
fn ended_task_without_action() {
    let document = format!(
        "<Enqueue workflowSid=\"{}\"/><Say>Leave a message</Say>",
        workflow()
    );
    let mut stage = Stage::new(&document)
        .serve_raw(ENQUEUE, 204, "", "")
        .serve_raw(LEFT, 204, "", "");
    let call = stage.dial(CALLER);
    stage.act(ended(call, task(call, 1), TaskEnd::Ended));
    stage.pass(ENDED_TASK_GRACE.as_secs());
    assert_eq!(stage.heard(call), ["Leave a message"]);
}

/// An application that learns of the end by its event callback sends the caller to voicemail; its
/// Enqueue has no action, and no verb follows.
#[test]
fn call_of_ended_task_can_be_redirected() {
    for restarts in [false, true] {
        let document = format!("<Enqueue workflowSid=\"{}\"/>", workflow());
        let mut stage = Stage::new(&document)
            .serve(
                "/voicemail",
                "<Say>Leave a message</Say><Pause length=\"60\"/>",
            )
            .serve_raw(ENQUEUE, 204, "", "")
            .serve_raw(LEFT, 204, "", "");
        stage.restarts = restarts;
        let call = stage.dial(CALLER);
        stage.act(ended(call, task(call, 1), TaskEnd::Ended));
        stage.pass(ENDED_TASK_GRACE.as_secs() - 1);
        assert_eq!(stage.status(call), "in-progress");
        assert_eq!(stage.network.waiting_tasks(), [], "no Worker gets the call");
        let update = CallUpdate {
            start: Some(Start::Url(at("/voicemail"))),
            ..CallUpdate::default()
        };
        stage.act(Input::UpdateCall(call, update));
        stage.pass(20);
        assert_eq!(stage.heard(call), ["Leave a message"]);
        assert_eq!(stage.only_request(LEFT).get("QueueResult"), "redirected");
    }
}

/// A Dial of the Workflow's queue does not take it, either.
#[test]
fn call_of_ended_task_is_not_connected() {
    let mut stage = stage("").serve(
        "/worker",
        &format!("<Dial><Queue>{}</Queue></Dial>", workflow()),
    );
    let first = stage.dial(CALLER);
    stage.act(ended(first, task(first, 1), TaskEnd::Ended));
    let second = stage.dial(OTHER_CALLER);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    assert!(stage.bridged(second, worker));
}

#[test]
fn ended_task_cancels_connection() {
    let mut stage = stage("").serve("/announce", "<Pause length=\"5\"/>");
    let call = stage.dial(CALLER);
    let mut stage = stage.serve(
        "/worker",
        &format!(
            "<Dial timeout=\"3\"><Queue url=\"/announce\">{}</Queue></Dial>",
            task(call, 1)
        ),
    );
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(1);
    stage.act(ended(call, task(call, 1), TaskEnd::Ended));
    assert_eq!(stage.queue(&workflow()).position(call), Some(1));
    stage.pass(ENDED_TASK_GRACE.as_secs());
    left_with(&stage, call, "leave");
    stage.pass(60);
    assert_eq!(
        (stage.status(worker), stage.call(call).bridged_with()),
        ("completed", None)
    );
}

/// The call waits on at the position it had.
#[test]
fn lost_worker_keeps_position() {
    let mut stage = stage("").serve("/announce", "<Pause length=\"5\"/>");
    let call = stage.dial(CALLER);
    stage.pass(2);
    stage.dial(OTHER_CALLER);
    let mut stage = stage.serve(
        "/worker",
        &format!(
            "<Dial><Queue url=\"/announce\">{}</Queue></Dial>",
            task(call, 1)
        ),
    );
    stage.pass(8);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(1);
    assert_eq!(stage.queue(&workflow()).members.len(), 1);
    stage.hang_up(worker);
    assert_eq!(
        (stage.requests(LEFT), stage.requests("/exit")),
        (vec![], vec![])
    );
    assert_eq!(stage.queue(&workflow()).position(call), Some(1));
    stage.pass(9);
    stage.hang_up(call);
    assert_eq!(stage.only_request("/exit").get("QueueTime"), "20");
    assert_eq!(stage.call(call).queue_time, Millis::from_secs(20));
}

#[test]
fn refused_task_continues_call() {
    let no_target = "{\"code\":14222,\"message\":\"no filter matches\"}";
    for (status, body, code, result, notifications) in [
        (
            400,
            "{\"code\":14220,\"message\":\"no such Workflow\"}",
            "14220: no such Workflow",
            "error",
            0,
        ),
        (
            400,
            "{\"code\":14221,\"message\":\"no JSON\"}",
            "14221: no JSON",
            "error",
            0,
        ),
        (400, no_target, "14222: no filter matches", "error", 0),
        (410, "it has ended", "", "leave", 0),
        // The Task may exist, so the TaskRouter is notified.
        (503, "not now", "11200", "system-error", 1),
        (
            400,
            "{\"code\":20001,\"message\":\"what?\"}",
            "11200",
            "system-error",
            1,
        ),
    ] {
        let mut stage =
            stage_without_answer("").serve_raw(ENQUEUE, status, "application/json", body);
        let call = stage.dial(CALLER);
        assert!(
            stage.errors(call).starts_with(code),
            "{code}: {:?}",
            stage.entries(call)
        );
        assert_eq!(
            stage.only_request("/exit").get("QueueResult"),
            result,
            "{body}"
        );
        assert_eq!(
            (stage.requests(LEFT).len(), stage.requests("/wait").len()),
            (notifications, 0),
            "{body}"
        );
        assert_eq!(
            (stage.heard(call), stage.queue(&workflow()).members.len()),
            (vec!["Exit".to_owned()], 0)
        );
    }
}

/// The SID is malformed, or the carrier has no TaskRouter.
#[test]
fn invalid_workflow_is_14220() {
    let mut stage =
        Stage::new("<Enqueue workflowSid=\"WQ1\" action=\"/exit\"/>").serve("/exit", ACTION);
    let call = stage.dial(CALLER);
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueSid")),
        ("error", "")
    );
    assert!(
        stage
            .errors(call)
            .starts_with("14220: workflowSid of <Enqueue>"),
        "{:?}",
        stage.entries(call)
    );

    let mut stage = stage_without_answer("");
    stage.network.setup.task_router_url = None;
    let call = stage.dial(CALLER);
    assert_eq!(
        stage.only_request("/exit").get("QueueResult"),
        "system-error"
    );
    assert!(
        stage.errors(call).starts_with("14220"),
        "{:?}",
        stage.entries(call)
    );
}

#[test]
fn full_queue_creates_no_task() {
    let mut stage = stage("");
    stage.dial(CALLER);
    let queue = stage.queue(&workflow()).sid;
    assert_eq!(
        stage.act(Input::UpdateQueue {
            queue,
            name: None,
            max_size: Some(1)
        }),
        []
    );
    let call = stage.dial(OTHER_CALLER);
    assert_eq!(stage.requests(ENQUEUE).len(), 1);
    assert_eq!(stage.only_request("/exit").get("QueueResult"), "queue-full");
    assert!(
        stage.errors(call).starts_with("14207"),
        "{:?}",
        stage.entries(call)
    );
}

#[test]
fn second_enqueue_creates_second_task() {
    let mut stage = Stage::new(&enqueue(""))
        .serve("/wait", "<Pause length=\"10\"/><Leave/>")
        .serve("/exit", &enqueue("<Task>{\"again\":true}</Task>"))
        .serve_raw(ENQUEUE, 204, "", "")
        .serve_raw(LEFT, 204, "", "");
    let call = stage.dial(CALLER);
    stage.pass(15);
    let sids: Vec<_> = stage
        .requests(ENQUEUE)
        .iter()
        .map(|request| request.get("TaskSid").to_owned())
        .collect();
    assert_eq!(sids, [task(call, 1).to_string(), task(call, 2).to_string()]);
    assert_ne!(task(call, 1), task(call, 2));
    // The end of the first Task does not affect the second.
    assert_eq!(stage.act(ended(call, task(call, 1), TaskEnd::Ended)), []);
    assert_eq!(stage.network.waiting_tasks(), [(call, task(call, 2))]);
}

#[test]
fn failed_left_queue_notification_is_14223() {
    let mut stage = stage_without_answer("").serve_raw(ENQUEUE, 204, "", "");
    stage.answers.remove(LEFT);
    let call = stage.dial(CALLER);
    stage.hang_up(call);
    assert!(
        stage
            .warnings(call)
            .starts_with("14223: the notification to"),
        "{:?}",
        stage.entries(call)
    );
}

#[test]
fn restarts_do_not_change_tasks() {
    let day = |stage: &mut Stage| {
        let first = stage.dial(CALLER);
        stage.pass(12);
        let second = stage.dial(OTHER_CALLER);
        stage.act(ended(first, task(first, 1), TaskEnd::Ended));
        stage.pass(12);
        stage.hang_up(second);
        stage.pass(5);
    };
    let mut uninterrupted = stage("<Task>{}</Task>");
    let mut restarted = stage("<Task>{}</Task>");
    restarted.restarts = true;
    day(&mut uninterrupted);
    day(&mut restarted);
    assert_eq!(
        (
            uninterrupted.requests(ENQUEUE).len(),
            uninterrupted.requests(LEFT).len()
        ),
        (2, 2)
    );
    assert_eq!(uninterrupted.requests, restarted.requests);
    let calls = |stage: &Stage| {
        stage
            .network
            .calls()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(&uninterrupted), calls(&restarted));
}
