//! A small contact centre with readable ids: the one that the files under `events/` belong to.

use std::collections::BTreeMap;

use ids::time::{Clock, Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use serde_json::{Value, json};
use shared::dialing::Dialing;
use shared::menu::Menu;
use shared::voice_settings::VoiceSettings;
use store::Store;
use task_router::model::{
    Activity, AfterConversation, AssignmentStatus, Configuration, Filter, QueueMembership,
    Readiness, Reservation, Target, Task, TaskChannel, TaskChannelName, TaskOrder, TaskQueue,
    Worker, Workflow, Workspace,
};
use task_router::router::{NewTask, create_task};

/// The centre's number.
pub const NUMBER: &str = "+17075550183";
/// The time of the events: 2026-11-22T12:00:00Z.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// The Activity Offline, unavailable.
pub const OFFLINE: ActivitySid = ActivitySid::from_bytes(numbered(1));
/// The Activity Available.
pub const AVAILABLE: ActivitySid = ActivitySid::from_bytes(numbered(2));
/// The Activity Wrap-Up, unavailable.
pub const WRAP_UP: ActivitySid = ActivitySid::from_bytes(numbered(3));
/// The Workspace of everything below.
pub const WORKSPACE: WorkspaceSid = WorkspaceSid::from_bytes(numbered(1));
/// The queue of callers who chose English.
pub const ENGLISH: TaskQueueSid = TaskQueueSid::from_bytes(numbered(1));
/// The Workflow behind the number.
pub const WORKFLOW: WorkflowSid = WorkflowSid::from_bytes(numbered(1));
/// Alice, who speaks English, at +17075550101.
pub const ALICE: WorkerSid = WorkerSid::from_bytes(numbered(1));

/// A clock that does not move.
#[derive(Debug)]
pub struct At(pub Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A Workspace with one queue, for Workers who speak English.
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
        sid: ENGLISH,
        friendly_name: "Customer Contact Center English".to_owned(),
        target_workers: Some(r#"languages HAS "en""#.parse().unwrap()),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    let activities = [
        activity(OFFLINE, "Offline", false),
        activity(AVAILABLE, "Available", true),
        activity(WRAP_UP, "Wrap-Up", false),
    ];
    let voice = TaskChannel {
        after_conversation: AfterConversation::Complete,
        ..TaskChannel::of(WORKSPACE, TaskChannelName::VOICE)
    };
    let readiness = Readiness {
        queues: QueueMembership::new(vec![ENGLISH]),
        channels: vec![TaskChannelName::VOICE],
    };
    Workspace {
        activities: BTreeMap::from(activities),
        task_queues: BTreeMap::from([(ENGLISH, queue)]),
        workflows: BTreeMap::from([(WORKFLOW, workflow())]),
        task_channels: BTreeMap::from([(voice.unique_name, voice)]),
        ready_lists: BTreeMap::from([(readiness.key(), readiness)]),
        ..Workspace::new(WORKSPACE, "Customer Contact Center", OFFLINE)
    }
}

/// The voice settings, with the built-in menu.
pub fn centre() -> VoiceSettings {
    VoiceSettings {
        phone_number: NUMBER.to_owned(),
        workspace_sid: WORKSPACE,
        workflow_sid: WORKFLOW,
        post_work_activity_sid: Some(WRAP_UP),
        voicemail_task_queue_sid: None,
        worker_ring_timeout_secs: 30,
        dialing: Dialing::default(),
        menu: Menu::default(),
        flows: None,
    }
}

/// Alice, in this Activity since noon.
pub fn alice(activity: ActivitySid) -> Worker {
    Worker {
        attributes: attributes(&json!({"languages": ["en"], "contact_uri": "+17075550101"})),
        queue_membership: QueueMembership::new(vec![ENGLISH]),
        ..Worker::new(ALICE, WORKSPACE, "Alice", activity, NOON)
    }
}

/// The Task of the caller in `events/enqueue-call.digit-one.json`, as it is created at noon.
pub fn waiting_task() -> Task {
    task_of("CA00000000000000000000000000000001", NOON)
}

fn task_of(call_sid: &str, now: Timestamp) -> Task {
    let about_call = json!({"call_sid": call_sid, "from": "+17075550142", "to": NUMBER, "selected_language": "en"});
    let new = NewTask::new(
        TaskSid::derive(&[call_sid]),
        attributes(&about_call),
        TaskChannelName::VOICE,
    );
    create_task(&workspace(), &workflow(), new, now).unwrap()
}

/// That Task a second later, offered to Alice.
pub fn offered_task() -> Task {
    let waiting = waiting_task();
    let later = NOON + Millis::from_secs(1);
    let sid = Reservation::derive_sid(waiting.sid, 1, ALICE);
    let offer = Reservation::new(sid, ALICE, "Alice", later, later + Millis::from_secs(120));
    Task {
        assignment_status: AssignmentStatus::Reserved,
        reservations: vec![offer],
        rounds: 1,
        date_updated: later,
        version: waiting.version + 1,
        ..waiting
    }
}

/// Writes the voice settings, the Workspace and Alice, who is Offline, into an empty table.
pub async fn open(store: &Store) {
    store.save_workspace(&workspace(), NOON).await.unwrap();
    store.save_voice_settings(&centre()).await.unwrap();
    store
        .create_worker(&alice(OFFLINE), &workspace())
        .await
        .unwrap();
}

/// Creates two Tasks that have waited for English since 1970, so that they are ahead of any other
/// Task.
pub async fn enqueue_two_callers(store: &Store) {
    for call_sid in [
        "CA000000000000000000000000000000a1",
        "CA000000000000000000000000000000a2",
    ] {
        let waiting = Task {
            version: 1,
            ..task_of(call_sid, Timestamp::from_millis(0))
        };
        store.create_task(&waiting, &workspace()).await.unwrap();
    }
}

fn workflow() -> Workflow {
    let target = Target {
        timeout: Some(Millis::from_secs(1_200)),
        ..Target::to(ENGLISH)
    };
    let filter = Filter {
        filter_friendly_name: "English".to_owned(),
        expression: Some(r#"selected_language == "en""#.parse().unwrap()),
        targets: vec![target.clone()],
    };
    let configuration = Configuration {
        filters: vec![filter],
        default_filter: Some(target),
        text: None,
    };
    Workflow {
        assignment_callback_url: Some("/assignment".to_owned()),
        ..Workflow::new(WORKFLOW, "Incoming Customer Requests", configuration)
    }
}

fn attributes(object: &Value) -> task_router::model::Attributes {
    object.to_string().parse().unwrap()
}

/// The bytes of an id that ends in this number and is zero otherwise.
const fn numbered(number: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[15] = number;
    bytes
}
