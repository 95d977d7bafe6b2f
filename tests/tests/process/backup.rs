//! Backup and restore of a contact centre under load.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use futures_util::future::join_all;
use tests::customer::Customer;
use tests::process::command;
use tokio::sync::Notify;

use crate::client::Client;
use crate::kills::{client_of, delivered, until_delivered};

/// Clients that create Tasks at the same time.
const CLIENTS: usize = 4;

/// Tasks that are acknowledged before the backup begins.
const TASKS: usize = 20;

/// Tasks that are acknowledged after it has ended, before the process is killed.
const MORE_TASKS: usize = 10;

/// Runs `cordboard` to its end: exit code and standard error.
async fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(folder, arguments).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

/// Creates Tasks until the process is killed. Makes a backup in the middle; returns the Tasks that
/// were acknowledged before it began.
async fn backup_under_load(centre: &Client) -> BTreeSet<String> {
    let process = centre.start().await;
    let acknowledged = Mutex::new(BTreeSet::new());
    let created = Notify::new();
    let client = async || {
        while let Some(task) = centre.create_task().await {
            acknowledged.lock().unwrap().insert(task);
            created.notify_one();
        }
    };
    let until = async |count: usize| {
        while acknowledged.lock().unwrap().len() < count {
            created.notified().await;
        }
    };
    let operator = async {
        until(TASKS).await;
        let before: BTreeSet<String> = acknowledged.lock().unwrap().clone();
        // One that is killed leaves no half file under the name of the backup.
        let arguments = ["backup", "killed.sqlite", "--data", centre.data];
        let mut killed = command(centre.folder.path(), &arguments).spawn().unwrap();
        killed.kill().await.unwrap();
        let (code, error) = run(
            centre.folder.path(),
            &["backup", "copy.sqlite", "--data", "data"],
        )
        .await;
        assert_eq!(code, Some(0), "{error}");
        let count = acknowledged.lock().unwrap().len();
        until(count + MORE_TASKS).await;
        process.kill().await;
        before
    };
    let (before, _) = tokio::join!(operator, join_all((0..CLIENTS).map(|_| client())));
    before
}

/// What was acknowledged before the backup began is there after the restore. Stream and Events
/// continue.
#[tokio::test]
async fn backup_under_load_restores_everything() {
    let customer = Customer::open().await;
    let mut centre = client_of(&customer);
    let folder = centre.folder.path().to_owned();
    let before = backup_under_load(&centre).await;
    let restored = run(&folder, &["restore", "copy.sqlite", "--data", "restored"]).await;
    assert_eq!(restored.0, Some(0), "{}", restored.1);
    centre.data = "restored";
    let process = centre.start().await;
    centre.reads(&before).await;
    until_delivered(&centre, &customer, &before).await;
    let after = centre.create_task().await.unwrap();
    until_delivered(&centre, &customer, &BTreeSet::from([after.clone()])).await;
    let delivered = delivered(&customer);
    for task in before.iter().chain([&after]) {
        let events = &delivered[task];
        assert!(events.is_sorted(), "{task}: {events:?}");
    }
    process.interrupt().await;
    let killed = folder.join("killed.sqlite");
    if killed.exists() {
        let arguments = ["restore", "killed.sqlite", "--data", "complete"];
        assert_eq!(run(&folder, &arguments).await.0, Some(0));
    }
}

/// A call that rings when the backup is made rings after the restore, too.
#[tokio::test]
async fn restored_telephones_still_ring() {
    let folder = tempfile::tempdir().unwrap();
    let port = tests::process::free_port();
    let start = async |data: &'static str| {
        tests::process::Process::start(folder.path(), port, &["--data", data]).await
    };
    let process = start("data").await;
    let caller = crate::dial(&process, "+17075550190", "2").await;
    let worker = crate::ringing(&process).await;
    let (code, error) = run(folder.path(), &["backup", "copy.sqlite", "--data", "data"]).await;
    assert_eq!(code, Some(0), "{error}");
    process.kill().await;
    let (code, error) = run(folder.path(), &["restore", "copy.sqlite", "--data", "new"]).await;
    assert_eq!(code, Some(0), "{error}");
    #[cfg(unix)]
    for (path, mode) in [
        ("copy.sqlite", 0o600),
        ("new", 0o700),
        ("new/dynamodb.sqlite", 0o600),
        ("new/telephone-network.sqlite", 0o600),
        ("new/account.json", 0o600),
    ] {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(folder.path().join(path)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{path}");
    }
    let process = start("new").await;
    assert_eq!(crate::ringing(&process).await, worker);
    let answer = format!("/simulator/calls/{worker}/answer");
    process.post(&answer, &serde_json::json!({})).await;
    assert_eq!(crate::bridged(&process, &caller).await, worker);
    process.interrupt().await;
}

#[tokio::test]
async fn backup_and_restore_replace_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let process =
        tests::process::Process::start(path, tests::process::free_port(), &["--data", "data"])
            .await;
    process.interrupt().await;
    std::fs::write(path.join("taken"), "taken").unwrap();
    assert_eq!(
        run(path, &["backup", "copy", "--data", "data"]).await.0,
        Some(0)
    );
    let mut damaged = std::fs::read(path.join("copy")).unwrap();
    damaged.truncate(damaged.len() / 2);
    std::fs::write(path.join("half"), damaged).unwrap();
    for (arguments, expected) in [
        (["backup", "taken", "--data", "data"], "taken exists"),
        (
            ["backup", "other", "--data", "nowhere"],
            "nowhere has no data",
        ),
        (
            ["restore", "copy", "--data", "data"],
            "data has data already",
        ),
        (["restore", "none", "--data", "new"], "none cannot be used"),
        (
            ["restore", "taken", "--data", "new"],
            "damaged (file is not a database)",
        ),
        (["restore", "half", "--data", "new"], "half is damaged"),
        (
            ["restore", "data/dynamodb.sqlite", "--data", "new"],
            "is no backup of a contact centre",
        ),
    ] {
        let (code, error) = run(path, &arguments).await;
        assert_eq!(code, Some(1), "{arguments:?}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert!(!path.join("new/dynamodb.sqlite").exists());
    }
    assert_eq!(std::fs::read(path.join("taken")).unwrap(), b"taken");
}
