//! A process that is killed again and again soon after its start.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicUsize;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynamodb_in_process::{Layer, Layered, is_write, operation};

use super::*;

/// Tasks whose records wait at the first start.
const TASKS: usize = 40;

/// Processes that are killed.
const LIVES: usize = 12;

/// Writes after which a process is killed: less than the records of a whole batch need.
const WRITES: usize = 8;

/// Lets a process make some writes. Every later request of it is never answered: it is dead.
#[derive(Debug, Default)]
struct Death {
    /// Writes that are left; `usize::MAX` until the death is near.
    left: AtomicUsize,
    came: Notify,
}

impl Layer for Mortal {
    fn pass(&self, request: HttpRequest, next: SharedHttpConnector) -> HttpConnectorFuture {
        let spent = usize::from(is_write(operation(&request)));
        let alive = |left: usize| left.checked_sub(spent);
        let death = &self.0;
        if death
            .left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, alive)
            .is_ok()
        {
            return next.call(request);
        }
        death.came.notify_one();
        HttpConnectorFuture::new(std::future::pending())
    }
}

/// The layer of a death.
#[derive(Debug)]
struct Mortal(Arc<Death>);

/// Opens the centre on the data in `folder`, with one lane.
async fn open(folder: &Path) -> (Arc<Centre>, Arc<Death>) {
    let death = Arc::new(Death::default());
    death.left.store(usize::MAX, Ordering::Release);
    let layer = Arc::new(Mortal(Arc::clone(&death)));
    let database = EmbeddedDynamoDb::open_through(Place::Folder(folder.to_owned()), |engine| {
        SharedHttpClient::new(Layered::new(engine.without_request_tokens(), layer))
    })
    .await
    .unwrap();
    let settings = Settings {
        lanes: NonZeroUsize::MIN,
        ..settings(Some(folder))
    };
    let centre = Centre::open_on(database, settings, NOWHERE).await.unwrap();
    (centre, death)
}

/// Each process gets further in the stream than the one before, although none lives as long as a
/// whole batch or the interval of writing the progress.
#[tokio::test]
async fn crash_loop_gets_through_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let (centre, _death) = open(folder.path()).await;
    for number in 0..TASKS {
        new_task(&centre, &number.to_string()).await;
    }
    drop(centre);
    let mut handled = None;
    for life in 0..LIVES {
        let (centre, death) = open(folder.path()).await;
        death.left.store(WRITES, Ordering::Release);
        tokio::select! {
            () = centre.pump() => {}
            () = death.came.notified() => {}
        }
        let progress = centre.dynamodb.progress().await.unwrap().handled;
        assert!(
            progress > handled,
            "process {life} began after record {handled:?} and reached {progress:?}"
        );
        handled = progress;
    }
}
