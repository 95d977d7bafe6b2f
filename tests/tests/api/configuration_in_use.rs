//! What somebody needs stays, and a Workspace goes with everything in it.

use reqwest::Method;
use serde_json::{Value, json};
use tests::story::SLACK;
use tests::test_centre::TestCentre;

use crate::configuration::{ask, changed, into_queue, made, named, read, sid};

/// It cannot be deleted, for this reason.
async fn stays(laboratory: &TestCentre, path: &str, reason: &str) {
    let (status, error) = ask(laboratory, Method::DELETE, path, &[]).await;
    assert_eq!(
        (status, &error["code"]),
        (400, &json!(20_001)),
        "{path}: {error}"
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("Cannot delete ") && message.contains(reason),
        "{path}: {message}"
    );
    assert_eq!(ask(laboratory, Method::GET, path, &[]).await.0, 200);
}

async fn goes(laboratory: &TestCentre, path: &str) {
    assert_eq!(
        ask(laboratory, Method::DELETE, path, &[]).await,
        (204, Value::Null),
        "{path}"
    );
    assert_eq!(ask(laboratory, Method::GET, path, &[]).await.0, 404);
}

#[tokio::test]
async fn what_the_contact_centre_needs_stays() {
    let laboratory = TestCentre::example().await;
    let home = format!("/{}", laboratory.contact_centre.workspace.sid);
    stays(
        &laboratory,
        &home,
        "the contact centre's callers come into it",
    )
    .await;
    let workflow = laboratory.contact_centre.voice_settings.workflow_sid;
    stays(
        &laboratory,
        &format!("{home}/Workflows/{workflow}"),
        "the contact centre's callers go into it",
    )
    .await;
    stays(
        &laboratory,
        &format!("{home}/TaskChannels/voice"),
        "the contact centre's calls go into it",
    )
    .await;
    let activities = read(&laboratory, &format!("{home}/Activities")).await;
    for (name, reason) in [
        ("Offline", "default Activity"),
        ("Wrap-Up", "wrap-up"),
        ("Available", "the Workspace's wrap-up leads"),
    ] {
        let activity = sid(named(&activities, "activities", name)).to_owned();
        stays(
            &laboratory,
            &format!("{home}/Activities/{activity}"),
            reason,
        )
        .await;
    }
    laboratory.close().await;
}

#[tokio::test]
async fn an_activity_a_worker_is_in_stays_until_they_leave_it() {
    let laboratory = TestCentre::example().await;
    let home = format!("/{}", laboratory.contact_centre.workspace.sid);
    let lunch = sid(&made(
        &laboratory,
        &format!("{home}/Activities"),
        &[("FriendlyName", "Lunch")],
    )
    .await)
    .to_owned();
    let maya = format!("{home}/Workers/{}", laboratory.worker("Maya").await.sid);
    laboratory.advance(SLACK).await;
    let worker = changed(&laboratory, &maya, &[("ActivitySid", &lunch)]).await;
    assert_eq!(worker["activity_name"], "Lunch");
    let path = format!("{home}/Activities/{lunch}");
    stays(&laboratory, &path, "is in it").await;
    let offline = laboratory
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    changed(&laboratory, &maya, &[("ActivitySid", &offline)]).await;
    goes(&laboratory, &path).await;
    laboratory.close().await;
}

#[tokio::test]
async fn queues_workflows_and_channels_stay_while_a_task_needs_them() {
    let laboratory = TestCentre::example().await;
    let home = format!(
        "/{}",
        sid(&made(&laboratory, "", &[("FriendlyName", "Second")]).await)
    );
    let [one, two] = ["One", "Two"];
    let mut queues = Vec::new();
    for name in [one, two] {
        queues.push(
            sid(&made(
                &laboratory,
                &format!("{home}/TaskQueues"),
                &[("FriendlyName", name)],
            )
            .await)
            .to_owned(),
        );
    }
    let form = [
        ("FriendlyName", "W"),
        ("Configuration", &*into_queue(&queues[0])),
    ];
    let workflow = format!(
        "{home}/Workflows/{}",
        sid(&made(&laboratory, &format!("{home}/Workflows"), &form).await)
    );
    let first = format!("{home}/TaskQueues/{}", queues[0]);
    stays(&laboratory, &first, "refers to it").await;

    let form = [("TaskChannel", "chat"), ("Attributes", "{}")];
    let task = format!(
        "{home}/Tasks/{}",
        sid(&made(&laboratory, &format!("{home}/Tasks"), &form).await)
    );
    changed(
        &laboratory,
        &workflow,
        &[("Configuration", &*into_queue(&queues[1]))],
    )
    .await;
    stays(
        &laboratory,
        &first,
        "a Task that has not ended is in it or may come into it",
    )
    .await;
    stays(
        &laboratory,
        &workflow,
        "a Task that has not ended follows it",
    )
    .await;
    stays(
        &laboratory,
        &format!("{home}/TaskChannels/chat"),
        "a Task that has not ended is in it",
    )
    .await;
    stays(
        &laboratory,
        &format!("{home}/TaskChannels/default"),
        "Tasks that name no TaskChannel",
    )
    .await;

    changed(&laboratory, &task, &[("AssignmentStatus", "canceled")]).await;
    goes(&laboratory, &first).await;
    goes(&laboratory, &format!("{home}/TaskChannels/chat")).await;
    goes(&laboratory, &workflow).await;
    goes(&laboratory, &format!("{home}/TaskQueues/{}", queues[1])).await;
    laboratory.close().await;
}

#[tokio::test]
async fn a_workspace_goes_with_everything_in_it() {
    let laboratory = TestCentre::example().await;
    let workspace = made(
        &laboratory,
        "",
        &[("FriendlyName", "Second"), ("Template", "FIFO")],
    )
    .await;
    let home = format!("/{}", sid(&workspace));
    let worker = made(
        &laboratory,
        &format!("{home}/Workers"),
        &[("FriendlyName", "Nadia")],
    )
    .await;
    let task = made(
        &laboratory,
        &format!("{home}/Tasks"),
        &[("Attributes", "{}")],
    )
    .await;
    goes(&laboratory, &home).await;
    let store = &laboratory.centre.store;
    assert_eq!(
        store.worker(sid(&worker).parse().unwrap()).await.unwrap(),
        None
    );
    assert_eq!(store.task(sid(&task).parse().unwrap()).await.unwrap(), None);
    for path in ["Workers", "Tasks", "TaskQueues", "Activities"] {
        assert_eq!(
            ask(&laboratory, Method::GET, &format!("{home}/{path}"), &[])
                .await
                .0,
            404,
            "{path}"
        );
    }
    assert_eq!(ask(&laboratory, Method::DELETE, &home, &[]).await.0, 404);
    assert_eq!(
        read(&laboratory, "").await["workspaces"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    laboratory.centre.sweep().await;
    assert_eq!(
        store.removed_workspace_sids().await.unwrap(),
        [],
        "the sweep has ended it"
    );
    laboratory.close().await;
}

#[tokio::test]
async fn names_that_must_be_unique_are() {
    let laboratory = TestCentre::example().await;
    let home = format!("/{}", laboratory.contact_centre.workspace.sid);
    let list = format!("{home}/TaskQueues");
    made(&laboratory, &list, &[("FriendlyName", "Q")]).await;
    let other = made(&laboratory, &list, &[("FriendlyName", "R")]).await;
    for path in [list.clone(), format!("{list}/{}", sid(&other))] {
        let (status, error) = ask(&laboratory, Method::POST, &path, &[("FriendlyName", "Q")]).await;
        assert_eq!(
            (status, &error["message"]),
            (
                400,
                &json!("TaskQueue with the same friendly name already exists")
            )
        );
    }
    // Of many at the same moment, one.
    let at_once = (0..6).map(|_| ask(&laboratory, Method::POST, &list, &[("FriendlyName", "S")]));
    let mut statuses: Vec<u16> = futures_util::future::join_all(at_once)
        .await
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400, 400, 400]);
    laboratory.close().await;
}
