//! The HTTP server on one port: the functions under their paths, and the control and REST API of
//! the simulated carrier. Programs on this machine can use it, web pages of other sites cannot
//! ([`guarded`]).

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use api::Api;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::Redirect;
use axum::routing::{any, get};
use console::Console;
use http_body_util::LengthLimitError;
use runtime::Voice;
use runtime::http::{method, method_not_allowed};
use shared::webhook::{MAX_BODY_BYTES, Reply, Request, path};
use tokio::sync::{Semaphore, watch};

use crate::connections::body_in_time;
use crate::{operations, task_router};

/// Requests with a body beyond [`api::BODY_BYTES_MAX`] that are read and answered at the same time;
/// the others wait for their turn. Each holds a Workflow's configuration in several forms, some ten
/// megabytes.
const LARGE_BODIES_AT_ONCE_MAX: usize = 4;

/// The path of the simulated telephones.
const SIMULATOR: &str = "/simulator";

/// The loopback names of this machine in `Host` and `Origin`.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The functions, each under its path in `template.yaml`.
pub fn functions(voice: &Arc<Voice>, public_url: &str) -> Router {
    let site = |handle| Site {
        voice: Arc::clone(voice),
        public_url: public_url.into(),
        handle,
    };
    let below = |path: &str| format!("{path}/{{*rest}}");
    Router::new()
        .route(
            path::INCOMING_CALL,
            any(serve).with_state(site(boxed(incoming_call::handle))),
        )
        .route(
            path::ENQUEUE_CALL,
            any(serve).with_state(site(boxed(enqueue_call::handle))),
        )
        .route(
            path::FLOW_STEP,
            any(serve).with_state(site(boxed(flow_step::handle))),
        )
        .route(
            &below(path::FLOW_STEP),
            any(serve).with_state(site(boxed(flow_step::handle))),
        )
        .route(
            &below(path::FLOWS),
            any(serve).with_state(site(boxed(flow_step::handle))),
        )
        .route(
            path::WAIT_MUSIC,
            any(serve).with_state(site(boxed(wait_music::handle))),
        )
        .route(
            path::MUSIC,
            any(serve).with_state(site(boxed(wait_music::handle))),
        )
        .route(
            &below(path::SOUNDS),
            any(serve).with_state(site(boxed(wait_music::handle))),
        )
        .route(
            path::ASSIGNMENT,
            any(serve).with_state(site(boxed(assignment::handle))),
        )
        .route(
            path::WORKER_CALL,
            any(serve).with_state(site(boxed(worker_call::handle))),
        )
        .route(
            &below(path::WORKER_CALL),
            any(serve).with_state(site(boxed(worker_call::handle))),
        )
        .route(
            path::QUEUE_EXIT,
            any(serve).with_state(site(boxed(queue_exit::handle))),
        )
        .route(
            &below(path::QUEUE_EXIT),
            any(serve).with_state(site(boxed(queue_exit::handle))),
        )
}

/// The endpoints for the simulated carrier, whose TaskRouter is this contact centre.
pub fn task_router(voice: &Arc<Voice>, public_url: &str) -> Router {
    let site = || Site {
        voice: Arc::clone(voice),
        public_url: public_url.into(),
        handle: boxed(task_router::handle),
    };
    Router::new()
        .route(task_router::ENQUEUE, any(serve).with_state(site()))
        .route(task_router::LEFT_QUEUE, any(serve).with_state(site()))
}

/// The REST API and its description, under their paths in `template.yaml`.
pub fn rest_api(api: Arc<Api>) -> Router {
    let large_bodies = Arc::new(Semaphore::new(LARGE_BODIES_AT_ONCE_MAX));
    Router::new()
        .route("/v1/{*rest}", any(serve_api))
        .route("/openapi.json", any(serve_api))
        .with_state((api, large_bodies))
}

/// Reads the body only after the request was admitted, so that a client without credentials, or one
/// too many, takes no memory.
async fn serve_api(
    State((api, large_bodies)): State<(Arc<Api>, Arc<Semaphore>)>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let admitted = match api::admit(&api, &parts.method, &parts.uri, &parts.headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return (*refused).map(Body::from),
    };
    let bytes_max = admitted.body_bytes_max();
    let _turn = if bytes_max > api::BODY_BYTES_MAX {
        // An error would mean that the semaphore was closed; nothing closes it.
        large_bodies.acquire().await.ok()
    } else {
        None
    };
    match read_body(body, parts.uri.path(), bytes_max).await {
        Ok(body) => {
            let request = HttpRequest::from_parts(parts, body);
            admitted.answer(request).await.map(Body::from)
        }
        Err(Unread::TooLarge) => admitted.body_too_large().map(Body::from),
        Err(unread @ Unread::Incomplete) => response(unread.reply(bytes_max)),
    }
}

/// The console, under its paths in `template.yaml`. Its long polls are answered when `stopped`
/// becomes true.
pub fn console(console: Arc<Console>, stopped: watch::Receiver<bool>) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to("/console")))
        .route("/console", any(serve_console))
        .route("/console/{*rest}", any(serve_console))
        .with_state((console, stopped))
}

async fn serve_console(
    State((console, mut stopped)): State<(Arc<Console>, watch::Receiver<bool>)>,
    request: HttpRequest,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes_max = console::BODY_BYTES_MAX;
    let body = match read_body(body, parts.uri.path(), bytes_max).await {
        Ok(body) => body,
        Err(unread) => return response(unread.reply(bytes_max)),
    };
    let page = console::handle(console, HttpRequest::from_parts(parts, body));
    tokio::select! {
        page = page => page.map(Body::from),
        _stopped = stopped.wait_for(|stopped| *stopped) => response(Reply::error(503, "the contact centre is shutting down")),
    }
}

/// Who reaches a contact centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Programs on this machine.
    ThisMachine,
    /// Others, too.
    Others,
}

impl Access {
    /// The simulated carrier's routes. Its telephones need no credentials on a machine of one's own;
    /// others must have those of the REST API.
    pub fn of_telephones(self, telephones: Router, api: &Arc<Api>) -> Router {
        match self {
            Self::ThisMachine => telephones,
            Self::Others => {
                telephones.layer(middleware::from_fn_with_state(Arc::clone(api), sign_in))
            }
        }
    }
}

/// Requires credentials for the telephones. The carrier's REST API checks its own.
async fn sign_in(State(api): State<Arc<Api>>, request: HttpRequest, next: Next) -> Response<Body> {
    if request.uri().path().starts_with(SIMULATOR)
        && let Err(refused) = api::authenticate(&api, request.headers()).await
    {
        return (*refused).map(Body::from);
    }
    next.run(request).await
}

/// The names under which requests may arrive, besides the loopback ones.
pub type Hosts = Arc<Vec<String>>;

/// Refuses requests of other sites' pages in a browser on this machine. The port requires no
/// credentials for telephones, and a page may send requests to any port: under a name of its own
/// that resolves to this machine (`Host`), or from its own origin (`Origin`). Carriers and
/// command-line tools send no `Origin`. A request that passes must send its body in time.
pub fn guarded(router: Router, hosts: Hosts) -> Router {
    router.layer(middleware::from_fn_with_state(hosts, guard))
}

async fn guard(State(hosts): State<Hosts>, request: HttpRequest, next: Next) -> Response<Body> {
    if operations::has_own_rules(request.uri().path()) {
        return next.run(request).await;
    }
    match refusal(request.headers(), &hosts) {
        Some(reply) => response(reply),
        None => next.run(request.map(body_in_time)).await,
    }
}

/// Why a request is refused for where it comes from; `None`: it passes.
pub(crate) fn refusal(headers: &HeaderMap, hosts: &[String]) -> Option<Reply> {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let is_ours = |host: &str| {
        LOOPBACK
            .into_iter()
            .chain(hosts.iter().map(String::as_str))
            .any(|ours| ours.eq_ignore_ascii_case(host))
    };
    let host = text(header::HOST).and_then(|host| host.parse::<Authority>().ok());
    if !host.is_some_and(|host| is_ours(host.host())) {
        return Some(Reply::error(
            421,
            "Host: expected 127.0.0.1, localhost, [::1] or the host of the public URL",
        ));
    }
    let origin = text(header::ORIGIN)?.parse::<Uri>().ok();
    let is_ours = origin.is_some_and(|origin| origin.host().is_some_and(is_ours));
    (!is_ours).then(|| {
        Reply::error(
            403,
            "Origin: requests from pages of other sites are refused",
        )
    })
}

type Handle = Arc<
    dyn Fn(Arc<Voice>, Request) -> std::pin::Pin<Box<dyn Future<Output = Reply> + Send>>
        + Send
        + Sync,
>;

/// A function and its arguments.
#[derive(Clone)]
struct Site {
    voice: Arc<Voice>,
    public_url: Arc<str>,
    handle: Handle,
}

fn boxed<R>(handle: fn(Arc<Voice>, Request) -> R) -> Handle
where
    R: Future<Output = Reply> + Send + 'static,
{
    Arc::new(move |voice, request| Box::pin(handle(voice, request)))
}

async fn serve(State(site): State<Site>, request: HttpRequest) -> Response<Body> {
    match webhook_request(&site.public_url, request).await {
        Ok(request) => response((site.handle)(site.voice, request).await),
        Err(reply) => response(reply),
    }
}

/// The request as the function receives it. Its URL is the one the carrier used: public address,
/// path and query unchanged.
async fn webhook_request(public_url: &str, request: HttpRequest) -> Result<Request, Reply> {
    let (parts, body) = request.into_parts();
    let Some(method) = method(&parts.method) else {
        return Err(method_not_allowed());
    };
    let body = read_body(body, parts.uri.path(), MAX_BODY_BYTES)
        .await
        .map_err(|unread| unread.reply(MAX_BODY_BYTES))?;
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Request {
        method,
        url: format!("{}{path}", address(public_url, text(header::HOST.as_str()))),
        content_type: text(header::CONTENT_TYPE.as_str()),
        signature: text("x-twilio-signature"),
        body,
    })
}

/// Scheme and host that a sender signs. On this machine they are those of the `Host` header, which
/// [`guarded`] has checked. Behind a tunnel they are the public ones, whatever the tunnel sends.
fn address(public_url: &str, host: Option<String>) -> String {
    let is_local = public_url
        .parse()
        .is_ok_and(|url: Uri| url.host().is_some_and(|host| LOOPBACK.contains(&host)));
    match host {
        Some(host) if is_local => format!("http://{host}"),
        Some(_) | None => public_url.to_owned(),
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// It has more bytes than allowed.
    TooLarge,
    /// The connection broke, or the body did not arrive within its time.
    Incomplete,
}

impl Unread {
    fn reply(self, bytes_max: usize) -> Reply {
        match self {
            Self::TooLarge => Reply::error(
                413,
                &format!("the body is too large: at most {bytes_max} bytes are allowed"),
            ),
            Self::Incomplete => Reply::error(
                400,
                "the body is incomplete: expected as many bytes as its headers say, in time",
            ),
        }
    }
}

/// The whole body.
async fn read_body(body: Body, path: &str, bytes_max: usize) -> Result<Vec<u8>, Unread> {
    let error = match to_bytes(body, bytes_max).await {
        Ok(body) => return Ok(body.to_vec()),
        Err(error) => error,
    };
    if error
        .source()
        .is_some_and(|source| source.is::<LengthLimitError>())
    {
        tracing::warn!(path, bytes_max, "request refused: body too large");
        return Err(Unread::TooLarge);
    }
    tracing::warn!(path, %error, "request refused: body incomplete");
    Err(Unread::Incomplete)
}

pub(crate) fn response(reply: Reply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(reply.body.into_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status of the refusal; `None` if the request passes.
    fn status(host: Option<&str>, origin: Option<&str>) -> Option<u16> {
        let pairs = [(header::HOST, host), (header::ORIGIN, origin)];
        let headers = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.parse().unwrap())))
            .collect();
        refusal(&headers, &["centre.example".to_owned()]).map(|reply| reply.status)
    }

    #[test]
    fn only_own_hosts_and_origins_pass() {
        for (host, origin, expected) in [
            (Some("127.0.0.1:9000"), None, None),
            (Some("LocalHost"), None, None),
            (Some("[::1]:9000"), None, None),
            (Some("centre.example"), None, None),
            (Some("localhost:9000"), Some("http://localhost:3000"), None),
            (Some("localhost:9000"), Some("http://[::1]:9000"), None),
            (Some("127.0.0.1:9000"), Some("https://Centre.example"), None),
            (None, None, Some(421)),
            (Some(""), None, Some(421)),
            (Some("page.example:9000"), None, Some(421)),
            (
                Some("page.example:9000"),
                Some("http://page.example:9000"),
                Some(421),
            ),
            (Some("127.0.0.1.page.example"), None, Some(421)),
            (Some("localhost@page.example"), None, Some(421)),
            (Some("\u{e9}"), None, Some(421)),
            (
                Some("127.0.0.1:9000"),
                Some("https://page.example"),
                Some(403),
            ),
            (
                Some("127.0.0.1:9000"),
                Some("http://localhost.page.example:9000"),
                Some(403),
            ),
            (Some("127.0.0.1:9000"), Some("null"), Some(403)),
            (Some("127.0.0.1:9000"), Some(""), Some(403)),
            (Some("127.0.0.1:9000"), Some("\u{e9}"), Some(403)),
        ] {
            assert_eq!(status(host, origin), expected, "{host:?} {origin:?}");
        }
    }

    #[tokio::test]
    async fn body_is_read_or_refused_with_reason() {
        let parts = |parts: &[Result<&'static str, ()>]| {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| part.map_err(|()| std::io::Error::other("disconnected")))
                .collect();
            Body::from_stream(futures_util::stream::iter(parts))
        };
        for (body, expected) in [
            (parts(&[]), Ok(0)),
            (parts(&[Ok("ab"), Ok("cd")]), Ok(4)),
            (parts(&[Ok("abc"), Ok("de")]), Err(Unread::TooLarge)),
            (parts(&[Ok("ab"), Err(())]), Err(Unread::Incomplete)),
        ] {
            let taken = read_body(body, "/", 4).await;
            assert_eq!(taken.map(|body| body.len()), expected);
        }
    }

    #[test]
    fn signed_host_is_local_or_public() {
        for (public_url, host, expected) in [
            (
                "http://127.0.0.1:9000",
                Some("localhost:9000"),
                "http://localhost:9000",
            ),
            ("http://127.0.0.1:9000", None, "http://127.0.0.1:9000"),
            (
                "https://centre.example",
                Some("localhost:9000"),
                "https://centre.example",
            ),
        ] {
            assert_eq!(
                address(public_url, host.map(str::to_owned)),
                expected,
                "{public_url} {host:?}"
            );
        }
    }

    #[test]
    fn without_public_host_only_loopback_passes() {
        let headers = HeaderMap::from_iter([(header::HOST, "centre.example".parse().unwrap())]);
        assert_eq!(refusal(&headers, &[]).map(|reply| reply.status), Some(421));
    }
}
