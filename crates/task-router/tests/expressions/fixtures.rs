//! A Workspace, a Worker and a Task to evaluate expressions over.

use ids::ActivitySid;
use ids::ReservationSid;
use ids::TaskQueueSid;
use ids::TaskSid;
use ids::WorkerSid;
use ids::WorkflowSid;
use ids::WorkspaceSid;
use ids::time::Timestamp;
use task_router::model::*;
use task_router::router::{NewTask, create_task};

/// 2027-01-15T12:00:00Z, a Friday.
pub const NOON: Timestamp = Timestamp::from_millis(1_800_014_400_000);

pub fn activity(name: &str) -> ActivitySid {
    ActivitySid::derive(&[name])
}

/// Activities Available, Break and Offline.
pub fn workspace() -> Workspace {
    let activities =
        [("Available", true), ("Break", false), ("Offline", false)].map(|(name, available)| {
            (
                activity(name),
                Activity {
                    sid: activity(name),
                    friendly_name: name.to_owned(),
                    available,
                },
            )
        });
    Workspace {
        activities: activities.into_iter().collect(),
        ..Workspace::new(
            WorkspaceSid::derive(&["centre"]),
            "centre",
            activity("Offline"),
        )
    }
}

/// An available Worker named Maria with a capacity of ten chats, three of them taken.
pub fn worker(attributes: &str) -> Worker {
    let taken = |number: u8| OpenReservation {
        sid: ReservationSid::from_bytes([number; 16]),
        task_sid: TaskSid::from_bytes([number; 16]),
        channel: TaskChannelName::CHAT,
        status: OpenStatus::Accepted,
    };
    let sid = WorkerSid::derive(&["Maria"]);
    let workspace = WorkspaceSid::derive(&["centre"]);
    Worker {
        attributes: attributes.parse().unwrap(),
        channels: vec![WorkerChannel {
            configured_capacity: 10,
            ..WorkerChannel::new(TaskChannelName::CHAT)
        }],
        open_reservations: [1, 2, 3].map(taken).to_vec(),
        ..Worker::new(
            sid,
            workspace,
            "Maria",
            activity("Available"),
            Timestamp::from_millis(0),
        )
    }
}

/// A Task that a real Workflow routes, so that it is like any other.
pub fn task(attributes: &str) -> Task {
    let queue = TaskQueueSid::derive(&["queue"]);
    let mut workspace = workspace();
    let task_queue = TaskQueue {
        sid: queue,
        friendly_name: "queue".to_owned(),
        target_workers: None,
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    workspace.task_queues.insert(queue, task_queue);
    let configuration = Configuration {
        filters: Vec::new(),
        default_filter: Some(Target::to(queue)),
        text: None,
    };
    let workflow = Workflow::new(
        WorkflowSid::derive(&["workflow"]),
        "workflow",
        configuration,
    );
    let new = NewTask::new(
        TaskSid::derive(&["task"]),
        attributes.parse().unwrap(),
        TaskChannelName::VOICE,
    );
    create_task(&workspace, &workflow, new, Timestamp::from_millis(0)).unwrap()
}
