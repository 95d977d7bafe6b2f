//! A sample Workspace, Worker and Task, and assertions on their JSON. Only tests use this module.
//!
//! `tests/golden/official_properties.json` holds, from the official API description of 2026-04, the
//! properties of each resource with their types (`?`: may be null), and the names of its links.

use std::collections::{BTreeMap, BTreeSet};

use ids::time::{Millis, Timestamp};
use ids::{AccountSid, ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use serde_json::{Value, json};
use shared::dialing::Dialing;
use shared::menu::Menu;
use shared::voice_settings::VoiceSettings;
use task_router::model::{
    Activity, Configuration, Dates, Target, Task, TaskChannelName, TaskOrder, TaskQueue, Worker,
    Workflow, Workspace,
};
use task_router::router::{NewTask, create_task};

use crate::view::View;

const OFFICIAL: &str = include_str!("../../tests/golden/official_properties.json");
const GOLDEN: [(&str, &str); 2] = [
    ("worker", include_str!("../../tests/golden/worker.json")),
    ("task", include_str!("../../tests/golden/task.json")),
];

/// 2026-11-22T12:00:00.250Z
pub const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_250);
pub const ACCOUNT: AccountSid = AccountSid::from_bytes(numbered(1));
pub const WORKSPACE: WorkspaceSid = WorkspaceSid::from_bytes(numbered(1));
pub const OFFLINE: ActivitySid = ActivitySid::from_bytes(numbered(1));
pub const AVAILABLE: ActivitySid = ActivitySid::from_bytes(numbered(2));
pub const WRAP_UP: ActivitySid = ActivitySid::from_bytes(numbered(3));
pub const QUEUE: TaskQueueSid = TaskQueueSid::from_bytes(numbered(1));
pub const WORKFLOW: WorkflowSid = WorkflowSid::from_bytes(numbered(1));

pub fn view() -> View {
    View {
        account_sid: ACCOUNT,
        base: "https://cordboard.example".to_owned(),
        now: NOON + Millis::from_secs(75),
    }
}

pub fn workspace() -> Workspace {
    let activity = |sid, name: &str, available| {
        (
            sid,
            Activity {
                sid,
                friendly_name: name.to_owned(),
                available,
            },
        )
    };
    let queue = TaskQueue {
        sid: QUEUE,
        friendly_name: "Customer Contact Center English".to_owned(),
        target_workers: Some(r#"languages HAS "en""#.parse().unwrap()),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    let dates = Dates {
        date_created: NOON,
        date_updated: NOON + Millis::from_secs(60),
    };
    let configuration = Configuration {
        filters: Vec::new(),
        default_filter: Some(Target::to(QUEUE)),
        text: None,
    };
    let workflow = Workflow::new(WORKFLOW, "Incoming Customer Requests", configuration);
    let mut workspace = Workspace {
        activities: BTreeMap::from([
            activity(OFFLINE, "Offline", false),
            activity(AVAILABLE, "Available", true),
            activity(WRAP_UP, "Wrap-Up", false),
        ]),
        task_queues: BTreeMap::from([(QUEUE, queue)]),
        workflows: BTreeMap::from([(WORKFLOW, workflow)]),
        ..Workspace::new(WORKSPACE, "Customer Contact Center", OFFLINE)
    };
    workspace.ledger.dates = workspace.parts().map(|part| (part, dates)).collect();
    workspace
}

/// Voice settings of a contact centre that routes its calls in this Workspace.
pub fn voice_settings(workspace: &Workspace) -> VoiceSettings {
    VoiceSettings {
        phone_number: "+17075550183".to_owned(),
        workspace_sid: workspace.sid,
        workflow_sid: WORKFLOW,
        post_work_activity_sid: Some(WRAP_UP),
        voicemail_task_queue_sid: None,
        worker_ring_timeout_secs: 20,
        dialing: Dialing::default(),
        menu: Menu::default(),
        flows: None,
    }
}

pub fn worker() -> Worker {
    Worker {
        attributes: r#"{"languages":["en"],"contact_uri":"+17075550101"}"#
            .parse()
            .unwrap(),
        date_status_changed: NOON + Millis::from_secs(60),
        date_updated: NOON + Millis::from_secs(65),
        version: 3,
        ..Worker::new(
            WorkerSid::from_bytes(numbered(1)),
            WORKSPACE,
            "Alice",
            WRAP_UP,
            NOON,
        )
    }
}

pub fn task() -> Task {
    let attributes = r#"{"from":"+17075550142","selected_language":"en"}"#
        .parse()
        .unwrap();
    let new = NewTask {
        priority: 5,
        ..NewTask::new(
            TaskSid::from_bytes(numbered(1)),
            attributes,
            TaskChannelName::VOICE,
        )
    };
    let workspace = workspace();
    let created = create_task(&workspace, &workspace.workflows[&WORKFLOW], new, NOON).unwrap();
    Task {
        date_updated: NOON + Millis::from_secs(70),
        ..created
    }
}

/// Asserts that the JSON equals the golden file of that name, and that the file has the official
/// properties.
pub fn assert_golden(name: &str, rendered: &Value) {
    let (_, text) = GOLDEN.iter().find(|(golden, _)| *golden == name).unwrap();
    let golden: Value = serde_json::from_str(text).unwrap();
    let shown = serde_json::to_string_pretty(rendered).unwrap();
    assert_eq!(
        *rendered, golden,
        "tests/golden/{name}.json differs from\n{shown}"
    );
    assert_official(name, &golden);
}

/// Links that are left out if the property has no value: in the official document every link is a
/// URI.
const LINKS_WITH_A_VALUE: [(&str, &str, &str); 2] = [
    (
        "task_queue",
        "assignment_activity",
        "assignment_activity_sid",
    ),
    (
        "task_queue",
        "reservation_activity",
        "reservation_activity_sid",
    ),
];

/// Links of old samples that the official document does not have (taskrouter.md section 2.7).
const LINKS_OF_OLD_SAMPLES: [(&str, &str); 1] = [("workflow", "workspace")];

/// Asserts that the JSON has exactly the properties and links of the official document, each of the
/// official type.
pub fn assert_official(name: &str, rendered: &Value) {
    let official: Value = serde_json::from_str(OFFICIAL).unwrap();
    let official = &official[name];
    assert_eq!(
        names(rendered),
        names(&official["properties"]),
        "properties of {name}"
    );
    let mut links: BTreeSet<&str> = official["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for (resource, link, property) in LINKS_WITH_A_VALUE {
        if resource == name && rendered[property].is_null() {
            links.remove(link);
        }
    }
    let more = LINKS_OF_OLD_SAMPLES.iter().filter(|(of, _)| *of == name);
    links.extend(more.map(|(_, link)| *link));
    assert_eq!(names(&rendered["links"]), links, "links of {name}");
    let mut shown = rendered["links"].as_object().into_iter().flatten();
    assert!(shown.all(|(_, link)| link.is_string()), "links of {name}");
    for (property, kind) in official["properties"].as_object().unwrap() {
        let kind = kind.as_str().unwrap();
        let value = &rendered[property];
        let fits = match kind.trim_end_matches('?') {
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            unknown => panic!("{name}.{property}: expected a known type, got {unknown}"),
        };
        assert!(
            fits || (kind.ends_with('?') && *value == json!(null)),
            "{name}.{property}: expected {kind}, got {value}"
        );
    }
}

fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys())
        .map(String::as_str)
        .collect()
}

const fn numbered(number: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[15] = number;
    bytes
}
