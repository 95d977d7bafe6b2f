//! A centre of any size: ten TaskQueues, Workers who serve two of them each, Tasks in all of them.

use ids::ActivitySid;
use ids::CallSid;
use ids::TaskQueueSid;
use ids::TaskSid;
use ids::WorkerSid;
use ids::WorkflowSid;
use ids::WorkspaceSid;
use ids::time::Millis;
use ids::time::Timestamp;
use task_router::model::*;
use task_router::router::{NewTask, create_task, queue_membership_of};

use memory_table::MemoryTable;

#[path = "memory_table.rs"]
mod memory_table;

/// The number of TaskQueues; the Workers of each have two different queue memberships.
pub const QUEUES: u64 = 10;

pub const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);

pub struct Centre {
    pub workspace: Workspace,
    pub table: MemoryTable,
    pub tasks: Vec<TaskSid>,
    pub workers: Vec<WorkerSid>,
}

fn sid_bytes(number: u64) -> [u8; 16] {
    // Spread, so that the order of SIDs is not the order of creation.
    let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&spread.to_be_bytes());
    bytes
}

fn workspace() -> Workspace {
    let available = ActivitySid::derive(&["Available"]);
    let queue = |number: u64| TaskQueue {
        sid: TaskQueueSid::from_bytes(sid_bytes(number)),
        friendly_name: format!("queue {number}"),
        target_workers: format!("skills HAS 's{number}'").parse().ok(),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    let queues: Vec<TaskQueue> = (0..QUEUES).map(queue).collect();
    let filter = |(number, queue): (usize, &TaskQueue)| Filter {
        filter_friendly_name: queue.friendly_name.clone(),
        expression: format!("skill == 's{number}'").parse().ok(),
        targets: vec![Target {
            expression: "worker.level >= task.level".parse().ok(),
            timeout: Some(Millis::from_secs(600)),
            ..Target::to(queue.sid)
        }],
    };
    let filters = queues.iter().enumerate().map(filter).collect();
    let configuration = Configuration {
        filters,
        default_filter: None,
        text: None,
    };
    let workflow = Workflow::new(
        WorkflowSid::derive(&["workflow"]),
        "workflow",
        configuration,
    );
    let activity = Activity {
        sid: available,
        friendly_name: "Available".to_owned(),
        available: true,
    };
    Workspace {
        activities: [(available, activity)].into_iter().collect(),
        task_queues: queues.into_iter().map(|queue| (queue.sid, queue)).collect(),
        workflows: [(workflow.sid, workflow)].into_iter().collect(),
        ..Workspace::new(WorkspaceSid::derive(&["centre"]), "centre", available)
    }
}

/// A centre with this many free Workers and pending Tasks.
pub fn centre(workers: u64, tasks: u64) -> Centre {
    let even = |number| number % QUEUES;
    centre_of(workers, tasks, even, 1)
}

/// The same with `percent` of Workers and Tasks in one TaskQueue, and Tasks whose step excludes some
/// of its Workers.
#[allow(dead_code, reason = "the benchmark uses it, the tests do not")]
pub fn skewed_centre(workers: u64, tasks: u64, percent: u64) -> Centre {
    let skewed = |number| match number % 100 < percent {
        true => 0,
        false => number % QUEUES,
    };
    centre_of(workers, tasks, skewed, 3)
}

/// A centre whose Workers and Tasks have these skills by number. The levels of the Tasks begin with
/// `level`, those of the Workers with 3.
fn centre_of(workers: u64, tasks: u64, skill: impl Fn(u64) -> u64, level: u64) -> Centre {
    let workspace = workspace();
    let mut centre = Centre {
        workspace,
        table: MemoryTable::default(),
        tasks: Vec::new(),
        workers: Vec::new(),
    };
    for number in 0..workers {
        let worker = worker(&centre.workspace, number, skill(number));
        centre.workers.push(worker.sid);
        centre.table.put_worker(&centre.workspace, worker);
    }
    for number in 0..tasks {
        let task = task(&centre.workspace, number, skill(number), level);
        centre.tasks.push(task.sid);
        centre.table.put_task(&centre.workspace, task);
    }
    centre
}

fn worker(workspace: &Workspace, number: u64, skill: u64) -> Worker {
    let attributes = format!(
        r#"{{"contact_uri":"+1707555{:04}","skills":["s{}","s{}"],"level":{}}}"#,
        number % 10_000,
        skill,
        (skill + 1) % QUEUES,
        number % 3 + 3,
    );
    let sid = WorkerSid::from_bytes(sid_bytes(number));
    let created = NOON - Millis::from_millis(10_000_000 - number);
    let mut worker = Worker {
        attributes: attributes.parse().unwrap(),
        ..Worker::new(
            sid,
            workspace.sid,
            format!("Worker {number}"),
            workspace.default_activity_sid,
            created,
        )
    };
    worker.queue_membership = queue_membership_of(workspace, &worker);
    worker
}

fn task(workspace: &Workspace, number: u64, skill: u64, level: u64) -> Task {
    let call = CallSid::from_bytes(sid_bytes(number));
    let attributes = format!(
        r#"{{"call_sid":"{call}","from":"+17075550100","skill":"s{}","level":{}}}"#,
        skill,
        number % 3 + level
    );
    let new = NewTask {
        priority: (number % 4) as u32,
        virtual_start_time: Some(NOON - Millis::from_millis(500_000 - number)),
        ..NewTask::new(
            TaskSid::from_bytes(sid_bytes(number)),
            attributes.parse().unwrap(),
            TaskChannelName::VOICE,
        )
    };
    let workflow = workspace.workflows.values().next().unwrap();
    // In its waiting list: the version of a new Task is 0.
    Task {
        version: 1,
        ..create_task(workspace, workflow, new, NOON).unwrap()
    }
}
