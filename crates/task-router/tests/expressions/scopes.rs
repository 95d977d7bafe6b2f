//! The rows of taskrouter.md section 8.2, and the channels of section 4.

use ids::WorkerSid;
use task_router::model::{Expression, Task, Worker, WorkerChannel};
use task_router::router::expression::{Scope, TargetScope, TaskScope, WorkerScope};

use super::fixtures::{NOON, activity, task, worker, workspace};

const WORKER: &str = r#"{"level":3,"sid":"mine","task":{"type":"sale"},"worker":{"level":4},"channel":{"voice":{"assigned_tasks":7},"fax":{"assigned_tasks":2},"x":1},"nested":{"sid":"deep"}}"#;
const TASK: &str = r#"{"type":"support","sid":"mine","task":{"type":"sale"},"agents":["WK1"]}"#;

#[track_caller]
fn holds(scope: &dyn Scope, sources: &[&str]) {
    for source in sources {
        assert!(
            source.parse::<Expression>().unwrap().matches(scope),
            "{source}"
        );
    }
}

/// In a TaskQueue's expression a bare key is a Worker attribute, and `worker.` is a synonym.
#[test]
fn queue_scope_reads_worker_attributes() {
    let worker = worker(WORKER);
    let workspace = workspace();
    let scope = WorkerScope::new(&worker, &workspace);
    holds(
        &scope,
        &[
            "level == 3",
            "worker.level == 3",
            "nested.sid == 'deep'",
            "missing == null",
            "worker.worker.level == 4",
        ],
    );
    holds(
        &scope,
        &["worker != null", "worker[0] == null", "task.type == 'sale'"],
    );
}

#[test]
fn built_in_names_win_over_attributes() {
    let worker = worker(WORKER);
    let workspace = workspace();
    let scope = WorkerScope::new(&worker, &workspace);
    let sids = format!(
        "sid == '{}' AND worker.activity_sid == '{}'",
        WorkerSid::derive(&["Maria"]),
        activity("Available")
    );
    holds(
        &scope,
        &[
            &sids,
            "friendly_name == 'Maria'",
            "activity_name == 'Available'",
        ],
    );
}

#[test]
fn deleted_activity_has_empty_name() {
    let worker = Worker {
        activity_sid: activity("Removed"),
        ..worker("{}")
    };
    let workspace = workspace();
    holds(
        &WorkerScope::new(&worker, &workspace),
        &["activity_name == ''"],
    );
}

/// In a TaskQueue's expression `channel` is an attribute like any other.
#[test]
fn queue_scope_has_no_channels() {
    let worker = worker(WORKER);
    let workspace = workspace();
    let scope = WorkerScope::new(&worker, &workspace);
    holds(
        &scope,
        &[
            "channel.voice.assigned_tasks == 7",
            "channel.chat.assigned_tasks == null",
        ],
    );
}

/// In a filter a bare key is a Task attribute, and `task.` is a synonym.
#[test]
fn filter_scope_reads_task_attributes() {
    let task = task(TASK);
    let scope = TaskScope {
        task: &task,
        now: NOON,
    };
    holds(
        &scope,
        &[
            "type == 'support'",
            "task.type == 'support'",
            "task.task.type == 'sale'",
            "sid == 'mine'",
        ],
    );
    holds(
        &scope,
        &[
            "worker.sid == null",
            "agents[0] == 'WK1'",
            "task.agents HAS 'WK1'",
        ],
    );
}

#[track_caller]
fn target_holds(worker: &Worker, task: &Task, sources: &[&str]) {
    let workspace = workspace();
    holds(
        &TargetScope {
            task,
            worker: WorkerScope::new(worker, &workspace),
            now: NOON,
        },
        sources,
    );
}

#[test]
fn target_scope_needs_prefixes() {
    let sid = WorkerSid::derive(&["Maria"]);
    let task = task(&format!(r#"{{"agents":["{sid}"],"level":2}}"#));
    target_holds(
        &worker(WORKER),
        &task,
        &["worker.sid IN task.agents", "worker.level > task.level"],
    );
    target_holds(
        &worker(WORKER),
        &task,
        &[
            "level == null",
            "sid == null",
            "worker == null",
            "task == null",
            "task[0] == null",
        ],
    );
    target_holds(
        &worker(WORKER),
        &task,
        &[
            "worker.activity_name == 'Available'",
            "worker.friendly_name == 'Maria'",
        ],
    );
    target_holds(
        &worker(WORKER),
        &task,
        &[
            "worker.sid NOT IN task.tried",
            "worker.sid IN [task.level, task.agents[0]]",
        ],
    );
}

/// The whole time of day, at noon of a Friday.
const FRIDAY_NOON: [&str; 10] = [
    "taskrouter.currentTime == 1200",
    "taskrouter.currentTime >= 0800 AND taskrouter.currentTime <= 2359",
    "taskrouter.currentHour == 12",
    "taskrouter.currentMin == 0",
    "taskrouter.dayOfWeek == 'Fri'",
    "taskrouter.dayOfWeek IN ['Mon', 'Tue', 'Wed', 'Thu', 'Fri']",
    "taskrouter.currentTime > task.call_after",
    "taskrouter.dayOfWeek != task.day_off",
    "taskrouter.minute == null",
    "taskrouter.currentTime.x == null",
];

#[test]
fn filter_and_target_read_time_of_day() {
    let attributes = r#"{"call_after":1130,"day_off":"Mon","taskrouter":{"currentTime":3}}"#;
    let task = task(attributes);
    let filter = TaskScope {
        task: &task,
        now: NOON,
    };
    holds(&filter, &FRIDAY_NOON);
    target_holds(&worker(WORKER), &task, &FRIDAY_NOON);
    let worker = worker(r#"{"shift":{"begin":900,"end":1700,"days":["Thu","Fri"]}}"#);
    let shift = "taskrouter.currentTime >= worker.shift.begin AND \
        taskrouter.currentTime < worker.shift.end AND worker.shift.days HAS taskrouter.dayOfWeek";
    target_holds(&worker, &task, &[shift]);
}

/// Queue membership is stored with the Worker, so it cannot depend on the time.
#[test]
fn queue_scope_has_no_time_of_day() {
    let worker = worker("{}");
    let workspace = workspace();
    holds(
        &WorkerScope::new(&worker, &workspace),
        &["taskrouter.currentTime == null"],
    );
}

#[test]
fn target_scope_reads_worker_channels() {
    let figures = [
        "worker.channel.chat.configured_capacity == 10",
        "worker.channel.chat.assigned_tasks == 3",
        "worker.channel.chat.available_capacity_percentage == 70",
        "worker.channel.voice.configured_capacity == 1",
        "worker.channel.voice.assigned_tasks == 0",
        "worker.channel.fax.assigned_tasks == 2",
        "worker.channel.morse.configured_capacity == null",
        "worker.channel.x == 1",
        "worker.channel.chat.colour == null",
    ];
    target_holds(&worker(WORKER), &task(TASK), &figures);
}

#[test]
fn available_percentage_rounds_down_to_zero() {
    for (capacity, taken, expected) in [
        (3, 0, 100),
        (3, 1, 66),
        (3, 2, 33),
        (3, 3, 0),
        (10, 9, 10),
        (100, 71, 29),
        (0, 0, 0),
        (0, 2, 0),
        (1, 2, 0),
    ] {
        let mut worker = worker("{}");
        worker.channels = vec![WorkerChannel {
            configured_capacity: capacity,
            ..worker.channels[0].clone()
        }];
        worker.open_reservations = vec![worker.open_reservations[0].clone(); taken];
        let source = format!("worker.channel.chat.available_capacity_percentage == {expected}");
        target_holds(&worker, &task("{}"), &[&source]);
    }
}
