//! Servers that accept requests and do not answer: how many connections they get.

use std::future::pending;
use std::num::NonZeroUsize;

use task_router::router::effects::{Callback, Relay};
use tokio::io::AsyncWriteExt;
use vocabulary::CallbackMethod;

use super::*;
use crate::ordered_queue::IN_FLIGHT_MAX;

/// Callbacks that the tested centre delivers at the same time.
const CALLBACKS_AT_ONCE: NonZeroUsize = NonZeroUsize::new(3).unwrap();

const EMPTY_ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

/// A server that answers no request until the test releases it.
struct HangingServer {
    url: String,
    connections: watch::Receiver<usize>,
    answers: watch::Sender<bool>,
}

impl HangingServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (counted, connections) = watch::channel(0);
        let (answers, answering) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                counted.send_modify(|connections| *connections += 1);
                let mut answering = answering.clone();
                tokio::spawn(async move {
                    answering.wait_for(|answers| *answers).await.unwrap();
                    // The request is not read, so the client may have closed the connection.
                    let _written = connection.write_all(EMPTY_ANSWER).await;
                });
            }
        });
        Self {
            url,
            connections,
            answers,
        }
    }

    /// Waits until there were this many connections.
    async fn reaches(&mut self, count: usize) {
        self.connections
            .wait_for(|connections| *connections >= count)
            .await
            .unwrap();
    }

    /// Connections so far.
    fn connections(&self) -> usize {
        *self.connections.borrow()
    }
}

/// Runs the centre until `done`.
async fn run_until(centre: &Arc<Centre>, done: impl Future<Output = ()>) {
    tokio::select! {
        () = Arc::clone(centre).run(pending()) => {}
        () = done => {}
    }
}

/// Waits until routing has decided about a Task.
async fn routed(centre: &Centre, sid: TaskSid) {
    loop {
        let task = centre.store.task(sid).await.unwrap().unwrap();
        if task.is_in_waiting_list() || !task.reservations.is_empty() {
            return;
        }
    }
}

/// The callbacks beyond the limit wait; other work goes on.
#[tokio::test]
async fn hanging_server_gets_limited_connections() {
    let settings = Settings {
        callbacks_at_once: CALLBACKS_AT_ONCE,
        ..settings(None)
    };
    let centre = Centre::open(settings, NOWHERE).await.unwrap();
    let mut server = HangingServer::start().await;
    let limit = CALLBACKS_AT_ONCE.get();
    for number in 0..3 * limit {
        let relay = Relay {
            url: server.url.clone(),
            method: CallbackMethod::Post,
            parameters: Vec::new(),
            idempotency_token: number.to_string(),
            task: None,
        };
        let callback = Callback::Relay(relay);
        centre.outbox().callback(callback).await.unwrap();
    }
    let task = unseen_task(&centre).await;
    run_until(&centre, async {
        server.reaches(limit).await;
        routed(&centre, task).await;
        assert_eq!(server.connections(), limit);
        server.answers.send_replace(true);
        server.reaches(3 * limit).await;
    })
    .await;
}

/// The Events of a Workspace beyond the limit wait, of however many Tasks they are.
#[tokio::test]
async fn hanging_event_receiver_gets_20_connections() {
    let mut server = HangingServer::start().await;
    let mut settings = settings(None);
    settings.contact_centre.workspace.event_callback_url = Some(server.url.clone());
    let centre = Centre::open(settings, NOWHERE).await.unwrap();
    let tasks = 2 * IN_FLIGHT_MAX;
    let mut sids = Vec::new();
    for number in 0..tasks {
        sids.push(new_task(&centre, &number.to_string()).await);
    }
    run_until(&centre, async {
        server.reaches(IN_FLIGHT_MAX).await;
        for sid in &sids {
            routed(&centre, *sid).await;
        }
        assert_eq!(server.connections(), IN_FLIGHT_MAX);
        server.answers.send_replace(true);
        server.reaches(tasks).await;
    })
    .await;
}
