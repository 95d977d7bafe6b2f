//! An events queue that SQS throttles: Events leave by the callbacks queue, and the stream records
//! that route do not fail.

use ids::{EventSid, WorkspaceSid};
use runtime::outbox::SqsOutbox;
use runtime::{Env, Outbox, aws};
use task_router::router::events::Notice;
use tests::aws::{Aws, Message};

fn notice() -> Notice {
    Notice {
        workspace: WorkspaceSid::from_bytes([1; 16]),
        event: EventSid::from_bytes([2; 16]),
        about: "WT00000000000000000000000000000003".to_owned(),
    }
}

/// The outbox of routing over these queues.
pub fn outbox(sqs: &Aws) -> SqsOutbox {
    let endpoint = sqs.endpoint.clone();
    let env = Env::new(move |name| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_ENDPOINT_URL_SQS" => Some(endpoint.clone()),
        _ => None,
    });
    let url = |name: &str| sqs.queue_url(name);
    SqsOutbox::new(
        aws::sqs(&env).unwrap(),
        url("TimersQueue"),
        url("CallbacksQueue"),
        url("ChecksQueue"),
        url("EventsQueue.fifo"),
    )
}

/// Publishes the notice while the queues `throttled` refuse every message: whether it succeeded, and
/// the accepted messages.
async fn publish(throttled: &[&str]) -> (bool, Vec<Message>) {
    let sqs = Aws::start("/cordboard/auth-token", "secret").await;
    for queue in throttled {
        sqs.throttle(queue);
    }
    let outbox = outbox(&sqs);
    let published = outbox.publish(notice()).await;
    (published.is_ok(), sqs.messages())
}

fn assert_one_notice(messages: &[Message], queue: &str) {
    let [message] = messages else {
        panic!("not one message: {messages:?}")
    };
    assert!(message.queue_url.ends_with(queue), "{}", message.queue_url);
    let sent: Notice = serde_json::from_str(&message.body).unwrap();
    assert_eq!(sent, notice());
}

#[tokio::test]
async fn event_is_published_in_order() {
    let (published, messages) = publish(&[]).await;
    assert!(published);
    assert_one_notice(&messages, "/EventsQueue.fifo");
}

#[tokio::test]
async fn throttled_event_leaves_by_callbacks_queue() {
    let (published, messages) = publish(&["EventsQueue.fifo"]).await;
    assert!(published, "the stream record would fail");
    assert_one_notice(&messages, "/CallbacksQueue");
}

#[tokio::test]
async fn event_fails_only_without_any_queue() {
    let (published, messages) = publish(&["EventsQueue.fifo", "CallbacksQueue"]).await;
    assert!(!published);
    assert_eq!(messages, []);
}
