//! `<Enqueue workflowSid>`: the call waits as a Task, which the TaskRouter makes and is told about.

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

/// The number answers with an Enqueue of this Task; the TaskRouter answers nothing until a test says what.
fn asking(task: &str) -> Stage {
    Stage::new(&enqueue(task))
        .serve("/wait", "<Pause length=\"10\"/>")
        .serve("/exit", ACTION)
        .serve_raw(LEFT, 204, "", "")
}

/// The same with a TaskRouter that makes every Task.
fn stage(task: &str) -> Stage {
    asking(task).serve_raw(ENQUEUE, 204, "", "")
}

fn ended(call: CallSid, task: TaskSid, end: TaskEnd) -> Input {
    Input::TaskEnded { call, task, end }
}

/// What the TaskRouter was told, once, and then the application.
fn left_with(stage: &Stage, call: CallSid, result: &str) {
    let told = stage.asked_once(LEFT);
    let facts = ["CallSid", "TaskSid", "QueueResult", "QueueSid"];
    assert_eq!(
        facts.map(|name| told.get(name)),
        [&call.to_string(), &task(call, 1).to_string(), result, ""]
    );
    assert_eq!(stage.asked_once("/exit").get("QueueResult"), result);
    assert_eq!(stage.queue(&workflow()).members, []);
}

#[test]
fn a_task_is_made_and_the_call_waits_in_the_queue_of_its_workflow() {
    let mut stage = stage("<Task priority=\"5\" timeout=\"30\">{\"a\":  1}</Task>");
    let call = stage.dial(CALLER);
    let asked = stage.asked_once(ENQUEUE);
    let facts = [
        "CallSid",
        "From",
        "TaskSid",
        "WorkflowSid",
        "TaskAttributes",
        "TaskPriority",
        "TaskTimeout",
    ];
    let (sid, task) = (call.to_string(), task(call, 1).to_string());
    assert_eq!(
        facts.map(|name| asked.get(name)),
        [&sid, CALLER, &task, &workflow(), "{\"a\":  1}", "5", "30"]
    );
    stage.pass(15);
    let wait = stage.asked("/wait");
    let facts = [
        "QueueSid",
        "QueuePosition",
        "QueueTime",
        "AvgQueueTime",
        "CurrentQueueSize",
        "MaxQueueSize",
    ];
    let queue = stage.queue(&workflow()).sid.to_string();
    assert_eq!(
        facts.map(|name| wait[1].get(name)),
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

#[test]
fn nobody_hears_music_or_is_fetched_before_there_is_a_task() {
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
    // Whatever brings together who waits and who dials.
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
    assert_eq!(stage.asked("/wait"), []);
}

#[test]
fn each_call_of_the_queue_is_reached_by_its_task_wherever_it_stands() {
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
    assert_eq!(stage.asked(LEFT), [], "they talk");
    stage.hang_up(worker);
    let told = stage.asked_once(LEFT);
    assert_eq!(
        (told.get("TaskSid"), told.get("QueueResult")),
        (task(second, 1).to_string().as_str(), "bridged")
    );
    let exit = stage.asked_once("/exit");
    assert_eq!(
        (exit.get("CallSid"), exit.get("QueueResult")),
        (second.to_string().as_str(), "bridged")
    );
    assert_eq!(stage.heard(second), ["Exit"]);
}

#[test]
fn a_call_that_leaves_is_told_about_once_however_it_leaves() {
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
        let told = stage.asked_once(LEFT);
        assert_eq!(
            (told.get("QueueResult"), told.get("QueueTime")),
            (result, "25")
        );
        assert_eq!(stage.asked("/exit")[0].get("QueueResult"), result);
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

#[test]
fn a_call_that_is_gone_before_the_answer_is_told_about_with_it() {
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
            "too early: there is no Task"
        );
        stage.settle();
        left_with(&stage, call, "hangup");
        let order: Vec<_> = stage
            .asked
            .iter()
            .map(|asked| asked.path.as_str())
            .filter(|path| *path != "/exit")
            .collect();
        assert_eq!(order, ["/voice", ENQUEUE, LEFT]);
    }
}

#[test]
fn a_task_that_ends_lets_its_call_go_on() {
    for (end, result, errors) in [
        (TaskEnd::Ended, "leave", ""),
        (TaskEnd::QueueFull, "queue-full", "14207"),
    ] {
        let mut stage = stage("");
        let call = stage.dial(CALLER);
        stage.pass(30);
        assert_eq!(stage.act(ended(call, task(call, 1), end)), []);
        left_with(&stage, call, result);
        assert_eq!(stage.asked_once("/exit").get("QueueTime"), "30");
        assert_eq!(stage.heard(call), ["Exit"]);
        assert!(
            stage.errors(call).starts_with(errors),
            "{:?}",
            stage.entries(call)
        );
        // Told twice, it changes nothing; of another's Task it knows nothing.
        assert_eq!(stage.act(ended(call, task(call, 1), end)), []);
        assert_eq!(
            refusal(&stage.act(ended(call, task(call, 2), end))),
            Refusal::NotItsTask(task(call, 2))
        );
        left_with(&stage, call, result);
    }
}

#[test]
fn without_an_action_the_next_verb_runs() {
    let document = format!(
        "<Enqueue workflowSid=\"{}\"/><Say>Leave a message</Say>",
        workflow()
    );
    let mut stage = Stage::new(&document)
        .serve_raw(ENQUEUE, 204, "", "")
        .serve_raw(LEFT, 204, "", "");
    let call = stage.dial(CALLER);
    stage.act(ended(call, task(call, 1), TaskEnd::Ended));
    assert_eq!(stage.heard(call), ["Leave a message"]);
}

#[test]
fn a_task_that_ends_while_its_call_is_being_connected_takes_it_back() {
    let mut stage = stage("").serve("/here", "<Pause length=\"5\"/>");
    let call = stage.dial(CALLER);
    let mut stage = stage.serve(
        "/worker",
        &format!(
            "<Dial timeout=\"3\"><Queue url=\"/here\">{}</Queue></Dial>",
            task(call, 1)
        ),
    );
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(1);
    stage.act(ended(call, task(call, 1), TaskEnd::Ended));
    left_with(&stage, call, "leave");
    stage.pass(60);
    assert_eq!(
        (stage.status(worker), stage.call(call).bridged_with()),
        ("completed", None)
    );
}

#[test]
fn a_call_whose_worker_is_gone_before_the_connection_waits_on_where_it_was() {
    let mut stage = stage("").serve("/here", "<Pause length=\"5\"/>");
    let call = stage.dial(CALLER);
    stage.pass(2);
    stage.dial(OTHER_CALLER);
    let mut stage = stage.serve(
        "/worker",
        &format!(
            "<Dial><Queue url=\"/here\">{}</Queue></Dial>",
            task(call, 1)
        ),
    );
    stage.pass(8);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.pass(1);
    assert_eq!(stage.queue(&workflow()).members.len(), 1);
    stage.hang_up(worker);
    assert_eq!((stage.asked(LEFT), stage.asked("/exit")), (vec![], vec![]));
    assert_eq!(stage.queue(&workflow()).position(call), Some(1));
    stage.pass(9);
    stage.hang_up(call);
    assert_eq!(stage.asked_once("/exit").get("QueueTime"), "20");
    assert_eq!(stage.call(call).queue_time, Millis::from_secs(20));
}

#[test]
fn what_cannot_be_a_task_is_an_error_and_the_call_goes_on() {
    let no_target = "{\"code\":14222,\"message\":\"no filter matches\"}";
    for (status, body, code, result, told) in [
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
        // Nobody knows whether there is a Task, so the TaskRouter is told.
        (503, "not now", "11200", "system-error", 1),
        (
            400,
            "{\"code\":20001,\"message\":\"what?\"}",
            "11200",
            "system-error",
            1,
        ),
    ] {
        let mut stage = asking("").serve_raw(ENQUEUE, status, "application/json", body);
        let call = stage.dial(CALLER);
        assert!(
            stage.errors(call).starts_with(code),
            "{code}: {:?}",
            stage.entries(call)
        );
        assert_eq!(
            stage.asked_once("/exit").get("QueueResult"),
            result,
            "{body}"
        );
        assert_eq!(
            (stage.asked(LEFT).len(), stage.asked("/wait").len()),
            (told, 0),
            "{body}"
        );
        assert_eq!(
            (stage.heard(call), stage.queue(&workflow()).members.len()),
            (vec!["Exit".to_owned()], 0)
        );
    }
}

#[test]
fn a_workflow_that_is_no_sid_or_has_no_task_router_is_14220() {
    let mut stage =
        Stage::new("<Enqueue workflowSid=\"WQ1\" action=\"/exit\"/>").serve("/exit", ACTION);
    let call = stage.dial(CALLER);
    let exit = stage.asked_once("/exit");
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

    let mut stage = asking("");
    stage.network.setup.task_router_url = None;
    let call = stage.dial(CALLER);
    assert_eq!(stage.asked_once("/exit").get("QueueResult"), "system-error");
    assert!(
        stage.errors(call).starts_with("14220"),
        "{:?}",
        stage.entries(call)
    );
}

#[test]
fn a_full_queue_is_14207_before_there_is_a_task() {
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
    assert_eq!(stage.asked(ENQUEUE).len(), 1);
    assert_eq!(stage.asked_once("/exit").get("QueueResult"), "queue-full");
    assert!(
        stage.errors(call).starts_with("14207"),
        "{:?}",
        stage.entries(call)
    );
}

#[test]
fn a_call_that_is_enqueued_again_is_another_task() {
    let mut stage = Stage::new(&enqueue(""))
        .serve("/wait", "<Pause length=\"10\"/><Leave/>")
        .serve("/exit", &enqueue("<Task>{\"again\":true}</Task>"))
        .serve_raw(ENQUEUE, 204, "", "")
        .serve_raw(LEFT, 204, "", "");
    let call = stage.dial(CALLER);
    stage.pass(15);
    let asked: Vec<_> = stage
        .asked(ENQUEUE)
        .iter()
        .map(|asked| asked.get("TaskSid").to_owned())
        .collect();
    assert_eq!(
        asked,
        [task(call, 1).to_string(), task(call, 2).to_string()]
    );
    assert_ne!(task(call, 1), task(call, 2));
    // The end of the first is no matter of the second.
    assert_eq!(stage.act(ended(call, task(call, 1), TaskEnd::Ended)), []);
    assert_eq!(stage.network.waiting_tasks(), [(call, task(call, 2))]);
}

#[test]
fn a_task_router_that_does_not_listen_is_14223() {
    let mut stage = asking("").serve_raw(ENQUEUE, 204, "", "");
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
fn a_restart_after_every_input_changes_nothing() {
    let day = |stage: &mut Stage| {
        let first = stage.dial(CALLER);
        stage.pass(12);
        let second = stage.dial(OTHER_CALLER);
        stage.act(ended(first, task(first, 1), TaskEnd::Ended));
        stage.pass(12);
        stage.hang_up(second);
        stage.pass(5);
    };
    let (mut steady, mut shaken) = (stage("<Task>{}</Task>"), stage("<Task>{}</Task>"));
    shaken.restarts = true;
    day(&mut steady);
    day(&mut shaken);
    assert_eq!(
        (steady.asked(ENQUEUE).len(), steady.asked(LEFT).len()),
        (2, 2)
    );
    assert_eq!(steady.asked, shaken.asked);
    let calls = |stage: &Stage| {
        stage
            .network
            .calls()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(&steady), calls(&shaken));
}
