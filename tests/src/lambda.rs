//! AWS's side of a Lambda function: the Runtime API (version 2018-06-01), from which a `provided`
//! binary takes events and to which it posts its answers, and the environment variables that Lambda
//! sets.
//!
//! One [`Lambda`] is one execution environment: one process, which handles one event at a time, in
//! order.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use store::items::Item;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// Timeout of an answer, seconds: longer than the timeout of any function in `template.yaml`, for a
/// busy machine.
const ANSWER_SECS_MAX: u64 = 60;
/// Largest answer that Lambda accepts from a function, bytes (6 MB).
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The region in a function's environment variables.
const REGION: &str = "eu-central-1";

/// The result of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function's answer.
    Response(Value),
    /// The function reported an error: its type and its report.
    Error(Value),
}

/// A running function.
pub struct Lambda {
    name: String,
    process: Child,
    printed: Vec<JoinHandle<String>>,
    events: mpsc::Sender<Value>,
    outcomes: mpsc::Receiver<(String, Outcome)>,
    sent: u64,
}

impl Lambda {
    /// Starts `binary` as Lambda does: with `environment` and Lambda's own variables, and no other
    /// variable of this process.
    pub async fn start(name: &str, binary: &Path, environment: &BTreeMap<String, String>) -> Self {
        let (events, waiting) = mpsc::channel(1);
        let (answered, outcomes) = mpsc::channel(1);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let api = Arc::new(Api {
            function: name.to_owned(),
            events: Mutex::new(waiting),
            answered,
            taken: Mutex::new(0),
        });
        tokio::spawn(async move { axum::serve(listener, routes(api)).await });
        let mut process = Command::new(binary)
            .env_clear()
            .envs(lambda_environment(name, &address))
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {}: {error}", binary.display()));
        let printed = vec![
            collect(process.stdout.take().unwrap()),
            collect(process.stderr.take().unwrap()),
        ];
        Self {
            name: name.to_owned(),
            process,
            printed,
            events,
            outcomes,
            sent: 0,
        }
    }

    /// Sends one event and waits for its outcome. Panics with the function's whole output when the
    /// process ends instead, fails to start, or exceeds the timeout.
    pub async fn invoke(&mut self, event: &Value) -> Outcome {
        match self.try_invoke(event).await {
            Ok(outcome) => outcome,
            Err(failure) => {
                let printed = self.stop().await;
                panic!("{}: {failure}. It printed:\n{printed}", self.name)
            }
        }
    }

    /// Sends one event and waits for its outcome, or says why there is none: the process ended, did
    /// not start, or exceeded the timeout.
    pub async fn try_invoke(&mut self, event: &Value) -> Result<Outcome, String> {
        self.sent += 1;
        let sent = self.events.try_send(event.clone());
        assert!(sent.is_ok(), "{}: the Runtime API has stopped", self.name);
        let answer =
            tokio::time::timeout(Duration::from_secs(ANSWER_SECS_MAX), self.outcomes.recv());
        tokio::select! {
            // An answer counts even if the function ended right after it.
            biased;
            outcome = answer => match outcome {
                Ok(Some((id, outcome))) if id == request_id(self.sent) => Ok(outcome),
                Ok(Some((id, outcome))) => Err(format!("answered for {id:?}: {outcome:?}")),
                Ok(None) => Err("the Runtime API has stopped".to_owned()),
                Err(_) => Err(format!("no answer within {ANSWER_SECS_MAX} s")),
            },
            status = self.process.wait() => {
                Err(format!("ended with {status:?} instead of answering"))
            }
        }
    }

    /// The id of its process; `None` if it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends the function and returns everything it printed: its log.
    pub async fn stop(&mut self) -> String {
        // The process may have ended already; either way its pipes end with it.
        let _ = self.process.start_kill();
        let mut printed = String::new();
        for pipe in self.printed.drain(..) {
            printed += &pipe.await.unwrap();
        }
        printed
    }
}

/// Reads a pipe as it fills, so that a full pipe never blocks the function.
fn collect(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut printed = Vec::new();
        pipe.read_to_end(&mut printed).await.unwrap();
        String::from_utf8_lossy(&printed).into_owned()
    })
}

/// An item in the form of a stream's event: `{"pk": {"S": "WT…"}}`.
pub fn lambda_json(item: &Item) -> Value {
    serde_json::to_value(serde_dynamo::Item::from(item.clone())).unwrap()
}

struct Api {
    function: String,
    events: Mutex<mpsc::Receiver<Value>>,
    answered: mpsc::Sender<(String, Outcome)>,
    taken: Mutex<u64>,
}

fn routes(api: Arc<Api>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(ANSWER_BYTES_MAX))
        .with_state(api)
}

/// A long poll for the next event, without a timeout: an idle function waits in this request.
async fn next(State(api): State<Arc<Api>>) -> Response {
    let Some(event) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let mut taken = api.taken.lock().await;
    *taken += 1;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", request_id(*taken)),
        ("lambda-runtime-deadline-ms", deadline_ms().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            format!(
                "arn:aws:lambda:{REGION}:123456789012:function:{}",
                api.function
            ),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(
    State(api): State<Arc<Api>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> Response {
    answer(&api, id, Outcome::Response(as_json(&body))).await
}

async fn error(
    State(api): State<Arc<Api>>,
    UrlPath(id): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&api, id, Outcome::Error(error_report(&headers, &body))).await
}

async fn init_error(State(api): State<Arc<Api>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(
        &api,
        "init".to_owned(),
        Outcome::Error(error_report(&headers, &body)),
    )
    .await
}

async fn answer(api: &Api, id: String, outcome: Outcome) -> Response {
    match api.answered.send((id, outcome)).await {
        Ok(()) => (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response(),
        Err(_) => StatusCode::GONE.into_response(),
    }
}

fn error_report(headers: &HeaderMap, body: &[u8]) -> Value {
    let kind = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok());
    json!({"type": kind, "report": as_json(body)})
}

/// The body as JSON, or as text where it is no JSON, so that a failing assertion shows it.
fn as_json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
}

fn request_id(number: u64) -> String {
    format!("8476a536-e9f4-11e8-9739-{number:012}")
}

fn deadline_ms() -> u128 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    now.as_millis() + u128::from(ANSWER_SECS_MAX) * 1000
}

fn lambda_environment(function: &str, runtime_api: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{function}"),
        ),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef".to_owned(),
        ),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        ),
        ("AWS_SESSION_TOKEN", "session".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ])
}
