//! The AWS services that functions use besides DynamoDB: Parameter Store, which holds one secret,
//! and SQS, which records every message and every changed visibility timeout for the test. Both
//! speak JSON over POST and name the operation in `X-Amz-Target`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};

/// A message sent by a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The queue it was sent to.
    pub queue_url: String,
    /// The delay until it becomes visible, seconds.
    pub delay_secs: u64,
    /// The message's body.
    pub body: String,
    /// Its group, if the queue is ordered.
    pub group: Option<String>,
}

/// A message that waits in a dead-letter queue.
struct DeadLetter {
    queue: String,
    receipt_handle: String,
    body: String,
    group: Option<String>,
    is_hidden: bool,
}

/// The running services.
pub struct Aws {
    /// Their address, for `AWS_ENDPOINT_URL_…`.
    pub endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    parameter: String,
    secret: Mutex<String>,
    messages: Mutex<Vec<Message>>,
    hidden: Mutex<Vec<(String, u64)>>,
    dead_letters: Mutex<Vec<DeadLetter>>,
    /// Queues that refuse every message, by name.
    throttled: Mutex<BTreeSet<String>>,
}

impl Aws {
    /// Starts them, with one SecureString in Parameter Store.
    pub async fn start(parameter: &str, secret: &str) -> Self {
        let shared = Arc::new(Shared {
            parameter: parameter.to_owned(),
            secret: Mutex::new(secret.to_owned()),
            messages: Mutex::default(),
            hidden: Mutex::default(),
            dead_letters: Mutex::default(),
            throttled: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback_service(any(operation).with_state(Arc::clone(&shared)));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { endpoint, shared }
    }

    /// Replaces the SecureString.
    pub fn put_parameter(&self, secret: &str) {
        secret.clone_into(&mut self.shared.secret.lock().unwrap());
    }

    /// Makes a queue refuse every message from now on, as SQS does beyond its quota.
    pub fn throttle(&self, queue: &str) {
        let mut throttled = self.shared.throttled.lock().unwrap();
        throttled.insert(queue.to_owned());
    }

    /// Adds a message to a dead-letter queue of this name.
    pub fn add_dead_letter(&self, queue: &str, body: &str, group: Option<&str>) {
        let mut dead_letters = self.shared.dead_letters.lock().unwrap();
        let number = dead_letters.len();
        dead_letters.push(DeadLetter {
            queue: queue.to_owned(),
            receipt_handle: format!("receipt-{number}"),
            body: body.to_owned(),
            group: group.map(str::to_owned),
            is_hidden: false,
        });
    }

    /// Ends the visibility timeout of every received dead letter.
    pub fn dead_letters_reappear(&self) {
        for letter in self.shared.dead_letters.lock().unwrap().iter_mut() {
            letter.is_hidden = false;
        }
    }

    /// The address of a queue of this name.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/123456789012/{name}", self.endpoint)
    }

    /// The messages sent so far, in order.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.messages.lock().unwrap().clone()
    }

    /// The messages sent after the first `count`, in order.
    pub fn messages_since(&self, count: usize) -> Vec<Message> {
        let messages = self.shared.messages.lock().unwrap();
        messages.get(count..).unwrap_or_default().to_vec()
    }

    /// The messages whose visibility timeout was changed: receipt handle, and seconds until the
    /// redelivery.
    pub fn hidden(&self) -> Vec<(String, u64)> {
        self.shared.hidden.lock().unwrap().clone()
    }
}

/// Records the visibility timeout of a received message.
fn hide(shared: &Shared, request: &Value) -> Response {
    let handle = request["ReceiptHandle"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let secs = request["VisibilityTimeout"].as_u64().unwrap_or_default();
    shared.hidden.lock().unwrap().push((handle, secs));
    answer(&json!({}))
}

async fn operation(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match target {
        "AmazonSSM.GetParameter" => get_parameter(&shared, &request),
        "AmazonSQS.ChangeMessageVisibility" => hide(&shared, &request),
        "AmazonSQS.SendMessage" if is_throttled(&shared, &request) => {
            refuse("com.amazonaws.sqs#RequestThrottled")
        }
        "AmazonSQS.SendMessage" => answer(&send_message(&shared, &request["QueueUrl"], &request)),
        "AmazonSQS.ReceiveMessage" => receive(&shared, &request),
        "AmazonSQS.DeleteMessage" => {
            let mut dead_letters = shared.dead_letters.lock().unwrap();
            dead_letters.retain(|letter| request["ReceiptHandle"] != letter.receipt_handle);
            answer(&json!({}))
        }
        "AmazonSQS.SendMessageBatch" => {
            let entries = request["Entries"].as_array().into_iter().flatten();
            let sent: Vec<Value> = entries
                .map(|entry| {
                    let mut sent = send_message(&shared, &request["QueueUrl"], entry);
                    sent["Id"] = entry["Id"].clone();
                    sent
                })
                .collect();
            answer(&json!({"Successful": sent, "Failed": []}))
        }
        _ => refuse("UnknownOperationException"),
    }
}

/// Receives dead letters and hides them.
fn receive(shared: &Shared, request: &Value) -> Response {
    let url = request["QueueUrl"].as_str().unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default();
    let count = request["MaxNumberOfMessages"].as_u64().unwrap_or(1);
    let mut dead_letters = shared.dead_letters.lock().unwrap();
    let visible = dead_letters
        .iter_mut()
        .filter(|letter| letter.queue == name && !letter.is_hidden);
    let received = visible.take(usize::try_from(count).unwrap()).map(|letter| {
        letter.is_hidden = true;
        let mut attributes = json!({});
        if let Some(group) = &letter.group {
            attributes = json!({
                "MessageGroupId": group,
                "MessageDeduplicationId": letter.receipt_handle,
            });
        }
        json!({
            "MessageId": letter.receipt_handle,
            "ReceiptHandle": letter.receipt_handle,
            "Body": letter.body,
            "Attributes": attributes,
        })
    });
    let received: Vec<Value> = received.collect();
    answer(&json!({ "Messages": received }))
}

fn is_throttled(shared: &Shared, request: &Value) -> bool {
    let url = request["QueueUrl"].as_str().unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default();
    shared.throttled.lock().unwrap().contains(name)
}

/// A SecureString is decrypted only on request.
fn get_parameter(shared: &Shared, request: &Value) -> Response {
    let name = &shared.parameter;
    let secret = shared.secret.lock().unwrap().clone();
    if request["Name"] != *name {
        return refuse("ParameterNotFound");
    }
    let value = if request["WithDecryption"] == json!(true) {
        secret.as_str()
    } else {
        "AQICAHencrypted"
    };
    answer(
        &json!({"Parameter": {"Name": name, "Type": "SecureString", "Value": value, "Version": 1, "DataType": "text"}}),
    )
}

fn send_message(shared: &Shared, queue_url: &Value, message: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut messages = shared.messages.lock().unwrap();
    messages.push(Message {
        queue_url: text(queue_url),
        delay_secs: message["DelaySeconds"].as_u64().unwrap_or(0),
        body: text(&message["MessageBody"]),
        group: message["MessageGroupId"].as_str().map(str::to_owned),
    });
    json!({"MessageId": format!("5fea7756-0ea4-451a-a703-{:012}", messages.len()), "MD5OfMessageBody": "00000000000000000000000000000000"})
}

fn answer(body: &Value) -> Response {
    (
        [("content-type", "application/x-amz-json-1.1")],
        body.to_string(),
    )
        .into_response()
}

fn refuse(kind: &str) -> Response {
    (StatusCode::BAD_REQUEST, answer(&json!({"__type": kind}))).into_response()
}
