//! The start of a process on the data of a busy day.

use std::future::pending;
use std::sync::atomic::AtomicUsize;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynamodb_in_process::{Layer, Layered, operation};
use http_client::http::Request;
use http_client::{Limits, WebClient, basic_authorization, request, web_client};
use task_router::model::Task;

use super::*;

/// Ended Tasks in the table.
const ENDED_TASKS: usize = 2_000;

/// Items that the sweep reads in one request.
const READ_AT_ONCE: usize = 100;

/// Batches of Tasks that the sweep reads before it is held up.
const READ_BEFORE: usize = 5;

/// Generous, so that only a server that does not answer fails the test.
const LIMITS: Limits = Limits::new(Duration::from_secs(30), 10_000);

/// Holds up batch reads, which the sweep makes and a request for a Workspace does not.
#[derive(Debug)]
struct Gate {
    /// One for each batch that may be read.
    permits: Semaphore,
    /// Batches that were asked for, and how many of them were read.
    asked: watch::Sender<usize>,
    read: AtomicUsize,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
            asked: watch::channel(0).0,
            read: AtomicUsize::new(0),
        })
    }

    /// Lets this many more batches through.
    fn close_after(&self, batches: usize) {
        self.permits.forget_permits(Semaphore::MAX_PERMITS);
        self.permits.add_permits(batches);
        self.asked.send_replace(0);
        self.read.store(0, Ordering::Relaxed);
    }

    /// Waits until this many batches were asked for.
    async fn asked(&self, batches: usize) {
        let mut asked = self.asked.subscribe();
        asked.wait_for(|asked| *asked >= batches).await.unwrap();
    }
}

/// The layer of a gate.
#[derive(Debug)]
struct Gated(Arc<Gate>);

impl Layer for Gated {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        if operation(&request) != "BatchGetItem" {
            return next.call(request);
        }
        let gate = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            gate.asked.send_modify(|asked| *asked += 1);
            gate.permits.acquire().await.unwrap().forget();
            gate.read.fetch_add(1, Ordering::Relaxed);
            next.call(request).await
        })
    }
}

/// Writes ended Tasks straight into the table.
async fn end_tasks(store: &Store, contact_centre: &config::ContactCentre) {
    config::apply(store, contact_centre, NOON).await.unwrap();
    let sid = contact_centre.workspace.sid;
    let workspace = store.fresh_workspace(sid, NOON).await.unwrap().unwrap();
    let workflow = &workspace.workflows[&contact_centre.voice_settings.workflow_sid];
    for number in 0..ENDED_TASKS {
        let sid = TaskSid::derive(&["ended", &number.to_string()]);
        let new = NewTask::new(sid, "{}".parse().unwrap(), TaskChannelName::VOICE);
        let task = Task {
            assignment_status: AssignmentStatus::Canceled,
            ..create_task(&workspace, workflow, new, NOON).unwrap()
        };
        store.create_task(&task, &workspace).await.unwrap();
    }
}

/// The sweep after the start is in the middle of the ended Tasks when the first request is answered,
/// and goes on after it.
#[tokio::test]
async fn first_request_is_served_beside_the_sweep() {
    let gate = Gate::new();
    let layer = Arc::new(Gated(Arc::clone(&gate)));
    let database = EmbeddedDynamoDb::open_through(Place::Temporary, |engine| {
        SharedHttpClient::new(Layered::new(engine.without_request_tokens(), layer))
    })
    .await
    .unwrap();
    let settings = settings(None);
    end_tasks(
        &Store::new(database.client(), TABLE),
        &settings.contact_centre,
    )
    .await;
    gate.close_after(READ_BEFORE);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let workspace = settings.contact_centre.workspace.sid;
    let account = settings.account.clone();
    let opened = Centre::open_on(database, settings, &address);
    let opened = tokio::time::timeout(LIMITS.time, opened).await;
    let centre = opened.expect("it opens before the sweep ends").unwrap();
    let served = tokio::spawn(Arc::clone(&centre).serve(listener, pending()));
    let running = tokio::spawn(Arc::clone(&centre).run(pending()));
    gate.asked(READ_BEFORE + 1).await;

    let user = account.account_sid.to_string();
    let get = Request::get(format!("{address}/v1/Workspaces/{workspace}")).header(
        "authorization",
        basic_authorization(&user, &account.auth_token).unwrap(),
    );
    let get = request(get, Vec::new()).unwrap();
    let web = web_client(Destinations::Anywhere).unwrap();
    let answer = web.send(get, LIMITS).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(gate.read.load(Ordering::Relaxed), READ_BEFORE);

    gate.permits.add_permits(ENDED_TASKS);
    gate.asked(ENDED_TASKS / READ_AT_ONCE).await;
    running.abort();
    served.abort();
}
