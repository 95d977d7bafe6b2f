//! Parts in use cannot be deleted; a Workspace is deleted with its contents.

use reqwest::Method;
use serde_json::{Value, json};
use tests::project;
use tests::story::SLACK;
use tests::test_centre::TestCentre;

use super::configuration::{ask, changed, into_queue, made, named, read, sid};

/// Asserts that the part cannot be deleted, for this reason.
async fn assert_kept(test_centre: &TestCentre, path: &str, reason: &str) {
    let (status, error) = ask(test_centre, Method::DELETE, path, &[]).await;
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
    assert_eq!(ask(test_centre, Method::GET, path, &[]).await.0, 200);
}

async fn delete(test_centre: &TestCentre, path: &str) {
    assert_eq!(
        ask(test_centre, Method::DELETE, path, &[]).await,
        (204, Value::Null),
        "{path}"
    );
    assert_eq!(ask(test_centre, Method::GET, path, &[]).await.0, 404);
}

/// The Workspace, Workflow, TaskChannel and Activities that the contact centre's configuration
/// refers to.
#[tokio::test]
async fn parts_in_use_cannot_be_deleted() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    assert_kept(
        &test_centre,
        &home,
        "the contact centre's callers come into it",
    )
    .await;
    let workflow = test_centre.contact_centre.voice_settings.workflow_sid;
    assert_kept(
        &test_centre,
        &format!("{home}/Workflows/{workflow}"),
        "the contact centre's callers go into it",
    )
    .await;
    assert_kept(
        &test_centre,
        &format!("{home}/TaskChannels/voice"),
        "the contact centre's calls go into it",
    )
    .await;
    let activities = read(&test_centre, &format!("{home}/Activities")).await;
    for (name, reason) in [
        ("Offline", "default Activity"),
        ("Wrap-Up", "wrap-up"),
        ("Available", "the Workspace's wrap-up leads"),
    ] {
        let activity = sid(named(&activities, "activities", name)).to_owned();
        assert_kept(
            &test_centre,
            &format!("{home}/Activities/{activity}"),
            reason,
        )
        .await;
    }
    test_centre.close().await;
}

/// The Workflows and TaskQueues that only voice flows refer to.
#[tokio::test]
async fn parts_of_flows_cannot_be_deleted() {
    let file = project::read("examples/utility/contact-centre.yaml");
    let test_centre = TestCentre::open(&file, None).await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    for (kind, key, name, reason) in [
        ("Workflows", "workflows", "Emergency", "callers go into it"),
        (
            "TaskQueues",
            "task_queues",
            "Messages",
            "voicemails become Tasks",
        ),
    ] {
        let all = read(&test_centre, &format!("{home}/{kind}")).await;
        let part = sid(named(&all, key, name)).to_owned();
        assert_kept(&test_centre, &format!("{home}/{kind}/{part}"), reason).await;
    }
    test_centre.close().await;
}

#[tokio::test]
async fn activity_with_worker_cannot_be_deleted() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let lunch = sid(&made(
        &test_centre,
        &format!("{home}/Activities"),
        &[("FriendlyName", "Lunch")],
    )
    .await)
    .to_owned();
    let maya = format!("{home}/Workers/{}", test_centre.worker("Maya").await.sid);
    test_centre.advance(SLACK).await;
    let worker = changed(&test_centre, &maya, &[("ActivitySid", &lunch)]).await;
    assert_eq!(worker["activity_name"], "Lunch");
    let path = format!("{home}/Activities/{lunch}");
    assert_kept(&test_centre, &path, "is in it").await;
    let offline = test_centre
        .contact_centre
        .workspace
        .default_activity_sid
        .to_string();
    changed(&test_centre, &maya, &[("ActivitySid", &offline)]).await;
    delete(&test_centre, &path).await;
    test_centre.close().await;
}

/// TaskQueues, Workflows and TaskChannels can be deleted once the Task that refers to them has
/// ended.
#[tokio::test]
async fn parts_of_active_task_cannot_be_deleted() {
    let test_centre = TestCentre::example().await;
    let home = format!(
        "/{}",
        sid(&made(&test_centre, "", &[("FriendlyName", "Second")]).await)
    );
    let mut queues = Vec::new();
    for name in ["One", "Two"] {
        queues.push(
            sid(&made(
                &test_centre,
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
        sid(&made(&test_centre, &format!("{home}/Workflows"), &form).await)
    );
    let first = format!("{home}/TaskQueues/{}", queues[0]);
    assert_kept(&test_centre, &first, "refers to it").await;

    let form = [("TaskChannel", "chat"), ("Attributes", "{}")];
    let task = format!(
        "{home}/Tasks/{}",
        sid(&made(&test_centre, &format!("{home}/Tasks"), &form).await)
    );
    changed(
        &test_centre,
        &workflow,
        &[("Configuration", &*into_queue(&queues[1]))],
    )
    .await;
    assert_kept(
        &test_centre,
        &first,
        "a Task that has not ended is in it or may come into it",
    )
    .await;
    assert_kept(
        &test_centre,
        &workflow,
        "a Task that has not ended follows it",
    )
    .await;
    assert_kept(
        &test_centre,
        &format!("{home}/TaskChannels/chat"),
        "a Task that has not ended is in it",
    )
    .await;
    assert_kept(
        &test_centre,
        &format!("{home}/TaskChannels/default"),
        "Tasks that name no TaskChannel",
    )
    .await;

    changed(&test_centre, &task, &[("AssignmentStatus", "canceled")]).await;
    delete(&test_centre, &first).await;
    delete(&test_centre, &format!("{home}/TaskChannels/chat")).await;
    delete(&test_centre, &workflow).await;
    delete(&test_centre, &format!("{home}/TaskQueues/{}", queues[1])).await;
    test_centre.close().await;
}

#[tokio::test]
async fn workspace_deletion_deletes_its_contents() {
    let test_centre = TestCentre::example().await;
    let workspace = made(
        &test_centre,
        "",
        &[("FriendlyName", "Second"), ("Template", "FIFO")],
    )
    .await;
    let home = format!("/{}", sid(&workspace));
    let worker = made(
        &test_centre,
        &format!("{home}/Workers"),
        &[("FriendlyName", "Nadia")],
    )
    .await;
    let task = made(
        &test_centre,
        &format!("{home}/Tasks"),
        &[("Attributes", "{}")],
    )
    .await;
    delete(&test_centre, &home).await;
    let store = &test_centre.centre.store;
    assert_eq!(
        store.worker(sid(&worker).parse().unwrap()).await.unwrap(),
        None
    );
    assert_eq!(store.task(sid(&task).parse().unwrap()).await.unwrap(), None);
    for path in ["Workers", "Tasks", "TaskQueues", "Activities"] {
        assert_eq!(
            ask(&test_centre, Method::GET, &format!("{home}/{path}"), &[])
                .await
                .0,
            404,
            "{path}"
        );
    }
    assert_eq!(ask(&test_centre, Method::DELETE, &home, &[]).await.0, 404);
    assert_eq!(
        read(&test_centre, "").await["workspaces"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    test_centre.centre.sweep().await;
    assert_eq!(
        store.removed_workspace_sids().await.unwrap(),
        [],
        "the sweep has completed the deletion"
    );
    test_centre.close().await;
}

/// Also with six requests at the same time: one succeeds.
#[tokio::test]
async fn friendly_names_are_unique() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let list = format!("{home}/TaskQueues");
    made(&test_centre, &list, &[("FriendlyName", "Q")]).await;
    let other = made(&test_centre, &list, &[("FriendlyName", "R")]).await;
    for path in [list.clone(), format!("{list}/{}", sid(&other))] {
        let (status, error) =
            ask(&test_centre, Method::POST, &path, &[("FriendlyName", "Q")]).await;
        assert_eq!(
            (status, &error["message"]),
            (
                400,
                &json!("TaskQueue with the same friendly name already exists")
            )
        );
    }
    // Of many requests at the same moment, one succeeds.
    let at_once = (0..6).map(|_| ask(&test_centre, Method::POST, &list, &[("FriendlyName", "S")]));
    let mut statuses: Vec<u16> = futures_util::future::join_all(at_once)
        .await
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400, 400, 400]);
    test_centre.close().await;
}
