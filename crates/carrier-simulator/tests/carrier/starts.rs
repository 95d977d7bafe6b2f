//! Opening a carrier: settings, the journal, and the state after a restart.

use carrier_simulator::{Carrier, Journal};
use serde_json::{Value, json};

use crate::support::{Api, CALLER, CENTRE, ManualClock, WORKER, Webhooks, open, settings};

/// Requests are sent again after the restart, with the same idempotency token.
#[tokio::test]
async fn kill_loses_no_call() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Enqueue waitUrl=\"/wait\">WT1</Enqueue>");
    webhooks.serve("/wait", "<Pause length=\"10\"/>");
    webhooks.serve("/worker", "<Dial><Queue>WT1</Queue></Dial>");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carrier.sqlite");
    let clock = ManualClock::new();
    let reopen = || open(&webhooks, &clock, Journal::file(&file).unwrap());

    // Before the first webhook is sent.
    let carrier = reopen();
    let caller = Api::start(&carrier).await.dial(CALLER, CENTRE).await;
    let token = carrier.read(|network| {
        network
            .outstanding()
            .next()
            .unwrap()
            .idempotency_token
            .clone()
    });
    drop(carrier);
    let carrier = reopen();
    assert!(carrier.settle().await);
    assert_eq!(webhooks.requests("/voice").len(), 1);
    assert_eq!(
        webhooks.requests("/voice")[0].header("i-twilio-idempotency-token"),
        token
    );

    // While the worker's phone rings.
    let api = Api::start(&carrier).await;
    let url = webhooks.url("/worker");
    let made = api
        .rest(
            "Calls.json",
            &[("To", WORKER), ("From", CENTRE), ("Url", &url)],
        )
        .await
        .1;
    carrier.settle().await;
    drop(carrier);
    let carrier = reopen();
    let api = Api::start(&carrier).await;
    let worker = made["sid"].as_str().unwrap();
    let shown = api
        .post(&format!("/simulator/calls/{worker}/answer"), Value::Null)
        .await
        .1;
    assert_eq!(shown["status"], "in-progress");
    carrier.settle().await;

    // During the conversation.
    drop(carrier);
    let carrier = reopen();
    let shown = Api::start(&carrier)
        .await
        .get(&format!("/simulator/calls/{caller}"))
        .await
        .1;
    assert_eq!(shown["bridged_with"], json!(worker));
}

/// A Task is named by its call's SID: a repeated SID would give a caller the Task of an earlier one.
#[tokio::test]
async fn deleted_journal_repeats_no_call_sid() {
    let webhooks = Webhooks::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carrier.sqlite");
    let clock = ManualClock::new();
    let mut calls = std::collections::BTreeSet::new();
    for _ in 0..3 {
        for _ in 0..2 {
            let carrier = open(&webhooks, &clock, Journal::file(&file).unwrap());
            calls.insert(Api::start(&carrier).await.dial(CALLER, CENTRE).await);
            clock.pass(&carrier, 1).await;
        }
        for name in ["", "-wal", "-shm"] {
            let _absent = std::fs::remove_file(folder.path().join(format!("carrier.sqlite{name}")));
        }
    }
    assert_eq!(calls.len(), 6);
}

#[tokio::test]
async fn journal_of_other_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carrier.sqlite");
    rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Journal::file(&file).err().unwrap().to_string();
    assert!(
        error.contains("version 99") && error.contains("delete the file"),
        "{error}"
    );
    assert!(Journal::file(folder.path().join("no/such/folder/x")).is_err());
}

#[tokio::test]
async fn invalid_settings_are_refused() {
    let webhooks = Webhooks::start().await;
    let mut settings = self::settings(&webhooks);
    settings.numbers[0].voice_url = "/voice".to_owned();
    let error = Carrier::open(settings, ManualClock::new(), Journal::none())
        .err()
        .unwrap()
        .to_string();
    assert_eq!(
        error,
        "simulated carrier: \"/voice\" is not an absolute http or https URL"
    );

    let mut settings = self::settings(&webhooks);
    settings.task_router_url = Some("localhost".to_owned());
    let error = Carrier::open(settings, ManualClock::new(), Journal::none())
        .err()
        .unwrap()
        .to_string();
    assert_eq!(
        error,
        "simulated carrier: \"localhost\" is not an absolute http or https URL"
    );
}
