//! The connections of the HTTP server: how many are open, and how long a request may take to arrive.
//! So a client that sends nothing, or a byte now and then, takes a connection for a limited time.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Sleep;

/// Maximum number of open connections: more than the requests that the API answers at once, fewer
/// than the files that a process may usually open. A further client waits until one is closed.
pub const CONNECTIONS_MAX: u32 = 400;

/// How long a connection may wait for the head of its next request. It includes the pause between
/// two requests of a client that keeps its connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes of a request's head: a query as long as the longest body.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Pause after a failed accept, which most often means that no file can be opened.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves `site` until `shutdown`, then waits for the requests under way. A failed accept is logged
/// and retried.
pub async fn serve(listener: TcpListener, site: Router, shutdown: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let (stop, stopped) = watch::channel(());
    let mut shutdown = pin!(shutdown);
    loop {
        let admitted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, accept(&listener).await)
        };
        let (place, stream) = tokio::select! {
            () = &mut shutdown => break,
            admitted = admitted => admitted,
        };
        let serving = serve_connection(stream, site.clone(), stopped.clone());
        tokio::spawn(async move {
            serving.await;
            drop(place);
        });
    }
    drop((listener, stop));
    // An error would mean that the semaphore was closed; nothing closes it.
    let _all_places = places.acquire_many(CONNECTIONS_MAX).await;
}

/// Serves one connection until its client or the shutdown closes it.
async fn serve_connection(stream: TcpStream, site: Router, mut stopped: watch::Receiver<()>) {
    let service = TowerToHyperService::new(site);
    let mut connection = pin!(server().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        // Nothing is sent: the channel is closed.
        _closed = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

fn server() -> http1::Builder {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX);
    server
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::error!(%error, "connection not accepted, retrying");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The same body, which fails unless it ends within `BODY_TIMEOUT` from now.
pub fn body_in_time(body: Body) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(TimedBody {
        body,
        deadline: Box::pin(tokio::time::sleep(BODY_TIMEOUT)),
    })
}

struct TimedBody {
    body: Body,
    deadline: Pin<Box<Sleep>>,
}

/// The body of a request did not arrive within [`BODY_TIMEOUT`].
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive within {BODY_TIMEOUT:?}")]
struct Overdue;

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // A body that has arrived registers no timer. One that arrives slowly is pending in between.
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_pending() && self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new(Overdue))));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::body::to_bytes;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

    /// A server, and what stops it.
    async fn served(site: Router) -> (std::net::SocketAddr, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(listener, site, async move {
            let _sender_dropped = stopped.await;
        }));
        (address, stop)
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut answer = vec![0; 1_000];
        let read = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    /// Half of a request's head takes a connection for [`HEAD_TIMEOUT`] only.
    #[tokio::test(start_paused = true)]
    async fn half_sent_head_is_closed() {
        let (address, _stop) = served(Router::new()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(answer(&mut stream).await, "");
        let elapsed = begun.elapsed();
        assert!(
            (HEAD_TIMEOUT..2 * HEAD_TIMEOUT).contains(&elapsed),
            "{elapsed:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_never_ends_fails() {
        let endless = Body::from_stream(futures_util::stream::pending::<io::Result<Bytes>>());
        let begun = tokio::time::Instant::now();
        let read = to_bytes(body_in_time(endless), 10).await;
        assert!(read.unwrap_err().to_string().contains("did not arrive"));
        assert_eq!(begun.elapsed().as_secs(), BODY_TIMEOUT.as_secs());
        let whole = to_bytes(body_in_time(Body::from("whole")), 10).await;
        assert_eq!(whole.unwrap(), "whole");
    }

    #[tokio::test]
    async fn further_connection_waits_for_a_place() {
        let (address, _stop) = served(Router::new().route("/", get(async || "served"))).await;
        let mut open = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(REQUEST).await.unwrap();
            assert!(answer(&mut stream).await.contains("served"));
            open.push(stream);
        }
        let mut waiting = TcpStream::connect(address).await.unwrap();
        waiting.write_all(REQUEST).await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(50), answer(&mut waiting)).await;
        assert!(early.is_err(), "{early:?}");
        open.pop();
        assert!(answer(&mut waiting).await.contains("served"));
    }

    /// The request under way is answered, and an idle connection is closed.
    #[tokio::test]
    async fn shutdown_finishes_requests_under_way() {
        let (begin, begun) = oneshot::channel();
        let (finish, finished) = oneshot::channel::<()>();
        let steps = Arc::new(std::sync::Mutex::new(Some((begin, finished))));
        let slow = get(move || {
            let (begin, finished) = steps.lock().unwrap().take().unwrap();
            async move {
                begin.send(()).unwrap();
                finished.await.unwrap();
                "finished"
            }
        });
        let (address, stop) = served(Router::new().route("/", slow)).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut busy = TcpStream::connect(address).await.unwrap();
        busy.write_all(REQUEST).await.unwrap();
        begun.await.unwrap();
        stop.send(()).unwrap();
        assert_eq!(answer(&mut idle).await, "");
        finish.send(()).unwrap();
        assert!(answer(&mut busy).await.contains("finished"));
        assert!(TcpStream::connect(address).await.is_err());
    }
}
