//! A Workspace, a Worker and a Task to evaluate expressions over.

use std::collections::BTreeMap;

use shared::model::*;
use shared::router::{NewTask, create_task};

pub fn activity(name: &str) -> ActivitySid {
    ActivitySid::derive(&[name])
}

/// Activities Available, Break and Offline.
pub fn workspace() -> Workspace {
    let activities = [("Available", true), ("Break", false), ("Offline", false)].map(|(name, available)| {
        (activity(name), Activity { sid: activity(name), friendly_name: name.to_owned(), available })
    });
    Workspace {
        sid: WorkspaceSid::derive(&["centre"]),
        friendly_name: "centre".to_owned(),
        default_activity_sid: activity("Offline"),
        timeout_activity_sid: activity("Offline"),
        wrap_up: None,
        activities: activities.into_iter().collect(),
        task_queues: BTreeMap::new(),
        workflows: BTreeMap::new(),
        rosters: BTreeMap::new(),
    }
}

/// A Worker named Maria who is available, with room for ten chats, three of them taken.
pub fn worker(attributes: &str) -> Worker {
    let taken = |number: u8| OpenReservation {
        sid: ReservationSid::from_bytes([number; 16]),
        task_sid: TaskSid::from_bytes([number; 16]),
        channel: TaskChannelName::Chat,
    };
    Worker {
        sid: WorkerSid::derive(&["Maria"]),
        workspace_sid: WorkspaceSid::derive(&["centre"]),
        friendly_name: "Maria".to_owned(),
        attributes: attributes.parse().unwrap(),
        activity_sid: activity("Available"),
        date_status_changed: Timestamp::from_millis(0),
        date_created: Timestamp::from_millis(0),
        last_reserved_at: None,
        channels: vec![WorkerChannel { channel: TaskChannelName::Chat, configured_capacity: 10, available: true }],
        open_reservations: [1, 2, 3].map(taken).to_vec(),
        roster: Roster::default(),
        version: 0,
    }
}

/// A Task; it goes through a real Workflow, so that it is like any other.
pub fn task(attributes: &str) -> Task {
    let queue = TaskQueueSid::derive(&["queue"]);
    let mut workspace = workspace();
    let task_queue =
        TaskQueue { sid: queue, friendly_name: "queue".to_owned(), target_workers: None, max_reserved_workers: 1 };
    workspace.task_queues.insert(queue, task_queue);
    let target = Target { queue, expression: None, priority: None, timeout: None, order_by: None };
    let workflow = Workflow {
        sid: WorkflowSid::derive(&["workflow"]),
        friendly_name: "workflow".to_owned(),
        assignment_callback_url: None,
        fallback_assignment_callback_url: None,
        task_reservation_timeout: Millis::from_secs(120),
        filters: Vec::new(),
        default_filter: Some(target),
    };
    let new = NewTask {
        sid: TaskSid::derive(&["task"]),
        attributes: attributes.parse().unwrap(),
        channel: TaskChannelName::Voice,
        priority: 0,
        timeout: Millis::from_secs(3_600),
    };
    create_task(&workspace, &workflow, new, Timestamp::from_millis(0)).unwrap()
}
