//! A Workspace, a Worker and a Task to evaluate expressions over.

use shared::model::*;
use shared::router::{NewTask, create_task};

pub fn activity(name: &str) -> ActivitySid {
    ActivitySid::derive(&[name])
}

/// Activities Available, Break and Offline.
pub fn workspace() -> Workspace {
    let mut workspace = Workspace::new(WorkspaceSid::derive(&["centre"]), "centre", activity("Offline"));
    for (name, available) in [("Available", true), ("Break", false), ("Offline", false)] {
        let sid = activity(name);
        workspace.activities.insert(sid, Activity { sid, friendly_name: name.to_owned(), available });
    }
    workspace
}

/// A Worker named Maria who is available, with room for ten chats, three of them taken.
pub fn worker(attributes: &str) -> Worker {
    let (sid, workspace_sid) = (WorkerSid::derive(&["Maria"]), WorkspaceSid::derive(&["centre"]));
    let mut worker = Worker::new(sid, workspace_sid, "Maria", activity("Available"), Timestamp::from_millis(0));
    worker.attributes = attributes.parse().unwrap();
    worker.share_mut(TaskChannelName::CHAT).configured_capacity = 10;
    worker.open_reservations = [1, 2, 3].map(taken).to_vec();
    worker
}

fn taken(number: u8) -> OpenReservation {
    OpenReservation {
        sid: ReservationSid::from_bytes([number; 16]),
        task_sid: TaskSid::from_bytes([number; 16]),
        channel: TaskChannelName::CHAT,
    }
}

/// A Task that waits in the only queue.
pub fn task(attributes: &str) -> Task {
    let queue = TaskQueueSid::derive(&["queue"]);
    let mut workspace = workspace();
    let task_queue = TaskQueue {
        sid: queue,
        friendly_name: "queue".to_owned(),
        target_workers: None,
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
    };
    workspace.task_queues.insert(queue, task_queue);
    let configuration = Configuration { filters: Vec::new(), default_filter: Some(Target::to(queue)) };
    let workflow = Workflow::new(WorkflowSid::derive(&["workflow"]), "workflow", configuration);
    let new = NewTask::new(TaskSid::derive(&["task"]), attributes.parse().unwrap(), TaskChannelName::VOICE);
    create_task(&workspace, &workflow, new, Timestamp::from_millis(0)).unwrap()
}
