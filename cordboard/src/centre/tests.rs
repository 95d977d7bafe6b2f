mod crash_loop;
mod faulty_disk;
mod hanging_server;
mod start;

use std::path::Path;

use ids::time::{Clock, Millis};
use ids::{AccountSid, TaskSid};
use store::{items, keys};
use task_router::model::{AssignmentStatus, TaskChannelName};
use task_router::router::effects::{Subject, Timer};
use task_router::router::{Command, NewTask, create_task};

use super::*;
use crate::credentials::Account;
use crate::embedded_dynamodb::Durability;
use crate::lanes::LANES_DEFAULT;
use crate::queues::HELD_MAX;
use crate::readiness::{NotReady, STREAM_LAG_MAX};

const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// An address without a server; these tests serve no requests.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A clock that does not advance.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }
}

fn settings(folder: Option<&Path>) -> Settings {
    runtime::aws::install_tls();
    let account_sid = AccountSid::derive(&["test"]);
    let configuration = include_str!("../../../contact-centre.yaml");
    Settings {
        data: folder.map(Path::to_owned),
        account: Account {
            account_sid,
            auth_token: "0123456789abcdef0123456789abcdef".to_owned(),
            secondary_auth_token: None,
        },
        api_keys: api::ApiKeys::default(),
        contact_centre: config::read(configuration, "contact-centre.yaml", account_sid).unwrap(),
        carrier: CarrierChoice::Simulated,
        public_url: None,
        durability: Durability::default(),
        twiml_preview: true,
        keep_webhooks: true,
        router: runtime::voice::Router::Cordboard,
        voice_url: None,
        voice_method: carrier_simulator::twiml::Method::Post,
        lanes: LANES_DEFAULT,
        callbacks_at_once: CALLBACKS_AT_ONCE_DEFAULT,
        clock: Arc::new(Noon),
    }
}

/// Writes a Task to the table whose stream record is never delivered.
async fn unseen_task(centre: &Centre) -> TaskSid {
    new_task(centre, "unseen").await
}

/// Writes a Task with a SID derived from this name.
async fn new_task(centre: &Centre, name: &str) -> TaskSid {
    let declared = settings(None).contact_centre;
    let workspace = centre
        .store
        .workspace(declared.workspace.sid, NOON)
        .await
        .unwrap()
        .unwrap();
    let english = json!({ "selected_language": "en" })
        .to_string()
        .parse()
        .unwrap();
    let new = NewTask::new(TaskSid::derive(&[name]), english, TaskChannelName::VOICE);
    let task = create_task(
        &workspace,
        &workspace.workflows[&declared.voice_settings.workflow_sid],
        new,
        NOON,
    )
    .unwrap();
    centre.store.create_task(&task, &workspace).await.unwrap();
    task.sid
}

async fn status(centre: &Centre, task: TaskSid) -> AssignmentStatus {
    centre
        .store
        .task(task)
        .await
        .unwrap()
        .unwrap()
        .assignment_status
}

#[tokio::test]
async fn sweep_finds_task_with_lost_record() {
    let centre = Centre::open(settings(None), NOWHERE).await.unwrap();
    let task = unseen_task(&centre).await;
    centre.sweep().await;
    assert_eq!(status(&centre, task).await, AssignmentStatus::Reserved);
}

#[tokio::test]
async fn long_timer_is_rescheduled_until_task_ends() {
    let centre = Centre::open(settings(None), NOWHERE).await.unwrap();
    let task = unseen_task(&centre).await;
    let workspace = settings(None).contact_centre.workspace.sid;
    let timer = Timer {
        workspace,
        subject: Subject::Task(task),
        at: NOON + Millis::from_secs(86_400),
    };
    let next_due = async || {
        let queues = Arc::new(Queues::new(Arc::new(Noon), Arc::default()));
        let routing = Routing::new(
            centre.store.clone(),
            Arc::clone(&queues) as _,
            Arc::new(Noon),
        );
        routing.on_timers_message(timer.into()).await.unwrap();
        queues.next_due()
    };
    assert_eq!(next_due().await, Some(NOON + HELD_MAX));
    centre
        .store
        .apply(&Command::WaitingListFull { task }, NOON)
        .await
        .unwrap();
    assert_eq!(status(&centre, task).await, AssignmentStatus::Canceled);
    assert_eq!(next_due().await, None);
}

#[tokio::test]
async fn run_stops_with_work_left() {
    let centre = Centre::open(settings(None), NOWHERE).await.unwrap();
    let task = unseen_task(&centre).await;
    Arc::clone(&centre).run(std::future::ready(())).await;
    assert_eq!(
        status(&centre, task).await,
        AssignmentStatus::Pending,
        "it continued after the shutdown"
    );
}

/// The engine dates stream records by the system's clock.
struct Later(Millis);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        runtime::SystemClock.now() + self.0
    }
}

#[tokio::test]
async fn centre_behind_its_stream_is_not_ready() {
    let max = STREAM_LAG_MAX.as_secs();
    for (later, is_ready) in [(max / 2, true), (max + 2, false)] {
        let later = Millis::from_secs(later);
        let settings = Settings {
            clock: Arc::new(Later(later)),
            ..settings(None)
        };
        let centre = Centre::open(settings, NOWHERE).await.unwrap();
        assert!(centre.read_stream(1).await, "the table has no record");
        let checked = centre.check_ready().await;
        assert_eq!(checked.is_ok(), is_ready, "{later:?}: {checked:?}");
        if let Err(error) = checked {
            assert!(matches!(error, NotReady::Behind(_)), "{error}");
        }
        centre.settle().await;
        centre.check_ready().await.unwrap();
        centre.begin_stopping();
        let stopping = centre.check_ready().await;
        assert!(matches!(stopping, Err(NotReady::Stopping)));
    }
}

#[tokio::test]
async fn unreadable_task_does_not_prevent_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(Some(folder.path()));
    let workspace = settings.contact_centre.workspace.sid;
    let task = TaskSid::derive(&["unreadable"]);
    let database = EmbeddedDynamoDb::open(Place::Folder(folder.path().to_owned()))
        .await
        .unwrap();
    let mut item = items::key_attributes(&keys::Key::task(task));
    item.insert(
        keys::LISTING_PK.to_owned(),
        items::text(keys::task_listing(workspace, 0)),
    );
    item.insert(
        keys::LISTING_SK.to_owned(),
        items::text(keys::listing_sk(NOON, &task.to_string())),
    );
    database
        .client()
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
    drop(database);
    let centre = Centre::open(settings, NOWHERE).await.unwrap();
    assert_eq!(centre.store.task_sids(workspace).await.unwrap(), [task]);
    assert!(
        centre.store.task(task).await.is_err(),
        "the Task is readable"
    );
}
