use std::path::Path;

use ids::time::{Clock, Millis};
use ids::{AccountSid, TaskSid};
use store::{items, keys};
use task_router::model::{AssignmentStatus, TaskChannelName};
use task_router::router::effects::{Subject, Timer};
use task_router::router::{Command, NewTask, create_task};

use super::*;
use crate::queues::HELD_MAX;

const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

/// Nothing listens there: these tests serve nobody.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A clock that stands still.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }
}

fn settings(folder: Option<&Path>) -> Settings {
    runtime::aws::install_tls();
    let account_sid = AccountSid::derive(&["test"]);
    let set_up = include_str!("../../../contact-centre.yaml");
    Settings {
        data: folder.map(Path::to_owned),
        account: Account {
            account_sid,
            auth_token: "0123456789abcdef0123456789abcdef".to_owned(),
        },
        api_keys: api::ApiKeys::default(),
        contact_centre: config::read(set_up, "contact-centre.yaml", account_sid).unwrap(),
        carrier: CarrierChoice::Simulated,
        twiml_preview: true,
        keep_webhooks: true,
        router: runtime::voice::Router::Cordboard,
        voice_url: None,
        clock: Arc::new(Noon),
    }
}

/// A Task in the table of which nobody was told.
async fn unseen_task(centre: &Centre) -> TaskSid {
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
    let new = NewTask::new(
        TaskSid::derive(&["unseen"]),
        english,
        TaskChannelName::VOICE,
    );
    let task = create_task(
        &workspace,
        &workspace.workflows[&declared.centre.workflow_sid],
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
async fn the_sweep_finds_a_task_whose_record_was_lost() {
    let centre = Centre::open(settings(None), NOWHERE).await.unwrap();
    let task = unseen_task(&centre).await;
    centre.sweep().await;
    assert_eq!(status(&centre, task).await, AssignmentStatus::Reserved);
}

#[tokio::test]
async fn a_timer_of_tomorrow_is_sent_on_until_its_task_has_ended() {
    let centre = Centre::open(settings(None), NOWHERE).await.unwrap();
    let (task, workspace) = (
        unseen_task(&centre).await,
        settings(None).contact_centre.workspace.sid,
    );
    let wake = Timer {
        workspace,
        subject: Subject::Task(task),
        at: NOON + Millis::from_secs(86_400),
    };
    let sent_on = async || {
        let queues = Arc::new(Queues::new(Arc::new(Noon), Arc::default()));
        let routing = Routing::new(
            centre.store.clone(),
            Arc::clone(&queues) as _,
            Arc::new(Noon),
        );
        routing.on_timers_message(wake.into()).await.unwrap();
        queues.next_due()
    };
    assert_eq!(sent_on().await, Some(NOON + HELD_MAX));
    centre
        .store
        .apply(&Command::WaitingListFull { task }, NOON)
        .await
        .unwrap();
    assert_eq!(status(&centre, task).await, AssignmentStatus::Canceled);
    assert_eq!(sent_on().await, None);
}

#[tokio::test]
async fn it_stops_when_told_however_much_there_is_to_do() {
    let centre = Centre::open(settings(None), NOWHERE).await.unwrap();
    let task = unseen_task(&centre).await;
    Arc::clone(&centre).run(std::future::ready(())).await;
    assert_eq!(
        status(&centre, task).await,
        AssignmentStatus::Pending,
        "it worked on"
    );
}

#[tokio::test]
async fn a_task_that_cannot_be_read_does_not_keep_the_centre_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(Some(folder.path()));
    let (workspace, task) = (
        settings.contact_centre.workspace.sid,
        TaskSid::derive(&["unreadable"]),
    );
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
    assert!(centre.store.task(task).await.is_err(), "it can be read");
}
