//! The first answer of a cold voice function with its table: `cold_start PROGRAM [RUNS]` starts
//! PROGRAM, the built `enqueue-call`, and sends it a call, each time in a new process. The table is
//! the embedded DynamoDB behind a socket, so the time includes the connection. Prints one row of
//! docs/benchmarks.md; `scripts/measure_init.py` runs it with the release build.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measuring program prints its result and stops at a failure"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use ids::CallSid;
use serde_json::{Value, json};
use shared::webhook::signature::sign;
use store::Store;
use tests::deployment::{ACCOUNT_SID, AUTH_TOKEN};
use tests::dynamodb::Served;
use tests::lambda::{Lambda, Outcome};
use tests::{centre, project};

const RUNS_DEFAULT: usize = 20;

/// The URL that the event's host, path and query make up.
const URL: &str = "https://cordboard.example/enqueue-call?attempt=1";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().expect("the path of enqueue-call");
    let runs = arguments
        .next()
        .map_or(RUNS_DEFAULT, |runs| runs.parse().unwrap());
    let table = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
    centre::open(&Store::new(table.client(), TABLE)).await;
    let served = Served::start(&table).await;
    let environment = BTreeMap::from([
        ("TABLE_NAME".to_owned(), TABLE.to_owned()),
        (
            "AWS_ENDPOINT_URL_DYNAMODB".to_owned(),
            served.endpoint.clone(),
        ),
        ("AUTH_TOKEN".to_owned(), AUTH_TOKEN.to_owned()),
        ("ACCOUNT_SID".to_owned(), ACCOUNT_SID.to_owned()),
    ]);
    let mut cold = Vec::new();
    let mut warm = Vec::new();
    for run in 0..runs {
        let begun = Instant::now();
        let mut function = Lambda::start("enqueue-call", Path::new(&program), &environment).await;
        answered(&mut function, &call(run * 2)).await;
        cold.push(begun.elapsed());
        let begun = Instant::now();
        answered(&mut function, &call(run * 2 + 1)).await;
        warm.push(begun.elapsed());
        function.stop().await;
    }
    for (name, times) in [
        ("from process start to the first answer", cold),
        ("the next answer", warm),
    ] {
        println!("| `enqueue-call` with its table: {name} | {} |", row(times));
    }
}

async fn answered(function: &mut Lambda, event: &Value) {
    match function.invoke(event).await {
        Outcome::Response(answer) if answer["statusCode"] == 200 => {}
        outcome @ (Outcome::Response(_) | Outcome::Error(_)) => panic!("{outcome:?}"),
    }
}

/// The event of a caller who presses 1, signed, each with a call of its own.
fn call(number: usize) -> Value {
    let text = project::read("events/enqueue-call.digit-one.json");
    let mut event: Value = serde_json::from_str(&text).unwrap();
    let mut form: Vec<(String, String)> =
        form_urlencoded::parse(event["body"].as_str().unwrap().as_bytes())
            .into_owned()
            .collect();
    for (name, value) in &mut form {
        if name == "CallSid" {
            *value = CallSid::derive(&[&number.to_string()]).to_string();
        }
    }
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&form)
        .finish();
    event["body"] = json!(body);
    event["headers"]["x-twilio-signature"] = json!(sign(AUTH_TOKEN, URL, &form));
    event
}

/// Minimum, median and maximum, in milliseconds.
fn row(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let shown = |index: usize| format!("{:.1}", times[index].as_secs_f64() * 1_000.0);
    format!(
        "{} | {} | {}",
        shown(0),
        shown(times.len() / 2),
        shown(times.len() - 1)
    )
}
