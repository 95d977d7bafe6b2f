//! `cordboard replay-dead-letters`: handles again what failed after all retries.
//!
//! A dead letter of a queue is sent to the queue again. A dead letter of the table's stream names an
//! object in a bucket, whose payload is the event that routing was invoked with: routing is invoked
//! with the same event. A message is deleted from its dead-letter queue when that has succeeded, so
//! an interrupted replay loses nothing, and a message may be handled twice, which changes nothing.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::time::Duration;

use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use http::Request;
use http_client::{Limits, NetworkClient, WebClient};
use runtime::Env;
use runtime::aws::{self, Access, dns_suffix};
use runtime::signed_request::{Service, signed};
use serde_json::Value;

use crate::aws_access::{self, AWS_CLI};
use crate::cli::Replay;
use crate::start::Failure;

/// Messages of one request to SQS: its maximum.
const RECEIVED_MAX: i32 = 10;

/// How long a received message is hidden from another replay: as long as ten invocations of routing
/// may take.
const HIDDEN_SECS: i32 = 600;

/// How long a request waits for a message before the queue counts as empty, seconds.
const WAIT_SECS: i32 = 1;

/// Timeout of an attempt to receive messages: the wait, and a margin.
const RECEIVE_TIME_LIMIT: Duration = Duration::from_secs(10);

/// Messages that one replay handles. A message that fails again comes back after a minute and a
/// half, so without a limit a replay might never end.
const REPLAYED_MAX: usize = 10_000;

/// Timeout of a request to S3 or Lambda: that of routing, and a margin.
const REQUEST_TIME_LIMIT: Duration = Duration::from_secs(75);

/// Bytes of an answer of S3 or Lambda: ten times the payload of an invocation at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What became of the messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Handled or sent on, and deleted.
    pub done: usize,
    /// Failed again, and kept.
    pub failed: usize,
}

/// What a dead letter of the stream consists of: the place of an object.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    bucket: String,
    key: String,
}

/// Replays with the AWS credentials that [`aws_access`] finds, and says what became of the
/// messages.
pub async fn replay(options: &Replay) -> Result<(), Failure> {
    let env = Env::process();
    let access = aws_access::find(&env, AWS_CLI.as_ref()).await?;
    let replay = Replaying {
        sqs: aws::sqs_with(
            access.clone(),
            env.optional("AWS_ENDPOINT_URL_SQS", "a URL")?,
        ),
        access,
        s3_endpoint: env.optional("AWS_ENDPOINT_URL_S3", "a URL")?,
        lambda_endpoint: env.optional("AWS_ENDPOINT_URL_LAMBDA", "a URL")?,
    };
    let replayed = replay.run(options).await?;
    println!(
        "{} replayed, {} failed again",
        replayed.done, replayed.failed
    );
    if replayed.failed > 0 {
        return Err("some messages failed again; they are still in the queue".into());
    }
    Ok(())
}

/// A replay under way.
pub struct Replaying {
    /// Region and credentials.
    pub access: Access,
    /// The client of the queues.
    pub sqs: Sqs,
    /// The address of S3, if it is not AWS's.
    pub s3_endpoint: Option<String>,
    /// The address of Lambda, if it is not AWS's.
    pub lambda_endpoint: Option<String>,
}

impl Replaying {
    /// Handles the messages of the dead-letter queue, `REPLAYED_MAX` at most, until it is empty. A
    /// message that fails is kept, and those after it are tried.
    ///
    /// # Errors
    /// The queue cannot be read, or its target cannot be written.
    pub async fn run(&self, options: &Replay) -> Result<Replayed, Failure> {
        let mut replayed = Replayed::default();
        while replayed.done + replayed.failed < REPLAYED_MAX {
            let messages = self.receive(&options.dead_letters).await?;
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let handled = match (&options.to, &options.function) {
                    (Some(queue), _) => {
                        self.send(queue, &message).await?;
                        Ok(())
                    }
                    (None, Some(function)) => self.invoke_with(function, &message).await,
                    (None, None) => return Err("expected --to or --function".into()),
                };
                match handled {
                    Ok(()) => {
                        self.delete(&options.dead_letters, &message).await?;
                        replayed.done += 1;
                    }
                    Err(error) => {
                        let id = message.message_id().unwrap_or_default();
                        println!("message {id} failed again: {error}");
                        replayed.failed += 1;
                    }
                }
            }
        }
        Ok(replayed)
    }

    async fn receive(&self, queue: &str) -> Result<Vec<Message>, Failure> {
        let received = self
            .sqs
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(RECEIVED_MAX)
            .visibility_timeout(HIDDEN_SECS)
            .wait_time_seconds(WAIT_SECS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .customize()
            .config_override(aws_sdk_sqs::config::Builder::new().timeout_config(waiting_limits()))
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Sends a message on. One of a FIFO queue keeps its group and its deduplication id.
    async fn send(&self, queue: &str, message: &Message) -> Result<(), Failure> {
        let attribute = |name| {
            let attributes = message.attributes.as_ref()?;
            attributes.get(&name).cloned()
        };
        self.sqs
            .send_message()
            .queue_url(queue)
            .message_body(message.body().unwrap_or_default())
            .set_message_group_id(attribute(MessageSystemAttributeName::MessageGroupId))
            .set_message_deduplication_id(attribute(
                MessageSystemAttributeName::MessageDeduplicationId,
            ))
            .send()
            .await?;
        Ok(())
    }

    async fn delete(&self, queue: &str, message: &Message) -> Result<(), Failure> {
        self.sqs
            .delete_message()
            .queue_url(queue)
            .receipt_handle(message.receipt_handle().unwrap_or_default())
            .send()
            .await?;
        Ok(())
    }

    /// Invokes a function with the event in the object that a message names.
    async fn invoke_with(&self, function: &str, message: &Message) -> Result<(), Failure> {
        let place = place(message.body().unwrap_or_default())?;
        let event = payload(&self.object(&place).await?)?;
        let answer = self.invoke(function, event).await?;
        match first_failure(&answer) {
            None => Ok(()),
            Some(sequence_number) => Err(format!(
                "record {sequence_number} failed; the cause is in the log line with this sequence_number"
            )
            .into()),
        }
    }

    async fn object(&self, place: &Place) -> Result<Vec<u8>, Failure> {
        let (bucket, key) = (&place.bucket, &place.key);
        let region = self.access.region.as_ref();
        let mut url: url::Url = match &self.s3_endpoint {
            Some(endpoint) => format!("{endpoint}/{bucket}").parse()?,
            None => format!("https://{bucket}.s3.{region}.{}", dns_suffix(region)).parse()?,
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(key.split('/'));
        }
        let request = Request::get(url.as_str()).body(Vec::new())?;
        self.request(Service::S3, request).await
    }

    async fn invoke(&self, function: &str, event: String) -> Result<Vec<u8>, Failure> {
        let region = self.access.region.as_ref();
        let endpoint = match &self.lambda_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://lambda.{region}.{}", dns_suffix(region)),
        };
        // The colon of `NAME:ALIAS` is escaped, as the signature expects it.
        let function = function.replace(':', "%3A");
        let url = format!("{endpoint}/2015-03-31/functions/{function}/invocations");
        let request = Request::post(url)
            .header("content-type", "application/json")
            .body(event.into_bytes())?;
        self.request(Service::Lambda, request).await
    }

    async fn request(
        &self,
        service: Service,
        request: Request<Vec<u8>>,
    ) -> Result<Vec<u8>, Failure> {
        let request = signed(&self.access, service, request)?;
        let client = NetworkClient::new()?;
        let limits = Limits::new(REQUEST_TIME_LIMIT, ANSWER_BYTES_MAX);
        let answer = client.send(request, limits).await?;
        let status = answer.status().as_u16();
        let failed = answer.headers().contains_key("x-amz-function-error");
        let body = answer.into_body();
        if status == 200 && !failed {
            return Ok(body);
        }
        let body = String::from_utf8_lossy(&body);
        Err(format!("{} answered {status}: {body}", service.name()).into())
    }
}

/// The timeouts of a request that waits for a message; those of the functions end sooner.
fn waiting_limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(RECEIVE_TIME_LIMIT)
        .operation_timeout(RECEIVE_TIME_LIMIT * 3)
        .build()
}

/// The object that a dead letter of the stream names.
fn place(message: &str) -> Result<Place, Failure> {
    let message: Value = serde_json::from_str(message)?;
    let text = |pointer: &str| message.pointer(pointer)?.as_str().map(str::to_owned);
    match (text("/bucket/name"), text("/object/key")) {
        (Some(bucket), Some(key)) => Ok(Place { bucket, key }),
        (_, _) => Err("expected bucket.name and object.key in the message".into()),
    }
}

/// The event in an object of the bucket. Lambda stores it as text.
fn payload(object: &[u8]) -> Result<String, Failure> {
    let object: Value = serde_json::from_slice(object)?;
    match &object["payload"] {
        Value::String(event) => Ok(event.clone()),
        Value::Object(event) => Ok(Value::Object(event.clone()).to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err("the object has no payload".into())
        }
    }
}

/// The first record that failed, in an answer of routing; an answer of another form counts as a
/// failure of unknown records.
fn first_failure(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let Some(failures) = answer["batchItemFailures"].as_array() else {
        return Some("(unknown)".to_owned());
    };
    let first = failures.first()?;
    let number = first["itemIdentifier"].as_str();
    Some(number.unwrap_or("(unknown)").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_an_object() {
        let message = r#"{"version":"0","bucket":{"name":"dead"},"object":{"key":"aws/lambda/a b.json","size":7}}"#;
        let expected = Place {
            bucket: "dead".to_owned(),
            key: "aws/lambda/a b.json".to_owned(),
        };
        assert_eq!(place(message).unwrap(), expected);
        for wrong in ["", "{}", r#"{"bucket":{"name":"dead"}}"#] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn payload_is_text_or_json() {
        for (object, event) in [
            (
                r#"{"payload":"{\"Records\":[]}"}"#,
                Some(r#"{"Records":[]}"#),
            ),
            (r#"{"payload":{"Records":[]}}"#, Some(r#"{"Records":[]}"#)),
            (r#"{"version":"1.0"}"#, None),
        ] {
            assert_eq!(
                payload(object.as_bytes()).ok().as_deref(),
                event,
                "{object}"
            );
        }
    }

    #[test]
    fn only_an_empty_list_is_success() {
        for (answer, failure) in [
            (r#"{"batchItemFailures":[]}"#, None),
            (
                r#"{"batchItemFailures":[{"itemIdentifier":"7"}]}"#,
                Some("7"),
            ),
            (r#"{"batchItemFailures":[{}]}"#, Some("(unknown)")),
            ("", Some("(unknown)")),
        ] {
            assert_eq!(
                first_failure(answer.as_bytes()).as_deref(),
                failure,
                "{answer}"
            );
        }
    }
}
