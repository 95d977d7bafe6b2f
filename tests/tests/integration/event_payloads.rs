//! The files under `events/` that contain data of this project contain it as the code writes it:
//! items in stream records, messages in the queues.
//!
//! `REWRITE_EVENTS=1 cargo test -p tests --test integration event_payloads` writes the expected data into the
//! files; review the diff.

use std::fs;

use ids::time::Millis;
use serde_json::{Value, json};
use store::items::{self, Item};
use store::keys;
use task_router::model::{Task, Worker};
use task_router::router::effects::{Callback, Subject, Timer};
use task_router::router::timers_queue::TimersMessage;
use tests::centre::{self, AVAILABLE, NOON, OFFLINE, WORKSPACE};
use tests::lambda::lambda_json;
use tests::project;

/// The data of one record of an event.
enum Payload {
    /// A stream record: old image, if there is one, and new image.
    Images(Option<Item>, Item),
    /// The body of a message.
    Body(String),
}
use Payload::{Body, Images};

/// Every event with data of this project, and the data of each of its records.
fn expected() -> Vec<(&'static str, Vec<Payload>)> {
    let created = || Images(None, task(&centre::waiting_task()));
    let offer = centre::offered_task();
    let reservation = offer.reservations[0].sid;
    let timer = TimersMessage::from(Timer {
        workspace: WORKSPACE,
        subject: Subject::Task(offer.sid),
        at: offer.reservations[0].expires_at,
    });
    let callback = Callback::Assignment {
        task: offer.sid,
        reservation,
    };
    vec![
        ("routing.task-created", vec![created()]),
        ("routing.same-record-twice", vec![created(), created()]),
        (
            "routing.reservation-created",
            vec![Images(Some(task(&centre::waiting_task())), task(&offer))],
        ),
        (
            "routing.worker-available",
            vec![Images(
                Some(worker(&centre::alice(OFFLINE))),
                worker(&available_alice()),
            )],
        ),
        (
            "routing.reservation-timed-out",
            vec![Body(serde_json::to_string(&timer).unwrap())],
        ),
        (
            "callbacks.reservation-created",
            vec![Body(serde_json::to_string(&callback).unwrap())],
        ),
    ]
}

#[test]
fn event_files_match_the_code() {
    let rewrite = std::env::var_os("REWRITE_EVENTS").is_some();
    for (name, payloads) in expected() {
        let path = project::root().join(format!("events/{name}.json"));
        let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let mut wanted = written.clone();
        let records = wanted["Records"].as_array_mut().unwrap();
        assert_eq!(records.len(), payloads.len(), "{name}: number of records");
        for (record, payload) in records.iter_mut().zip(payloads) {
            put(record, payload);
        }
        if rewrite {
            fs::write(&path, serde_json::to_string_pretty(&wanted).unwrap() + "\n").unwrap();
        } else {
            assert_eq!(written, wanted, "{name}: REWRITE_EVENTS=1 updates it");
        }
    }
}

fn put(record: &mut Value, payload: Payload) {
    match payload {
        Body(body) => record["body"] = json!(body),
        Images(old, new) => {
            let change = &mut record["dynamodb"];
            change["Keys"] = json!({keys::PK: lambda_json(&new)[keys::PK], keys::SK: lambda_json(&new)[keys::SK]});
            change["NewImage"] = lambda_json(&new);
            if let Some(old) = old {
                change["OldImage"] = lambda_json(&old);
            }
        }
    }
}

fn task(task: &Task) -> Item {
    items::of_task(task, &centre::workspace()).unwrap()
}

fn worker(worker: &Worker) -> Item {
    items::of_worker(worker, &centre::workspace()).unwrap()
}

/// Alice, Available again a minute later.
fn available_alice() -> Worker {
    Worker {
        date_status_changed: NOON + Millis::from_secs(60),
        version: 1,
        ..centre::alice(AVAILABLE)
    }
}
