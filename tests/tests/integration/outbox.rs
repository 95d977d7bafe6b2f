//! Which queue gets a callback, and when it is delivered: in SQS and in one process.

use std::sync::Arc;

use cordboard::queues::Queues;
use ids::time::{Clock, Millis, Timestamp};
use ids::{CallSid, QueueSid, TaskSid};
use runtime::Outbox;
use task_router::router::effects::Callback;
use tests::aws::Aws;
use tests::centre::NOON;
use tokio::sync::Notify;

use crate::event_throttling;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }
}

fn check() -> Callback {
    Callback::CheckCaller {
        call: CallSid::derive(&["call"]),
        task: TaskSid::derive(&["task"]),
    }
}

fn deletion() -> Callback {
    let queue = QueueSid::derive(&["queue"]);
    Callback::DeleteQueue { queue }
}

#[tokio::test]
async fn checks_have_a_queue_of_their_own() {
    let sqs = Aws::start("/cordboard/auth-token", "secret").await;
    let outbox = event_throttling::outbox(&sqs);
    outbox.callback(check()).await.unwrap();
    outbox.callback(deletion()).await.unwrap();
    let paced = Callback::Paced(Box::new(deletion()));
    let delay = Millis::from_millis(1_001);
    outbox.callback_later(paced, delay).await.unwrap();
    let messages = sqs.messages();
    let sent: Vec<(&str, u64)> = messages
        .iter()
        .map(|message| {
            let queue = message.queue_url.rsplit('/').next().unwrap();
            (queue, message.delay_secs)
        })
        .collect();
    assert_eq!(
        sent,
        [
            ("ChecksQueue", 0),
            ("CallbacksQueue", 0),
            ("CallbacksQueue", 2)
        ]
    );
}

#[tokio::test]
async fn local_callbacks_do_not_wait_for_checks() {
    let queues = Queues::new(Arc::new(Noon), Arc::new(Notify::new()));
    for _ in 0..100 {
        queues.callback(check()).await.unwrap();
    }
    queues.callback(deletion()).await.unwrap();
    let later = Millis::from_secs(1);
    queues.callback_later(deletion(), later).await.unwrap();
    assert_eq!(queues.next_due(), Some(NOON));
    assert_eq!(queues.due_callbacks().len(), 1);
    assert_eq!(queues.due_checks().len(), 100);
    assert_eq!(queues.next_due(), Some(NOON + later));
}
